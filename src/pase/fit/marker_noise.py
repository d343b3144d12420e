"""How noisy the markers are and how fast the person moves, learned from the residuals of the fit itself.

With the noise unknown, a solver can only guess how far to trust each marker against smooth motion. Both are
found by the evidence procedure (MacKay 1992, "Bayesian interpolation"): the posterior covariance tells how much
of the residuals the fit has taken up, so that the variances are those of the noise, not of what is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.fit.marker_person import MarkerPerson
from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem, minimise
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.prior import Smoothness
from pase.fit.uncertainty import coordinate_covariances

Array = NDArray[np.float64]
Frames = NDArray[np.intp]

STRETCH_FRAMES = 120
MOST_STRETCHES = 3
"""Neighbouring frames from which the noise is learned, and how many such stretches of a recording."""

LEAST_SIGMA_M = 1e-5
"""Finest noise that is believed, m: computed markers have none."""

MOST_REPEATED = 0.998
"""Largest correlation of errors from one frame to the next that is believed."""

_ROUNDS = 8
_SETTLED = 0.1
_PRIOR_COUNT = 2.0
"""Frames of acceleration that the usual spread of accelerations stands for."""

_ACCELERATION_RANGE = 30.0
"""Factor by which a recording's accelerations may differ from usual ones, either way."""


@dataclass(frozen=True)
class Noise:
    """What the residuals tell."""

    sigma: float
    """Standard deviation of a usual marker along each axis, m."""
    acceleration: Array
    """(n,) spread of the acceleration of the coordinates, rad/s² or m/s²."""
    information: float
    """Share of independent information in a frame, 0 to 1: errors of skin and models last for many frames."""


def single_frame_sigma(person: MarkerPerson, frames: Frames, state: State) -> float:
    """Noise of a usual marker from frames solved each for itself, with what the sizes took up left out, m."""
    problem = person.problem(frames, smooth=False, priors=False)
    squares, count, taken = _residuals(person, problem, state)
    return max(float(np.sqrt(squares / max(count - taken, 0.1 * count))), LEAST_SIGMA_M)


def learn_noise(person: MarkerPerson, q: Array, shared: Array, fixed_sigma: bool) -> Noise:
    """Learn the noise of the markers and the spread of accelerations on some stretches of the recording.

    Parameters
    ----------
    person, q, shared
        The person, a first guess (T, n) of the motion, and the shared unknowns.
    fixed_sigma
        True keeps the person's own noise of the markers.
    """
    usual = person.acceleration
    stretches = noise_stretches(len(q))
    guesses = [q[frames] for frames in stretches]
    for _ in range(_ROUNDS):
        fits = [
            minimise(person.problem(f), State(g, shared), shared_free=False, iterations=8)
            for f, g in zip(stretches, guesses, strict=True)
        ]
        guesses = [fit.state.q for fit in fits]
        squares, count, taken = 0.0, 0.0, 0.0
        bent, degrees = np.zeros(q.shape[1]), np.zeros(q.shape[1])
        for frames, guess in zip(stretches, guesses, strict=True):
            more = _stretch_sums(person, frames, State(guess, shared))
            squares, count, taken = squares + more[0], count + more[1], taken + more[2]
            bent, degrees = bent + more[3], degrees + more[4]
        sigma = person.sigma if fixed_sigma else float(np.sqrt(squares / max(count - taken, 0.1 * count)))
        spread = np.sqrt((bent + _PRIOR_COUNT * np.square(usual)) / (degrees + _PRIOR_COUNT))
        spread = np.clip(spread, usual / _ACCELERATION_RANGE, usual * _ACCELERATION_RANGE)
        change = np.abs(np.log(spread / person.acceleration)).max()
        person = person.with_noise(max(sigma, LEAST_SIGMA_M), spread)
        if change < _SETTLED:
            break
    states = [(f, State(g, shared)) for f, g in zip(stretches, guesses, strict=True)]
    return Noise(person.sigma, person.acceleration, independent_share(person, states))


