"""The solver: the banded system is the whole system, steps stay in the ranges, the end is a minimum."""

import numpy as np
import pytest
from fit_scenes import squatting

from pase.fit.normal import NormalEquations
from pase.fit.problem import PersonModel, State
from pase.fit.solver import Bounds, Problem, Status, minimise
from pase.fit.terms.base import ResidualBlock
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.prior import SharedPrior, Smoothness
from pase.fit.uncertainty import (
    coordinate_covariances,
    coordinate_deviations,
    coordinate_errors,
    shared_covariance,
    shared_errors,
)
from pase.types import Array


def random_equations(T: int, n: int, m: int) -> NormalEquations:
    """Equations of random rows that couple frames as the terms do."""
    rng = np.random.default_rng(T)
    normal = NormalEquations(T, n, m)
    R = n + 2

    def shared(groups: int) -> Array | None:
        return rng.normal(size=(groups, R, m)) if m else None

    normal.add(ResidualBlock(rng.normal(size=(T, R)), {0: rng.normal(size=(T, R, n))}, shared(T)))
    if T > 1:
        pair = {k: rng.normal(size=(T - 1, R, n)) for k in (0, 1)}
        normal.add(ResidualBlock(rng.normal(size=(T - 1, R)), pair, shared(T - 1)))
    if T > 2:
        normal.add(
            ResidualBlock(rng.normal(size=(T - 2, n)), {k: rng.normal(size=(T - 2, n)) for k in (0, 1, 2)})
        )
    return normal


def dense(normal: NormalEquations) -> Array:
    """The whole matrix."""
    T, n, _ = normal.lag0.shape
    m = len(normal.corner)
    H = np.zeros((T * n + m, T * n + m))
    for t in range(T):
        at = slice(t * n, (t + 1) * n)
        H[at, at] = normal.lag0[t]
        H[at, T * n :] = normal.border[t]
        H[T * n :, at] = normal.border[t].T
        if t + 1 < T:
            after = slice((t + 1) * n, (t + 2) * n)
            H[after, at], H[at, after] = normal.lag1[t], normal.lag1[t].T
        if t + 2 < T:
            later = slice((t + 2) * n, (t + 3) * n)
            H[later, at] = H[at, later] = np.diag(normal.lag2[t])
    H[T * n :, T * n :] = normal.corner
    return H


@pytest.mark.parametrize(("T", "n", "m"), [(1, 3, 2), (2, 3, 2), (3, 4, 0), (6, 4, 3), (7, 3, 2)])
def test_banded_solution_is_the_dense_one(T: int, n: int, m: int) -> None:
    """Solving by the band and its border equals solving the whole."""
    normal = random_equations(T, n, m)
    rng = np.random.default_rng(0)
    right_q, right_shared = rng.normal(size=(T, n)), rng.normal(size=m)
    q, shared = normal.factor(np.full((T, n), 0.1), np.full(m, 0.2)).solve(right_q, right_shared)
    damped = dense(normal) + np.diag(np.r_[np.full(T * n, 0.1), np.full(m, 0.2)])
    expected = np.linalg.solve(damped, np.r_[right_q.ravel(), right_shared])
    np.testing.assert_allclose(np.r_[q.ravel(), shared], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("T", "n", "m"), [(1, 3, 2), (2, 3, 2), (5, 4, 0), (6, 4, 3)])
def test_deviations_are_those_of_the_inverse(T: int, n: int, m: int) -> None:
    """Diagonal of the inverse by the recursion, shared unknowns included, equals the dense inverse."""
    normal = random_equations(T, n, m)
    inverse = np.linalg.inv(dense(normal))
    covariance = shared_covariance(normal)
    np.testing.assert_allclose(covariance, inverse[T * n :, T * n :], rtol=1e-7)
    deviations = coordinate_deviations(normal, covariance)
    np.testing.assert_allclose(deviations.ravel(), np.sqrt(np.diag(inverse)[: T * n]), rtol=1e-7)


