"""Bounded nonlinear least squares over a whole motion: Levenberg-Marquardt with an active set for the bounds.

A coordinate at the end of its range, whose gradient pushes it further, is held there for the step; every
step is cut off at the ranges, so that each iterate is a possible posture. The trust region is that of
Nielsen's damping rule (Madsen, Nielsen and Tingleff 2004, "Methods for non-linear least squares problems").
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.base import Term
from pase.types import Array, Mask

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounds:
    """Ends of the ranges of the unknowns; infinite where there are none."""

    low_q: Array
    """(n,)"""
    high_q: Array
    low_shared: Array
    """(m,)"""
    high_shared: Array

    def clip(self, state: State) -> State:
        """The nearest state inside the ranges."""
        return State(
            np.clip(state.q, self.low_q, self.high_q),
            np.clip(state.shared, self.low_shared, self.high_shared),
        )

    def free(self, state: State, gradient_q: Array, gradient_shared: Array) -> tuple[Mask, Mask]:
        """(T, n) and (m,) False for unknowns at an end of their range whose gradient pushes them further."""
        held_q = ((state.q <= self.low_q) & (gradient_q > 0)) | ((state.q >= self.high_q) & (gradient_q < 0))
        if not gradient_shared.size:
            return ~held_q, np.ones(0, bool)
        held_shared = ((state.shared <= self.low_shared) & (gradient_shared > 0)) | (
            (state.shared >= self.high_shared) & (gradient_shared < 0)
        )
        return ~held_q, ~held_shared


RIDGE = 1e-6
"""Added to the Hessian's diagonal before it is inverted, in 1/rad² or 1/m²: a coordinate without measurements or
prior (of hands without markers) gets a standard deviation of 1000 rather than none."""

_SETTLED = 5e-3
"""After a last step that lowered the cost by no more than this share, 45 further ones changed 99 % of the angles by
less than 0.4 of their standard deviation, on every film of 20 that ended like this."""

_FIRST_DAMPING, _LARGEST_DAMPING = 1e-3, 1e12
"""Share of the diagonal added at first, nearly a Gauss-Newton step; and the one at which the solver gives up."""


class Status(Enum):
    """Why the solver stopped."""

    CONVERGED = "a step lowered the cost by less than the tolerance"
    ITERATIONS = "the iterations were used up"
    STALLED = "no step, however small, lowered the cost"
    SINGULAR = "the damped system was not positive definite: a cost or a derivative is not finite"


@dataclass(frozen=True)
class Solution:
    """Where the solver stopped, and the proof that it is a minimum."""

    state: State
    cost: float
    cost_trace: tuple[float, ...]
    """Cost after each accepted step, the start included."""
    gradient_norm: float
    """Largest projected gradient, in units of its own standard deviation: |g| / √H."""
    status: Status
    iterations: int

    @property
    def converged(self) -> bool:
        """Whether the solver stopped at a minimum, or so near to it that further steps hardly change a posture."""
        if self.status is Status.ITERATIONS and len(self.cost_trace) > 1:
            return self.cost_trace[-2] - self.cost < _SETTLED * self.cost
        return self.status is Status.CONVERGED


class Problem:
    """A model, the terms of its cost and the ranges of its unknowns."""

    def __init__(self, model: PersonModel, terms: Sequence[Term], bounds: Bounds) -> None:
        self.model = model
        self.terms = tuple(terms)
        self.bounds = bounds

    def cost(self, at: Linearization) -> float:
        """Sum of the costs of all terms."""
        return sum(term.cost(at) for term in self.terms)

    def frame_costs(self, at: Linearization) -> Array:
        """(T,) cost of each frame; only for terms that do not couple frames."""
        return np.asarray(np.sum([term.costs(at) for term in self.terms], axis=0))

    def shares(self, state: State) -> dict[str, float]:
        """Cost of each term by its name."""
        at = Linearization(self.model, state)
        return {term.name: term.cost(at) for term in self.terms}

    def normal_equations(self, at: Linearization, kind: type[Term] = Term) -> NormalEquations:
        """Hessian and gradient of the cost, or of its terms of one kind."""
        T, n = at.state.q.shape
        normal = NormalEquations(T, n, len(at.state.shared) if at.shared_free else 0)
        for term in self.terms:
            if isinstance(term, kind):
                normal.add(term.block(at))
        return normal

    def posterior(self, state: State, *, shared_free: bool = True) -> NormalEquations:
        """Normal equations at a solution, ready to be inverted for covariances."""
        normal = self.normal_equations(Linearization(self.model, state, shared_free))
        diagonal = np.arange(normal.lag0.shape[1])
        normal.lag0[:, diagonal, diagonal] += RIDGE
        return normal


@dataclass
class _Damping:
    value: float
    growth: float = 2.0

    def accept(self, ratio: float) -> None:
        self.value *= max(1 / 3, 1 - (2 * ratio - 1) ** 3)
        self.growth = 2.0

    def reject(self) -> None:
        self.value *= self.growth
        self.growth *= 2


def minimise(
    problem: Problem,
    start: State,
    *,
    shared_free: bool = True,
    iterations: int = 40,
    tolerance: float = 1e-4,
    largest_step: float = np.inf,
) -> Solution:
    """Find the motion of least cost from a start inside the ranges.

    Parameters
    ----------
    start
        First guess; cut off at the ranges.
    shared_free
        False holds proportions, camera and offsets.
    iterations
        Most steps to try.
    tolerance
        Stop when a step lowers the cost by less than this share.
    largest_step
        Do not stop so while a step still moves any coordinate by more than this, rad or m.
    """
    state = problem.bounds.clip(start)
    at = Linearization(problem.model, state, shared_free)
    trace = [problem.cost(at)]
    damping = _Damping(_FIRST_DAMPING)
    status, norm, count = Status.ITERATIONS, np.inf, 0
    normal: NormalEquations | None = None
    while count < iterations and status is Status.ITERATIONS:
        count += 1
        if normal is None:
            normal, diagonal, norm = _prepare(problem, at)
        step = _step(normal, diagonal, damping.value)
        gain, expected = -np.inf, np.inf
        if step is not None:
            candidate = problem.bounds.clip(State(state.q + step[0], state.shared + step[1]))
            expected = _expected_decrease(normal, candidate.q - state.q, candidate.shared - state.shared)
            trial = Linearization(problem.model, candidate, shared_free)
            cost = problem.cost(trial)
            gain = trace[-1] - cost
        if gain > 0 and np.isfinite(cost):
            damping.accept(gain / max(expected, gain * 1e-3))
            settled = np.abs(candidate.q - state.q).max() <= largest_step
            status = Status.CONVERGED if settled and gain < tolerance * trace[-1] else status
            state, at, normal = candidate, trial, None
            trace.append(cost)
        else:
            status = Status.CONVERGED if abs(expected) < 0.01 * tolerance * trace[-1] else status
            damping.reject()
            if damping.value > _LARGEST_DAMPING:
                status = Status.SINGULAR if step is None else Status.STALLED
    logger.debug("solver: %s after %d iterations, cost %.4g → %.4g", status.name, count, trace[0], trace[-1])
    return Solution(state, trace[-1], tuple(trace), float(norm), status, count)


def _prepare(problem: Problem, at: Linearization) -> tuple[NormalEquations, tuple[Array, Array], float]:
    """Normal equations with held unknowns taken out, the trust region's scale, and the projected gradient's norm."""
    normal = problem.normal_equations(at)
    normal = normal.held(*problem.bounds.free(at.state, normal.gradient_q, normal.gradient_shared))
    diagonal = normal.diagonal()
    free = normal.free_diagonal()
    scaled = [
        np.abs(g) / np.sqrt(np.maximum(d, 1e-12))
        for g, d in zip((normal.gradient_q, normal.gradient_shared), diagonal, strict=True)
    ]
    return normal, free, float(max((s.max() for s in scaled if s.size), default=0.0))


def _step(
    normal: NormalEquations, diagonal: tuple[Array, Array], damping: float
) -> tuple[Array, Array | float] | None:
    """The damped step; None where the damped system is not positive definite."""
    added = [damping * np.maximum(d, 1e-9) + 1e-12 for d in diagonal]
    try:
        factor = normal.factor(added[0], added[1])
    except np.linalg.LinAlgError:
        return None
    dq, dshared = factor.solve(-normal.gradient_q, -normal.gradient_shared)
    return dq, dshared if len(dshared) else 0.0


def _expected_decrease(normal: NormalEquations, dq: Array, dshared: Array) -> float:
    """Decrease of the quadratic model of the cost by a step: −(gᵀδ + δᵀHδ/2)."""
    ds = dshared[: len(normal.gradient_shared)]
    Hq = (normal.lag0 @ dq[..., None])[..., 0] + normal.border @ ds
    Hq[1:] += (normal.lag1 @ dq[:-1, :, None])[..., 0]
    Hq[:-1] += (normal.lag1.transpose(0, 2, 1) @ dq[1:, :, None])[..., 0]
    Hq[2:] += normal.lag2 * dq[:-2]
    Hq[:-2] += normal.lag2 * dq[2:]
    Hs = normal.corner @ ds + np.einsum("tnm,tn->m", normal.border, dq)
    linear = np.sum(normal.gradient_q * dq) + normal.gradient_shared @ ds
    return -float(linear + 0.5 * (np.sum(dq * Hq) + ds @ Hs))
