from collections.abc import Callable

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.functions import Linear
from pase.anatomy.model import (
    Body,
    Coordinate,
    Coupler,
    Frame,
    Joint,
    Landmark,
    Skeleton,
    TransformAxis,
)
from pase.data import Camera, Motion

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def _axis(direction: tuple[float, float, float], coordinate: str | None = None) -> TransformAxis:
    return TransformAxis(direction, Linear(), coordinate) if coordinate else TransformAxis(direction)


@pytest.fixture
def leg() -> Skeleton:
    """A pelvis that slides and turns, a thigh, a shank that follows it: every kind of coordinate."""
    still = (_axis(X), _axis(Y), _axis(Z))
    return Skeleton(
        name="leg",
        bodies=(Body("pelvis", 10.0), Body("femur_r", 8.0), Body("tibia_r", 3.0)),
        joints=(
            Joint("root", "CustomJoint", "ground", "pelvis", Frame(), Frame(),
                  (_axis(Z, "tilt"), _axis(X), _axis(Y)), (_axis(X, "tx"), _axis(Y, "ty"), _axis(Z))),
            Joint("hip", "CustomJoint", "pelvis", "femur_r", Frame((0, -0.07, 0.08)), Frame(),
                  (_axis(Z, "hip"), _axis(X, "splay"), _axis(Y)), still),
            Joint("knee", "CustomJoint", "femur_r", "tibia_r", Frame((0, -0.41, 0)), Frame(),
                  (_axis(Z, "knee"), _axis(X), _axis(Y)), still),
        ),
        coordinates=(
            Coordinate("tilt", 0.1, (-1, 1)), Coordinate("tx", 0.0, (-5, 5), "translational"),
            Coordinate("ty", 0.9, (-5, 5), "translational"), Coordinate("hip", 0.2, (-1, 2)),
            Coordinate("splay", 0.05, (-1, 1), locked=True), Coordinate("knee", 0.0, (-3, 3)),
        ),
        couplers=(Coupler("follow", "knee", "hip", Linear(-0.5, 0.1)),),
        landmarks=(Landmark("RHip", "femur_r", (0, 0, 0)), Landmark("RKnee", "tibia_r", (0, 0, 0.01))),
    )  # fmt: skip


@pytest.fixture(scope="session")
def person() -> Skeleton:
    """The default skeleton in another size for every body."""
    skeleton = default_skeleton()
    return skeleton.scaled(np.random.default_rng(1).uniform(0.8, 1.2, (len(skeleton.bodies), 3)))


@pytest.fixture
def motion_of() -> Callable[..., Motion]:
    """A motion at random within the ranges, at uneven frame times."""

    def make(skeleton: Skeleton, frames: int = 7, camera: Camera | None = None) -> Motion:
        random = np.random.default_rng(3)
        lower, upper = skeleton.bounds
        q = random.uniform(lower, upper, (frames, len(lower)))
        time = np.cumsum(random.uniform(0.01, 0.05, frames))
        return Motion(skeleton, q, random.uniform(0.01, 0.1, q.shape), time - time[:1], camera)

    return make
