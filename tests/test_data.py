"""The types between the stages: shapes are checked, and frames taken out of every field."""

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.data import Draws, Keypoints2D, Landmarks3D, Motion, check_shape
from pase.errors import InputError

TIME = np.arange(5) / 30


def keypoints() -> Keypoints2D:
    xy = np.arange(5 * 26 * 2, dtype=float).reshape(5, 26, 2)
    return Keypoints2D(xy, xy[..., 0], TIME, (640, 480), sigma=xy + 1, measured=np.arange(5) % 2 == 0)


def landmarks() -> Landmarks3D:
    xyz = np.arange(5 * 2 * 3, dtype=float).reshape(5, 2, 3)
    return Landmarks3D(xyz, TIME, ("a", "b"), sigma=xyz[..., 0], ray=xyz[:, 0], sigma_shared=np.ones((5, 4)))


def motion() -> Motion:
    skeleton = default_skeleton()
    q = np.arange(5.0)[:, None] + np.zeros(len(skeleton.free_names))
    draws = Draws(q[None].astype(np.float32), skeleton.scale[None].astype(np.float32))
    visible = np.arange(5)[:, None] > np.zeros(len(skeleton.bodies))
    return Motion(skeleton, q, q + 1, TIME, residual=q[:, :2], draws=draws, seen=visible)


@pytest.mark.parametrize("keypoints", [keypoints(), landmarks(), motion()], ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("frames", [slice(1, 4), np.array([4, 0])], ids=["slice", "numbers"])
def test_every_field_is_of_the_same_frames(keypoints: Keypoints2D, frames: slice) -> None:
    piece = keypoints.slice(frames)
    assert type(piece) is type(keypoints)
    for name in keypoints.__dataclass_fields__:
        value, got = getattr(keypoints, name), getattr(piece, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(got, value[frames])
        else:
            assert got == (None if name == "draws" else value)


def test_a_wrong_shape_is_told_with_the_right_one() -> None:
    check_shape("Any", "field", None, (3,))
    check_shape("Any", "field", np.zeros((3, 7)), (3, None))
    with pytest.raises(InputError, match=r"Any.field must have shape \(3, \?\), not \(4, 7\)"):
        check_shape("Any", "field", np.zeros((4, 7)), (3, None))
    with pytest.raises(InputError, match="Landmarks3D.ray must have shape"):
        Landmarks3D(np.zeros((2, 1, 3)), TIME[:2], ("a",), ray=np.zeros((3, 3)))
