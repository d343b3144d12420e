"""Which points under the feet stand on the floor, and who is at rest, found from how feet and pelvis move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pase.sampling import smoothed
from pase.types import Array, Indices, Mask

PLANTED_SPEED_M_S = 0.35
"""A foot point slower than this is about as likely planted as not; the foot swings at 2-4 m/s in walking
and a planted one seems to creep at 0.05-0.2 m/s by the noise of the detector."""

RISE_M = 0.12
"""A point this far above the lowest one is about as likely lifted as not."""

RESTING_SPEED_M_S = 0.15
"""A pelvis slower than this is about as likely at rest as not. It moves at 0.4 m/s and more in squats and 1.2 m/s in
walking; that of somebody who stands sways at 0.01-0.03 m/s, and seems to drift at 0.05 m/s by the noise of depth."""

OUTSTRETCHED = 0.65
"""Height of the pelvis over the floor, as a share of its height in standing, at which somebody is as likely on their
feet as seated, kneeling or lying; on a chair it is about one half."""

PELVIS_HEIGHT = 0.54
"""Height of the pelvis' origin over the floor in standing, in statures; that of the default skeleton."""

_SMOOTHING_S = 0.05
_RESTING_SMOOTHING_S = 0.15


@dataclass(frozen=True)
class Contacts:
    """What a first guess of the motion says of support and rest."""

    planted: Array
    """(T, S) probability that each point under the feet stands on the floor."""
    resting: Array
    """(T,) probability that the person is at rest on outstretched legs, as far as the pelvis shows it."""

    def take(self, frames: Indices) -> Contacts:
        """The same in some of the frames."""
        return Contacts(self.planted[frames], self.resting[frames])


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


def resting_probability(pelvis: Array, time: Array, standing_m: float) -> Array:
    """Probability (T,) that somebody is at rest on outstretched legs.

    Parameters
    ----------
    pelvis
        (T, 3) its path over the floor, metres; a single picture does not show how fast it moves: one half.
    time
        (T,) seconds.
    standing_m
        Its height in standing.
    """
    high = 1.0 / (1.0 + (OUTSTRETCHED * standing_m / np.maximum(pelvis[:, 1], 1e-3)) ** 8)
    if len(time) < 3:
        return np.asarray(0.5 * high)
    step = float(np.median(np.diff(time)))
    smooth = smoothed(pelvis, max(_RESTING_SMOOTHING_S / step, 0.3))
    speed = np.linalg.norm(np.gradient(smooth, time, axis=0), axis=-1)
    return np.asarray(high / (1.0 + (speed / RESTING_SPEED_M_S) ** 4))
