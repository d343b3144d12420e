"""Frames solved one by one from many starts, and the cheapest chain through the resulting postures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem
from pase.fit.trial import Trial
from pase.types import Array, Indices, Mask

BATCH = 800
"""Postures solved at once: bounds the memory."""

_BETWEEN_LOOKS, _SETTLED = 4, 1e-3
"""After this many steps, postures whose cost has fallen by less than this share are not followed further."""

_FIRST_DAMPING, _EASED, _STIFFENED = 1e-2, 1 / 4, 6.0
"""Share of the diagonal added at first, and the factors on it after a step that lowered the cost and one that did
not."""

SAME_POSTURE_M = 0.02
"""Starts whose points come this close to one another lead to the same posture: only the best is followed."""


@dataclass(frozen=True)
class Round:
    """One round of `FrameSolver.from_starts`."""

    width: float
    """Width of the robust loss, standard deviations: wide at first, so that limbs far off are still pulled."""
    iterations: int
    survivors: int
    """Starts of each frame that are kept after it."""


@dataclass(frozen=True)
class UsualChange:
    """Standard deviation of the numbers that describe a posture, and how much they usually change in a second."""

    scatter: float
    speed: float


def solve_frames(problem: Problem, q: Array, shared: Array, iterations: int) -> tuple[Array, Array]:
    """Levenberg-Marquardt on each frame separately, vectorised over frames; for terms that do not couple frames.

    Parameters
    ----------
    problem
        Terms over N frames, as `Trial.apart` gives them.
    q, shared
        (N, n) first guess, and (m,) the shared unknowns, which are held.
    iterations
        Steps to try.

    Returns
    -------
    q : (N, n)
        Postures inside the ranges.
    costs : (N,)
        Their costs.
    """
    q = problem.bounds.clip(State(q, shared)).q
    at = Linearization(problem.model, State(q, shared), shared_free=False)
    costs = problem.frame_costs(at)
    damping = np.full(len(q), _FIRST_DAMPING)
    normal, better = NormalEquations(len(q), q.shape[1], 0), np.ones(len(q), bool)
    for _ in range(iterations):
        # The candidate is linearised already: that is cheaper than a mixture of old and new postures.
        latest = problem.normal_equations(at)
        normal.lag0[better], normal.gradient_q[better] = latest.lag0[better], latest.gradient_q[better]
        step = _damped_step(problem, normal, State(q, shared), damping)
        candidate = problem.bounds.clip(State(q + step, shared))
        at = Linearization(problem.model, candidate, shared_free=False)
        new = problem.frame_costs(at)
        better = new < costs
        q = np.where(better[:, None], candidate.q, q)
        costs = np.where(better, new, costs)
        damping = np.where(better, damping * _EASED, damping * _STIFFENED)
    return q, costs


def _damped_step(problem: Problem, normal: NormalEquations, state: State, damping: Array) -> Array:
    """(N, n) step of every frame; coordinates pushed against an end of their range are held."""
    free = problem.bounds.free(state, normal.gradient_q, normal.gradient_shared)[0]
    held = normal.held(free, np.ones(0, bool))
    hessian, eye = held.lag0, np.arange(free.shape[1])
    hessian[:, eye, eye] += damping[:, None] * np.maximum(hessian[:, eye, eye], 1e-6) + 1e-9
    return np.asarray(np.linalg.solve(hessian, -held.gradient_q[..., None])[..., 0])


@dataclass(frozen=True)
class FrameSolver:
    """Solves frames of a recording one by one, with the shared unknowns held."""

    trial: Trial[Any]
    shared: Array
    """(m,)"""
    posture: float = 1.0

    def from_starts(
        self, frames: Indices, starts: Array, rounds: Sequence[Round], tried: Mask | None = None
    ) -> tuple[Array, Array]:
        """C candidate postures (F, C, n) for each frame, and their costs (F, C); infinite for duplicates.

        Parameters
        ----------
        frames
            (F,) indices.
        starts
            (F, S, n) postures to start from in each frame.
        rounds
            The rounds, with ever fewer starts.
        tried
            (F, S) which of the starts to use; all when None.
        """
        q, costs, model = starts, np.zeros(starts.shape[:2]), self.trial.subject.model
        if tried is not None:
            costs[~tried] = np.inf
        for step in rounds:
            (F, S, n), q, costs = q.shape, q.copy(), costs.copy()
            apart = np.isfinite(costs)
            repeated = np.broadcast_to(frames[:, None], (F, S))[apart]
            q[apart], costs[apart] = self.solve(repeated, q[apart], step.width, step.iterations)
            best = np.argsort(costs, axis=1)[:, : step.survivors]
            q, costs = np.take_along_axis(q, best[..., None], 1), np.take_along_axis(costs, best, 1)
            points = model.positions(State(q.reshape(-1, n), self.shared)).reshape(*costs.shape, -1)
            costs[_repeats(points)] = np.inf
        return q, costs

    def solve(self, frames: Indices, q: Array, width: float, iterations: int) -> tuple[Array, Array]:
        """`solve_frames` on frames of the recording, in batches.

        Parameters
        ----------
        frames
            (N,) indices; a frame may occur more than once.
        q
            (N, n) first guess.
        width
            Of the robust loss, standard deviations.
        iterations
            Steps to try; 0 gives the costs of the first guess.
        """
        q, costs, active = q.copy(), np.full(len(q), np.inf), np.arange(len(q))
        for first in range(0, max(iterations, 1), _BETWEEN_LOOKS):
            before, steps = costs[active], min(_BETWEEN_LOOKS, iterations - first)
            for i in range(0, len(active), BATCH):
                batch = active[i : i + BATCH]
                problem = self.trial.apart(frames[batch], width=width, posture=self.posture)
                q[batch], costs[batch] = solve_frames(problem, q[batch], self.shared, steps)
            active = active[before - costs[active] > _SETTLED * costs[active]]
        return q, costs


def _repeats(points: Array) -> Mask:
    """(F, C) whether a candidate is the same posture as a better one, by its points (F, C, D)."""
    F, C, _ = points.shape
    out = np.zeros((F, C), bool)
    for c in range(1, C):
        apart = np.abs(points[:, :c] - points[:, c, None]).max(-1)
        out[:, c] = (np.where(out[:, :c], np.inf, apart) < SAME_POSTURE_M).any(1)
    return out


def cheapest_chain(q: Array, costs: Array, places: Array, time: Array, usual: UsualChange) -> Array:
    """(F, n) the cheapest chain through candidates (F, C, n), by dynamic programming.

    Parameters
    ----------
    q, costs
        The candidates and their own costs (F, C).
    places
        (F, C, D) numbers that describe a candidate; their change from frame to frame is its distance from another.
    time
        (F,) seconds.
    usual
        How much these numbers change.
    """
    F, C, _ = q.shape
    total, back = costs[0], np.zeros((F, C), dtype=np.intp)
    for f in range(1, F):
        spread = usual.scatter + usual.speed * min(float(time[f] - time[f - 1]), 1.0)
        distance = np.square(places[f][:, None] - places[f - 1][None]).sum(-1) / spread**2
        through = total[None] + 0.5 * distance
        back[f] = np.argmin(through, 1)
        total = through.min(1) + costs[f]
    path = [int(np.argmin(total))]
    for f in range(F - 1, 0, -1):
        path.append(int(back[f, path[-1]]))
    return np.asarray(q[np.arange(F), path[::-1]])
