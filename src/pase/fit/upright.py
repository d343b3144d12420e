"""Which way is up in a file of points, and points turned so that it is Y."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.fit.inputs import BodyPoint
from pase.types import Array

Up = Literal["y", "z", "-y", "auto"]

_TURNS = {
    "y": np.eye(3),
    "-y": np.diag([1.0, -1.0, -1.0]),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""Rotations that bring the named axis to Y."""

_CLEAR, _MARGIN = 0.6, 0.3
"""Correlation of heights above which a direction counts as up, and by how much it must beat Y."""


def find_up(xyz: Array, skeleton: Skeleton, markers: tuple[BodyPoint, ...]) -> Literal["y", "z", "-y"]:
    """The axis along which heads are above feet, told by where the markers are on a standing skeleton.

    Y, as in files for OpenSim, unless another axis is clearly better over the recording.
    """
    standing = skeleton.standing_q[None]
    height = Kinematics(skeleton, [m.landmark for m in markers]).positions(standing)[0, :, 1]
    frames = np.unique(np.linspace(0, len(xyz) - 1, 200).astype(int))
    agreement: dict[Literal["y", "z", "-y"], float] = {"y": 0.0, "z": 0.0, "-y": 0.0}
    measured = [xyz[f][np.isfinite(xyz[f]).all(1)] for f in frames]
    expected = [height[np.isfinite(xyz[f]).all(1)] for f in frames]
    for axis in agreement:
        values = [
            _correlation(points @ _TURNS[axis][1], heights)
            for points, heights in zip(measured, expected, strict=True)
            if len(points) > 3
        ]
        agreement[axis] = float(np.median(values)) if values else 0.0
    best = max(agreement, key=lambda axis: agreement[axis])
    return best if agreement[best] > max(_CLEAR, agreement["y"] + _MARGIN) else "y"


def turned_up(xyz: Array, up: Literal["y", "z", "-y"]) -> Array:
    """Points (..., 3) turned so that the axis `up` becomes Y."""
    return np.asarray(xyz @ _TURNS[up].T)


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12)
