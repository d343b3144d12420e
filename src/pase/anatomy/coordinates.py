"""From the free coordinates of a skeleton to all of them, with couplers substituted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pase.anatomy.model import Coupler, Skeleton
from pase.errors import InputError
from pase.types import Array


class CoordinateMap:
    """Values of all coordinates, and their slopes by the free ones, with couplers substituted."""

    def __init__(self, skeleton: Skeleton) -> None:
        names = [c.name for c in skeleton.coordinates]
        self.default = np.array([c.default for c in skeleton.coordinates])
        self.free = [names.index(c.name) for c in skeleton.free_coordinates]
        self.couplers = [
            (names.index(c.dependent), names.index(c.independent), c)
            for c in ordered_couplers(skeleton.couplers)
        ]

    def values(self, q: Array) -> tuple[Array, Array]:
        """(T, C) values of all coordinates and (T, C, 2): index of the free coordinate behind each, and its slope."""
        T, C = len(q), len(self.default)
        values = np.broadcast_to(self.default, (T, C)).copy()
        slopes = np.zeros((T, C, 2))
        slopes[:, :, 0] = -1
        for column, index in enumerate(self.free):
            values[:, index] = q[:, column]
            slopes[:, index] = column, 1.0
        for dependent, independent, coupler in self.couplers:
            x = values[:, independent]
            values[:, dependent] = coupler.scale * coupler.function.value(x)
            slopes[:, dependent, 0] = slopes[:, independent, 0]
            slopes[:, dependent, 1] = (
                coupler.scale * coupler.function.derivative(x) * slopes[:, independent, 1]
            )
        return values, slopes


def ordered_couplers(couplers: Sequence[Coupler]) -> list[Coupler]:
    """Couplers in such an order that each one's independent coordinate is known before it is needed.

    Raises
    ------
    InputError
        When they form a circle.
    """
    waiting = list(couplers)
    ordered: list[Coupler] = []
    while waiting:
        pending = {c.dependent for c in waiting}
        ready = [c for c in waiting if c.independent not in pending]
        if not ready:
            raise InputError(f"the couplers form a circle: {', '.join(sorted(pending))}")
        ordered += ready
        waiting = [c for c in waiting if c not in ready]
    return ordered
