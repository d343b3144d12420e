"""How a bend of the whole neck is shared between its lower and its upper half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWER_FLEXION, LOWER_BENDING = 91 / 136, 51 / 61
"""The lower neck's part of the ranges of all joints: see `tools/neck.py`."""
_COLUMNS_BEFORE, _FLEXION, _BENDING, _ROTATION = 40, 23, 24, 25
"""Coordinates of the default skeleton while its neck had one joint, and those of that joint."""


def neck_angles(flexion: float, bending: float = 0.0, rotation: float = 0.0) -> dict[str, float]:
    """Coordinates of the default skeleton for a head that is turned so on the chest."""
    return {
        "lower_neck_flexion": LOWER_FLEXION * flexion, "upper_neck_flexion": (1 - LOWER_FLEXION) * flexion,
        "lower_neck_bending": LOWER_BENDING * bending, "upper_neck_bending": (1 - LOWER_BENDING) * bending,
        "neck_rotation": rotation,
    }  # fmt: skip


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
