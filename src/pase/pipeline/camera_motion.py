"""The camera's own motion within a run: who follows it, and where it is kept between the stages."""

import logging
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from pase.camera.angle_of_view import FOCAL_SPREAD, KNOWN_FOCAL_SPREAD, LensPrior, focal_length_of_view
from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.config import CameraSettings
from pase.data import Keypoints2D
from pase.media import Media
from pase.media.ahead import ahead
from pase.media.frames import FILM_FOCAL_SPREAD
from pase.types import ImageSize

log = logging.getLogger(__name__)

CAMERA_MOTION = "camera_motion.json"
_ALL_AGREES = 0.9
"""A still camera with so much of the background at rest needs no file."""
_NO_BOXES = np.zeros((0, 4))


def lens_of(
    settings: CameraSettings, picture_size: ImageSize, tagged_px: float | None, *, is_film: bool
) -> LensPrior:
    """The lens as the user gives it, else as the file's metadata do, else that of a phone.

    Parameters
    ----------
    picture_size
        Width and height in px of the picture inside black bars, which the angle of view belongs to.
    tagged_px
        Focal length in px by the file's metadata; None where they have none.
    is_film
        Whether the file is a film: its tag is less sure than a photo's.
    """
    if settings.focal_length_px is not None:
        return LensPrior(settings.focal_length_px)
    if settings.fov_deg is not None:
        return LensPrior(focal_length_of_view(picture_size, settings.fov_deg))
    if tagged_px is not None:
        return LensPrior(tagged_px, FILM_FOCAL_SPREAD if is_film else KNOWN_FOCAL_SPREAD)
    return LensPrior(focal_length_of_view(picture_size), FOCAL_SPREAD)


def follow_footage(
    media: Media, people: Sequence[Keypoints2D], follower: CameraFollower
) -> list[CameraMotion]:
    """How the camera moved in footage whose persons are known, by looking at all its frames.

    Parameters
    ----------
    people
        Everybody in it: the background is what lies outside of their boxes.
    follower
        Has seen no frame yet.
    """
    times = []
    with closing(ahead(media.frames())) as frames:
        for frame in frames:
            times.append(frame.time)
            follower.look(frame, _boxes(people, frame.time))
    return follower.motions(np.array(times))


def _boxes(people: Sequence[Keypoints2D], time: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(N, 4) of those who are seen at a time."""
    boxes = []
    for person in people:
        row = int(np.searchsorted(person.time, time - 1e-6))
        if row < len(person) and abs(person.time[row] - time) < 1e-3 and person.seen[row]:
            xy = person.xy[row]
            boxes.append([*np.nanmin(xy, axis=0), *np.nanmax(xy, axis=0)])
    return np.array(boxes).reshape(-1, 4) if boxes else _NO_BOXES


def save_camera_motions(motions: Sequence[CameraMotion], folder: Path) -> list[str]:
    """Write the motions into a folder if the camera moves in any shot; names of the files written."""
    from pase.camera.files import write_camera_motions

    if all(motion.kind == "still" and motion.agreement > _ALL_AGREES for motion in motions):
        return []
    write_camera_motions(motions, folder / CAMERA_MOTION)
    return [CAMERA_MOTION]


def load_camera_motions(folder: Path) -> list[CameraMotion]:
    """The motions that were kept in a folder; none where the camera, and all before it, stood still."""
    from pase.camera.files import read_camera_motions

    path = folder / CAMERA_MOTION
    return read_camera_motions(path) if path.is_file() else []


def is_film(media: Media) -> bool:
    """Whether there is more than one picture."""
    return media.frame_count_hint != 1


def warn_of_camera(motions: Sequence[CameraMotion]) -> None:
    """Warn the user where the motion of the camera is not known well."""
    for motion in motions:
        for text in motion.warnings:
            log.warning("%s", text if len(motions) == 1 else f"shot {motion.shot + 1}: {text}")


def camera_facts(motions: Sequence[CameraMotion]) -> list[dict[str, Any]]:
    """What the report says of the camera in each shot: how it moved, and how sure that is."""
    return [_facts(motion) for motion in motions]


def _facts(motion: CameraMotion) -> dict[str, Any]:
    facts: dict[str, Any] = {"shot": motion.shot, "kind": motion.kind}
    if motion.if_carried is not None:
        facts["or"] = "travelling, if the feet say so: see the person's diagnostics"
    if motion.kind == "still" or not len(motion):
        return facts
    forward = motion.R_camera_reference[:, 2]
    angles = {
        "pan_deg": np.arctan2(forward[:, 0], forward[:, 2]),
        "tilt_deg": np.arcsin(np.clip(-forward[:, 1], -1, 1)),
        "roll_deg": motion.roll_rad,
    }
    facts |= {name: round(float(np.degrees(np.ptp(np.unwrap(a)))), 2) for name, a in angles.items()}
    facts["zoom"] = round(float(motion.zoom.max() / motion.zoom.min()), 3)
    facts["turn_sigma_deg"] = round(float(np.degrees(np.median(motion.sigma_rad))), 3)
    if motion.focal_log_sigma is not None:
        facts["focal_length_px_of_pan"] = round(motion.focal_px, 1)
        facts["focal_length_sigma_px"] = round(motion.focal_px * motion.focal_log_sigma, 1)
    return facts
