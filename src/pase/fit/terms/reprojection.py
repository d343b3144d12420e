"""Distance in the picture between the skeleton's points and the keypoints."""

from dataclasses import dataclass

import numpy as np

from pase.fit.camera import FilmCamera
from pase.fit.problem import Linearization
from pase.fit.terms.base import ChainRows, RobustTerm, point_rows, with_gains
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


@dataclass(eq=False)
class Reprojection(RobustTerm):
    """`(project(p_k) − xy_k) / σ_k` for every keypoint k, with a robust loss over the distance."""

    name = "reprojection"
    unit = "px"

    xy: Array
    """(T, K, 2) measured pixels, NaN where unseen."""
    sigma: Array
    """(T, K) standard deviation of a keypoint in px; infinite takes the point out."""
    camera: FilmCamera
    """The camera, taken at the T frames."""
    weight: Array
    """(T,) how much independent information a frame carries, 0 to 1."""
    width: float = 3.0
    """Distance in standard deviations from which on the robust loss lets go: a low width drops points that are
    somewhat off, a high one lets stray points pull."""
    points: slice | Indices | None = None
    """Place of the K keypoints among the landmarks; the first K when None."""
    habit: PairHabit | None = None
    """How the detector draws the farther one of a pair; None when it draws both alike."""

    def __post_init__(self) -> None:
        self._xy, self._gain = with_gains(self.xy, self.sigma)
        self._points = slice(0, self.xy.shape[1]) if self.points is None else self.points
        self._weight, self._width = self.weight[:, None], self.width

    def residual(self, at: Linearization) -> Array:
        """(T, K, 2) distances in standard deviations before the robust loss."""
        pixels, depth = self.camera.project(at.positions[:, self._points], at.state.shared)
        if self.habit is not None:
            pixels = pixels + self._lower(self.habit, at, depth)
        return (pixels - self._xy) * self._gain[..., None]

    def derivatives(self, at: Linearization, root: Array) -> tuple[tuple[ChainRows, ...], None]:
        """Derivatives by the points, through the projection, and by the camera."""
        p_world, shared = at.positions[:, self._points], at.state.shared
        pixels, depth = self.camera.project(p_world, shared)
        by_point, by_camera = self.camera.pixel_derivatives(p_world, shared, pixels, depth)
        gain = self._gain * root
        by_point, by_camera = by_point * gain[..., None, None], by_camera * gain[..., None, None]
        by_partner, partner = None, None
        if self.habit is not None:
            partner = self.habit.partner
            by_own_depth, by_partner = self._by_depth(self.habit, at, depth, gain)
            by_point = by_point + self._down(self.habit, at, by_own_depth)
            by_partner = self._down(self.habit, at, by_partner)[:, partner]
            if at.shared_free:
                self._add_camera(self.habit, at, depth, gain, by_camera)
        rows = []
        for chain in at.chains(self._points, partner):
            of_chain = point_rows(at, chain, by_point[:, chain.points])
            if chain.paired and by_partner is not None:
                of_chain += point_rows(at, chain, by_partner[:, chain.points], swapped=True)
            if of_chain.by_shared is not None:
                R = len(of_chain.rows)
                of_camera = by_camera[:, chain.points].reshape(len(root), R, -1)
                of_chain.by_shared.values[..., self.camera.columns] += of_camera
            rows.append(of_chain)
        return tuple(rows), None

    def _lower(self, habit: PairHabit, at: Linearization, depth: Array) -> Array:
        """(T, K, 2) px by which the points are drawn lower."""
        share = 0.5 * habit.slope * (depth - depth[:, habit.partner]) / depth
        focal = self.camera.focal_px(at.state.shared)[..., None]
        return (focal * share)[..., None] * habit.down[:, None]

    def _by_depth(
        self, habit: PairHabit, at: Linearization, depth: Array, gain: Array
    ) -> tuple[Array, Array]:
        """(T, K) derivatives of how much lower points are drawn, by their own depth and by their partner's."""
        focal = self.camera.focal_px(at.state.shared)[..., None]
        scale = 0.5 * habit.slope * gain * focal / depth
        return scale * depth[:, habit.partner] / depth, -scale

    def _down(self, habit: PairHabit, at: Linearization, by_depth: Array) -> Array:
        """(T, K, 2, 3) derivatives by points of numbers that lie down the trunk, by those by the depth (T, K)."""
        R_camera_world = self.camera.rotation(at.state.shared)
        forward = np.broadcast_to(R_camera_world[..., 2, :], (len(by_depth), 3))
        return np.asarray(by_depth[..., None, None] * (habit.down[:, :, None] * forward[:, None])[:, None])

    def _add_camera(
        self, habit: PairHabit, at: Linearization, depth: Array, gain: Array, by_camera: Array
    ) -> None:
        """Add the derivatives of `_lower` times `gain` (T, K) by the camera to those (T, K, 2, u) of the pixels."""
        shared, camera, first = at.state.shared, self.camera, self.camera.columns.start
        relative = at.positions[:, self._points] - camera.position(shared)
        by_own, by_partner = self._by_depth(habit, at, depth, gain)
        for column, dR_camera_world in camera.rotation_derivatives(shared):
            line = np.broadcast_to(dR_camera_world[..., 2, :], (len(depth), 3))
            by_turn = np.einsum("ti,tki->tk", line, relative)
            mixed = by_own * by_turn + by_partner * by_turn[:, habit.partner]
            by_camera[..., column - first] += habit.down[:, None] * mixed[..., None]
        by_camera[..., 3] += self._lower(habit, at, depth) * gain[..., None]
        forward = np.broadcast_to(camera.rotation(shared)[..., 2, :], (len(depth), 3))
        for column, axis in ((2, 1), (5, 0), (6, 2)):
            if first + column < camera.columns.stop:
                moved = -(by_own + by_partner) * forward[:, None, axis]
                by_camera[..., column] += habit.down[:, None] * moved[..., None]
