"""The types that pass between the stages. Arrays are NumPy, time first; every field states its unit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pase.diagnostics import FitDiagnostics
from pase.errors import InputError
from pase.findings import AngleSeries, Findings
from pase.series import at_frames, nearest_rows
from pase.types import Array, ImageSize, Mask

if TYPE_CHECKING:
    import pandas

    from pase.anatomy.model import Skeleton


HALPE26 = (
    "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
    "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "Head", "Neck", "Hip",
    "LBigToe", "RBigToe", "LSmallToe", "RSmallToe", "LHeel", "RHeel",
)  # fmt: skip
"""Names of the 26 Halpe keypoints in the order of the networks and of AlphaPose files."""

LARGEST = 1e15
"""Larger than any real coordinate, time or number in a file; above it, squares overflow and counts are not exact."""


def check_shape(owner: str, name: str, array: NDArray[Any] | None, expected: tuple[int | None, ...]) -> None:
    """Refuse an array of another shape than expected.

    Parameters
    ----------
    owner, name
        What messages call it: the class and its field.
    array
        None passes: the field is optional.
    expected
        Length along each axis, where None stands for any.
    """
    actual = expected if array is None else array.shape
    if len(actual) != len(expected) or any(
        e is not None and a != e for a, e in zip(actual, expected, strict=True)
    ):
        lengths = ", ".join("?" if e is None else str(e) for e in expected)
        raise InputError(f"{owner}.{name} must have shape ({lengths}), not {actual}")


@dataclass(frozen=True, slots=True)
class Keypoints2D:
    """Keypoints of one tracked person in every frame of a recording; NaN where the person is unseen."""

    xy: Array
    """(T, K, 2) pixel coordinates, x right, y down; NaN where unseen."""
    score: Array
    """(T, K) confidence from 0 to 1; 0 where unseen."""
    time: Array
    """(T,) presentation time in seconds, 0 at the first frame of the recording, increasing."""
    image_size: ImageSize
    """Width and height of the (upright) picture in pixels."""
    names: tuple[str, ...] = HALPE26
    """K keypoint names."""
    sigma: Array | None = None
    """(T, K, 2) standard deviation of `xy` in pixels as the detector gives it, or None."""
    track_id: int = 1
    """Number of the person, from 1, the same in every frame."""
    shot: int = 0
    """Number of the shot in which the person is seen, from 0: a new one begins at every cut."""
    measured: Mask | None = None
    """(T,) frames that were looked at; keypoints of the others lie between those around them. None: all of them."""

    def __post_init__(self) -> None:
        t, k = len(self.time), len(self.names)
        check_shape("Keypoints2D", "xy", self.xy, (t, k, 2))
        check_shape("Keypoints2D", "score", self.score, (t, k))
        check_shape("Keypoints2D", "measured", self.measured, (t,))
        check_shape("Keypoints2D", "sigma", self.sigma, (t, k, 2))

    @classmethod
    def empty(cls, image_size: ImageSize = (0, 0), names: tuple[str, ...] = HALPE26) -> Keypoints2D:
        """Keypoints of a recording of no frames; every stage accepts them."""
        k = len(names)
        return cls(np.zeros((0, k, 2)), np.zeros((0, k)), np.zeros(0), image_size, names)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(T,) whether any keypoint of the person is known in the frame."""
        return np.asarray(np.isfinite(self.xy).all(-1).any(-1))

    def slice(self, frames: slice | NDArray[Any]) -> Keypoints2D:
        """The same person in some of the frames only."""
        return replace(self, **at_frames(self, frames, "xy", "score", "time", "sigma", "measured"))

    def without(self, names: Collection[str]) -> Keypoints2D:
        """The same person with some of the points unseen."""
        return self.hiding(np.array([name in names for name in self.names], bool))

    def hiding(self, hidden: Mask) -> Keypoints2D:
        """The same person with some points unseen: in all frames by a mask (K,), or in some by one of (T, K)."""
        if not hidden.any():
            return self
        xy, score = np.where(hidden[..., None], np.nan, self.xy), np.where(hidden, 0.0, self.score)
        sigma = None if self.sigma is None else np.where(hidden[..., None], np.nan, self.sigma)
        return replace(self, xy=xy, score=score, sigma=sigma)

    def over(self, time: Array) -> Keypoints2D:
        """The same person in all frames of a recording with the times (T,), unseen in those that are not here."""
        if len(time) == len(self):
            return self
        frames, shape = np.searchsorted(time, self.time), (len(time), len(self.names))
        xy, score = np.full((*shape, 2), np.nan), np.zeros(shape)
        xy[frames], score[frames] = self.xy, self.score
        sigma = None
        if self.sigma is not None:
            sigma = np.full((*shape, 2), np.nan)
            sigma[frames] = self.sigma
        measured = None
        if self.measured is not None:
            measured = np.ones(len(time), bool)
            measured[frames] = self.measured
        return replace(self, xy=xy, score=score, time=time, sigma=sigma, measured=measured)


