"""MediaPipe's pose landmarks as people dump them: JSON of its results, or a table with a column a number."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.data import LARGEST, Keypoints2D
from pase.errors import InputError
from pase.files import read_text
from pase.keypoint_sets import BLAZEPOSE33, column_order
from pase.pose2d.readers.assemble import Detection, Recorded, assemble
from pase.pose2d.readers.keypoint_json import is_number
from pase.types import Array

_COUNT = len(BLAZEPOSE33)
_KEYS = ("pose_landmarks", "poseLandmarks", "landmarks", "landmark")
_TIMES = {"timestamp_ms": 1e-3, "timestampMs": 1e-3, "timestamp": 1.0, "time": 1.0}
_NORMALISED_BELOW = 10.0
_AXES = {"x": 0, "y": 1, "v": 2, "visibility": 2, "score": 2, "likelihood": 2}
_COLUMN = re.compile(
    r"^(?:(?P<axis>[a-z]+)[_.]?(?P<number>\d+)|(?:landmark[_.]?)?(?P<name>.+?)[_.](?P<end>[a-z]+))$", re.I
)
_OFFICIAL = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""MediaPipe's own names, in order."""


def is_mediapipe(content: Any) -> bool:
    """Whether JSON contents are frames of MediaPipe's landmarks."""
    frames = content.get("frames") if isinstance(content, dict) else content
    if isinstance(content, dict) and any(key in content for key in _KEYS):
        return True
    if not isinstance(frames, list) or not frames:
        return False
    some = next((frame for frame in frames if frame), None)
    if isinstance(some, dict):
        return any(key in some for key in _KEYS)
    return isinstance(some, list)


def read_mediapipe(content: Any, path: Path, recorded: Recorded) -> list[Keypoints2D]:
    """Read a dump of MediaPipe's results.

    A list with one entry a frame (or `{"frames": [...]}`): either the result's fields, of which `pose_landmarks`
    is taken and `timestamp_ms` or `time` where it is there, or the landmarks themselves. Landmarks are 33 objects
    with `x`, `y` and perhaps `visibility`, or 33 lists `[x, y, z, visibility]`, of one person or of several in a
    list; null, or an empty list, where nobody was seen. A single result is a photo.

    Raises
    ------
    InputError
        When an entry is none of these, or coordinates are shares of a picture whose size is not known.
    """
    frames = content.get("frames") if isinstance(content, dict) else content
    frames = [content] if frames is None else frames
    detections = []
    for number, frame in enumerate(frames):
        fields = frame if isinstance(frame, dict) else {}
        key = next((key for key in _KEYS if key in fields), None)
        time = next((fields[k] * s for k, s in _TIMES.items() if is_number(fields.get(k))), None)
        for person in _persons(frame if key is None else fields[key]):
            points = _points(person)
            if points is None:
                raise InputError(f"{path}, frame {number}: it should have {_COUNT} landmarks with x and y")
            detections.append(Detection(number, points, time=time))
    return _assembled(detections, path, recorded, len(frames))


def _persons(landmarks: Any) -> list[Any]:
    """The persons of a frame, from one person's landmarks or a list of several."""
    if isinstance(landmarks, dict):
        landmarks = landmarks.get("landmark")
    if not isinstance(landmarks, list) or not landmarks:
        return []
    nested = isinstance(landmarks[0], list) and (not landmarks[0] or not is_number(landmarks[0][0]))
    return [person for person in landmarks if person] if nested else [landmarks]


def _points(landmarks: Any) -> Array | None:
    if not isinstance(landmarks, list) or len(landmarks) != _COUNT:
        return None
    rows = []
    for one in landmarks:
        if isinstance(one, dict):
            row = [one.get("x"), one.get("y"), one.get("visibility", one.get("score"))]
        elif isinstance(one, list) and len(one) >= 2:
            row = [one[0], one[1], one[3] if len(one) > 3 else None]
        else:
            return None
        rows.append([*row[:2], 1.0 if row[2] is None else row[2]])
    return np.array(rows, dtype=float) if all(is_number(v) for row in rows for v in row) else None


