"""Human postures are of kinds: standing, strides, squats, sitting, lying; each has its own mean and spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import ResidualBlock, Term
from pase.types import Array, Indices


@dataclass(frozen=True)
class PostureKinds:
    """K Gaussians of m coordinates, all kinds as likely beforehand."""

    columns: Indices
    """(m,) the coordinates among all free ones."""
    mean: Array
    """(K, m) rad."""
    covariance: Array
    """(K, m, m)"""


class KindsPrior(Term):
    """`−log Σ_k N(q; mean_k, covariance_k)` of the coordinates in every frame, zero at its least.

    Near one kind the cost is that of its Gaussian; between two, the nearer one's; far from all, that of the widest
    kind, which is nearly flat. Thus who stands is drawn to straight legs and who squats is not.

    Parameters
    ----------
    kinds
        The Gaussians: small covariances shrink movements to the means.
    weight
        (T,) weight of a frame: 0 leaves what is not measured at random, a high one shrinks postures to their kind.
    """

    name = "posture"
    unit = "rad"

    def __init__(self, kinds: PostureKinds, weight: Array) -> None:
        self._columns = kinds.columns
        self._precision = np.linalg.inv(kinds.covariance)
        root = np.linalg.cholesky(self._precision)
        self._whiten = root.transpose(1, 0, 2).reshape(root.shape[1], -1)
        self._white_mean = np.einsum("ki,kij->kj", kinds.mean, root).ravel()
        self._pull = np.einsum("kij,kj->ki", self._precision, kinds.mean)
        log_peak = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
        self._log_peak = log_peak - np.logaddexp.reduce(log_peak)
        self._weight = weight

    def log_likelihoods(self, at: Linearization) -> Array:
        """(T, K) logarithm of each kind's density, in units of the largest that all together can have."""
        K = len(self._log_peak)
        white = at.state.q[:, self._columns] @ self._whiten - self._white_mean
        return np.asarray(self._log_peak - 0.5 * np.square(white).reshape(len(white), K, -1).sum(-1))

    def costs(self, at: Linearization) -> Array:
        """(T,) negative log likelihood of each posture."""
        return np.asarray(-self._weight * np.logaddexp.reduce(self.log_likelihoods(at), axis=1))

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals whose gradient is that of the cost, and whose Hessian is the mean precision of the kinds.

        Each kind counts by how likely the posture is of this kind.
        """
        logs = self.log_likelihoods(at)
        belongs = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        K, m = self._pull.shape
        precision = (belongs @ self._precision.reshape(K, -1)).reshape(-1, m, m)
        q = at.state.q[:, self._columns]
        gradient = (precision @ q[..., None])[..., 0] - belongs @ self._pull
        root = np.linalg.cholesky(precision)
        gain = np.sqrt(self._weight)[:, None]
        residual = np.linalg.solve(root, gradient[..., None])[..., 0] * gain
        dq = np.zeros((*residual.shape, at.state.q.shape[1]))
        dq[..., self._columns] = root.swapaxes(1, 2) * gain[..., None]
        return ResidualBlock(residual, {0: dq})
