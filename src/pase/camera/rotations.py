"""Small helpers for rotation matrices and vectors."""

from __future__ import annotations

import numpy as np

from pase.types import Array

_SMALL = 1e-9


def cross_matrix(vectors: Array) -> Array:
    """(..., 3, 3) matrices of the cross products with vectors (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    out = np.zeros((*vectors.shape, 3))
    out[..., 0, 1], out[..., 0, 2], out[..., 1, 2] = -z, y, -x
    out[..., 1, 0], out[..., 2, 0], out[..., 2, 1] = z, -y, x
    return out


def rotation_of_vector(vectors: Array) -> Array:
    """(..., 3, 3) rotations about vectors (..., 3) by their length in rad (Rodrigues' formula)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    k = cross_matrix(vectors)
    small = angle < _SMALL
    safe = np.where(small, 1.0, angle)
    first = np.where(small, 1.0, np.sin(safe) / safe)
    second = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    rotation: Array = np.eye(3) + first * k + second * (k @ k)
    return rotation


def left_jacobian(vectors: Array) -> Array:
    """(..., 3, 3) small rotations, applied last, by small changes of rotation vectors (..., 3)."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    k = cross_matrix(vectors)
    small = angle < _SMALL
    safe = np.where(small, 1.0, angle)
    first = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    second = np.where(small, 1 / 6, (safe - np.sin(safe)) / safe**3)
    jacobian: Array = np.eye(3) + first * k + second * (k @ k)
    return jacobian


def vector_of_rotation(rotations: Array) -> Array:
    """(..., 3) rotation vectors in rad of rotations (..., 3, 3), by unit quaternions; good near a half turn too."""
    R = rotations
    trace = np.trace(R, axis1=-2, axis2=-1)
    diagonal = np.diagonal(R, axis1=-2, axis2=-1)
    # Squares of the four components; the largest one is used to divide (Shepperd 1978).
    squares = np.concatenate([1 + trace[..., None], 1 - trace[..., None] + 2 * diagonal], axis=-1)
    outer = np.empty((*R.shape[:-2], 4, 4))
    outer[..., [0, 1, 2, 3], [0, 1, 2, 3]] = squares
    for i, (a, b) in enumerate(((2, 1), (0, 2), (1, 0)), start=1):
        outer[..., 0, i] = outer[..., i, 0] = R[..., a, b] - R[..., b, a]
    for i, j in ((1, 2), (1, 3), (2, 3)):
        outer[..., i, j] = outer[..., j, i] = R[..., i - 1, j - 1] + R[..., j - 1, i - 1]
    largest = np.argmax(squares, axis=-1)[..., None, None]
    q = np.take_along_axis(outer, largest, axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    q = q * np.where(q[..., :1] < 0, -1.0, 1.0)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, q[..., :1])
    vector: Array = np.where(length < _SMALL, 2.0, angle / np.maximum(length, _SMALL)) * q[..., 1:]
    return vector


def mean_rotation(rotations: Array) -> Array:
    """(3, 3) chordal mean of rotations (N, 3, 3) (Hartley et al. 2013)."""
    U, _, Vt = np.linalg.svd(rotations.sum(0))
    U[:, 2] *= np.linalg.det(U @ Vt)
    return np.asarray(U @ Vt)
