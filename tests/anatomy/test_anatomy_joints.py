"""Rotations in the forms that files want."""

import numpy as np
from scipy.spatial.transform import Rotation

from pase.anatomy.joints import quaternions


def test_quaternions_are_those_of_scipy() -> None:
    half_turns = Rotation.from_rotvec(np.pi * np.eye(3)).as_matrix()
    rotations = np.concatenate([np.eye(3)[None], half_turns, Rotation.random(500, rng=1).as_matrix()])
    expected = Rotation.from_matrix(rotations).as_quat()
    np.testing.assert_allclose(quaternions(rotations), expected, atol=1e-15)
    np.testing.assert_allclose(
        quaternions(rotations.reshape(7, 72, 3, 3)), expected.reshape(7, 72, 4), atol=1e-15
    )
