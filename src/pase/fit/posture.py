"""What is known of human postures, and of how fast they change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from pase.anatomy.model import Skeleton
from pase.types import Array

ROOT_ROTATION = ("pelvis_rotation", "pelvis_list", "pelvis_tilt")
"""Heading, list and tilt of the pelvis, in the order in which they turn."""

ROOT_TRANSLATION = ("pelvis_tx", "pelvis_ty", "pelvis_tz")

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


@dataclass(frozen=True)
class Rest:
    """How people hold some coordinates at rest."""

    angles_deg: Mapping[str, tuple[float, float]]
    """Coordinate → mean and standard deviation in degrees."""
    width: float
    """Distance in standard deviations from which on the posture is taken as another one."""


RESTING_TRUNK = Rest(
    {
        "pelvis_tilt": (0.0, 6.0),
        "pelvis_list": (0.0, 3.0),
        "L5_S1_Flex_Ext": (0.0, 0.8),
        "L5_S1_Lat_Bending": (0.0, 0.35),
    },
    width=4.0,
)
"""Pelvis and trunk of somebody who stands at ease; a trunk turns by 7 and 11 times its lumbar coordinates."""

RESTING_RATE_HZ = 1.5
"""Independent looks a second at whether somebody at rest stands straight. Set on synthetic films: the knees of those
who do, and of those who hold a crouch of 25-60°, are 4.3 and 11° wrong at 0.5, 2.9 and 18° at 1.5, 1.6 and 33° at 6;
without this 5.8 and 8.5°."""

FEET_UNSEEN = 0.3
"""How likely an unseen foot of somebody at rest is to stand on the floor."""


def resting_leg(side: str) -> Rest:
    """A leg that carries weight at rest: people stand with knees at 0-5°."""
    return Rest({f"knee_angle_{side}": (2.0, 3.0)}, width=5.0)


def stem(name: str) -> str:
    """Name of a coordinate without its side."""
    return name[:-2] if name.endswith(("_r", "_l")) else name


def pose_prior(skeleton: Skeleton) -> tuple[Array, Array]:
    """Mean (n,) and precision (n, n) of the free coordinates, rad; zero precision where nothing is known.

    Learned by `tools/build_pose_prior.py`.
    """
    document = _learned()
    mean, precision = skeleton.default_q.copy(), np.zeros((len(skeleton.free_names),) * 2)
    names = [name for name in document["coordinates"] if name in skeleton.free_names]
    rows = [document["coordinates"].index(name) for name in names]
    columns = [skeleton.coordinate_index(name) for name in names]
    mean[columns] = np.asarray(document["mean"])[rows]
    covariance = np.asarray(document["covariance"])[np.ix_(rows, rows)]
    precision[np.ix_(columns, columns)] = np.linalg.inv(covariance)
    return mean, precision


@cache
def _learned() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("pase.assets").joinpath("pose_prior.json").read_text("utf-8"))
    return document


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
