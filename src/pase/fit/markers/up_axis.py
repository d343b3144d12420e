"""Which way is up in a file of points, and points turned so that it is Y."""

from typing import Literal

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.fit.inputs import BodyPoint
from pase.series import evenly_spread
from pase.types import Array

Axis = Literal["y", "z", "-y", "x", "-x", "-z"]
Up = Literal["y", "z", "-y", "x", "-x", "-z", "auto"]

_TURNS: dict[Axis, Array] = {
    "y": np.eye(3),
    "-y": np.diag([1.0, -1.0, -1.0]),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "-z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "x": np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    "-x": np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
}
"""Rotations that bring the named axis to Y."""
_USUAL: tuple[Axis, ...] = ("y", "z", "-y")
"""Axes that point up in what programs write; the others need a floor that says so."""

_CLEAR, _MARGIN = 0.6, 0.3
"""Correlation of heights above which a direction counts as up, and by how much it must beat Y."""
_FRAMES = 200
_FLOOR_M = (-0.1, 0.2)
"""Usual height of the lowest marker of somebody who stands on a floor at 0."""


def find_up(xyz: Array, skeleton: Skeleton, markers: tuple[BodyPoint, ...]) -> Axis:
    """The axis along which heads are above feet; Y, as in files for OpenSim, unless another is clearly better.

    X, -X and -Z rarely point up, and people lie: they are taken where the lowest marker is at their zero, as on a
    floor, and nowhere near Y's.

    Parameters
    ----------
    xyz
        (T, K, 3) markers in metres; NaN where unseen.
    markers
        Where the K markers are on it.
    """
    axis = heads_along(xyz, skeleton, markers)
    if axis in _USUAL or (_on_floor(xyz, axis) and not _on_floor(xyz, "y")):
        return axis
    return "y"


def heads_along(xyz: Array, skeleton: Skeleton, markers: tuple[BodyPoint, ...]) -> Axis:
    """The direction from feet to head, from the heights of the markers on a standing skeleton; Y unless clear."""
    standing = skeleton.standing_q[None]
    height = Kinematics(skeleton, [m.landmark for m in markers]).positions(standing)[0, :, 1]
    frames = evenly_spread(len(xyz), _FRAMES)
    measured = [xyz[f][np.isfinite(xyz[f]).all(1)] for f in frames]
    expected = [height[np.isfinite(xyz[f]).all(1)] for f in frames]
    agreement: dict[Axis, float] = {}
    for axis, turn in _TURNS.items():
        values = [
            _correlation(points @ turn[1], heights)
            for points, heights in zip(measured, expected, strict=True)
            if len(points) > 3
        ]
        agreement[axis] = float(np.median(values)) if values else 0.0
    best = max(agreement, key=lambda axis: agreement[axis])
    return best if agreement[best] > max(_CLEAR, agreement["y"] + _MARGIN) else "y"


def _on_floor(xyz: Array, axis: Axis) -> bool:
    """Whether the lowest marker is usually just above 0 of an axis."""
    heights = xyz @ _TURNS[axis][1]
    measured = heights[np.isfinite(heights).any(axis=1)]
    low, high = _FLOOR_M
    return bool(len(measured)) and low < float(np.median(np.nanmin(measured, axis=1))) < high


def turned_up(xyz: Array, up: Axis) -> Array:
    """Points (..., 3) turned so that the axis `up` becomes Y."""
    return np.asarray(xyz @ _TURNS[up].T)


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12)
