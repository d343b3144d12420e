"""The many forms in which programs nest points in persons in frames in JSON, brought to one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pase.pose2d.readers.json_persons import (
    OF_POINT,
    POINTS,
    SCORES,
    TRACKS,
    FilePose,
    person_pose,
    pose_of_points,
)
from pase.pose2d.readers.keypoint_json import is_number
from pase.types import ImageSize

T = TypeVar("T")

_FRAMES = ("frames", "instance_info", "results", "data", "predictions")
_PERSONS = ("instances", "people", "persons", "bodies", "poses", "annots", "detections", "predictions")
_FRAME_NUMBERS = ("frame_id", "frame", "frame_index", "frame_idx", "frame_number", "frameid", "framenumber")
_PICTURES = ("image_id", "filename", "image", "file_name", "image_path")
TIMES = {
    "timestamp_ms": 1e-3,
    "timestampms": 1e-3,
    "time_ms": 1e-3,
    "timestamp": 1.0,
    "time": 1.0,
    "time_s": 1.0,
}
"""Keys and columns of times, with the seconds in their unit."""
_OF_PERSON = ("bbox", "box", "bboxes", "class", "keypoint_scores", "bbox_score", "track_id")
"""Keys of a person: a list of things that have them is one picture, not a film."""

_LAST_NUMBER = re.compile(r"\d{1,9}(?=\D*$)")


@dataclass(slots=True)
class PoseFrame:
    """Everybody in one frame."""

    poses: list[FilePose] = field(default_factory=list)
    number: int | None = None
    picture: str | None = None
    time: float | None = None
    """Seconds by the file."""
    size: ImageSize | None = None
    """Width and height of the picture by the file."""


def document_frames(content: Any) -> list[PoseFrame] | None:
    """Frames of a parsed JSON file; None where it has none of the forms.

    Understood are lists of frames, bare or below a key, objects with a frame below the name of each picture, and a
    single picture; in a frame a list of persons, bare or below a key, or one person; in a person points as flat
    numbers, as lists, as objects, by their names, or as lists of all x and all y. Keys may be in any case.
    """
    content = _lowered(content)
    if isinstance(content, dict):
        return _of_object(content)
    if not isinstance(content, list):
        return None
    if not content:
        return []
    return _all_frames([content] if _is_one_picture(content) else content)


def point_names(content: Any) -> tuple[str, ...] | None:
    """Names of the points by what MMPose and easy_ViTPose say of them beside the frames."""
    meta = content.get("meta_info") if isinstance(content, dict) else None
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    names = names or (content.get("skeleton") if isinstance(content, dict) else None)
    if isinstance(names, dict) and names and all(str(k).isdecimal() for k in names):
        return tuple(str(names[k]) for k in sorted(names, key=int))
    return None


def _of_object(content: dict[str, Any]) -> list[PoseFrame] | None:
    for key in _FRAMES:
        items = content.get(key)
        if isinstance(items, list) and not (key in _PERSONS and _is_one_picture(items)):
            frames = _all_frames(items)
            if frames is not None:
                return frames
    frame = frame_of(content)
    if frame is not None:
        return [frame]
    frames = _by_person(content) or _beside_each_other(content)
    if frames is not None:
        return frames
    frames = _all_of([frame_of(value) or _of_named_persons(value) for value in content.values()])
    for name, frame in zip(content, frames or (), strict=frames is not None):
        frame.picture = frame.picture or name
    return frames or None


def _by_person(content: dict[str, Any]) -> list[PoseFrame] | None:
    """Frames of an object with a list of numbered frames below each person; None for any other object."""
    if not content or not all(isinstance(value, list) and value for value in content.values()):
        return None
    items = [item for value in content.values() for item in value]
    if not all(isinstance(item, dict) and any(key in item for key in _FRAME_NUMBERS) for item in items):
        return None
    frames: dict[int, PoseFrame] = {}
    for person, value in enumerate(content.values(), start=1):
        for item in value:
            frame = frame_of(item)
            if frame is None or frame.number is None or len(frame.poses) > 1:
                return None
            for pose in frame.poses:
                pose.person = person
            frames.setdefault(
                frame.number, PoseFrame(number=frame.number, time=frame.time)
            ).poses += frame.poses
    return [frames[number] for number in sorted(frames)]


def _of_named_persons(item: Any) -> PoseFrame | None:
    """A frame with an object below the name or number of each person."""
    if not isinstance(item, dict) or not item:
        return None
    poses = _all_of([person_pose(value) for value in item.values()])
    for place, (name, pose) in enumerate(zip(item, poses or (), strict=poses is not None)):
        number = _LAST_NUMBER.search(name)
        pose.person = int(number[0]) if number else place
    return None if poses is None else PoseFrame(poses)


def _beside_each_other(content: dict[str, Any]) -> list[PoseFrame] | None:
    """Frames in a list of their own with scores in another, of rtmlib, or persons by number, of easy_ViTPose.

    The latter writes y before x, and its points' names below `skeleton`.
    """
    items = content.get("keypoints")
    if not isinstance(items, list) or not items:
        return None
    if isinstance(content.get("skeleton"), dict) and all(isinstance(item, dict) for item in items):
        frames = _all_of([_of_named_persons(item) if item else PoseFrame() for item in items])
        for pose in (pose for frame in frames or () for pose in frame.poses):
            pose.points = pose.points[:, [1, 0, 2]]
        return frames
    scores = content.get("scores")
    if not isinstance(scores, list) or len(scores) != len(items):
        return None
    return _all_frames([{"keypoints": k, "scores": s} for k, s in zip(items, scores, strict=True)])


def _all_of(items: Sequence[T | None]) -> list[T] | None:
    """The items; None where one of them is missing."""
    present = [item for item in items if item is not None]
    return present if len(present) == len(items) else None


def _all_frames(items: list[Any]) -> list[PoseFrame] | None:
    return _all_of([frame_of(item) for item in items])


def _is_one_picture(items: list[Any]) -> bool:
    """Whether a list holds the persons, or the points, of a single picture."""
    if pose_of_points(items, {}) is not None:
        return True
    objects = [item for item in items if isinstance(item, dict)]
    numbered = any(key in item for item in objects for key in (*_FRAME_NUMBERS, *_PICTURES, *TIMES))
    persons = all(any(key in item for key in _OF_PERSON) for item in objects)
    return len(objects) == len(items) and not numbered and persons


def frame_of(item: Any) -> PoseFrame | None:
    """One frame; None where the item has no form of a frame."""
    if item is None or item in ([], {}):
        return PoseFrame()
    poses = _poses(item)
    if poses is None:
        return None
    if not isinstance(item, dict):
        return PoseFrame(poses)
    number = next((item[key] for key in _FRAME_NUMBERS if is_number(item.get(key))), None)
    picture = next((str(item[key]) for key in _PICTURES if isinstance(item.get(key), str | int)), None)
    time = next((item[key] * unit for key, unit in TIMES.items() if is_number(item.get(key))), None)
    width, height = item.get("width", 0), item.get("height", 0)
    size = (
        (int(width), int(height)) if is_number(width) and is_number(height) and width * height >= 1 else None
    )
    return PoseFrame(poses, None if number is None else int(number), picture, time, size)


def _poses(item: Any) -> list[FilePose] | None:
    """The persons of a frame."""
    if isinstance(item, dict):
        for key in _PERSONS:
            if isinstance(item.get(key), list):
                return _every_pose(item[key])
        pose = person_pose(item)
        if pose is not None:
            return [pose]
        for key in POINTS:
            value = item.get(key, 0)
            if value is None or value == []:
                return []
            if isinstance(value, list):
                return _every_pose(_with_scores(value, item))
        return None
    if not isinstance(item, list):
        return None
    pose = person_pose(item)
    return [pose] if pose is not None else _every_pose(item)


def _every_pose(items: list[Any]) -> list[FilePose] | None:
    # OpenPose writes a person that it lost without any points.
    empty = [isinstance(item, dict) and any(item.get(key) == [] for key in POINTS) for item in items]
    present = [
        item for item, gone in zip(items, empty, strict=True) if not gone and item not in (None, [], {})
    ]
    return _all_of([person_pose(item) for item in present])


def _with_scores(persons: list[Any], frame: Mapping[str, Any]) -> list[Any]:
    """Persons' points with the scores that stand in a list of their own beside them, as rtmlib gives them."""
    scores: list[Any] = next((frame[key] for key in SCORES if isinstance(frame.get(key), list)), [])
    if len(scores) != len(persons) or not all(isinstance(row, list) for row in scores):
        return persons
    return [
        {"keypoints": points, "keypoint_scores": row} for points, row in zip(persons, scores, strict=True)
    ]


def _lowered(content: Any) -> Any:
    """The same with keys of objects in small letters, but for the names of pictures and points, which have none."""
    stack: list[Any] = [content]
    for item in _walk(stack):
        if isinstance(item, dict):
            for key in [key for key in item if key != key.lower() and key.lower() not in item]:
                if key.lower() in _ALL_KEYS:
                    item[key.lower()] = item.pop(key)
    return content


def _walk(stack: list[Any]) -> Iterator[Any]:
    while stack:
        item = stack.pop()
        yield item
        values = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        stack.extend(value for value in values if isinstance(value, dict | list))


_ALL_KEYS = frozenset(
    (*_FRAMES, *_PERSONS, *POINTS, *SCORES, *OF_POINT, *_FRAME_NUMBERS, *_PICTURES, *TIMES, *TRACKS, *_OF_PERSON,
     "x", "y", "z", "name", "part", "position", "width", "height")
)  # fmt: skip
