"""Distance in space between the skeleton's points and measured or lifted landmarks."""

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, RobustTerm, point_rows, with_gains
from pase.types import Array, Indices


class LandmarkDistance(RobustTerm):
    """`(p_k − xyz_k) / σ_k` for landmarks in the estimator's world, with a robust loss over the distance.

    Parameters
    ----------
    xyz
        (T, K, 3) metres, NaN where unknown.
    sigma
        (T, K) standard deviation in metres: low ones follow the noise of the markers, high ones leave the motion to
        smoothness and habit; infinite takes a marker out.
    weight
        (T,) how much independent information a frame carries, 0 to 1.
    width
        Distance in standard deviations from which on the robust loss lets go: a low one drops markers on skin that
        slides, a high one is pulled along by swapped ones.
    points
        Place of the K landmarks among all; the first K when None.
    """

    name = "landmarks"
    unit = "m"

    def __init__(
        self,
        xyz: Array,
        sigma: Array,
        weight: Array,
        width: float = 4.0,
        points: slice | Indices | None = None,
    ) -> None:
        self._xyz, gain = with_gains(xyz, sigma)
        self._gain = gain[..., None]
        self._points = slice(0, xyz.shape[1]) if points is None else points
        self._weight = weight[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, K, 3) distances in standard deviations before the robust loss."""
        return (at.positions[:, self._points] - self._xyz) * self._gain

    def weighted_squares(self, at: Linearization) -> tuple[float, float]:
        """Sum of the squared residuals, each by its robust weight, and the sum of these weights."""
        residual = self.residual(at)
        weight = (self.point_weights(residual) * (self._gain[..., 0] > 0))[..., None]
        return float((weight * np.square(residual)).sum()), 3.0 * float(weight.sum())

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives of the positions."""
        gain = (self._gain * root[..., None])[..., None] * np.eye(3)
        chains = at.chains(self._points)
        return tuple(point_rows(at, chain, gain[:, chain.points]) for chain in chains), None
