"""Peaks of sampled signals; `scipy.signal`, which has them too, takes longer to import than an analysis takes."""

from __future__ import annotations

import numpy as np

from pase.types import Array, Indices


def peaks(signal: Array, least: float, apart: int = 1) -> Indices:
    """Local maxima of at least a height, the higher one of two that are nearer than `apart` samples."""
    inner = (signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:]) & (signal[1:-1] >= least)
    candidates = np.flatnonzero(inner) + 1
    chosen: list[int] = []
    for i in candidates[np.argsort(-signal[candidates], kind="stable")]:
        if all(abs(int(i) - j) >= apart for j in chosen):
            chosen.append(int(i))
    return np.array(sorted(chosen), np.intp)
