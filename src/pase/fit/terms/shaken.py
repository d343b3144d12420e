"""Reprojection for a camera whose turn is uncertain: all keypoints of a frame then share one shift."""

from dataclasses import dataclass, field

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import ResidualBlock, robust_loss
from pase.fit.terms.reprojection import Reprojection
from pase.types import Array

_ROUNDS = 10


@dataclass(eq=False)
class ShakenReprojection(Reprojection):
    """`(project(p_k) + d − xy_k) / σ_k` for every keypoint k, and `d / s` for the shift d of the frame.

    The shift represents a small turn of the camera. It takes the value of least cost for the posture, so it is no
    unknown of the problem. If each keypoint had an independent error instead, the posture would look too uncertain
    and the place too certain.
    """

    shift_sigma: Array = field(kw_only=True)
    """(T,) standard deviation of the shift in px: a low one nails the person to the picture, a high one leaves their
    place to planted feet and smooth motion."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shift_gain = 1.0 / np.maximum(self.shift_sigma, 1e-3)[:, None]

    def residual(self, at: Linearization) -> Array:
        """(T, K + 1, 2) distances in standard deviations before the robust loss; the shift's come last."""
        held = super().residual(at)
        shift = self._shift(held)
        moved = held + self._gain[..., None] * shift[:, None]
        return np.concatenate([moved, (self._shift_gain * shift)[:, None]], axis=1)

    def _shift(self, held: Array) -> Array:
        """(T, 2) shift of least robust cost, px, for distances (T, K, 2) without one."""
        shift = np.zeros((len(held), 2))
        for _ in range(_ROUNDS):
            moved = held + self._gain[..., None] * shift[:, None]
            weight = self._gain * robust_loss(np.square(moved).sum(-1), self._width)[1]
            squared_shift = np.square(self._shift_gain * shift).sum(-1, keepdims=True)
            of_shift = np.square(self._shift_gain) * robust_loss(squared_shift, self._width)[1]
            pull = (weight[..., None] * held).sum(1)
            shift = -pull / ((weight * self._gain).sum(1, keepdims=True) + of_shift)
        return shift

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals and derivatives; by all coordinates, as the shift ties all keypoints of a frame."""
        residual = self.residual(at)
        root = np.sqrt(self.point_weights(residual))
        chains, _ = super().derivatives(at, np.ones_like(self._gain))
        still = ResidualBlock(np.empty((len(residual), 2 * self._gain.shape[1])), chains=chains)
        by_q, by_shared = still.dense(at.state.q.shape[1])[0], None
        if at.shared_free:
            by_shared = self._shifted(still.dense_shared(at.model.layout.count), root)
        flat = (residual * root[..., None]).reshape(len(residual), -1)
        return ResidualBlock(flat, {0: self._shifted(by_q, root)}, by_shared)

    def _shifted(self, held: Array, root: Array) -> Array:
        """Derivatives (T, 2 K, c) without a shift in those (T, 2 K + 2, c) with one, times `root` (T, K + 1)."""
        T, K = self._gain.shape
        held = held.reshape(T, K, 2, -1)
        weight, of_shift = np.square(root[:, :K]) * self._gain, np.square(root[:, K:] * self._shift_gain)
        total = (weight * self._gain).sum(1, keepdims=True) + of_shift
        pull = (weight[:, None] @ held.reshape(T, K, -1)).reshape(T, 2, -1)
        shift = -pull / np.maximum(total, 1e-12)[..., None]
        out = np.empty((T, K + 1, *held.shape[2:]))
        out[:, :K] = (held + self._gain[..., None, None] * shift[:, None]) * root[:, :K, None, None]
        out[:, K] = shift * (self._shift_gain * root[:, K:])[..., None]
        return out.reshape(T, 2 * K + 2, -1)
