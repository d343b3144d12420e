"""A turn of the camera about its lens and a zoom, fitted robustly to points of the background."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.camera.rotations import rotation_of_vector
from pase.types import Array

_ROUNDS = 8
_WIDTH = 2.5
"""Residuals, in their own spread, from which on the loss of Geman and McClure lets a point go."""
_CONVERGED = 2e-5
"""Largest step, rad and log zoom, of a fit that has come to its end."""
_LARGEST_STEP, _LARGEST_ZOOM = 0.3, 1.5
"""Largest step, rad and log zoom, and the log of the largest zoom from the start: where few points agree, more leads
nowhere."""
_UNKNOWNS = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a picture looks beside a reference: `ray = zoom · project(R_camera_reference @ ray_reference)`.

    `...` stands for the number of pictures, or for nothing where there is only one.
    """

    R_camera_reference: Array
    """(..., 3, 3)"""
    log_zoom: Array | float
    """(...) logarithm of the focal length in units of the reference's."""

    def rays(self, rays_reference: Array) -> Array:
        """(..., N, 2) rays in the picture, in units of the reference's focal length, of (..., N, 3) directions."""
        p_camera = rays_reference @ np.swapaxes(self.R_camera_reference, -1, -2)
        return self._zoom * p_camera[..., :2] / np.maximum(p_camera[..., 2:], _NEAREST)

    def directions(self, rays: Array) -> Array:
        """(..., N, 3) directions in the reference camera's axes of (..., N, 2) rays in the picture."""
        ones = np.ones((*rays.shape[:-1], 1))
        return np.concatenate([rays / self._zoom, ones], axis=-1) @ self.R_camera_reference

    @property
    def _zoom(self) -> Array:
        return np.asarray(np.exp(np.asarray(self.log_zoom, float))[..., None, None])


@dataclass(frozen=True, slots=True)
class TurnFit:
    """A fitted turn and how sure it is; for each of several pictures, or of one."""

    turn: Turn
    covariance: Array
    """(..., 4, 4) of a small rotation in camera axes, rad, and of the log zoom."""
    weight: Array
    """(..., N) weight of each point in the fit, 0 to 1."""
    spread: Array
    """(...) standard deviation of the points that count, in the rays' units."""

    @property
    def agreeing(self) -> NDArray[np.bool_]:
        """(..., N) points that move with the background."""
        return self.weight > _AGREES


def turned_by(a: Turn, b: Turn) -> tuple[float, float, float]:
    """Angle between the lines of sight of two turns, rad, the roll between them, rad, and the log of the zoom."""
    R = a.R_camera_reference @ b.R_camera_reference.T
    roll = float(np.arctan2(R[1, 0] - R[0, 1], R[0, 0] + R[1, 1]))
    angle = float(np.arctan2(np.hypot(R[0, 2], R[1, 2]), R[2, 2]))
    return angle, roll, float(a.log_zoom - b.log_zoom)


NO_TURN = Turn(np.eye(3), 0.0)
_NEAREST = 1e-3
_AGREES = 0.25


