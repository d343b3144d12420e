"""From the free coordinates of a skeleton to all of them, with couplers substituted."""

from collections.abc import Sequence

import numpy as np

from pase.anatomy.functions import Composed, Constant, Function, Linear, Multiplier
from pase.anatomy.model import Coupler, Skeleton
from pase.errors import InputError
from pase.types import Array


class CoordinateMap:
    """The free coordinates behind all coordinates of a skeleton, with couplers substituted."""

    def __init__(self, skeleton: Skeleton) -> None:
        self._behind: dict[str, tuple[int, Function]] = {}
        for coordinate in skeleton.coordinates:
            self._behind[coordinate.name] = -1, Constant(coordinate.default)
        for column, name in enumerate(skeleton.free_names):
            self._behind[name] = column, Linear()
        for coupler in ordered_couplers(skeleton.couplers):
            function = Multiplier(coupler.function, coupler.scale)
            self._behind[coupler.dependent] = self.drive(coupler.independent, function)
        self._names = [c.name for c in skeleton.coordinates]

    def drive(self, coordinate: str | None, function: Function) -> tuple[int, Function]:
        """What a function of a coordinate is of a free one: the free one's column, −1 for none, and the function."""
        if coordinate is None or isinstance(function, Constant):
            return -1, Constant(float(function.value(np.zeros(1))[0]))
        column, inner = self._behind[coordinate]
        if column < 0:
            return -1, Constant(float(function.value(inner.value(np.zeros(1)))[0]))
        return column, function if inner == Linear() else Composed(function, inner)

    def values(self, q: Array) -> Array:
        """(T, C) values of all coordinates for free ones (T, n)."""
        out = np.empty((len(q), len(self._names)))
        for index, name in enumerate(self._names):
            column, function = self._behind[name]
            out[:, index] = function.value(q[:, column] if column >= 0 else np.zeros(len(q)))
        return out


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
