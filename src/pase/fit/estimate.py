"""From the keypoints of one person to their personalised skeleton in motion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics, pieces
from pase.camera.steadied import filmed_keypoints, steadied_keypoints
from pase.config import FitSettings
from pase.data import Camera, CameraMotion, CameraPath, Keypoints2D, Landmarks3D, Motion
from pase.diagnostics import CameraDiagnostics, FitDiagnostics, FloorDiagnostics, SolverDiagnostics
from pase.fit.bones import bone_statistics
from pase.fit.childhood import child_stature
from pase.fit.draws import drawn_motions
from pase.fit.evidence import Evidence, evidence, with_known_part
from pase.fit.inputs import CameraSetup, LensPrior, PersonInput, keypoint_set
from pase.fit.keypoint_guess import initial_motion, possible_rolls
from pase.fit.keypoint_noise import usable
from pase.fit.left_right_swaps import RepairedKeypoints, repair_keypoints
from pase.fit.measurements import DepthMeasurements, KeypointMeasurements, Measurements
from pase.fit.moving_floor import MovingFloor, find_moving_floor
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.schedule import (
    PASSES,
    SequenceEstimate,
    SharedEstimate,
    estimate_shared,
    solve_passes,
    solve_windows,
    spread_frames,
    thinned,
)
from pase.fit.sizes import Sizes
from pase.fit.subject import SubjectOptions, prepare_subject, prior_weight, stature_prior
from pase.fit.terms.gravity import Gravity
from pase.fit.threads import on_one_thread
from pase.fit.trial import Trial
from pase.fit.world import World, facing_forward, moved_camera, moved_motion
from pase.parallel import Helpers
from pase.types import Array, Indices, ShareProgress

MINIMUM_POINTS = 8
"""A frame with fewer keypoints says nothing of a posture."""

LONGEST_GUESS_S = 1.0
"""Seconds for which the posture of a person who is not to be seen is guessed from before and after."""

POSE_PRIOR_RATE_HZ = 6.0
"""Independent postures a second: how often what is known of postures counts in full beside keypoints."""

CALM = 0.5
"""Accelerations, in their usual deviations, up to which a movement is calm; faster ones cost less than their square.
With a squared cost the knees of synthetic jumps came out 15° wrong, with this 12°; walks and squats stay."""

CALIBRATION = 1.45
"""Real errors over posterior standard deviations: the skeleton is not the person, and keypoints drift with posture.
Measured against markers, so that 95 % intervals hold the truth that often (`benchmarks/calibration.py`)."""

ILL_FIT = 3.0
"""Mean distance between skeleton and keypoints, in their standard deviations, above which the user is warned."""


@on_one_thread
def estimate_motion(
    keypoints: Keypoints2D,
    settings: FitSettings | None = None,
    *,
    height_m: float | None = None,
    mass_kg: float | None = None,
    fov_deg: float | None = None,
    focal_length_px: float | None = None,
    landmarks: Landmarks3D | None = None,
    sizes: Sizes | None = None,
    camera_motion: CameraMotion | None = None,
    progress: ShareProgress | None = None,
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
    landmarks
        What a lifter tells of the person in the same frames: camera axes, statures, with sigma.
    sizes
        The person's sizes when they are known from other recordings: then they are held.
    camera_motion
        How the camera moved; it stands still when None.
    progress
        Called with the share of the work done, 0 to 1.

    Returns
    -------
    Motion or None
        The motion from the first to the last frame in which the person is seen; None when seen in none.
    """
    report = progress or (lambda _: None)
    person = PersonInput(keypoints, landmarks, height_m, mass_kg, sizes, camera_motion)
    lens = LensPrior(fov_deg, focal_length_px)
    fit = fit_shared(person, lambda share: report(0.6 * share), lens=lens, settings=settings)
    if fit is None:
        return None
    sequence = fit_frames(fit, lambda share: report(0.6 + 0.4 * share))
    return finish(fit, sequence)[0]


@dataclass(frozen=True)
class Note:
    """One sentence that the user should know."""

    about: Literal["scale", "absence", "keypoints", "size", "floor"]
    text: str


