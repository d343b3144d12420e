"""The focal length from a camera that turns: far points move across the picture as the lens spreads angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pase.camera.turn import Turn, fit_turn, ray_derivatives
from pase.types import Array

_ROUNDS = 14
_LARGEST_STEP, _CONVERGED = 0.2, 4e-3
LONGEST_LOG_FACTOR = 1.6
"""No lens is longer than five times the usual one, a view of 14°, as far as can be told from a pan."""
_POINT_NOISE_PX = 0.12
"""Standard deviation of a followed corner over a long way, pixels of the small picture."""
_MODEL_LOG_SIGMA, _MODEL_RAD = 0.03, np.radians(0.7)
"""A lens is not the pinhole that is assumed, and the background not at rest: that changes the answer by some percent
for a wide turn, and by as much as the second over the turn for a small one."""
_KEPT_APART = 3.0
"""The errors of a pair's points are alike: so many pairs tell no more than one."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Points of the background seen in two pictures far enough apart to tell of the lens."""

    rays_key: Array
    """(N, 2) in the first picture, in units of its guessed focal length."""
    rays: Array
    """(N, 2) in the second one, in the same units."""


def focal_from_turns(pairs: Sequence[Matches], pixel: float, zooming: bool) -> tuple[float, float]:
    """Factor by which the guessed focal length must be multiplied, and the standard deviation of its logarithm.

    Parameters
    ----------
    pairs
        Pairs of pictures.
    pixel
        One pixel of the small picture in the rays' units.
    zooming
        Whether the second picture of a pair may be zoomed beside the first.

    Returns
    -------
    factor, log_sigma
        A large `log_sigma` where the camera hardly turned.
    """
    log_factor, information = 0.0, 0.0
    starts = [Turn(np.eye(3), 0.0)] * len(pairs)
    for _ in range(_ROUNDS):
        information, slope = 1e-9, 0.0
        for number, pair in enumerate(pairs):
            starts[number], pair_information, pull = _told_by(
                pair, log_factor, starts[number], pixel, zooming
            )
            information, slope = information + pair_information, slope + pull
        step = float(np.clip(-slope / information, -_LARGEST_STEP, _LARGEST_STEP))
        log_factor = float(np.clip(log_factor + step, -0.7, LONGEST_LOG_FACTOR))
        if abs(step) < _CONVERGED:
            break
    angles = [np.arccos(np.clip(turn.R_camera_reference[2, 2], -1, 1)) for turn in starts]
    widest = float(np.max(angles, initial=1e-6))
    model = np.hypot(_MODEL_LOG_SIGMA, _MODEL_RAD / widest)
    return float(np.exp(log_factor)), float(np.hypot(np.sqrt(_KEPT_APART / information), model))


def _told_by(
    pair: Matches, log_factor: float, start: Turn, pixel: float, zooming: bool
) -> tuple[Turn, float, float]:
    """The turn of a pair under a focal length, and its information and slope for the logarithm of that."""
    shrink = np.exp(-log_factor)
    a, b = pair.rays_key * shrink, pair.rays * shrink
    noise = _POINT_NOISE_PX * pixel * shrink
    directions = np.column_stack([a, np.ones(len(a))])
    fit = fit_turn(directions, b, start, noise, zooming)
    p = directions @ fit.turn.R_camera_reference.T
    R, factor = fit.turn.R_camera_reference, np.exp(fit.turn.log_zoom)
    ray = p[:, :2] / p[:, 2:]
    residual = factor * ray - b
    # A longer focal length shrinks all rays: d ray / d log f = −ray for both pictures.
    moved = -(a @ R[:, :2].T)
    by_focal = factor * (moved[:, :2] - ray * moved[:, 2:]) / p[:, 2:] + b
    by_turn = ray_derivatives(ray, factor)[..., : 4 if zooming else 3]
    weight = (fit.weight / np.square(fit.spread))[:, None]
    J, r, g = by_turn.reshape(-1, by_turn.shape[-1]), residual.ravel(), by_focal.ravel()
    w = np.repeat(weight, 2, axis=1).ravel()
    cross = J.T @ (w * g)
    normal = J.T @ (w[:, None] * J) + 1e-9 * np.eye(J.shape[1])
    solved = np.linalg.solve(normal, np.column_stack([cross, J.T @ (w * r)]))
    return fit.turn, float(g @ (w * g) - cross @ solved[:, 0]), float(g @ (w * r) - cross @ solved[:, 1])
