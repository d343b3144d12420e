"""One filmed person as a trial: keypoints, a lifter's depths, and the camera; and the frames that show enough."""

from dataclasses import replace

import numpy as np

from pase.anatomy.default import default_skeleton
from pase.camera.angle_of_view import LensPrior
from pase.config import FitSettings
from pase.data import Keypoints2D
from pase.fit.inputs import CameraSetup, PersonInput, PointSet, keypoint_set, lifted_joints
from pase.fit.measurements import DepthMeasurements, KeypointMeasurements, Measurements
from pase.fit.subject import SubjectOptions, prepare_subject, prior_weight, stature_prior
from pase.fit.terms.gravity import Gravity
from pase.fit.terms.lifted_depth import Depths
from pase.fit.trial import Trial
from pase.fit.uncertainty import FILM_ERRORS
from pase.fit.unsure_limbs import moved_limbs, unseen_limbs
from pase.types import Array, Indices
from pase.visible_points import usable

MINIMUM_POINTS = 8
"""A frame with fewer keypoints says nothing of a posture."""

LONGEST_GUESS_S = 1.0
"""Longest absence of a person, in seconds, that is bridged from the frames around it."""

POSE_PRIOR_RATE_HZ = 6.0
"""Independent postures a second: with keypoints, the posture prior counts in full so many times a second."""

CALM = 0.5
"""Accelerations, in their standard deviations, beyond which the cost grows more slowly than the square. With the
square the knees of synthetic jumps are 15° wrong, with this 12°; walks and squats do not change."""

PHOTO_DEPTHS = 0.5
"""Weight of a lifter's depths in a photo, where it has no movement to go by and half of a person may be hidden.
With 0.5 in place of 1 the skeletons of 51 people in 22 photos lie nearer to their keypoints, and one of two
who sit half hidden no longer stands; single frames of two lab clips come out 0.05° worse, of four views 0.25°."""

UNSEEN_DEPTHS = 3.0
"""Factor on the standard deviations of a lifter's depths of limbs that nothing shows. Those are the mean of all
postures; with 2 to 5 the prior of postures chooses a kind instead, so who stands stands straight. In 45 single frames
of real motion hidden legs come out slightly worse than with 1 (knees 17.9° for 16.9°), hidden shanks alike (12°)."""


def film_trial(
    person: PersonInput, lens: LensPrior, settings: FitSettings | None = None
) -> tuple[Trial[Measurements], KeypointMeasurements, Array]:
    """The problem of one filmed person, its keypoints, and a first guess (m,) of the shared unknowns."""
    settings, keypoints = settings or FitSettings(), person.keypoints
    weight = prior_weight(len(keypoints))
    sets, depths = _points(person)
    lasting = None if depths is None or len(keypoints) == 1 else depths.lasting()
    options = SubjectOptions(person.facts, POSE_PRIOR_RATE_HZ, weight, soles=True, lasting_depth=lasting)
    motion = None if person.camera_motion is None else person.camera_motion.at(keypoints.time)
    if motion is not None and motion.focal_log_sigma is not None:
        lens = replace(lens, measured_px=motion.focal_px, measured_log_sigma=motion.focal_log_sigma)
    wander = 0.0 if motion is None else float(np.std(motion.roll_rad))
    setup = CameraSetup(keypoints.image_size, lens, roll_wander_rad=wander)
    subject, shared = prepare_subject(default_skeleton(), sets, [setup], options)
    size, camera = subject.model.layout.size, subject.cameras[0].following(motion)
    _, height, mean = stature_prior(subject.model, person.facts, weight)
    shared[size] = mean if person.sizes is None else person.sizes.log_scale
    observed = KeypointMeasurements.of(keypoints, camera).with_turn_uncertainty(motion)
    measurements: list[Measurements] = [observed]
    gravity = None
    if person.landmarks is not None and depths is not None:
        share, points = 1.0, subject.model.points
        hidden = unseen_limbs(observed.names, observed.visible, observed.time, points)
        depths = replace(depths, sigma=np.where(hidden, UNSEEN_DEPTHS * depths.sigma, depths.sigma))
        if len(keypoints) == 1:
            unsure = moved_limbs(keypoints, person.landmarks, camera, shared, points)
            share, depths = PHOTO_DEPTHS, replace(depths, sigma=np.hypot(depths.sigma, unsure))
        measurements.append(DepthMeasurements((), keypoints.time, points, depths, camera, share))
        gravity = Gravity.of(person.landmarks, camera)
    subject = replace(
        subject if person.sizes is None else subject.held(size, person.sizes.log_scale),
        priors=replace(subject.priors, height=height, gravity=gravity),
        acceleration=subject.acceleration / settings.smoothness,
        calm=CALM,
        floor=settings.floor,
    )
    trial = replace(Trial.of(subject, measurements), errors=FILM_ERRORS)
    return trial, observed, shared


def _points(person: PersonInput) -> tuple[list[PointSet], Depths | None]:
    """The keypoints, and with a lifter its joint centres, and its depths of all these points."""
    points = [keypoint_set(person.keypoints.names)]
    if person.landmarks is None:
        return points, None
    points.append(lifted_joints(person.landmarks.names))
    return points, Depths.of(person.landmarks, tuple(name for s in points for name in s.names))


def visible_span(keypoints: Keypoints2D) -> Indices | None:
    """Frames from the first to the last that show enough of the person, without long absences; None if there are
    none."""
    visible = np.flatnonzero(usable(keypoints).sum(1) >= MINIMUM_POINTS)
    if not len(visible):
        return None
    span = np.ones(int(visible[-1]) + 1, bool)
    span[: visible[0]] = False
    for gap in np.flatnonzero(np.diff(keypoints.time[visible]) > LONGEST_GUESS_S):
        span[visible[gap] + 1 : visible[gap + 1]] = False
    return np.flatnonzero(span)


def as_slice(frames: Indices) -> slice | Indices:
    """The same frames as a slice where there is no gap: indexing by it copies nothing."""
    contiguous = slice(int(frames[0]), int(frames[-1]) + 1)
    return contiguous if contiguous.stop - contiguous.start == len(frames) else frames
