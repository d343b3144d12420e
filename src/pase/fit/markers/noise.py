"""How noisy the markers are and how fast the person moves, learned from the residuals of the fit itself.

With the noise unknown, a solver can only guess how far to trust each marker against smooth motion. Both are
found by the evidence procedure (MacKay 1992, "Bayesian interpolation"): the posterior covariance gives the part of
the residuals that the fit has absorbed, so that the variances are those of the noise, not of what is left over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pase.fit.markers.guess import MarkerTrial
from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, State
from pase.fit.solver import minimise
from pase.fit.uncertainty import coordinate_covariances
from pase.types import Array, Indices

STRETCH_FRAMES = 120
MOST_STRETCHES = 3
"""Neighbouring frames from which the noise is learned, and how many such stretches of a recording."""

LEAST_SIGMA_M = 1e-5
"""Finest noise that is believed, m: computed markers have none."""

MOST_REPEATED = 0.998
"""Largest correlation of errors from one frame to the next that is believed."""

_ROUNDS, _ITERATIONS = 8, 8
_SETTLED = 0.1
"""Most rounds, solver iterations in each, and the change of the logarithm of an acceleration's spread after which
there are no more."""

_LEAST_FREE = 0.1
"""Share of the measured numbers that is taken as not absorbed by the fit, at least."""

_PRIOR_COUNT = 2.0
"""Frames of acceleration that the usual spread of accelerations stands for."""

_ACCELERATION_RANGE = 30.0
"""Factor by which a recording's accelerations may differ from usual ones, either way."""


@dataclass(frozen=True)
class Noise:
    """What is learned from the residuals."""

    sigma: float
    """Standard deviation of a usual marker along each axis, m."""
    acceleration: Array
    """(n,) spread of the acceleration of the coordinates, rad/s² or m/s²."""
    information: float
    """Share of independent information in a frame, 0 to 1: errors of skin and models last for many frames."""


def with_learned_sigma(trial: MarkerTrial, frames: Indices, state: State) -> MarkerTrial:
    """The trial with the noise of its markers as frames solved one by one show it; a fixed noise is kept.

    What the sizes took up is left out.
    """
    markers = trial.measurements[0]
    if markers.fixed:
        return trial
    in_full = replace(trial, measurements=(replace(markers, information=1.0, hidden=1.0),))
    return with_noise(trial, _sigma(_sums(in_full, frames, state, sequence=False)))


def learn_noise(trial: MarkerTrial, q: Array, shared: Array) -> Noise:
    """Learn the noise of the markers and the spread of accelerations on some stretches of the recording.

    Parameters
    ----------
    trial
        The recording; a noise that is fixed is kept.
    q, shared
        A first guess (T, n) of the motion, and the shared unknowns.
    """
    usual = trial.subject.acceleration
    stretches = noise_stretches(len(q))
    guesses = [q[frames] for frames in stretches]
    for _ in range(_ROUNDS):
        guesses = [
            minimise(
                trial.problem(frames), State(guess, shared), shared_free=False, iterations=_ITERATIONS
            ).state.q
            for frames, guess in zip(stretches, guesses, strict=True)
        ]
        sums = [_sums(trial, f, State(g, shared)) for f, g in zip(stretches, guesses, strict=True)]
        bent, degrees = sum(s.bent for s in sums), sum(s.degrees for s in sums)
        spread = np.sqrt((bent + _PRIOR_COUNT * np.square(usual)) / (degrees + _PRIOR_COUNT))
        spread = np.clip(spread, usual / _ACCELERATION_RANGE, usual * _ACCELERATION_RANGE)
        change = np.abs(np.log(spread / trial.subject.acceleration)).max()
        sigma = trial.measurements[0].sigma if trial.measurements[0].fixed else _sigma(*sums)
        trial = with_noise(trial, sigma, spread)
        if change < _SETTLED:
            break
    states = [(f, State(g, shared)) for f, g in zip(stretches, guesses, strict=True)]
    return Noise(trial.measurements[0].sigma, spread, independent_share(trial, states))


