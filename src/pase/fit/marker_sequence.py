"""A whole recording of markers: sizes on a part of the frames, then every frame in windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pase.data import interpolated
from pase.fit.marker_initial import (
    anchor_frames,
    continue_motion,
    rough_size,
    solve_anchors,
    spread_frames,
    spread_in_time,
)
from pase.fit.marker_noise import (
    Noise,
    independent_share,
    learn_noise,
    noise_stretches,
    single_frame_sigma,
)
from pase.fit.marker_person import MarkerPerson
from pase.fit.problem import Linearization, State
from pase.fit.solver import Solution, minimise
from pase.fit.uncertainty import coordinate_deviations, shared_covariance

Array = NDArray[np.float64]
Frames = NDArray[np.intp]
Progress = Callable[[float], None]

SIZE_FRAMES = 200
"""Most frames from which sizes and marker places are estimated."""

FIRST_INDEPENDENT = 10.0
"""Independent frames that the first estimate of the sizes counts on, until it is known how errors repeat."""

STRETCH = 25
WHITE = 0.5
"""Neighbouring frames taken together for the sizes, and the share of independent information above which they
are: against white noise, smoothness in time keeps postures from taking up noise and sizes from following."""

SKIN_SIGMA_M = 0.010
"""Movement of skin over bone, along each axis."""

KEY_RATE_HZ = 12.0
"""Frames a second that are solved each for itself, as the start of all."""

DEVIATION_RATE_HZ = 30.0
"""Frames a second at which standard deviations are computed; they change slowly."""

WINDOW_FRAMES = 600
OVERLAP_FRAMES = 40
"""Frames of a window, and how many of them at each inner end only serve to lead in."""

_TOLERANCE = 1e-5


@dataclass(frozen=True)
class SizeEstimate:
    """Sizes and marker places of one person."""

    shared: Array
    """(m,)"""
    covariance: Array
    """(m, m) posterior; zeros where they were held."""
    frames: Frames
    """Frames used."""
    q: Array
    """(F, n) postures in them."""
    solution: Solution | None
    """The solver's result on these frames, None where the sizes were held."""
    sigma: float
    """Noise of a usual marker, m."""

    def without_first(self, count: int) -> SizeEstimate:
        """The same sizes for the recording that follows the first frames, those of a static trial."""
        later = self.frames >= count
        return replace(self, frames=self.frames[later] - count, q=self.q[later])


@dataclass(frozen=True)
class MarkerEstimate:
    """The motion of one person in all frames."""

    q: Array
    """(T, n)"""
    q_std: Array
    """(T, n)"""
    noise: Noise
    windows: tuple[Solution, ...]


def estimate_size(person: MarkerPerson, shared: Array, *, free: bool, fixed_sigma: bool) -> SizeEstimate:
    """Anchor postures and, with `free`, the shared unknowns from well spread frames.

    The frames are solved together but not as a sequence. The noise is learned on the way unless `fixed_sigma`.
    """
    anchors = anchor_frames(person)
    if free:
        shared = shared.copy()
        shared[person.model.layout.size] += np.log(np.clip(rough_size(person), 0.4, 1.6))
    q = solve_anchors(person, anchors, shared)
    if not free:
        sigma = person.sigma if fixed_sigma else single_frame_sigma(person, anchors, State(q, shared))
        m = len(shared)
        return SizeEstimate(shared, np.zeros((m, m)), anchors, q, None, sigma)
    few = min(1.0, FIRST_INDEPENDENT / len(anchors))
    loose = person.problem(anchors, smooth=False, width=20.0, information=few)
    rough = minimise(loose, State(q, shared), iterations=20).state.shared
    again = solve_anchors(person, anchors, rough)
    frames = spread_frames(person, SIZE_FRAMES)
    state = State(continue_motion(person, anchors, again, rough, frames), rough)
    share, sigma = 0.0, person.sigma
    information = min(1.0, FIRST_INDEPENDENT / len(frames))
    smooth = False
    for last in (False, True):
        for _ in range(2):
            doubted = person.with_noise(sigma if fixed_sigma else _doubted(sigma, share))
            problem = doubted.problem(frames, smooth=smooth, information=information)
            solution = minimise(problem, state, iterations=25, tolerance=_TOLERANCE)
            state = solution.state
            if not fixed_sigma:
                sigma = single_frame_sigma(person.with_noise(sigma), frames, state)
        if not last:
            share = _independent_share(person, frames, state)
            information = float(min(1.0, share * person.seen.any(1).sum() / len(frames)))
            if share > WHITE and len(person.time) > SIZE_FRAMES:
                near = size_stretches(len(person.time))
                state = State(continue_motion(person, frames, state.q, state.shared, near), state.shared)
                frames, smooth = near, True
    normal = problem.normal_equations(Linearization(person.model, state))
    normal.lag0 += 1e-6 * np.eye(normal.lag0.shape[1])
    return SizeEstimate(state.shared, shared_covariance(normal), frames, state.q, solution, sigma)


