"""The skeleton's points must be where 3D landmarks were measured or lifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pase.fit.problem import View
from pase.fit.terms.base import Rows, Term, robust_loss

Array = NDArray[np.float64]


class LandmarkDistance(Term):
    """`(p_k − xyz_k) / σ_k` for landmarks in the estimator's world, with a robust loss over the distance.

    Parameters
    ----------
    xyz
        (T, K, 3) metres, NaN where unknown.
    sigma
        (T, K) standard deviation in metres.
    weight
        (T,) how much independent information a frame carries, 0 to 1.
    width
        Distance in standard deviations from which on the robust loss lets go.
    """

    name = "landmarks"
    unit = "m"

    def __init__(self, xyz: Array, sigma: Array, weight: Array, width: float = 4.0) -> None:
        known = np.isfinite(xyz).all(-1) & np.isfinite(sigma)
        self._xyz = np.where(known[..., None], xyz, 0.0)
        self._gain = np.where(known, 1.0 / np.where(known, sigma, 1.0), 0.0)[..., None]
        self._weight = weight[:, None]
        self._width = width

    def residual(self, view: View) -> Array:
        """(T, K, 3) distances in standard deviations before the robust loss."""
        distance: Array = (view.positions[:, view.measured] - self._xyz) * self._gain
        return distance

    def costs(self, view: View) -> Array:
        """(T,) half the sum of the robust losses, weighted by frame."""
        loss, _ = robust_loss(np.sum(np.square(self.residual(view)), -1), self._width)
        half: Array = 0.5 * (self._weight * loss).sum(-1)
        return half

    def weighted_squares(self, view: View) -> tuple[float, float]:
        """Sum of the squared residuals, each by its robust weight, and the sum of these weights."""
        squared = np.square(self.residual(view))
        _, slope = robust_loss(squared.sum(-1), self._width)
        weight = (self._weight * slope * (self._gain[..., 0] > 0))[..., None]
        return float((weight * squared).sum()), 3.0 * float(weight.sum())

    def rows(self, view: View) -> Rows:
        """(T, 3K) weighted residuals and their derivatives."""
        residual = self.residual(view)
        _, slope = robust_loss(np.sum(np.square(residual), -1), self._width)
        root = np.sqrt(self._weight * slope)[..., None]
        gain = (self._gain * root)[..., None]
        T, R = len(residual), residual.shape[1] * 3
        dq = (view.dq[:, view.measured] * gain).reshape(T, R, -1)
        shared = view.dshared
        dshared = None if shared is None else (shared[:, view.measured] * gain).reshape(T, R, -1)
        return Rows((residual * root).reshape(T, R), {0: dq}, dshared)
