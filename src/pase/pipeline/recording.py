"""The 2D side of a run: what was filmed, and who was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.limbs import absent_parts, points_of
from pase.camera.angle_of_view import LensPrior
from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.config import CameraSettings, FootageSettings, Settings
from pase.data import Keypoints2D
from pase.errors import InputError, ModelFileError
from pase.keypoint_sets import KEYPOINT_SETS, to_halpe26
from pase.media import Footage, Frame, Media, open_media
from pase.media.ahead import ahead, frames_ahead
from pase.media.bars import picture_size
from pase.pipeline.camera_motion import (
    camera_facts,
    follow_footage,
    is_film,
    lens_of,
    load_camera_motions,
    warn_of_camera,
)
from pase.pipeline.film_turn import film_turn
from pase.pipeline.first_look import FirstLook, Watcher
from pase.pipeline.network_files import fetch_models, network_files
from pase.point_names import halpe_names
from pase.pose2d.left_out import LeftOut
from pase.types import ImageSize, StepProgress

if TYPE_CHECKING:
    from pase.pose2d.detect import DetectedPeople
    from pase.pose2d.readers.detection import FootageFacts
    from pase.view.film import FilmMaker


LEAST_SIZE, MOST_PERSONS = 0.03, 64
"""Least size of persons, by the longer side of the picture, and how many there may be whose faces are hidden."""


@dataclass(frozen=True)
class Recording:
    """What the 2D stage found in a video or photo."""

    people: list[Keypoints2D]
    """Everybody who was tracked; after `choose` those who get a skeleton, the main person first. May be empty."""
    frames: int
    image_size: ImageSize
    """Width and height in pixels; (0, 0) where unknown."""
    focal_length_px: float | None = None
    """Focal length from the file's metadata, or None."""
    source: Footage | None = None
    """The video or photo and how it was read, or None when the keypoints came alone."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Others in the picture, who get no skeleton."""
    others: list[Keypoints2D] = field(default_factory=list)
    """Their keypoints, where their faces are to be hidden, and they were tracked."""
    why_main: str = ""
    """Why the first person is the main one."""
    cuts: list[float] = field(default_factory=list)
    """Times in seconds at which a new shot begins."""
    time: NDArray[np.float64] | None = None
    """(T,) seconds of every frame; None where only the tracks have it."""
    program: str = ""
    """Who wrote the keypoints, where they were read from a file; empty where unknown."""
    camera_motions: list[CameraMotion] = field(default_factory=list)
    """How the camera of each shot moved; empty where the footage was not looked at."""
    picture_size: ImageSize | None = None
    """Width and height in pixels of the picture inside black bars; None where the footage was not looked at."""

    def camera_motion(self, shot: int) -> CameraMotion | None:
        """How the camera of a shot moved; None where it was not looked at."""
        of_shot = [m for m in self.camera_motions if m.shot == shot and len(m)]
        return of_shot[0] if of_shot else None

    def lens(self, settings: CameraSettings) -> LensPrior:
        """The camera's lens before the film was looked at."""
        size = self.picture_size or self.image_size
        return lens_of(settings, size, self.focal_length_px, is_film=self.frames > 1)

    def facts(self) -> dict[str, Any]:
        """What the report says of the recording."""
        inside = self.picture_size
        return {
            "path": None if self.source is None else str(self.source.path.resolve()),
            "read_as": {} if self.source is None else self.source.options,
            "frames": self.frames,
            "image_size": list(self.image_size),
            **({"picture_size": list(inside)} if inside and inside != self.image_size else {}),
            "focal_length_px": self.focal_length_px,
            "cuts_s": self.cuts,
            **({"keypoints_of": self.program} if self.program else {}),
            "camera": camera_facts(self.camera_motions),
        }


def footage_with(source: str | Path | Footage, settings: FootageSettings) -> Footage:
    """A video or photo, to be read as the settings say; footage that says so itself stays as it is."""
    if isinstance(source, Footage):
        return source
    rotate = 0 if settings.rotate == "auto" else int(settings.rotate)
    return Footage(
        Path(source),
        rotate,
        settings.mirror,
        settings.rate_hz,
        settings.slow_motion,
        settings.start_s,
        settings.end_s,
    )


def find_people(
    source: str | Path,
    settings: Settings,
    progress: StepProgress | None = None,
    film: FilmMaker | None = None,
) -> Recording:
    """Find and choose the persons in footage, which is turned where its people show that its rotation was lost.

    Parameters
    ----------
    source
        Video or photo.
    settings
        `footage` says how it is read, `pose2d` who is looked for.
    film
        Is shown every frame.
    """
    footage = footage_with(source, settings.footage)
    recording = _people_in(footage, settings, progress, film)
    if settings.footage.rotate == "auto" and recording.people and recording.frames > 1:
        turn = film_turn(recording.people[0])
        if turn:
            recording = _people_in(replace(footage, rotate=turn), settings, progress, film)
    return recording


