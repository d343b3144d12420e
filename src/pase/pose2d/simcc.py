"""Read positions and their uncertainty from SimCC outputs: one distribution a point and axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SHARPNESS = 10.0
"""The networks were trained with softmax(10 x) against a softened target (RTMPose's KL loss, beta 10)."""
_WINDOW = 12
"""Bins on each side of the maximum: about two standard deviations of the training target."""


def decode_simcc(values: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Position, peak and spread of each distribution.

    The position is the mean of softmax(10 x) within a window around the maximum, so it lies between the bins;
    the spread is the standard deviation of the same distribution within twice the window, so a broad or
    two-peaked one is told as uncertain.

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
    offset = np.arange(values.shape[-1]) - peak[..., None]
    weight = np.exp(_SHARPNESS * (values.astype(np.float64) - height[..., None]))
    weight *= np.abs(offset) <= 2 * _WINDOW
    near = weight * (np.abs(offset) <= _WINDOW)
    shift = (near * offset).sum(-1) / near.sum(-1)
    variance = (weight * (offset - shift[..., None]) ** 2).sum(-1) / weight.sum(-1)
    return peak + shift, height, np.sqrt(variance)
