"""The same walk in every way in which programs write markers comes out the same; what cannot be is refused."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy2

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.errors import InputError
from pase.marker_files import is_marker_file, read_markers
from pase.marker_files.checks import checked_times
from places import CASES, needs_cases

RATE = 50.0
KEYS = ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", "OrigDataRate", "OrigDataStartFrame",
        "OrigNumFrames"]  # fmt: skip


def walk(frames: int = 6) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and (T, K, 3) mm of the landmarks of somebody who bends a knee and goes forward."""
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (frames, 1))
    q[:, skeleton.coordinate_index("knee_angle_r")] = np.linspace(0.1, 1.0, frames)
    xyz = Kinematics(skeleton).positions(q) + np.linspace(0, 0.1, frames)[:, None, None]
    return skeleton.landmark_names, np.round(1000 * xyz, 1)


def trc(
    names: tuple[str, ...],
    xyz: np.ndarray,
    *,
    mark: str = "\t",
    header: str = "",
    unit: str = "mm",
    times: np.ndarray | None = None,
    cell: Callable[[float], str] = lambda value: f"{value:.1f}",
    axes: str = "XYZ",
) -> str:
    """The text of a TRC."""
    times = np.arange(len(xyz)) / RATE if times is None else times
    values = [f"{RATE:g}", f"{RATE:g}", str(len(xyz)), str(len(names)), unit, f"{RATE:g}", "1", str(len(xyz))]
    lines = [
        mark.join(["PathFileType", "4", "(X/Y/Z)", "walk.trc"]),
        mark.join(KEYS),
        (header or mark).join(values),
    ]
    lines.append(mark.join(["Frame#", "Time", *(c for name in names for c in (name, "", ""))]))
    lines.append(mark.join(["", "", *(f"{a}{k + 1}" for k in range(len(names)) for a in axes)]) + "\n")
    for i, (time, row) in enumerate(zip(times, xyz.reshape(len(xyz), -1), strict=True)):
        cells = [str(i + 1), cell(float(time)) if cell(0.02) != "0.0" else f"{time:.3f}"]
        lines.append(mark.join(cells + [cell(value) for value in row]))
    return "\n".join(lines) + "\n"


