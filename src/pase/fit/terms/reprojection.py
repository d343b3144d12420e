"""The skeleton's points must be seen where the detector saw them."""

from __future__ import annotations

import numpy as np

from pase.fit.camera import FilmCamera
from pase.fit.problem import Linearization
from pase.fit.terms.base import RobustTerm
from pase.types import Array, Indices


class Reprojection(RobustTerm):
    """`(project(p_k) − xy_k) / σ_k` for every keypoint k, with a robust loss over the distance.

    Parameters
    ----------
    xy
        (T, K, 2) measured pixels, NaN where unseen.
    sigma
        (T, K) standard deviation of a keypoint in px; infinite takes the point out.
    camera
        The camera, taken at the T frames.
    weight
        (T,) how much independent information a frame carries, 0 to 1.
    width
        Distance in standard deviations from which on the robust loss lets go: a low width drops points that are
        somewhat off, a high one lets stray points pull.
    points
        Place of the K keypoints among the landmarks; the first K when None.
    """

    name = "reprojection"
    unit = "px"

    def __init__(
        self,
        xy: Array,
        sigma: Array,
        camera: FilmCamera,
        weight: Array,
        width: float = 3.0,
        points: slice | Indices | None = None,
    ) -> None:
        known = np.isfinite(xy).all(-1) & np.isfinite(sigma)
        self._xy = np.where(known[..., None], xy, 0.0)
        self._gain = np.where(known, 1.0 / np.where(known, sigma, 1.0), 0.0)
        self._camera = camera
        self._points = slice(0, xy.shape[1]) if points is None else points
        self._weight = weight[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) distances in standard deviations before the robust loss."""
        pixels, _ = self._camera.project(at.positions[:, self._points], at.state.shared)
        residual: Array = (pixels - self._xy) * self._gain[..., None]
        return residual

    def derivatives(self, at: Linearization, root: Array) -> tuple[dict[int, Array], Array | None]:
        """By the points through the projection, and by the camera."""
        p_world, shared = at.positions[:, self._points], at.state.shared
        pixels, depth = self._camera.project(p_world, shared)
        by_point, by_camera = self._camera.pixel_derivatives(p_world, shared, pixels, depth)
        gain = (self._gain * root)[..., None, None]
        by_point = by_point * gain
        T, K = root.shape
        dq = _chain(by_point, at.dq[:, self._points]).reshape(T, 2 * K, -1)
        if at.dshared is None:
            return {0: dq}, None
        dshared = _chain(by_point, at.dshared[:, self._points])
        dshared[..., self._camera.part] += by_camera * gain
        return {0: dq}, dshared.reshape(T, 2 * K, -1)


def _chain(outer: Array, inner: Array) -> Array:
    """`outer (T, K, R, 3) @ inner (T, K, 3, c)`, as three broadcast products: faster than many tiny ones."""
    out: Array = outer[..., 0, None] * inner[..., 0, None, :]
    out += outer[..., 1, None] * inner[..., 1, None, :]
    out += outer[..., 2, None] * inner[..., 2, None, :]
    return out
