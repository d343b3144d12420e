"""What is known of each bone's length: its standard deviation, and how it compares with other people's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pase.anatomy.lengths import EXTENTS, bone_lengths, joint_lengths
from pase.fit.problem import PersonModel

Array = NDArray[np.float64]

_STEP = 1e-4


def bone_statistics(model: PersonModel, size: Array, covariance: Array) -> dict[str, dict[str, float]]:
    """Standard deviation and percentile of every bone length of `pase.anatomy.lengths`.

    Parameters
    ----------
    model
        The person's model.
    size
        (P,) the person's log scale factors.
    covariance
        (P, P) their posterior covariance.

    Returns
    -------
    dict
        Bone → `length_sd_m` in metres, and `percentile`: the share of adults of either sex, from 0 to 100,
        whose bone is shorter (normal distribution of the log lengths, see `docs/proportions.md`).
    """
    population = model.proportions.prior()
    values, slopes = _log_lengths(model, size)
    mean, mean_slopes = _log_lengths(model, population.mean)
    lengths = bone_lengths(
        model.skeleton.scaled(model.proportions.body_scale(size, model.skeleton.body_names))
    )
    out = {}
    for name, value in values.items():
        deviation = float(np.sqrt(slopes[name] @ covariance @ slopes[name]))
        spread = float(np.sqrt(mean_slopes[name] @ population.covariance @ mean_slopes[name]))
        out[name] = {
            "length_sd_m": round(lengths[name] * deviation, 5),
            "percentile": round(100 * float(norm.cdf((value - mean[name]) / spread)), 1),
        }
    return out


def _log_lengths(model: PersonModel, size: Array) -> tuple[dict[str, float], dict[str, Array]]:
    """Logarithms of the bone lengths, extents up to a constant, and their slopes (P,) by the size parameters."""
    skeleton = model.skeleton
    matrix = model.proportions.matrix(skeleton.body_names)
    values = {name: float(np.log(length)) for name, length in _joint_lengths(model, size).items()}
    steps = [_joint_lengths(model, size + _STEP * row) for row in np.eye(len(size))]
    slopes = {name: np.array([np.log(s[name]) - values[name] for s in steps]) / _STEP for name in values}
    for name, bodies, axis in EXTENTS:
        slopes[name] = matrix[skeleton.body_index(bodies[0]), axis]
        values[name] = float(slopes[name] @ size)
    return values, slopes


def _joint_lengths(model: PersonModel, size: Array) -> dict[str, float]:
    names = model.skeleton.body_names
    return joint_lengths(model.skeleton.scaled(model.proportions.body_scale(size, names)))