def comma(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")


@pytest.mark.parametrize(
    "write",
    [
        lambda n, x: trc(n, x),
        lambda n, x: trc(n, x, header="\t\t  "),
        lambda n, x: trc(n, x, mark=","),
        lambda n, x: trc(n, x, mark=";", cell=comma),
        lambda n, x: trc(n, x, cell=comma),
        lambda n, x: trc(n, x, cell=lambda value: f"{value:,.3f}".replace(",", " ").replace(".", ",")),
        lambda n, x: trc(n, x, cell=lambda value: f"{value:,.3f}".replace(",", "\u202f")),
        lambda n, x: trc(n, x, times=np.arange(len(x)) * 20.0),
        lambda n, x: trc(n, x, times=np.arange(len(x)) + 1.0),
        lambda n, x: trc(n, x, times=np.zeros(len(x))),
        lambda n, x: trc(n, x[..., [1, 2, 0]], axes="YZX"),
        lambda n, x: trc(n, x).encode("utf-16").decode("utf-16"),
    ],
    ids=["plain", "double tabs", "commas", "semicolons", "decimal commas", "blanks in thousands",
         "thin blanks", "milliseconds", "frame numbers",
         "no times", "other order of the axes", "utf-16"],
)  # fmt: skip
def test_a_walk_in_every_dialect(
    tmp_path: Path, write: Callable[[tuple[str, ...], np.ndarray], str], request: pytest.FixtureRequest
) -> None:
    names, xyz = walk()
    encoding = "utf-16" if "utf-16" in request.node.name else "utf-8"
    (tmp_path / "walk.trc").write_text(write(names, xyz), encoding=encoding)
    read = read_markers(tmp_path / "walk.trc")
    assert read.names == names
    np.testing.assert_allclose(read.xyz, xyz / 1000, atol=1e-6)
    np.testing.assert_allclose(np.diff(read.time), 1 / RATE, atol=1e-6)


@pytest.mark.parametrize("gap", [0.0, 9999.999, -1.0])
def test_numbers_that_stand_for_gaps(tmp_path: Path, gap: float, caplog: pytest.LogCaptureFixture) -> None:
    names, xyz = walk()
    xyz[2:5, names.index("RKnee")] = gap
    (tmp_path / "walk.trc").write_text(trc(names, xyz, cell=lambda value: f"{value:.3f}"))
    read = read_markers(tmp_path / "walk.trc")
    missing = np.isnan(read.xyz).any(axis=2)
    assert missing.sum() == 3 and missing[2:5, names.index("RKnee")].all()
    assert "RKnee (3 frames)" in caplog.text


def test_a_marker_at_the_origin_of_one_axis_is_no_gap(tmp_path: Path) -> None:
    names, xyz = walk()
    xyz[:, names.index("Nose"), 2] = 0.0
    (tmp_path / "walk.trc").write_text(trc(names, xyz))
    assert np.isfinite(read_markers(tmp_path / "walk.trc").xyz).all()


def test_what_the_user_says_of_the_rate_holds(tmp_path: Path) -> None:
    names, xyz = walk()
    (tmp_path / "walk.trc").write_text(trc(names, xyz))
    np.testing.assert_allclose(read_markers(tmp_path / "walk.trc", 200.0).time, np.arange(6) / 200)


@pytest.mark.parametrize(
    ("step", "rate", "expected", "warning"),
    [
        (0.01, 100.0, 0.01, ""),
        (0.01, None, 0.01, ""),
        (10.0, 100.0, 0.01, "milliseconds"),
        (1e4, 100.0, 0.01, "microseconds"),
        (1.0, 100.0, 0.01, "count frames"),
        (0.02, 100.0, 0.02, "times were taken"),
        (77.0, 100.0, 0.01, "rate was taken"),
        (20.0, None, 0.02, "milliseconds"),
        (0.5, None, 0.5, "a frame every 0.5 s"),
        (20.0, 0.05, 20.0, "a frame every 20 s"),
    ],
)
def test_times_against_the_rate(
    step: float, rate: float | None, expected: float, warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        time = checked_times(np.arange(5) * step, rate, Path("a.trc"))
    np.testing.assert_allclose(np.diff(time), expected)
    assert warning in caplog.text and bool(caplog.text) == bool(warning)


def test_times_and_rate_that_are_both_absurd_are_refused() -> None:
    with pytest.raises(InputError, match="cannot both be"):
        checked_times(np.arange(5) * 77.0, 0.5, Path("a.trc"))


def test_rows_parted_by_blanks_cannot_lack_cells(tmp_path: Path) -> None:
    names, xyz = walk()
    text = trc(tuple(f"M{k}" for k in range(len(names))), xyz, mark="\t").replace("\t", " ")
    lines = text.splitlines()
    lines[-1] = " ".join(lines[-1].split()[:-3])
    (tmp_path / "walk.trc").write_text("\n".join(lines))
    with pytest.raises(InputError, match="blanks do not tell which are missing"):
        read_markers(tmp_path / "walk.trc")


def test_points_of_a_picture_are_no_markers(tmp_path: Path) -> None:
    names, xyz = walk()
    xyz[..., 2] = 0.0
    (tmp_path / "px.trc").write_text(trc(names, xyz, unit="m"))
    assert not is_marker_file(tmp_path / "px.trc")
    (tmp_path / "flat.trc").write_text(trc(names, xyz / 1000, unit="m", cell=lambda value: f"{value:.4f}"))
    assert is_marker_file(tmp_path / "flat.trc")
    with pytest.raises(InputError, match="lie in one plane"):
        read_markers(tmp_path / "flat.trc")


WRITE_C3D = """
import sys
import ezc3d
import numpy as np

content = np.load(sys.argv[1])
file = ezc3d.c3d()
file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
file["parameters"]["POINT"]["RATE"]["value"] = [float(content["rate"])]
file["parameters"]["POINT"]["LABELS"]["value"] = [str(name) for name in content["names"]]
if len(content["angles"]):
    file.add_parameter("POINT", "ANGLES", [str(name) for name in content["angles"]])
points = content["points"]
file["data"]["points"] = np.concatenate([points, np.ones((*points.shape[:2], 1))], axis=2).transpose(2, 1, 0)
file.write(sys.argv[2])
"""


def write_c3d(path: Path, names: tuple[str, ...], points: np.ndarray, angles: tuple[str, ...] = ()) -> Path:
    """Write points (T, K, 3) in millimetres with ezc3d.

    In a process of its own: in one that has imported opensim, ezc3d cannot write.
    """
    content = path.with_suffix(".npz")
    np.savez(content, rate=RATE, names=names, points=points, angles=np.array(angles, dtype=str))
    subprocess.run([sys.executable, "-c", WRITE_C3D, str(content), str(path)], check=True)
    return path


def test_c3d(tmp_path: Path) -> None:
    pytest.importorskip("ezc3d")
    names, xyz = walk()
    points = np.concatenate([xyz, np.full((6, 1, 3), 30.0)], axis=1)
    points[2, 0] = np.nan
    write_c3d(tmp_path / "walk.c3d", (*names, "RKneeAngles"), points, angles=("RKneeAngles",))
    for path in (tmp_path / "walk.c3d", copy2(tmp_path / "walk.c3d", tmp_path / "without_a_suffix")):
        read = read_markers(path)
        assert is_marker_file(path) and read.names == names
        assert np.isnan(read.xyz[2, 0]).all()
        np.testing.assert_allclose(read.xyz[3:], xyz[3:] / 1000, atol=1e-6)
        np.testing.assert_allclose(read.time, np.arange(6) / RATE)
    (tmp_path / "cut.c3d").write_bytes(path.read_bytes()[:700])
    with pytest.raises(InputError, match="damaged or no C3D"):
        read_markers(tmp_path / "cut.c3d")


def test_a_c3d_with_broken_parameters_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    pytest.importorskip("ezc3d")
    write_c3d(tmp_path / "walk.c3d", *walk())
    content = (tmp_path / "walk.c3d").read_bytes()
    place = content.index(b"LABELS") + 3
    (tmp_path / "walk.c3d").write_bytes(content[:place] + content[place + 1 :])
    with pytest.raises(InputError, match="its parameters are broken"):
        read_markers(tmp_path / "walk.c3d")


@pytest.mark.parametrize("columns", ["", "Frame", "Frame\tTime"])
def test_qualisys_tsv(tmp_path: Path, columns: str) -> None:
    names, xyz = walk()
    xyz[1, 3] = 0.0
    facts = {"NO_OF_FRAMES": "6", "NO_OF_CAMERAS": "8", "NO_OF_MARKERS": str(len(names)), "FREQUENCY": "50",
             "NO_OF_ANALOG": "0", "ANALOG_FREQUENCY": "0", "DESCRIPTION": "--", "DATA_INCLUDED": "3D",
             "MARKER_NAMES": "\t".join(names)}  # fmt: skip
    lines = [f"{key}\t{value}" for key, value in facts.items()]
    if columns:
        lines.append("\t".join([columns, *(f"{name} {axis}" for name in names for axis in "XYZ")]))
    for i, row in enumerate(xyz.reshape(6, -1)):
        first = {"": [], "Frame": [str(i + 1)], "Frame\tTime": [str(i + 1), f"{i / 50:.5f}"]}[columns]
        lines.append("\t".join(first + [f"{value:.3f}" for value in row]))
    (tmp_path / "walk.tsv").write_text("\r\n".join(lines) + "\r\n")
    read = read_markers(tmp_path / "walk.tsv")
    assert read.names == names and is_marker_file(tmp_path / "walk.tsv")
    assert np.isnan(read.xyz[1, 3]).all()
    np.testing.assert_allclose(read.xyz[2:], xyz[2:] / 1000)
    np.testing.assert_allclose(read.time, np.arange(6) / 50)


TRUE = {"trc_header_double_tabs", "trc_comma_separated", "trc_decimal_comma", "trc_subject_prefix",
        "trc_times_against_rate", "trc_zero_is_missing", "c3d_given"}  # fmt: skip


@needs_cases
@pytest.mark.parametrize("case", sorted(TRUE))
def test_cases(case: str) -> None:
    (path,) = (CASES / case).glob("walk.*")
    if path.suffix == ".c3d":
        pytest.importorskip("ezc3d")
    read = read_markers(path)
    assert len(read) == 40 and len(read.names) == 26
    np.testing.assert_allclose(read.time, np.arange(40) / 50, atol=1e-3)
    knee, ankle = (
        next(k for k, name in enumerate(read.names) if name.endswith(end)) for end in ("RKnee", "RAnkle")
    )
    shank = np.linalg.norm(read.xyz[:, knee] - read.xyz[:, ankle], axis=1)
    assert 0.38 < np.nanmedian(shank) < 0.48 and np.nanstd(shank) < 0.01