def recording_of(
    source: str | Path | Keypoints2D | Sequence[Keypoints2D],
    settings: Settings,
    progress: StepProgress | None = None,
) -> Recording:
    """The persons in footage, in a file of keypoints, or in keypoints themselves.

    Parameters
    ----------
    source
        Video, photo, keypoints of any program that is understood, or the keypoints of one or several persons with
        points of any set whose names are understood; times of one recording.
    settings
        As of `find_people`.
    """
    from pase.pose2d.readers import is_keypoint_file

    if isinstance(source, str | Path):
        if not is_keypoint_file(source):
            return find_people(source, settings, progress)
        return choose(read_recording(Path(source), None, None, settings), settings)
    people = [_checked(person) for person in ([source] if isinstance(source, Keypoints2D) else source)]
    time = max((person.time for person in people), key=len, default=np.zeros(0))
    if len({person.image_size for person in people}) > 1 or not all(
        np.isin(person.time, time).all() for person in people
    ):
        raise InputError("the persons have pictures of different sizes or times: give those of one recording")
    size = people[0].image_size if people else (0, 0)
    return choose(Recording([p for p in people if p.seen.any()], len(time), size, time=time), settings)


def _checked(person: Keypoints2D) -> Keypoints2D:
    """Keypoints of a user as Halpe keypoints.

    Raises
    ------
    InputError
        When the points have names that are not understood, or the times do not increase.
    """
    is_usual_set = person.names in KEYPOINT_SETS.values()
    names = person.names if is_usual_set else halpe_names(person.names, "Keypoints2D")
    if not (np.isfinite(person.time).all() and (np.diff(person.time) > 0).all()):
        raise InputError("the times of the keypoints must increase; they are seconds")
    return to_halpe26(replace(person, names=names))


def _people_in(
    footage: Footage, settings: Settings, progress: StepProgress | None, film: FilmMaker | None
) -> Recording:
    with open_media(footage) as media:
        return choose(detect(media, _for_faces(settings), progress, film), settings)


def _for_faces(settings: Settings) -> Settings:
    """The same, but everybody is followed, also small persons, where their faces are to be hidden."""
    if not settings.view.hide_faces:
        return settings
    pose2d = settings.pose2d
    person = "all" if pose2d.person == "main" else pose2d.person
    size, persons = min(pose2d.least_size, LEAST_SIZE), max(pose2d.most_persons, MOST_PERSONS)
    return replace(settings, pose2d=replace(pose2d, person=person, least_size=size, most_persons=persons))


def detect(
    media: Media, settings: Settings, progress: StepProgress | None = None, film: FilmMaker | None = None
) -> Recording:
    """Find and follow everybody in a recording.

    Parameters
    ----------
    settings
        `pose2d` names the networks, `models` says where their files are.
    film
        Is shown every frame.
    """
    count = 0

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        nonlocal count
        for frame in frames if film is None else film.passing(media, frames):
            yield frame
            count += 1
            if progress is not None:
                progress("2D keypoints", count, media.frame_count_hint)

    with closing(ahead(media.frames(), frames_ahead(media.image_size))) as decoded:
        inside, frames = picture_size(decoded, media.image_size)
        lens, follower = _lens_and_follower(media, settings.camera, inside)
        if settings.pose2d.backend == "alphapose":
            in_footage = _alphapose(counted(frames), media.image_size, settings, progress)
            motions = [] if follower is None else follow_footage(media, in_footage.people, follower)
        else:
            in_footage = _rtmpose(counted(frames), media, settings, progress, lens, follower)
            motions = [] if follower is None else follower.motions(in_footage.time, in_footage.cuts)
    warn_of_camera(motions)
    return Recording(
        [person for person in in_footage.people if person.seen.any()],
        count,
        media.image_size,
        media.focal_length_hint_px,
        media.footage,
        in_footage.left_out,
        cuts=in_footage.cuts,
        time=in_footage.time,
        camera_motions=motions,
        picture_size=inside,
    )


def _lens_and_follower(
    media: Media, settings: CameraSettings, picture_size: ImageSize
) -> tuple[LensPrior, CameraFollower | None]:
    """The lens, and of a film who follows its camera."""
    lens = lens_of(settings, picture_size, media.focal_length_hint_px, is_film=is_film(media))
    if not is_film(media):
        return lens, None
    return lens, CameraFollower(media.image_size, lens.focal_length_px, settings.motion)


