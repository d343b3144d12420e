"""`pase fit` with markers and 3D joints, through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.marker_set import h36m_landmarks
from pase.cli import main
from pase.data import Landmarks3D
from pase.formats.person import load_motion
from pase.formats.trc import write_trc
from pase.marker_files import is_marker_file
from places import shared


def standing(frames: int = 12) -> np.ndarray:
    """Somebody who bends a knee and swings an arm."""
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (frames, 1))
    for name, reach in (("knee_angle_r", 40.0), ("hip_flexion_r", 30.0), ("arm_elevation_l", 50.0)):
        q[:, skeleton.coordinate_index(name)] = np.radians(reach) * np.linspace(0.2, 1, frames)
    return q


def test_trc_to_a_result_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    skeleton, q = default_skeleton(), standing()
    write_trc(
        Landmarks3D(Kinematics(skeleton).positions(q), np.arange(12) / 30, skeleton.landmark_names),
        tmp_path / "m.trc",
    )
    assert main(["fit", str(tmp_path / "m.trc"), "--no-scale", "-o", str(tmp_path / "out")]) == 0
    assert "mm root mean square" in capsys.readouterr().out
    motion = load_motion(tmp_path / "out" / "person_1")
    knee = motion.skeleton.coordinate_index("knee_angle_r")
    np.testing.assert_allclose(motion.q[:, knee], q[:, knee], atol=np.radians(0.5))
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["persons"][0]["details"]["up"] == "y"
    assert "m.trc" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert main(["view", str(tmp_path / "out"), "--rebuild", "--print"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "out" / "viewer.html")


def test_joints_of_any_unit_with_y_down_come_out_upright(tmp_path: Path) -> None:
    skeleton = default_skeleton()
    joints = Kinematics(skeleton, h36m_landmarks()).positions(standing())
    path = tmp_path / "landmarks.json"
    path.write_text(json.dumps((2.5 * joints * [1, -1, -1]).tolist()))
    assert is_marker_file(path)
    assert main(["fit", str(path), "--height", "1.75", "--rate", "30", "-o", str(tmp_path / "out")]) == 0
    motion = load_motion(tmp_path / "out" / "person_1")
    head, foot = (Kinematics(motion.skeleton).pose(motion.q).origin[:, motion.skeleton.body_index(b), 1]
                  for b in ("head", "talus_l"))  # fmt: skip
    assert ((head - foot > 1.3) & (head - foot < 1.7)).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.trc"], "none.trc does not exist"),
        (["m.trc", "--model", "none.osim"], "none.osim"),
        (["m.trc", "--markers", "halpe99"], "no marker set 'halpe99'"),
        (["m.trc", "--sigma", "-1"], "sigma must be more than 0"),
        (["m.trc", "--rate", "0"], "rate must be more than 0"),
        (["m.trc", "--weights", "none.xml"], "none.xml"),
        (["m.trc", "--static", "none.trc"], "none.trc"),
        (["bad.json"], "landmarks must be numbers of shape"),
    ],
)
def test_bad_input_is_answered_in_one_line(
    words: list[str], message: str, folder: Path, refused: Callable[..., str]
) -> None:
    xyz = np.random.default_rng(0).normal(size=(5, 4, 3))
    write_trc(Landmarks3D(xyz, np.arange(5) / 30, ("Nose", "LHip", "RHip", "LKnee")), "m.trc")
    (folder / "bad.json").write_text("[[[1, 2, 3]]]")
    assert message in refused("fit", *words, "-o", "out")
    assert not (folder / "out").exists()


def test_landmarks_of_the_original_system(tmp_path: Path) -> None:
    path = shared("fixtures/original_system/landmarkers.json")
    assert main(["fit", str(path), "-o", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["persons"][0]["details"]["marker_rms_mm"] < 45
    motion = load_motion(tmp_path / "out" / "person_1")
    low, high = motion.skeleton.bounds
    assert ((motion.q >= low - 1e-6) & (motion.q <= high + 1e-6)).all()
    turn = Kinematics(motion.skeleton).pose(motion.q).rotation[:, 0]
    assert (turn[:, 1, 1] > 0.7).all()
    factors = [value for value, _ in report["persons"][0]["details"]["size_factors"].values()]
    assert min(factors) > 0.8 and max(factors) < 1.3
