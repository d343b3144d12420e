import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.lengths import bone_lengths
from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.diagnostics import BoneStatistics, FitDiagnostics
from pase.errors import InputError
from pase.formats.tables import (
    read_bone_statistics,
    read_number_table,
    write_angles_csv,
    write_bones_csv,
)

MotionOf = Callable[..., Motion]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_angles(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(leg)
    motion = replace(motion, q_std=np.where(np.arange(4) == 1, np.nan, motion.q_std))
    write_angles_csv(motion, tmp_path / "angles.csv")
    rows = rows_of(tmp_path / "angles.csv")
    assert list(rows[0]) == ["time", "tilt", "tilt_sd", "tx", "tx_sd", "ty", "ty_sd", "hip", "hip_sd"]
    np.testing.assert_allclose([float(r["time"]) for r in rows], motion.time, atol=1e-7)
    np.testing.assert_allclose([float(r["hip"]) for r in rows], np.degrees(motion.q[:, 3]), atol=1e-6)
    np.testing.assert_allclose([float(r["hip_sd"]) for r in rows], np.degrees(motion.q_std[:, 3]), atol=1e-6)
    np.testing.assert_allclose([float(r["tx"]) for r in rows], motion.q[:, 1], atol=1e-6)
    assert {r["tx_sd"] for r in rows} == {""}


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_deviations_round_trip(tmp_path: Path, leg: Skeleton, motion_of: MotionOf, frames: int) -> None:
    motion = motion_of(leg, frames)
    write_angles_csv(motion, tmp_path / "angles.csv")
    table = read_number_table(tmp_path / "angles.csv")
    np.testing.assert_allclose(table.values[:, 0], motion.time, atol=1e-7)
    columns = table.at(motion.time, ["hip_sd", "tx_sd", "no_such"])
    np.testing.assert_allclose(columns[:, 0], np.degrees(motion.q_std[:, 3]), atol=1e-6)
    np.testing.assert_allclose(columns[:, 1], motion.q_std[:, 1], atol=1e-7)
    assert np.isnan(columns[:, 2]).all() and np.isnan(table.at(motion.time + 0.005, ["hip_sd"])).all()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "first column must be 'time'"),
        ("hip,hip_sd\n1,2\n", "first column must be 'time'"),
        ("time,hip_sd\n0,1,2\n", "every row have 2 values"),
        ("time,hip_sd\n0,1\n1\n", "not a table of numbers"),
        ("time,hip_sd\n0,one\n", "not a table of numbers"),
        ("time,hip_sd\n0,1\n0,1\n", "time does not increase"),
    ],
)
def test_malformed_angles(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "angles.csv").write_text(text)
    with pytest.raises(InputError, match=error):
        read_number_table(tmp_path / "angles.csv")


def test_bones_of_the_default_skeleton_are_human_and_even() -> None:
    lengths = bone_lengths(default_skeleton())
    ranges = {"femur": (0.36, 0.5), "tibia": (0.33, 0.48), "humerus": (0.25, 0.36), "ulna": (0.2, 0.3),
              "radius": (0.2, 0.3), "foot": (0.22, 0.3), "hand": (0.12, 0.22)}  # fmt: skip
    for bone, (low, high) in ranges.items():
        assert low < lengths[f"{bone}_r"] < high
        assert lengths[f"{bone}_r"] == pytest.approx(lengths[f"{bone}_l"], abs=0.002)
    assert 0.14 < lengths["hip_width"] < 0.22 < lengths["pelvis_width"] < lengths["shoulder_width"] < 0.45
    assert 0.17 < lengths["head_height"] < 0.26


def still(skeleton: Skeleton, diagnostics: FitDiagnostics | None = None) -> Motion:
    """One frame of the default posture."""
    q = skeleton.default_q[None]
    return Motion(
        skeleton, q, np.full_like(q, np.nan), np.zeros(1), diagnostics=diagnostics or FitDiagnostics()
    )


def test_what_is_known_of_a_bone_is_told(tmp_path: Path) -> None:
    statistics = {"femur_r": BoneStatistics(0.007, 24.5)}
    write_bones_csv(still(default_skeleton(), FitDiagnostics(bones=statistics)), tmp_path / "bones.csv")
    rows = {row["name"]: row for row in rows_of(tmp_path / "bones.csv")}
    assert (float(rows["femur_r"]["length_sd_m"]), float(rows["femur_r"]["percentile"])) == (0.007, 24.5)
    assert (rows["femur_l"]["length_sd_m"], rows["femur_l"]["percentile"]) == ("", "")
    read = read_bone_statistics(tmp_path / "bones.csv")
    assert (read["femur_r"], read["femur_l"]) == (statistics["femur_r"], BoneStatistics())


def test_bones_follow_the_scale(tmp_path: Path) -> None:
    skeleton = default_skeleton()
    names = [f"{body}_r" for body in ("femur", "tibia", "calcn", "toes", "hand")]
    longer = skeleton.scaled({name: (1.1, 1.2, 1.3) for name in names})
    before, after = bone_lengths(skeleton), bone_lengths(longer)
    assert after["femur_l"] == before["femur_l"]
    assert after["femur_r"] == pytest.approx(1.2 * before["femur_r"], rel=0.01)
    assert after["foot_r"] == pytest.approx(1.1 * before["foot_r"], rel=1e-3)
    assert after["hand_r"] == pytest.approx(1.2 * before["hand_r"])
    write_bones_csv(still(longer), tmp_path / "bones.csv")
    rows = {row["name"]: row for row in rows_of(tmp_path / "bones.csv")}
    assert float(rows["femur_r"]["length_m"]) == pytest.approx(after["femur_r"], abs=1e-6)
    assert [float(rows["femur_r"][f"scale_{axis}"]) for axis in "xyz"] == [1.1, 1.2, 1.3]
    assert [float(rows["hip_width"][f"scale_{axis}"]) for axis in "xyz"] == [1, 1, 1]


def test_a_skeleton_of_other_names_has_fewer_bones(tmp_path: Path, leg: Skeleton) -> None:
    assert bone_lengths(leg) == {"femur_r": pytest.approx(0.41)}
    write_bones_csv(still(leg), tmp_path / "bones.csv")
    assert [row["name"] for row in rows_of(tmp_path / "bones.csv")] == ["femur_r"]


def test_a_table_of_bones_may_lack_what_is_known_of_them(tmp_path: Path) -> None:
    path = tmp_path / "bones.csv"
    path.write_text("name,length_m\nfemur_r,0.4\n", encoding="utf-8")
    assert read_bone_statistics(path) == {"femur_r": BoneStatistics()}
    path.write_text("name,length_m,percentile\nfemur_r,0.4,much\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a table of bones"):
        read_bone_statistics(path)
