"""The forms in which programs write the points of one person in JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pase.keypoint_sets import POINT_COUNTS
from pase.point_names import FEWEST_KNOWN, halpe_name
from pase.pose2d.readers.keypoint_json import as_float, first_number, is_numeric, with_unseen
from pase.types import Array

POINTS = (
    "keypoints", "pose_keypoints_2d", "pose_keypoints", "joints", "pose_landmarks", "poselandmarks", "landmarks",
    "landmark", "pose", "points", "pred_keypoints", "pose_world_landmarks", "poseworldlandmarks",
)  # fmt: skip
SCORES = ("keypoint_scores", "keypoints_scores", "keypoint_score", "confidences", "scores")
OF_POINT = ("score", "visibility", "confidence", "likelihood", "visible", "v", "c", "presence")
TRACKS = ("track_id", "trackid", "idx", "person_id", "personid", "tracking_id", "id")
_POINT_NAMES = ("name", "part", "class", "class_name", "label")
_FEWEST, _MOST_NUMBERS = 5, 4
_NORMALISED_BELOW = 10.0


@dataclass(slots=True)
class FilePose:
    """One person in one frame."""

    points: Array
    """(K, 3) x, y, score, as in the file; all 0 where unseen."""
    names: tuple[str, ...] | None = None
    """What the file calls the points, if it does."""
    person: int | None = None
    """The person's number, if the file has one."""


def person_pose(item: Any) -> FilePose | None:
    """One person; None where the item has no form of a person."""
    if isinstance(item, list):
        return pose_of_points(item, {})
    if not isinstance(item, dict):
        return None
    pose = next((p for key in POINTS if (p := pose_of_points(item.get(key), item)) is not None), None)
    pose = pose if pose is not None else pose_of_points(item, item)
    if pose is not None:
        numbers = (first_number(item.get(key)) for key in TRACKS)
        pose.person = next((number for number in numbers if number is not None and number >= 0), None)
    return pose


def pose_of_points(values: Any, person: Mapping[str, Any]) -> FilePose | None:
    """Points in one of their forms; those that are null or not finite become 0, unseen."""
    if isinstance(values, dict):
        if isinstance(values.get("landmark"), list):
            return pose_of_points(values["landmark"], person)
        return _columns(values) or _by_name(values)
    if not isinstance(values, list) or len(values) < _FEWEST:
        return None
    scores = next((person[key] for key in SCORES if isinstance(person.get(key), list)), None)
    if all(value is None or is_numeric(value) for value in values):
        return _flat(values, scores)
    if all(isinstance(value, list) for value in values):
        return _lists(values, scores)
    if all(isinstance(value, dict) for value in values):
        return _objects(values, scores)
    return None


def _is_list_of(scores: Any, count: int) -> bool:
    return isinstance(scores, list) and len(scores) == count and all(map(is_numeric, scores))


def _flat(values: Sequence[Any], scores: Any) -> FilePose | None:
    if scores is not None and len(values) == 2 * len(scores):
        return _lists([list(values[k : k + 2]) for k in range(0, len(values), 2)], scores)
    width = next((w for w in (3, 4, 2) if len(values) % w == 0 and len(values) // w in POINT_COUNTS), 3)
    if len(values) % width or len(values) < width * _FEWEST:
        return None
    return _lists([list(values[k : k + width]) for k in range(0, len(values), width)], None)


def _lists(values: Sequence[Any], scores: Any) -> FilePose | None:
    """Lists of x, y; x, y, score; x, y, z; or x, y, z, visibility."""
    if not all(isinstance(value, list) for value in values):
        return None
    widths = {len(value) for value in values}
    if len(widths) != 1 or not 2 <= (width := widths.pop()) <= _MOST_NUMBERS:
        return None
    if not all(v is None or is_numeric(v) for value in values for v in value):
        return None
    table = np.array([[as_float(v) for v in value] for value in values])
    score = np.ones(len(table))
    if _is_list_of(scores, len(table)):
        score = np.array([as_float(s) for s in scores])
    elif width == 4:
        score = table[:, 3]
    elif width == 3 and _are_scores(table):
        score = table[:, 2]
    return FilePose(with_unseen(np.column_stack([table[:, :2], score])))


def _are_scores(table: Array) -> bool:
    """Whether the third of three numbers is a score: never negative as depths are, and beside pixels."""
    third, reach = table[:, 2], np.nanmax(np.abs(table[:, :2]), initial=0.0)
    return bool(
        np.nanmin(third, initial=0.0) >= 0.0 and (reach >= _NORMALISED_BELOW or np.nanmax(third) <= 1.0)
    )


def _objects(values: Sequence[Mapping[str, Any]], scores: Any) -> FilePose | None:
    rows, names = [], []
    for value in values:
        place = value.get("position", value)
        if not isinstance(place, dict) or "x" not in place or "y" not in place:
            return None
        score = next((value[key] for key in OF_POINT if is_numeric(value.get(key))), 1.0)
        rows.append([as_float(place["x"]), as_float(place["y"]), as_float(score)])
        name = next((value[key] for key in _POINT_NAMES if isinstance(value.get(key), str)), None)
        names.append(name)
    table = np.array(rows)
    if _is_list_of(scores, len(table)):
        table[:, 2] = [as_float(s) for s in scores]
    point_names = tuple(name for name in names if name is not None)
    return FilePose(with_unseen(table), point_names if len(point_names) == len(rows) else None)


def _columns(values: Mapping[str, Any]) -> FilePose | None:
    """All x, all y, and perhaps all scores, as Ultralytics writes them."""
    x, y = values.get("x"), values.get("y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y) or len(x) < _FEWEST:
        return None
    score: list[Any] = next((values[key] for key in OF_POINT if isinstance(values.get(key), list)), [])
    columns = [x, y, score if len(score) == len(x) else [1.0] * len(x)]
    if not all(v is None or is_numeric(v) for column in columns for v in column):
        return None
    return FilePose(with_unseen(np.array([[as_float(v) for v in column] for column in columns]).T))


def _by_name(values: Mapping[str, Any]) -> FilePose | None:
    """An object with a point below the name of each."""
    points = {
        name: value for name, value in values.items() if halpe_name(name) and isinstance(value, dict | list)
    }
    if len(points) < FEWEST_KNOWN:
        return None
    items = list(points.values())
    objects = [value for value in items if isinstance(value, dict)]
    pose = _objects(objects, None) if len(objects) == len(items) else _lists(items, None)
    return None if pose is None else FilePose(pose.points, tuple(points))
