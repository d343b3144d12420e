"""One person's sizes from several recordings: what each tells by itself, and all of them together.

Near its solution, what a recording tells of the sizes x (log scale factors) is a quadratic cost
`½ xᵀ D x − bᵀ x`, with D the information left when postures, camera and keypoint places are free, and what was
known beforehand taken out. The costs of all recordings and what was known beforehand, once, add up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.proportions import load_proportions
from pase.data import HALPE26
from pase.errors import InputError
from pase.files import read_json, write_text
from pase.fit.normal import NormalEquations
from pase.fit.person import Person, person_model, prior_weight, size_priors
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.sequence import SharedEstimate
from pase.fit.terms.base import Term
from pase.fit.terms.gravity import Gravity

Array = NDArray[np.float64]

LARGEST = 1.5
"""No human bone is further than this from the generic one in its log scale factor, small children's included."""


@dataclass(frozen=True)
class SizeEvidence:
    """What one recording tells of a person's sizes, as if it were one independent look at them."""

    information: Array
    """(P, P) D: precision of the log scale factors, positive semidefinite."""
    pull: Array
    """(P,) b: the log scale factors that the recording is for, times D."""

    def content(self) -> dict[str, Any]:
        """What a JSON file holds of it."""
        return {"information": self.information.tolist(), "pull": self.pull.tolist()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> SizeEvidence:
        """The inverse of `content`."""
        return cls(np.array(content["information"], float), np.array(content["pull"], float))


@dataclass(frozen=True)
class Sizes:
    """A person's sizes, known beforehand."""

    log_scale: Array
    """(P,) log scale factors of the groups of `pase.anatomy.proportions`."""
    covariance: Array
    """(P, P) posterior covariance after all recordings, each counted as one independent look."""


def size_evidence(person: Person, found: SharedEstimate) -> SizeEvidence:
    """What a recording tells of the sizes, from its estimate of the shared unknowns."""
    return SizeEvidence(*evidence(person, found, person.model.layout.size))


def evidence(person: Person, found: SharedEstimate, part: slice) -> tuple[Array, Array]:
    """What a recording tells of some of the shared unknowns: precision D (P, P) and pull b (P,).

    The lifter's gravity is seen in the recording: it is told, not known beforehand.
    """
    beforehand = [term for term in person.priors if not isinstance(term, Gravity)]
    known = prior_equations(person.model, beforehand, found.shared)
    information = np.linalg.inv(found.covariance[part, part]) - known.corner[part, part]
    pull = information @ found.shared[part] + known.gradient_shared[part]
    weight = prior_weight(len(person.observed.time))
    return information / weight, pull / weight


def combined_sizes(
    evidence: Sequence[SizeEvidence], *, height_m: float | None = None, mass_kg: float | None = None
) -> Sizes:
    """The most likely sizes of a person from all recordings, with what was known beforehand counted once.

    Parameters
    ----------
    evidence
        What each recording tells; with none, what was known beforehand comes out.
    height_m, mass_kg
        As in `estimate_motion`.
    """
    model = person_model(HALPE26)
    size = model.layout.size
    information = sum((e.information for e in evidence), np.zeros((size.stop, size.stop)))
    pull = sum((e.pull for e in evidence), np.zeros(size.stop))
    priors, mean = size_priors(model, height_m=height_m, mass_kg=mass_kg, weight=1.0)
    shared = np.zeros(model.layout.count)
    shared[size] = mean
    for _ in range(12):
        known = prior_equations(model, priors, shared)
        precision = known.corner[size, size] + information
        shared[size] -= np.linalg.solve(
            precision, known.gradient_shared[size] + information @ shared[size] - pull
        )
    return Sizes(shared[size], np.asarray(np.linalg.inv(precision), float))


def with_known_part(covariance: Array, part: slice, known: Array) -> Array:
    """Covariance (m, m) of the shared unknowns when that of some of them (P, P) is known from elsewhere.

    What the recording tells of the others given these stays: with precision S before and `A = S_oo⁻¹`, the
    others follow these by `G = −A S_os`.
    """
    precision = np.linalg.inv(covariance)
    others = np.ones(len(covariance), bool)
    others[part] = False
    left = np.linalg.inv(precision[np.ix_(others, others)])
    follow = -left @ precision[others][:, part]
    out = np.empty_like(covariance)
    out[part, part] = known
    out[np.ix_(others, others)] = left + follow @ known @ follow.T
    out[others, part] = follow @ known
    out[part, others] = out[others, part].T
    return out


def write_sizes(sizes: Sizes, path: str | Path) -> None:
    """Write sizes as JSON, atomically.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    content = {
        "groups": list(load_proportions().groups),
        "log_scale": sizes.log_scale.tolist(),
        "covariance": sizes.covariance.tolist(),
    }
    write_text(path, json.dumps(content, indent=1) + "\n")


def read_sizes(path: str | Path) -> Sizes:
    """Read what `write_sizes` wrote.

    Raises
    ------
    InputError
        When the file cannot be read, or its sizes are not of this skeleton.
    """
    content = read_json(path)
    try:
        groups = tuple(content["groups"])
        sizes = Sizes(np.array(content["log_scale"], float), np.array(content["covariance"], float))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(
            f"{path} holds no sizes of a person, as subjects/NAME.json of a batch does"
        ) from error
    P = len(load_proportions().groups)
    shapes = sizes.log_scale.shape, sizes.covariance.shape
    if groups != load_proportions().groups or shapes != ((P,), (P, P)):
        raise InputError(f"{path} holds sizes of another skeleton: make it again with this version of PASE")
    if not (np.abs(sizes.log_scale) < LARGEST).all() or not _is_covariance(sizes.covariance):
        raise InputError(f"{path} is damaged: its numbers are no sizes with a covariance")
    return sizes


def _is_covariance(matrix: Array) -> bool:
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        return False
    return bool(np.linalg.eigvalsh(matrix)[0] > 0)


def prior_equations(model: PersonModel, priors: Sequence[Term], shared: Array) -> NormalEquations:
    """Hessian and gradient of what was known beforehand, in its shared part."""
    at = Linearization(model, State(model.skeleton.default_q[None], shared))
    normal = NormalEquations(1, 0, model.layout.count)
    for term in priors:
        normal.add(term.block(at))
    return normal