def _assembled(detections: list[Detection], path: Path, recorded: Recorded, frames: int) -> list[Keypoints2D]:
    """Tracks, with coordinates in pixels."""
    if not detections:
        return []
    reach = max(float(np.abs(d.points[:, :2]).max()) for d in detections)
    if reach < _NORMALISED_BELOW:
        if recorded.image_size is None:
            raise InputError(f"{path} holds shares of the picture, not pixels: name the footage with --video")
        for detection in detections:
            detection.points[:, :2] *= recorded.image_size
    time = recorded.time
    if time is None and any(d.time is None for d in detections):
        time = np.arange(frames) / (recorded.frame_rate or 30.0)
    return assemble(detections, Recorded(recorded.image_size, time, recorded.frame_rate), path, BLAZEPOSE33)


def read_mediapipe_csv(path: Path, recorded: Recorded) -> list[Keypoints2D]:
    """Read a table of MediaPipe's landmarks of one person, one row a frame.

    Columns are called by number and axis, as `x0, y0, v0` or `landmark_0_x`, or by MediaPipe's names, as
    `left_hip_x`; `frame` and `time` (s) or `timestamp_ms` may be there too. Empty cells are unseen.

    Raises
    ------
    InputError
        When the file cannot be read or lacks the coordinates of a landmark.
    """
    header, rows = _table(path)
    columns = _columns(header, path)
    plain = [name.strip().lower() for name in header]
    frame = plain.index("frame") if "frame" in plain else None
    clock = next(((plain.index(k.lower()), s) for k, s in _TIMES.items() if k.lower() in plain), None)
    detections = []
    for number, row in enumerate(rows):
        points = np.where(columns >= 0, row[np.maximum(columns, 0)], 1.0)
        points[~np.isfinite(points).all(1)] = 0.0
        if points.any():
            if frame is not None and not 0 <= row[frame] <= LARGEST:
                raise InputError(f"{path}: row {number + 2} has no frame number")
            index = number if frame is None else int(row[frame])
            time = None if clock is None else float(row[clock[0]] * clock[1])
            detections.append(Detection(index, points, time=time))
    last = max((d.frame for d in detections), default=-1)
    return _assembled(detections, path, recorded, max(last + 1, len(rows)))


def _table(path: Path) -> tuple[list[str], Array]:
    text = read_text(path)
    try:
        lines = [line for line in csv.reader(text.splitlines(keepends=True)) if line]
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    try:
        values = [[float(cell) if cell.strip() else np.nan for cell in row] for row in rows]
    except ValueError:
        raise InputError(f"{path}: below the first row there must be numbers only") from None
    if any(len(row) != len(header) for row in values):
        raise InputError(f"{path}: every row must have as many cells as the first")
    return header, np.array(values, dtype=float).reshape(len(values), len(header))


def _columns(header: list[str], path: Path) -> NDArray[np.intp]:
    """(33, 3) where x, y and visibility of each landmark are; -1 for a visibility that is not there."""
    found = np.full((_COUNT, 3), -1, dtype=np.intp)
    for index, cell in enumerate(header):
        match = _COLUMN.match(cell.strip())
        axis = _AXES.get(((match["axis"] or match["end"]) if match else "").lower())
        point = None if match is None else _landmark(match["number"] or match["name"])
        if axis is not None and point is not None:
            found[point, axis] = index
    missing = np.flatnonzero((found[:, :2] < 0).any(1))
    if len(missing):
        name = _OFFICIAL[missing[0]]
        raise InputError(
            f"{path}: no columns for x and y of landmark {missing[0]} ({name}), as x{missing[0]}"
        )
    return found


def _landmark(name: str) -> int | None:
    if name.isdigit():
        return int(name) if int(name) < _COUNT else None
    return column_order(_OFFICIAL, [name])[0]
