"""Series in time: values between samples and next to a time, smoothing, peaks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.types import Array, Indices, Mask

_AT_ONCE = 1024
"""Moments of a curve that are computed at once: bounds the memory."""


def at_frames(of: object, frames: slice | NDArray[Any], *names: str) -> dict[str, Any]:
    """Fields of an object at some of its frames, for `dataclasses.replace`; without those that are None."""
    return {name: values[frames] for name in names if (values := getattr(of, name)) is not None}


def evenly_spread(count: int, limit: int) -> Indices:
    """Indices of at most so many of `count` samples, evenly spread, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, limit)).astype(int)


def interpolated(values: Array, sample_times: Array, time: Array) -> Array:
    """Columns (K, n) known at times (K,) at other times (T,): linear between, constant outside; (T, n)."""
    return np.stack([np.interp(time, sample_times, column) for column in values.T], axis=1)


def spline(time: Array, values: Array, at: Array) -> Array:
    """Values (T, ...) at other times (N,) within the first and last, by the natural cubic spline through all.

    It is the curve of least mean squared acceleration. Two samples are joined by a line; one is repeated. The
    result is as precise as the values.
    """
    from scipy.linalg import solve_banded

    flat = values.reshape(len(values), -1)
    if len(time) < 3:
        return interpolated(flat, time, at).reshape(len(at), *values.shape[1:])
    step = np.diff(time)
    slope = np.diff(flat, axis=0) / step[:, None]
    band = np.ones((3, len(time)))
    band[0, :2] = band[2, -2:] = 0.0
    band[0, 2:], band[1, 1:-1], band[2, :-2] = step[1:], 2 * (step[:-1] + step[1:]), step[:-1]
    right = np.zeros_like(flat)
    right[1:-1] = 6 * np.diff(slope, axis=0)
    curvature = solve_banded((1, 1), band, right)
    out = np.empty((len(at), flat.shape[1]), np.result_type(values, np.float32))
    for first in range(0, len(at), _AT_ONCE):
        moments = at[first : first + _AT_ONCE]
        i = np.clip(np.searchsorted(time, moments, side="right") - 1, 0, len(time) - 2)
        h, a, b = step[i][:, None], (time[i + 1] - moments)[:, None], (moments - time[i])[:, None]
        out[first : first + _AT_ONCE] = (
            (curvature[i] * a**3 + curvature[i + 1] * b**3) / (6 * h)
            + (flat[i] / h - curvature[i] * h / 6) * a
            + (flat[i + 1] / h - curvature[i + 1] * h / 6) * b
        )
    return out.reshape(len(at), *values.shape[1:])


def usual_step(time: Array, alone: float) -> float:
    """Median seconds from a frame to the next; `alone` for fewer than two frames (T,)."""
    return float(np.median(np.diff(time))) if len(time) > 1 else alone


def thinned(time: Array, rate_hz: float) -> Indices:
    """Indices of frames at about a rate, including the first and the last, for frames at times (T,)."""
    if len(time) < 3:
        return np.arange(len(time))
    step = max(1, round(1 / (rate_hz * float(np.median(np.diff(time))))))
    return np.unique(np.append(np.arange(0, len(time), step), len(time) - 1))


def nearest_rows(rows: Array, time: Array) -> Indices:
    """(F,) index of the row, of those at increasing times (T,), next to each of the times (F,)."""
    if len(rows) < 2:
        return np.zeros(np.shape(time), np.intp)
    after = np.clip(np.searchsorted(rows, time), 1, len(rows) - 1)
    return np.asarray(after - (time - rows[after - 1] < rows[after] - time), np.intp)


def stretches_of(flags: Mask) -> Indices:
    """(S, 2) first index, and the index after the last, of every stretch in which flags (T,) hold."""
    return np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)


def smoothed(values: Array, deviation: float) -> Array:
    """Values (T, ...) under a Gaussian of so many samples, cut off at four of them; the ends are repeated.

    SciPy's `gaussian_filter1d` does the same, but takes a sixth of a second to import.
    """
    reach = int(4 * deviation + 0.5)
    if reach < 1:
        return values
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    padded = np.pad(values, [(reach, reach), *[(0, 0)] * (values.ndim - 1)], mode="edge")
    out = np.zeros_like(values)
    for shift, weight in enumerate(kernel / kernel.sum()):
        out += weight * padded[shift : shift + len(values)]
    return out


def peaks(signal: Array, least_height: float, apart: int = 1) -> Indices:
    """Local maxima of at least a height, the higher of two that are nearer than `apart` samples.

    `scipy.signal` has them too, but takes longer to import than an analysis takes.
    """
    inner = (signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:]) & (signal[1:-1] >= least_height)
    candidates = np.flatnonzero(inner) + 1
    picks: list[int] = []
    for i in candidates[np.argsort(-signal[candidates], kind="stable")]:
        if all(abs(int(i) - j) >= apart for j in picks):
            picks.append(int(i))
    return np.array(sorted(picks), np.intp)
