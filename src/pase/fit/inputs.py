"""Inputs of the estimator: a person, the measured points of the body, and cameras."""

from collections.abc import Sequence
from dataclasses import dataclass

from pase.anatomy.keypoints import keypoint_place
from pase.anatomy.marker_set import h36m_landmarks
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import PersonFacts
from pase.anatomy.segment_points import SEGMENT_POINTS, segment_landmarks
from pase.camera.angle_of_view import LensPrior
from pase.camera.motion import CameraMotion
from pase.data import HALPE26, Camera, Keypoints2D, Landmarks3D
from pase.lift.points import JOINT_BODIES
from pase.types import Array, ImageSize

STUCK_ON_SPREAD_M = 0.010
"""Standard deviation, along each axis, of a marker's place from the model's."""

FIXED_SPREAD_M = 0.0001
"""The same for a marker that the model calls fixed."""

JOINT_CENTRE_SPREAD_M = 0.015
"""Standard deviation of a lifting network's joint from the anatomical joint centre, the same in all frames."""

KEYPOINTS_ALIKE = 0.6
"""Correlation of the displacements of a left and a right keypoint: the detector's habits are common to both sides,
but clothes, light and the sides themselves differ. On two people with markers half the difference between the sides
is 6.6 mm (rms, per point and axis): 9 of the 15 mm of a keypoint's displacement belong to one side alone."""


@dataclass(frozen=True)
class Sizes:
    """A person's sizes from earlier recordings."""

    log_scale: Array
    """(P,) log scale factors of the groups of `pase.anatomy.proportions`."""
    covariance: Array
    """(P, P) posterior covariance after all recordings, each counted as one independent measurement."""


@dataclass(frozen=True)
class PersonInput:
    """One person's keypoints in a film, and what else is given about the person."""

    keypoints: Keypoints2D
    landmarks: Landmarks3D | None = None
    """A lifter's landmarks in the same frames: camera axes, in statures, with `sigma`."""
    facts: PersonFacts = PersonFacts()
    sizes: Sizes | None = None
    """From other recordings; if given, the sizes are held at these."""
    camera_motion: CameraMotion | None = None
    """The camera's motion during the shot, measured from the background; None for a camera that stands still."""


@dataclass(frozen=True)
class CameraSetup:
    """A camera that films the person."""

    image_size: ImageSize
    lens: LensPrior = LensPrior()
    place: Camera | None = None
    """Its calibrated pose in the world of the fit (Y up, m); None for the camera that defines this world: it stands
    above the origin and looks along −Z."""
    roll_wander_rad: float = 0.0
    """Standard deviation of its roll over the recording: a camera that wavers is hand-held, so hardly level."""


@dataclass(frozen=True)
class BodyPoint:
    """A measured point: where it sits on the model, and how uncertain that is."""

    landmark: Landmark
    spread_m: float
    """Standard deviation of its place between persons, along each axis of the body."""


@dataclass(frozen=True)
class PointSet:
    """Points of one kind: a detector's keypoints, markers, or a lifter's joints."""

    markers: tuple[BodyPoint, ...]
    mirrored: float
    """Correlation of the mirrored displacements of a left and a right point, such as `LKnee` and `RKnee`: 1 for the
    joints of a network, which sit at mirrored places; 0 for markers, which are attached one by one."""
    movable: bool = True
    """Whether the places of the points on the person are unknown."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the points."""
        return tuple(point.landmark.name for point in self.markers)


def keypoint_set(names: tuple[str, ...] = HALPE26) -> PointSet:
    """Halpe keypoints where detectors put them on the default skeleton."""
    places = {name: keypoint_place(name) for name in names}
    points = (BodyPoint(Landmark(name, p.body, p.location), p.spread_m) for name, p in places.items())
    return PointSet(tuple(points), mirrored=KEYPOINTS_ALIKE)


def lifted_joints(names: Sequence[str]) -> PointSet:
    """The joint centres among a lifter's landmarks; they are those of the skeleton, without displacement.

    Not the head's: the lifter was trained on a skeleton with a stiff neck, on which that point is fixed to the chest.
    """
    places = ((n, JOINT_BODIES[n]) for n in names if n in JOINT_BODIES and n != "NeckJoint")
    points = (BodyPoint(Landmark(name, body, (0.0, 0.0, 0.0)), 0.0) for name, body in places)
    return PointSet(tuple(points), mirrored=1.0, movable=False)


def h36m_markers() -> PointSet:
    """The 17 joints of Human3.6M on the default skeleton."""
    return PointSet(tuple(BodyPoint(m, JOINT_CENTRE_SPREAD_M) for m in h36m_landmarks()), mirrored=1.0)


def segment_markers() -> PointSet:
    """The points that represent the segments of Theia3D on the default skeleton."""
    spreads = [point.spread_m for point in SEGMENT_POINTS.values()]
    points = (BodyPoint(m, spread) for m, spread in zip(segment_landmarks(), spreads, strict=True))
    return PointSet(tuple(points), mirrored=1.0)


def stuck_on_markers(landmarks: Sequence[Landmark]) -> PointSet:
    """Markers attached to the skin, as a model or a marker file lists them."""
    points = (BodyPoint(m, FIXED_SPREAD_M if m.fixed else STUCK_ON_SPREAD_M) for m in landmarks)
    return PointSet(tuple(points), mirrored=0.0)
