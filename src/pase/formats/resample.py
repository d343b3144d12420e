"""Motions at even times, for formats whose header has room for one frame rate only."""

from dataclasses import dataclass

import numpy as np

from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.formats.trc import mean_rate
from pase.series import interpolated
from pase.types import Array

EVEN_SECONDS = 1.1e-3
"""Frames no further than this from even times are taken as even: containers round times to the millisecond."""


@dataclass(frozen=True, slots=True)
class EvenMotion:
    """Coordinates at even times, from the first to the last frame whose pose is known."""

    q: Array
    """(T, n) rad or m, without gaps."""
    start: float
    """Seconds of the first frame."""
    rate: float
    """Frames a second."""

    @property
    def time(self) -> Array:
        """(T,) seconds."""
        return self.start + np.arange(len(self.q)) / self.rate


def even_motion(motion: Motion) -> EvenMotion:
    """A motion at even times, at its mean frame rate.

    Frames that are even already stay as they are; others, and unknown poses in between, are interpolated
    linearly in the joint coordinates, which keeps every joint together.
    """
    time, q = motion.time[motion.known], continuous(motion.skeleton, motion.q[motion.known])
    if len(time) < 2:
        return EvenMotion(q, float(time[0]) if len(time) else 0.0, 30.0)
    rate = mean_rate(motion.time)
    count = int(round((time[-1] - time[0]) * rate)) + 1
    grid = time[0] + np.arange(count) / rate
    if count == len(time) and np.abs(grid - time).max() < EVEN_SECONDS:
        return EvenMotion(q, float(time[0]), rate)
    grid = np.minimum(grid, time[-1])
    return EvenMotion(interpolated(q, time, grid), float(time[0]), rate)


def continuous(skeleton: Skeleton, q: Array) -> Array:
    """`q` (T, n) without jumps by a full turn in coordinates that may turn all around."""
    low, high = skeleton.bounds
    free = skeleton.rotational & (high - low >= 2 * np.pi)
    out = q.copy()
    if len(q):
        out[:, free] = np.unwrap(q[:, free], axis=0)
    return out
