"""Small helpers for rotation matrices and vectors."""

import numpy as np

from pase.anatomy.joints import quaternions
from pase.types import Array

_SMALL = 1e-8
"""Squared angles below which series are cut off after their first term."""


def cross_matrix(vectors: Array) -> Array:
    """(..., 3, 3) matrices of the cross products with vectors (..., 3)."""
    out = np.zeros((*vectors.shape, 3))
    out[..., 2, 1], out[..., 0, 2], out[..., 1, 0] = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return out - out.swapaxes(-1, -2)


def rotation_of_vector(vectors: Array) -> Array:
    """(..., 3, 3) rotations about vectors (..., 3) by their length in rad (Rodrigues' formula).

    SciPy's take five times as long for few vectors, and the turns of a film are fitted frame by frame.
    """
    sine, cosine = _shares(vectors)
    k = cross_matrix(vectors)
    return np.asarray(np.eye(3) + sine * k + cosine * (k @ k))


def left_jacobian(vectors: Array) -> Array:
    """(..., 3, 3) small rotations, applied last, by small changes of rotation vectors (..., 3)."""
    sine, cosine = _shares(vectors)
    k = cross_matrix(vectors)
    squared = np.square(vectors).sum(-1)[..., None, None]
    rest = np.where(squared > _SMALL, (1 - sine) / np.maximum(squared, _SMALL), 1 / 6)
    return np.asarray(np.eye(3) + cosine * k + rest * (k @ k))


def _shares(vectors: Array) -> tuple[Array, Array]:
    """(..., 1, 1) sin a / a and (1 − cos a) / a² for the lengths a of vectors (..., 3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    return np.sinc(angle / np.pi), 0.5 * np.square(np.sinc(angle / (2 * np.pi)))


def vector_of_rotation(rotations: Array) -> Array:
    """(..., 3) rotation vectors in rad, at most π long, of rotations (..., 3, 3)."""
    q = quaternions(rotations)
    axis, cosine = q[..., :3] * np.where(q[..., 3:] < 0, -1, 1), np.abs(q[..., 3:])
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    return np.asarray(2 * np.arctan2(sine, cosine) / np.maximum(sine, 1e-300) * axis)


def mean_rotation(rotations: Array) -> Array:
    """(3, 3) mean of rotations (N, 3, 3): the one with the least squared distances of the matrices."""
    left, _, right = np.linalg.svd(rotations.sum(0))
    left[:, 2] *= np.linalg.det(left @ right)
    return np.asarray(left @ right)
