"""Feet stand on the floor: no point under it, and a planted one neither slides nor floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pase.fit.problem import View
from pase.fit.terms.base import Rows, SquaredTerm

Array = NDArray[np.float64]

MAXIMUM_GAP_S = 0.3
"""A foot may have moved between frames farther apart."""


class Floor(SquaredTerm):
    """`min(0, height) / σ` of every point under the feet.

    Parameters
    ----------
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of how far a point may be below the floor, metres.
    """

    name = "floor"
    unit = "m"

    def __init__(self, weight: Array, sigma: float = 0.01) -> None:
        self._gain = np.sqrt(weight)[:, None] / sigma

    def residual(self, view: View) -> Array:
        """(T, S) depth below the floor in standard deviations."""
        depth: Array = np.minimum(view.positions[:, view.soles, 1], 0.0) * self._gain
        return depth

    def rows(self, view: View) -> Rows:
        """Residuals with derivatives; rows of points above the floor are zero."""
        residual = self.residual(view)
        return _height_rows(view, residual, self._gain * (residual < 0))


class ContactHeight(SquaredTerm):
    """`height / σ` of every planted point.

    Parameters
    ----------
    planted
        (T, S) probability from 0 to 1 that the point is planted.
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of the height of a planted point, metres.
    """

    name = "contact height"
    unit = "m"

    def __init__(self, planted: Array, weight: Array, sigma: float = 0.015) -> None:
        self._gain = np.sqrt(planted * weight[:, None]) / sigma

    def residual(self, view: View) -> Array:
        """(T, S) heights in standard deviations."""
        height: Array = view.positions[:, view.soles, 1] * self._gain
        return height

    def rows(self, view: View) -> Rows:
        """Residuals with derivatives."""
        return _height_rows(view, self.residual(view), self._gain)


class ContactVelocity(SquaredTerm):
    """`(p(t+1) − p(t)) / (Δt σ)` along X and Z of every point that is planted in both frames.

    Parameters
    ----------
    planted
        (T, S) probability from 0 to 1 that the point is planted.
    time
        (T,) seconds.
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of the speed of a planted point, m/s.
    """

    name = "contact velocity"
    unit = "m/s"

    def __init__(self, planted: Array, time: Array, weight: Array, sigma: float = 0.03) -> None:
        step = np.diff(time)[:, None]
        both = np.sqrt(planted[1:] * planted[:-1] * np.minimum(weight[1:], weight[:-1])[:, None])
        self._gain = np.where(step < MAXIMUM_GAP_S, both / (step * sigma), 0.0)[..., None]

    def residual(self, view: View) -> Array:
        """(T − 1, 2S) speeds in standard deviations."""
        flat = view.positions[:, view.soles][..., [0, 2]]
        speed: Array = (flat[1:] - flat[:-1]) * self._gain
        return speed.reshape(len(speed), -1)

    def rows(self, view: View) -> Rows:
        """Residuals with derivatives by both frames."""
        gain = self._gain[..., None]
        residual = self.residual(view)
        M, R = residual.shape
        dq = view.dq[:, view.soles][:, :, [0, 2]]
        by_frame = {0: (-dq[:-1] * gain).reshape(M, R, -1), 1: (dq[1:] * gain).reshape(M, R, -1)}
        if view.dshared is None:
            return Rows(residual, by_frame)
        dshared = view.dshared[:, view.soles][:, :, [0, 2]]
        return Rows(residual, by_frame, ((dshared[1:] - dshared[:-1]) * gain).reshape(M, R, -1))


def _height_rows(view: View, residual: Array, gain: Array) -> Rows:
    """Rows of residuals that are the heights of the soles times `gain` (T, S)."""
    gain = gain[..., None]
    dshared = None if view.dshared is None else view.dshared[:, view.soles, 1] * gain
    return Rows(residual, {0: view.dq[:, view.soles, 1] * gain}, dshared)
