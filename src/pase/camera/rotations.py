"""Small helpers for rotation matrices and vectors."""

from __future__ import annotations

import numpy as np

from pase.types import Array

_SMALL = 1e-9


def cross_matrix(vectors: Array) -> Array:
    """(..., 3, 3) matrices of the cross products with vectors (..., 3)."""
    out = np.zeros((*vectors.shape, 3))
    out[..., 2, 1], out[..., 0, 2], out[..., 1, 0] = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return out - out.swapaxes(-1, -2)


def rotation_of_vector(vectors: Array) -> Array:
    """(..., 3, 3) rotations about vectors (..., 3) by their length in rad."""
    from scipy.spatial.transform import Rotation  # too slow to import for every start

    matrices = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix()
    return np.asarray(matrices).reshape(*vectors.shape, 3)


def left_jacobian(vectors: Array) -> Array:
    """(..., 3, 3) small rotations, applied last, by small changes of rotation vectors (..., 3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    k = cross_matrix(vectors)
    small = angle < _SMALL
    safe = np.where(small, 1.0, angle)
    first = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    second = np.where(small, 1 / 6, (safe - np.sin(safe)) / safe**3)
    return np.eye(3) + first * k + second * (k @ k)


def vector_of_rotation(rotations: Array) -> Array:
    """(..., 3) rotation vectors in rad of rotations (..., 3, 3)."""
    from scipy.spatial.transform import Rotation

    vectors = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_rotvec()
    return np.asarray(vectors).reshape(rotations.shape[:-1])


def mean_rotation(rotations: Array) -> Array:
    """(3, 3) mean of rotations (N, 3, 3): the one with the least squared distances of the matrices."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(rotations).mean().as_matrix())