@dataclass(frozen=True)
class SharedFit:
    """One person when the unknowns that all frames share are estimated."""

    keypoints: Keypoints2D
    """With left and right set right."""
    trial: Trial[Measurements]
    observed: KeypointMeasurements
    """Of the trial's measurements those that the result is compared with."""
    q: Array
    """(T, n) first guess of the motion."""
    estimate: SharedEstimate
    notes: tuple[Note, ...] = ()
    sizes: Sizes | None = None
    """The person's sizes when they are known from other recordings."""
    camera_motion: CameraMotion | None = None
    """How the camera of the shot moved."""
    floor: MovingFloor | None = None
    """How the floor moves under the person; None where it stands still."""

    @property
    def stature_m(self) -> float:
        """Standing height of the skeleton."""
        return self.trial.subject.stature(self.estimate.shared)

    def sure_of_sizes(self) -> SharedFit:
        """The same with the sizes as certain as other recordings have made them, where they have."""
        if self.sizes is None or self.estimate.covariance is None:
            return self
        covariance = self.sizes.covariance / prior_weight(len(self.trial.time))
        columns = self.trial.subject.model.layout.size
        covariance = with_known_part(self.estimate.covariance, columns, covariance)
        return replace(self, estimate=replace(self.estimate, covariance=covariance))


@on_one_thread
def fit_shared(
    person: PersonInput,
    progress: ShareProgress,
    *,
    lens: LensPrior,
    settings: FitSettings | None = None,
    helpers: Helpers | None = None,
) -> SharedFit | None:
    """`estimate_motion` up to the shared unknowns; None when the person is unseen."""
    span = _visible_span(person.keypoints)
    if span is None:
        return None
    frames = _as_slice(span)
    repaired = _repaired(person.keypoints.slice(frames), person.camera_motion)
    landmarks = None if person.landmarks is None else person.landmarks.slice(frames)
    visible = replace(person, keypoints=repaired.keypoints, landmarks=landmarks)
    trial, observed, shared = film_trial(visible, lens, settings)
    belt = (settings or FitSettings()).belt_speed
    job = partial(
        _from_roll, trial=trial, observed=observed, shared=shared, belt=belt, motion=person.camera_motion
    )
    tried = (helpers or Helpers(0)).map(job, possible_rolls(observed), progress)
    best = min(tried, key=_cost)
    floor, trial = (
        best.floor,
        trial if best.floor is None else replace(trial, floor_shift=best.floor.path.shift),
    )
    notes = [*_absences(person.keypoints, span), *(Note("keypoints", text) for text in repaired.notes)]
    notes += [] if floor is None else [note_of_floor(floor)]
    fit = SharedFit(
        repaired.keypoints,
        trial,
        observed,
        best.q,
        best.estimate,
        tuple(notes),
        person.sizes,
        person.camera_motion,
        floor,
    )
    if person.height_m is None:
        fit = replace(fit, notes=(_note_of_scale(fit, person), *notes))
    return fit.sure_of_sizes()


def _note_of_scale(fit: SharedFit, person: PersonInput) -> Note:
    """What was assumed in place of a height, and whether the proportions speak against it."""
    assumed = f"no height was given, so a person of {fit.stature_m:.2f} m was taken"
    if person.vitals.age_years is None and person.sizes is None:
        child_m = child_stature(evidence(fit.trial, fit.estimate, fit.trial.subject.model.layout.size))
        if child_m is not None:
            return Note(
                "scale",
                f"this looks like a child, of perhaps {child_m:.1f} m: {assumed}; give --height, or at least --age",
            )
    return Note("scale", f"the scale is assumed: {assumed}; give --height for true lengths")


def _repaired(keypoints: Keypoints2D, motion: CameraMotion | None) -> RepairedKeypoints:
    """Keypoints with exchanged sides and stray points set right, by their paths before a camera that stands still."""
    film_motion = None if motion is None or motion.kind == "still" else motion.at(keypoints.time)
    steadied = None if film_motion is None else steadied_keypoints(keypoints, film_motion)
    if film_motion is None or steadied is None:
        return repair_keypoints(keypoints)
    repaired = repair_keypoints(steadied)
    filmed = filmed_keypoints(repaired.keypoints, film_motion, keypoints.image_size)
    return replace(repaired, keypoints=filmed)


