"""Turn and way of a travelling camera between two pictures, by the epipolar constraint.

Near things move across the picture by more than far ones when a camera travels, which no turn on one spot explains.
Two rays a, b of one point and the camera's way t obey `bᵀ [t]ₓ R a = 0` whatever the distance of the point; R is
fitted with the direction of t by Sampson's distances, robustly.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pase.camera.correspondences import Correspondences
from pase.camera.matching import POINT_NOISE_PX
from pase.camera.rotations import cross_matrix, rotation_of_vector, vector_of_rotation
from pase.camera.turn import median
from pase.types import Array, Indices

_ROUNDS = 12
_WIDTH = 2.5
_CONVERGED = 1e-5
_PRIOR_RAD = 0.25
"""About how much a camera turns between keyframes when it follows somebody and keeps them in the picture."""
_AGREES_PX = 0.6
"""Points agree that are within so many pixels of the small picture."""
_SYSTEMATIC_RAD = np.radians(0.15)
_WHIRL_RAD_S, _SWERVE_RAD = 0.35, 0.5
"""How fast a carried camera turns, and how much its direction of travel changes from picture to picture."""


@dataclass(frozen=True, slots=True)
class TravelFit:
    """Turns between P pairs of pictures of a camera that travels: for each pair the outcomes of S starts."""

    cost: Array
    """(P, S) robust cost in squared standard deviations."""
    R: Array
    """(P, S, 3, 3)"""
    covariance: Array
    """(P, S, 3, 3) of a small rotation in the second camera's axes, rad."""
    direction: Array
    """(P, S, 3) in which the second camera lies from the first, in the second's axes; its sign is open."""
    agreeing: Array
    """(P, S) share of the points that agree."""

    def likeliest(self, time: Array, key: Indices) -> Indices:
        """(P,) the outcomes that follow one another best: a camera neither whirls round nor changes its way at once.

        A turn and a way can be taken for one another before far or flat things: the least cost of a single pair is
        now and then that of a wrong outcome.

        Parameters
        ----------
        time
            (P,) seconds of the second pictures, increasing.
        key
            (P,) number of the first picture of each pair.
        """
        if not len(time):
            return np.zeros(0, np.intp)
        total, back = self.cost[0], np.zeros(self.cost.shape, np.intp)
        for n in range(1, len(time)):
            before = self.R[n - 1] if key[n] == key[n - 1] else np.eye(3)[None]
            step = vector_of_rotation(self.R[n][:, None] @ before.swapaxes(1, 2))
            change = np.square(step).sum(-1) / np.square(_WHIRL_RAD_S * (time[n] - time[n - 1]))
            aligned = np.abs(self.direction[n] @ self.direction[n - 1].T)
            through = total + change + 2 * (1 - aligned) / _SWERVE_RAD**2
            back[n] = through.argmin(1)
            total = through.min(1) + self.cost[n]
        outcomes = [int(total.argmin())]
        for row in back[:0:-1]:
            outcomes.append(int(row[outcomes[-1]]))
        return np.array(outcomes[::-1])

    def beside(self, other: TravelFit) -> TravelFit:
        """The outcomes of both, of the same pairs."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return TravelFit(*(np.concatenate(arrays, axis=1) for arrays in pairs))

    def take(self, outcomes: Indices) -> TravelFit:
        """The fit with one outcome (P,) of each pair, without the axis of outcomes."""
        rows = np.arange(len(outcomes)), outcomes
        return TravelFit(*(getattr(self, field.name)[rows] for field in fields(self)))


_DIRECTIONS = np.array([[1.0, 0, 0], [0.7, 0, 0.7], [-0.7, 0, 0.7], [0, 0, 1.0], [0.6, 0.5, 0.6]])
"""First guesses of the direction: those of people who walk along."""


def usual_starts(R_turn: Array) -> tuple[Array, Array]:
    """Turns (P, S, 3, 3) and directions (P, S, 3) to start from: no turn and the guesses (P, 3, 3), each way."""
    R = np.stack([np.broadcast_to(np.eye(3), R_turn.shape), R_turn], axis=1)
    R = np.repeat(R, len(_DIRECTIONS), axis=1)
    return R, np.broadcast_to(np.tile(_DIRECTIONS, (2, 1)), R.shape[:-1])


def fit_travel(pairs: Correspondences, R: Array, direction: Array, pixel: float) -> TravelFit:
    """Fit turn and direction of travel to rays of the same points in two pictures.

    Parameters
    ----------
    pairs
        P pairs of pictures.
    R, direction
        (P, S, 3, 3) turns and (P, S, 3) directions to start from.
    pixel
        One pixel of the small picture in the rays' units.
    """
    a, b = (
        np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=-1)[:, None]
        for rays in (pairs.rays_key, pairs.rays)
    )
    counts = pairs.counts[:, None]
    cost, R, t, information, distance = _refined(a, b, counts, R, direction, pixel)
    covariance = np.linalg.inv(information)[..., :3, :3] + np.eye(3) * _SYSTEMATIC_RAD**2
    near = (np.abs(distance) < _AGREES_PX * pixel) & counts
    return TravelFit(cost, R, covariance, t, near.sum(-1) / np.maximum(counts.sum(-1), 1))


def _refined(
    a: Array, b: Array, counts: NDArray[np.bool_], R: Array, t: Array, pixel: float
) -> tuple[Array, Array, Array, Array, Array]:
    """Robust cost (P, S), turn, direction, information (P, S, 5, 5) and distances (P, S, N) from S starts each."""
    t = t / np.linalg.norm(t, axis=-1, keepdims=True)
    for _ in range(_ROUNDS):
        distance, jacobian, tangent = _sampson(a, b, R, t)
        spread = np.clip(median(np.abs(distance), counts) * 1.48, POINT_NOISE_PX * pixel, 3 * pixel)[
            ..., None
        ]
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
