"""The lifting stage of a run: which lifter, for whom, and its landmarks as files of their own."""

from dataclasses import replace
from pathlib import Path

from pase.camera.angle_of_view import LensPrior
from pase.camera.motion import CameraMotion
from pase.config import LiftSettings, Settings
from pase.data import Keypoints2D, Landmarks3D
from pase.errors import InputError, ModelFileError
from pase.lift.base import Lifter
from pase.media import Footage, open_media
from pase.pipeline.network_files import fetch_models
from pase.pipeline.recording import Recording, choose, find_people, footage_with, read_recording
from pase.pipeline.report import Report, collected_warnings
from pase.pipeline.step_progress import step_of
from pase.pipeline.workspace import check_output_file
from pase.types import Progress, StepProgress

STEP = "3D landmarks"


def make_lifter(settings: LiftSettings, lens: LensPrior) -> Lifter | None:
    """The lifter from keypoints that the settings name; None when it is another kind, or none.

    Raises
    ------
    ModelFileError
        When its weights are not named or do not fit.
    """
    if settings.backend == "pase":
        from pase.lift.pase_lifter import PaseLifter

        return PaseLifter(settings.weights, lens)
    if settings.backend != "motionbert":
        return None
    from pase.lift.motionbert import MotionBert

    if settings.weights is None:
        raise ModelFileError(
            "MotionBERT's weights do not come with PASE: name best_epoch.bin with --lift.weights "
            "(--weights of 'pase lift'); docs/original-system.md says where to get it"
        )
    return MotionBert(settings.weights)


def lift_people(
    recording: Recording, settings: Settings, progress: StepProgress | None = None
) -> list[Landmarks3D | None]:
    """Landmarks in space of every person of a recording, in its order, as far as a lifter gives them.

    They are in camera axes and of unknown scale; see `pase.lift.base.Lifter`. MediaPipe knows one person alone,
    and it is up to the estimator whether that is the one it looks at: the others get None.

    Parameters
    ----------
    settings
        `lift` names the lifter; `camera` has facts about the lens.

    Raises
    ------
    InputError
        When the lifter needs pictures and there is no footage.
    """
    if settings.lift.backend == "mediapipe":
        if recording.source is None:
            raise InputError("MediaPipe reads pictures, not keypoints: name the footage with --video")
        _, landmarks = landmark_video(recording.source, settings, progress)
        return [landmarks if number == 0 else None for number in range(len(recording.people))]
    lens = recording.lens(settings.camera)
    lifter = make_lifter(settings.lift, lens)
    if lifter is None:
        return [None] * len(recording.people)
    step_progress = step_of(progress, STEP)
    return [
        _lifted_person(
            lifter, lens, person, recording, settings, _share_of_person(step_progress, number, recording)
        )
        for number, person in enumerate(recording.people)
    ]


def _lifted_person(
    lifter: Lifter,
    lens: LensPrior,
    person: Keypoints2D,
    recording: Recording,
    settings: Settings,
    progress: Progress | None,
) -> Landmarks3D:
    """One person's landmarks, after left and right that the detector exchanged are set right; of a camera that turns
    our lifter sees a steadied view."""
    from pase.fit.left_right_swaps import repair_keypoints

    motion = recording.camera_motion(person.shot)
    motion = None if motion is None else motion.at(person.time)
    person = repair_keypoints(person, motion).keypoints
    if motion is None or motion.kind == "still" or settings.lift.backend != "pase":
        return lifter(person, progress)
    from pase.lift.turning_camera import lift_steadied

    steady = make_lifter(settings.lift, lens_of_turn(lens, motion))
    return lift_steadied(steady or lifter, person, motion, progress)


def lift_in_statures(
    recording: Recording, settings: Settings, progress: StepProgress | None = None
) -> list[Landmarks3D | None]:
    """The landmarks of `lift_people` in the unit of the estimator: the person's standing height."""
    from pase.lift.base import in_statures

    lifted = lift_people(recording, settings, progress)
    if settings.lift.backend == "pase":
        return lifted
    return [None if landmarks is None else in_statures(landmarks) for landmarks in lifted]


