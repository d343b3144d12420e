"""What all lifters need."""

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import load_proportions
from pase.data import HALPE26, Landmarks3D
from pase.lift.base import in_statures


def test_unknown_scale_becomes_statures() -> None:
    """A person of average limbs comes out in statures, whatever the lifter's unit; sigmas follow."""
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (5, 1))
    metres = Kinematics(skeleton, keypoint_landmarks(HALPE26)).positions(q)
    stature = load_proportions().stature(np.zeros(len(load_proportions().groups)))
    lifted = Landmarks3D(7.0 * metres, np.arange(5.0), HALPE26, "camera", np.full((5, 26), 0.7))
    scaled = in_statures(lifted)
    np.testing.assert_allclose(scaled.xyz, metres / stature, rtol=2e-3)
    assert scaled.sigma is not None
    assert scaled.sigma[0, 0] == pytest.approx(0.1 / stature, rel=2e-3)


def test_no_limbs_no_scale() -> None:
    """Landmarks of the head alone tell no scale."""
    lifted = Landmarks3D(np.ones((2, 1, 3)), np.arange(2.0), ("Nose",), "camera")
    assert np.isnan(in_statures(lifted).xyz).all()
