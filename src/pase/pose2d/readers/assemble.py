"""From poses found frame by frame, by whatever program, to one track per person."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.marker_files.checks import checked_times
from pase.pose2d.readers.checks import check_poses, check_upright, counted_from_zero, even_scores
from pase.pose2d.readers.detection import Detection, FootageFacts, by_frame, known_points, pose_gap
from pase.types import Array, ImageSize

log = logging.getLogger(__name__)

_DEFAULT_RATE = 30.0
_MOST_FRAMES_AN_ITEM = 1000
_NEAR = 0.5


def assemble(
    detections: Sequence[Detection], facts: FootageFacts, source: Path, names: tuple[str, ...] = HALPE26
) -> list[Keypoints2D]:
    """One track for each person.

    Persons without a number are followed from frame to frame by nearness. Without a picture size one is
    assumed that holds every keypoint; without times 30 frames a second are.

    Parameters
    ----------
    detections
        In any order.
    source
        The file as messages call it.
    names
        K keypoint names.

    Returns
    -------
    list
        Tracks by person number, from 1, each with every frame of the recording; NaN where unseen.

    Raises
    ------
    InputError
        When there are more frames than times, or times do not increase.
    """
    if not detections:
        return []
    even_scores(detections, source)
    check_poses(detections, facts, source)
    check_upright(detections, names, source)
    counted_from_zero(detections, facts)
    times = facts.time
    times = _counted_times(detections, facts.frame_rate, source) if times is None else np.asarray(times)
    last = max(d.frame for d in detections)
    if len(times) <= last:
        raise InputError(
            f"{source} has a frame {last} but there are {len(times)} frame times: use its own video"
        )
    if (np.diff(times) <= 0).any():
        raise InputError(f"{source}: the frame times do not increase; write the file again")
    number_persons(detections)
    size = facts.image_size or _holding(detections)
    by_person: dict[int, list[Detection]] = {}
    for detection in detections:
        by_person.setdefault(detection.person or 0, []).append(detection)
    return [_track(by_person[person], times, size, names) for person in sorted(by_person)]


def even_times(frames: int, frame_rate: float | None) -> Array:
    """(T,) times of evenly spaced frames; a rate that nobody gave is assumed, with a warning."""
    if frame_rate is None and frames > 1:
        log.warning(
            "the file has no times: %g frames a second are assumed; give --rate, or the film with --video",
            _DEFAULT_RATE,
        )
    return np.asarray(np.arange(frames) / (frame_rate or _DEFAULT_RATE))


def _counted_times(detections: Sequence[Detection], frame_rate: float | None, source: Path) -> Array:
    """Times of frames at an even rate, or the items' own times."""
    length = max(d.frame for d in detections) + 1
    if length > _MOST_FRAMES_AN_ITEM * len(detections) + _MOST_FRAMES_AN_ITEM:
        raise InputError(
            f"{source}: the frames count to {length - 1} but there are {len(detections)} items; number them"
        )
    if frame_rate is not None or any(d.time is None for d in detections):
        return even_times(length, frame_rate)
    time_of_frame = {d.frame: float(d.time or 0.0) for d in detections}
    frames = np.array(sorted(time_of_frame))
    if len(frames) < 2:
        return np.asarray(np.arange(length) / _DEFAULT_RATE)
    checked = checked_times(np.array([time_of_frame[frame] for frame in frames]), None, source)
    return np.asarray(np.interp(np.arange(length), frames, checked))


def number_persons(detections: Sequence[Detection]) -> None:
    """Number the persons from 1; follow them by nearness where the file does not say who is who.

    AlphaPose without tracking calls everybody 0: a number shared by two persons of a frame means nothing.
    """
    pairs = {(d.frame, d.person) for d in detections}
    if any(d.person is None for d in detections) or len(pairs) < len(detections):
        last: list[Detection] = []
        for current in by_frame(detections).values():
            _follow(current, last)
    elif detections and min(d.person or 0 for d in detections) < 1:
        lowest = min(d.person or 0 for d in detections)
        for detection in detections:
            detection.person = (detection.person or 0) - lowest + 1


def _follow(current: list[Detection], last: list[Detection]) -> None:
    """Give the persons of one frame the numbers of the nearest of the frames before, or new ones."""
    gaps = np.array([[pose_gap(new, old) for old in last] for new in current]).reshape(
        len(current), len(last)
    )
    free = set(range(len(current)))
    while gaps.size and gaps.min() < _NEAR:
        new, old = (int(i) for i in np.unravel_index(gaps.argmin(), gaps.shape))
        current[new].person, last[old] = last[old].person, current[new]
        gaps[new, :] = gaps[:, old] = np.inf
        free.discard(new)
    for new in sorted(free):
        current[new].person = len(last) + 1
        last.append(current[new])


def _holding(detections: Sequence[Detection]) -> ImageSize:
    """A picture size that holds every keypoint."""
    corners = [d.points[visible, :2].max(0) for d in detections if (visible := known_points(d.points)).any()]
    right, bottom = np.max(corners, axis=0) if corners else (1, 1)
    log.warning(
        "the keypoint file does not give the picture's size: assuming that it ends at the outermost keypoints"
    )
    return max(1, math.ceil(right)), max(1, math.ceil(bottom))


def _track(detections: list[Detection], times: Array, size: ImageSize, names: tuple[str, ...]) -> Keypoints2D:
    shape = (len(times), len(names))
    xy, sigma, score = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan), np.zeros(shape)
    measured = np.ones(len(times), bool)
    # Of several items for one person and frame the surest is written last.
    for detection in sorted(detections, key=lambda d: float(np.nan_to_num(d.points[:, 2]).mean())):
        points, frame = detection.points, detection.frame
        visible = known_points(points)
        xy[frame] = np.where(visible[:, None], points[:, :2], np.nan)
        score[frame] = np.where(visible, np.clip(points[:, 2], 0.0, 1.0), 0.0)
        measured[frame] = detection.measured
        if detection.sigma is not None:
            sigma[frame] = np.where(visible[:, None], detection.sigma, np.nan)
    with_sigma = any(detection.sigma is not None for detection in detections)
    person, shot = detections[0].person or 1, detections[-1].shot
    return Keypoints2D(
        xy,
        score,
        times,
        size,
        names,
        sigma if with_sigma else None,
        person,
        shot,
        None if measured.all() else measured,
    )
