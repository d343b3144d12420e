"""A person on their feet is in balance: the body's weight is over the feet, which tells where down is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pase.fit.problem import View
from pase.fit.terms.base import Rows, Term, robust_loss

Array = NDArray[np.float64]

MASS_SHARES: Mapping[str, float] = {"Hip": 0.28, "Shoulder": 0.17, "Knee": 0.05}
"""Share of the body's mass put at each of these points, left and right; sums to one half. Head, arms and upper
trunk count at the shoulders, lower trunk and half of the thighs at the hips, the rest at the knees; after the
segment masses of de Leva (1996)."""


class Balance(Term):
    """`(centre of mass − centre of the planted points) / σ` along X and Z, with a robust loss.

    In walking the weight swings about the feet by some decimetres, but stays over them on average.

    Parameters
    ----------
    planted
        (T, S) probability that each point under the feet stands on the floor; frames without support do not count.
    weight
        (T,) weight of a frame.
    points
        Names of the measured landmarks.
    sigma
        Standard deviation of the distance, metres.
    width
        Distance in standard deviations from which on the robust loss lets go (a seated person's weight is not
        over the feet).
    """

    name = "balance"
    unit = "m"

    def __init__(
        self, planted: Array, weight: Array, points: tuple[str, ...], sigma: float = 0.10, width: float = 3.0
    ) -> None:
        total = planted.sum(1)
        share = np.array([MASS_SHARES.get(p[1:], 0.0) for p in points])
        known = len(points) > 0 and np.isclose(share.sum(), 1.0)
        support = planted / np.maximum(total, 1e-9)[:, None]
        self._mix = np.concatenate([np.broadcast_to(share, (len(planted), len(points))), -support], axis=1)
        self._weight = weight * np.minimum(total, 1.0) * float(known)
        self._sigma = sigma
        self._width = width

    def residual(self, view: View) -> Array:
        """(T, 2) distances in standard deviations before the robust loss."""
        flat = view.positions[..., [0, 2]]
        distance: Array = np.einsum("tk,tkd->td", self._mix, flat) / self._sigma
        return distance

    def costs(self, view: View) -> Array:
        """(T,) half the robust losses, weighted by frame."""
        loss, _ = robust_loss(np.square(self.residual(view)).sum(-1), self._width)
        half: Array = 0.5 * self._weight * loss
        return half

    def rows(self, view: View) -> Rows:
        """(T, 2) weighted residuals and their derivatives."""
        residual = self.residual(view)
        _, slope = robust_loss(np.square(residual).sum(-1), self._width)
        root = np.sqrt(self._weight * slope)
        mix = self._mix * (root / self._sigma)[:, None]
        dq = np.einsum("tk,tkdn->tdn", mix, view.dq[:, :, [0, 2]])
        dshared = None if view.dshared is None else np.einsum("tk,tkdm->tdm", mix, view.dshared[:, :, [0, 2]])
        return Rows(residual * root[:, None], {0: dq}, dshared)
