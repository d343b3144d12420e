"""Priors of human postures and of their accelerations."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from pase.anatomy.model import Skeleton, split_side
from pase.files import package_text
from pase.fit.terms.posture_kinds import PostureKinds
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
    "L5_S1_Flex_Ext": 180.0,
    "L5_S1_Lat_Bending": 75.0,
    "L5_S1_axial_rotation": 125.0,
    "elbow_flex": 4000.0,
}
"""Standard deviation of the angular acceleration in °/s².

In hips, knees, ankles, pelvis and trunk it is 0.5 to 0.8 of the root mean square of captured runners. A coordinate at
L5-S1 is 0.09 to 0.18 of the trunk's angle, so the trunk's own deviations are 700 to 1300 °/s²."""

_OTHER_ACCELERATION_DEG = 2500.0
_ROOT_ACCELERATION_M = 4.0


def stem(name: str) -> str:
    """Name of a coordinate without its side."""
    return split_side(name)[0]


def independent_habits(skeleton: Skeleton) -> tuple[Array, Array]:
    """Mean (n,) and precision (n, n), rad, of the coordinates whose prior does not depend on the kind of posture.

    These are neck, forearms, hands and toes. The precision is zero for all others.
    """
    mean, precision = skeleton.default_q.copy(), np.zeros((len(skeleton.free_names),) * 2)
    for name, (usual, spread) in _learned("posture_kinds")["independent"].items():
        i = skeleton.coordinate_index(name)
        mean[i], precision[i, i] = usual, spread**-2
    return mean, precision


def posture_kinds(skeleton: Skeleton) -> PostureKinds:
    """Kinds of posture of legs, pelvis and trunk; learned by `tools/build_posture_kinds.py`."""
    return _kinds(skeleton, _learned("posture_kinds"))


def arm_kinds(skeleton: Skeleton) -> PostureKinds:
    """Ways to hold both arms; learned by `tools/build_arm_kinds.py`."""
    return _kinds(skeleton, _learned("arm_kinds"))


def _kinds(skeleton: Skeleton, document: dict[str, Any]) -> PostureKinds:
    columns = np.array([skeleton.coordinate_index(name) for name in document["coordinates"]], dtype=np.intp)
    covariance = np.zeros((len(document["mean"]), len(columns), len(columns)))
    lower = np.tril_indices(len(columns))
    covariance[:, lower[0], lower[1]] = covariance[:, lower[1], lower[0]] = document["covariance"]
    share = document.get("share", np.full(len(covariance), 1 / len(covariance)))
    return PostureKinds(columns, np.array(document["mean"]), covariance, np.array(share))


def pose_prior(skeleton: Skeleton) -> tuple[Array, Array]:
    """Mean (n,) and precision (n, n) of all postures together, as one Gaussian; zero for coordinates without a
    prior."""
    mean, precision = independent_habits(skeleton)
    for kinds in (posture_kinds(skeleton), arm_kinds(skeleton)):
        mean[kinds.columns] = kinds.share @ kinds.mean
        away = kinds.mean - mean[kinds.columns]
        covariance = np.tensordot(kinds.share, kinds.covariance, 1) + (kinds.share * away.T) @ away
        precision[np.ix_(kinds.columns, kinds.columns)] = np.linalg.inv(covariance)
    return mean, precision


@cache
def _learned(asset: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(package_text(f"assets/{asset}.json"))
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
