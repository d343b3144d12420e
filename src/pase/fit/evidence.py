"""What one look tells of some shared unknowns, and several looks put together.

Near its solution, what a recording tells of the unknowns x (sizes, a camera) is a quadratic cost `½ xᵀ D x − bᵀ x`,
with D the information left when everything else is free, and what was known beforehand taken out. The costs of all
looks and what was known beforehand, once, add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.schedule import SharedEstimate
from pase.fit.subject import prior_weight
from pase.fit.terms.base import Term, robust_loss
from pase.fit.trial import Trial
from pase.types import Array

_STEPS = 20
"""Gauss-Newton steps to an agreement; the cost is nearly quadratic, so most change nothing."""


@dataclass(frozen=True)
class Evidence:
    """What one recording tells of P unknowns, as if it were one independent look at them."""

    information: Array
    """(P, P) D: their precision, positive semidefinite."""
    pull: Array
    """(P,) b: the values that the recording is for, times D."""

    def content(self) -> dict[str, Any]:
        """What a JSON file holds of it."""
        return {"information": self.information.tolist(), "pull": self.pull.tolist()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Evidence:
        """The inverse of `content`."""
        return cls(np.array(content["information"], float), np.array(content["pull"], float))


@dataclass(frozen=True)
class Agreement:
    """What all evidence says together."""

    values: Array
    """(P,) the most likely unknowns."""
    precision: Array
    """(P, P)"""
    cost: float
    """Of what was known beforehand and of each look's deviation."""

    @property
    def covariance(self) -> Array:
        """(P, P)"""
        return np.asarray(np.linalg.inv(self.precision), float)


def evidence(trial: Trial[Any], estimate: SharedEstimate, unknowns: slice) -> Evidence:
    """What a recording tells of some of the shared unknowns, from its estimate of all."""
    assert estimate.covariance is not None
    prior = prior_equations(trial.subject.model, trial.subject.priors.beforehand, estimate.shared)
    information = np.linalg.inv(estimate.covariance[unknowns, unknowns]) - prior.corner[unknowns, unknowns]
    pull = information @ estimate.shared[unknowns] + prior.gradient_shared[unknowns]
    weight = prior_weight(len(trial.time))
    return Evidence(information / weight, pull / weight)


def agreed(
    model: PersonModel,
    beforehand: Sequence[Term],
    looks: Sequence[Evidence],
    unknowns: slice,
    shared: Array,
    *,
    weight: float = 1.0,
    width: float | None = None,
    shares: Array | None = None,
) -> Agreement:
    """The unknowns that all evidence and what was known beforehand agree on best.

    Parameters
    ----------
    model, beforehand
        The model and the terms of what is known beforehand.
    looks, unknowns
        The evidence, and the unknowns among the shared ones that it is on.
    shared
        (m,) where to start.
    weight
        How many times the terms of what is known beforehand count in themselves; they shall count once.
    width
        Deviation of a look, in standard deviations, from which on it counts less (a robust loss); None trusts all.
        The first look is always trusted.
    shares
        (N,) how much each look counts at first; all in full when None.
    """
    shared = shared.copy()
    shares = np.ones(len(looks)) if shares is None else shares
    squares = costs = np.zeros(len(looks))
    for _ in range(_STEPS):
        prior = prior_equations(model, beforehand, shared)
        precision, slope = prior.corner[unknowns, unknowns] / weight, prior.gradient_shared[unknowns] / weight
        for share, look in zip(shares, looks, strict=True):
            precision = precision + share * look.information
            slope = slope + share * (look.information @ shared[unknowns] - look.pull)
        shared[unknowns] -= np.linalg.solve(precision, slope)
        if width is not None:
            squares = np.array([_deviation(look, shared[unknowns]) for look in looks])
            costs, shares = robust_loss(squares, width)
            costs[0], shares[0] = squares[0], 1.0
    at = Linearization(model, State(model.skeleton.default_q[None], shared), shared_free=False)
    prior_cost = sum(term.cost(at) for term in beforehand) / weight
    return Agreement(shared[unknowns], precision, prior_cost + 0.5 * float(costs.sum()))


def _deviation(look: Evidence, values: Array) -> float:
    """Squared deviation of unknowns from those that a look is for, in standard deviations."""
    off = values - np.linalg.solve(look.information, look.pull)
    return float(off @ look.information @ off)


def prior_equations(model: PersonModel, priors: Sequence[Term], shared: Array) -> NormalEquations:
    """Hessian and gradient of what was known beforehand, in its shared unknowns."""
    at = Linearization(model, State(model.skeleton.default_q[None], shared))
    normal = NormalEquations(1, 0, model.layout.count)
    for term in priors:
        normal.add(term.block(at))
    return normal


def with_known_part(covariance: Array, unknowns: slice, from_elsewhere: Array) -> Array:
    """Covariance (m, m) of the shared unknowns when that of some of them (P, P) is known from elsewhere.

    What the recording tells of the rest given these stays: with precision S before and `A = S_oo⁻¹`, the
    rest follow these by `G = −A S_os`.
    """
    precision = np.linalg.inv(covariance)
    rest = np.ones(len(covariance), bool)
    rest[unknowns] = False
    conditional = np.linalg.inv(precision[np.ix_(rest, rest)])
    follow = -conditional @ precision[rest][:, unknowns]
    out = np.empty_like(covariance)
    out[unknowns, unknowns] = from_elsewhere
    out[np.ix_(rest, rest)] = conditional + follow @ from_elsewhere @ follow.T
    out[rest, unknowns] = follow @ from_elsewhere
    out[unknowns, rest] = out[rest, unknowns].T
    return out
