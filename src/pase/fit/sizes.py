"""One person's sizes from several recordings, and their file."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.data import HALPE26
from pase.errors import InputError
from pase.files import read_json, write_text
from pase.fit.evidence import Evidence, PriorTerms, combine_evidence
from pase.fit.inputs import Sizes, keypoint_set
from pase.fit.subject import keypoint_model, stature_prior
from pase.types import Array

LARGEST = 1.5
"""Largest log scale factor of a human bone relative to the generic one, small children included."""


def combined_sizes(
    evidence: Sequence[Evidence],
    facts: PersonFacts = PersonFacts(),  # noqa: B008 - it cannot change
) -> Sizes:
    """The most likely sizes of a person from all recordings, with the prior counted once.

    Parameters
    ----------
    evidence
        Evidence of each recording; without any, the result is the prior.
    """
    model = keypoint_model(keypoint_set(HALPE26))
    proportions, height, mean = stature_prior(model, facts, weight=1.0)
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = mean
    prior = PriorTerms(model, [proportions, height])
    posterior = combine_evidence(prior, evidence, model.layout.size, shared)
    return Sizes(posterior.values, posterior.covariance)


def write_sizes(sizes: Sizes, path: str | Path) -> None:
    """Write sizes as JSON, atomically."""
    content = {
        "groups": list(load_proportions().groups),
        "log_scale": sizes.log_scale.tolist(),
        "covariance": sizes.covariance.tolist(),
    }
    write_text(path, json.dumps(content, indent=1) + "\n")


def read_sizes(path: str | Path) -> Sizes:
    """Read what `write_sizes` wrote."""
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
