"""From the keypoints of one person to their personalised skeleton in motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.kinematics import Kinematics, pieces
from pase.config import FitSettings
from pase.data import Keypoints2D, Landmarks3D, Motion
from pase.diagnostics import CameraDiagnostics, FitDiagnostics, SolverDiagnostics
from pase.fit.bones import bone_statistics
from pase.fit.camera import camera_of
from pase.fit.initial import initial_motion, possible_rolls
from pase.fit.inputs import LensPrior, PersonInput
from pase.fit.keypoint_noise import usable
from pase.fit.left_right_swaps import RepairedKeypoints, repair_keypoints
from pase.fit.person import Frames, Person, prepare_person, prior_weight
from pase.fit.sequence import (
    SequenceEstimate,
    SharedEstimate,
    estimate_shared,
    solve_sequence,
    stand_on_floor,
)
from pase.fit.sizes import SizeEvidence, Sizes, size_evidence, with_known_part
from pase.fit.threads import on_one_thread
from pase.fit.world import World, facing_forward, moved_camera, moved_motion
from pase.parallel import Helpers

Array = NDArray[np.float64]
Progress = Callable[[float], None]

MINIMUM_POINTS = 8
"""A frame with fewer keypoints says nothing of a posture."""

LONGEST_GUESS_S = 1.0
"""Seconds for which the posture of a person who is not to be seen is guessed from before and after."""

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
    landmarks
        What a lifter tells of the person in the same frames: camera axes, statures, with sigma.
    sizes
        The person's sizes when they are known from other recordings: then they are held.
    progress
        Called with the share of the work done, 0 to 1.

    Returns
    -------
    Motion or None
        The motion from the first to the last frame in which the person is seen; None when seen in none.
    """
    report = progress or (lambda _: None)
    one, lens = (
        PersonInput(keypoints, landmarks, height_m, mass_kg, sizes),
        LensPrior(fov_deg, focal_length_px),
    )
    started = start(one, lambda share: report(0.6 * share), lens=lens, settings=settings)
    if started is None:
        return None
    sequence = solved(started, lambda share: report(0.6 + 0.4 * share))
    return finish(started, sequence)[0]


@dataclass(frozen=True)
class SharedFit:
    """One person when the unknowns that all frames share are estimated."""

    mended: RepairedKeypoints
    person: Person
    q: Array
    """(T, n) first guess of the motion."""
    found: SharedEstimate
    notes: tuple[str, ...] = ()
    """What the user should know of it, one sentence each."""
    sizes: Sizes | None = None
    """The person's sizes when they are known from other recordings."""


@on_one_thread
def start(
    one: PersonInput,
    progress: Progress,
    *,
    lens: LensPrior,
    settings: FitSettings | None = None,
    helpers: Helpers | None = None,
) -> SharedFit | None:
    """`estimate_motion` up to the shared unknowns; None when the person is unseen."""
    prepared = _prepared(one, lens, settings)
    if prepared is None:
        return None
    span, mended, person, shared = prepared
    q, found = _solved_shared(person, shared, progress, helpers or Helpers(0))
    found = _sure_of_sizes(found, person, one.sizes)
    notes = [*_absences(one.keypoints, span), *mended.notes]
    if one.height_m is None:
        notes.insert(
            0,
            f"the scale is assumed: no height was given, so a person of {_stature(person, found):.2f} m was taken; "
            "give --height for true lengths",
        )
    return SharedFit(mended, person, q, found, tuple(notes), one.sizes)


def _prepared(
    one: PersonInput, lens: LensPrior, settings: FitSettings | None
) -> tuple[Frames, RepairedKeypoints, Person, Array] | None:
    """The frames in which a person is seen, mended keypoints, the problem, and a guess of the shared unknowns."""
    span = _seen_span(one.keypoints)
    if span is None:
        return None
    part = _plain(span)
    mended = repair_keypoints(one.keypoints.slice(part))
    landmarks = None if one.landmarks is None else one.landmarks.slice(part)
    person, shared = prepare_person(
        replace(one, keypoints=mended.keypoints, landmarks=landmarks), lens, settings
    )
    return span, mended, person, shared


def _sure_of_sizes(found: SharedEstimate, person: Person, sizes: Sizes | None) -> SharedEstimate:
    """The estimate with the sizes as certain as other recordings have made them, where they have."""
    if sizes is None:
        return found
    known = sizes.covariance / prior_weight(len(person.observed.time))
    return replace(found, covariance=with_known_part(found.covariance, person.model.layout.size, known))


@on_one_thread
def solved(started: SharedFit, progress: Progress, *, helpers: Helpers | None = None) -> SequenceEstimate:
    """The motion in all frames, the shared unknowns of `start` held."""
    return solve_sequence(started.person, started.q, _found(started), progress, helpers or Helpers(0))


def _found(started: SharedFit) -> SharedEstimate:
    """The shared unknowns; the camera of everybody may have changed how sure the sizes are."""
    return _sure_of_sizes(started.found, started.person, started.sizes)


def finish(
    started: SharedFit, sequence: SequenceEstimate, world: World | None = None
) -> tuple[Motion, World]:
    """The result, and the world it is told in.

    Parameters
    ----------
    started
        What `start` found.
    sequence
        What `solved` made of it.
    world
        The world to tell it in; that of this person when None.
    """
    person, keypoints, found = started.person, started.mended.keypoints, _found(started)
    if world is None:
        skeleton = person.model.personal_skeleton(found.shared)
        world = facing_forward(skeleton, sequence.q, keypoints.time)
    motion = _motion(keypoints, person, found, sequence, world)
    warnings = (*started.notes[:1], *_warnings(motion, person), *started.notes[1:])
    return replace(motion, warnings=warnings), world


