"""The scalar functions that drive joint axes and couplers, with their derivatives; all are vectorised."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pase.errors import InputError
from pase.types import Array

if TYPE_CHECKING:
    from scipy.interpolate import PPoly  # half a second to import, which a start need not wait for


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
class _Knots(ABC):
    """A curve through knots, made of polynomials and prolonged at both ends by straight lines."""

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
    def _inner(self, x: Array, y: Array) -> PPoly:
        """The curve from the first knot to the last."""

    @cached_property
    def curve(self) -> PPoly:
        """Its polynomials, those at both ends straight."""
        x, y = np.asarray(self.x, float), np.asarray(self.y, float)
        curve = self._inner(x, y)
        first, last = curve(x[[0, -1]], 1)
        higher = [[0.0]] * (len(curve.c) - 2)
        curve.extend([*higher, [first], [y[0] - first]], [x[0] - 1.0])
        curve.extend([*higher, [last], [y[-1]]], [x[-1] + 1.0])
        return curve

    @cached_property
    def _slope(self) -> PPoly:
        return self.curve.derivative()

    def value(self, x: Array) -> Array:
        """The curve at x."""
        return np.asarray(self.curve(x), float)

    def derivative(self, x: Array) -> Array:
        """Its slope at x; at a corner, that to the right."""
        return np.asarray(self._slope(x), float)


class PiecewiseLinear(_Knots):
    """Straight lines between the knots, the end pieces prolonged."""

    def _inner(self, x: Array, y: Array) -> PPoly:
        from scipy.interpolate import PPoly

        return PPoly(np.stack([np.diff(y) / np.diff(x), y[:-1]]), x)


class SimmSpline(_Knots):
    """Cubic spline through the knots, prolonged by straight lines.

    At each end the third derivative is that of the cubic through the outermost four knots (zero with three
    knots; two knots make a line): Forsythe, Malcolm & Moler, *Computer Methods for Mathematical
    Computations*, 1977, section 4.4, which SIMM and OpenSim use.
    """

    def _inner(self, x: Array, y: Array) -> PPoly:
        from scipy.interpolate import PPoly, make_interp_spline

        if len(x) == 2:
            return PPoly(np.stack([np.diff(y) / np.diff(x), y[:-1]]), x)
        ends = [(x[:4], y[:4]), (x[-4:], y[-4:])]
        third = [6 * np.polyfit(*outermost, 3)[0] if len(x) > 3 else 0.0 for outermost in ends]
        spline = make_interp_spline(x, y, k=3, bc_type=([(3, third[0])], [(3, third[1])]))
        return PPoly(PPoly.from_spline(spline).c[:, 3:-3], x)
