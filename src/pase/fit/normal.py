"""The normal equations of a motion: block-banded in time, with a border for the shared unknowns.

With x = (q of all frames, shared), the Gauss-Newton system `(H + λ D) δ = −g` has the shape

    [ A  B ] [δq]   [g_q]
    [ Bᵀ C ] [δs] = −[g_s]

where A couples a frame with the next one (full blocks) and the one after it (diagonal blocks, from the
acceleration). It is solved in time linear in the number of frames: a Cholesky factor of A by blocks, then a
small dense system for the shared unknowns.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from pase.fit.band_factor import BandFactor
from pase.fit.chains import Runs, runs_of
from pase.fit.terms.base import ChainRows, ResidualBlock
from pase.types import Array, Mask


class NormalEquations:
    """Hessian and gradient, summed term by term.

    Parameters
    ----------
    frames, coordinates, shared
        T, n and m.
    """

    def __init__(self, frames: int, coordinates: int, shared: int) -> None:
        T, n, m = frames, coordinates, shared
        self.lag0 = np.zeros((T, n, n))
        """Blocks (t, t)."""
        self.lag1 = np.zeros((max(T - 1, 0), n, n))
        """Blocks (t + 1, t)."""
        self.lag2 = np.zeros((max(T - 2, 0), n))
        """Diagonals of the blocks (t + 2, t)."""
        self.tied = np.zeros((T, n))
        """The part of the diagonal that comes from residuals over several frames."""
        self.border = np.zeros((T, n, m))
        self.corner = np.zeros((m, m))
        self.gradient_q = np.zeros((T, n))
        self.gradient_shared = np.zeros(m)

    def add(self, block: ResidualBlock) -> None:
        """Add the residuals of one term."""
        if block.constant is not None:
            J, factor = block.constant
            self.lag0 += np.square(factor)[:, None, None] * (J.T @ J)
            self.gradient_q += (factor[:, None] * block.residual) @ J
        for rows in block.chains:
            self._add_chain(rows, block)
        for offset, J in block.dq.items():
            self._add_own(offset, J, block.residual)
            if len(block.dq) > 1:
                self.tied[offset : offset + len(J)] += np.square(J) if J.ndim == 2 else np.square(J).sum(1)
            for later, K in block.dq.items():
                if later > offset:
                    self._add_pair(offset, later, J, K)
            if block.dshared is not None:
                M = len(J)
                Jt = J.transpose(0, 2, 1)
                self.border[offset : offset + M] += Jt @ block.dshared
        if block.dshared is not None:
            flat = block.dshared.reshape(-1, block.dshared.shape[-1])
            self.corner += flat.T @ flat
            self.gradient_shared += flat.T @ block.residual.reshape(-1)

    def _add_chain(self, chain: ChainRows, block: ResidualBlock) -> None:
        """Add rows that depend on a few coordinates of their frames."""
        residual = block.residual[:, chain.rows, None]
        for offset, J in chain.dq.items():
            frames, Jt = slice(offset, offset + len(J)), J.transpose(0, 2, 1)
            _add_matrices(self.lag0[frames], Jt @ J, chain.runs, chain.runs)
            _add_rows(self.gradient_q[frames], (Jt @ residual)[..., 0], chain.runs)
            if len(chain.dq) > 1:
                _add_rows(self.tied[frames], np.square(J).sum(1), chain.runs)
            if chain.by_shared is not None:
                runs = runs_of(chain.by_shared.columns)
                _add_matrices(self.border[frames], Jt @ chain.by_shared.values, chain.runs, runs)
        if len(chain.dq) > 1:
            product = chain.dq[1].transpose(0, 2, 1) @ chain.dq[0]
            _add_matrices(self.lag1[: len(residual)], product, chain.runs, chain.runs)
        if chain.by_shared is not None:
            flat = chain.by_shared.values.reshape(-1, len(chain.by_shared.columns))
            _add_matrices(self.corner, flat.T @ flat, runs, runs)
            self.gradient_shared[chain.by_shared.columns] += flat.T @ residual.reshape(-1)

    def _add_own(self, offset: int, J: Array, residual: Array) -> None:
        frames = slice(offset, offset + len(J))
        if J.ndim == 2:
            n = J.shape[1]
            self.lag0[frames, np.arange(n), np.arange(n)] += np.square(J)
            self.gradient_q[frames] += J * residual
            return
        Jt = J.transpose(0, 2, 1)
        self.lag0[frames] += Jt @ J
        self.gradient_q[frames] += (Jt @ residual[..., None])[..., 0]

    def _add_pair(self, offset: int, later: int, J: Array, K: Array) -> None:
        start = slice(offset, offset + len(J))
        if later - offset == 2:
            self.lag2[start] += J * K
        elif J.ndim == 2:
            n = J.shape[1]
            self.lag1[start, np.arange(n), np.arange(n)] += J * K
        else:
            self.lag1[start] += K.transpose(0, 2, 1) @ J

    def diagonal(self) -> tuple[Array, Array]:
        """Diagonal of the Hessian: (T, n) of the coordinates and (m,) of the shared unknowns."""
        return np.einsum("tii->ti", self.lag0).copy(), np.diag(self.corner).copy()

    def free_diagonal(self) -> tuple[Array, Array]:
        """The diagonal without residuals that tie frames together, for the trust region.

        A motion of all frames together costs next to nothing in these, though the diagonal of each frame is
        stiff with them: a trust region of that diagonal would hold back just the slow, large corrections.
        """
        of_q, of_shared = self.diagonal()
        return np.maximum(of_q - self.tied, 1e-6 * of_q), of_shared

    def held(self, free_q: Mask, free_shared: Mask) -> NormalEquations:
        """The same system with some unknowns held: their rows and columns are those of the identity.

        Parameters
        ----------
        free_q, free_shared
            (T, n) and (m,) which unknowns are not held.
        """
        T, keep, shared = len(free_q), free_q.astype(float), free_shared.astype(float)
        out = copy(self)
        t, j = np.nonzero(~free_q)
        out.lag0 = self.lag0.copy()
        out.lag0[t, j], out.lag0[t, :, j] = 0.0, 0.0
        out.lag0[t, j, j] = 1.0
        out.lag1 = self.lag1.copy()
        out.lag1[t[t > 0] - 1, j[t > 0]] = 0.0
        out.lag1[t[t < T - 1], :, j[t < T - 1]] = 0.0
        out.lag2 = self.lag2 * keep[2:] * keep[:-2]
        out.border = self.border * shared
        out.border[t, j] = 0.0
        out.corner = self.corner * shared[:, None] * shared
        out.corner[np.diag_indices(len(shared))] += 1 - shared
        out.tied = self.tied * keep
        out.gradient_q = self.gradient_q * keep
        out.gradient_shared = self.gradient_shared * shared
        return out

    def without(self, part: NormalEquations) -> NormalEquations:
        """The equations of the coordinates without those of some terms, which do not couple frames."""
        out = NormalEquations(*self.lag0.shape[:2], 0)
        out.lag0, out.lag1, out.lag2 = self.lag0 - part.lag0, self.lag1, self.lag2
        out.gradient_q = self.gradient_q - part.gradient_q
        return out

    def factor(self, damping_q: Array, damping_shared: Array) -> Factor:
        """Cholesky factor of the system with (T, n) and (m,) added to its diagonal.

        Raises
        ------
        numpy.linalg.LinAlgError
            When the damped system is not positive definite.
        """
        m, diagonal = len(damping_shared), self.lag0.copy()
        diagonal[:, range(diagonal.shape[1]), range(diagonal.shape[1])] += damping_q
        band = BandFactor.of(diagonal, self.lag1, self.lag2)
        if not m:
            return Factor(band, None, None)
        half = band.forward(self.border.reshape(-1, m))
        corner = self.corner + np.diag(damping_shared) - half.T @ half
        return Factor(band, half, cho_factor(corner, lower=True))

    @cached_property
    def band(self) -> BandFactor:
        """Cholesky factor of A; the equations must not be changed after it was asked for."""
        return BandFactor.of(self.lag0, self.lag1, self.lag2)

    @cached_property
    def response(self) -> Array:
        """(T n, m) how the coordinates follow the shared unknowns, with the sign changed: A⁻¹ B."""
        return self.solve(self.border.reshape(-1, self.border.shape[-1]))

    def solve(self, right: Array) -> Array:
        """A⁻¹ times a matrix (T n, c)."""
        return self.band.backward(self.band.forward(right))

    def sample(self, noise: Array) -> Array:
        """Errors (T n, D) of the coordinates with the covariance A⁻¹, from white noise of that shape."""
        return self.band.backward(noise)


@dataclass(frozen=True)
class Factor:
    """A factored system of normal equations."""

    band: BandFactor
    """Cholesky factor L of A."""
    half: Array | None
    """(T n, m) L⁻¹ B, or None without shared unknowns."""
    corner: tuple[Array, bool] | None
    """Cholesky factor of C − Bᵀ A⁻¹ B."""

    def solve(self, right_q: Array, right_shared: Array) -> tuple[Array, Array]:
        """Solution of the system for a right-hand side of shapes (T, n) and (m,)."""
        inner = self.band.forward(right_q.reshape(-1, 1))
        shared = right_shared
        if self.half is not None and self.corner is not None:
            shared = cho_solve(self.corner, right_shared - self.half.T @ inner[:, 0])
            inner = inner - self.half @ shared[:, None]
        return self.band.backward(inner).reshape(right_q.shape), shared


def _add_rows(target: Array, added: Array, runs: Runs) -> None:
    """Add rows (T, c, ...) to those of a chain's coordinates among all (T, n, ...)."""
    for place, rows in runs:
        target[:, place] += added[:, rows]


def _add_matrices(target: Array, added: Array, rows: Runs, columns: Runs) -> None:
    """Add matrices (..., c, d) to larger ones; by slices, as NumPy is several times slower with indices."""
    for row, own_row in rows:
        for column, own_column in columns:
            target[..., row, column] += added[..., own_row, own_column]
