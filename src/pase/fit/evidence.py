"""The evidence of one recording on some shared unknowns, and the combination of several.

Near its solution, a recording's cost as a function of the unknowns x (sizes, a camera) is quadratic,
`½ xᵀ D x − bᵀ x`: all other unknowns are eliminated from D, and the prior is subtracted. The costs of several
recordings, and the prior once, add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.schedule import SharedEstimate
from pase.fit.subject import prior_weight
from pase.fit.terms.base import Term, robust_loss
from pase.fit.trial import Trial
from pase.types import Array

_STEPS = 20
"""Gauss-Newton steps of `combine_evidence`; the cost is nearly quadratic, so most change nothing."""


@dataclass(frozen=True)
class Evidence:
    """The evidence of one recording on P unknowns, counted as one independent measurement of them."""

    information: Array
    """(P, P) D: their precision, positive semidefinite."""
    pull: Array
    """(P,) b: D times the values that the recording alone would give."""

    def content(self) -> dict[str, Any]:
        """Its content in a JSON file."""
        return {"information": self.information.tolist(), "pull": self.pull.tolist()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self:
        """The inverse of `content`."""
        return cls(np.array(content["information"], float), np.array(content["pull"], float))


@dataclass(frozen=True)
class Posterior:
    """The posterior of P unknowns given their prior and several pieces of evidence."""

    values: Array
    """(P,) the most likely unknowns."""
    precision: Array
    """(P, P)"""
    cost: float
    """Cost of the prior and of the deviation of each piece of evidence."""

    @property
    def covariance(self) -> Array:
        """(P, P)"""
        return np.asarray(np.linalg.inv(self.precision), float)


@dataclass(frozen=True)
class PriorTerms:
    """The priors of a model's shared unknowns."""

    model: PersonModel
    terms: Sequence[Term]
    weight: float = 1.0
    """The factor on the priors that the terms contain (see `prior_weight`); in `combine_evidence` they count once."""

    def equations(self, shared: Array) -> NormalEquations:
        """Hessian and gradient of the terms, with their factor, at shared unknowns (m,)."""
        at = Linearization(self.model, State(self.model.skeleton.default_q[None], shared))
        normal = NormalEquations(1, 0, self.model.layout.count)
        for term in self.terms:
            normal.add(term.block(at))
        return normal

    def cost(self, shared: Array) -> float:
        """Cost of the priors, counted once, at shared unknowns (m,)."""
        at = Linearization(self.model, State(self.model.skeleton.default_q[None], shared), shared_free=False)
        return sum(term.cost(at) for term in self.terms) / self.weight


def evidence(trial: Trial[Any], estimate: SharedEstimate, unknowns: slice) -> Evidence:
    """The evidence of a recording on some of the shared unknowns, from its estimate of all."""
    assert estimate.covariance is not None
    subject = trial.subject
    prior = PriorTerms(subject.model, subject.priors.beforehand).equations(estimate.shared)
    information = np.linalg.inv(estimate.covariance[unknowns, unknowns]) - prior.corner[unknowns, unknowns]
    pull = information @ estimate.shared[unknowns] + prior.gradient_shared[unknowns]
    weight = prior_weight(len(trial.time))
    return Evidence(information / weight, pull / weight)


def combine_evidence(
    prior: PriorTerms,
    evidence: Sequence[Evidence],
    unknowns: slice,
    shared: Array,
    *,
    width: float | None = None,
    shares: Array | None = None,
) -> Posterior:
    """The most likely unknowns given the prior and all evidence.

    Parameters
    ----------
    evidence, unknowns
        Pieces of evidence, and which of the shared unknowns they are on.
    shared
        (m,) where to start.
    width
        Deviation of a piece of evidence, in standard deviations, beyond which it counts less (a robust loss); None
        trusts all. The first piece is always trusted.
    shares
        (N,) weight of each piece at first; 1 when None.
    """
    shared = shared.copy()
    shares = np.ones(len(evidence)) if shares is None else shares
    squares = costs = np.zeros(len(evidence))
    for _ in range(_STEPS):
        normal = prior.equations(shared)
        precision = normal.corner[unknowns, unknowns] / prior.weight
        slope = normal.gradient_shared[unknowns] / prior.weight
        for share, piece in zip(shares, evidence, strict=True):
            precision = precision + share * piece.information
            slope = slope + share * (piece.information @ shared[unknowns] - piece.pull)
        shared[unknowns] -= np.linalg.solve(precision, slope)
        if width is not None:
            squares = np.array([_deviation(piece, shared[unknowns]) for piece in evidence])
            costs, shares = robust_loss(squares, width)
            costs[0], shares[0] = squares[0], 1.0
    return Posterior(shared[unknowns], precision, prior.cost(shared) + 0.5 * float(costs.sum()))


def _deviation(piece: Evidence, values: Array) -> float:
    """Squared deviation, in standard deviations, of unknowns from the values that one piece of evidence gives."""
    off = values - np.linalg.solve(piece.information, piece.pull)
    return float(off @ piece.information @ off)


def with_marginal(covariance: Array, unknowns: slice, marginal: Array) -> Array:
    """Covariance (m, m) of the shared unknowns with another `marginal` (P, P) of some of them.

    The distribution of the rest given these stays: with S the precision before and `A = S_oo⁻¹`, the rest depend
    on these by `G = −A S_os`.
    """
    precision = np.linalg.inv(covariance)
    rest = np.ones(len(covariance), bool)
    rest[unknowns] = False
    conditional = np.linalg.inv(precision[np.ix_(rest, rest)])
    follow = -conditional @ precision[rest][:, unknowns]
    out = np.empty_like(covariance)
    out[unknowns, unknowns] = marginal
    out[np.ix_(rest, rest)] = conditional + follow @ marginal @ follow.T
    out[rest, unknowns] = follow @ marginal
    out[unknowns, rest] = out[rest, unknowns].T
    return out
