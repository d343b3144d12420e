"""Feet stand on the floor: no point under it, and a planted one neither slides nor floats."""

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import ChainRows, Derivatives, ResidualBlock, RobustTerm, SquaredTerm, point_rows
from pase.types import Array

MAXIMUM_GAP_S = 0.3
"""Between frames farther apart than this a foot may have moved."""


class Floor(SquaredTerm):
    """`min(0, height) / σ` of every point under the feet.

    Parameters
    ----------
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of how far a point may be below the floor, metres: a low one makes the floor hard and the
        steps to the solution small, with a high one feet sink in.
    """

    name = "floor"
    unit = "m"

    def __init__(self, weight: Array, sigma: float = 0.01) -> None:
        self._gain = np.sqrt(weight)[:, None] / sigma

    def residual(self, at: Linearization) -> Array:
        """(T, S) depth below the floor in standard deviations."""
        return np.minimum(at.positions[:, at.soles, 1], 0.0) * self._gain

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals with derivatives; rows of points above the floor are zero."""
        residual = self.residual(at)
        return ResidualBlock(residual, chains=_by_height(at, self._gain * (residual < 0)))


class ContactHeight(RobustTerm):
    """`height / σ` of every planted point, with a robust loss.

    Parameters
    ----------
    planted
        (T, S) probability from 0 to 1 that the point is planted.
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of the height of a planted point, metres: a low one presses feet flat, a high one lets them
        hover.
    width
        Height in standard deviations from which on the point is taken as not planted after all: a low one gives up
        contacts that a poor first guess had too high, a high one holds heels down that rise.
    """

    name = "contact height"
    unit = "m"

    def __init__(self, planted: Array, weight: Array, sigma: float = 0.015, width: float = 4.0) -> None:
        self._weight = planted * weight[:, None]
        self._sigma = sigma
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, S, 1) heights in standard deviations before the robust loss."""
        return at.positions[:, at.soles, 1, None] / self._sigma

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives of the heights."""
        return _by_height(at, root / self._sigma), None


class ContactVelocity(RobustTerm):
    """`(p(t+1) − p(t) − s(t+1) + s(t)) / (Δt σ)` along X and Z of every point planted in both frames, robustly.

    The floor itself has moved by s: a treadmill's belt, or the ground as a travelling camera sees it.

    Parameters
    ----------
    planted
        (T, S) probability from 0 to 1 that the point is planted.
    time
        (T,) seconds.
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of the speed of a planted point, m/s: a low one nails feet to the floor, with a high one
        they slide with the detector's noise.
    width
        Speed in standard deviations from which on the point is taken as not planted after all: a low one gives up
        steps that slide at first, a high one brakes feet that swing.
    floor_shift
        (T, 2) how far the floor has moved along X and Z, metres; None for one that stands still.
    """

    name = "contact velocity"
    unit = "m/s"

    def __init__(
        self,
        planted: Array,
        time: Array,
        weight: Array,
        sigma: float = 0.03,
        width: float = 5.0,
        floor_shift: Array | None = None,
    ) -> None:
        step = np.diff(time)[:, None]
        still = planted[1:] * planted[:-1] * np.minimum(weight[1:], weight[:-1])[:, None]
        self._weight = np.where(step < MAXIMUM_GAP_S, still, 0.0)
        self._gain = 1.0 / (step * sigma)
        self._floor_step = 0.0 if floor_shift is None else np.diff(floor_shift, axis=0)[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T − 1, S, 2) speeds in standard deviations before the robust loss."""
        flat = at.positions[:, at.soles][..., [0, 2]]
        return (flat[1:] - flat[:-1] - self._floor_step) * self._gain[..., None]

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives by the coordinates of both frames."""
        gain = (self._gain * root)[..., None, None]
        rows = []
        for chain in at.chains(at.soles):
            dq, factor = chain.derivative(at.of_landmarks)[:, :, [0, 2]], gain[:, chain.points]
            by_q, by_shared = ({0: -dq[:-1] * factor, 1: dq[1:] * factor}, at.by_shared(chain.landmarks))
            if by_shared is None:
                rows.append(ChainRows.of(chain, by_q))
                continue
            flat = by_shared.values[:, :, [0, 2]]
            rows.append(ChainRows.of(chain, by_q, by_shared.columns, (flat[1:] - flat[:-1]) * factor))
        return tuple(rows), None

    def by_floor_step(self, at: Linearization) -> Array:
        """(T − 1, 2 S, 2) derivatives of the weighted residuals by the way of the floor from frame to frame."""
        gain = np.sqrt(self.point_weights(self.residual(at))) * self._gain
        return np.asarray((-gain[..., None, None] * np.eye(2)).reshape(len(gain), -1, 2))


def _by_height(at: Linearization, gain: Array) -> tuple[ChainRows, ...]:
    """Derivatives of the heights of the soles times `gain` (T, S)."""
    rows = []
    for chain in at.chains(at.soles):
        up = gain[:, chain.points, None, None] * np.array([0.0, 1.0, 0.0])
        rows.append(point_rows(at, chain, up))
    return tuple(rows)
