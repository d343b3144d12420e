"""A whole recording: first the body and the camera on a part of the frames, then every frame in windows.

Body size, camera and keypoint places are the same in all frames, so some hundred well spread frames tell
them as well as all. With them held, the motion is solved in windows that overlap by more than the reach of
the smoothness term, so that time and memory do not grow faster than the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pase.data import interpolated
from pase.fit.contact import planted_probability
from pase.fit.person import Frames, Person
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem, Solution, minimise
from pase.fit.threads import on_one_thread
from pase.fit.uncertainty import coordinate_deviations, shared_covariance
from pase.parallel import Helpers

Array = NDArray[np.float64]
Progress = Callable[[float], None]

COARSE_RATE_HZ = 12.0
"""Frames a second on which shared unknowns, and the first pass of every window, are solved."""

SHARED_FRAMES = 200
"""Most frames from which the shared unknowns are estimated."""

STRETCH = 25
"""Neighbouring coarse frames taken together when a long recording is thinned: long enough to hold a step."""

WINDOW_FRAMES = 900
OVERLAP_FRAMES = 120
"""Frames of a window, and how many of them it shares with the next."""


@dataclass(frozen=True)
class SharedEstimate:
    """Body, camera and keypoint places of one person."""

    shared: Array
    """(m,)"""
    covariance: Array
    """(m, m) posterior."""
    frames: Frames
    """Frames used."""
    solution: Solution
    """The solver's result on these frames."""
    shares: dict[str, float]
    """Cost of each term at the solution."""


@dataclass(frozen=True)
class SequenceEstimate:
    """The motion of one person in all frames."""

    q: Array
    """(T, n)"""
    q_std: Array
    """(T, n)"""
    converged: tuple[bool, ...]
    """Whether each window was solved to the end."""


def stand_on_floor(person: Person, q: Array, shared: Array) -> tuple[Array, Array]:
    """Raise world and camera so that the lowest foot of a first guess is on the floor."""
    level = float(np.percentile(person.lowest(State(q, shared)), 10))
    q, shared = q.copy(), shared.copy()
    q[:, person.model.skeleton.coordinate_index(ROOT_TRANSLATION[1])] -= level
    shared[person.model.layout.camera][2] -= level
    return q, shared


def estimate_shared(person: Person, q: Array, shared: Array) -> SharedEstimate:
    """Estimate the shared unknowns from a first guess (T, n) of the motion.

    The posture is loosened first without a floor, then contacts are found and everything is solved together.
    """
    time = person.observed.time
    frames = shared_frames(time)
    loose = minimise(person.problem(frames, None), State(q[frames], shared), iterations=12, tolerance=1e-3)
    planted = find_contacts(person, frames, loose.state)
    problem = person.problem(frames, planted)
    solution = minimise(problem, loose.state, iterations=30)
    problem = person.problem(frames, find_contacts(person, frames, solution.state))
    solution = minimise(problem, solution.state, iterations=6)
    normal = problem.normal_equations(Linearization(person.model, solution.state))
    shares = problem.shares(solution.state)
    return SharedEstimate(solution.state.shared, shared_covariance(normal), frames, solution, shares)


def solve_sequence(
    person: Person, q: Array, found: SharedEstimate, progress: Progress, helpers: Helpers
) -> SequenceEstimate:
    """Solve every frame from a first guess (T, n), the shared unknowns held, window by window.

    Where windows overlap, one fades into the other. Other processes take some of them.
    """
    start = q.copy()
    start[found.frames] = found.solution.state.q
    total = np.zeros(len(q))
    out, deviation = np.zeros_like(q), np.zeros_like(q)
    windows = list(_windows(len(q)))
    part = partial(_window, person=person, start=start, found=found)
    solved = helpers.map(_solve_window, [frames for frames, _ in windows], progress, part)
    for (frames, weight), (solution, of_window) in zip(windows, solved, strict=True):
        total[frames] += weight
        out[frames] += weight[:, None] * solution.state.q
        deviation[frames] += weight[:, None] * of_window
    out /= total[:, None]
    deviation /= total[:, None]
    return SequenceEstimate(out, deviation, tuple(solution.converged for solution, _ in solved))


@dataclass(frozen=True)
class _Window:
    """What is needed of one person to solve some neighbouring frames."""

    person: Person
    q: Array
    """(F, n) first guess."""
    settled: NDArray[np.bool_]
    """(F,) whether a frame was solved with the shared unknowns."""
    shared: Array
    covariance: Array


def _window(frames: Frames, *, person: Person, start: Array, found: SharedEstimate) -> _Window:
    settled = np.isin(frames, found.frames)
    return _Window(person.take(frames), start[frames], settled, found.shared, found.covariance)


@on_one_thread
def _solve_window(window: _Window, progress: Progress) -> tuple[Solution, Array]:
    """The motion in a window, and its standard deviations."""
    person, frames = window.person, np.arange(len(window.q))
    state = State(_spread(person.observed.time, *_solve_coarse(window)), window.shared)
    problem = person.problem(frames, find_contacts(person, frames, state, floor=0.0))
    solution = minimise(problem, state, shared_free=False, iterations=15, tolerance=3e-5)
    progress(1.0)
    return solution, _deviations(problem, solution, window.covariance)


def find_contacts(person: Person, frames: Frames, state: State, floor: float | None = None) -> Array:
    """(F, S) probability that the points under the feet stand on the floor in `frames`.

    `floor` is its height in metres; that of the lowest steps when None.
    """
    time = person.observed.time[frames]
    return planted_probability(person.soles(state), person.feet_seen(frames), time, floor)


def shared_frames(time: Array) -> Frames:
    """Frames for the shared unknowns: at the coarse rate, and of a long recording evenly spread stretches."""
    coarse = thinned(time)
    if len(coarse) <= SHARED_FRAMES:
        return coarse
    stretches = SHARED_FRAMES // STRETCH
    starts = np.linspace(0, len(coarse) - STRETCH, stretches).round().astype(int)
    return coarse[np.unique(starts[:, None] + np.arange(STRETCH))]


def thinned(time: Array) -> Frames:
    """Indices of frames at about the coarse rate, the first and the last included."""
    if len(time) < 3:
        return np.arange(len(time))
    step = max(1, round(1 / (COARSE_RATE_HZ * float(np.median(np.diff(time))))))
    return np.unique(np.append(np.arange(0, len(time), step), len(time) - 1))


def _windows(frames: int) -> Iterator[tuple[Frames, Array]]:
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


def _solve_coarse(window: _Window) -> tuple[Frames, Array]:
    """Postures at the coarse rate in a window, solved unless they all came with the shared unknowns."""
    person, some = window.person, thinned(window.person.observed.time)
    state = State(window.q[some], window.shared)
    if window.settled[some].all():
        return some, state.q
    problem = person.problem(some, find_contacts(person, some, state, floor=0.0))
    return some, minimise(problem, state, shared_free=False, iterations=12).state.q


def _spread(time: Array, some: Frames, q: Array) -> Array:
    """Postures of some frames interpolated to all of a window."""
    return interpolated(q, time[some], time)


def _deviations(problem: Problem, solution: Solution, covariance: Array) -> Array:
    normal = problem.normal_equations(Linearization(problem.model, solution.state))
    return coordinate_deviations(normal, covariance)
