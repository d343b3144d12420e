"""Whether somebody of unknown height is a child, by proportions: large head for the body, short legs.

What a recording tells of the sizes (`evidence`) is held against adults of every usual stature and children of every
usual one. Overall size does not count, as one camera does not tell it; head against body and limbs against trunk do.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pase.anatomy.proportions import Prior, load_proportions
from pase.fit.evidence import Evidence

ADULTS_M = (1.5, 1.6, 1.7, 1.8, 1.9)
CHILDREN_M = (0.9, 1.0, 1.1, 1.2, 1.3)
"""Statures that are tried; between them nobody can be told by proportions."""
LEAST_LOG_ODDS = 1.5
"""Children are this much likelier than adults, as the logarithm of the ratio, before the user is asked. Adults of
fourteen photos and films had up to 0.2, the one child among them 2.1: enough for a question, not to be sure."""


def child_stature(evidence: Evidence) -> float | None:
    """The most likely stature in metres of somebody who looks like a child; None for who may be an adult.

    Parameters
    ----------
    evidence
        What a recording tells of the sizes, with what was known beforehand taken out.
    """
    prior = load_proportions().prior
    sexes = ("female", "male")
    adult = max(
        _log_likelihoods(evidence, (prior(h, sex=sex, age_years=30) for h in ADULTS_M for sex in sexes))
    )
    children = [
        max(_log_likelihoods(evidence, (prior(h, sex=sex, age_years=7) for sex in sexes))) for h in CHILDREN_M
    ]
    best = int(np.argmax(children))
    return CHILDREN_M[best] if children[best] - adult > LEAST_LOG_ODDS else None


def _log_likelihoods(evidence: Evidence, priors: Iterable[Prior]) -> Iterable[float]:
    """Logarithm of how likely the evidence is of people of each prior, up to a constant.

    The integral of `exp(bᵀx − ½ xᵀDx)` over the Gaussian of x.
    """
    for prior in priors:
        precision = np.linalg.inv(prior.covariance)
        total = evidence.information + precision
        pull = evidence.pull + precision @ prior.mean
        logs = np.linalg.slogdet(prior.covariance)[1] + np.linalg.slogdet(total)[1]
        squares = pull @ np.linalg.solve(total, pull) - prior.mean @ precision @ prior.mean
        yield float(squares - logs) / 2