def choose(recording: Recording, settings: Settings) -> Recording:
    """Choose the persons who get a skeleton, without points of limbs that are another's, or not there."""
    from pase.pose2d.claimed_limbs import without_claimed_limbs
    from pase.pose2d.select_people import select_people

    selection = select_people(recording.people, settings.pose2d, recording.time)
    absent = points_of(absent_parts(settings.person.without))
    unshared = without_claimed_limbs(selection.people)
    people = [p.without(absent) if number == 0 else p for number, p in enumerate(unshared)]
    return replace(
        recording,
        people=people,
        others=selection.others if settings.view.hide_faces else [],
        frames=recording.frames or max((len(person) for person in selection.people), default=0),
        left_out=[*selection.left_out, *recording.left_out],
        why_main=selection.why_main,
    )


def _rtmpose(
    frames: Iterator[Frame],
    media: Media,
    settings: Settings,
    progress: StepProgress | None,
    lens: LensPrior,
    camera: CameraFollower | None,
) -> DetectedPeople:
    from pase.pose2d.detect import detect_keypoints

    networks, look = network_files(settings, progress), None
    if isinstance(progress, Watcher) and progress.watching:
        look = FirstLook(progress, lens, media.image_size)
    return detect_keypoints(
        frames, media.image_size, settings.pose2d, networks=networks, camera=camera, look=look
    )


def _alphapose(
    frames: Iterator[Frame], image_size: ImageSize, settings: Settings, progress: StepProgress | None
) -> DetectedPeople:
    """AlphaPose's network and way, with its own detector or with ours."""
    from pase.pose2d.alphapose.pipeline import BoxDetector, FastPoseNetwork, detect_everyone
    from pase.pose2d.detect import DetectedPeople
    from pase.pose2d.detector import PersonDetector
    from pase.pose2d.user_network import DETECTOR

    pose2d = settings.pose2d
    if pose2d.weights is None:
        raise ModelFileError(
            "AlphaPose's weights do not come with PASE: name halpe26_fast_res50_256x192.pth with "
            "--pose2d.weights (--weights of 'pase pose2d'); docs/original-system.md says where to get it"
        )
    detector: BoxDetector
    if pose2d.detector == "yolov3-spp":
        from pase.pose2d.alphapose.darknet import YoloV3Detector

        if pose2d.detector_weights is None:
            raise ModelFileError(
                "YOLOv3-SPP's weights do not come with PASE: name yolov3-spp.weights with "
                "--pose2d.detector-weights; docs/original-system.md says where to get it"
            )
        detector = YoloV3Detector(pose2d.detector_weights)
    else:
        (path,) = fetch_models([DETECTOR], settings, progress)
        detector = PersonDetector(path, pose2d.device, pose2d.threads)
    people = detect_everyone(frames, image_size, detector, FastPoseNetwork(pose2d.weights))
    return DetectedPeople(people, people[0].time if people else np.zeros(0))


def read_recording(
    keypoints: Path, video: Path | None, skeleton: str | None = None, settings: Settings | None = None
) -> Recording:
    """Keypoints made before, by PASE or another program, with the times of their footage when that is given.

    Parameters
    ----------
    keypoints
        A file or folder that `pase.pose2d.readers` understands.
    video
        Their footage, or None.
    skeleton
        The set of points, where the file does not say.
    settings
        `footage` says how the video is read, or how many frames a second there are without it; `camera` what is
        known of the camera.
    """
    settings = settings or Settings()
    from pase.pose2d.readers import program_of
    from pase.pose2d.readers.detection import FootageFacts

    if video is None:
        people = _read(keypoints, FootageFacts(frame_rate=settings.footage.rate_hz), skeleton)
        motions = load_camera_motions(keypoints.parent) if keypoints.is_file() else []
        size = people[0].image_size if people else (0, 0)
        return Recording(people, 0, size, program=program_of(keypoints), camera_motions=motions)
    with open_media(footage_with(video, settings.footage)) as media:
        inside, frames = picture_size(media.frames(), media.image_size)
        time = np.array([frame.time for frame in frames])
        people = _read(keypoints, FootageFacts(media.image_size, time), skeleton)
        _, follower = _lens_and_follower(media, settings.camera, inside)
        motions = [] if follower is None else follow_footage(media, people, follower)
        warn_of_camera(motions)
        return Recording(
            people,
            len(time),
            media.image_size,
            media.focal_length_hint_px,
            media.footage,
            time=time,
            program=program_of(keypoints),
            camera_motions=motions,
            picture_size=inside,
        )


def _read(path: Path, facts: FootageFacts, skeleton: str | None) -> list[Keypoints2D]:
    """Persons seen at least once in a keypoint file."""
    from pase.pose2d.readers import read_keypoints

    return [person for person in read_keypoints(path, facts, skeleton) if person.seen.any()]


def read_people(path: Path) -> list[Keypoints2D]:
    """Persons seen at least once in a file of ours; see `pase.pose2d.readers.alphapose_json.read_alphapose`."""
    from pase.pose2d.readers.alphapose_json import read_alphapose

    return [person for person in read_alphapose(path) if person.seen.any()]
