"""The angles of a motion with standard deviations, speeds, and the frames in which each was seen well enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pase.analysis.angles import all_angles
from pase.analysis.body import BodyMotion
from pase.data import Motion
from pase.findings import AngleTable
from pase.types import Array, Indices

SURE_DEG, SURE_PHOTO_DEG = 15.0, 20.0
"""An angle with a larger standard deviation is a guess from other people's postures, which differ by as much. A
photo's angles are read from a single view, and all of them are less sure."""
PROBED_FRAMES = 60
STEP = 1e-4
ONE_COORDINATE = 0.9
"""Where one coordinate makes so much of an angle's variance, correlations with others hardly change it."""


def angle_table(motion: Motion, body: BodyMotion, drawn: Sequence[BodyMotion] = ()) -> AngleTable:
    """The angles of a motion.

    Parameters
    ----------
    motion
        The motion.
    body
        Its segments.
    drawn
        Segments of motions drawn from its posterior. Without them only those angles have a standard deviation that
        hang on one coordinate: the errors of several are correlated, and how is not known then.
    """
    angles = all_angles(body)
    keys = tuple(angles)
    values = np.degrees(_columns(angles, keys, len(body)))
    speed = _speed(values, body.time)
    speed_sd = np.full_like(values, np.nan)
    if len(drawn) > 2:
        tables = [np.degrees(_columns(all_angles(one), keys, len(body))) for one in drawn]
        sd = np.sqrt(np.mean([_turned(table - values) ** 2 for table in tables], axis=0))
        speed_sd = np.sqrt(np.mean([(_speed(table, body.time) - speed) ** 2 for table in tables], axis=0))
        largest = sd
    else:
        sd, largest = _linear_sd(motion, keys)
    limit = SURE_DEG if len(motion) > 1 else SURE_PHOTO_DEG
    sure = np.isfinite(values) & ~(largest > limit)
    return AngleTable(body.time, keys, values, sd, speed, speed_sd, sure)


def _columns(angles: dict[str, Array], keys: Sequence[str], frames: int) -> Array:
    return np.stack([angles[key] for key in keys], axis=1) if keys else np.zeros((frames, 0))


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
    independent: good enough to tell what was seen, not to be shown.
    """
    T = len(motion)
    if not T or not keys or not np.isfinite(motion.q_std).any():
        return (np.full((T, len(keys)), np.nan),) * 2
    probed = np.unique(np.linspace(0, T - 1, min(T, PROBED_FRAMES)).round().astype(int))
    slopes = _slopes(motion, keys, probed)
    parts = slopes**2 * motion.q_std[probed][:, None, :] ** 2
    total = parts.sum(axis=2)
    alone = np.nanmean(parts.max(axis=2) / np.where(total > 0, total, np.nan), axis=0) > ONE_COORDINATE
    where = np.interp(np.arange(T), probed, np.arange(len(probed)))
    nearest = slopes[where.round().astype(int)]
    largest = np.degrees(
        np.sqrt(np.einsum("tmn,tn->tm", nearest**2, np.nan_to_num(motion.q_std**2, nan=np.inf)))
    )
    return np.where(alone, largest, np.nan), largest


def _slopes(motion: Motion, keys: Sequence[str], frames: Indices) -> Array:
    """(F, m, n) derivatives of the angles by the coordinates, by differences of every coordinate in turn."""
    q = motion.q[frames]
    short = Motion(motion.skeleton, q, np.full_like(q, np.nan), motion.time[frames])
    base = _columns(all_angles(BodyMotion.of(short)), keys, len(q))
    slopes = np.zeros((len(q), len(keys), q.shape[1]))
    for i in range(q.shape[1]):
        moved = q.copy()
        moved[:, i] += STEP
        table = _columns(all_angles(BodyMotion.of(short, moved)), keys, len(q))
        slopes[:, :, i] = np.radians(_turned(np.degrees(table - base))) / STEP
    return np.nan_to_num(slopes)
