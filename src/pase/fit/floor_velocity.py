"""The velocity of a floor that moves, solved together with posture, size and camera.

The floor's shift is `s(t) = Σ_k b_k(t) c_k`: one steady velocity for a belt, knots of velocity for the ground under a
travelling camera. The c_k are few and couple to all frames, so they are eliminated last: at the solution for
held c, with A the normal matrix of all other unknowns and B the mixed derivatives, one step is
`−(C − Bᵀ A⁻¹ B)⁻¹ (g − Bᵀ A⁻¹ g_A)`, and the inverted matrix is the covariance of c. A floor fitted to the feet of a
motion that is solved already would be biased: places along the line of sight are drawn to where they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.fit.problem import Linearization, State
from pase.fit.solver import Problem
from pase.fit.terms.floor import ContactVelocity
from pase.types import Array, Indices, Mask

KNOT_S = 0.5
"""Seconds between knots of the velocity of a travelling camera."""
_ACCELERATION = 0.5
"""Standard deviation of its change of velocity over one second, m/s; it grows with the root of time."""
SLIP = 0.02
"""Feet in stance roll and give, so the speed of the floor has an error of this share of it: on drawn belts and on one
made from a walk in a laboratory, seen from the side and aslant, it was 1-3 %."""
_WEAK_M_S = 3.0
"""Prior of velocities: no camera is carried much faster than a runner."""


@dataclass(frozen=True)
class FloorPath:
    """How a floor moves: a shift that is linear in a few velocities."""

    time: Array
    """(T,) frames in seconds."""
    knots: Array
    """(K,) seconds at which the velocities hold; they change evenly from knot to knot."""
    velocity: Array
    """(K, 2) m/s along X and Z."""
    covariance: Array
    """(2 K, 2 K) of the velocities, row by row."""
    origin_s: float
    """When the shift is zero."""

    @classmethod
    def steady(cls, time: Array, velocity: Array, sigma: float) -> Self:
        """One constant velocity (2,), with standard deviation `sigma` along each axis."""
        return cls(time, time[:1], velocity[None], sigma**2 * np.eye(2), float(time[0]))

    @classmethod
    def changing(cls, time: Array, velocity: Array, sigma: Array) -> Self:
        """Velocities (T, 2) that change, with standard deviations `sigma` (T,); reduced to knots."""
        first, last = int(np.floor(time[0] / KNOT_S)), int(np.ceil(time[-1] / KNOT_S))
        knots = KNOT_S * np.arange(first, last + 1, dtype=float)
        at_knots = np.stack([np.interp(knots, time, v) for v in velocity.T], axis=1)
        variance = np.square(np.minimum(np.interp(knots, time, sigma), _WEAK_M_S))
        return cls(time, knots, at_knots, np.diag(np.repeat(variance, 2)), float(time[0]))

    @property
    def basis(self) -> Array:
        """(T, K) seconds for which each velocity counts from the origin up to each frame."""
        grid = np.unique(np.concatenate([self.time, self.knots, [self.origin_s]]))
        hats = np.stack([np.interp(grid, self.knots, row) for row in np.eye(len(self.knots))], axis=1)
        seconds = np.cumsum(0.5 * (hats[1:] + hats[:-1]) * np.diff(grid)[:, None], axis=0)
        seconds = np.concatenate([np.zeros((1, len(self.knots))), seconds])
        origin = seconds[np.searchsorted(grid, self.origin_s)]
        return np.asarray(seconds[np.searchsorted(grid, self.time)] - origin)

    @property
    def shift(self) -> Array:
        """(T, 2) how far the floor has moved since the origin, metres."""
        return np.asarray(self.basis @ self.velocity)

    @property
    def mean_speed(self) -> tuple[float, float]:
        """How fast it moves on average, and the standard deviation of that, m/s."""
        seconds = np.diff(self.basis, axis=0)
        step = seconds @ self.velocity
        length = np.linalg.norm(step, axis=1)
        direction = step / np.maximum(length, 1e-9)[:, None]
        duration = max(float(seconds.sum()), 1e-9)
        by_velocity = (seconds.T @ direction).ravel() / duration
        speed = float(length.sum() / duration)
        return speed, float(np.hypot(SLIP * speed, np.sqrt(by_velocity @ self.covariance @ by_velocity)))

    @property
    def precision(self) -> Array:
        """(K, K) prior precision of the velocities along one axis: they are bounded and change slowly."""
        count = len(self.velocity)
        change = np.diff(np.eye(count), axis=0) / (_ACCELERATION * np.sqrt(KNOT_S))
        return np.asarray(np.eye(count) / _WEAK_M_S**2 + change.T @ change)

    def scaled(self, factor: float) -> Self:
        """The same in a world that is larger by a factor."""
        return replace(self, velocity=factor * self.velocity, covariance=factor**2 * self.covariance)


def common_path(paths: Sequence[FloorPath]) -> FloorPath:
    """The most likely path of one floor given the paths from several persons, in the frames of the first."""
    first = paths[0]
    knots = np.unique(np.concatenate([path.knots for path in paths])) if len(first.knots) > 1 else first.knots
    information, pull = np.zeros((2 * len(knots), 2 * len(knots))), np.zeros(2 * len(knots))
    for path in paths:
        rows = np.searchsorted(knots, path.knots) if len(knots) > 1 else np.zeros(1, np.intp)
        index: Indices = (2 * rows[:, None] + np.arange(2)).ravel()
        weight = np.linalg.inv(path.covariance)
        information[np.ix_(index, index)] += weight
        pull[index] += weight @ path.velocity.ravel()
    covariance = np.asarray(np.linalg.inv(information), float)
    velocity = np.asarray(covariance @ pull, float).reshape(-1, 2)
    return FloorPath(first.time, knots, velocity, covariance, first.origin_s)


def stepped(problem: Problem, state: State, path: FloorPath, frames: Indices) -> tuple[FloorPath, State]:
    """The path, and the motion with it, after one step of all unknowns together.

    Parameters
    ----------
    problem
        The cost over some frames; one of its terms holds planted feet to the floor.
    frames
        (F,) the frames of the problem.
    """
    at = Linearization(problem.model, state)
    term = next(t for t in problem.terms if isinstance(t, ContactVelocity))
    normal = problem.normal_equations(at)
    free_q, free_shared = problem.bounds.free(state, normal.gradient_q, normal.gradient_shared)
    normal = normal.held(free_q, free_shared)
    floor = _mixed(term, at, np.diff(path.basis[frames], axis=0), free_q, free_shared)
    prior = np.kron(path.precision, np.eye(2))
    squares = floor.by_velocities + prior
    gradient = floor.gradient + prior @ path.velocity.ravel()
    factor = normal.factor(1e-6 * np.ones_like(state.q), 1e-6 * np.ones_like(state.shared))
    columns = [factor.solve(floor.by_q[..., c], floor.by_shared[:, c]) for c in range(len(squares))]
    follow_q, follow_shared = (np.stack(solutions, axis=-1) for solutions in zip(*columns, strict=True))
    flat_q = floor.by_q.reshape(-1, len(squares))
    reduced = squares - flat_q.T @ follow_q.reshape(flat_q.shape) - floor.by_shared.T @ follow_shared
    pull = gradient - follow_q.reshape(flat_q.shape).T @ normal.gradient_q.ravel()
    pull -= follow_shared.T @ normal.gradient_shared
    covariance = np.linalg.inv(reduced)
    step = -covariance @ pull
    moved = State(state.q - follow_q @ step, state.shared - follow_shared @ step)
    velocity = path.velocity + step.reshape(-1, 2)
    return replace(path, velocity=velocity, covariance=covariance), problem.bounds.clip(moved)


@dataclass(frozen=True)
class _Mixed:
    """Derivatives of second order of the cost by the floor's velocities."""

    by_velocities: Array
    """(C, C)"""
    gradient: Array
    """(C,)"""
    by_q: Array
    """(F, n, C)"""
    by_shared: Array
    """(m, C)"""


def _mixed(
    term: ContactVelocity, at: Linearization, seconds: Array, free_q: Mask, free_shared: Mask
) -> _Mixed:
    """Those of the term that holds feet to the floor, for the seconds (F − 1, K) of each velocity between frames."""
    block, by_step = term.block(at), term.by_floor_step(at)
    jacobian = np.einsum("mra,mk->mrka", by_step, seconds).reshape(*block.residual.shape, -1)
    by_q = np.zeros((*free_q.shape, jacobian.shape[-1]))
    for offset, dq in block.dense(free_q.shape[1]).items():
        by_q[offset : offset + len(dq)] += dq.transpose(0, 2, 1) @ jacobian
    flat = jacobian.reshape(-1, jacobian.shape[-1])
    by_shared = block.dense_shared(len(free_shared)).reshape(len(flat), -1).T @ flat
    by_q, by_shared = by_q * free_q[..., None], by_shared * free_shared[:, None]
    return _Mixed(flat.T @ flat, flat.T @ block.residual.ravel(), by_q, by_shared)
