"""How often the posture becomes another one: errors of keypoints, depths and priors last as long as the posture.

A detector draws the hip of the same posture at the same wrong place, a lifter gives it the same wrong depth, and the
prior says the same about it. So what a film tells grows with the number of different postures, not with its length.
If postures are a smooth Gaussian process whose correlation falls as `exp(−Δ² / 2ℓ²)`, coordinates move by `1 / ℓ`
standard deviations a second (root mean square), and a second holds `1 / (√(2π) ℓ)` independent postures:

    rate(t) = speed(t) / √(2π)

However still somebody stands, every instant shows the posture once (`ONE_LOOK`).
"""

import numpy as np

from pase.fit.terms.posture_kinds import PostureKinds
from pase.series import interpolated
from pase.types import Array

FULL_RATE_HZ = 0.8
"""Independent postures a second of people who walk (0.7-0.8). At this rate frames count in full in the standard
deviations, as `CALIBRATION` was found on walking people; at a lower one in proportion."""

ONE_LOOK = 0.2
"""Least share of a frame. Neighbouring frames are joined by smoothness over a few tenths of a second: at this share
they determine an instant as one look at points and depths does. With twice of it standard deviations of measurements
were 0.7 of those of one look (110 synthetic films)."""

STEP_S = 0.25
"""Time over which speeds are taken: long beside the noise of a solution, short beside a stride."""


def renewal(kinds: PostureKinds, time: Array, q: Array) -> Array:
    """(T,) share of a frame's information that is independent of its neighbours', `ONE_LOOK` to 1.

    Parameters
    ----------
    kinds
        The kinds of posture, whose spread measures how far a movement goes.
    time
        (T,) seconds.
    q
        (T, n) a first solution of the motion.
    """
    spread = np.sqrt(np.einsum("kii->ki", kinds.covariance).mean(0) + kinds.mean.var(0))
    posture = q[:, kinds.columns] / spread
    before, after = (np.clip(time + side * STEP_S / 2, time[0], time[-1]) for side in (-1, 1))
    moved = interpolated(posture, time, after) - interpolated(posture, time, before)
    speed = np.sqrt(np.square(moved).mean(1)) / (after - before)
    return np.asarray(np.clip(speed / np.sqrt(2 * np.pi) / FULL_RATE_HZ, ONE_LOOK, 1.0))


def held_share(renewal: Array | float, frames: int) -> Array:
    """(T,) how far a posture is held, 0 to 1, from the renewal of its frames; a photo shows no movement."""
    if isinstance(renewal, float):
        return np.ones(frames)
    return np.asarray((1.0 - renewal) / (1.0 - ONE_LOOK))
