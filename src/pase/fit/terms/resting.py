"""People on their feet who hardly move stand straight: an upright leg that carries weight bends only with effort."""

from __future__ import annotations

import numpy as np

from pase.fit.posture import Rest
from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, RobustTerm
from pase.types import Array


class Resting(RobustTerm):
    """`(q − mean) / σ` of the coordinates of one posture of rest, with a robust loss over all of them together.

    Somebody who stands straight or holds quite another posture pays nothing or a fixed price; in between they are
    drawn to the posture of rest, the less the farther they are from it.

    Parameters
    ----------
    name
        What is at rest.
    rest
        The posture.
    names
        Names of the n coordinates.
    weight
        (T,) weight of a frame: how likely the person is at rest, times its share of independent information.
    """

    unit = "rad"

    def __init__(self, name: str, rest: Rest, names: tuple[str, ...], weight: Array) -> None:
        self.name = name
        self._columns = [names.index(n) for n in rest.angles_deg]
        self._mean, self._sigma = np.radians(np.array(list(rest.angles_deg.values()))).T
        self._slope = np.zeros((len(self._columns), len(names)))
        self._slope[np.arange(len(self._columns)), self._columns] = 1 / self._sigma
        self._weight = weight[:, None]
        self._width = rest.width

    def residual(self, at: Linearization) -> Array:
        """(T, 1, D) deviations in standard deviations before the robust loss."""
        deviation: Array = (at.state.q[:, self._columns] - self._mean) / self._sigma
        return deviation[:, None]

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Constant, times the weights."""
        return {0: root[:, :, None] * self._slope}, None
