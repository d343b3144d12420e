"""What a residual term is, and the robust loss some of them use."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from pase.fit.chains import Chain, Runs
from pase.fit.problem import Linearization, SharedDerivative
from pase.types import Array, Indices


@dataclass(frozen=True, slots=True)
class ChainRows:
    """Some of a term's rows, which depend on a few coordinates alone; see `pase.fit.chains`."""

    rows: Indices
    """(r,) the rows of each group."""
    columns: Indices
    """(c,) the coordinates."""
    runs: Runs
    dq: dict[int, Array]
    """Offset → (M, r, c)."""
    by_shared: SharedDerivative | None = None
    """(M, r, p)"""

    @classmethod
    def of(
        cls, chain: Chain, dq: dict[int, Array], columns: Indices | None = None, dshared: Array | None = None
    ) -> Self:
        """Derivatives (M, P, R, c) of R rows for each point of a chain, and those by shared unknowns `columns`."""
        R = next(iter(dq.values())).shape[2]
        flat = {offset: J.reshape(len(J), -1, J.shape[-1]) for offset, J in dq.items()}
        by_shared = None
        if columns is not None and dshared is not None:
            by_shared = SharedDerivative(columns, dshared.reshape(len(dshared), -1, len(columns)))
        return cls(chain.rows(R), chain.columns, chain.runs, flat, by_shared)

    def __add__(self, other: Self) -> Self:
        """The same rows with other derivatives by the same unknowns added."""
        by_q = {offset: J + other.dq[offset] for offset, J in self.dq.items()}
        by_shared = self.by_shared
        if by_shared is not None and other.by_shared is not None:
            by_shared = replace(by_shared, values=by_shared.values + other.by_shared.values)
        return replace(self, dq=by_q, by_shared=by_shared)


@dataclass(frozen=True, slots=True)
class ResidualBlock:
    """Residuals divided by their standard deviations, with their derivatives.

    Row group i depends on the frames `i + offset` for the offsets in `dq`, and on the shared unknowns.
    """

    residual: Array
    """(M, R) M groups of R rows."""
    dq: dict[int, Array] = field(default_factory=dict)
    """Offset → (M, R, n), or (M, n) when R = n and row j depends on coordinate j only."""
    dshared: Array | None = None
    """(M, R, m) by all shared unknowns, or None; rows that come in chains have their own."""
    chains: tuple[ChainRows, ...] = ()
    """Instead of `dq`: the rows by the coordinates that they depend on."""
    constant: tuple[Array, Array] | None = None
    """Instead of `dq`: (R, n) derivatives by the group's own frame that are the same in all groups but for a factor,
    (M,)."""

    def dense(self, coordinates: int) -> dict[int, Array]:
        """Offset → (M, R, n) derivatives by all n coordinates of a frame, of rows that come in chains."""
        out = {k: np.zeros((*self.residual.shape, coordinates)) for rows in self.chains for k in rows.dq}
        for rows in self.chains:
            for offset, J in rows.dq.items():
                out[offset][:, rows.rows[:, None], rows.columns] = J
        return out

    def dense_shared(self, unknowns: int) -> Array:
        """(M, R, m) derivatives by all m shared unknowns, of rows that come in chains."""
        out = np.zeros((*self.residual.shape, unknowns))
        for rows in self.chains:
            if rows.by_shared is not None:
                out[:, rows.rows[:, None], rows.by_shared.columns] = rows.by_shared.values
        return out


Derivatives = dict[int, Array] | tuple[ChainRows, ...]
"""Derivatives by q, in the form of `ResidualBlock.dq` or of its chains."""


