"""The skeleton's points must be seen where the detector saw them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pase.fit.camera import camera_rotation, project
from pase.fit.problem import Linearization
from pase.fit.terms.base import RobustTerm

Array = NDArray[np.float64]


class Reprojection(RobustTerm):
    """`(project(p_k) − xy_k) / σ_k` for every keypoint k, with a robust loss over the distance.

    Parameters
    ----------
    xy
        (T, K, 2) measured pixels, NaN where unseen.
    sigma
        (T, K) standard deviation of a keypoint in px; infinite takes the point out.
    principal_point
        (2,) px.
    weight
        (T,) how much independent information a frame carries, 0 to 1.
    width
        Distance in standard deviations from which on the robust loss lets go.
    """

    name = "reprojection"
    unit = "px"

    def __init__(
        self, xy: Array, sigma: Array, principal_point: Array, weight: Array, width: float = 3.0
    ) -> None:
        known = np.isfinite(xy).all(-1) & np.isfinite(sigma)
        self._xy = np.where(known[..., None], xy, 0.0)
        self._gain = np.where(known, 1.0 / np.where(known, sigma, 1.0), 0.0)
        self._principal_point = principal_point
        self._weight = weight[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) distances in standard deviations before the robust loss."""
        pixels, _ = project(at, self._principal_point)
        residual: Array = (pixels - self._xy) * self._gain[..., None]
        return residual

    def derivatives(self, at: Linearization, root: Array) -> tuple[dict[int, Array], Array | None]:
        """By the points through the projection, and by the camera."""
        pixels, depth = project(at, self._principal_point)
        by_point, by_camera = self._pixel_derivatives(at, pixels, depth)
        gain = (self._gain * root)[..., None, None]
        by_point = by_point * gain
        T, K = root.shape
        measured = at.measured
        dq = _chain(by_point, at.dq[:, measured]).reshape(T, 2 * K, -1)
        if at.dshared is None:
            return {0: dq}, None
        dshared = _chain(by_point, at.dshared[:, measured])
        dshared[..., at.model.layout.camera] += by_camera * gain
        return {0: dq}, dshared.reshape(T, 2 * K, -1)

    def _pixel_derivatives(self, at: Linearization, pixels: Array, depth: Array) -> tuple[Array, Array]:
        """Derivatives (T, K, 2, 3) of the pixels by the world point and (T, K, 2, 4) by the camera unknowns."""
        layout = at.model.layout
        pitch, roll, height, log_focal = at.state.shared[layout.camera]
        rotation, by_pitch, by_roll = camera_rotation(pitch, roll)
        scale = np.exp(log_focal) / depth
        centred = (pixels - self._principal_point) / np.exp(log_focal)
        by_point = scale[..., None, None] * (
            rotation[:2] - centred[..., :, None] * rotation[2][None, None, None, :]
        )
        relative = at.positions[:, at.measured] - np.array([0.0, height, 0.0])
        by_camera = np.empty((*pixels.shape, 4))
        for column, derivative in enumerate((by_pitch, by_roll)):
            moved = relative @ derivative.T
            by_camera[..., column] = scale[..., None] * (moved[..., :2] - centred * moved[..., 2:])
        by_camera[..., 2] = -by_point[..., 1]
        by_camera[..., 3] = pixels - self._principal_point
        return by_point, by_camera


def _chain(outer: Array, inner: Array) -> Array:
    """`outer (T, K, R, 3) @ inner (T, K, 3, c)`, as three broadcast products: faster than many tiny ones."""
    out: Array = outer[..., 0, None] * inner[..., 0, None, :]
    out += outer[..., 1, None] * inner[..., 1, None, :]
    out += outer[..., 2, None] * inner[..., 2, None, :]
    return out