def fit_turn(
    directions: Array,
    rays: Array,
    start: Turn,
    least_spread: float,
    zooming: bool = True,
    counts: NDArray[np.bool_] | None = None,
    converged: float = _CONVERGED,
) -> TurnFit:
    """Fit the turn that brings directions of the reference to their places in the picture, by iterated least squares.

    Parameters
    ----------
    directions
        (..., N, 3) of points of the background in the reference camera's axes.
    rays
        (..., N, 2) where the points are in the picture, in units of the reference's focal length.
    start
        A guess under which most of the points that belong to the background are within a few spreads.
    least_spread
        Standard deviation of a point that is to be expected at least, in the rays' units.
    zooming
        False holds the zoom at the start's.
    counts
        (..., N) false for what only fills the rows of several pictures up to one length; all points when None.
    converged
        Largest step, rad and log zoom, with which the fit ends.

    Returns
    -------
    TurnFit
        The turn of least robust cost near the start (Geman and McClure's loss; its width follows the spread of the
        residuals, so that few of many wild points are enough to count as wild).
    """
    turn, counts = start, np.ones(rays.shape[:-1], bool) if counts is None else counts
    rows = *rays.shape[:-2], 2 * rays.shape[-2]
    for _ in range(_ROUNDS):
        jacobian, residual = _linearized(directions, rays, turn)
        squared = np.square(residual).sum(-1)
        # 1.386 is the median of a squared distance in the plane in units of the variance along an axis.
        spread = np.maximum(np.sqrt(median(squared, counts) / 1.386), least_spread)
        weight = counts * np.square(1.0 / (1.0 + squared / np.square(_WIDTH * spread)[..., None]))
        if not zooming:
            jacobian[..., 3] = 0.0
        weighted = (jacobian * weight[..., None, None]).reshape(*rows, _UNKNOWNS).swapaxes(-1, -2)
        information = weighted @ jacobian.reshape(*rows, _UNKNOWNS) + 1e-9 * np.eye(_UNKNOWNS)
        step = -np.linalg.solve(information, weighted @ residual.reshape(*rows, 1))[..., 0]
        step = step.clip(-_LARGEST_STEP, _LARGEST_STEP)
        log_zoom = np.clip(
            turn.log_zoom + step[..., 3], start.log_zoom - _LARGEST_ZOOM, start.log_zoom + _LARGEST_ZOOM
        )
        turn = Turn(rotation_of_vector(step[..., :3]) @ turn.R_camera_reference, log_zoom)
        if np.abs(step).max(initial=0.0) < converged:
            break
    covariance = np.square(spread)[..., None, None] * np.linalg.inv(information)
    if not zooming:
        covariance[..., 3, 3] = 0.0
    return TurnFit(turn, covariance, weight, spread)


def median(values: Array, counts: NDArray[np.bool_]) -> Array:
    """(...) the median of those of (..., N) values that count; the value above it where their number is even."""
    ordered = np.sort(np.where(counts, values, np.inf), axis=-1)
    middle = np.maximum(counts.sum(-1, keepdims=True) // 2, 0)
    return np.asarray(np.take_along_axis(ordered, middle, -1)[..., 0])


def _linearized(directions: Array, rays: Array, turn: Turn) -> tuple[Array, Array]:
    """Derivatives (..., N, 2, 4) of the residuals by a small rotation and the log zoom, and residuals (..., N, 2)."""
    p = directions @ np.swapaxes(turn.R_camera_reference, -1, -2)
    zoom = np.exp(np.asarray(turn.log_zoom, float))[..., None, None]
    rays_camera = p[..., :2] / np.maximum(p[..., 2:], _NEAREST)
    return zoom[..., None] * ray_derivatives(rays_camera), zoom * rays_camera - rays


def ray_derivatives(rays: Array) -> Array:
    """(..., 2, 4) derivatives of rays (..., 2) by a small rotation in camera axes, rad, and by the log zoom."""
    x, y = rays[..., 0], rays[..., 1]
    out = np.empty((*rays.shape, _UNKNOWNS))
    out[..., 0, 0], out[..., 0, 1], out[..., 0, 2], out[..., 0, 3] = -x * y, 1 + x * x, -y, x
    out[..., 1, 0], out[..., 1, 1], out[..., 1, 2], out[..., 1, 3] = -(1 + y * y), x * y, x, y
    return out


def start_from_shift(directions: Array, rays: Array, expected: Turn, tolerance: float) -> Turn | None:
    """A guess from the shift, turn and size on which most of the points agree (RANSAC); None where none do.

    Parameters
    ----------
    directions, rays
        As for `fit_turn`.
    expected
        About where the picture looks: the shift is that from there.
    tolerance
        Distance up to which a point agrees, in the rays' units.
    """
    import cv2

    before = expected.rays(directions)
    matrix, inside = cv2.estimateAffinePartial2D(
        before, rays, method=cv2.RANSAC, ransacReprojThreshold=tolerance, maxIters=300, refineIters=2
    )
    if matrix is None or inside is None or inside.sum() < _UNKNOWNS:
        return None
    a, b = float(matrix[0, 0]), float(matrix[1, 0])
    x, y = matrix[0, 2], matrix[1, 2]
    step = np.array([-y, x, np.arctan2(b, a)]) * np.array([np.exp(-float(expected.log_zoom))] * 2 + [1.0])
    rotation = rotation_of_vector(step) @ expected.R_camera_reference
    return Turn(rotation, expected.log_zoom + float(np.log(np.hypot(a, b))))
