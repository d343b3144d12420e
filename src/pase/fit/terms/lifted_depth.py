"""Depths of points relative to one another, as a lifter sees them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.anatomy.kinematics import pieces
from pase.data import Landmarks3D
from pase.fit.camera import FilmCamera
from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, RobustTerm, point_rows, with_gains
from pase.lift.shared_depth import errors_by_mode
from pase.types import Array, Indices

_KIN = {"Nose": 4.0, "Head": 4.0, "Neck": 2.0, "Hip": 2.0} | {
    f"{side}{point}": count
    for side in "LR"
    for count, points in (
        (4.0, ("Eye", "Ear")),
        (3.0, ("BigToe", "SmallToe", "Heel")),
        (2.0, ("Ankle", "Shoulder")),
    )
    for point in points
}
"""About how many neighbouring points have the same error: the lifter is wrong about a whole head or foot at once."""

LASTING_SHARE = 0.5
"""Variance of the errors of depths that last over a recording, as a share of the variance in one frame: as of the
coordinates' errors (`pase.fit.uncertainty`). Between 0.2 and 1 the results on two lab clips do not change."""


@dataclass(frozen=True)
class Depths:
    """A lifter's depths of one person along the line of sight, up to a common shift in each frame.

    Depths and modes are computed when they are asked for: the modes of an hour would take 0.4 GB.
    """

    names: tuple[str, ...]
    """The K landmarks wanted; those that the lifter does not give are unknown."""
    sigma: Array
    """(T, K) standard deviation of each depth's own error, statures; infinite where unknown."""
    landmarks: Landmarks3D
    """In camera axes and statures, from any point of the person; without what is not needed for depths and modes."""

    @classmethod
    def of(cls, landmarks: Landmarks3D, names: tuple[str, ...]) -> Self:
        """The depths of some landmarks.

        Parameters
        ----------
        landmarks
            In camera axes and statures, from any point of the person, with `ray` and `sigma_along`.
        names
            The K landmarks wanted.
        """
        bare = Landmarks3D(
            landmarks.xyz, landmarks.time, landmarks.names, landmarks.frame,
            ray=landmarks.ray, sigma_shared=landmarks.sigma_shared,
        )  # fmt: skip
        depths = cls(names, np.full((len(landmarks), len(names)), np.inf), bare)
        columns, index = depths._places
        depths.sigma[:, columns] = _own_sigma(landmarks)[:, index]
        depths.sigma[~np.isfinite(depths.depth)] = np.inf
        return depths

    @property
    def ray(self) -> Array:
        """(T, 3) direction from the camera to the person, camera axes."""
        ray = self.landmarks.ray
        return np.broadcast_to([0.0, 0.0, 1.0], (len(self.landmarks), 3)) if ray is None else ray

    @property
    def depth(self) -> Array:
        """(T, K) in statures; NaN where unknown."""
        columns, index = self._places
        depth = np.full(self.sigma.shape, np.nan)
        depth[:, columns] = np.einsum("ti,tki->tk", self.ray, self.landmarks.xyz[:, index])
        return depth

    @property
    def modes(self) -> Array:
        """(T, K, R) modes of the errors that depths share, one standard deviation each, statures: a lean moves all
        depths."""
        columns, index = self._places
        of_landmarks = errors_by_mode(self.landmarks)
        modes = np.zeros((*self.sigma.shape, of_landmarks.shape[-1]))
        modes[:, columns] = of_landmarks[:, index]
        modes[~np.isfinite(self.depth)] = 0.0
        return modes

    @property
    def _places(self) -> tuple[list[int], list[int]]:
        """The wanted landmarks that the lifter gives: their places among the K, and among the lifter's."""
        lifter_names = self.landmarks.names
        columns = [k for k, name in enumerate(self.names) if name in lifter_names]
        return columns, [lifter_names.index(self.names[k]) for k in columns]

    def take(self, frames: Indices | slice) -> Self:
        """The same person in some frames."""
        return replace(self, sigma=self.sigma[frames], landmarks=self.landmarks.slice(frames))

    def lasting(self) -> Array:
        """(K, K) covariance of the errors that are the same in all frames."""
        variance = np.where(np.isfinite(self.sigma), np.square(self.sigma), np.nan)
        unknown = np.isnan(variance).all(0)
        mean_variance = np.where(unknown, 1.0, np.nanmean(np.where(unknown, 1.0, variance), axis=0))
        together = np.zeros((len(mean_variance), len(mean_variance)))
        for frames in pieces(len(self.sigma)):
            modes = self.take(frames).modes.transpose(1, 0, 2).reshape(len(together), -1)
            together += modes @ modes.T
        return np.asarray(LASTING_SHARE * (np.diag(mean_variance) + together / len(self.sigma)))


def _own_sigma(landmarks: Landmarks3D) -> Array:
    """(T, K) standard deviation of each depth's own error; without it, neighbours are taken to err together."""
    if landmarks.sigma_own is not None:
        return landmarks.sigma_own
    along = landmarks.sigma if landmarks.sigma_along is None else landmarks.sigma_along
    together = np.sqrt([_KIN.get(name, 1.0) for name in landmarks.names])
    return np.asarray(together * (0.05 if along is None else along) * np.ones((len(landmarks), 1)))


