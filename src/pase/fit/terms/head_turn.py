"""Which way the head is turned: nose, eyes, ears and the top of the head, seen beside one another."""

from __future__ import annotations

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.reprojection import Reprojection
from pase.types import Array


class HeadTurn(Reprojection):
    """`Reprojection` of points of the head less what they have in common: their shift as a whole does not count.

    Where the head is depends on the whole spine, which the skeleton bends in few joints; how its points lie beside
    one another depends on the head alone, a rigid body that is known to some millimetres. With g = 1/σ of each point
    the residuals r become `r − g (g · r) / (g · g)`, which is what remains when the shift is free. A low σ turns the
    skull to the face whatever the neck would rather do, a high one leaves it to the neck.
    """

    name = "head turn"

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) in standard deviations before the robust loss."""
        return self._beside_one_another(super().residual(at))

    def derivatives(self, at: Linearization, root: Array) -> tuple[dict[int, Array], Array | None]:
        """Those of `Reprojection` less what they have in common."""
        T, K = root.shape
        dq, dshared = super().derivatives(at, np.ones_like(root))
        rows = [self._beside_one_another(d.reshape(T, K, -1)) for d in (dq[0], dshared) if d is not None]
        by_q, *by_shared = (
            (row.reshape(T, K, 2, -1) * root[..., None, None]).reshape(T, 2 * K, -1) for row in rows
        )
        return {0: by_q}, by_shared[0] if by_shared else None

    def _beside_one_another(self, rows: Array) -> Array:
        """(T, K, c) rows less their common part."""
        gain = self._gain[..., None]
        total = np.maximum(np.square(gain).sum(1, keepdims=True), 1e-12)
        rest: Array = rows - gain * (gain * rows).sum(1, keepdims=True) / total
        return rest