@on_one_thread
def measure_sizes(
    one: PersonInput,
    lens: LensPrior | None = None,
    settings: FitSettings | None = None,
    progress: Progress | None = None,
) -> SizeEvidence | None:
    """What a recording tells of one person's sizes, to be put together with that of others by `combined_sizes`.

    None when the person is seen in no frame.
    """
    prepared = _prepared(one, lens or LensPrior(), settings)
    if prepared is None:
        return None
    _, _, person, shared = prepared
    return size_evidence(person, _solved_shared(person, shared, progress, Helpers(0))[1])


def _seen_span(keypoints: Keypoints2D) -> Frames | None:
    """Frames from the first to the last with enough of the person, without long absences; None if there are none."""
    seen = np.flatnonzero(usable(keypoints).sum(1) >= MINIMUM_POINTS)
    if not len(seen):
        return None
    kept = np.ones(int(seen[-1]) + 1, bool)
    kept[: seen[0]] = False
    for gap in np.flatnonzero(np.diff(keypoints.time[seen]) > LONGEST_GUESS_S):
        kept[seen[gap] + 1 : seen[gap + 1]] = False
    return np.flatnonzero(kept)


def _plain(frames: Frames) -> slice | Frames:
    """The same frames as a slice where there is no gap: what is taken by it is not copied."""
    whole = slice(int(frames[0]), int(frames[-1]) + 1)
    return whole if whole.stop - whole.start == len(frames) else frames


def _absences(keypoints: Keypoints2D, span: Frames) -> list[str]:
    """One sentence on the times in which the person was away too long for their posture to be guessed."""
    gaps = np.flatnonzero(np.diff(span) > 1)
    if not len(gaps):
        return []
    time = keypoints.time
    told = [f"{time[span[i]]:.1f} to {time[span[i + 1]]:.1f} s" for i in gaps[:5]]
    return [
        f"not in the picture from {', '.join(told)}{' …' if len(gaps) > 5 else ''}: no posture is given there"
    ]


def _solved_shared(
    person: Person, shared: Array, progress: Progress | None, helpers: Helpers
) -> tuple[Array, SharedEstimate]:
    """First guess (T, n) of the motion and the shared unknowns, from the best of all ways to hold the camera."""
    rolls = possible_rolls(person.observed, person.model.points)
    starts = helpers.map(partial(_start, person=person, shared=shared), rolls, progress)
    return min(starts, key=lambda start: start[1].solution.cost)


@on_one_thread
def _start(roll: float, progress: Progress, *, person: Person, shared: Array) -> tuple[Array, SharedEstimate]:
    """First guess of the motion and the shared unknowns, from a camera that is tilted sideways by `roll` (rad)."""
    shared = shared.copy()
    shared[person.model.layout.camera][1] = roll
    q = initial_motion(person.model, person.observed, shared, person.bounds)
    q, shared = stand_on_floor(person, q, shared)
    found = estimate_shared(person, q, shared)
    progress(1.0)
    return q, found


def _motion(
    keypoints: Keypoints2D,
    person: Person,
    found: SharedEstimate,
    sequence: SequenceEstimate,
    world: World,
) -> Motion:
    """The result in the user's world."""
    model = person.model
    centre = (float(person.observed.principal_point[0]), float(person.observed.principal_point[1]))
    camera = camera_of(found.shared[model.layout.camera], centre, keypoints.image_size)
    skeleton = model.personal_skeleton(found.shared)
    heading, origin = world
    q = moved_motion(skeleton, sequence.q, heading, origin)
    camera = moved_camera(camera, heading, origin)
    kinematics, residual = Kinematics(skeleton), np.empty(keypoints.score.shape)
    for some in pieces(len(q)):
        pixels = camera.project(kinematics.positions(q[some]))
        residual[some] = np.linalg.norm(pixels - keypoints.xy[some], axis=-1)
    residual[~np.isfinite(person.observed.sigma)] = np.nan
    return Motion(
        skeleton,
        q,
        CALIBRATION * sequence.q_std,
        keypoints.time,
        camera,
        residual,
        keypoints.track_id,
        diagnostics=_diagnostics(person, found, sequence),
    )


def _warnings(motion: Motion, person: Person) -> list[str]:
    out: list[str] = []
    if motion.residual is None:
        return out
    in_deviations = motion.residual / person.observed.sigma
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


def _stature(person: Person, found: SharedEstimate) -> float:
    return person.model.proportions.stature(found.shared[person.model.layout.size])


def _diagnostics(person: Person, found: SharedEstimate, sequence: SequenceEstimate) -> FitDiagnostics:
    """Figures for the report."""
    size = person.model.layout.size
    pitch, roll, height, log_focal = (float(value) for value in found.shared[person.model.layout.camera])
    solver = found.solution
    return FitDiagnostics(
        SolverDiagnostics(
            frames_for_size=len(found.frames),
            converged=solver.converged,
            iterations=solver.iterations,
            cost_trace=tuple(solver.cost_trace),
            gradient_norm=solver.gradient_norm,
            windows=len(sequence.converged),
            windows_converged=sum(sequence.converged),
        ),
        stature_m=_stature(person, found),
        bones=bone_statistics(
            person.model, found.shared[size], CALIBRATION**2 * found.covariance[size, size]
        ),
        cost_by_term=found.shares,
        camera=CameraDiagnostics(
            float(np.degrees(pitch)), float(np.degrees(roll)), height, float(np.exp(log_focal))
        ),
    )
