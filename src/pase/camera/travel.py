"""A camera that goes from place to place: its turn by the epipolar constraint, and whether it travels at all.

Near things move across the picture by more than far ones when a camera travels, which no turn on one spot explains.
Two rays a, b of one point and the camera's way t obey `bᵀ [t]ₓ R a = 0` whatever the distance of the point; R is
fitted with the direction of t by Sampson's distances, robustly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pase.camera.rotations import cross_matrix, rotation_of_vector, vector_of_rotation
from pase.types import Array

_ROUNDS = 12
_WIDTH = 2.5
_PRIOR_RAD = 0.25
"""Who goes along with somebody keeps them in the picture: between key pictures the camera turns by about so much."""
_AGREES_PX = 0.6
"""Points agree that are within so many pixels of the small picture."""
_FEWEST = 15
_SYSTEMATIC_RAD = np.radians(0.15)


@dataclass(frozen=True, slots=True)
class TravelFit:
    """The turn between two pictures of a camera that travels."""

    R: Array
    """(3, 3)"""
    covariance: Array
    """(3, 3) of a small rotation in the second camera's axes, rad."""
    direction: Array
    """(3,) in which the second camera lies from the first, in the second's axes."""
    agreeing: float
    """Share of the points that agree."""


def fit_travel(
    a: Array, b: Array, starts: Sequence[Array], pixel: float, directions: Sequence[Array] | None = None
) -> TravelFit:
    """Fit turn and direction of travel to rays of the same points in two pictures.

    Parameters
    ----------
    a, b
        (N, 2) rays in focal lengths.
    starts
        (3, 3) guesses of the turn; the best outcome of all is taken, each with several directions.
    pixel
        One pixel of the small picture in the rays' units.
    directions
        (3,) guesses of the direction; those that are met with people who go along when None.
    """
    first, second = (np.column_stack([rays, np.ones(len(rays))]) for rays in (a, b))
    best: tuple[float, Array, Array, Array, Array] | None = None
    for R in starts:
        for direction in _DIRECTIONS if directions is None else directions:
            outcome = _refined(first, second, R, direction, pixel)
            if best is None or outcome[0] < best[0]:
                best = outcome
    assert best is not None
    _, R, t, information, distance = best
    covariance = np.linalg.inv(information)[:3, :3] + np.eye(3) * _SYSTEMATIC_RAD**2
    return TravelFit(R, covariance, t, float((np.abs(distance) < _AGREES_PX * pixel).mean()))


_DIRECTIONS = np.array([[1.0, 0, 0], [0.7, 0, 0.7], [-0.7, 0, 0.7], [0, 0, 1.0], [0.6, 0.5, 0.6]])


def _refined(
    a: Array, b: Array, R: Array, direction: Array, pixel: float
) -> tuple[float, Array, Array, Array, Array]:
    """Robust cost, turn, direction, information (5, 5) and distances (N,) after some rounds from one start."""
    t = direction / np.linalg.norm(direction)
    spread = pixel
    for _ in range(_ROUNDS):
        distance, jacobian, tangent = _sampson(a, b, R, t)
        spread = float(np.clip(np.median(np.abs(distance)) * 1.48, 0.15 * pixel, 3 * pixel))
        weight = np.square(1 / (1 + np.square(distance / (_WIDTH * spread)))) / spread**2
        turned = vector_of_rotation(R)
        information = (jacobian * weight[:, None]).T @ jacobian
        information[:3, :3] += np.eye(3) / _PRIOR_RAD**2
        information += 1e-6 * np.eye(5)
        gradient = jacobian.T @ (weight * distance)
        gradient[:3] += turned / _PRIOR_RAD**2
        step = np.clip(np.linalg.solve(information, -gradient), -0.3, 0.3)
        R = rotation_of_vector(step[:3]) @ R
        t = t + tangent @ step[3:]
        t /= np.linalg.norm(t)
        if np.abs(step).max() < 1e-5:
            break
    width = np.square(_WIDTH * 0.3 * pixel)
    squared = np.square(distance)
    cost = float((width * squared / (width + squared)).sum() / (0.3 * pixel) ** 2)
    cost += float(np.square(vector_of_rotation(R)).sum()) / _PRIOR_RAD**2
    return cost, R, t, information, distance


def _sampson(a: Array, b: Array, R: Array, t: Array) -> tuple[Array, Array, Array]:
    """Distances (N,) in the rays' units, derivatives (N, 5) by a small turn and t, and the tangent (3, 2) of t."""
    turned = a @ R.T
    E = cross_matrix(t) @ R
    line_b, line_a = a @ E.T, b @ E
    norm = np.sqrt(np.square(line_b[:, :2]).sum(1) + np.square(line_a[:, :2]).sum(1)) + 1e-12
    error = np.einsum("ni,ni->n", b, line_b)
    side = np.array([0.0, 1.0, 0.0]) if abs(t[1]) < 0.8 else np.array([1.0, 0.0, 0.0])
    u = np.cross(t, side)
    u /= np.linalg.norm(u)
    tangent = np.stack([u, np.cross(t, u)], axis=1)
    # error = b · (t × Ra); by a small turn w of R: b · (t × (w × Ra)); by t: b · (dt × Ra).
    normal = np.cross(b, t)
    by_turn = np.cross(turned, normal)
    by_way = np.cross(turned, b) @ tangent
    return error / norm, np.column_stack([by_turn, by_way]) / norm[:, None], tangent


def homography_share(a: Array, b: Array, tolerance: float) -> float:
    """Share of the points that one homography brings from picture to picture (RANSAC).

    Whatever the lens and the zoom, the pictures of a camera that turns on one spot are homographies of each other.
    """
    import cv2

    _, inside = cv2.findHomography(a, b, cv2.RANSAC, tolerance, maxIters=300)
    return 0.0 if inside is None else float(inside.mean())
