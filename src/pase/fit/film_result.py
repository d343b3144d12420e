"""The result of a film: skeleton, motion, camera, error bars, warnings and figures of the fit."""

from dataclasses import replace

import numpy as np

from pase.anatomy.kinematics import Kinematics, pieces
from pase.data import Camera, CameraPath, Motion
from pase.diagnostics import CameraDiagnostics, FitDiagnostics, FloorDiagnostics, SolverDiagnostics
from pase.fit.bones import bone_statistics
from pase.fit.childhood import child_stature
from pase.fit.draws import drawn_motions
from pase.fit.film_trial import MINIMUM_POINTS
from pase.fit.measurements import KeypointMeasurements
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.schedule import SequenceEstimate
from pase.fit.shared_fit import SharedFit
from pase.fit.uncertainty import CALIBRATION
from pase.fit.world import World, facing_forward, moved_camera, moved_motion
from pase.series import stretches_of

ILL_FIT = 3.0
"""Mean distance between skeleton and keypoints, in their standard deviations, above which the user is warned."""

OFF_THE_FLOOR_M, LONGEST_LEAP_S = 0.15, 1.0
"""The user is warned when the feet are this high above the floor for this long: a leap of 1.2 m would last as
long."""
ON_THE_FLOOR_M = 0.4
"""A pelvis lower than this rests on the floor, and its feet may be in the air: who squats deeply keeps it higher, who
lies has it at 0.1 to 0.25 m."""


def finish(fit: SharedFit, sequence: SequenceEstimate, world: World | None = None) -> tuple[Motion, World]:
    """The result, and the world that it is given in.

    Parameters
    ----------
    world
        The world of the result; that of this person when None.
    """
    if world is None:
        skeleton = fit.trial.subject.model.personal_skeleton(fit.estimate.shared)
        world = facing_forward(skeleton, sequence.q, fit.trial.time)
    motion = _motion(fit, sequence, world)
    first = [note.text for note in fit.notes if note.about in ("scale", "size")]
    child_m = child_stature(motion, fit.keypoints) if any(n.about == "scale" for n in fit.notes) else None
    if child_m is not None:
        motion = replace(motion, diagnostics=replace(motion.diagnostics, child_stature_m=child_m))
        first.insert(
            0, f"this looks like a child, of perhaps {child_m:.1f} m: give --height, or at least --age"
        )
    remaining = [note.text for note in fit.notes if note.about not in ("scale", "size")]
    notes = _warnings(motion, fit.observed)
    seconds, height = _off_the_floor(fit, sequence)
    if seconds >= LONGEST_LEAP_S:
        motion = replace(motion, diagnostics=replace(motion.diagnostics, off_floor_m=height))
        notes.append(
            f"the feet are off the floor for {seconds:.1f} s, by up to {height:.1f} m: if the person stands or "
            "walks there, the ground is not flat or the camera's height is wrong, and with it places and speeds; if "
            "it is a jump, the film is slowed down (--slow-motion or --rate)"
        )
    return replace(motion, warnings=(*first, *notes, *remaining)), world


def _motion(fit: SharedFit, sequence: SequenceEstimate, world: World) -> Motion:
    """The result in the user's world."""
    shared, keypoints = fit.estimate.shared, fit.keypoints
    skeleton = fit.trial.subject.model.personal_skeleton(shared)
    q = sequence.q
    if fit.floor is not None and fit.floor.carried:
        q = q.copy()
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


def _off_the_floor(fit: SharedFit, sequence: SequenceEstimate) -> tuple[float, float]:
    """The longest time for which visible feet stay above the floor, s, and their greatest height in it, m.

    Somebody who lies or sits on the floor and lifts the feet does not count.
    """
    trial, time = fit.trial, fit.keypoints.time
    if not trial.subject.floor:
        return 0.0, 0.0
    lowest = trial.lowest(State(sequence.q, fit.estimate.shared))
    high = (lowest > OFF_THE_FLOOR_M) & trial.feet_visible(np.arange(len(time))).any(1)
    pelvis = sequence.q[:, trial.subject.model.skeleton.coordinate_index(ROOT_TRANSLATION[1])]
    high &= pelvis > ON_THE_FLOOR_M
    stretches = [(float(time[b - 1] - time[a]), float(lowest[a:b].max())) for a, b in stretches_of(high)]
    return max(stretches, default=(0.0, 0.0))


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
            windows_converged=sum(end.converged for end in sequence.windows),
        ),
        stature_m=fit.stature_m,
        scale_sd=fit.scale_sd,
        bones=bone_statistics(
            model, estimate.shared[size], CALIBRATION**2 * estimate.covariance[size, size] + fit.scale_sd**2
        ),
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
