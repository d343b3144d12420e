"""From the keypoints of one person to their personalised skeleton in motion."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks, keypoint_place
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.proportions import load_proportions
from pase.config import FitSettings
from pase.data import Keypoints2D, Motion
from pase.fit.camera import camera_of
from pase.fit.contact import planted_probability
from pase.fit.initial import Observations, initial_motion
from pase.fit.observe import frame_weights, observations
from pase.fit.posture import ROOT_TRANSLATION, acceleration_spread, pose_prior
from pase.fit.problem import PersonModel, State, sole_landmarks
from pase.fit.solver import Bounds, Problem, Solution, minimise
from pase.fit.terms.base import Term
from pase.fit.terms.floor import ContactHeight, ContactVelocity, Floor
from pase.fit.terms.prior import Height, PosePrior, SharedPrior, Smoothness
from pase.fit.terms.reprojection import Reprojection
from pase.fit.world import facing_forward, moved_camera, moved_motion

Array = NDArray[np.float64]
Progress = Callable[[float], None]

logger = logging.getLogger(__name__)

COARSE_RATE_HZ = 12.0
"""Frames a second on which body size and camera are estimated; all frames are solved afterwards."""

DEFAULT_FOV_DEG = 62.0
"""Angle of view along the longer side when nothing is known: a phone's main camera (26 mm equivalent is 69°)
less the crop of video stabilisation."""

PRIOR_RATE_HZ = 2.0
"""Independent postures a second: how often the pose prior counts in full."""


@dataclass(frozen=True)
class _Person:
    """What is fixed while one person is estimated."""

    model: PersonModel
    observed: Observations
    weight: Array
    bounds: Bounds
    priors: tuple[Term, ...]
    pose: tuple[Array, Array]
    acceleration: Array

    def problem(self, frames: NDArray[np.intp], planted: Array | None) -> Problem:
        """The whole cost over some of the frames."""
        seen, weight = self.observed.take(frames), frame_weights(self.observed.time[frames])
        independent = np.clip(weight * PRIOR_RATE_HZ / 30.0, 0.0, 1.0) if len(frames) > 1 else weight
        terms: list[Term] = [
            Reprojection(seen.xy, seen.sigma, seen.principal_point, weight),
            PosePrior(*self.pose, independent),
            *self.priors,
        ]
        if len(frames) > 2:
            terms.append(Smoothness(seen.time, self.acceleration))
        if planted is not None:
            terms += [Floor(weight), ContactHeight(planted[frames], weight)]
            if len(frames) > 1:
                terms.append(ContactVelocity(planted[frames], seen.time, weight))
        return Problem(self.model, terms, self.bounds)


def estimate_motion(
    keypoints: Keypoints2D,
    settings: FitSettings | None = None,
    *,
    height_m: float | None = None,
    mass_kg: float | None = None,
    fov_deg: float | None = None,
    focal_length_px: float | None = None,
    progress: Progress | None = None,
) -> Motion | None:
    """Estimate one person's skeleton and motion, and the camera.

    Parameters
    ----------
    keypoints
        2D keypoints of one person in all frames of a recording.
    settings
        Settings of the estimator.
    height_m
        Standing height; a population mean when None, and the motion's warnings say so.
    mass_kg
        Body mass, refines widths and depths.
    fov_deg, focal_length_px
        Angle of view along the longer side, or focal length, when known; else estimated.
    progress
        Called with the share of the work done, 0 to 1.

    Returns
    -------
    Motion or None
        The motion from the first to the last frame in which the person is seen; None when seen in none.
    """
    del settings
    seen = np.flatnonzero((np.isfinite(keypoints.xy).all(-1) & (keypoints.score > 0.2)).sum(1) >= 6)
    if not len(seen):
        return None
    span = keypoints.slice(slice(int(seen[0]), int(seen[-1]) + 1))
    person, shared = _prepare(span, height_m, mass_kg, fov_deg, focal_length_px)
    report = progress or (lambda _: None)
    q = initial_motion(person.model, person.observed, shared, person.bounds)
    q, shared = _stand_on_floor(person, q, shared)
    report(0.3)
    coarse, planted = _solve_coarse(person, q, shared)
    report(0.6)
    final = _solve_all(person, coarse, planted)
    report(1.0)
    return _motion(span, person, final, height_m)


def _prepare(
    keypoints: Keypoints2D,
    height_m: float | None,
    mass_kg: float | None,
    fov_deg: float | None,
    focal_length_px: float | None,
) -> tuple[_Person, Array]:
    skeleton = default_skeleton().with_landmarks(keypoint_landmarks(keypoints.names))
    body = load_proportions()
    model = PersonModel(skeleton, body, keypoints.names, sole_landmarks())
    layout = model.layout
    size = body.prior(height_m=height_m, mass_kg=mass_kg)
    focal, focal_spread = _focal_prior(keypoints.image_size, fov_deg, focal_length_px)
    camera_mean = np.array([0.05, 0.0, 1.3, np.log(focal)])
    camera_spread = np.array([0.15, 0.03, 0.6, focal_spread])
    priors: list[Term] = [
        SharedPrior("proportions", layout.size, size.mean, size.covariance),
        SharedPrior("camera", layout.camera, camera_mean, np.diag(camera_spread**2)),
        SharedPrior(
            "landmark offsets",
            layout.offset,
            np.zeros(model.offsets.count),
            np.diag(model.offsets.spread([keypoint_place(name).spread_m for name in keypoints.names]) ** 2),
        ),
    ]
    if height_m is not None:
        priors.append(Height(height_m))
    low, high = skeleton.bounds
    free = np.full(layout.count, np.inf)
    shared = np.zeros(layout.count)
    shared[layout.size] = size.mean
    shared[layout.camera] = [0.0, 0.0, 0.0, np.log(focal)]
    person = _Person(
        model,
        observations(keypoints),
        frame_weights(keypoints.time),
        Bounds(low, high, -free, free),
        tuple(priors),
        pose_prior(skeleton),
        acceleration_spread(skeleton),
    )
    return person, shared


def _focal_prior(
    image_size: tuple[int, int], fov_deg: float | None, focal_length_px: float | None
) -> tuple[float, float]:
    """Focal length in px and the spread of its logarithm."""
    if focal_length_px is not None:
        return focal_length_px, 0.02
    known = fov_deg is not None
    half = np.radians(DEFAULT_FOV_DEG if fov_deg is None else fov_deg) / 2
    return max(image_size) / 2 / float(np.tan(half)), 0.02 if known else 0.15


def _stand_on_floor(person: _Person, q: Array, shared: Array) -> tuple[Array, Array]:
    """Move the world so that the lowest foot of the first guess is on the floor."""
    view_soles = person.model.positions(State(q, shared))[:, len(person.model.points) :]
    level = float(np.percentile(view_soles[..., 1].min(1), 10))
    q, shared = q.copy(), shared.copy()
    q[:, person.model.skeleton.coordinate_index(ROOT_TRANSLATION[1])] -= level
    shared[person.model.layout.camera][2] -= level
    return q, shared


def _solve_coarse(person: _Person, q: Array, shared: Array) -> tuple[State, Array]:
    """Size, camera and motion on a part of the frames; then the motion between them, and the contacts."""
    frames = _thinned(person.observed.time, COARSE_RATE_HZ)
    free = minimise(person.problem(frames, None), State(q[frames], shared), iterations=12)
    moved = _spread(person, frames, free.state)
    planted = _planted(person, moved)
    whole = minimise(person.problem(frames, planted), free.state, iterations=30)
    moved = _spread(person, frames, whole.state)
    return moved, _planted(person, moved)


def _solve_all(person: _Person, start: State, planted: Array) -> Solution:
    frames = np.arange(len(start.q))
    return minimise(person.problem(frames, planted), start, shared_free=False, iterations=10)


def _thinned(time: Array, rate_hz: float) -> NDArray[np.intp]:
    """Indices of frames about 1/rate apart, the first and the last included."""
    if len(time) < 3:
        return np.arange(len(time))
    step = max(1, round(1 / (rate_hz * float(np.median(np.diff(time))))))
    return np.unique(np.append(np.arange(0, len(time), step), len(time) - 1))


def _spread(person: _Person, frames: NDArray[np.intp], state: State) -> State:
    """The state of some frames interpolated to all."""
    time = person.observed.time
    q = np.stack([np.interp(time, time[frames], column) for column in state.q.T], axis=1)
    return State(q, state.shared)


def _planted(person: _Person, state: State) -> Array:
    soles = person.model.positions(state)[:, len(person.model.points) :]
    return planted_probability(soles, _feet_seen(person), person.observed.time)


def _feet_seen(person: _Person) -> NDArray[np.bool_]:
    """(T, S) whether the ankle or any point of the foot was seen, for each point under the feet."""
    known = np.isfinite(person.observed.sigma)
    out = []
    for sole in person.model.soles:
        side = sole.name[-1].upper()
        points = [
            i
            for i, name in enumerate(person.model.points)
            if name in (f"{side}Heel", f"{side}BigToe", f"{side}SmallToe")
        ]
        out.append(known[:, points].any(1))
    return np.stack(out, axis=1)


def _motion(keypoints: Keypoints2D, person: _Person, solution: Solution, height_m: float | None) -> Motion:
    """The result in the user's world."""
    model, state = person.model, solution.state
    centre = (float(person.observed.principal_point[0]), float(person.observed.principal_point[1]))
    camera = camera_of(state.shared[model.layout.camera], centre, keypoints.image_size)
    skeleton = model.personal_skeleton(state.shared)
    heading, origin = facing_forward(skeleton, state.q, keypoints.time)
    q, camera = moved_motion(skeleton, state.q, heading, origin), moved_camera(camera, heading, origin)
    pixels = camera.project(Kinematics(skeleton).positions(q)[:, _columns(skeleton, keypoints.names)])
    counted = np.isfinite(person.observed.sigma)
    residual = np.where(counted, np.linalg.norm(pixels - keypoints.xy, axis=-1), np.nan)
    warnings = []
    if height_m is None:
        stature = model.proportions.stature(state.shared[model.layout.size])
        warnings.append(
            f"the scale is assumed: no height was given, so a person of {stature:.2f} m was taken; "
            "give --height for true lengths"
        )
    return Motion(
        skeleton,
        q,
        np.full_like(q, np.nan),
        keypoints.time,
        camera,
        residual,
        keypoints.names,
        keypoints.track_id,
        tuple(warnings),
        _details(person, solution),
    )


def _columns(skeleton: Skeleton, names: tuple[str, ...]) -> list[int]:
    return [skeleton.landmark_index(name) for name in names]


def _details(person: _Person, solution: Solution) -> dict[str, object]:
    """Figures for the report."""
    shared = solution.state.shared
    layout = person.model.layout
    pitch, roll, height, log_focal = shared[layout.camera]
    return {
        "stature_m": round(person.model.proportions.stature(shared[layout.size]), 4),
        "camera_pitch_deg": round(float(np.degrees(pitch)), 2),
        "camera_roll_deg": round(float(np.degrees(roll)), 2),
        "camera_height_m": round(float(height), 3),
        "focal_length_px": round(float(np.exp(log_focal)), 1),
        "solver": {
            "converged": solution.converged,
            "iterations": solution.iterations,
            "cost_trace": [round(c, 4) for c in solution.cost_trace],
            "gradient_norm": solution.gradient_norm,
        },
    }
