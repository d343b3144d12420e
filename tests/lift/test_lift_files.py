"""Landmarks on disk."""

from pathlib import Path

import numpy as np
import pytest

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.lift.files import upright, write_landmarks
from pase.marker_files.trc import read_trc


@pytest.fixture
def landmarks() -> Landmarks3D:
    xyz = np.random.default_rng(4).normal(size=(5, 3, 3))
    xyz[2] = np.nan
    return Landmarks3D(xyz, np.arange(5) / 25, ("Hip", "Neck", "Head"), "camera", np.full((5, 3), 0.1))


def test_an_npz_holds_them_as_they_are(landmarks: Landmarks3D, tmp_path: Path) -> None:
    write_landmarks(landmarks, tmp_path / "l.npz")
    with np.load(tmp_path / "l.npz", allow_pickle=False) as arrays:
        assert (*arrays["names"], str(arrays["frame"])) == (*landmarks.names, "camera")
        for name in ("xyz", "time", "sigma"):
            np.testing.assert_array_equal(arrays[name], getattr(landmarks, name))


def test_a_trc_is_upright(landmarks: Landmarks3D, tmp_path: Path) -> None:
    write_landmarks(landmarks, tmp_path / "l.trc")
    back = read_trc(tmp_path / "l.trc")
    assert back.frame == "world"
    np.testing.assert_allclose(back.xyz, landmarks.xyz * [1, -1, -1], atol=1e-8)
    assert upright(back) is back


def test_other_files_are_refused(landmarks: Landmarks3D, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"name a .trc or .npz file"):
        write_landmarks(landmarks, tmp_path / "l.csv")
