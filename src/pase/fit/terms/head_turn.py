"""The turn of the head: nose, eyes, ears and the top of the head relative to one another."""

from dataclasses import replace

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import ChainRows
from pase.fit.terms.reprojection import Reprojection
from pase.types import Array


class HeadTurn(Reprojection):
    """`Reprojection` of points of the head without their common shift.

    Where the head is depends on the whole spine, which the skeleton bends in few joints; how its points lie beside
    one another depends on the head alone, a rigid body whose shape is known to a few millimetres. With g = 1/σ of
    each point the residuals r become `r − g (g · r) / (g · g)`, which is what remains when the shift is free. A low
    σ turns the skull to the face whatever the neck would rather do, a high one leaves it to the neck.
    """

    name = "head turn"

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) in standard deviations before the robust loss."""
        return self._beside_one_another(super().residual(at))

    def derivatives(self, at: Linearization, root: Array) -> tuple[tuple[ChainRows, ...], None]:
        """Derivatives of `Reprojection` less their common part; the points of one head are one chain."""
        (head,), _ = super().derivatives(at, np.ones_like(root))
        head = replace(head, dq={0: self._rest(head.dq[0], root)})
        if head.by_shared is not None:
            rest = replace(head.by_shared, values=self._rest(head.by_shared.values, root))
            head = replace(head, by_shared=rest)
        return (head,), None

    def _rest(self, rows: Array, root: Array) -> Array:
        """Derivatives (T, 2 K, c) less their common part, times `root` (T, K)."""
        T, K = root.shape
        rest = self._beside_one_another(rows.reshape(T, K, -1)).reshape(T, K, 2, -1)
        return np.asarray(rest * root[..., None, None]).reshape(T, 2 * K, -1)

    def _beside_one_another(self, rows: Array) -> Array:
        """(T, K, c) rows less their common part."""
        gain = self._gain[..., None]
        total = np.maximum(np.square(gain).sum(1, keepdims=True), 1e-12)
        return np.asarray(rows - gain * (gain * rows).sum(1, keepdims=True) / total)
