"""The order in which the unknowns of a recording are solved, whatever was measured.

Body size, cameras and the places of points are the same in all frames, so a few hundred well spread frames
determine them as well as all frames do (`solve_passes`). With them held, the motion is solved in windows that
overlap by more than the reach of the smoothness term and fade into one another (`solve_windows`), so that time and
memory do not grow faster than the recording. The standard deviations come from the normal equations of each window
at its solution.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from pase.fit.contact import Contacts
from pase.fit.posture_posterior import posture_covariances
from pase.fit.problem import State
from pase.fit.solver import Problem, Solution, minimise
from pase.fit.threads import on_one_thread
from pase.fit.trial import Trial
from pase.fit.uncertainty import (
    coordinate_covariances,
    coordinate_deviations,
    coordinate_errors,
    shared_covariance,
    shared_errors,
)
from pase.parallel import Helpers
from pase.series import interpolated, spline, thinned
from pase.types import Array, Array32, Indices, Mask, ShareProgress

COARSE_RATE_HZ = 12.0
"""Frames a second for the shared unknowns, and for the first pass of every window."""

SHARED_FRAMES = 200
"""Most frames from which the shared unknowns are estimated."""

STRETCH = 25
"""Neighbouring frames taken together when a long recording is thinned: long enough to hold a step."""

WINDOW_FRAMES = 900
OVERLAP_FRAMES = 120
"""Frames of a window, and how many of them it shares with the next."""

DRAWS_BYTES, LEAST_DRAWS, MOST_DRAWS = 100_000_000, 8, 20
"""Memory for the motions drawn from the posterior; a standard deviation of 20 draws is itself uncertain by 16 %."""
DEVIATION_RATE_HZ = 28.0
"""Least frames a second for which standard deviations are computed, where there are twice as many or more: they
change slowly, and further frames of a camera add no information."""

_COARSE_ITERATIONS = 12
_WINDOW_ITERATIONS, _WINDOW_TOLERANCE, _WINDOW_STEP = 15, 1e-3, float(np.radians(1.0))
"""Limits of the solver in a window. Large corrections are made at the coarse rate, then all frames are solved.
A tenth of the tolerance takes a quarter more steps, and changes the mean error of ten fast synthetic films by 0.004°
at most."""


@dataclass(frozen=True)
class Pass:
    """One call of the solver on the way to the shared unknowns."""

    iterations: int
    tolerance: float = 1e-4
    floor: bool = True
    """Whether the terms of contact are included; contacts are found from the state before the pass."""
    width: float | None = None
    """Width of the robust loss, standard deviations; that of the measurements when None."""
    learn: Callable[[Trial[Any], Indices, State], Trial[Any]] | None = None
    """Updates the measurements themselves, such as their noise, from the solution; the next pass uses the update."""


PASSES = (Pass(12, 1e-2, floor=False), Pass(30, 1e-3), Pass(30, 3e-4))
"""First the posture without a floor; then everything together, with the contacts found from that; then once more with
the contacts of the second pass. A third of these takes a sixth more steps, and changes angles of two lab
clips and of two who cross by less than 0.04° on average. With three times as large ones a second camera of a photo
tells too little."""


@dataclass(frozen=True)
class SharedEstimate:
    """The unknowns that all frames share: body, cameras and places of points."""

    shared: Array
    """(m,)"""
    covariance: Array | None
    """(m, m) posterior; None where they were held."""
    frames: Indices
    q: Array
    """(F, n) postures in them."""
    solution: Solution | None = None
    """The solver's result on these frames; None where the shared unknowns were held."""
    shares: dict[str, float] | None = None

    @property
    def cost(self) -> float:
        """Cost at the solution; infinite where the shared unknowns were held."""
        return np.inf if self.solution is None else self.solution.cost


@dataclass(frozen=True)
class Solved:
    """The outcome of a series of passes."""

    trial: Trial[Any]
    """With the updates by `Pass.learn`."""
    frames: Indices
    problem: Problem
    solution: Solution

    def estimate(self) -> SharedEstimate:
        """The shared unknowns with their covariance."""
        state = self.solution.state
        covariance = shared_covariance(self.problem.posterior(state))
        shares = self.problem.shares(state)
        return SharedEstimate(state.shared, covariance, self.frames, state.q, self.solution, shares)


class WindowEnd(NamedTuple):
    """How the solver ended in a window."""

    converged: bool
    iterations: int


