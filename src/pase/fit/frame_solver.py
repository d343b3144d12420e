"""Frames solved each for itself, from many starts, and the likeliest chain through what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem
from pase.fit.trial import Trial
from pase.types import Array, Indices

BATCH = 800
"""Postures solved at once: bounds the memory."""

_BETWEEN_LOOKS, _SETTLED = 4, 1e-3
"""Steps after which those postures are left alone whose cost they have lowered by less than a share."""

_FIRST_DAMPING, _EASED, _STIFFENED = 1e-2, 1 / 4, 6.0
"""Share of the diagonal added at first, and by what it is multiplied after a step that helped or did not."""


@dataclass(frozen=True)
class Round:
    """One round of `solve_from_starts`."""

    width: float
    """Of the robust loss, standard deviations: wide at first, so that limbs far off are still pulled."""
    iterations: int
    survivors: int
    """Starts of each frame that are left after it."""


@dataclass(frozen=True)
class UsualChange:
    """How far the numbers that place a posture are off, and how much they change in a second."""

    scatter: float
    speed: float


def solve_frames(problem: Problem, q: Array, shared: Array, iterations: int) -> tuple[Array, Array]:
    """Levenberg-Marquardt on every frame apart, all at once; for terms that do not couple frames.

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
    eye = np.arange(q.shape[1])
    for _ in range(iterations):
        normal = problem.normal_equations(at)
        free = problem.bounds.free(at.state, normal.gradient_q, normal.gradient_shared)[0]
        normal = normal.restricted(free, np.ones(0, bool))
        hessian = normal.lag0
        diagonal = hessian[:, eye, eye]
        hessian[:, eye, eye] += damping[:, None] * np.maximum(diagonal, 1e-6) + 1e-9
        step = np.linalg.solve(hessian, -normal.gradient_q[..., None])[..., 0]
        candidate = problem.bounds.clip(State(q + step, shared))
        new = problem.frame_costs(Linearization(problem.model, candidate, shared_free=False))
        better = new < costs
        q = np.where(better[:, None], candidate.q, q)
        costs = np.where(better, new, costs)
        damping = np.where(better, damping * _EASED, damping * _STIFFENED)
        at = Linearization(problem.model, State(q, shared), shared_free=False)
    return q, costs


def solve_from_starts(
    trial: Trial[Any],
    frames: Indices,
    starts: Array,
    shared: Array,
    rounds: Sequence[Round],
    *,
    posture: float = 1.0,
) -> tuple[Array, Array]:
    """Postures (F, C, n) that explain each of some frames, the best first, and their costs (F, C).

    Parameters
    ----------
    trial
        The recording.
    frames
        (F,) indices.
    starts
        (F, S, n) postures to start from in each frame.
    shared
        (m,) the shared unknowns, which are held.
    rounds
        After each of them fewer starts are left.
    posture
        Weight of what is known of postures.
    """
    q = starts
    for step in rounds:
        F, S, n = q.shape
        repeated = np.repeat(frames, S)
        flat, costs = solve_apart(
            trial, repeated, q.reshape(F * S, n), shared, step.width, step.iterations, posture=posture
        )
        costs = costs.reshape(F, S)
        best = np.argsort(costs, axis=1)[:, : step.survivors]
        q = np.take_along_axis(flat.reshape(F, S, n), best[..., None], 1)
        costs = np.take_along_axis(costs, best, 1)
    return q, costs


def solve_apart(
    trial: Trial[Any],
    frames: Indices,
    q: Array,
    shared: Array,
    width: float,
    iterations: int,
    *,
    posture: float = 1.0,
) -> tuple[Array, Array]:
    """`solve_frames` on frames (N,) of a recording, a batch at a time; a frame may be named more than once."""
    q, costs, active = q.copy(), np.full(len(q), np.inf), np.arange(len(q))
    for first in range(0, max(iterations, 1), _BETWEEN_LOOKS):
        before, steps = costs[active], min(_BETWEEN_LOOKS, iterations - first)
        for i in range(0, len(active), BATCH):
            batch = active[i : i + BATCH]
            problem = trial.apart(frames[batch], width=width, posture=posture)
            q[batch], costs[batch] = solve_frames(problem, q[batch], shared, steps)
        active = active[before - costs[active] > _SETTLED * costs[active]]
    return q, costs


def cheapest_chain(q: Array, costs: Array, places: Array, time: Array, usual: UsualChange) -> Array:
    """(F, n) the cheapest chain through candidates (F, C, n), by dynamic programming.

    Parameters
    ----------
    q, costs
        The candidates and their own costs (F, C).
    places
        (F, C, D) numbers by whose change from frame to frame a candidate's distance from another is told.
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
