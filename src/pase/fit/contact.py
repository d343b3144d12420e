"""Which points under the feet stand on the floor, from the motion of the feet."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.series import at_frames, smoothed
from pase.types import Array, Indices, Mask

PLANTED_SPEED_M_S = 0.35
"""A foot point slower than this is about as likely planted as not; the foot swings at 2-4 m/s in walking
and a planted one seems to creep at 0.05-0.2 m/s by the noise of the detector."""

RISE_M = 0.12
"""A point this far above the lowest one is about as likely lifted as not."""

LYING, ON_FEET = np.sin(np.radians([15.0, 30.0]))
"""Sines of the slope from the foot up to the pelvis: below the first nobody stands on this foot (they lie, or sit on
the floor), above the second they may. The slope is 45-50° for somebody who sits on a chair or kneels, and 33° for
the rear foot of a deep lunge."""

LEVEL_THIGH, STEEP_THIGH = np.sin(np.radians([15.0, 40.0]))
"""Sines of the slope from the knee up to the hip, by their keypoints: below the first a seat may carry the body,
above the second the feet do. The bottom of a squat may look alike; synthetic squats come out alike without balance
there."""

STEEPEST = np.tan(np.radians(12.0))
"""A floor that slopes by less than this along the path, in a first guess of the motion, is level: the camera's
pitch or height is not right yet. A steeper one is stairs."""


@dataclass(frozen=True)
class Contacts:
    """What stands on the floor in F frames."""

    planted: Array
    """(F, S) probability that each point under the feet does."""
    on_feet: Array
    """(F,) share of the weight that the feet carry for sure: none where a seat may."""

    def take(self, frames: Indices) -> Self:
        """The same in some of the frames."""
        return replace(self, **at_frames(self, frames, "planted", "on_feet"))


def weight_on_feet(hips: Array, knees: Array) -> Array:
    """(T,) share of the weight that the feet carry for sure; less the more level the thighs are.

    Parameters
    ----------
    hips, knees
        (T, 2, 3) of both sides in the world, metres.
    """
    thigh = hips - knees
    slope = thigh[..., 1].sum(-1) / np.maximum(np.linalg.norm(thigh, axis=-1).sum(-1), 1e-9)
    return np.asarray(np.clip((slope - LEVEL_THIGH) / (STEEP_THIGH - LEVEL_THIGH), 0.0, 1.0))


_SMOOTHING_S = 0.05
_STEP_S = 0.4
"""A walking person sets a foot down within twice this time."""
_LEAST_WAY_M, _SLOPE_WAY_M = 1.0, 0.1
"""Length of the path below which no slope is fitted, and the scale of the prior that keeps the slope near zero."""


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
        Height of the floor in metres; None takes it from the lowest points.
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
    level = _floor_level(height, pelvis[:, [0, 2]], visible, step) if floor is None else np.full(T, floor)
    low = 1.0 / (1.0 + (np.maximum(height - level[:, None], 0.0) / RISE_M) ** 4)
    return np.asarray(still * low * visible * carries)


def _floor_level(height: Array, place: Array, visible: Mask, step_s: float) -> Array:
    """(T,) height of the floor under somebody at places (T, 2), from those of the points under the feet (T, S).

    It is that of the lowest points (the tenth percentile), or of a slope where the steps rise along the path.
    """
    level = np.full(len(height), np.percentile(height.min(1), 10))
    lowest = np.where(visible, height, np.inf).min(1)
    reach = round(_STEP_S / step_s) if step_s > 0 else 0
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(lowest, reach, constant_values=np.inf), 2 * reach + 1
    )
    steps = around.min(-1)
    on_feet = np.isfinite(steps)
    if not on_feet.any() or np.ptp(place[on_feet], axis=0).max() < _LEAST_WAY_M:
        return level
    way = place - place[on_feet].mean(0)
    A = np.column_stack([np.ones(on_feet.sum()), way[on_feet]])
    uncertain = np.diag([0.0, 1.0, 1.0]) * _SLOPE_WAY_M**2 * len(A)
    at_mean, *slope = np.linalg.solve(A.T @ A + uncertain, A.T @ steps[on_feet])
    plane = at_mean + way @ slope
    rises = np.linalg.norm(slope) < STEEPEST and np.ptp(plane[on_feet]) > RISE_M
    return np.asarray(plane if rises else level)