class LiftedDepth(RobustTerm):
    """`(u·R p_k / stature − depth_k − c_k − Σ m_kr a_r) / σ_k` and the `a_r`, the amounts of shared errors.

    The c_k are errors that last over the recording: shared unknowns with a prior of their own (`Depths.lasting`), if
    the model has them.

    In each frame the amounts a_r take their most likely values given the differences; the common shift among them is
    free. The sum of the squared residuals then equals the squared Mahalanobis distance under the whole covariance of
    the depths.

    Only depths are compared: across the line of sight the lifter repeats the keypoints, and it cannot see how far
    away the whole person is.

    Parameters
    ----------
    depths
        T frames of K landmarks.
    camera
        The camera whose lines of sight these are, taken at the T frames.
    weight
        (T,) weight of a frame; neighbouring frames of a lifter say much the same.
    width
        Difference in standard deviations from which on the robust loss lets go: a low one drops limbs that the lifter
        turned the wrong way, a high one follows it there.
    points
        Place of the K landmarks among all; the first K when None.
    """

    name = "lifted"
    unit = "statures"

    def __init__(
        self,
        depths: Depths,
        camera: FilmCamera,
        weight: Array,
        width: float = 4.0,
        points: slice | Indices | None = None,
    ) -> None:
        self._depth, self._gain = with_gains(depths.depth, depths.sigma)
        self._whiten = _whitening(self._gain, depths.modes)
        self._ray = np.where(np.isfinite(depths.ray), depths.ray, 0.0)
        self._camera = camera
        self._points = slice(0, self._depth.shape[1]) if points is None else points
        self._weight = weight[:, None]
        self._width = width

    def residual(self, at: Linearization) -> Array:
        """(T, K + R, 1) differences of depth and amounts of the shared errors, in standard deviations."""
        difference = self._along(at) / _stature(at) - self._depth
        lasting = at.state.shared[at.model.layout.depth]
        if len(lasting):
            difference -= lasting
        return np.asarray(np.einsum("tlk,tk->tl", self._whiten, difference)[..., None])

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """Derivatives of the depths, also by the camera and the stature."""
        gain = self._whiten * (root / _stature(at))[..., None]
        line = self._turned(self._camera.rotation(at.state.shared))
        layout = at.model.layout
        by_depth = np.zeros((*self._depth.shape, at.state.q.shape[1]))
        dshared = np.zeros((*self._depth.shape, layout.depth.start if at.shared_free else 0))
        for chain in at.chains(self._points):
            outer = np.broadcast_to(line[:, None, None], (len(line), len(chain.points), 1, 3))
            rows = point_rows(at, chain, outer)
            by_depth[:, chain.points[:, None], chain.columns] = rows.dq[0]
            if rows.by_shared is not None:
                dshared[:, chain.points[:, None], rows.by_shared.columns] = rows.by_shared.values
        if not at.shared_free:
            return {0: gain @ by_depth}, None
        self._add_camera_and_size(at, dshared)
        out = np.empty((*gain.shape[:2], layout.count))
        out[..., : layout.depth.start] = gain @ dshared
        # Each lasting error changes its own depth alone.
        out[..., layout.depth] = -_stature(at) * gain[..., : layout.depth.stop - layout.depth.start]
        return {0: gain @ by_depth}, out

    def _turned(self, rotation: Array) -> Array:
        """(T, 3) lines of sight times a rotation (3, 3) or (T, 3, 3): in world axes for `R_camera_world`."""
        return np.asarray((self._ray[:, None] @ rotation)[:, 0])

    def _along(self, at: Linearization) -> Array:
        """(T, K) metres along the line of sight, from an arbitrary point."""
        line = self._turned(self._camera.rotation(at.state.shared))
        return np.asarray(np.einsum("ti,tki->tk", line, at.positions[:, self._points]))

    def _add_camera_and_size(self, at: Linearization, dshared: Array) -> None:
        layout = at.model.layout
        for column, derivative in self._camera.rotation_derivatives(at.state.shared):
            line = self._turned(derivative)
            dshared[..., column] += np.einsum("ti,tki->tk", line, at.positions[:, self._points])
        growth = at.model.proportions.stature_gradient(at.state.shared[layout.size]) / _stature(at)
        dshared[..., layout.size] -= self._along(at)[..., None] * growth


def _stature(at: Linearization) -> float:
    return at.model.proportions.stature(at.state.shared[at.model.layout.size])


def _whitening(gain: Array, modes: Array) -> Array:
    """(T, K + R, K) from differences of depth to residuals, by one over the deviations (T, K) and modes (T, K, R).

    With `A` the shift and the modes in standard deviations, the likeliest amounts are `(AᵀA + P)⁻¹ Aᵀ` times the
    differences, P being 0 for the shift and 1 for the modes.
    """
    R = modes.shape[-1]
    shared = np.concatenate([np.ones((*gain.shape, 1)), modes], axis=-1) * gain[..., None]
    precision = np.diag([1e-9, *np.ones(R)])
    moved = np.swapaxes(shared, 1, 2)
    amounts = np.linalg.solve(moved @ shared + precision, moved * gain[:, None])
    K = gain.shape[1]
    out = np.empty((len(gain), K + R, K))
    out[:, :K], out[:, K:] = -shared @ amounts, amounts[:, 1:]
    out[:, range(K), range(K)] += gain
    return out
