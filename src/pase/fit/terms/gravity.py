"""The camera's pitch, from the gravity that a lifter sees in the person."""

from typing import Self

import numpy as np

from pase.data import Landmarks3D
from pase.fit.camera import FilmCamera
from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, RobustTerm, by_shared
from pase.types import Array

LEAST_SIGMA = np.radians(1.5)
"""Least standard deviation of a lifter's gravity, rad."""


class Gravity(RobustTerm):
    """`(sin pitch − down_z) / σ`: the component of gravity along the camera's axis is the lifter's.

    It is one look for the whole recording, as a lifter's errors last. The camera's roll is left to the picture: the
    lifter was trained on cameras that are about level sideways, and would hold one that is not to be so.

    Parameters
    ----------
    columns
        Place of the camera among the shared unknowns.
    down
        (3,) unit vector in camera axes.
    sigma
        Its standard deviation along an axis, rad: a low one takes the lifter's word for the pitch, a high one leaves
        it to feet and heights.
    width
        Deviation in standard deviations from which on the loss lets go: a low one doubts lifter and level camera
        alike, a high one lets a wrong lifter tilt the world.
    """

    name = "gravity"
    unit = "rad"

    def __init__(self, columns: slice, down: Array, sigma: float, width: float = 3.0) -> None:
        self._columns = columns
        self._forward = float(down[2])
        self._sigma = sigma
        self._weight = np.ones((1, 1))
        self._width = width

    @classmethod
    def of(cls, landmarks: Landmarks3D, camera: FilmCamera) -> Self | None:
        """What a lifter says in all frames together; None when it says nothing."""
        if landmarks.down is None or landmarks.down_sigma is None:
            return None
        measured = np.isfinite(landmarks.down).all(-1) & np.isfinite(landmarks.down_sigma)
        if not measured.any():
            return None
        sigma = landmarks.down_sigma[measured]
        down = camera.in_reference(landmarks.down)[measured]
        down = (down / np.square(sigma)[:, None]).sum(0)
        return cls(camera.columns, down / np.linalg.norm(down), max(float(np.median(sigma)), LEAST_SIGMA))

    def residual(self, at: Linearization) -> Array:
        """(1, 1, 1) deviation in standard deviations before the robust loss."""
        pitch = at.state.shared[self._columns.start]
        return np.full((1, 1, 1), (np.sin(pitch) - self._forward) / self._sigma)

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivative by the pitch."""
        pitch = slice(self._columns.start, self._columns.start + 1)
        return {}, by_shared(at, pitch, root * np.cos(at.state.shared[pitch]) / self._sigma)
