from collections.abc import Callable
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.data import Landmarks3D, Motion
from pase.errors import InputError
from pase.formats.trc import write_landmarks_trc, write_trc
from pase.marker_files.trc import read_trc
from places import SHARED

TRIALS = sorted((SHARED / "bench/marker_fit").glob("*/markers.trc"))

KEYS = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
HEADER = "PathFileType\t4\t(X/Y/Z)\ta.trc\n" + KEYS + "100\t100\t2\t2\tmm\t100\t1\t2\n"
NAMES = "Frame#\tTime\tA\t\t\tB\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n"
ROWS = "1\t0\t1\t2\t3\t4\t5\t6\n2\t0.01\t\t\t\t7\t8\t9\n"
EXPECTED = np.array([[[1, 2, 3], [4, 5, 6]], [[np.nan] * 3, [7, 8, 9]]]) / 1000


@given(arrays.arrays(float, (3, 2, 3), elements=st.floats(-1e4, 1e4)), st.integers(0, 2))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, xyz: np.ndarray, hidden: int) -> None:
    path = tmp_path_factory.mktemp("trc") / "a.trc"
    xyz[hidden, 1] = np.nan
    write_trc(Landmarks3D(xyz, np.array([0.0, 0.04, 0.0712]), ("A", "B c")), path)
    read = read_trc(path)
    assert read.names == ("A", "B c") and read.frame == "world"
    np.testing.assert_allclose(read.xyz, xyz, atol=1e-8)
    np.testing.assert_allclose(read.time, [0, 0.04, 0.0712], atol=1e-9)


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_skeleton_landmarks(
    tmp_path: Path, leg: Skeleton, motion_of: Callable[..., Motion], frames: int
) -> None:
    motion = motion_of(leg, frames)
    write_landmarks_trc(motion, tmp_path / "a.trc")
    read = read_trc(tmp_path / "a.trc")
    assert read.names == ("RHip", "RKnee")
    np.testing.assert_allclose(read.xyz, Kinematics(leg).positions(motion.q), atol=1e-8)


def test_header_tells_the_mean_rate(tmp_path: Path) -> None:
    write_trc(Landmarks3D(np.zeros((3, 1, 3)), np.array([0, 0.01, 0.08]), ("A",)), tmp_path / "a.trc")
    lines = (tmp_path / "a.trc").read_text().splitlines()
    assert lines[0] == "PathFileType\t4\t(X/Y/Z)\ta.trc"
    assert lines[2].split("\t") == ["25.000000", "25.000000", "3", "1", "m", "25.000000", "1", "3"]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + NAMES + ROWS,
        (HEADER + NAMES + ROWS).replace("\n", "\r\n"),
        (HEADER + NAMES + ROWS).replace("\n", "\t\t\n"),
        "\ufeff" + HEADER + NAMES.replace("\n\n", "\n") + ROWS,
        HEADER + "Frame#\tTime\tA\tB\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n" + ROWS,
        HEADER + NAMES + ROWS.replace("\t\t\t\t", "\tNaN\tnan\t\t") + "\n\n",
        (HEADER + NAMES + ROWS.replace("\t\t\t\t", "\tnan\tnan\tnan\t")).replace("\t", " "),
        HEADER.replace("mm", "cm") + NAMES + "1\t0\t.1\t.2\t.3\t.4\t.5\t.6\n2\t0.01\t\t\t\t.7\t.8\t.9\n",
    ],
    ids=["plain", "crlf", "trailing tabs", "no blank line", "names side by side", "nan", "blanks", "cm"],
)  # fmt: skip
def test_variants(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.trc").write_text(text, newline="", encoding="utf-8")
    read = read_trc(tmp_path / "a.trc")
    assert read.names == ("A", "B")
    np.testing.assert_allclose(read.xyz, EXPECTED)


def test_names_missing_and_rows_short(tmp_path: Path) -> None:
    (tmp_path / "a.trc").write_text(HEADER + "Frame#\tTime\t\t\t\tB\n" + "1\t0\t1\t2\t3\n")
    read = read_trc(tmp_path / "a.trc")
    assert read.names == ("marker_1", "B")
    np.testing.assert_allclose(read.xyz, [[[0.001, 0.002, 0.003], [np.nan] * 3]])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no line that starts with 'Frame#'"),
        (HEADER.replace("mm", "px") + NAMES + ROWS, "in pixels"),
        (HEADER.replace("mm", "yd") + NAMES + ROWS, "unit 'yd'"),
        (NAMES + ROWS, "unit ''"),
        (HEADER + NAMES.replace("B", "A") + ROWS, "'A' appears more than once"),
        (HEADER + NAMES + ROWS.replace("5", "five"), "row 1 holds something that is not a number"),
        (HEADER + NAMES + ROWS.replace("6", "6\t7"), "row 1 has more values than the header has markers"),
        (HEADER + NAMES + ROWS + ROWS, "time does not increase after row 2"),
        (HEADER + NAMES + ROWS.replace("0.01", ""), "row 2 has no time"),
    ],
)
def test_malformed(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "a.trc").write_text(text)
    with pytest.raises(InputError, match=error):
        read_trc(tmp_path / "a.trc")


@pytest.mark.skipif(not TRIALS, reason="the marker trials in ../shared are not here")
@pytest.mark.parametrize("path", TRIALS, ids=lambda path: path.parent.name)
def test_marker_trials(path: Path) -> None:
    markers = read_trc(path)
    shape = {"walk_curved": (3067, 28), "double_leg_squat": (2122, 46), "run_3p5ms": (836, 53)}
    assert markers.xyz.shape[:2] == shape[path.parent.name]
    assert np.isfinite(markers.xyz).mean() > 0.9
    height = np.nanpercentile(markers.xyz[..., 1], 99) - np.nanpercentile(markers.xyz[..., 1], 1)
    assert 0.8 < height < 2.0
    assert np.ptp(np.diff(markers.time)) < 1e-4
