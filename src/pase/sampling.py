"""Series in time between their samples, next to a time, and smoothed."""

from __future__ import annotations

import numpy as np

from pase.types import Array, Indices


def interpolated(values: Array, sample_times: Array, time: Array) -> Array:
    """Columns (K, n) known at times (K,) at other times (T,): linear between, constant outside; (T, n)."""
    return np.stack([np.interp(time, sample_times, column) for column in values.T], axis=1)


def nearest_rows(rows: Array, time: Array) -> Indices:
    """(F,) index of the row, of those at increasing times (T,), next to each of the times (F,)."""
    if len(rows) < 2:
        return np.zeros(np.shape(time), np.intp)
    after = np.clip(np.searchsorted(rows, time), 1, len(rows) - 1)
    return np.asarray(after - (time - rows[after - 1] < rows[after] - time), np.intp)


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
