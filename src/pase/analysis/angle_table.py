"""The angles of a motion with standard deviations, speeds, and the frames in which each was seen well enough."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from pase.analysis.angles import all_angles
from pase.analysis.body import BodyMotion
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.limbs import unseen_angles
from pase.data import Motion
from pase.findings import AngleTable, surely_seen
from pase.types import Array, Indices

PROBED_FRAMES = 60
STEP = 1e-4
ONE_COORDINATE = 0.9
"""Where one coordinate makes so much of an angle's variance, correlations with others hardly change it."""


def angle_keys(motion: Motion) -> tuple[str, ...]:
    """Keys of all angles that the skeleton of a motion has; those of parts that nobody saw among them."""
    at_rest = motion.skeleton.default_q[None]
    return tuple(all_angles(BodyMotion.placed(Kinematics(motion.skeleton, ()), at_rest, motion.time[:1])))


def angles_deg(body: BodyMotion, keys: Sequence[str], kind: DTypeLike = float) -> Array:
    """(T, m) angles in degrees, of a kind of number; NaN for those that the body does not have."""
    angles, unknown = all_angles(body), np.full(len(body), np.nan)
    columns = [angles.get(key, unknown) for key in keys]
    table = np.degrees(np.stack(columns, axis=1)) if keys else np.zeros((len(body), 0))
    return table.astype(kind, copy=False)


def angle_tables(
    motion: Motion, keys: tuple[str, ...], values: Array, drawn_deg: Sequence[Array] = ()
) -> tuple[AngleTable, Iterator[AngleTable]]:
    """The angles of a motion, and those of motions drawn from its posterior.

    Parameters
    ----------
    motion
        The motion; angles of parts that were not seen are unknown.
    keys
        Keys of the m angles, as `angle_keys` gives them.
    values
        These angles (T, m) in degrees, as `angles_deg` gives them.
    drawn_deg
        The same of the drawn motions. Without them only those angles have a
        standard deviation that hang on one coordinate: the errors of several are correlated, and how is not known
        then.

    Returns
    -------
    table : AngleTable
    of_drawn : iterator of AngleTable
        Without standard deviations, and as sure as the first in every frame.
    """
    speed = _speed(values, motion.time)
    speed_sd = unknown = np.full_like(values, np.nan)
    if len(drawn_deg) > 2:
        largest = sd = _root_mean_square(_turned(degrees - values) for degrees in drawn_deg)
        speed_sd = _root_mean_square(_speed(degrees, motion.time) - speed for degrees in drawn_deg)
    else:
        sd, largest = _linear_sd(motion, keys)
    guessed = unseen_angles(motion, keys)
    values, speed = np.where(guessed, np.nan, values), np.where(guessed, np.nan, speed)
    sd = np.where(np.isfinite(values), sd, np.nan)
    table = AngleTable(motion.time, keys, values, sd, speed, speed_sd, surely_seen(values, largest))
    bare = replace(table, sd=unknown, speed_sd=unknown)
    return table, (
        replace(
            bare,
            values=np.where(guessed, np.nan, degrees),
            speed=np.where(guessed, np.nan, _speed(degrees, motion.time)),
        )
        for degrees in drawn_deg
    )


def _root_mean_square(differences: Iterable[Array]) -> Array:
    """(T, m) of the draws in which an angle is known; NaN where it is known in less than half of them."""
    count: Array | float = 0.0
    total: Array | float = 0.0
    draws = 0
    for difference in differences:
        finite = np.isfinite(difference)
        count, total = count + finite, total + np.square(np.where(finite, difference, 0.0))
        draws += 1
    mean: Array = np.where(count > draws // 2, total, np.nan) / np.maximum(count, 1)
    return np.asarray(np.sqrt(mean))


def _turned(degrees: Array) -> Array:
    """Differences of angles, within half a turn."""
    return (degrees + 180.0) % 360.0 - 180.0


def _speed(values: Array, time: Array) -> Array:
    if len(time) < 2:
        return np.full_like(values, np.nan)
    speed: Array = np.gradient(values, time, axis=0)
    return speed


def _linear_sd(motion: Motion, keys: Sequence[str]) -> tuple[Array, Array]:
    """Standard deviations (T, m) by linear propagation from those of the coordinates, in degrees.

    The first holds those that one coordinate makes, the second all of them as if the coordinates' errors were
    independent: good enough to decide what was seen, not to be shown.
    """
    T = len(motion)
    if not T or not keys or not np.isfinite(motion.q_std).any():
        return (np.full((T, len(keys)), np.nan),) * 2
    probed = np.unique(np.linspace(0, T - 1, min(T, PROBED_FRAMES)).round().astype(int))
    slopes = _slopes(motion, keys, probed)
    variances = slopes**2 * motion.q_std[probed][:, None, :] ** 2
    total = variances.sum(axis=2)
    alone = np.nanmean(variances.max(axis=2) / np.where(total > 0, total, np.nan), axis=0) > ONE_COORDINATE
    position = np.interp(np.arange(T), probed, np.arange(len(probed)))
    nearest = slopes[position.round().astype(int)]
    largest = np.degrees(
        np.sqrt(np.einsum("tmn,tn->tm", nearest**2, np.nan_to_num(motion.q_std**2, nan=np.inf)))
    )
    return np.where(alone, largest, np.nan), largest


def _slopes(motion: Motion, keys: Sequence[str], frames: Indices) -> Array:
    """(F, m, n) derivatives of the angles by the coordinates, by differences of every coordinate in turn."""
    q = motion.q[frames]
    steps = np.concatenate([np.zeros((1, q.shape[1])), STEP * np.eye(q.shape[1])])
    moved = (q[None] + steps[:, None]).reshape(-1, q.shape[1])
    # Each variant follows the other in time, far enough apart that no way of progression joins them.
    time = (motion.time[frames] + 1e6 * np.arange(len(steps))[:, None]).ravel()
    body = BodyMotion.placed(Kinematics(motion.skeleton, ()), moved, time)
    table = angles_deg(body, keys).reshape(len(steps), len(q), len(keys))
    slopes = np.radians(_turned(table[1:] - table[0])) / STEP
    return np.nan_to_num(slopes.transpose(1, 2, 0))
