"""What the estimator is given of a person, of the points on the body that are measured, and of cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pase.anatomy.keypoints import keypoint_place
from pase.anatomy.marker_set import h36m_landmarks
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import PersonFacts
from pase.anatomy.segment_points import SEGMENT_POINTS, segment_landmarks
from pase.camera.angle_of_view import FOCAL_SPREAD, KNOWN_FOCAL_SPREAD
from pase.camera.motion import CameraMotion
from pase.data import HALPE26, Camera, Keypoints2D, Landmarks3D
from pase.lift.points import JOINT_BODIES
from pase.types import Array

STUCK_ON_SPREAD_M = 0.010
"""How far a marker is stuck on off the place that the model has for it, along each axis."""

FIXED_SPREAD_M = 0.0001
"""The same for a marker that the model calls fixed: it stays where it is."""

JOINT_CENTRE_SPREAD_M = 0.015
"""How far a lifting network's joint is off the anatomical joint centre, the same in all frames."""

KEYPOINTS_ALIKE = 0.6
"""Correlation between the sides of where a detector sees their points: habits are common, but clothes, light and the
sides themselves differ. On two people measured beside markers half the difference of the sides is 6.6 mm a point and
axis (rms), so one side alone strays by 9 of the 15 mm by which places do."""


@dataclass(frozen=True)
class Sizes:
    """A person's sizes, known beforehand."""

    log_scale: Array
    """(P,) log scale factors of the groups of `pase.anatomy.proportions`."""
    covariance: Array
    """(P, P) posterior covariance after all recordings, each counted as one independent look."""


@dataclass(frozen=True)
class PersonInput:
    """One person as filmed, and what is known of them."""

    keypoints: Keypoints2D
    """In all frames of the recording."""
    landmarks: Landmarks3D | None = None
    """What a lifter tells of the person in the same frames: camera axes, statures, with sigma."""
    facts: PersonFacts = PersonFacts()
    sizes: Sizes | None = None
    """From other recordings: then they are held."""
    camera_motion: CameraMotion | None = None
    """How the camera of the shot moved, told by the background; None for one that stands still."""


@dataclass(frozen=True)
class LensPrior:
    """What is known of the camera's lens; the focal length goes first."""

    fov_deg: float | None = None
    """Angle of view along the picture's longer side."""
    focal_length_px: float | None = None
    focal_log_sigma: float = KNOWN_FOCAL_SPREAD
    """Standard deviation of its logarithm, where one of the two is given."""
    measured_px: float | None = None
    """Focal length as a turn of the camera told it: it counts beside what is known otherwise."""
    measured_log_sigma: float = 0.0
    """Standard deviation of its logarithm."""

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm of the focal length, but for what a turn told."""
        known = self.fov_deg is not None or self.focal_length_px is not None
        return self.focal_log_sigma if known else FOCAL_SPREAD


@dataclass(frozen=True)
class CameraSetup:
    """A camera that films the person."""

    image_size: tuple[int, int]
    """Width and height in px."""
    lens: LensPrior = LensPrior()
    place: Camera | None = None
    """Where it was calibrated to be in the world of the fit (Y up, m); None for the camera that fixes this world by
    standing above its origin and looking along −Z."""
    roll_wander_rad: float = 0.0
    """Standard deviation of its roll over the recording: a camera that wavers is held in the hand, hardly level."""


@dataclass(frozen=True)
class BodyPoint:
    """A point that is measured, where it sits on the model, and how well that place is known."""

    landmark: Landmark
    spread_m: float
    """Standard deviation of its place along each axis of the body, from person to person."""


@dataclass(frozen=True)
class PointSet:
    """Points of one kind: keypoints of a detector, markers, joints of a lifter."""

    markers: tuple[BodyPoint, ...]
    mirrored: float
    """Correlation of the displacements of a left and a right one, `LKnee` and `RKnee`, mirrored: at 1, as for the
    joints of a network, they sit at mirrored places; at 0, as for markers, each was stuck on for itself."""
    movable: bool = True
    """Whether the places of the points on the person are unknown."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the points."""
        return tuple(point.landmark.name for point in self.markers)


def keypoint_set(names: tuple[str, ...] = HALPE26) -> PointSet:
    """Halpe keypoints where detectors put them on the default skeleton, the sides much alike."""
    places = {name: keypoint_place(name) for name in names}
    points = (BodyPoint(Landmark(name, p.body, p.location), p.spread_m) for name, p in places.items())
    return PointSet(tuple(points), mirrored=KEYPOINTS_ALIKE)


def lifted_joints(names: Sequence[str]) -> PointSet:
    """The joint centres among the landmarks of a lifter: where they are on the skeleton is known."""
    places = ((name, JOINT_BODIES[name]) for name in names if name in JOINT_BODIES)
    points = (BodyPoint(Landmark(name, body, (0.0, 0.0, 0.0)), 0.0) for name, body in places)
    return PointSet(tuple(points), mirrored=1.0, movable=False)


def h36m_markers() -> PointSet:
    """The 17 joints of Human3.6M on the default skeleton."""
    return PointSet(tuple(BodyPoint(m, JOINT_CENTRE_SPREAD_M) for m in h36m_landmarks()), mirrored=1.0)


def segment_markers() -> PointSet:
    """The points that stand for segments of Theia3D on the default skeleton."""
    spreads = [point.spread_m for point in SEGMENT_POINTS.values()]
    points = (BodyPoint(m, spread) for m, spread in zip(segment_landmarks(), spreads, strict=True))
    return PointSet(tuple(points), mirrored=1.0)


def stuck_on_markers(landmarks: Sequence[Landmark]) -> PointSet:
    """Markers that somebody stuck on, as a model or a marker file has them."""
    points = (BodyPoint(m, FIXED_SPREAD_M if m.fixed else STUCK_ON_SPREAD_M) for m in landmarks)
    return PointSet(tuple(points), mirrored=0.0)
