"""Smoothing, interpolation and peaks of sampled signals.

SciPy has them too, but `scipy.signal` and `scipy.interpolate` alone take two seconds to import, more than the rest of
an analysis.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_banded

from pase.types import Array, Indices


def spline(time: Array, values: Array, at: Array) -> Array:
    """Values (T, ...) at other times (N,) within the first and last, by the natural cubic spline through all.

    Needs at least three samples at increasing times.
    """
    flat = values.reshape(len(values), -1)
    step = np.diff(time)
    slope = np.diff(flat, axis=0) / step[:, None]
    band = np.ones((3, len(time)))
    band[0, :2] = band[2, -2:] = 0.0
    band[0, 2:], band[1, 1:-1], band[2, :-2] = step[1:], 2 * (step[:-1] + step[1:]), step[:-1]
    right = np.zeros_like(flat)
    right[1:-1] = 6 * np.diff(slope, axis=0)
    curvature = solve_banded((1, 1), band, right)
    i = np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(time) - 2)
    h, a, b = step[i][:, None], (time[i + 1] - at)[:, None], (at - time[i])[:, None]
    joined = (
        (curvature[i] * a**3 + curvature[i + 1] * b**3) / (6 * h)
        + (flat[i] / h - curvature[i] * h / 6) * a
        + (flat[i + 1] / h - curvature[i + 1] * h / 6) * b
    )
    out: Array = joined.reshape(len(at), *values.shape[1:])
    return out


def peaks(signal: Array, least: float, apart: int = 1) -> Indices:
    """Local maxima of at least a height, the higher one of two that are nearer than `apart` samples."""
    inner = (signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:]) & (signal[1:-1] >= least)
    candidates = np.flatnonzero(inner) + 1
    chosen: list[int] = []
    for i in candidates[np.argsort(-signal[candidates], kind="stable")]:
        if all(abs(int(i) - j) >= apart for j in chosen):
            chosen.append(int(i))
    return np.array(sorted(chosen), np.intp)
