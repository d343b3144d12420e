"""The person as an estimation problem: the model, the priors, and the ranges of the unknowns."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Self

import numpy as np
from scipy.linalg import block_diag

from pase.anatomy.body_groups import body_groups, body_prior
from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Landmark, Skeleton
from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.camera.angle_of_view import LensPrior, focal_length_of_view
from pase.data import Camera
from pase.errors import InputError
from pase.fit.camera import CALIBRATED_UNKNOWNS, UNKNOWNS, FilmCamera
from pase.fit.inputs import CameraSetup, PointSet
from pase.fit.posture import acceleration_spread, arm_kinds, independent_habits, posture_kinds
from pase.fit.problem import Offsets, PersonModel, sole_landmarks
from pase.fit.root import find_root
from pase.fit.solver import Bounds
from pase.fit.terms.base import Term
from pase.fit.terms.gravity import Gravity
from pase.fit.terms.posture_kinds import PostureKinds
from pase.fit.terms.prior import CameraPrior, Height, SharedPrior
from pase.types import Array, ImageSize

CAMERA_MEAN = (0.05, 0.0, 1.3)
CAMERA_SPREAD = (0.15, 0.02, 0.6)
"""Pitch and roll (rad) and height (m) of the cameras that people film with: hand-held or on a tripod, about level."""

OFF_LEVEL, MOST_OFF_LEVEL_RAD = 2.5, 0.045
"""A hand-held camera's roll is off level by this multiple of its standard deviation within the recording, which is
too short to show all of the drift; at most by the second value."""

CALIBRATED_SPREAD = (0.02, 0.02, 0.05, 0.02, 0.02, 0.05, 0.05)
"""Spread of pitch, roll, height, log focal length, heading and place (x, z) of a calibrated camera, rad and m."""

PERSISTENCE = 5.0
"""A detector's errors last: they depend on clothes, view and posture more than on the frame. For the unknowns
that all frames share, this many frames count as one: the priors of these unknowns are multiplied by it."""

_VAGUE_RANGE = (0.2, 1.5)
"""Least and largest standard deviation, rad or m, of a coordinate of a model without learned priors."""


@dataclass(frozen=True)
class Priors:
    """Priors of the unknowns that all frames share."""

    size: SharedPrior
    height: Height | None = None
    cameras: tuple[Term, ...] = ()
    offsets: SharedPrior | None = None
    """Where measured points sit on the body."""
    depths: SharedPrior | None = None
    """How far a lifter's depths are off in all frames."""
    gravity: Gravity | None = None
    """The camera's tilt as a lifter sees it; it is measured in the recording, so it is no part of `beforehand`."""

    @property
    def beforehand(self) -> tuple[Term, ...]:
        """All but `gravity`."""
        return tuple(
            t for t in (self.size, self.height, *self.cameras, self.offsets, self.depths) if t is not None
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        """All of them."""
        return (*self.beforehand, *(() if self.gravity is None else (self.gravity,)))


@dataclass(frozen=True)
class Posture:
    """The prior of the coordinates in every frame."""

    mean: Array
    """(n,) rad or m."""
    precision: Array
    """(n, n); zero rows for coordinates without a prior, and for those of `kinds` and `arms`."""
    kinds: PostureKinds | None
    """Mixture prior of legs, pelvis and trunk."""
    arms: PostureKinds | None
    rate_hz: float
    """Independent postures a second: this prior counts in full so many times a second."""


@dataclass(frozen=True)
class Subject:
    """Everything about one person that does not depend on what was measured."""

    model: PersonModel
    priors: Priors
    bounds: Bounds
    posture: Posture
    acceleration: Array
    """(n,) spread of the acceleration of the coordinates, rad/s² or m/s²."""
    calm: float = np.inf
    """Accelerations, in their usual deviations, beyond which the cost is linear; see `Smoothness`."""
    floor: bool = False
    """Whether there is a floor under the feet."""
    cameras: tuple[FilmCamera, ...] = ()

    def held(self, columns: slice, values: Array) -> Self:
        """The same person with some of the shared unknowns held at values."""
        low, high = self.bounds.low_shared.copy(), self.bounds.high_shared.copy()
        low[columns] = high[columns] = values
        return replace(self, bounds=replace(self.bounds, low_shared=low, high_shared=high))

    def stature(self, shared: Array) -> float:
        """Standing height in metres."""
        return self.model.proportions.stature(shared[self.model.layout.size])


@dataclass(frozen=True)
class SubjectOptions:
    """Facts about the person, and the weights of the priors."""

    facts: PersonFacts = PersonFacts()
    posture_rate_hz: float = 2.0
    """See `Posture`."""
    weight: float = 1.0
    """Factor on the priors of the shared unknowns; see `prior_weight`."""
    soles: bool = False
    """Whether points under the feet of the default skeleton can touch a floor."""
    largest_log_size: float = np.inf
    """Largest difference of a size's logarithm from the model's."""
    lasting_depth: Array | None = None
    """(K, K) covariance of the errors of a lifter's depths that are the same in all frames; None without one."""


def prepare_subject(
    skeleton: Skeleton,
    sets: Sequence[PointSet],
    cameras: Sequence[CameraSetup] = (),
    options: SubjectOptions | None = None,
) -> tuple[Subject, Array]:
    """A person to be estimated, and a first guess (m,) of the shared unknowns.

    Parameters
    ----------
    skeleton
        The model; sizes are estimated as factors on its own scale.
    sets
        The points that are measured. A name may be in several sets: then it is the same point on the body.
    cameras
        The cameras; one without a calibrated place fixes the world.
    options
        Facts about the person, and the weights of the priors.

    Raises
    ------
    InputError
        When two sets put points of one name at different places.
    """
    options = options or SubjectOptions()
    lasting = np.zeros((0, 0)) if options.lasting_depth is None else options.lasting_depth
    model = _model(skeleton, _distinct(sets), cameras, options.soles, len(lasting))
    layout, is_generic = model.layout, _is_generic(model.skeleton)
    body = model.proportions
    size = body.prior(*astuple(options.facts)) if is_generic else body_prior(body)
    priors = Priors(SharedPrior("proportions", layout.size, size.mean, size.covariance, options.weight))
    if model.offsets.count:
        covariance = block_diag(*(_displacement_covariance(s) for s in _distinct(sets)))
        zero = np.zeros(len(covariance))
        offsets = SharedPrior("landmark offsets", layout.offset, zero, covariance, options.weight)
        priors = replace(priors, offsets=offsets)
    if len(lasting):
        depths = SharedPrior("lasting depths", layout.depth, np.zeros(len(lasting)), lasting)
        priors = replace(priors, depths=depths)
    shared, limit = np.zeros(layout.count), np.full(layout.count, np.inf)
    limit[layout.size] = options.largest_log_size
    subject = Subject(
        model,
        priors,
        Bounds(*model.skeleton.bounds, -limit, limit),
        _usual_posture(model.skeleton, options.posture_rate_hz),
        acceleration_spread(model.skeleton),
    )
    return _with_cameras(subject, shared, cameras, options.weight)


def keypoint_model(points: PointSet) -> PersonModel:
    """The default skeleton of unknown size with a detector's keypoints, before one camera."""
    return _model(default_skeleton(), [points], [CameraSetup((0, 0))], soles=True)


def _model(
    skeleton: Skeleton, sets: Sequence[PointSet], cameras: Sequence[CameraSetup], soles: bool, depths: int = 0
) -> PersonModel:
    skeleton = skeleton.with_landmarks([p.landmark for s in sets for p in s.markers])
    proportions = load_proportions() if _is_generic(skeleton) else body_groups(skeleton)
    unknowns = [len(UNKNOWNS if c.place is None else CALIBRATED_UNKNOWNS) for c in cameras]
    names = tuple(name for s in sets for name in s.names)
    offsets = Offsets.joined([_displacements(s) for s in sets])
    under_feet = sole_landmarks() if soles else ()
    return PersonModel(skeleton, proportions, names, under_feet, offsets, unknowns, depths)


def _displacements(points: PointSet) -> Offsets:
    """The unknown displacements of a set of points."""
    if points.movable and points.mirrored == 1:
        return Offsets.mirrored(points.names)
    return Offsets.free(len(points.names), held=not points.movable)


def _displacement_covariance(points: PointSet) -> Array:
    """(c, c) covariance of the unknown displacements of a set of points, m²."""
    offsets = _displacements(points)
    spread = offsets.spread([p.spread_m for p in points.markers])
    correlation = np.eye(offsets.count)
    if points.movable and 0 < points.mirrored < 1:
        mirror = Offsets.mirrored(points.names).matrix.reshape(offsets.count, -1)
        correlation = (1 - points.mirrored) * correlation + points.mirrored * mirror @ mirror.T
    return np.asarray(spread[:, None] * correlation * spread)


def _distinct(sets: Sequence[PointSet]) -> list[PointSet]:
    """The sets without points that an earlier one has."""
    places: dict[str, Landmark] = {}
    out: list[PointSet] = []
    for s in sets:
        for p in s.markers:
            if places.setdefault(p.landmark.name, p.landmark) != p.landmark:
                raise InputError(
                    f"two sets of points put '{p.landmark.name}' at different places: rename one"
                )
        earlier = {p.landmark.name for o in out for p in o.markers}
        rest = tuple(p for p in s.markers if p.landmark.name not in earlier)
        if rest:
            out.append(replace(s, markers=rest))
    return out


def _with_cameras(
    subject: Subject, shared: Array, setups: Sequence[CameraSetup], weight: float
) -> tuple[Subject, Array]:
    """The subject with its cameras: the first one level at Y = 0, the others at their calibrated poses."""
    cameras: list[FilmCamera] = []
    priors: list[Term] = []
    for columns, setup in zip(subject.model.layout.cameras, setups, strict=True):
        width, height = setup.image_size
        cameras.append(FilmCamera(columns, np.array([width / 2.0, height / 2.0]), setup.image_size))
        if setup.place is not None:
            shared[columns] = _unknowns_of(setup.place)
            variance = np.diag(np.square(CALIBRATED_SPREAD))
            priors.append(SharedPrior("camera", columns, shared[columns].copy(), variance, weight))
            continue
        focal, focal_spread = _focal_prior(setup.image_size, setup.lens)
        mean, sigma = np.array([*CAMERA_MEAN, np.log(focal)]), np.array([*CAMERA_SPREAD, focal_spread])
        off_level = min(OFF_LEVEL * setup.roll_wander_rad, MOST_OFF_LEVEL_RAD)
        sigma[1] = np.hypot(sigma[1], np.sqrt(weight) * off_level)
        if cameras[1:]:
            raise InputError("a camera beside another needs its place in the same world: calibrate it")
        shared[columns] = [0.0, 0.0, 0.0, np.log(focal)]
        priors.append(CameraPrior(columns, mean, sigma, weight))
    subject = replace(subject, cameras=tuple(cameras), priors=replace(subject.priors, cameras=tuple(priors)))
    return subject, shared


def _unknowns_of(place: Camera) -> Array:
    """(7,) the unknowns of a calibrated camera."""
    R, focal = place.rotation, place.focal_length_px
    x, height, z = -R.T @ place.translation
    forward, down = R[2], R[:, 1]
    heading = np.arctan2(forward[0], -forward[2])
    return np.array(
        [np.arcsin(-forward[1]), np.arctan2(down[0], -down[1]), height, np.log(focal), heading, x, z]
    )


def _focal_prior(image_size: ImageSize, lens: LensPrior) -> tuple[float, float]:
    """Focal length in px and the spread of its logarithm."""
    focal, spread = lens.focal_length_px or focal_length_of_view(image_size), lens.spread
    if lens.measured_px is None:
        return focal, spread
    weight, measured = spread**-2, lens.measured_log_sigma**-2
    log_focal = (weight * np.log(focal) + measured * np.log(lens.measured_px)) / (weight + measured)
    return float(np.exp(log_focal)), float((weight + measured) ** -0.5)


def prior_weight(frames: int) -> float:
    """Factor on the priors of the shared unknowns in a recording of so many frames."""
    return PERSISTENCE if frames > 1 else 1.0


def stature_prior(model: PersonModel, facts: PersonFacts, weight: float) -> tuple[SharedPrior, Height, Array]:
    """Priors of the default skeleton's proportions and height, and the mean (P,) of its sizes.

    Parameters
    ----------
    weight
        Factor on the prior of the proportions; see `prior_weight`.
    """
    body = model.proportions
    size, stature = body.prior(*astuple(facts)), facts.height_m
    if stature is None:
        is_adult = facts.age_years is None
        stature = body.population_height(facts.sex)[0] if is_adult else body.stature(size.mean)
    proportions = SharedPrior("proportions", model.layout.size, size.mean, size.covariance, weight)
    return proportions, Height(stature), size.mean


def is_default(skeleton: Skeleton) -> bool:
    """Whether a skeleton is the default one in its bodies and free coordinates, of whatever size."""
    default = default_skeleton()
    return skeleton.body_names == default.body_names and skeleton.free_names == default.free_names


def _is_generic(skeleton: Skeleton) -> bool:
    """Whether a skeleton is the default one, unscaled: human proportions are relative to it."""
    return skeleton.joints == default_skeleton().joints and bool((skeleton.scale == 1).all())


def _usual_posture(skeleton: Skeleton, rate_hz: float) -> Posture:
    """Prior of the coordinates; for an unknown skeleton half a range is one standard deviation."""
    if is_default(skeleton):
        return Posture(*independent_habits(skeleton), posture_kinds(skeleton), arm_kinds(skeleton), rate_hz)
    low, high = skeleton.bounds
    precision = np.diag(1.0 / np.square(np.clip((high - low) / 2, *_VAGUE_RANGE)))
    free = find_root(skeleton).columns
    precision[free, free] = 0.0
    return Posture(np.clip(skeleton.default_q, low, high), precision, None, None, rate_hz)
