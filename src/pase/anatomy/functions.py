"""The scalar functions that drive joint axes and couplers, with their derivatives; all are vectorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Function(Protocol):
    """A differentiable function of one coordinate."""

    def value(self, x: Array) -> Array:
        """f(x) for an array of any shape."""
        ...

    def derivative(self, x: Array) -> Array:
        """df/dx for an array of any shape."""
        ...


@dataclass(frozen=True)
class Constant:
    """f(x) = c."""

    constant: float

    def value(self, x: Array) -> Array:
        """The constant, in the shape of x."""
        return np.full(np.shape(x), self.constant)

    def derivative(self, x: Array) -> Array:
        """Zero, in the shape of x."""
        return np.zeros(np.shape(x))


@dataclass(frozen=True)
class Linear:
    """f(x) = slope · x + intercept."""

    slope: float = 1.0
    intercept: float = 0.0

    def value(self, x: Array) -> Array:
        """Slope times x plus the intercept."""
        return self.slope * np.asarray(x) + self.intercept

    def derivative(self, x: Array) -> Array:
        """The slope, in the shape of x."""
        return np.full(np.shape(x), self.slope)
