"""The many forms in which programs nest points in persons in frames in JSON, brought to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pase.point_names import FEWEST_KNOWN, halpe_name
from pase.pose2d.readers.keypoint_json import first_number, is_number
from pase.types import Array

_FRAMES = ("frames", "instance_info", "results", "data", "predictions")
_PERSONS = ("instances", "people", "persons", "bodies", "poses", "annots", "detections")
_POINTS = (
    "keypoints", "pose_keypoints_2d", "pose_keypoints", "joints", "pose_landmarks", "poselandmarks", "landmarks",
    "landmark", "pose", "points",
)  # fmt: skip
_SCORES = ("keypoint_scores", "keypoints_scores", "keypoint_score", "confidences")
_OF_POINT = ("score", "visibility", "confidence", "likelihood", "visible", "v", "c", "presence")
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
_TRACKS = ("track_id", "trackid", "idx", "person_id", "personid", "tracking_id", "id")
_OF_PERSON = ("bbox", "box", "bboxes", "class", "keypoint_scores", "bbox_score", "track_id")
"""Keys of a person: a list of things that have them is one picture, not a film."""

_FEWEST, _MOST_NUMBERS = 5, 4
_NORMALISED_BELOW = 10.0


@dataclass(slots=True)
class Pose:
    """One person in one frame."""

    points: Array
    """(K, 3) x, y, score, as in the file; all 0 where unseen."""
    names: tuple[str, ...] | None = None
    """What the file calls the points, if it does."""
    person: int | None = None
    """The person's number, if the file has one."""


@dataclass(slots=True)
class PoseFrame:
    """Everybody in one frame."""

    poses: list[Pose] = field(default_factory=list)
    number: int | None = None
    """Number of the frame by the file."""
    picture: str | None = None
    """Name of the picture by the file."""
    time: float | None = None
    """Seconds by the file."""
    size: tuple[int, int] | None = None
    """Width and height of the picture by the file."""


def document_frames(content: Any) -> list[PoseFrame] | None:
    """Frames of a parsed JSON file; None where it has none of the forms.

    Known are lists of frames, bare or below a key, objects with a frame below the name of each picture, and a single
    picture; in a frame a list of persons, bare or below a key, or one person; in a person points as flat numbers, as
    lists, as objects, by their names, or as lists of all x and all y. Keys may be in any case.
    """
    content = _lowered(content)
    if isinstance(content, dict):
        return _of_object(content)
    if not isinstance(content, list):
        return None
    if not content:
        return []
    if _is_one_picture(content):
        frame = frame_of(content)
        return None if frame is None else [frame]
    return _all_frames(content)


def point_names(content: Any) -> tuple[str, ...] | None:
    """Names of the points by MMPose's description of its data set beside the frames."""
    meta = content.get("meta_info") if isinstance(content, dict) else None
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    if isinstance(names, dict) and names and all(str(k).isdecimal() for k in names):
        return tuple(str(names[k]) for k in sorted(names, key=int))
    return None


def _of_object(content: dict[str, Any]) -> list[PoseFrame] | None:
    for key in _FRAMES:
        if isinstance(content.get(key), list) and (frames := _all_frames(content[key])) is not None:
            return frames
    frame = frame_of(content)
    if frame is not None:
        return [frame]
    by_picture = [(name, frame_of(value)) for name, value in content.items()]
    if not by_picture or any(frame is None for _, frame in by_picture):
        return None
    frames = []
    for name, frame in by_picture:
        assert frame is not None
        frame.picture = frame.picture or name
        frames.append(frame)
    return frames


def _all_frames(items: list[Any]) -> list[PoseFrame] | None:
    frames = [frame_of(item) for item in items]
    return None if any(frame is None for frame in frames) else [f for f in frames if f is not None]


def _is_one_picture(items: list[Any]) -> bool:
    """Whether a list holds the persons, or the points, of a single picture."""
    if _points(items, {}) is not None:
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


def _poses(item: Any) -> list[Pose] | None:
    """The persons of a frame."""
    if isinstance(item, dict):
        for key in _PERSONS:
            if isinstance(item.get(key), list):
                return _every_pose(item[key])
        pose = person_pose(item)
        if pose is not None:
            return [pose]
        for key in _POINTS:
            value = item.get(key, 0)
            if value is None or value == []:
                return []
            if isinstance(value, list):
                return _every_pose(value)
        return None
    if not isinstance(item, list):
        return None
    pose = person_pose(item)
    return [pose] if pose is not None else _every_pose(item)


def _every_pose(items: list[Any]) -> list[Pose] | None:
    poses = [person_pose(item) for item in items if item not in (None, [], {}) and not _is_empty(item)]
    return None if any(pose is None for pose in poses) else [pose for pose in poses if pose is not None]


def _is_empty(item: Any) -> bool:
    """Whether a person has no points at all, as OpenPose writes one that it lost."""
    return isinstance(item, dict) and any(item.get(key) == [] for key in _POINTS)


