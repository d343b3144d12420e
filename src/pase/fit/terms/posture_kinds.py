"""Mixture priors of postures: standing, strides, squats, sitting, lying, or ways to hold the arms."""

from dataclasses import dataclass

import numpy as np

from pase.fit.chains import runs_of
from pase.fit.problem import Linearization
from pase.fit.terms.base import ChainRows, ResidualBlock, Term
from pase.types import Array, Indices


@dataclass(frozen=True)
class PostureKinds:
    """K Gaussians of m coordinates."""

    columns: Indices
    """(m,) the coordinates among all free ones."""
    mean: Array
    """(K, m) rad."""
    covariance: Array
    """(K, m, m)"""
    share: Array
    """(K,) prior probabilities."""


class KindsPrior(Term):
    """`−log Σ_k share_k N(q; mean_k, covariance_k)` of the coordinates in every frame, about zero at its least.

    Near one kind the cost is that of its Gaussian; between two, the nearer one's; far from all, that of the widest
    kind, which is nearly flat. So somebody who stands is drawn to straight legs, and somebody who squats is not.

    Parameters
    ----------
    kinds
        The Gaussians: small covariances shrink movements to the means.
    weight
        (T,) weight of a frame: 0 leaves what is not measured at random, a high one shrinks postures to their kind.
    """

    unit = "rad"

    def __init__(self, kinds: PostureKinds, weight: Array, name: str = "posture") -> None:
        self.name = name
        self._columns, self._runs = kinds.columns, runs_of(kinds.columns)
        self._precision = np.linalg.inv(kinds.covariance)
        self._pull = np.einsum("kij,kj->ki", self._precision, kinds.mean)
        log_peak = np.log(kinds.share) + 0.5 * np.linalg.slogdet(self._precision)[1]
        self._constant = log_peak - np.logaddexp.reduce(log_peak) - 0.5 * (self._pull * kinds.mean).sum(1)
        self._pairs = np.triu_indices(len(kinds.columns))
        on_diagonal = self._pairs[0] == self._pairs[1]
        self._squares = np.where(on_diagonal, 0.5, 1.0)[:, None] * self._precision[:, *self._pairs].T
        self._weight = weight

    def log_likelihoods(self, at: Linearization) -> Array:
        """(T, K) logarithm of each kind's density, in units of the largest that all together can have."""
        q = at.state.q[:, self._columns]
        products = q[:, self._pairs[0]] * q[:, self._pairs[1]]
        return np.asarray(self._constant + q @ self._pull.T - products @ self._squares)

    def costs(self, at: Linearization) -> Array:
        """(T,) negative log likelihood of each posture."""
        return np.asarray(-self._weight * _shares(self.log_likelihoods(at))[1])

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals whose gradient is that of the cost, and whose Hessian is the mean precision of the kinds.

        Each kind counts by how likely the posture is of this kind.
        """
        belongs, _ = _shares(self.log_likelihoods(at))
        K, m = self._pull.shape
        precision = (belongs @ self._precision.reshape(K, -1)).reshape(-1, m, m)
        q = at.state.q[:, self._columns]
        gradient = (precision @ q[..., None])[..., 0] - belongs @ self._pull
        root, gain = np.linalg.cholesky(precision), np.sqrt(self._weight)[:, None]
        residual = np.linalg.solve(root, gradient[..., None])[..., 0] * gain
        by_posture = root.swapaxes(1, 2) * gain[..., None]
        rows = ChainRows(np.arange(m), self._columns, self._runs, {0: by_posture})
        return ResidualBlock(residual, chains=(rows,))


def _shares(logs: Array) -> tuple[Array, Array]:
    """Share (T, K) of each kind in the densities whose logarithms these are, and the logarithm of their sum (T,)."""
    largest = logs.max(1, keepdims=True)
    density = np.exp(logs - largest)
    total = density.sum(1)
    return density / total[:, None], largest[:, 0] + np.log(total)