def with_noise(trial: MarkerTrial, sigma: float, acceleration: Array | None = None) -> MarkerTrial:
    """The same trial with another noise of the markers, and spread of accelerations."""
    subject = trial.subject if acceleration is None else replace(trial.subject, acceleration=acceleration)
    return replace(trial, subject=subject, measurements=(replace(trial.measurements[0], sigma=sigma),))


def independent_share(trial: MarkerTrial, states: Sequence[tuple[Indices, State]]) -> float:
    """Share of independent information in a frame's markers, 0 to 1, on stretches of neighbouring frames.

    With errors that follow a first-order autoregression, of correlation ρ from one frame to the next, T frames hold
    as much information as `T (1 − ρ) / (1 + ρ)` independent ones.
    """
    products, squares = sum((_repetition(trial, *state) for state in states), np.zeros(2))
    repeated = float(np.clip(products / max(squares, 1e-30), 0.0, MOST_REPEATED))
    return (1 - repeated) / (1 + repeated)


def noise_stretches(frames: int) -> list[Indices]:
    """Neighbouring frames, in stretches well spread over the recording."""
    if frames <= STRETCH_FRAMES:
        return [np.arange(frames)]
    count = min(MOST_STRETCHES, frames // STRETCH_FRAMES)
    starts = np.linspace(0, frames - STRETCH_FRAMES, count + 2)[1:-1] if count > 1 else [0.0]
    return [np.arange(STRETCH_FRAMES) + round(start) for start in starts]


@dataclass(frozen=True)
class _Sums:
    """What the residuals of some frames add up to."""

    squares: float
    """Sum of the squared residuals of the markers, m², at a usual marker's noise."""
    count: float
    absorbed: float
    """How many residuals the fit has used up."""
    bent: Array
    """(n,) squares of the accelerations."""
    degrees: Array
    """(n,) how many of them the data determined."""


def _sigma(*sums: _Sums) -> float:
    """Noise of a usual marker, m: the residuals over those that the fit has not used up."""
    squares, count, absorbed = (
        sum(getattr(s, name) for s in sums) for name in ("squares", "count", "absorbed")
    )
    return max(float(np.sqrt(squares / max(count - absorbed, _LEAST_FREE * count))), LEAST_SIGMA_M)


def _sums(trial: MarkerTrial, frames: Indices, state: State, *, sequence: bool = True) -> _Sums:
    """What the residuals add up to, with the motion as one sequence or each frame for itself."""
    T, n = state.q.shape
    problem = trial.problem(frames, sequence=sequence)
    at = Linearization(problem.model, state, shared_free=False)
    covariance = coordinate_covariances(problem.posterior(state, shared_free=False))
    frame_trial, markers = trial.take(frames), trial.measurements[0].take(frames)
    distances = markers.distances(problem.model)
    squares, count = distances.weighted_squares(at)
    data, of_frames = NormalEquations(T, n, 0), NormalEquations(T, n, 0)
    data.add(distances.block(at))
    for term in (distances, *frame_trial.posture_priors(frame_trial.posture_weight(sequence))):
        of_frames.add(term.block(at))
    bent, degrees = np.zeros(n), np.zeros(n)
    if sequence and T > 2:
        residual = frame_trial.smoothness().residual(at)
        determined = np.einsum("tij,tji->i", covariance, of_frames.lag0)
        degrees = np.maximum(len(residual) - np.maximum(T - determined, 0.0), 0.0)
        bent = np.square(residual).sum(0) * np.square(trial.subject.acceleration)
    absorbed = float(np.einsum("tij,tji->", covariance, data.lag0))
    return _Sums(squares * markers.sigma**2, count, absorbed, bent, degrees)


def _repetition(trial: MarkerTrial, frames: Indices, state: State) -> Array:
    """Sums of products of residuals with those a frame later, and of their squares."""
    model, markers = trial.subject.model, trial.measurements[0].take(frames)
    residual = model.positions(state)[:, model.columns(markers.names)] - markers.xyz
    first, second = residual[:-1], residual[1:]
    measured = np.isfinite(first) & np.isfinite(second)
    product = np.where(measured, first * second, 0.0).sum()
    square = np.where(measured, 0.5 * (first**2 + second**2), 0.0).sum()
    return np.array([product, square])