@dataclass(frozen=True, slots=True)
class Landmarks3D:
    """Named points of one person in space; NaN where unknown."""

    xyz: Array
    """(T, K, 3) metres."""
    time: Array
    """(T,) seconds."""
    names: tuple[str, ...]
    """K landmark names."""
    frame: Literal["camera", "world"] = "world"
    """Axes: `camera` is x right, y down, z forward; `world` is X forward, Y up, Z right, floor at Y = 0."""
    sigma: Array | None = None
    """(T, K) standard deviation in metres, or None where unknown."""
    sigma_along: Array | None = None
    """(T, K) standard deviation along the viewing ray, in camera axes; `sigma` is then that across it."""
    ray: Array | None = None
    """(T, 3) unit vectors from the camera to the person in camera axes, for lifted landmarks."""
    down: Array | None = None
    """(T, 3) unit vectors of gravity in camera axes, where a lifter gives them."""
    down_sigma: Array | None = None
    """(T,) their standard deviation along each of two axes, rad."""
    sigma_own: Array | None = None
    """(T, K) the share of `sigma_along` that each point has for itself; the rest all points have together."""
    sigma_shared: Array | None = None
    """(T, R) standard deviations of the modes of `pase.lift.shared_depth`, by which depths go wrong together."""

    def __post_init__(self) -> None:
        t, k = len(self.time), len(self.names)
        check_shape("Landmarks3D", "xyz", self.xyz, (t, k, 3))
        for name in ("sigma", "sigma_along", "sigma_own"):
            check_shape("Landmarks3D", name, getattr(self, name), (t, k))
        for name in ("ray", "down"):
            check_shape("Landmarks3D", name, getattr(self, name), (t, 3))
        check_shape("Landmarks3D", "sigma_shared", self.sigma_shared, (t, None))
        check_shape("Landmarks3D", "down_sigma", self.down_sigma, (t,))

    @classmethod
    def empty(cls, names: tuple[str, ...] = HALPE26) -> Landmarks3D:
        """Landmarks of a recording of no frames."""
        return cls(np.zeros((0, len(names), 3)), np.zeros(0), names)

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, frames: slice | NDArray[Any]) -> Landmarks3D:
        """The same landmarks in some of the frames only."""
        sigmas = ("sigma", "sigma_along", "sigma_own", "sigma_shared", "down_sigma")
        return replace(self, **at_frames(self, frames, "xyz", "time", "ray", "down", *sigmas))


@dataclass(frozen=True, slots=True)
class CameraPath:
    """Where a camera that moves is, and where it looks, in every frame."""

    time: Array
    """(T,) presentation times of the frames in seconds."""
    rotation: Array
    """(T, 3, 3) world → camera."""
    translation: Array
    """(T, 3) world → camera, metres."""
    focal_length_px: Array
    """(T,) pixels."""

    def __post_init__(self) -> None:
        t = len(self.time)
        check_shape("CameraPath", "rotation", self.rotation, (t, 3, 3))
        check_shape("CameraPath", "translation", self.translation, (t, 3))
        check_shape("CameraPath", "focal_length_px", self.focal_length_px, (t,))

    @classmethod
    def still(cls, camera: Camera, time: Array) -> CameraPath:
        """The same place and view in all frames (T,)."""
        t = len(time)
        focal = np.full(t, camera.focal_length_px)
        return cls(time, np.tile(camera.rotation, (t, 1, 1)), np.tile(camera.translation, (t, 1)), focal)

    def at(self, time: Array) -> CameraPath:
        """The rows next to times (F,)."""
        rows = nearest_rows(self.time, time)
        return CameraPath(time, self.rotation[rows], self.translation[rows], self.focal_length_px[rows])

    def same_as(self, other: CameraPath | None) -> bool:
        """Whether it is the same path, but for rounding."""
        return other is not None and all(
            a.shape == b.shape and np.allclose(a, b, atol=1e-9)
            for a, b in (
                (self.time, other.time),
                (self.rotation, other.rotation),
                (self.translation, other.translation),
                (self.focal_length_px, other.focal_length_px),
            )
        )


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera: `x_camera = rotation @ X_world + translation`, x right, y down, z forward.

    A camera that moves has a `path` with a row for each frame; its other fields are those of one frame, which
    readers that know no path may use.
    """

    focal_length_px: float
    """Focal length in pixels, equal in x and y."""
    principal_point: tuple[float, float]
    """Principal point (x, y) in pixels."""
    rotation: Array
    """(3, 3) world → camera."""
    translation: Array
    """(3,) world → camera, metres."""
    image_size: ImageSize
    path: CameraPath | None = None
    """Rotation, translation and focal length of every frame; None for a camera that stands still."""

    def same_as(self, other: Camera | None) -> bool:
        """Whether it is the same camera in the same world, but for rounding."""
        return other is self or (
            other is not None
            and self.focal_length_px == other.focal_length_px
            and tuple(self.principal_point) == tuple(other.principal_point)
            and tuple(self.image_size) == tuple(other.image_size)
            and np.allclose(self.rotation, other.rotation, atol=1e-12)
            and np.allclose(self.translation, other.translation, atol=1e-12)
            and (other.path is None if self.path is None else self.path.same_as(other.path))
        )

    def at(self, time: float) -> Camera:
        """The camera, standing still, as it is in the frame next to a time in seconds."""
        if self.path is None:
            return self
        row = self.path.at(np.array([time]))
        return replace(
            self,
            focal_length_px=float(row.focal_length_px[0]),
            rotation=row.rotation[0],
            translation=row.translation[0],
            path=None,
        )

    def to_camera(self, points: Array, time: Array | None = None) -> Array:
        """World points in metres in the camera's axes; of a moving camera (T, K, 3) in the frames at `time` (T,)."""
        if self.path is None or time is None:
            moved: Array = points @ self.rotation.T + self.translation
            return moved
        row = self.path.at(time)
        return np.asarray(points @ row.rotation.transpose(0, 2, 1) + row.translation[:, None])

    def project(self, points: Array, time: Array | None = None) -> Array:
        """Pixel coordinates (..., 2) of world points (..., 3) in metres; `time` as for `to_camera`."""
        p = self.to_camera(points, time)
        focal: float | Array = self.focal_length_px
        if self.path is not None and time is not None:
            focal = self.path.at(time).focal_length_px[:, None, None]
        pixels: Array = focal * p[..., :2] / p[..., 2:] + np.asarray(self.principal_point)
        return pixels


