"""What is known of human postures and how fast they change: means and spreads of the coordinates.

The spreads are those of everyday and athletic movement taken together; they only decide what the picture
leaves open, so they are wide. Angles of the legs and the trunk: standard deviations over walking, running,
jumping, squatting and turning in public motion capture (see NOTICE), widened for movements those do not show.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.model import Skeleton

Array = NDArray[np.float64]

ROOT_ROTATION = ("pelvis_rotation", "pelvis_list", "pelvis_tilt")
"""Heading, list and tilt of the pelvis, in the order in which they turn."""

ROOT_TRANSLATION = ("pelvis_tx", "pelvis_ty", "pelvis_tz")

_PRIOR_DEG: Mapping[str, tuple[float, float]] = {
    "pelvis_list": (0.0, 12.0),
    "pelvis_tilt": (-5.0, 20.0),
    "hip_flexion": (20.0, 35.0),
    "hip_adduction": (-2.0, 10.0),
    "hip_rotation": (-2.0, 12.0),
    "knee_angle": (30.0, 40.0),
    "ankle_angle": (2.0, 15.0),
    "subtalar_angle": (0.0, 7.0),
    "mtp_angle": (0.0, 12.0),
    "L5_S1_Flex_Ext": (-1.5, 2.5),
    "L5_S1_Lat_Bending": (0.0, 0.6),
    "L5_S1_axial_rotation": (0.0, 1.6),
    "neck_flexion": (0.0, 15.0),
    "neck_bending": (0.0, 10.0),
    "neck_rotation": (0.0, 20.0),
    "arm_elevation": (20.0, 45.0),
    "arm_crossing": (0.0, 25.0),
    "arm_rotation": (0.0, 35.0),
    "elbow_flex": (45.0, 40.0),
    "pro_sup": (80.0, 30.0),
    "wrist_flex": (0.0, 15.0),
    "wrist_dev": (0.0, 8.0),
}
"""Mean and standard deviation in degrees by the coordinate's name without its side."""

_ACCELERATION_DEG: Mapping[str, float] = {
    "pelvis_rotation": 800.0,
    "pelvis_list": 600.0,
    "pelvis_tilt": 600.0,
    "hip_flexion": 2000.0,
    "hip_adduction": 1000.0,
    "hip_rotation": 1000.0,
    "knee_angle": 3000.0,
    "ankle_angle": 2500.0,
    "subtalar_angle": 1000.0,
    "mtp_angle": 1500.0,
    "L5_S1_Flex_Ext": 60.0,
    "L5_S1_Lat_Bending": 25.0,
    "L5_S1_axial_rotation": 60.0,
    "elbow_flex": 4000.0,
}
"""Standard deviation of the angular acceleration in °/s²."""

_OTHER_ACCELERATION_DEG = 2500.0
_ROOT_ACCELERATION_M = 4.0


def stem(name: str) -> str:
    """Name of a coordinate without its side."""
    return name[:-2] if name.endswith(("_r", "_l")) else name


def pose_prior(skeleton: Skeleton) -> tuple[Array, Array]:
    """Mean and standard deviation (n,) of the free coordinates, rad or m; infinite where nothing is known."""
    mean, sigma = skeleton.default_q.copy(), np.full(len(skeleton.free_names), np.inf)
    for i, coordinate in enumerate(skeleton.free_coordinates):
        known = _PRIOR_DEG.get(stem(coordinate.name))
        if known is not None:
            mean[i], sigma[i] = np.radians(known[0]), np.radians(known[1])
    return mean, sigma


def acceleration_spread(skeleton: Skeleton) -> Array:
    """(n,) standard deviation of the acceleration of the free coordinates, rad/s² or m/s²."""
    return np.array(
        [
            _ROOT_ACCELERATION_M
            if c.motion == "translational"
            else np.radians(_ACCELERATION_DEG.get(stem(c.name), _OTHER_ACCELERATION_DEG))
            for c in skeleton.free_coordinates
        ]
    )


def posture(skeleton: Skeleton, angles_deg: Mapping[str, float]) -> Array:
    """(n,) the default posture with some angles changed on both sides, inside the ranges."""
    q = skeleton.default_q.copy()
    for i, name in enumerate(skeleton.free_names):
        if stem(name) in angles_deg:
            q[i] = np.radians(angles_deg[stem(name)])
    low, high = skeleton.bounds
    return np.clip(q, low, high)
