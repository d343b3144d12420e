"""The points that the lifter speaks of, as landmarks of the default skeleton."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks, keypoint_place
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import load_proportions
from pase.data import HALPE26
from pase.fit.problem import Offsets
from pase.lift.pase_lifter import JOINT_BODIES, MIRRORED, POINTS

Array = NDArray[np.float64]

JOINTS = tuple(Landmark(name, body, (0.0, 0.0, 0.0)) for name, body in JOINT_BODIES.items())
"""Joint centres: the origins of the bodies beyond them."""


@cache
def kinematics() -> Kinematics:
    """The default skeleton with the 26 keypoints and the joint centres, in the order of the lifter's output."""
    found = Kinematics(default_skeleton(), [*keypoint_landmarks(HALPE26), *JOINTS])
    assert tuple(m.name for m in found.landmarks) == POINTS
    return found


class Body:
    """One random person: scale factors, stature, and where the detector sees the keypoints on them."""

    def __init__(self, rng: np.random.Generator) -> None:
        body = load_proportions()
        height, prior = _random_prior(rng)
        size = rng.multivariate_normal(prior.mean, prior.covariance)
        self.stature = body.stature(size)
        self.scale = body.body_scale(size, default_skeleton().body_names)
        offsets = Offsets.mirrored(HALPE26)
        spread = offsets.spread([keypoint_place(name).spread_m for name in HALPE26])
        location = np.array([m.location for m in kinematics().landmarks], float)
        location[: len(HALPE26)] += offsets.matrix @ (spread * rng.standard_normal(offsets.count))
        location[: len(HALPE26)] += rng.normal(0.0, 0.004, (len(HALPE26), 3))
        self.location = location
        self.height = height

    def points(self, q: Array) -> NDArray[np.float32]:
        """(T, P, 3) points of a motion `q` (T, n) of the default skeleton, in units of the body's own stature.

        The root's translation is that of the default skeleton and is scaled to the person's size.
        """
        q = q.copy()
        q[:, 3:6] *= self.stature / DEFAULT_STATURE
        return (kinematics().positions(q, self.scale, self.location) / self.stature).astype(np.float32)


def _random_prior(rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """A stature and the prior of proportions that goes with it: four adults to one child."""
    body = load_proportions()
    if rng.random() < 0.2:
        height = float(rng.uniform(1.0, 1.55))
        return height, _cached_prior(round(height, 2), rng.choice(["female", "male"]), 8.0)
    sex = str(rng.choice(["female", "male"]))
    height = float(np.clip(rng.normal(*body.population_height(sex)), 1.42, 2.1))
    return height, _cached_prior(round(height, 2), sex, 30.0)


@cache
def _cached_prior(height: float, sex: str, age: float):  # type: ignore[no-untyped-def]
    return load_proportions().prior(height_m=height, sex=sex, age_years=age)


DEFAULT_STATURE = load_proportions().stature(np.zeros(len(load_proportions().groups)))
"""Stature of the default skeleton in metres."""

MIRROR_INDEX = np.array(MIRRORED)

_INDEX = {name: i for i, name in enumerate(POINTS)}

LIMBS = np.array(
    [
        [_INDEX[f"{side}{a}Joint"], _INDEX[f"{side}{b}Joint"]]
        for side in "LR"
        for a, b in (("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist"))
    ]
)
"""Ends of thighs, shanks, upper arms and forearms."""

TEN_JOINTS = [
    _INDEX[f"{side}{name}Joint"] for side in "LR" for name in ("Hip", "Knee", "Ankle", "Shoulder", "Elbow")
]
