"""The 17 joints of Human3.6M, and the normalisation of MotionBERT's inference on footage of any kind."""

import numpy as np
from numpy.typing import NDArray

from pase.keypoint_sets import H36M17, mirrored_order
from pase.types import Array

_NECK, _HIP = 18, 19
_FROM_HALPE26 = [_HIP, 12, 14, 16, 11, 13, 15, _NECK, _NECK, 0, 17, 5, 7, 9, 6, 8, 10]
_SPINE = H36M17.index("Spine")
_MIRRORED = mirrored_order(H36M17)
_FEWEST_JOINTS = 4
_STAND_INS = ((_NECK, 5, 6), (_HIP, 11, 12), (17, 1, 2))


def h36m_from_halpe26(points: Array) -> Array:
    """Human3.6M joints of Halpe keypoints, as MotionBERT's reader of AlphaPose files takes them.

    Parameters
    ----------
    points
        (T, 26, 3) x, y in px and score.

    Returns
    -------
    Array
        (T, 17, 3); the spine is midway between neck and hip, its score too.
    """
    joints = points[:, _FROM_HALPE26]
    joints[:, _SPINE] = (points[:, _NECK] + points[:, _HIP]) / 2
    return joints


def with_stand_ins(points: Array) -> Array:
    """Halpe keypoints (T, 26, 3) with a stand-in for what other keypoint sets lack.

    As MotionBERT's training data has it: the middle of the shoulders for the neck, of the hips for the hip, of
    the eyes for the top of the head. Its score is the lower of the two.
    """
    out = points.copy()
    for point, left, right in _STAND_INS:
        missing = out[:, point, 2] == 0
        out[missing, point, :2] = points[missing][:, [left, right], :2].mean(1)
        out[missing, point, 2] = points[missing][:, [left, right], 2].min(1)
    return out


def normalise_by_box(joints: Array) -> NDArray[np.float32]:
    """Centre and scale a whole sequence so that the box around every seen joint reaches from -1 to 1.

    Parameters
    ----------
    joints
        (T, 17, 3) x, y in px and score; a score of 0 means unseen.

    Returns
    -------
    NDArray
        (T, 17, 3), all three channels cut to -1..1; all zero with fewer than four seen joints or no extent.
    """
    visible_xy = joints[joints[..., 2] != 0, :2]
    if len(visible_xy) < _FEWEST_JOINTS:
        return np.zeros(joints.shape, dtype=np.float32)
    low, high = visible_xy.min(0), visible_xy.max(0)
    extent = (high - low).max()
    if extent == 0:
        return np.zeros(joints.shape, dtype=np.float32)
    out = joints.copy()
    out[..., :2] = 2 * (joints[..., :2] - (low + high) / 2) / extent
    return np.clip(out, -1, 1).astype(np.float32)


def mirrored(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joints (T, 17, 3) of the person in a mirror: x turned round, left and right exchanged."""
    out = joints[:, _MIRRORED].copy()
    out[..., 0] *= -1
    return out
