"""The skeleton's points must be seen where the detector saw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pase.fit.camera import FilmCamera
from pase.fit.problem import Linearization
from pase.fit.terms.base import RobustTerm
from pase.types import Array, Indices


@dataclass(frozen=True)
class PairHabit:
    """A detector draws the farther one of a pair of points lower along the trunk."""

    partner: Indices
    """(K,) the other one of each point's pair; itself where there is none."""
    slope: Array
    """(K,) metres lower for each metre that it is farther away than its partner, shared out on both."""
    down: Array
    """(T, 2) down the trunk in the picture; shorter than 1 px a px where the trunk is foreshortened."""


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
    habit
        How the detector draws the farther one of a pair; None when it draws both alike.
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
        habit: PairHabit | None = None,
    ) -> None:
        measured = np.isfinite(xy).all(-1) & np.isfinite(sigma)
        self._xy = np.where(measured[..., None], xy, 0.0)
        self._gain = np.where(measured, 1.0 / np.where(measured, sigma, 1.0), 0.0)
        self._camera = camera
        self._points = slice(0, xy.shape[1]) if points is None else points
        self._habit = habit
        self._weight = weight[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) distances in standard deviations before the robust loss."""
        pixels, depth = self._camera.project(at.positions[:, self._points], at.state.shared)
        if self._habit is not None:
            pixels = pixels + self._lower(self._habit, at, depth)
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
        dq, dshared = _chain(by_point, at.dq[:, self._points]), None
        if at.dshared is not None:
            dshared = _chain(by_point, at.dshared[:, self._points])
            dshared[..., self._camera.columns] += by_camera * gain
        if self._habit is not None:
            self._add_habit(self._habit, at, gain[..., 0, 0], dq, dshared)
        shared_rows = None if dshared is None else dshared.reshape(T, 2 * K, -1)
        return {0: dq.reshape(T, 2 * K, -1)}, shared_rows

    def _lower(self, habit: PairHabit, at: Linearization, depth: Array) -> Array:
        """(T, K, 2) px by which the points are drawn lower."""
        share = 0.5 * habit.slope * (depth - depth[:, habit.partner]) / depth
        focal = self._camera.focal_px(at.state.shared)[..., None]
        lower: Array = (focal * share)[..., None] * habit.down[:, None]
        return lower

    def _add_habit(
        self, habit: PairHabit, at: Linearization, gain: Array, dq: Array, dshared: Array | None
    ) -> None:
        """Add the derivatives of `_lower` times `gain` (T, K) to those by q (T, K, 2, n) and the shared unknowns."""
        shared, camera = at.state.shared, self._camera
        p_world = at.positions[:, self._points]
        _, depth = camera.project(p_world, shared)
        focal = camera.focal_px(shared)[..., None]
        pair = np.flatnonzero(habit.slope)
        partner = habit.partner[pair]
        near, far = depth[:, partner], depth[:, pair]
        scale = 0.5 * habit.slope[pair] * gain[:, pair] * focal / far
        by_own, by_other = scale * near / far, -scale
        forward = np.broadcast_to(camera.rotation(shared)[..., 2, :], (len(depth), 3))
        down = habit.down[:, None, :, None]

        def along(values: Array) -> Array:
            """(T, P, 1, c) derivative of the depths, weighted."""
            by_depth = np.einsum("ti,tkic->tkc", forward, values[:, self._points])
            mixed = by_own[..., None] * by_depth[:, pair] + by_other[..., None] * by_depth[:, partner]
            return np.asarray(mixed[:, :, None])

        dq[:, pair] += down * along(at.dq)
        if dshared is None or at.dshared is None:
            return
        dshared[:, pair] += down * along(at.dshared)
        relative = p_world - camera.position(shared)
        for column, turn in camera.rotation_derivatives(shared):
            line = np.broadcast_to(turn[..., 2, :], (len(depth), 3))
            by_turn = np.einsum("ti,tki->tk", line, relative)
            mixed = by_own * by_turn[:, pair] + by_other * by_turn[:, partner]
            dshared[..., column][:, pair] += habit.down[:, None] * mixed[..., None]
        first = camera.columns.start
        dshared[..., first + 3] += self._lower(habit, at, depth) * gain[..., None]
        for column, axis in ((2, 1), (5, 0), (6, 2)):
            if first + column < camera.columns.stop:
                moved = -(by_own + by_other) * forward[:, None, axis]
                dshared[..., first + column][:, pair] += habit.down[:, None] * moved[..., None]


def _chain(outer: Array, inner: Array) -> Array:
    """`outer (T, K, R, 3) @ inner (T, K, 3, c)`, as three broadcast products: faster than many tiny ones."""
    out: Array = outer[..., 0, None] * inner[..., 0, None, :]
    out += outer[..., 1, None] * inner[..., 1, None, :]
    out += outer[..., 2, None] * inner[..., 2, None, :]
    return out
