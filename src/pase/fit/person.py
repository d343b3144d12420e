"""One person as an estimation problem: model, measurements, priors and ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks, keypoint_place
from pase.anatomy.kinematics import pieces
from pase.anatomy.proportions import load_proportions
from pase.config import FitSettings
from pase.fit.initial import Observations
from pase.fit.inputs import LensPrior, PersonInput
from pase.fit.keypoint_noise import INFORMATION_RATE_HZ, frame_weights, observations
from pase.fit.posture import acceleration_spread, pose_prior
from pase.fit.problem import LandmarkOffsets, PersonModel, State, sole_landmarks
from pase.fit.solver import Bounds, Problem
from pase.fit.terms.balance import Balance
from pase.fit.terms.base import Term
from pase.fit.terms.floor import ContactHeight, ContactVelocity, Floor
from pase.fit.terms.gravity import Gravity
from pase.fit.terms.lifted_depth import Depths, LiftedDepth
from pase.fit.terms.prior import CameraPrior, Height, PosePrior, SharedPrior, Smoothness
from pase.fit.terms.reprojection import Reprojection

Array = NDArray[np.float64]
Frames = NDArray[np.intp]

DEFAULT_FOV_DEG = 62.0
"""Angle of view along the longer side when nothing is known: a phone's main camera (26 mm equivalent is 69°)
less the crop of video stabilisation."""

POSE_PRIOR_RATE_HZ = 6.0
"""Independent postures a second: how often the pose prior counts in full."""

LIFTER_RATE_HZ = 20.0
"""Independent answers of a lifter a second; from 10 to 30 lab clips and synthetic films come out alike."""

CALM = 0.5
"""Accelerations, in their usual deviations, up to which a movement is calm; faster ones cost less than their square.
With a squared cost the knees of synthetic jumps came out 15° wrong, with this 12°; walks and squats stay."""

PERSISTENCE = 5.0
"""A detector's errors last: they depend on clothes, view and posture more than on the frame. For what is shared
by all frames, this many frames tell no more than one; the priors of the shared unknowns count as much more."""

CAMERA_MEAN = (0.05, 0.0, 1.3)
CAMERA_SPREAD = (0.15, 0.02, 0.6)
"""Pitch and roll in rad, height in m of cameras that people are filmed with: held or on a tripod, about level."""


FOCAL_SPREAD = 0.15
"""Spread of the logarithm of the focal length when nothing is known."""


@dataclass(frozen=True)
class Person:
    """Everything about one person that stays fixed while the unknowns are solved for."""

    model: PersonModel
    observed: Observations
    bounds: Bounds
    priors: tuple[Term, ...]
    """Terms of the shared unknowns alone: what is known beforehand, and the gravity that a lifter sees."""
    pose: tuple[Array, Array]
    """Mean (n,) and precision (n, n) of the coordinates."""
    acceleration: Array
    """(n,) spread of the acceleration of the coordinates."""
    floor: bool = True
    """Whether there is a floor under the feet."""

    def problem(self, frames: Frames, planted: Array | None) -> Problem:
        """The cost over some of the frames.

        Parameters
        ----------
        frames
            (F,) indices of the frames.
        planted
            (F, S) probability that each point under the feet stands on the floor; None leaves the floor out.
        """
        seen = self.observed.take(frames)
        weight = frame_weights(seen.time)
        independent = weight * POSE_PRIOR_RATE_HZ / INFORMATION_RATE_HZ if len(frames) > 1 else weight
        terms: list[Term] = [
            Reprojection(seen.xy, seen.sigma, seen.principal_point, weight),
            PosePrior(*self.pose, independent),
            *self.priors,
        ]
        if seen.depths is not None:
            share = LIFTER_RATE_HZ / INFORMATION_RATE_HZ if len(frames) > 1 else 1.0
            terms.append(LiftedDepth(seen.depths, weight * share))
        if len(frames) > 2:
            terms.append(Smoothness(seen.time, self.acceleration, width=CALM))
        if planted is not None and self.floor:
            terms += [
                Floor(weight),
                ContactHeight(planted, weight),
                Balance(planted, independent, self.model.points),
            ]
            if len(frames) > 1:
                terms.append(ContactVelocity(planted, seen.time, weight))
        return Problem(self.model, terms, self.bounds)

    def soles(self, state: State) -> Array:
        """(T, S, 3) points under the feet in the world, metres."""
        return self.model.positions(state)[:, len(self.model.points) :]

    def lowest(self, state: State) -> Array:
        """(T,) height of the lowest point under the feet, metres."""
        found = np.empty(len(state.q))
        for some in pieces(len(found)):
            found[some] = self.soles(State(state.q[some], state.shared))[..., 1].min(1)
        return found

    def take(self, frames: Frames) -> Person:
        """The same person in some of the frames."""
        return replace(self, observed=self.observed.take(frames))

    def feet_seen(self, frames: Frames) -> NDArray[np.bool_]:
        """(F, S) whether heel or toes of the foot were seen, for each point under the feet."""
        known = np.isfinite(self.observed.sigma[frames])
        columns = [
            [i for i, p in enumerate(self.model.points) if p[0] == sole.name[-1].upper() and p[1:] in _FOOT]
            for sole in self.model.soles
        ]
        return np.stack([known[:, c].any(1) for c in columns], axis=1)


_FOOT = ("Heel", "BigToe", "SmallToe")


def prepare_person(
    one: PersonInput, lens: LensPrior, settings: FitSettings | None = None
) -> tuple[Person, Array]:
    """The problem of one person, and a first guess (m,) of the shared unknowns with a level camera at Y = 0."""
    settings, keypoints, landmarks = settings or FitSettings(), one.keypoints, one.landmarks
    log_scale = None if one.sizes is None else one.sizes.log_scale
    model = person_model(keypoints.names)
    skeleton, layout = model.skeleton, model.layout
    focal, focal_spread = _focal_prior(keypoints.image_size, lens)
    spread = LandmarkOffsets(keypoints.names).spread(
        [keypoint_place(name).spread_m for name in keypoints.names]
    )
    camera = np.array([*CAMERA_MEAN, np.log(focal)]), np.array([*CAMERA_SPREAD, focal_spread])
    weight = prior_weight(len(keypoints))
    of_size, mean = size_priors(model, height_m=one.height_m, mass_kg=one.mass_kg, weight=weight)
    priors: list[Term] = [
        *of_size,
        CameraPrior(layout.camera, *camera, weight),
        SharedPrior("landmark offsets", layout.offset, np.zeros(len(spread)), np.diag(spread**2), weight),
    ]
    gravity = None if landmarks is None else Gravity.of(landmarks, layout.camera)
    if gravity is not None:
        priors.append(gravity)
    shared = np.zeros(layout.count)
    shared[layout.size] = mean if log_scale is None else log_scale
    shared[layout.camera] = [0.0, 0.0, 0.0, np.log(focal)]
    low, high = np.full(layout.count, -np.inf), np.full(layout.count, np.inf)
    if log_scale is not None:
        low[layout.size] = high[layout.size] = log_scale
    depths = None if landmarks is None else Depths.of(landmarks, keypoints.names)
    person = Person(
        model,
        replace(observations(keypoints), depths=depths),
        Bounds(*skeleton.bounds, low, high),
        tuple(priors),
        pose_prior(skeleton),
        acceleration_spread(skeleton) / settings.smoothness,
        settings.floor,
    )
    return person, shared


def person_model(names: tuple[str, ...]) -> PersonModel:
    """The default skeleton of unknown size with the named keypoints."""
    skeleton = default_skeleton().with_landmarks(keypoint_landmarks(names))
    return PersonModel(skeleton, load_proportions(), names, sole_landmarks())


def prior_weight(frames: int) -> float:
    """How many times what is known beforehand of the shared unknowns counts, beside so many frames."""
    return PERSISTENCE if frames > 1 else 1.0


def size_priors(
    model: PersonModel, *, height_m: float | None, mass_kg: float | None, weight: float
) -> tuple[list[Term], Array]:
    """What is known of the sizes beforehand, and their mean (P,)."""
    body, part = model.proportions, model.layout.size
    size = body.prior(height_m=height_m, mass_kg=mass_kg)
    stature = body.population_height()[0] if height_m is None else height_m
    return [SharedPrior("proportions", part, size.mean, size.covariance, weight), Height(stature)], size.mean


def _focal_prior(image_size: tuple[int, int], lens: LensPrior) -> tuple[float, float]:
    """Focal length in px and the spread of its logarithm."""
    if lens.focal_length_px is not None:
        return lens.focal_length_px, 0.02
    half = np.radians(DEFAULT_FOV_DEG if lens.fov_deg is None else lens.fov_deg) / 2
    return max(image_size) / 2 / float(np.tan(half)), FOCAL_SPREAD if lens.fov_deg is None else 0.02
