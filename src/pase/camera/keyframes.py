"""Turns of a shot's keyframes, by least squares over all links between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.turn import Turn
from pase.types import Array, Indices

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

_ROUNDS = 6
_WIDTH = 4.0
"""Disagreement of a link in standard deviations from which on it counts less (Geman and McClure): a link that was
matched wrongly must not bend the others."""
_MOST_FOR_VARIANCE = 400
"""With more keyframes than this only the links' own errors are used: each column of the inverse costs time."""


@dataclass(frozen=True, slots=True)
class KeyLink:
    """What is measured between two keyframes."""

    first: int
    second: int
    R_second_first: Array
    log_zoom: float
    """Log zoom of the second less that of the first."""
    covariance: Array
    """(4, 4) of a small rotation in the second's axes, rad, and of the log zoom."""


def _sparse_rows(blocks: Sequence[tuple[Array, Indices]], count: int) -> csc_matrix:
    """(4 L, 4 (K − 1)) derivatives of L links, from blocks (L, 4, 4) by the keyframe (L,) at one end of each.

    The first keyframe stays as it is and has no columns.
    """
    from scipy.sparse import coo_matrix

    links = len(blocks[0][0])
    rows = np.broadcast_to(4 * np.arange(links)[:, None, None] + np.arange(4)[:, None], (links, 4, 4))
    columns = [np.broadcast_to(4 * end[:, None, None] + np.arange(4), rows.shape) for _, end in blocks]
    values = np.concatenate([block.ravel() for block, _ in blocks])
    places = (np.tile(rows.ravel(), len(blocks)), np.concatenate([c.ravel() for c in columns]))
    return coo_matrix((values, places), shape=(4 * links, 4 * count)).tocsc()[:, 4:]


def adjust_turns(turns: Sequence[Turn], links: Sequence[KeyLink], shares: Array) -> tuple[list[Turn], Array]:
    """Keyframes' turns by weighted least squares over the links; the first one stays as it is.

    Parameters
    ----------
    turns
        K first guesses.
    shares
        (K,) weight of each in the mean view, such as the number of its frames.

    Returns
    -------
    turns : list
        The best turns.
    variance : (K, 4)
        Of a small rotation of each in camera axes, rad², and of its log zoom, beside the mean view: what all are
        wrong by alike is no error of the camera's motion.
    """
    from scipy.sparse.linalg import splu

    count = len(turns)
    if count < 2 or not links:
        return list(turns), np.zeros((count, 4))
    first, second = (np.array([getattr(link, end) for link in links]) for end in ("first", "second"))
    whiten = np.linalg.inv(np.linalg.cholesky(np.array([link.covariance for link in links])))
    R = np.array([turn.R_camera_reference for turn in turns])
    log_zoom = np.array([turn.log_zoom for turn in turns])
    measured = np.array([link.R_second_first for link in links]), np.array([link.log_zoom for link in links])
    for _ in range(_ROUNDS):
        forward = R[second] @ R[first].transpose(0, 2, 1)
        off = np.empty((len(links), 4))
        off[:, :3] = vector_of_rotation(forward @ measured[0].transpose(0, 2, 1))
        off[:, 3] = log_zoom[second] - log_zoom[first] - measured[1]
        off = np.einsum("lij,lj->li", whiten, off)
        root = 1.0 / (1.0 + np.square(off).sum(1) / _WIDTH**2)
        by_second = whiten * root[:, None, None]
        turned = np.zeros((len(links), 4, 4))
        turned[:, :3, :3], turned[:, 3, 3] = -forward, -1.0
        by_first = by_second @ turned
        J = _sparse_rows([(by_first, first), (by_second, second)], count)
        factor = splu((J.T @ J).tocsc())
        step = factor.solve(-(J.T @ (off * root[:, None]).ravel())).reshape(-1, 4)
        R[1:] = rotation_of_vector(step[:, :3]) @ R[1:]
        log_zoom[1:] += step[:, 3]
    variance = np.zeros((count, 4))
    if count <= _MOST_FOR_VARIANCE:
        covariance = np.zeros((count, 4, count, 4))
        covariance[1:, :, 1:] = factor.solve(np.eye(4 * (count - 1))).reshape(count - 1, 4, count - 1, 4)
        variance = _beside_mean(covariance, R, shares)
    return [Turn(R[k], float(log_zoom[k])) for k in range(count)], variance


def _beside_mean(covariance: Array, R: Array, shares: Array) -> Array:
    """(K, 4) variances beside the mean view, of covariances (K, 4, K, 4) beside the first; both in camera axes."""
    to_common = np.zeros((len(R), 4, 4))
    to_common[:, :3, :3], to_common[:, 3, 3] = R.swapaxes(1, 2), 1.0
    common = np.einsum("iac,icjd,jbd->iajb", to_common, covariance, to_common, optimize=True)
    with_mean = np.einsum("j,iajb->iab", shares / shares.sum(), common)
    of_mean = np.einsum("i,iab->ab", shares / shares.sum(), with_mean)
    of_keyframe = np.einsum("iaib->iab", common) - with_mean - with_mean.swapaxes(1, 2) + of_mean
    return np.asarray(np.maximum(np.einsum("iba,ibc,ica->ia", to_common, of_keyframe, to_common), 0.0))
