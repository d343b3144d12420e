"""Keypoints in JSON of MMPose, Ultralytics, TensorFlow.js, MediaPipe, AlphaPose, EasyMocap and their like."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.pose2d.readers.assemble import assemble, even_times
from pase.pose2d.readers.checks import check_is_film, to_pixels
from pase.pose2d.readers.detection import Detection, FootageFacts
from pase.pose2d.readers.json_frames import PoseFrame, document_frames, point_names
from pase.pose2d.readers.keypoint_json import frame_numbers
from pase.pose2d.readers.skeleton_file import names_of_points

_MOST_KEYS = 8


def read_json_film(
    content: Any, path: Path, facts: FootageFacts, skeleton: str | None = None
) -> list[Keypoints2D] | None:
    """Read everybody's keypoints from parsed JSON; None if its form is not supported.

    Parameters
    ----------
    content
        The parsed file; see `pase.pose2d.readers.json_frames.document_frames` for its forms. Its keys may be changed.
    path, facts, skeleton
        See `pase.pose2d.readers.read_keypoints`.
    """
    names = point_names(content)
    frames = document_frames(content)
    return None if frames is None else read_frames(frames, path, facts, skeleton, names)


def read_frames(
    frames: Sequence[PoseFrame],
    path: Path,
    facts: FootageFacts,
    skeleton: str | None = None,
    names_in_file: tuple[str, ...] | None = None,
    *,
    centred: bool = False,
) -> list[Keypoints2D]:
    """Tracks of everybody in frames.

    Parameters
    ----------
    frames
        In the order of the file.
    path, facts, skeleton
        See `pase.pose2d.readers.read_keypoints`.
    names_in_file
        What the file calls the points, where not each person says so.
    centred
        See `pase.pose2d.readers.checks.to_pixels`.
    """
    detections = _detections(frames)
    poses = [pose for frame in frames for pose in frame.poses]
    if not detections:
        return []
    counts = sorted({len(pose.points) for pose in poses})
    if len(counts) > 1:
        raise InputError(
            f"{path} mixes persons of {counts[0]} and {counts[1]} points: read each set on its own"
        )
    all_points = np.array([d.points for d in detections])
    names = names_of_points(all_points, skeleton, poses[0].names or names_in_file, path)
    sizes = [frame.size for frame in frames if frame.size is not None]
    facts = replace(facts, image_size=facts.image_size or (sizes[0] if sizes else None))
    to_pixels(detections, facts, path, names, centred=centred)
    if len({frame.picture for frame in frames}) > 1:
        check_is_film(detections, path)
    return assemble(detections, _counted(facts, detections, len(frames)), path, names)


def _counted(facts: FootageFacts, detections: Sequence[Detection], frames: int) -> FootageFacts:
    """The same with times also for empty frames at the end, if only the number of frames is given."""
    if facts.time is not None or all(d.time is not None for d in detections):
        return facts
    length = max(frames, 1 + max(d.frame for d in detections))
    if length > frames:
        return facts
    return replace(facts, time=even_times(length, facts.frame_rate))


def _detections(frames: Sequence[PoseFrame]) -> list[Detection]:
    numbers = _frame_numbers(frames)
    detections = [
        Detection(number, pose.points.copy(), pose.person, time=frame.time)
        for number, frame in zip(numbers, frames, strict=True)
        for pose in frame.poses
    ]
    persons = [d.person for d in detections]
    if len(frames) > 1 and len(set(persons)) == len(persons):
        for detection in detections:  # Numbers that never come twice count items, not persons.
            detection.person = None
    return detections


def _frame_numbers(frames: Sequence[PoseFrame]) -> list[int]:
    """Number of each frame: its own, that in its picture's name, or its place in the file."""
    numbers = [frame.number for frame in frames]
    if all(number is not None for number in numbers) and len(set(numbers)) == len(numbers):
        return [int(number or 0) for number in numbers]
    pictures = [frame.picture for frame in frames]
    if all(picture is not None for picture in pictures) and len(set(pictures)) == len(pictures):
        return frame_numbers([picture or "" for picture in pictures])
    return list(range(len(frames)))


def what_it_is(content: Any) -> str:
    """What was seen in JSON that could not be read, for a message."""
    if isinstance(content, dict):
        keys = ", ".join(map(str, list(content)[:_MOST_KEYS]))
        return f"an object with the keys {keys}" if keys else "an empty object"
    if not isinstance(content, list):
        return f"a single {type(content).__name__}"
    first = content[0] if content else None
    inside = what_it_is(first) if isinstance(first, dict | list) else f"a {type(first).__name__}"
    return f"a list of {len(content)}, each {inside}"[:300]
