"""A camera that goes from place to place: its turn by the epipolar constraint, and whether it travels at all.

Near things move across the picture by more than far ones when a camera travels, which no turn on one spot explains.
Two rays a, b of one point and the camera's way t obey `bᵀ [t]ₓ R a = 0` whatever the distance of the point; R is
fitted with the direction of t by Sampson's distances, robustly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.camera.matches import Matches
from pase.camera.rotations import cross_matrix, rotation_of_vector, vector_of_rotation
from pase.camera.turn import median
from pase.types import Array

_ROUNDS = (4, 3), (8, 1)
"""Rounds of refinement, and how many of the outcomes of all starts are kept after them."""
_WIDTH = 2.5
_CONVERGED = 1e-5
_PRIOR_RAD = 0.25
"""Who goes along with somebody keeps them in the picture: between key pictures the camera turns by about so much."""
_AGREES_PX = 0.6
"""Points agree that are within so many pixels of the small picture."""
_SYSTEMATIC_RAD = np.radians(0.15)


@dataclass(frozen=True, slots=True)
class TravelFit:
    """The turns between P pairs of pictures of a camera that travels."""

    R: Array
    """(P, 3, 3)"""
    covariance: Array
    """(P, 3, 3) of a small rotation in the second camera's axes, rad."""
    direction: Array
    """(P, 3) in which the second camera lies from the first, in the second's axes."""
    agreeing: Array
    """(P,) share of the points that agree."""


_DIRECTIONS = np.array([[1.0, 0, 0], [0.7, 0, 0.7], [-0.7, 0, 0.7], [0, 0, 1.0], [0.6, 0.5, 0.6]])
"""First guesses of the direction: those that are met with people who go along."""


def fit_travel(pairs: Matches, R_turn: Array, pixel: float) -> TravelFit:
    """Fit turn and direction of travel to rays of the same points in two pictures.

    Parameters
    ----------
    pairs
        P pairs of pictures.
    R_turn
        (P, 3, 3) guesses of the turns; no turn is the other guess, and the best outcome of all is taken.
    pixel
        One pixel of the small picture in the rays' units.
    """
    a, b = (
        np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)[:, None]
        for rays in (pairs.rays_key, pairs.rays)
    )
    R = np.stack([np.broadcast_to(np.eye(3), R_turn.shape), R_turn], axis=1)
    R = np.repeat(R, len(_DIRECTIONS), axis=1)
    t = np.broadcast_to(np.tile(_DIRECTIONS, (2, 1)), R.shape[:-1])
    for rounds, kept in _ROUNDS:
        cost, *outcome = _refined(a, b, pairs.counts[:, None], R, t, pixel, rounds)
        best = np.arange(len(pairs))[:, None], np.argsort(cost, axis=1)[:, :kept]
        R, t, information, distance = (values[best] for values in outcome)
    R, t, information, distance = R[:, 0], t[:, 0], information[:, 0], distance[:, 0]
    covariance = np.linalg.inv(information)[:, :3, :3] + np.eye(3) * _SYSTEMATIC_RAD**2
    near = (np.abs(distance) < _AGREES_PX * pixel) & pairs.counts
    return TravelFit(R, covariance, t, near.sum(1) / np.maximum(pairs.counts.sum(1), 1))


def _refined(
    a: Array, b: Array, counts: NDArray[np.bool_], R: Array, t: Array, pixel: float, rounds: int
) -> tuple[Array, Array, Array, Array, Array]:
    """Robust cost (P, S), turn, direction, information (P, S, 5, 5) and distances (P, S, N) from S starts each."""
    t = t / np.linalg.norm(t, axis=-1, keepdims=True)
    for _ in range(rounds):
        distance, jacobian, tangent = _sampson(a, b, R, t)
        spread = np.clip(median(np.abs(distance), counts) * 1.48, 0.15 * pixel, 3 * pixel)[..., None]
        weight = counts * np.square(1 / (1 + np.square(distance / (_WIDTH * spread)))) / spread**2
        weighted = (jacobian * weight[..., None]).swapaxes(-1, -2)
        information = weighted @ jacobian + np.diag([1 / _PRIOR_RAD**2 + 1e-6] * 3 + [1e-6] * 2)
        gradient = (weighted @ distance[..., None])[..., 0]
        gradient[..., :3] += vector_of_rotation(R) / _PRIOR_RAD**2
        step = np.clip(-np.linalg.solve(information, gradient[..., None])[..., 0], -0.3, 0.3)
        R = rotation_of_vector(step[..., :3]) @ R
        t = t + (tangent @ step[..., 3:, None])[..., 0]
        t /= np.linalg.norm(t, axis=-1, keepdims=True)
        if np.abs(step).max(initial=0.0) < _CONVERGED:
            break
    width, squared = np.square(_WIDTH * 0.3 * pixel), np.square(distance)
    cost = (counts * (width * squared / (width + squared))).sum(-1) / (0.3 * pixel) ** 2
    cost += np.square(vector_of_rotation(R)).sum(-1) / _PRIOR_RAD**2
    return cost, R, t, information, distance


def _sampson(a: Array, b: Array, R: Array, t: Array) -> tuple[Array, Array, Array]:
    """Distances (..., N) in the rays' units, derivatives (..., N, 5) by turn and t, and the tangents of t."""
    turned = a @ R.swapaxes(-1, -2)
    E = cross_matrix(t) @ R
    line_b, line_a = a @ E.swapaxes(-1, -2), b @ E
    norm = np.sqrt(np.square(line_b[..., :2]).sum(-1) + np.square(line_a[..., :2]).sum(-1)) + 1e-12
    side = np.where(np.abs(t[..., 1:2]) < 0.8, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    u = np.cross(t, side)
    u /= np.linalg.norm(u, axis=-1, keepdims=True)
    tangent = np.stack([u, np.cross(t, u)], axis=-1)
    # distance = b · (t × Ra); by a small turn w of R: b · (t × (w × Ra)); by t: b · (dt × Ra).
    by_turn = np.cross(turned, b @ cross_matrix(t))
    by_way = np.cross(turned, b) @ tangent
    derivatives = np.concatenate([by_turn, by_way], axis=-1) / norm[..., None]
    return (b * line_b).sum(-1) / norm, derivatives, tangent


def homography_share(a: Array, b: Array, tolerance: float) -> float:
    """Share of the points that one homography brings from picture to picture (RANSAC).

    Whatever the lens and the zoom, the pictures of a camera that turns on one spot are homographies of each other.
    """
    import cv2

    _, inside = cv2.findHomography(a, b, cv2.RANSAC, tolerance, maxIters=300)
    return 0.0 if inside is None else float(inside.mean())
