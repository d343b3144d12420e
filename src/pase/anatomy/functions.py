"""The scalar functions that drive joint axes and couplers, with their derivatives; all are vectorised."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from pase.errors import InputError
from pase.types import Array


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


@dataclass(frozen=True)
class Polynomial:
    """f(x) = c₀ xⁿ + … + cₙ."""

    coefficients: tuple[float, ...]
    """From the highest power down to the constant, as OpenSim writes them."""

    def value(self, x: Array) -> Array:
        """The polynomial at x."""
        return np.asarray(np.polyval(np.asarray(self.coefficients), np.asarray(x, float)), float)

    def derivative(self, x: Array) -> Array:
        """The slope of the polynomial at x."""
        slopes = np.polyder(np.asarray(self.coefficients, float))
        return np.asarray(np.polyval(slopes, np.asarray(x, float)), float)


@dataclass(frozen=True)
class Multiplier:
    """f(x) = scale · function(x): OpenSim's mark of a scaled joint."""

    function: Function
    scale: float = 1.0

    def value(self, x: Array) -> Array:
        """The scaled value."""
        return self.scale * self.function.value(x)

    def derivative(self, x: Array) -> Array:
        """The scaled slope."""
        return self.scale * self.function.derivative(x)


@dataclass(frozen=True)
class Composed:
    """f(x) = outer(inner(x))."""

    outer: Function
    inner: Function

    def value(self, x: Array) -> Array:
        """The outer function at the inner one's value."""
        return self.outer.value(self.inner.value(x))

    def derivative(self, x: Array) -> Array:
        """The product of both slopes."""
        return self.outer.derivative(self.inner.value(x)) * self.inner.derivative(x)


def affine(function: Function) -> tuple[float, float] | None:
    """Slope and intercept of a function that is a line; None for any other."""
    if isinstance(function, Constant):
        return 0.0, function.constant
    if isinstance(function, Linear):
        return function.slope, function.intercept
    if isinstance(function, Multiplier):
        line = affine(function.function)
        return None if line is None else (function.scale * line[0], function.scale * line[1])
    if isinstance(function, Composed):
        outer, inner = affine(function.outer), affine(function.inner)
        if outer is not None and inner is not None:
            return outer[0] * inner[0], outer[0] * inner[1] + outer[1]
    return None


@dataclass(frozen=True)
class _Knots(ABC):
    """A curve through knots, made of cubics and prolonged at both ends by straight lines."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        name, x, y = type(self).__name__, self.x, self.y
        if len(x) < 2 or len(x) != len(y):
            raise InputError(
                f"{name} needs as many x as y and at least two of them, not {len(x)} and {len(y)}"
            )
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y)) and np.all(np.diff(x) > 0)):
            raise InputError(f"{name} needs finite values and increasing x")

    @abstractmethod
    def _bend(self, x: Array, y: Array) -> Array:
        """(n,) a sixth of the second derivative at the knots."""

    @cached_property
    def pieces(self) -> tuple[Array, Array]:
        """Where each piece starts, and (pieces, 4) coefficients in rising powers: lower line, cubics, upper line."""
        x, y = np.asarray(self.x, float), np.asarray(self.y, float)
        h, bend = np.diff(x), self._bend(x, y)
        slope = np.diff(y) / h - h * (bend[1:] + 2 * bend[:-1])
        cubic = np.stack([y[:-1], slope, 3 * bend[:-1], np.diff(bend) / h], axis=-1)
        last_slope = (y[-1] - y[-2]) / h[-1] + h[-1] * (bend[-2] + 2 * bend[-1])
        low, high = [y[0], slope[0], 0.0, 0.0], [y[-1], last_slope, 0.0, 0.0]
        return np.concatenate([x[:1], x]), np.vstack([low, cubic, high])

    def _locate(self, x: Array) -> tuple[Array, Array]:
        """Distance from the start of each x's piece, and the coefficients of the piece."""
        start, coefficients = self.pieces
        piece = np.searchsorted(start[1:], x, side="right")
        return x - start[piece], coefficients[piece]

    def value(self, x: Array) -> Array:
        """The curve at x."""
        d, c = self._locate(np.asarray(x, float))
        return np.asarray(c[..., 0] + d * (c[..., 1] + d * (c[..., 2] + d * c[..., 3])), float)

    def derivative(self, x: Array) -> Array:
        """Its slope at x; at a corner, that to the right."""
        d, c = self._locate(np.asarray(x, float))
        return np.asarray(c[..., 1] + d * (2 * c[..., 2] + 3 * d * c[..., 3]), float)


class PiecewiseLinear(_Knots):
    """Straight lines between the knots, the end pieces prolonged."""

    def _bend(self, x: Array, y: Array) -> Array:
        return np.zeros(len(x))


class SimmSpline(_Knots):
    """Cubic spline through the knots, prolonged by straight lines.

    At each end the third derivative is that of the cubic through the outermost four knots (zero with three
    knots; two knots make a line): Forsythe, Malcolm & Moler, *Computer Methods for Mathematical
    Computations*, 1977, section 4.4, which SIMM and OpenSim use.
    """

    def _bend(self, x: Array, y: Array) -> Array:
        n, h = len(x), np.diff(x)
        if n == 2:
            return np.zeros(2)
        slope = np.diff(y) / h
        matrix = np.diag([-1.0, *(2 * (h[:-1] + h[1:])), 1.0])
        matrix += np.diag([1.0, *h[1:]], 1) + np.diag([*h[:-1], -1.0], -1)
        ends = np.zeros(2)
        if n > 3:
            second = np.diff(slope) / (x[2:] - x[:-2])
            third = np.diff(second) / (x[3:] - x[:-3])
            ends = h[[0, -1]] * third[[0, -1]]
        return np.asarray(np.linalg.solve(matrix, [ends[0], *np.diff(slope), ends[1]]), float)
