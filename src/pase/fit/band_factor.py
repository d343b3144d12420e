"""Cholesky factor of a matrix whose blocks are coupled with the next two, block by block.

Products of small dense blocks make several times as much of a processor as the rows of LAPACK's band matrices do,
most of all for many right-hand sides at once.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri

from pase.types import Array


@dataclass(frozen=True)
class BandFactor:
    """The lower factor L of a symmetric matrix of T blocks of n rows."""

    inverse: Array
    """(T, n, n) inverses of the blocks of L on its diagonal."""
    below: Array
    """(T, 2 n, n) the two blocks of L below each of these; zero beyond the end."""

    @classmethod
    def of(cls, lag0: Array, lag1: Array, lag2: Array) -> Self:
        """The factor of a matrix with blocks (t, t), (t + 1, t), and diagonals (., n) of the blocks (t + 2, t).

        Raises
        ------
        numpy.linalg.LinAlgError
            When the matrix is not positive definite.
        """
        T, n, _ = lag0.shape
        pivots, below, diagonal = np.zeros((T + 2, n, n)), np.zeros((T + 1, 2 * n, n)), np.arange(n)
        pivots[:T], below[: len(lag1), :n] = lag0, lag1
        below[: len(lag2), n + diagonal, diagonal] = lag2
        inverse = np.empty((T, n, n))
        for t in range(T):
            lower, failed = dpotrf(pivots[t], lower=1)
            if failed:
                raise np.linalg.LinAlgError(f"block {t} is not positive definite")
            inverse[t] = dtrtri(lower, lower=1)[0]
            below[t] = below[t] @ inverse[t].T
            square = below[t] @ below[t].T
            pivots[t + 1] -= square[:n, :n]
            below[t + 1, :n] -= square[n:, :n]
            pivots[t + 2] -= square[n:, n:]
        return cls(inverse, below[:T])

    def forward(self, right: Array) -> Array:
        """L⁻¹ times a matrix (T n, c)."""
        T, n, _ = self.inverse.shape
        out = np.zeros(((T + 2) * n, right.shape[1]))
        out[: T * n] = right
        for t in range(T):
            rows, after = slice(t * n, (t + 1) * n), slice((t + 1) * n, (t + 3) * n)
            out[rows] = self.inverse[t] @ out[rows]
            out[after] -= self.below[t] @ out[rows]
        return out[: T * n]

    def backward(self, right: Array) -> Array:
        """L⁻ᵀ times a matrix (T n, c)."""
        T, n, _ = self.inverse.shape
        out = np.zeros(((T + 2) * n, right.shape[1]))
        for t in range(T - 1, -1, -1):
            rows, after = slice(t * n, (t + 1) * n), slice((t + 1) * n, (t + 3) * n)
            out[rows] = self.inverse[t].T @ (right[rows] - self.below[t].T @ out[after])
        return out[: T * n]

    def inverse_blocks(self) -> Array:
        """(T, n, n) the blocks on the diagonal of the inverse of the matrix.

        Each follows from that of the two blocks after it: the recursion of Takahashi, Fagan and Chin (1973).
        """
        T, n, _ = self.inverse.shape
        out, after = np.empty((T, n, n)), np.zeros((2 * n, 2 * n))
        for t in range(T - 1, -1, -1):
            gain = self.below[t] @ self.inverse[t]
            across = after @ gain
            # Rounding that is not symmetric would grow from frame to frame.
            block = self.inverse[t].T @ self.inverse[t] + gain.T @ across
            out[t] = 0.5 * (block + block.T)
            after[n:, n:] = after[:n, :n]
            after[:n, :n], after[n:, :n], after[:n, n:] = out[t], -across[:n], -across[:n].T
        return out
