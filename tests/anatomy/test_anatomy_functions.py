from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pase.anatomy.functions import (
    Constant,
    Function,
    Linear,
    Multiplier,
    PiecewiseLinear,
    Polynomial,
    SimmSpline,
)
from pase.errors import InputError


def _knots(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    rng = np.random.default_rng(count)
    return tuple(np.cumsum(rng.uniform(0.1, 1.0, count)).tolist()), tuple(rng.normal(size=count).tolist())


def _beyond(x: tuple[float, ...]) -> np.ndarray:
    return np.concatenate([np.linspace(x[0] - 1, x[-1] + 1, 41), x])


@pytest.mark.parametrize("count", [2, 3, 4, 5, 12])
def test_splines_equal_opensims(opensim: ModuleType, count: int) -> None:
    x, y = _knots(count)
    reference = opensim.SimmSpline()
    for point in zip(x, y, strict=True):
        reference.addPoint(*point)
    spline, at = SimmSpline(x, y), _beyond(x)
    first = opensim.StdVectorInt()
    first.append(0)
    value = [reference.calcValue(opensim.Vector(1, float(u))) for u in at]
    slope = [reference.calcDerivative(first, opensim.Vector(1, float(u))) for u in at]
    np.testing.assert_allclose(spline.value(at), value, rtol=0, atol=1e-12)
    np.testing.assert_allclose(spline.derivative(at), slope, rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_piecewise_lines_equal_opensims(opensim: ModuleType, count: int) -> None:
    x, y = _knots(count)
    reference = opensim.PiecewiseLinearFunction()
    for point in zip(x, y, strict=True):
        reference.addPoint(*point)
    at = _beyond(x)
    value = [reference.calcValue(opensim.Vector(1, float(u))) for u in at]
    np.testing.assert_allclose(PiecewiseLinear(x, y).value(at), value, rtol=0, atol=1e-12)


def test_polynomial_has_opensims_order_of_coefficients(opensim: ModuleType) -> None:
    coefficients = (0.3, -1.2, 0.5, 2.0)
    reference = opensim.PolynomialFunction(opensim.Vector.createFromMat(np.array(coefficients)))
    at = np.linspace(-2, 2, 9)
    value = [reference.calcValue(opensim.Vector(1, float(u))) for u in at]
    np.testing.assert_allclose(Polynomial(coefficients).value(at), value, atol=1e-12)


FUNCTIONS: list[Function] = [
    Constant(0.4),
    Linear(-2.0, 0.3),
    Polynomial((1.0, -0.5, 0.25)),
    Polynomial((0.7,)),
    SimmSpline(*_knots(6)),
    PiecewiseLinear(*_knots(6)),
    Multiplier(SimmSpline(*_knots(5)), -1.3),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: type(f).__name__)
@given(x=st.floats(-3, 6))
def test_derivatives_are_the_slopes_of_the_values(function: Function, x: float) -> None:
    h = 1e-6
    ends = function.value(np.array([x - h, x + h]))
    slopes = function.derivative(np.array([x - h, x + h]))
    # At a corner of a piecewise line the difference quotient lies between the slopes on both sides.
    low, high = np.sort(slopes) + (-1e-4, 1e-4)
    assert low <= (ends[1] - ends[0]) / (2 * h) <= high


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: type(f).__name__)
def test_functions_keep_the_shape_of_their_argument(function: Function) -> None:
    for shape in [(), (3,), (2, 3), (0,)]:
        assert np.shape(function.value(np.zeros(shape))) == shape
        assert np.shape(function.derivative(np.zeros(shape))) == shape


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((0.0,), (1.0,)),
        ((0.0, 1.0), (1.0,)),
        ((0.0, 0.0), (1.0, 2.0)),
        ((1.0, 0.0), (1.0, 2.0)),
        ((0.0, np.nan), (1.0, 2.0)),
    ],
)
@pytest.mark.parametrize("kind", [SimmSpline, PiecewiseLinear])
def test_bad_knots_are_refused(
    kind: type[SimmSpline] | type[PiecewiseLinear], x: tuple[float, ...], y: tuple[float, ...]
) -> None:
    with pytest.raises(InputError, match=kind.__name__):
        kind(x, y)
