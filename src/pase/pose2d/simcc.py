"""Read positions and their uncertainty from SimCC outputs: one distribution per point and axis."""

import numpy as np
from numpy.typing import NDArray

from pase.types import Array

_SHARPNESS = 10.0
"""The networks were trained with softmax(10 x) against a softened target (RTMPose's KL loss, beta 10)."""
_WINDOW = 12
"""Bins on each side of the maximum: about two standard deviations of the training target."""
_SPREAD_SHARPNESS = 20.0
_SPREAD_SCALE = 0.4
"""Measured on 82 pictures with shifted, scaled and mirrored crops (2132 points): the scatter of a position is
proportional to the width of softmax(20 x), rank correlation 0.75 in x and 0.63 in y, at this ratio."""


def decode_simcc(values: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Position, peak and uncertainty of each distribution.

    The position is the mean of softmax(10 x) within a window around the maximum, so it lies between the bins.
    The uncertainty comes from the width of the whole distribution, so a broad or two-peaked one counts as
    uncertain. It is the random error; where a point lies on the body by definition is no part of it.

    Parameters
    ----------
    values
        (..., B) raw network outputs for B bins.

    Returns
    -------
    tuple
        (...) position in bins, (...) height of the peak, (...) standard deviation in bins.
    """
    peak = values.argmax(-1)
    height = np.take_along_axis(values, peak[..., None], -1)[..., 0].astype(np.float64)
    bins = np.arange(values.shape[-1], dtype=np.float64)
    weight = np.exp(_SHARPNESS * (values - height[..., None]))
    sum_, first, second = _moments(weight ** (_SPREAD_SHARPNESS / _SHARPNESS), bins)
    variance = second / sum_ - np.square(first / sum_)
    near = weight * (np.abs(bins - peak[..., None]) <= _WINDOW)
    near_sum, near_first, _ = _moments(near, bins)
    return near_first / near_sum, height, _SPREAD_SCALE * np.sqrt(np.maximum(variance, 0.0))


def _moments(weight: Array, bins: Array) -> tuple[Array, Array, Array]:
    """Sum of the weights (..., B), and of the weights times the bins and their squares."""
    total: Array = weight @ np.stack([np.ones_like(bins), bins, np.square(bins)], axis=-1)
    return total[..., 0], total[..., 1], total[..., 2]