def size_stretches(frames: int) -> Frames:
    """Stretches of neighbouring frames, as many in all as for the sizes, evenly spread."""
    starts = np.linspace(0, frames - STRETCH, SIZE_FRAMES // STRETCH).round().astype(int)
    return np.unique(starts[:, None] + np.arange(STRETCH))


def _doubted(sigma: float, share: float) -> float:
    """Noise to assume for sizes and marker places, m, when residuals show `sigma` and repeat themselves.

    Errors that repeat are those of skin and model, of which postures and marker places take up most, so that
    little of them is left in the residuals: about 10 mm on thighs (Leardini et al. 2005).
    """
    return max(sigma, min(SKIN_SIGMA_M, (1 + 2 * (1 - share)) * sigma))


def _independent_share(person: MarkerPerson, frames: Frames, state: State) -> float:
    """Share of independent information in a frame of the recording, from how errors repeat in the next one.

    200 frames of one walk tell hardly more of a bone's length than some of them.
    """
    stretches = noise_stretches(len(person.time))
    around = np.concatenate(stretches)
    q = continue_motion(person, frames, state.q, state.shared, around)
    parts = np.split(q, np.cumsum([len(s) for s in stretches])[:-1])
    states = [(f, State(part, state.shared)) for f, part in zip(stretches, parts, strict=True)]
    return independent_share(person, states)


def solve_markers(
    person: MarkerPerson, found: SizeEstimate, *, fixed_sigma: bool, progress: Progress
) -> MarkerEstimate:
    """Solve every frame, the shared unknowns held: key frames, then noise, then all in windows."""
    T = len(person.time)
    person = person.with_noise(found.sigma)
    keys = key_frames(person)
    key_q = continue_motion(person, found.frames, found.q, found.shared, keys)
    start = spread_in_time(person, keys, key_q, np.arange(T))
    progress(0.2)
    noise = learn_noise(person, start, found.shared, fixed_sigma)
    person = person.with_noise(noise.sigma, noise.acceleration)
    key_q = _smooth_keys(person, keys, key_q, found.shared)
    start = spread_in_time(person, keys, key_q, np.arange(T))
    progress(0.3)
    q, deviation = np.empty_like(start), np.empty_like(start)
    solutions = []
    for frames, kept in windows(T):
        state = State(start[frames], found.shared)
        solution = minimise(person.problem(frames, priors=False), state, shared_free=False, iterations=30)
        inner = kept - frames[0]
        q[kept] = solution.state.q[inner]
        deviation[kept] = _deviations(person, frames, solution.state, found, noise)[inner]
        solutions.append(solution)
        progress(0.3 + 0.7 * (kept[-1] + 1) / T)
    return MarkerEstimate(q, deviation, noise, tuple(solutions))


def _smooth_keys(person: MarkerPerson, keys: Frames, q: Array, shared: Array) -> Array:
    """Postures (F, n) of the key frames as one sequence, in windows."""
    out = q.copy()
    for some, kept in windows(len(keys)):
        problem = person.problem(keys[some], priors=False)
        found = minimise(problem, State(q[some], shared), shared_free=False, iterations=12, tolerance=1e-3)
        out[kept] = found.state.q[kept - some[0]]
    return out


def key_frames(person: MarkerPerson) -> Frames:
    """Usable frames at the key rate, and the first and the last of them."""
    frames = spread_frames(person, len(person.time))
    stretch = np.floor((person.time[frames] - person.time[0]) * KEY_RATE_HZ).astype(int)
    _, first = np.unique(stretch, return_index=True)
    return np.unique(np.concatenate([frames[first], frames[-1:]]))


def windows(frames: int) -> Iterator[tuple[Frames, Frames]]:
    """Frames of each window, and those of them whose result is kept."""
    inner = WINDOW_FRAMES - 2 * OVERLAP_FRAMES
    count = 1 if frames <= WINDOW_FRAMES else -(-frames // inner)
    ends = np.linspace(0, frames, count + 1).round().astype(int)
    for start, end in zip(ends[:-1], ends[1:], strict=True):
        yield (
            np.arange(max(start - OVERLAP_FRAMES, 0), min(end + OVERLAP_FRAMES, frames)),
            np.arange(start, end),
        )


def _deviations(
    person: MarkerPerson, frames: Frames, state: State, found: SizeEstimate, noise: Noise
) -> Array:
    """(F, n) standard deviations: from every k-th frame, each standing for k, and interpolated."""
    time = person.time[frames]
    step = 1
    if len(frames) > 2:
        step = max(1, int(1.0 / (DEVIATION_RATE_HZ * float(np.median(np.diff(time))))))
    some = np.unique(np.append(np.arange(0, len(frames), step), len(frames) - 1))
    problem = person.problem(frames[some], priors=False, repeats=float(step), information=noise.information)
    sized = found.solution is not None
    normal = problem.normal_equations(Linearization(person.model, State(state.q[some], state.shared), sized))
    normal.lag0 += 1e-6 * np.eye(normal.lag0.shape[1])
    deviation = coordinate_deviations(normal, found.covariance if sized else None)
    return interpolated(deviation, time[some], time)
