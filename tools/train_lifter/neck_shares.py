"""How a bend of the whole neck is shared between its lower and its upper half."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from tools.neck import SEGMENTS, UPPER

_LOWER = [segment for segment in SEGMENTS if segment.name not in UPPER]
LOWER_FLEXION = sum(s.flexion for s in _LOWER) / sum(s.flexion for s in SEGMENTS)
LOWER_BENDING = sum(s.bending for s in _LOWER) / sum(s.bending for s in SEGMENTS)
"""The lower neck's part of the ranges of all joints."""
_COLUMNS_BEFORE, _FLEXION, _BENDING, _ROTATION = 40, 23, 24, 25
"""Coordinates of the default skeleton while its neck had one joint, and those of that joint."""


def shared_out(angles: Mapping[str, float]) -> dict[str, float]:
    """Angles by coordinate of the default skeleton; `neck_flexion` and `neck_bending` stand for the whole neck."""
    out = dict(angles)
    for name, lower in (("flexion", LOWER_FLEXION), ("bending", LOWER_BENDING)):
        if f"neck_{name}" in out:
            angle = out.pop(f"neck_{name}")
            out |= {f"lower_neck_{name}": lower * angle, f"upper_neck_{name}": (1 - lower) * angle}
    return out


def with_two_halves(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates (F, n) of today's default skeleton; those of a neck of one joint (F, 40) are shared out."""
    if q.shape[1] != _COLUMNS_BEFORE:
        return q
    flexion, bending = q[:, _FLEXION], q[:, _BENDING]
    neck = [
        LOWER_FLEXION * flexion,
        LOWER_BENDING * bending,
        q[:, _ROTATION],
        (1 - LOWER_FLEXION) * flexion,
        (1 - LOWER_BENDING) * bending,
    ]
    return np.concatenate([q[:, :_FLEXION], np.stack(neck, axis=1), q[:, _ROTATION + 1 :]], axis=1)