def film_trial(
    person: PersonInput, lens: LensPrior, settings: FitSettings | None = None
) -> tuple[Trial[Measurements], KeypointMeasurements, Array]:
    """The problem of one filmed person, its keypoints, and a first guess (m,) of the shared unknowns."""
    settings, keypoints = settings or FitSettings(), person.keypoints
    weight = prior_weight(len(keypoints))
    options = SubjectOptions(
        person.height_m, person.mass_kg, POSE_PRIOR_RATE_HZ, weight, soles=True, vitals=person.vitals
    )
    motion = None if person.camera_motion is None else person.camera_motion.at(keypoints.time)
    if motion is not None and motion.focal_log_sigma is not None:
        lens = replace(lens, measured_px=motion.focal_px, measured_log_sigma=motion.focal_log_sigma)
    wander = 0.0 if motion is None else float(np.std(motion.roll_rad))
    setup = CameraSetup(keypoints.image_size, lens, roll_wander_rad=wander)
    subject, shared = prepare_subject(default_skeleton(), [keypoint_set(keypoints.names)], [setup], options)
    size, camera = subject.model.layout.size, subject.cameras[0].following(motion)
    _, height, mean = stature_prior(
        subject.model,
        height_m=person.height_m,
        mass_kg=person.mass_kg,
        weight=weight,
        vitals=person.vitals,
    )
    shared[size] = mean if person.sizes is None else person.sizes.log_scale
    observed = KeypointMeasurements.of(keypoints, camera).unsure_of_turn(motion)
    measurements: list[Measurements] = [observed]
    gravity = None
    if person.landmarks is not None:
        measurements.append(DepthMeasurements.of(person.landmarks, keypoints.names, camera))
        gravity = Gravity.of(person.landmarks, camera)
    subject = replace(
        subject if person.sizes is None else subject.held(size, person.sizes.log_scale),
        priors=replace(subject.priors, height=height, gravity=gravity),
        acceleration=subject.acceleration / settings.smoothness,
        calm=CALM,
        floor=settings.floor,
    )
    return Trial.of(subject, measurements), observed, shared


@dataclass(frozen=True)
class _Start:
    """What came of one way to hold the camera."""

    q: Array
    """(T, n) first guess of the motion."""
    estimate: SharedEstimate
    floor: MovingFloor | None


@on_one_thread
def _from_roll(
    roll: float,
    progress: ShareProgress,
    *,
    trial: Trial[Measurements],
    observed: KeypointMeasurements,
    shared: Array,
    belt: str,
    motion: CameraMotion | None,
) -> _Start:
    """First guess of the motion and the shared unknowns, from a camera that is tilted sideways by `roll` (rad)."""
    shared = shared.copy()
    shared[observed.camera.columns][1] = roll
    q, shared = stand_on_floor(trial, initial_motion(trial, observed, shared), shared)
    frames = spread_frames(thinned(trial.time))
    loose = solve_passes(trial, frames, State(q[frames], shared), PASSES[:1]).solution.state
    floor = find_moving_floor(trial, frames, loose, belt, motion)
    if floor is not None:
        trial = replace(trial, floor_shift=floor.path.shift)
        state = solve_passes(trial, frames, loose, PASSES[1:2])[1].state
        floor, loose = floor.refined(trial, frames, state)
        trial = replace(trial, floor_shift=floor.path.shift)
    estimate = estimate_shared(trial, frames, loose, PASSES[1:] if floor is None else PASSES[2:])
    progress(1.0)
    return _Start(q, estimate, floor)


def _cost(start: _Start) -> float:
    solution = start.estimate.solution
    return np.inf if solution is None else solution.cost


def stand_on_floor(trial: Trial[Measurements], q: Array, shared: Array) -> tuple[Array, Array]:
    """Raise world and cameras so that the lowest foot of a first guess is on the floor."""
    level = float(np.percentile(trial.lowest(State(q, shared)), 10))
    model = trial.subject.model
    q, shared = q.copy(), shared.copy()
    q[:, model.skeleton.coordinate_index(ROOT_TRANSLATION[1])] -= level
    for columns in model.layout.cameras:
        shared[columns][2] -= level
    return q, shared


