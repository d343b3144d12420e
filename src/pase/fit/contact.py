"""Which points under the feet stand on the floor, found from how the feet move."""

from __future__ import annotations

import numpy as np

from pase.series import smoothed
from pase.types import Array, Mask

PLANTED_SPEED_M_S = 0.35
"""A foot point slower than this is about as likely planted as not; the foot swings at 2-4 m/s in walking
and a planted one seems to creep at 0.05-0.2 m/s by the noise of the detector."""

RISE_M = 0.12
"""A point this far above the lowest one is about as likely lifted as not."""

LYING, ON_FEET = np.sin(np.radians([15.0, 30.0]))
"""Sines of the slope from the foot up to the pelvis: below the first nobody stands on this foot (they lie, or sit on
the floor), from the second on they may. Hips are at 45-50° of who sits on a chair or kneels, at 33° over the rear
foot of a deep lunge."""

_SMOOTHING_S = 0.05


def planted_probability(
    positions: Array, pelvis: Array, visible: Mask, time: Array, floor: float | None = None
) -> Array:
    """Probability (T, S) that each point stands on the floor.

    Parameters
    ----------
    positions
        (T, S, 3) points under the feet of a first guess of the motion, world, metres.
    pelvis
        (T, 3) place of the pelvis.
    visible
        (T, S) whether the foot was seen.
    time
        (T,) seconds.
    floor
        Height of the floor in metres; None takes that of the lowest points in a tenth of the frames.
    """
    T = len(time)
    height, legs = positions[..., 1], pelvis[:, None] - positions
    slope = legs[..., 1] / np.maximum(np.linalg.norm(legs, axis=-1), 1e-9)
    carries = np.clip((slope - LYING) / (ON_FEET - LYING), 0.0, 1.0)
    if T == 1:
        lowest = height == height.min()
        return np.asarray(lowest * carries)
    step = float(np.median(np.diff(time)))
    smooth = smoothed(positions, max(_SMOOTHING_S / step, 0.3))
    speed = np.linalg.norm(np.gradient(smooth, time, axis=0), axis=-1)
    still = 1.0 / (1.0 + (speed / PLANTED_SPEED_M_S) ** 4)
    level = float(np.percentile(np.min(height, axis=1), 10)) if floor is None else floor
    low = 1.0 / (1.0 + (np.maximum(height - level, 0.0) / RISE_M) ** 4)
    return np.asarray(still * low * visible * carries)
