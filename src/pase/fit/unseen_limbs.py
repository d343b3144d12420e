"""Limbs of which nothing is seen: legs below the picture, an arm behind somebody else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pase.series import nearest_rows
from pase.types import Array, Mask

LIMBS = ((("Knee",), ("Ankle", "Heel", "BigToe", "SmallToe", "Toe")), (("Elbow",), ("Wrist",)))
"""Points of legs and arms from the trunk outwards; a joint centre goes with the point of its name."""

LIFTER_REACH_S = 1.0
"""A lifter knows where a point is from the frames in which it is seen up to so many seconds before or after."""


def unseen_limbs(names: Sequence[str], visible: Mask, time: Array, points: Sequence[str]) -> Mask:
    """Points of limbs of which nothing so far from the trunk is seen, for a while.

    Of these a lifter knows nothing: it gives the mean of all postures, half a crouch for somebody who may stand or
    sit. A knee between a hip and an ankle that are seen is none of them.

    Parameters
    ----------
    names, visible, time
        K keypoints, in which of T frames (T, K) each is seen, and the times (T,) of these in seconds.
    points
        The N points asked about, keypoints and joint centres.

    Returns
    -------
    (T, N)
        True for a point that nothing shows.
    """
    unseen = np.zeros((len(time), len(points)), bool)
    stems = [point.removesuffix("Joint") for point in points]
    for side in "LR":
        for limb in LIMBS:
            for level, level_points in enumerate(limb):
                outwards = [side + point for part in limb[level:] for point in part]
                seen = np.asarray(visible[:, np.isin(names, outwards)].any(1))
                of_level = np.isin(stems, [side + point for point in level_points])
                unseen[:, of_level] = _long_unseen(seen, time)[:, None]
    return unseen


def _long_unseen(seen: Mask, time: Array) -> Mask:
    """(T,) frames farther than `LIFTER_REACH_S` from all those in which something is seen (T,)."""
    if not seen.any():
        return np.ones(len(time), bool)
    near = time[seen][nearest_rows(time[seen], time)]
    return np.asarray(np.abs(near - time) > LIFTER_REACH_S)