def _share_of_person(step_progress: Progress | None, number: int, recording: Recording) -> Progress | None:
    """The progress of one of several persons, in frames of everybody."""
    if step_progress is None:
        return None
    before = sum(len(person) for person in recording.people[:number])
    total = sum(len(person) for person in recording.people)
    return lambda done, _: step_progress(before + done, total)


def lens_of_turn(lens: LensPrior, motion: CameraMotion) -> LensPrior:
    """The lens of a camera that turns: as measured from the turn, or as it was assumed to follow the turn."""
    sigma = lens.spread if motion.focal_log_sigma is None else motion.focal_log_sigma
    return replace(lens, focal_length_px=motion.focal_px, focal_log_sigma=sigma)


def landmark_video(
    source: Path | Footage, settings: Settings, progress: StepProgress | None = None
) -> tuple[Keypoints2D, Landmarks3D]:
    """MediaPipe's 33 landmarks of a video or photo, in the picture and in space."""
    from pase.lift.mediapipe import MODEL, MediaPipeLandmarker

    weights = settings.lift.weights or fetch_models([MODEL], settings, progress)[0]
    landmarker = MediaPipeLandmarker(weights)
    with open_media(footage_with(source, settings.footage)) as media:
        return landmarker(media.frames(), media.image_size, step_of(progress, STEP))


def lift(
    source: str | Path,
    output: str | Path,
    settings: Settings,
    *,
    video: str | Path | None = None,
    skeleton: str | None = None,
    overwrite: bool = False,
    progress: StepProgress | None = None,
) -> Report:
    """Write landmarks in space of everybody in footage or a keypoint file.

    Parameters
    ----------
    source
        Video, photo, or keypoints of any program that is understood.
    output
        A `.trc` (upright, Y up) or `.npz` (as the lifter gave them, camera axes) for the first person; the
        others' have their number before the suffix.
    settings
        All settings; `lift.backend` names the lifter.
    video, skeleton, overwrite, progress
        As in `pase.pipeline.run`.
    """
    from pase.lift.files import SUFFIXES, write_landmarks

    output, report = Path(output), Report()
    if output.suffix.lower() not in SUFFIXES:
        raise InputError(f"cannot write landmarks as '{output.suffix}': name a {' or '.join(SUFFIXES)} file")
    check_output_file(output, overwrite=overwrite)
    with collected_warnings() as warnings:
        people, recording = _lifted(Path(source), video, skeleton, settings, report, progress)
    for number, landmarks in enumerate(people, 1):
        path = output if number == 1 else output.with_stem(f"{output.stem}_{number}")
        check_output_file(path, overwrite=overwrite)
        write_landmarks(landmarks, path)
        report.files.append(str(path))
        report.persons.append({"track_id": number, "frames": len(landmarks)})
    report.source, report.warnings = recording.facts(), list(warnings)
    return report


def _lifted(
    source: Path,
    video: str | Path | None,
    skeleton: str | None,
    settings: Settings,
    report: Report,
    progress: StepProgress | None,
) -> tuple[list[Landmarks3D], Recording]:
    from pase.pose2d.readers import is_keypoint_file

    from_keypoints = is_keypoint_file(source)
    if settings.lift.backend == "mediapipe":
        footage = Path(video) if video is not None else source
        if from_keypoints and video is None:
            raise InputError("MediaPipe reads pictures, not keypoints: name the footage with --video")
        with report.timed("lift"):
            keypoints, landmarks = landmark_video(footage, settings, progress)
        read_as = footage_with(footage, settings.footage)
        landmark_sets = [landmarks] if keypoints.seen.any() else []
        return landmark_sets, Recording([keypoints], len(keypoints), keypoints.image_size, None, read_as)
    if settings.lift.backend == "none":
        raise InputError("name the lifter: --backend pase, --backend motionbert or --backend mediapipe")
    if from_keypoints:
        tracks = read_recording(source, None if video is None else Path(video), skeleton, settings)
        recording = choose(tracks, settings)
    else:
        with report.timed("pose2d"):
            recording = find_people(source, settings, progress)
    with report.timed("lift"):
        lifted = lift_people(recording, settings, progress)
    return [landmarks for landmarks in lifted if landmarks is not None], recording