@dataclass(frozen=True, slots=True)
class Draws:
    """Motions as likely as an estimate, drawn from its posterior: any figure's error is its spread over them."""

    q: NDArray[np.float32]
    """(D, T, n) coordinates in the order of the estimate's, rad or m; NaN where the pose is unknown."""
    scale: NDArray[np.float32]
    """(D, B, 3) scale factors of the bodies."""

    def __len__(self) -> int:
        return len(self.q)


@dataclass(frozen=True, slots=True, repr=False)
class Motion:
    """One person's personalised skeleton in motion: what the estimator returns and every export reads."""

    skeleton: Skeleton
    """The skeleton in the person's own size."""
    q: Array
    """(T, n) free coordinates in the order of `skeleton.free_coordinates`, rad or m."""
    q_std: Array
    """(T, n) posterior standard deviation of `q`; NaN where it was not computed."""
    time: Array
    """(T,) seconds, 0 at the first frame of the recording."""
    camera: Camera | None = None
    """The camera that filmed the person, or None when the motion came from 3D data."""
    residual: Array | None = None
    """(T, K) distance of each landmark from its measurement: px with a camera, m without; NaN where unseen."""
    track_id: int = 1
    """Number of the person, from 1."""
    warnings: tuple[str, ...] = ()
    """Warnings for the user about this result, one sentence each."""
    diagnostics: FitDiagnostics = FitDiagnostics()
    """Figures of the fit: convergence, bone statistics, camera, markers."""
    draws: Draws | None = None
    """Motions as likely as this one, where the estimator drew them."""
    findings: Findings | None = None
    """What an analysis found in it: events, measures, angles that people mean; see `pase.analyse`."""
    seen: Mask | None = None
    """(T, B) whether each body was seen, or is a guess; None where nothing is known of it."""

    def __post_init__(self) -> None:
        t, n = len(self.time), len(self.skeleton.free_coordinates)
        check_shape("Motion", "q", self.q, (t, n))
        check_shape("Motion", "q_std", self.q_std, (t, n))

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, frames: slice | NDArray[Any]) -> Motion:
        """The same person in some of the frames only, without draws and findings, which are of all."""
        fields = at_frames(self, frames, "q", "q_std", "time", "residual", "seen")
        return replace(self, **fields, draws=None, findings=None)

    @property
    def known(self) -> Mask:
        """(T,) whether the pose of a frame was estimated: all its coordinates are numbers."""
        return np.asarray(np.isfinite(self.q).all(axis=1))

    def __repr__(self) -> str:
        seconds = self.time[-1] - self.time[0] if len(self) else 0.0
        summary = f", {self.findings.movement}, {self.findings.quality.verdict}" if self.findings else ""
        return (
            f"Motion(person {self.track_id}: {len(self)} frames over {seconds:.2f} s, "
            f"{self.known.sum()} with a pose, {len(self.skeleton.free_coordinates)} coordinates{summary})"
        )

    def angle(self, name: str, side: str | None = None) -> AngleSeries:
        """An angle that people mean over time, in degrees: `angle("knee_flexion", side="right")`.

        Parameters
        ----------
        name
            As in docs/angles.md, for instance `knee_flexion` or `trunk_flexion`.
        side
            `right` or `left` for the limbs.

        Raises
        ------
        InputError
            When there is no such angle, or the motion has not been analysed.
        """
        return self._findings().angles.series(name, side)

    def to_dataframe(self) -> pandas.DataFrame:
        """Angles by frame as a table of pandas: degrees, `_sd` and `_speed`, with the time in seconds as index.

        Raises
        ------
        MissingDependencyError
            When pandas is not installed.
        InputError
            When the motion has not been analysed.
        """
        return self._findings().angles.to_dataframe()

    def _findings(self) -> Findings:
        if self.findings is None:
            raise InputError("the motion has not been analysed: take pase.analyse(motion)")
        return self.findings