class Term(ABC):
    """One part of the cost: half the sum of its squared residuals, each in units of its standard deviation."""

    name: str
    unit: str
    """Unit of the residual before it is divided by its standard deviation."""

    @abstractmethod
    def costs(self, at: Linearization) -> Array:
        """(M,) half the sum of squares of each group of residuals, after the robust loss where there is one."""

    def cost(self, at: Linearization) -> float:
        """Sum of the costs of all groups."""
        return float(self.costs(at).sum())

    @abstractmethod
    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals and Jacobian; with a robust loss, weighted so that their gradient is that of the cost."""


def point_rows(at: Linearization, chain: Chain, outer: Array, *, swapped: bool = False) -> ChainRows:
    """Rows of R numbers for each point of a chain, by their derivatives (T, P, R, 3) by the points of the chain.

    With `swapped` the numbers of each point of a pair are by the other one of the pair.
    """
    order = slice(None, None, -1 if swapped else 1)
    by_q, by_shared = (
        {0: chain.derivative(at.of_landmarks, outer)[:, order]},
        at.by_shared(chain.landmarks, outer),
    )
    if by_shared is None:
        return ChainRows.of(chain, by_q)
    return ChainRows.of(chain, by_q, by_shared.columns, by_shared.values[:, order])


def with_gains(values: Array, sigma: Array) -> tuple[Array, Array]:
    """Measured values with 0 for those that are unknown, and one over their standard deviations, 0 for these.

    Parameters
    ----------
    values
        (T, K) or (T, K, D), not finite where unknown.
    sigma
        (T, K), infinite for values that shall not count.
    """
    finite = np.isfinite(values) if values.ndim == sigma.ndim else np.isfinite(values).all(-1)
    measured = finite & np.isfinite(sigma)
    gain = np.where(measured, 1.0 / np.where(measured, sigma, 1.0), 0.0)
    return np.where(measured.reshape(sigma.shape + (1,) * (values.ndim - sigma.ndim)), values, 0.0), gain


def by_shared(at: Linearization, columns: slice, derivative: Array) -> Array | None:
    """(1, R, m) derivatives of a term that depends on some of the shared unknowns alone; None while they are held.

    Parameters
    ----------
    columns
        The p unknowns among the shared ones.
    derivative
        (R, p) by these.
    """
    if not at.shared_free:
        return None
    dshared = np.zeros((1, len(derivative), at.model.layout.count))
    dshared[0, :, columns] = derivative
    return dshared


class SquaredTerm(Term):
    """A term without a robust loss."""

    @abstractmethod
    def residual(self, at: Linearization) -> Array:
        """(M, R) residuals in standard deviations."""

    def costs(self, at: Linearization) -> Array:
        """(M,) half the sum of squares of each group."""
        return np.asarray(0.5 * np.square(self.residual(at)).sum(-1))


class RobustTerm(Term):
    """A term whose residuals come as points: groups of numbers that the robust loss takes or drops together.

    Subclasses set `_weight`, (M, G) or of a shape that broadcasts to it, and `_width`, and give `residual` and
    `derivatives`.
    """

    _weight: Array
    _width: float | Array

    @abstractmethod
    def residual(self, at: Linearization) -> Array:
        """(M, G, D) residuals of G points with D numbers each, in standard deviations, before the robust loss."""

    @abstractmethod
    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives of the residuals times `root` (M, G), as in `ResidualBlock` with R = G · D."""

    def costs(self, at: Linearization) -> Array:
        """(M,) half the robust losses of all points, weighted."""
        loss, _ = robust_loss(np.square(self.residual(at)).sum(-1), self._width)
        return np.asarray(0.5 * (self._weight * loss).sum(-1))

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals and derivatives, each point with the root of its weight."""
        residual = self.residual(at)
        root = np.sqrt(self.point_weights(residual))
        derivatives, dshared = self.derivatives(at, root)
        flat = (residual * root[..., None]).reshape(len(residual), -1)
        if isinstance(derivatives, dict):
            return ResidualBlock(flat, derivatives, dshared)
        return ResidualBlock(flat, dshared=dshared, chains=derivatives)

    def point_weights(self, residual: Array) -> Array:
        """(M, G) weight of each point after the robust loss."""
        _, slope = robust_loss(np.square(residual).sum(-1), self._width)
        return self._weight * slope


def robust_loss(squared: Array, width: float | Array) -> tuple[Array, Array]:
    """Geman and McClure's loss and its weight for squared residuals in standard deviations.

    `ρ(s) = w² s / (w² + s)`: quadratic for small s, never above `w²`, so that a wild point loses its pull.
    Returns ρ and dρ/ds, in the shape of `squared`.
    """
    w = width * width
    loss = w * squared / (w + squared)
    return loss, np.square(w / (w + squared))