def independent_share(person: MarkerPerson, states: Sequence[tuple[Frames, State]]) -> float:
    """Share of independent information in a frame's markers, 0 to 1, on stretches of neighbouring frames.

    Errors that follow a first-order autoregression with correlation ρ from one frame to the next tell as much
    in T frames as independent ones in `T (1 − ρ) / (1 + ρ)`.
    """
    products, squares = sum((_repetition(person, *state) for state in states), np.zeros(2))
    repeated = float(np.clip(products / max(squares, 1e-30), 0.0, MOST_REPEATED))
    return (1 - repeated) / (1 + repeated)


def noise_stretches(frames: int) -> list[Frames]:
    """Neighbouring frames, in stretches well spread over the recording."""
    if frames <= STRETCH_FRAMES:
        return [np.arange(frames)]
    count = min(MOST_STRETCHES, frames // STRETCH_FRAMES)
    starts = np.linspace(0, frames - STRETCH_FRAMES, count + 2)[1:-1] if count > 1 else [0.0]
    return [np.arange(STRETCH_FRAMES) + round(start) for start in starts]


def _residuals(person: MarkerPerson, problem: Problem, state: State) -> tuple[float, float, float]:
    """Weighted sum of squares in m² at a usual marker's noise, its count, and how many the fit took up."""
    at = Linearization(problem.model, state, shared_free=False)
    term = next(t for t in problem.terms if isinstance(t, LandmarkDistance))
    normal = problem.normal_equations(at)
    normal.lag0 += 1e-6 * np.eye(normal.lag0.shape[1])
    squares, count = term.weighted_squares(at)
    data = NormalEquations(len(state.q), state.q.shape[1], 0)
    data.add(term.block(at))
    taken = float(np.einsum("tij,tji->", coordinate_covariances(normal), data.lag0))
    return squares * person.sigma**2, count, taken


def _stretch_sums(
    person: MarkerPerson, frames: Frames, state: State
) -> tuple[float, float, float, Array, Array]:
    """As `_residuals`, and by coordinate the squares of the accelerations and how many the data have told."""
    problem = person.problem(frames, priors=False)
    at = Linearization(problem.model, state, shared_free=False)
    normal = problem.normal_equations(at)
    normal.lag0 += 1e-6 * np.eye(normal.lag0.shape[1])
    covariance = coordinate_covariances(normal)
    n = state.q.shape[1]
    own, data = NormalEquations(len(frames), n, 0), NormalEquations(len(frames), n, 0)
    squares, count, bent, degrees = 0.0, 0.0, np.zeros(n), np.zeros(n)
    for term in problem.terms:
        if isinstance(term, Smoothness):
            residual = term.residual(at)
            bent, degrees = np.square(residual).sum(0), np.full(n, float(len(residual)))
            continue
        own.add(term.block(at))
        if isinstance(term, LandmarkDistance):
            data.add(term.block(at))
            squares, count = term.weighted_squares(at)
    taken = float(np.einsum("tij,tji->", covariance, data.lag0))
    told = np.einsum("tij,tji->i", covariance, own.lag0)
    degrees = np.maximum(degrees - np.maximum(len(frames) - told, 0.0), 0.0)
    return squares * person.sigma**2, count, taken, bent * np.square(person.acceleration), degrees


def _repetition(person: MarkerPerson, frames: Frames, state: State) -> Array:
    """Sums of products of residuals with those a frame later, and of their squares."""
    residual = person.model.positions(state) - person.xyz[frames]
    first, second = residual[:-1], residual[1:]
    known = np.isfinite(first) & np.isfinite(second)
    product = np.where(known, first * second, 0.0).sum()
    square = np.where(known, 0.5 * (first**2 + second**2), 0.0).sum()
    return np.array([product, square])
