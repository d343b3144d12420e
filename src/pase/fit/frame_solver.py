"""Frames solved each for itself, from many starts, and the likeliest chain through what they found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem
from pase.types import Array

_FIRST_DAMPING, _EASED, _STIFFENED = 1e-2, 1 / 4, 6.0
"""Share of the diagonal added at first, and by what it is multiplied after a step that helped or did not."""


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


def cheapest_chain(q: Array, costs: Array, moved: Callable[[int], Array]) -> Array:
    """(F, n) the cheapest chain through candidates (F, C, n), by dynamic programming.

    Parameters
    ----------
    q, costs
        The candidates and their own costs (F, C).
    moved
        Squared distance (C, C) in standard deviations from each candidate of frame f − 1 (second axis) to each of
        frame f (first axis).
    """
    F, C, _ = q.shape
    total, back = costs[0], np.zeros((F, C), dtype=np.intp)
    for f in range(1, F):
        through = total[None] + 0.5 * moved(f)
        back[f] = np.argmin(through, 1)
        total = through.min(1) + costs[f]
    path = [int(np.argmin(total))]
    for f in range(F - 1, 0, -1):
        path.append(int(back[f, path[-1]]))
    return np.asarray(q[np.arange(F), path[::-1]])
