"""Which points under the feet stand on the floor, found from how the feet move."""

from __future__ import annotations

import numpy as np

from pase.sampling import smoothed
from pase.types import Array, Mask

PLANTED_SPEED_M_S = 0.35
"""A foot point slower than this is about as likely planted as not; the foot swings at 2-4 m/s in walking
and a planted one seems to creep at 0.05-0.2 m/s by the noise of the detector."""

RISE_M = 0.12
"""A point this far above the lowest one is about as likely lifted as not."""

_SMOOTHING_S = 0.05


def planted_probability(positions: Array, visible: Mask, time: Array, floor: float | None = None) -> Array:
    """Probability (T, S) that each point stands on the floor.

    Parameters
    ----------
    positions
        (T, S, 3) points under the feet of a first guess of the motion, world, metres.
    visible
        (T, S) whether the foot was seen.
    time
        (T,) seconds.
    floor
        Height of the floor in metres; None takes that of the lowest points in a tenth of the frames.
    """
    T = len(time)
    height = positions[..., 1]
    if T == 1:
        lowest = height == height.min()
        return np.asarray(lowest, float)
    step = float(np.median(np.diff(time)))
    smooth = smoothed(positions, max(_SMOOTHING_S / step, 0.3))
    speed = np.linalg.norm(np.gradient(smooth, time, axis=0), axis=-1)
    still = 1.0 / (1.0 + (speed / PLANTED_SPEED_M_S) ** 4)
    level = float(np.percentile(np.min(height, axis=1), 10)) if floor is None else floor
    low = 1.0 / (1.0 + (np.maximum(height - level, 0.0) / RISE_M) ** 4)
    return np.asarray(still * low * visible)
