"""The focal length from a turning camera: how far points shift across the picture depends on it."""

import numpy as np

from pase.camera.correspondences import Correspondences
from pase.camera.turn import Turn, fit_turn, ray_derivatives

_ROUNDS = 14
_LARGEST_STEP, _CONVERGED, _ABOUT_RAD = 0.2, 4e-3, 1e-4
"""Longest step of the log focal length; the step below which it has converged; and the step, rad, to which turns
are fitted for each focal length that is tried."""
LONGEST_LOG_FACTOR = 1.6
"""No lens is longer than five times the usual one, a view of 14°, as far as a pan can show."""
_POINT_NOISE_PX = 0.12
"""Standard deviation of a followed corner over a long way, pixels of the small picture."""
_MODEL_LOG_SIGMA, _MODEL_RAD = 0.03, np.radians(0.7)
"""A lens is not the pinhole that is assumed, and the background not at rest: that changes the answer by some percent
for a wide turn, and by as much as the second over the turn for a small one."""
_KEPT_APART = 3.0
"""Number of pairs that count as one, as the errors of a pair's points are alike."""


def focal_from_turns(pairs: Correspondences, pixel: float, zooming: bool) -> tuple[float, float]:
    """Factor by which the guessed focal length must be multiplied, and the standard deviation of its logarithm.

    Parameters
    ----------
    pairs
        Pairs of pictures far enough apart to determine the lens.
    pixel
        One pixel of the small picture in the rays' units.
    zooming
        Whether the second picture of a pair may be zoomed beside the first.

    Returns
    -------
    factor, log_sigma
        A large `log_sigma` where the camera hardly turned.
    """
    if not len(pairs):
        return 1.0, np.inf
    log_factor, information = 0.0, 0.0
    turn = Turn(np.tile(np.eye(3), (len(pairs), 1, 1)), np.zeros(len(pairs)))
    for _ in range(_ROUNDS):
        shrink = float(np.exp(-log_factor))
        turn, information, slope = _by_focal_length(pairs.scaled(shrink), turn, pixel * shrink, zooming)
        step, before = float(np.clip(-slope / information, -_LARGEST_STEP, _LARGEST_STEP)), log_factor
        log_factor = float(np.clip(log_factor + step, -0.7, LONGEST_LOG_FACTOR))
        if abs(log_factor - before) < _CONVERGED:
            break
    angles = np.arccos(np.clip(turn.R_camera_reference[:, 2, 2], -1, 1))
    model = np.hypot(_MODEL_LOG_SIGMA, _MODEL_RAD / max(float(angles.max()), 1e-6))
    return float(np.exp(log_factor)), float(np.hypot(np.sqrt(_KEPT_APART / information), model))


def _by_focal_length(
    pairs: Correspondences, start: Turn, pixel: float, zooming: bool
) -> tuple[Turn, float, float]:
    """The turns of the pairs under a focal length, and information and slope for the logarithm of that."""
    ones = np.ones((*pairs.counts.shape, 1))
    directions = np.concatenate([pairs.rays_key, ones], axis=-1)
    fit = fit_turn(directions, pairs.rays, start, _POINT_NOISE_PX * pixel, zooming, pairs.counts, _ABOUT_RAD)
    R, zoom = fit.turn.R_camera_reference, np.exp(fit.turn.log_zoom)[:, None, None]
    p = directions @ R.swapaxes(1, 2)
    rays = p[..., :2] / p[..., 2:]
    # A longer focal length shrinks all rays: d ray / d log f = −ray for both pictures.
    moved = -(pairs.rays_key @ R[:, :, :2].swapaxes(1, 2))
    by_focal = zoom * (moved[..., :2] - rays * moved[..., 2:]) / p[..., 2:] + pairs.rays
    J = zoom[..., None] * ray_derivatives(rays)[..., : 4 if zooming else 3]
    weight = (fit.weight / np.square(fit.spread)[:, None])[..., None] * np.ones(2)
    J, w = J.reshape(len(p), -1, J.shape[-1]), weight.reshape(len(p), -1, 1)
    errors = np.stack([by_focal, zoom * rays - pairs.rays], axis=-1).reshape(len(p), -1, 2)
    cross = J.swapaxes(1, 2) @ (w * errors)
    normal = J.swapaxes(1, 2) @ (w * J) + 1e-9 * np.eye(J.shape[-1])
    products = errors[..., :1].swapaxes(1, 2) @ (w * errors)
    products -= cross[..., :1].swapaxes(1, 2) @ np.linalg.solve(normal, cross)
    information, slope = products[:, 0].sum(0)
    return fit.turn, float(information) + 1e-9, float(slope)