def landmark_problem(model: PersonModel, points: Array, time: Array, low: Array, high: Array) -> Problem:
    """Landmarks of one centimetre, the size held by its prior."""
    free = np.full(model.layout.count, np.inf)
    count = model.layout.count
    T, n = len(time), len(low)
    terms = [
        LandmarkDistance(points, np.full(points.shape[:2], 0.01), np.ones(T)),
        Smoothness(time, np.full(n, 50.0)),
        SharedPrior("shared", slice(0, count), np.zeros(count), np.eye(count) * 1e-4),
    ]
    return Problem(model, terms, Bounds(low, high, -free, free))


def test_finds_the_motion_and_proves_it(model: PersonModel) -> None:
    """From a start some degrees off, landmarks without noise give the motion back, with a vanishing gradient."""
    time, q = squatting(model, frames=20)
    points = model.positions(State(q, np.zeros(model.layout.count)))[:, : len(model.points)]
    problem = landmark_problem(model, points, time, *model.skeleton.bounds)
    start = State(q + np.random.default_rng(0).normal(0, 0.1, q.shape), np.zeros(model.layout.count))
    solution = minimise(problem, start, tolerance=1e-9, iterations=100)
    assert solution.status is Status.CONVERGED
    assert list(solution.cost_trace) == sorted(solution.cost_trace, reverse=True)
    positions = model.positions(solution.state)[:, : len(model.points)]
    assert np.linalg.norm(positions - points, axis=-1).max() < 2e-3
    assert solution.gradient_norm < 0.05
    cut_off = [
        minimise(problem, start, tolerance=1e-9, iterations=count) for count in (1, solution.iterations - 1)
    ]
    assert all(attempt.status is Status.ITERATIONS for attempt in cut_off)
    assert [attempt.converged for attempt in cut_off] == [False, True]


def test_ranges_hold_in_every_frame(model: PersonModel) -> None:
    """A motion beyond a range stops at its end and stays a minimum."""
    time, q = squatting(model, frames=20)
    points = model.positions(State(q, np.zeros(model.layout.count)))[:, : len(model.points)]
    low, high = (b.copy() for b in model.skeleton.bounds)
    knee = model.skeleton.coordinate_index("knee_angle_r")
    high[knee] = np.radians(50)
    problem = landmark_problem(model, points, time, low, high)
    solution = minimise(problem, State(q, np.zeros(model.layout.count)), tolerance=1e-8, iterations=80)
    assert np.all(solution.state.q <= high) and np.all(solution.state.q >= low)
    assert np.any(solution.state.q[:, knee] == high[knee])
    assert solution.gradient_norm < 0.05


def test_drawn_errors_have_the_covariance_of_the_posterior() -> None:
    normal = random_equations(7, 3, 2)
    normal.lag0 += 6 * np.eye(3)
    covariance = np.array([[0.5, 0.2], [0.2, 0.4]])
    of_shared = shared_errors(covariance, 2, 20_000)
    errors = coordinate_errors(normal, of_shared, 0.0, coordinate_covariances(normal), seed=1)
    inverse = np.linalg.inv(dense(normal)[:21, :21])
    border = normal.border.reshape(21, 2)
    expected = inverse + inverse @ border @ covariance @ border.T @ inverse
    drawn = errors.reshape(len(errors), -1)
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.06 * expected.max())
    assert errors.std(axis=0) == pytest.approx(coordinate_deviations(normal, covariance), rel=0.05)


def test_the_share_of_errors_that_lasts_is_the_same_in_all_frames() -> None:
    frames, n, lasting = 5, 2, 0.4
    normal = NormalEquations(frames, n, 0)
    normal.lag0 += np.diag([4.0, 25.0])
    covariances = coordinate_covariances(normal)
    errors = coordinate_errors(normal, np.zeros((40_000, 0)), lasting, covariances, seed=2)
    assert errors.std(axis=0) == pytest.approx(np.tile([0.5, 0.2], (frames, 1)), rel=0.03)
    between = np.corrcoef(errors[:, 0, 0], errors[:, 4, 0])[0, 1]
    assert between == pytest.approx(lasting, abs=0.02)
    assert np.corrcoef(errors[:, 0, 0], errors[:, 4, 1])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_held_unknowns_have_no_errors() -> None:
    assert shared_errors(None, 4, 3).tolist() == [[0.0] * 4] * 3