def person_pose(item: Any) -> Pose | None:
    """One person; None where the item has no form of a person."""
    if isinstance(item, list):
        return _points(item, {})
    if not isinstance(item, dict):
        return None
    pose = next((p for key in _POINTS if (p := _points(item.get(key), item)) is not None), None)
    pose = pose if pose is not None else _points(item, item)
    if pose is not None:
        numbers = (first_number(item.get(key)) for key in _TRACKS)
        pose.person = next((number for number in numbers if number is not None and number >= 0), None)
    return pose


def _points(values: Any, person: Mapping[str, Any]) -> Pose | None:
    """Points in one of their forms; those that are null or not finite become 0, unseen."""
    if isinstance(values, dict):
        if isinstance(values.get("landmark"), list):
            return _points(values["landmark"], person)
        return _columns(values) or _by_name(values)
    if not isinstance(values, list) or len(values) < _FEWEST:
        return None
    scores = next((person[key] for key in _SCORES if isinstance(person.get(key), list)), None)
    if all(value is None or _is_numeric(value) for value in values):
        return _flat(values, scores)
    if all(isinstance(value, list) for value in values):
        return _lists(values, scores)
    if all(isinstance(value, dict) for value in values):
        return _objects(values, scores)
    return None


def _is_numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flat(values: Sequence[Any], scores: Any) -> Pose | None:
    if scores is not None and len(values) == 2 * len(scores):
        return _lists([list(values[k : k + 2]) for k in range(0, len(values), 2)], scores)
    if len(values) % 3 or len(values) < 3 * _FEWEST:
        return None
    return Pose(_clean(np.array([_float(v) for v in values]).reshape(-1, 3)))


def _lists(values: Sequence[Any], scores: Any) -> Pose | None:
    """Lists of x, y; x, y, score; x, y, z; or x, y, z, visibility."""
    if not all(isinstance(value, list) for value in values):
        return None
    widths = {len(value) for value in values}
    if len(widths) != 1 or not 2 <= (width := widths.pop()) <= _MOST_NUMBERS:
        return None
    if not all(v is None or _is_numeric(v) for value in values for v in value):
        return None
    table = np.array([[_float(v) for v in value] for value in values])
    score = np.ones(len(table))
    if isinstance(scores, list) and len(scores) == len(table) and all(_is_numeric(s) for s in scores):
        score = np.array(scores, float)
    elif width == 4:
        score = table[:, 3]
    elif width == 3 and _are_scores(table):
        score = table[:, 2]
    return Pose(_clean(np.column_stack([table[:, :2], score])))


def _are_scores(table: Array) -> bool:
    """Whether the third of three numbers is a score: never negative as depths are, and beside pixels."""
    third, reach = table[:, 2], np.nanmax(np.abs(table[:, :2]), initial=0.0)
    return bool(
        np.nanmin(third, initial=0.0) >= 0.0 and (reach >= _NORMALISED_BELOW or np.nanmax(third) <= 1.0)
    )


def _objects(values: Sequence[Mapping[str, Any]], scores: Any) -> Pose | None:
    rows, names = [], []
    for value in values:
        place = value.get("position", value)
        if not isinstance(place, dict) or "x" not in place or "y" not in place:
            return None
        score = next((value[key] for key in _OF_POINT if _is_numeric(value.get(key))), 1.0)
        rows.append([_float(place["x"]), _float(place["y"]), float(score)])
        name = value.get("name", value.get("part"))
        names.append(name if isinstance(name, str) else None)
    table = np.array(rows)
    if isinstance(scores, list) and len(scores) == len(table) and all(_is_numeric(s) for s in scores):
        table[:, 2] = scores
    point_names = tuple(name for name in names if name is not None)
    return Pose(_clean(table), point_names if len(point_names) == len(rows) else None)


def _columns(values: Mapping[str, Any]) -> Pose | None:
    """All x, all y, and perhaps all scores, as Ultralytics writes them."""
    x, y = values.get("x"), values.get("y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y) or len(x) < _FEWEST:
        return None
    score: list[Any] = next((values[key] for key in _OF_POINT if isinstance(values.get(key), list)), [])
    columns = [x, y, score if len(score) == len(x) else [1.0] * len(x)]
    if not all(v is None or _is_numeric(v) for column in columns for v in column):
        return None
    return Pose(_clean(np.array([[_float(v) for v in column] for column in columns]).T))


def _by_name(values: Mapping[str, Any]) -> Pose | None:
    """An object with a point below the name of each."""
    named = {
        name: value for name, value in values.items() if halpe_name(name) and isinstance(value, dict | list)
    }
    if len(named) < FEWEST_KNOWN:
        return None
    listed = list(named.values())
    objects = [value for value in listed if isinstance(value, dict)]
    pose = _objects(objects, None) if len(objects) == len(listed) else _lists(listed, None)
    return None if pose is None else Pose(pose.points, tuple(named))


def _float(value: Any) -> float:
    return float(value) if is_number(value) else float("nan")


def _clean(points: Array) -> Array:
    points[~np.isfinite(points).all(axis=1)] = 0.0
    return points


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
    (*_FRAMES, *_PERSONS, *_POINTS, *_SCORES, *_OF_POINT, *_FRAME_NUMBERS, *_PICTURES, *TIMES, *_TRACKS, *_OF_PERSON,
     "x", "y", "z", "name", "part", "position", "width", "height")
)  # fmt: skip
