from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.errors import InputError
from pase.formats.mot import read_mot, read_storage, write_mot

MotionOf = Callable[..., Motion]

HEADER = "Coordinates\nversion=1\nnRows={rows}\nnColumns=3\ninDegrees=yes\n\nendheader\n"


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_round_trip(tmp_path: Path, leg: Skeleton, motion_of: MotionOf, frames: int) -> None:
    motion = motion_of(leg, frames)
    write_mot(motion, tmp_path / "a.mot")
    time, q = read_mot(tmp_path / "a.mot", leg)
    assert q.shape == (frames, 4)
    np.testing.assert_allclose(time, motion.time, atol=1e-10)
    np.testing.assert_allclose(q, motion.q, atol=1e-10)


def test_writes_every_coordinate_in_its_unit(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(leg)
    write_mot(motion, tmp_path / "a.mot")
    storage = read_storage(tmp_path / "a.mot")
    assert storage.in_degrees and storage.names == ("tilt", "tx", "ty", "hip", "splay", "knee")
    columns = dict(zip(storage.names, storage.values.T, strict=True))
    hip = motion.q[:, leg.coordinate_index("hip")]
    np.testing.assert_allclose(columns["hip"], np.degrees(hip), atol=1e-9)
    np.testing.assert_allclose(columns["tx"], motion.q[:, leg.coordinate_index("tx")], atol=1e-9)
    np.testing.assert_allclose(columns["splay"], np.degrees(0.05), atol=1e-9)
    np.testing.assert_allclose(columns["knee"], np.degrees(-0.5 * hip + 0.1), atol=1e-9)


def test_coupled_coordinates_stay_in_radians_as_opensim_reads_them(
    tmp_path: Path, motion_of: MotionOf
) -> None:
    skeleton = default_skeleton()
    motion = motion_of(skeleton)
    write_mot(motion, tmp_path / "a.mot")
    storage = read_storage(tmp_path / "a.mot")
    of_file = storage.values[:, storage.names.index("neck_rotation")]
    np.testing.assert_allclose(of_file, motion.q[:, skeleton.coordinate_index("neck_rotation")], atol=1e-9)
    np.testing.assert_allclose(read_mot(tmp_path / "a.mot", skeleton)[1], motion.q, atol=1e-9)


def test_leaves_out_unknown_frames(tmp_path: Path, leg: Skeleton, motion_of: MotionOf) -> None:
    motion = motion_of(leg)
    q = motion.q.copy()
    q[[0, 3], 1] = np.nan
    write_mot(replace(motion, q=q), tmp_path / "a.mot")
    time, _ = read_mot(tmp_path / "a.mot", leg)
    np.testing.assert_allclose(time, motion.time[[1, 2, 4, 5, 6]], atol=1e-9)


def test_reads_state_paths_radians_windows_lines_and_defaults(tmp_path: Path, leg: Skeleton) -> None:
    text = (
        "states\r\ninDegrees = no\r\nendheader\r\n"
        "time  /jointset/hip/hip/value  /jointset/hip/hip/speed other\r\n0.5 1.25 9 9\r\n\r\n0.75 -1 9 9\r\n"
    )
    (tmp_path / "a.sto").write_text(text, newline="")
    time, q = read_mot(tmp_path / "a.sto", leg)
    np.testing.assert_array_equal(time, [0.5, 0.75])
    np.testing.assert_allclose(q, [[0.1, 0, 0.9, 1.25], [0.1, 0, 0.9, -1]])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no line 'endheader'"),
        ("time\thip\n0\t1\n", "no line 'endheader'"),
        (HEADER, "first column"),
        (HEADER + "hip\ttime\n1\t0\n", "first column"),
        (HEADER + "time\tknie\n0\t1\n", "no column is a free coordinate of 'leg', which has: tilt, tx"),
        (HEADER + "time\thip\n0\t1\n1\n", "row 2 has 1 values for 2 columns"),
        (HEADER + "time\thip\n0\tone\n", "row 1 holds something that is not a number"),
        (HEADER + "time\thip\n0\t1\n1\tnan\n", "row 2 has no finite value for 'hip'"),
        (HEADER + "time\thip\n0\t1\n0\t1\n", "time does not increase after row 1"),
        ("inDegrees=no\nendheader\ntime\thip\n0\t90\n", "look like degrees"),
    ],
)
def test_malformed(tmp_path: Path, leg: Skeleton, text: str, error: str) -> None:
    (tmp_path / "a.mot").write_text(text)
    with pytest.raises(InputError, match=error):
        read_mot(tmp_path / "a.mot", leg)


def test_missing_and_binary(tmp_path: Path, leg: Skeleton) -> None:
    with pytest.raises(InputError, match="none.mot does not exist"):
        read_mot(tmp_path / "none.mot", leg)
    with pytest.raises(InputError, match="is a folder"):
        read_mot(tmp_path, leg)
    (tmp_path / "a.mot").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(InputError, match="endheader"):
        read_mot(tmp_path / "a.mot", leg)