@dataclass(frozen=True)
class SequenceEstimate:
    """The motion of one person in all frames."""

    q: Array
    """(T, n)"""
    q_std: Array
    """(T, n)"""
    windows: tuple[WindowEnd, ...]
    errors: Array32
    """(D, T, n) errors of `q`, drawn from the posterior."""
    shared_errors: Array
    """(D, m) errors of the shared unknowns behind them."""


def spread_frames(frames: Indices, count: int = SHARED_FRAMES, stretch: int = STRETCH) -> Indices:
    """At most `count` of the frames, in stretches of neighbours that are evenly spread."""
    if len(frames) <= count:
        return frames
    starts = np.linspace(0, len(frames) - stretch, count // stretch).round().astype(int)
    return frames[np.unique(starts[:, None] + np.arange(stretch))]


def solve_passes(
    trial: Trial[Any],
    frames: Indices,
    state: State,
    passes: Sequence[Pass] = PASSES,
    *,
    sequence: bool = True,
) -> Solved:
    """Solve for shared unknowns and postures of some frames together, from a first guess, pass by pass.

    Parameters
    ----------
    frames
        (F,) frames to use, as `spread_frames` gives them.
    state
        First guess: postures (F, n) and shared unknowns (m,).
    sequence
        False for frames that are too far apart for their motion to be smooth.
    """
    for step in passes:
        contacts = trial.contacts(frames, state) if step.floor and trial.subject.floor else None
        problem = trial.problem(frames, contacts, sequence=sequence, width=step.width)
        solution = minimise(problem, state, iterations=step.iterations, tolerance=step.tolerance)
        state = solution.state
        trial = trial if step.learn is None else step.learn(trial, frames, state)
    return Solved(trial, frames, problem, solution)


def solve_windows(
    trial: Trial[Any], q: Array, estimate: SharedEstimate, progress: ShareProgress, helpers: Helpers
) -> SequenceEstimate:
    """Solve every frame with the shared unknowns held, in windows that fade into one another.

    Parameters
    ----------
    q
        (T, n) first guess.
    estimate
        The shared unknowns, and the postures that were solved with them.
    helpers
        Processes that take some of the windows.
    """
    total = np.zeros(len(q))
    out, deviation = np.zeros_like(q), np.zeros_like(q)
    of_shared = trial.errors.shared * shared_errors(estimate.covariance, len(estimate.shared), _draws(q))
    errors = np.zeros((len(of_shared), *q.shape), np.float32)
    windows, ends = list(fading_windows(len(q))), []
    window_of = partial(_window, trial=trial, q=q, estimate=estimate, errors=of_shared)
    solved = helpers.in_turn(_solve_window, [frames for frames, _ in windows], progress, window_of)
    for (frames, weight), (q_window, q_std, drawn, end) in zip(windows, solved, strict=True):
        total[frames] += weight
        out[frames] += weight[:, None] * q_window
        deviation[frames] += weight[:, None] * q_std
        errors[:, frames] += weight[:, None].astype(np.float32) * drawn
        ends.append(end)
    out /= total[:, None]
    deviation /= total[:, None]
    errors /= total[:, None].astype(np.float32)
    return SequenceEstimate(out, deviation, tuple(ends), errors, of_shared)


def _draws(q: Array) -> int:
    """How many motions are drawn from the posterior: fewer for a long recording, to save memory."""
    return int(np.clip(DRAWS_BYTES // max(1, 4 * q.size), LEAST_DRAWS, MOST_DRAWS))


def fading_windows(frames: int) -> Iterator[tuple[Indices, Array]]:
    """Frames of each window, and the weight of each in the result: it fades where windows overlap."""
    step = WINDOW_FRAMES - OVERLAP_FRAMES
    starts = [0] if frames <= WINDOW_FRAMES else list(range(0, frames - OVERLAP_FRAMES, step))
    ramp = (np.arange(OVERLAP_FRAMES) + 0.5) / OVERLAP_FRAMES
    for start in starts:
        window = np.arange(start, min(start + WINDOW_FRAMES, frames))
        weight = np.ones(len(window))
        if start > 0:
            weight[:OVERLAP_FRAMES] = ramp
        if start != starts[-1]:
            weight[-OVERLAP_FRAMES:] = ramp[::-1]
        yield window, weight


@dataclass(frozen=True)
class _Window:
    """What is needed to solve one window."""

    trial: Trial[Any]
    q: Array
    """(F, n) first guess."""
    settled: Mask
    """(F,) whether a frame was solved with the shared unknowns."""
    shared: Array
    covariance: Array | None
    shared_errors: Array
    """(D, m)"""


def _window(
    frames: Indices, *, trial: Trial[Any], q: Array, estimate: SharedEstimate, errors: Array
) -> _Window:
    start, settled = q[frames], np.isin(frames, estimate.frames)
    start[settled] = estimate.q[np.isin(estimate.frames, frames)]
    return _Window(trial.take(frames), start, settled, estimate.shared, estimate.covariance, errors)


@on_one_thread
def _solve_window(window: _Window, progress: ShareProgress) -> tuple[Array, Array, Array32, WindowEnd]:
    """The motion in a window, its standard deviations, errors drawn from its posterior, and how the solver ended.

    It is solved at the measured frames. In between it is the smoothest motion through these: the solver would find
    the same, as `Smoothness` is the only term of a frame that was not measured.
    """
    trial, knots = window.trial, window.trial.knots()
    time = trial.time
    coarse, q = _solve_coarse(window)
    state = State(spline(time[coarse], q, time[knots]), window.shared)
    contacts = _contacts(trial, knots, state)
    problem = trial.problem(knots, contacts, repeats=_frames_of(knots))
    solution = minimise(
        problem,
        state,
        shared_free=False,
        iterations=_WINDOW_ITERATIONS,
        tolerance=_WINDOW_TOLERANCE,
        largest_step=_WINDOW_STEP,
    )
    between = State(spline(time[knots], solution.state.q, time), window.shared)
    progress(1.0)
    q_std, drawn = _deviations(window, knots, solution.state, contacts)
    end = WindowEnd(solution.converged, solution.iterations)
    return problem.bounds.clip(between).q, q_std, drawn, end


def _solve_coarse(window: _Window) -> tuple[Indices, Array]:
    """Postures at the coarse rate in a window; solved unless all were solved with the shared unknowns."""
    trial, coarse = window.trial, thinned(window.trial.time, COARSE_RATE_HZ)
    state = State(window.q[coarse], window.shared)
    if window.settled[coarse].all():
        return coarse, state.q
    problem = trial.problem(coarse, _contacts(trial, coarse, state))
    return coarse, minimise(problem, state, shared_free=False, iterations=_COARSE_ITERATIONS).state.q


def _contacts(trial: Trial[Any], frames: Indices, state: State) -> Contacts | None:
    """Contacts with the floor at Y = 0, where there is one."""
    return trial.contacts(frames, state, floor=0.0) if trial.subject.floor else None


def _deviations(
    window: _Window, knots: Indices, state: State, contacts: Contacts | None
) -> tuple[Array, Array32]:
    """Standard deviations (F, n) and drawn errors (D, F, n) of all frames, from the state at the knots.

    Where there are very many knots a second, only some are computed, each for those around it.
    """
    trial, time, step = window.trial, window.trial.time, 1
    if len(knots) > 2:
        step = max(1, int(1.0 / (DEVIATION_RATE_HZ * float(np.median(np.diff(time[knots]))))))
    sample = np.unique(np.append(np.arange(0, len(knots), step), len(knots) - 1))
    frames, state = knots[sample], State(state.q[sample], state.shared)
    contacts = None if contacts is None else contacts.take(sample)
    problem = trial.independent().problem(frames, contacts, repeats=_frames_of(frames))
    normal = problem.posterior(state, shared_free=window.covariance is not None)
    calibration = trial.errors.calibration
    if calibration is None:
        covariances = coordinate_covariances(normal)
    else:
        covariances = posture_covariances(trial.take(frames), problem, state, normal, calibration)
    deviations = coordinate_deviations(normal, window.covariance, covariances)
    errors = coordinate_errors(normal, window.shared_errors, trial.errors.lasting, covariances)
    samples = spline(time[frames], errors.swapaxes(0, 1), time).swapaxes(0, 1).astype(np.float32)
    return interpolated(deviations, time[frames], time), samples


def _frames_of(knots: Indices) -> Array:
    """(K,) how many frames of a window each knot stands for."""
    return np.gradient(knots.astype(float)) if len(knots) > 1 else np.ones(len(knots))
