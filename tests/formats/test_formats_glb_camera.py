"""The camera that moved is in the glTF, where it was and looking where it looked."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gltf import Gltf
from scipy.spatial.transform import Rotation

from pase.anatomy.model import Skeleton
from pase.data import Camera, CameraPath, Motion
from pase.formats.glb import write_glb


@pytest.mark.parametrize("moves", [True, False])
def test_the_camera_is_animated_if_it_moved(
    tmp_path: Path, leg: Skeleton, motion_of: Callable[..., Motion], moves: bool
) -> None:
    motion = motion_of(leg)
    turns = Rotation.from_rotvec(np.linspace([3.0, 0, 0], [2.8, 0.8, 0.1], len(motion))).as_matrix()
    shift = np.linspace([0.0, 1, 4], [0.5, 1, 5], len(motion))
    path = CameraPath(motion.time, turns, shift, np.full(len(motion), 700.0))
    camera = Camera(700.0, (320, 240), turns[0], shift[0], (640, 480), path if moves else None)
    filmed = Motion(leg, motion.q, motion.q_std, motion.time, camera)
    write_glb(filmed, tmp_path / "a.glb")
    glb = Gltf(tmp_path / "a.glb")
    number = glb.names.index("camera")
    yfov = glb.content["cameras"][0]["perspective"]["yfov"]
    assert yfov == pytest.approx(2 * np.arctan(240 / 700))
    assert number in glb.content["scenes"][0]["nodes"]
    rows = glb.keys_of(number)
    assert bool(rows) == moves
    if not moves:
        place = glb.content["nodes"][number]["translation"]
        np.testing.assert_allclose(turns[0] @ place + shift[0], 0, atol=1e-5)
        return
    place = rows["translation"]
    np.testing.assert_allclose(np.einsum("tij,tj->ti", turns, place) + shift, 0, atol=1e-5)
    look = Rotation.from_quat(rows["rotation"]).apply([0, 0, -1])
    np.testing.assert_allclose(look, turns[:, 2], atol=1e-5)
