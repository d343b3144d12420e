"""Balance: the body's weight is over the feet, which shows where down is."""

from collections.abc import Mapping

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, RobustTerm
from pase.types import Array

MASS_SHARES: Mapping[str, float] = {"Hip": 0.28, "Shoulder": 0.17, "Knee": 0.05}
"""Share of the body's mass put at each of these points, left and right; sums to one half. Head, arms and upper
trunk count at the shoulders, lower trunk and half of the thighs at the hips, the rest at the knees; after the
segment masses of de Leva (1996)."""


class Balance(RobustTerm):
    """`(centre of mass − centre of the planted points) / σ` along X and Z, with a robust loss.

    In walking the weight swings about the feet by some decimetres, but stays over them on average.

    Parameters
    ----------
    planted
        (T, S) probability that each point under the feet stands on the floor; frames without support do not count.
    weight
        (T,) weight of a frame.
    sigma
        Standard deviation of the distance, metres: a low one stands everybody bolt upright, with a high one the
        camera's tilt is left to its prior.
    width
        Distance in standard deviations from which on the robust loss lets go: a low one lets go of a stride, a high
        one pulls the seated, whose weight is not over their feet, onto them.
    """

    name = "balance"
    unit = "m"

    def __init__(
        self, planted: Array, weight: Array, points: tuple[str, ...], sigma: float = 0.10, width: float = 3.0
    ) -> None:
        total = planted.sum(1)
        share = np.array([MASS_SHARES.get(p[1:], 0.0) for p in points])
        complete = len(points) > 0 and np.isclose(share.sum(), 1.0)
        support = planted / np.maximum(total, 1e-9)[:, None]
        mix = np.concatenate([np.broadcast_to(share, (len(planted), len(points))), -support], axis=1)
        self._points = np.flatnonzero(mix.any(0))
        self._mix = mix[:, self._points]
        self._weight = (weight * np.minimum(total, 1.0) * float(complete))[:, None]
        self._sigma = sigma
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, 1, 2) distances in standard deviations before the robust loss."""
        flat = at.positions[:, self._points][..., [0, 2]]
        return np.asarray(np.einsum("tk,tkd->td", self._mix, flat)[:, None] / self._sigma)

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives of the mixed positions."""
        mix = self._mix * (root / self._sigma)
        dq = np.zeros((len(mix), 2, at.state.q.shape[1]))
        dshared = np.zeros((len(mix), 2, at.model.layout.count)) if at.shared_free else None
        for chain in at.chains(self._points):
            outer = mix[:, chain.points, None, None] * np.eye(3)[[0, 2]]
            dq[:, :, chain.columns] += chain.derivative(at.of_landmarks, outer).sum(1)
            by_shared = at.by_shared(chain.landmarks, outer)
            if dshared is not None and by_shared is not None:
                dshared[:, :, by_shared.columns] += by_shared.values.sum(1)
        return {0: dq}, dshared