@on_one_thread
def fit_frames(
    fit: SharedFit, progress: ShareProgress, *, helpers: Helpers | None = None
) -> SequenceEstimate:
    """The motion in all frames, the shared unknowns held."""
    return solve_windows(fit.trial, fit.q, fit.sure_of_sizes().estimate, progress, helpers or Helpers(0))


def finish(fit: SharedFit, sequence: SequenceEstimate, world: World | None = None) -> tuple[Motion, World]:
    """The result, and the world it is told in.

    Parameters
    ----------
    fit
        The person with the shared unknowns.
    sequence
        What `fit_frames` made of it.
    world
        The world to tell it in; that of this person when None.
    """
    fit = fit.sure_of_sizes()
    if world is None:
        skeleton = fit.trial.subject.model.personal_skeleton(fit.estimate.shared)
        world = facing_forward(skeleton, sequence.q, fit.trial.time)
    motion = _motion(fit, sequence, world)
    first = [note.text for note in fit.notes if note.about in ("scale", "size")]
    remaining = [note.text for note in fit.notes if note.about not in ("scale", "size")]
    return replace(motion, warnings=(*first, *_warnings(motion, fit.observed), *remaining)), world


@on_one_thread
def measure_sizes(
    person: PersonInput,
    lens: LensPrior | None = None,
    settings: FitSettings | None = None,
    progress: ShareProgress | None = None,
) -> Evidence | None:
    """What a recording tells of one person's sizes, to be put together with that of others by `combined_sizes`.

    None when the person is seen in no frame.
    """
    fit = fit_shared(person, progress or (lambda _: None), lens=lens or LensPrior(), settings=settings)
    return None if fit is None else evidence(fit.trial, fit.estimate, fit.trial.subject.model.layout.size)


def _visible_span(keypoints: Keypoints2D) -> Indices | None:
    """Frames from the first to the last with enough of the person, without long absences; None if there are none."""
    visible = np.flatnonzero(usable(keypoints).sum(1) >= MINIMUM_POINTS)
    if not len(visible):
        return None
    span = np.ones(int(visible[-1]) + 1, bool)
    span[: visible[0]] = False
    for gap in np.flatnonzero(np.diff(keypoints.time[visible]) > LONGEST_GUESS_S):
        span[visible[gap] + 1 : visible[gap + 1]] = False
    return np.flatnonzero(span)


def _as_slice(frames: Indices) -> slice | Indices:
    """The same frames as a slice where there is no gap: what is taken by it is not copied."""
    contiguous = slice(int(frames[0]), int(frames[-1]) + 1)
    return contiguous if contiguous.stop - contiguous.start == len(frames) else frames


def _absences(keypoints: Keypoints2D, span: Indices) -> list[Note]:
    """One sentence on the times in which the person was away too long for their posture to be guessed."""
    gaps = np.flatnonzero(np.diff(span) > 1)
    if not len(gaps):
        return []
    time = keypoints.time
    times = ", ".join(f"{time[span[i]]:.1f} to {time[span[i + 1]]:.1f} s" for i in gaps[:5])
    more = " …" if len(gaps) > 5 else ""
    return [Note("absence", f"not in the picture from {times}{more}: no posture is given there")]


def note_of_floor(floor: MovingFloor) -> Note:
    """What the user should know of a floor that moves."""
    mean, sigma = floor.path.mean_speed
    speed = f"{mean:.2f} ± {CALIBRATION * sigma:.2f} m/s"
    if floor.carried:
        return Note("floor", f"the camera goes along, at about {speed}: the way is told by the planted feet")
    return Note(
        "floor",
        f"a treadmill's belt moves at {speed}: feet are held to it, and the person stays on the spot "
        "(--fit.belt-speed off takes the floor to stand still)",
    )


