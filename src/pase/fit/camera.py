"""The unknown camera of the estimator: it stands above the world's origin and looks along −Z.

Only pitch, roll, height and focal length are unknown; where the person stands and faces is in the pelvis'
coordinates, and the world is turned to the person's own heading at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pase.data import Camera
from pase.fit.problem import Linearization

Array = NDArray[np.float64]

MINIMUM_DEPTH_M = 0.1
"""Points nearer than this, or behind the camera, are projected as if they were here."""

_LEVEL = np.diag([1.0, -1.0, -1.0])


def camera_rotation(pitch: float, roll: float) -> tuple[Array, Array, Array]:
    """World → camera rotation (3, 3) and its derivatives by `pitch` (positive looks down) and `roll`, rad."""
    cp, sp, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    dtilt = np.array([[0, 0, 0], [0, -sp, -cp], [0, cp, -sp]])
    turn = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1.0]])
    dturn = np.array([[-sr, -cr, 0], [cr, -sr, 0], [0, 0, 0]])
    return turn @ tilt @ _LEVEL, turn @ dtilt @ _LEVEL, dturn @ tilt @ _LEVEL


def project(at: Linearization, principal_point: Array) -> tuple[Array, Array]:
    """Pixels (T, K, 2) and depths (T, K) in metres of the measured landmarks."""
    pitch, roll, height, log_focal = at.state.shared[at.model.layout.camera]
    rotation = camera_rotation(pitch, roll)[0]
    seen = (at.positions[:, at.measured] - np.array([0.0, height, 0.0])) @ rotation.T
    depth = np.maximum(seen[..., 2], MINIMUM_DEPTH_M)
    pixels = np.exp(log_focal) * seen[..., :2] / depth[..., None] + principal_point
    return pixels, depth


def camera_of(unknowns: Array, principal_point: tuple[float, float], image_size: tuple[int, int]) -> Camera:
    """The camera that the four unknowns stand for, in the estimator's world."""
    pitch, roll, height, log_focal = unknowns
    rotation = camera_rotation(pitch, roll)[0]
    translation = -rotation @ np.array([0.0, height, 0.0])
    return Camera(float(np.exp(log_focal)), principal_point, rotation, translation, image_size)
