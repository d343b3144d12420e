"""The picture on the report: a frame of the drawn footage, cut to the persons in it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.data import Motion
from pase.media import Photo, open_media
from pase.media.write import jpeg
from pase.types import Array, ImageSize
from pase.view.subject import Subject

LONGEST_SIDE_PX = 900
MARGIN = 0.15
"""Room around the persons, as a share of the longer side of the box around their joints; the skull needs as much."""
LEAST_ASPECT = 0.7
"""Width by height."""


def still_picture(path: Path, subjects: Sequence[Subject]) -> bytes:
    """A frame near the middle of a drawn film, or the drawn photo, as JPEG.

    Parameters
    ----------
    subjects
        The persons; the frame is the one nearest to the middle of the film in which the first of them has a pose.
    """
    from PIL import Image

    motions = [subject.motion for subject in subjects]
    with open_media(path) as media:
        if isinstance(media, Photo):
            moment, image = 0.0, next(iter(media.frames())).image
        else:
            moment = 0.5 * media.duration
            times = motions[0].time[motions[0].known] if motions else np.zeros(0)
            if len(times):
                moment = float(times[np.abs(times - moment).argmin()])
            image = media.picture_at(moment)
    picture = Image.fromarray(image)
    corners = [box for motion in motions if (box := _box(motion, moment, picture.width)) is not None]
    if corners:
        picture = picture.crop(_around(np.concatenate(corners), picture.size))
    picture.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return jpeg(np.asarray(picture))


def _box(motion: Motion, moment: float, width_px: int) -> Array | None:
    """(2, 2) first and last corner around the joints in a picture of some width; None where the pose is unknown."""
    if motion.camera is None or not len(motion):
        return None
    frame = int(np.abs(motion.time - moment).argmin())
    camera = motion.camera.at(moment)
    joints = Kinematics(motion.skeleton, ()).pose(motion.q[frame][None]).origin[0]
    if not np.isfinite(joints).all() or (camera.to_camera(joints)[:, 2] <= 0).any():
        return None
    pixels = camera.project(joints) * (width_px / camera.image_size[0])
    return np.stack([pixels.min(axis=0), pixels.max(axis=0)])


def _around(corners: Array, size: ImageSize) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a part of a picture with room around some points (N, 2)."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    half = 0.5 * (high - low) + MARGIN * (high - low).max()
    half[0] = max(half[0], LEAST_ASPECT * half[1])
    middle = 0.5 * (low + high)
    left, top = np.clip(middle - half, 0, size).round().astype(int)
    right, bottom = np.clip(middle + half, 0, size).round().astype(int)
    empty = right - left < 2 or bottom - top < 2
    return (0, 0, *size) if empty else (int(left), int(top), int(right), int(bottom))