def _motion(fit: SharedFit, sequence: SequenceEstimate, world: World) -> Motion:
    """The result in the user's world."""
    shared, keypoints = fit.estimate.shared, fit.keypoints
    skeleton = fit.trial.subject.model.personal_skeleton(shared)
    q = sequence.q.copy()
    if fit.floor is not None and fit.floor.carried:
        q[:, [skeleton.coordinate_index(ROOT_TRANSLATION[axis]) for axis in (0, 2)]] -= fit.floor.path.shift
    q = moved_motion(skeleton, q, *world)
    camera = moved_camera(_whole_camera(fit), *world)
    kinematics, residual = Kinematics(skeleton), np.empty(keypoints.score.shape)
    for frames in pieces(len(q)):
        pixels = camera.project(kinematics.positions(q[frames]), keypoints.time[frames])
        residual[frames] = np.linalg.norm(pixels - keypoints.xy[frames], axis=-1)
    residual[~fit.observed.visible] = np.nan
    return Motion(
        skeleton,
        q,
        CALIBRATION * sequence.q_std,
        keypoints.time,
        camera,
        residual,
        keypoints.track_id,
        diagnostics=_diagnostics(fit, sequence),
        draws=drawn_motions(
            fit.trial.subject.model,
            shared,
            sequence,
            CALIBRATION,
            lambda drawn: moved_motion(skeleton, drawn, *world),
        ),
    )


def _whole_camera(fit: SharedFit) -> Camera:
    """The camera in the estimator's world; of one that moves, in all frames of the shot."""
    shared, motion = fit.estimate.shared, fit.camera_motion
    camera = fit.observed.camera.at(shared)
    if motion is None:
        return camera
    path = fit.observed.camera.following(motion).path(shared, motion.time)
    if fit.floor is not None and fit.floor.carried:
        path = path or CameraPath.still(camera, motion.time)
        shift = np.insert(replace(fit.floor.path, time=motion.time).shift, 1, 0.0, axis=1)
        moved = path.translation + np.einsum("tij,tj->ti", path.rotation, shift)
        path = replace(path, translation=moved)
    return replace(camera, path=path)


def _warnings(motion: Motion, observed: KeypointMeasurements) -> list[str]:
    out: list[str] = []
    if motion.residual is None:
        return out
    in_deviations = motion.residual / observed.sigma
    misfit = float(np.nanmean(in_deviations)) if np.isfinite(in_deviations).any() else 0.0
    if misfit > ILL_FIT:
        out.append(
            f"the skeleton does not fit the keypoints well ({misfit:.1f} standard deviations on average); "
            "look at the overlay before using the angles"
        )
    guessed = int((np.isfinite(motion.residual).sum(1) < MINIMUM_POINTS).sum())
    if guessed:
        out.append(
            f"too little of the person is seen; the posture is guessed from the frames around (frames: {guessed})"
        )
    return out


def _diagnostics(fit: SharedFit, sequence: SequenceEstimate) -> FitDiagnostics:
    """Figures for the report."""
    estimate, model = fit.estimate, fit.trial.subject.model
    assert estimate.solution is not None and estimate.covariance is not None
    size = model.layout.size
    pitch, roll, height = (float(value) for value in estimate.shared[fit.observed.camera.columns][:3])
    solver = estimate.solution
    speed, sigma = (0.0, 0.0) if fit.floor is None else fit.floor.path.mean_speed
    return FitDiagnostics(
        SolverDiagnostics(
            frames_for_size=len(estimate.frames),
            converged=solver.converged,
            iterations=solver.iterations,
            cost_trace=solver.cost_trace,
            gradient_norm=solver.gradient_norm,
            windows=len(sequence.windows),
            windows_converged=sum(window.converged for window in sequence.windows),
        ),
        stature_m=fit.stature_m,
        bones=bone_statistics(model, estimate.shared[size], CALIBRATION**2 * estimate.covariance[size, size]),
        cost_by_term=estimate.shares or {},
        camera=CameraDiagnostics(
            float(np.degrees(pitch)),
            float(np.degrees(roll)),
            height,
            fit.observed.camera.at(estimate.shared).focal_length_px,
        ),
        floor=None
        if fit.floor is None
        else FloorDiagnostics(speed, CALIBRATION * sigma, not fit.floor.carried),
    )
