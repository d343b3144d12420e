"""Statistics of each bone's length: its standard deviation, and its percentile among people."""

from statistics import NormalDist

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.lengths import EXTENTS, SPANS, bone_lengths
from pase.anatomy.model import Landmark
from pase.diagnostics import BoneStatistics
from pase.fit.problem import PersonModel
from pase.types import Array


def bone_statistics(model: PersonModel, size: Array, covariance: Array) -> dict[str, BoneStatistics]:
    """Standard deviation and percentile of every bone length of `pase.anatomy.lengths`.

    Parameters
    ----------
    size
        (P,) the person's log scale factors.
    covariance
        (P, P) their posterior covariance.

    Returns
    -------
    dict
        Statistics of each bone; the percentile is among adults of either sex (normal distribution of the log
        lengths, see `docs/proportions.md`).
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
        out[name] = BoneStatistics(
            round(lengths[name] * deviation, 5),
            round(100 * NormalDist().cdf((value - mean[name]) / spread), 1),
        )
    return out


def _log_lengths(model: PersonModel, size: Array) -> tuple[dict[str, float], dict[str, Array]]:
    """Logarithms of the bone lengths, extents up to a constant, and their slopes (P,) by the size parameters."""
    skeleton = model.skeleton
    ends = Kinematics(skeleton, [Landmark(name, name, (0.0, 0.0, 0.0)) for name in skeleton.body_names])
    scale = model.proportions.body_scale(size, skeleton.body_names)
    matrix = model.proportions.matrix(skeleton.body_names)
    posture = skeleton.neutral_q[None]
    jacobian = ends.jacobian(posture, scale, scale[:, :, None] * matrix)
    values, slopes = {}, {}
    for name, start, end in SPANS:
        a, b = skeleton.body_index(start), skeleton.body_index(end)
        span = jacobian.position[0, b] - jacobian.position[0, a]
        values[name] = float(np.log(np.linalg.norm(span)))
        slopes[name] = span @ (jacobian.dsize[0, b] - jacobian.dsize[0, a]) / (span @ span)
    for name, bodies, axis in EXTENTS:
        slopes[name] = matrix[skeleton.body_index(bodies[0]), axis]
        values[name] = float(slopes[name] @ size)
    return values, slopes
