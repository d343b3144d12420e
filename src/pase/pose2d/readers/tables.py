"""Keypoints in tables (CSV): a row per frame or a row per point, of MediaPipe, DeepLabCut, SLEAP and their like."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pase.data import LARGEST, Keypoints2D
from pase.errors import InputError
from pase.files import foreign_kind, read_lines
from pase.keypoint_sets import BLAZEPOSE33, POINT_COUNTS, column_order
from pase.marker_files.text import number, rows_of
from pase.point_names import FEWEST_KNOWN, halpe_name
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.readers.json_film import read_frames
from pase.pose2d.readers.json_frames import TIMES, PoseFrame, document_frames
from pase.pose2d.readers.json_persons import FilePose
from pase.pose2d.readers.skeleton_file import columns_of_skeleton_file, is_skeleton_file

Row = Sequence[str]

_FRAMES = ("frame", "frame_idx", "frame_id", "frame_number", "frame_index", "framenumber")
_PERSONS = ("person", "person_id", "track", "track_id", "individual", "individuals", "id")
_AXES = {"x": 0, "y": 1, "v": 2, "visibility": 2, "score": 2, "likelihood": 2, "confidence": 2, "conf": 2, "c": 2,
         "s": 2, "p": 2, "prob": 2}  # fmt: skip
_COLUMNS = (
    re.compile(r"(?P<axis>[a-z]+)[_. ]?(?P<point>\d+)", re.I),
    re.compile(r"(?:(?:landmark|kpt?|keypoint)[_. ]?)?(?P<point>.+)[_. ](?P<axis>[a-z]+)", re.I),
    re.compile(r"(?P<axis>[a-z]+)[_. ](?P<point>.+)", re.I),
)
"""What columns are called: `x0`, `left_hip_x`, `x_left_hip`."""
_POINT_COLUMNS = ("landmark", "landmark_name", "keypoint", "keypoint_name", "bodypart", "body_part", "joint", "point",
                  "name", "landmark_id", "landmark_index", "keypoint_id", "index", "part")  # fmt: skip
"""Columns that say which point a row is of."""
_UNIT = re.compile(r"\s*[\[(](px|pixels?)[\])]$", re.I)
"""A unit at the end of a column's name."""
_PREFACE = re.compile(r"#|sep=.$", re.I)
"""Beginnings of lines before the table: comments, and the line in which Excel names the separator."""
_SHARED = "single"
"""What DeepLabCut calls the individual of points that belong to no animal or person."""
_OFFICIAL = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""MediaPipe's own names, in order."""


@dataclass
class _Layout:
    """Where the columns of a table are."""

    points: dict[str, dict[int, int]]
    """By point, the columns of x (0), y (1) and score (2)."""
    frame: int | None = None
    time: tuple[int, float] | None = None
    """Column, and seconds of its unit."""
    person: int | None = None
    names: tuple[str, ...] | None = field(default=None)
    """What the points are called; None where they are numbered."""


def read_keypoint_table(path: Path, facts: FootageFacts, skeleton: str | None = None) -> list[Keypoints2D]:
    """Read the keypoints of a table.

    Columns are called by number and axis, as `x0, y0, v0`, from 0 or from 1, or by names, as `left_hip_x`; or a row
    is one point, called in a column `landmark`. DeepLabCut's three or four rows of heads and SLEAP's columns are
    understood. `frame`, `time` (s) or `timestamp_ms`, and `person` may be there too; other columns are left alone.
    Empty cells are unseen.
    """
    header, rows = _cells(path)
    if header and all(np.isfinite(number(cell) or 0.0) and number(cell) is not None for cell in header):
        return _read_bare([header, *rows], path, facts, skeleton)
    if header and header[0].strip().lower() == "scorer":
        header, rows = _one_header(header, rows)
    if _has_row_per_point(header) and not is_skeleton_file(skeleton):
        layout = _facts(header, {}, None)
        frames = _long_frames(header, rows, path, layout)
    else:
        layout = (
            _layout_of_skeleton_file(header, skeleton, path)
            if is_skeleton_file(skeleton)
            else _wide_layout(header, path)
        )
        frames = _wide_frames(rows, path, layout)
    set_name = None if is_skeleton_file(skeleton) else skeleton
    return read_frames(frames, path, facts, set_name, layout.names)


def _read_bare(
    rows: Sequence[Row], path: Path, facts: FootageFacts, skeleton: str | None
) -> list[Keypoints2D]:
    """Rows of nothing but numbers, all points of one person each."""
    frames = document_frames([[number(cell) for cell in row] for row in rows])
    in_picture = all((number(cell) or 0.0) >= 0.0 for row in rows for cell in row[:2])
    if frames is None or not in_picture or not all(frame.poses for frame in frames):
        raise InputError(
            f"{path} has no names of columns, and {len(rows[0])} numbers a row, which no known set of points has: "
            "add a first row with names such as nose_x, nose_y, nose_score"
        )
    return read_frames(frames, path, facts, skeleton)


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    kind = foreign_kind(path)
    if kind:
        raise InputError(f"{path} is {kind}")
    lines = [line for line in read_lines(path) if line.strip()]
    while lines and _PREFACE.match(lines[0]):
        lines.pop(0)
    if not lines:
        raise InputError(f"{path} is empty: write it again")
    header, *rows = rows_of(lines, lines[:20], path)
    if any(len(row) != len(header) for row in rows):
        raise InputError(f"{path}: every row must have as many cells as the first")
    return [_UNIT.sub("", cell.strip()) for cell in header], rows


def _one_header(header: Row, rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """DeepLabCut's rows scorer, individuals, bodyparts and coords as one, as `left_hip_x`."""
    heads: dict[str, Row] = {}
    while rows and rows[0][0].strip().lower() in ("individuals", "bodyparts", "coords"):
        head = rows.pop(0)
        heads[head[0].strip().lower()] = head
    bodyparts, axes = heads.get("bodyparts", header), heads.get("coords", header)
    individuals = heads.get("individuals", [""] * len(header))
    places: dict[str, dict[str, int]] = defaultdict(dict)
    for k in range(1, len(header)):
        if individuals[k] != _SHARED:
            places[individuals[k]][f"{bodyparts[k]}_{axes[k]}"] = k
    columns = list(dict.fromkeys(name for place in places.values() for name in place))
    per_person = [
        [row[0], person, *(row[place[name]] if name in place else "" for name in columns)]
        for row in rows
        for person, place in places.items()
    ]
    return ["frame", "individual", *columns], per_person


def _column(plain: Row, names: Sequence[str]) -> int | None:
    return next((plain.index(name) for name in names if name in plain), None)


def _facts(header: Row, points: dict[str, dict[int, int]], names: tuple[str, ...] | None) -> _Layout:
    plain = [name.lower() for name in header]
    clock = next(((plain.index(key), unit) for key, unit in TIMES.items() if key in plain), None)
    return _Layout(points, _column(plain, _FRAMES), clock, _column(plain, _PERSONS), names)


def _layout_of_skeleton_file(header: Row, skeleton: str | None, path: Path) -> _Layout:
    """The columns as the user's TOML file names them."""
    points = {}
    for name, columns in columns_of_skeleton_file(str(skeleton)).items():
        missing = [column for column in columns if column not in header]
        if missing:
            raise InputError(f"{path} has no column '{missing[0]}'; it has: {', '.join(header[:20])}")
        points[name] = {axis: header.index(column) for axis, column in enumerate(columns)}
    return _facts(header, points, tuple(points))


def _has_row_per_point(header: Row) -> bool:
    plain = [name.lower() for name in header]
    return _column(plain, _POINT_COLUMNS) is not None and "x" in plain and "y" in plain


def _wide_layout(header: Row, path: Path) -> _Layout:
    numbered: dict[int, dict[int, int]] = defaultdict(dict)
    by_name: dict[str, dict[int, int]] = defaultdict(dict)
    for index, cell in enumerate(header):
        matches = [match for pattern in _COLUMNS if (match := pattern.fullmatch(cell))]
        match = next((match for match in matches if match["axis"].lower() in _AXES), None)
        if match is None:
            continue
        point, axis = match["point"], _AXES[match["axis"].lower()]
        if point.isdecimal() and len(point) < 6:
            numbered[int(point)].setdefault(axis, index)
        else:
            by_name[point].setdefault(axis, index)
    recognised = [
        name for name in by_name if halpe_name(name) or column_order(_OFFICIAL, [name])[0] is not None
    ]
    if len(recognised) >= FEWEST_KNOWN:
        complete = {name: by_name[name] for name in by_name if {0, 1} <= set(by_name[name])}
        return _facts(header, complete, tuple(complete))
    return _facts(header, _in_order(numbered, header, path), None)


def _in_order(numbered: dict[int, dict[int, int]], header: Row, path: Path) -> dict[str, dict[int, int]]:
    """Numbered points from the first, 0 or 1, on."""
    first = min(numbered, default=0)
    count = max((number - first + 1 for number in numbered), default=0)
    points = count if count in POINT_COUNTS else len(BLAZEPOSE33)
    for k in range(points):
        if not {0, 1} <= set(numbered.get(first + k, {})):
            official = f" ({_OFFICIAL[k]})" if points == len(BLAZEPOSE33) else ""
            raise InputError(
                f"{path}: no columns for x and y of landmark {first + k}{official}, such as x{first + k}; its "
                f"columns are: {', '.join(header[:12])}{' …' if len(header) > 12 else ''}. "
                "A TOML file with them can be given as --skeleton"
            )
    return {str(k): numbered[first + k] for k in range(points)}


def _value(row: Row, column: int, line: int, path: Path) -> float:
    value = number(row[column].strip())
    if value is None:
        raise InputError(f"{path}: row {line} should have numbers only, not '{row[column][:30]}'")
    return value if abs(value) <= LARGEST else float("nan")


def _frame_facts(row: Row, line: int, path: Path, layout: _Layout) -> PoseFrame:
    frame = PoseFrame()
    if layout.frame is not None:
        value = number(row[layout.frame].strip())
        if value is None:
            frame.picture = row[layout.frame]
        elif not 0 <= value <= LARGEST:
            raise InputError(f"{path}: row {line} has no frame number")
        else:
            frame.number = int(value)
    if layout.time is not None:
        time = _value(row, layout.time[0], line, path) * layout.time[1]
        frame.time = time if np.isfinite(time) else None
    return frame


def _person(row: Row, layout: _Layout, people: dict[str, int]) -> int | None:
    return None if layout.person is None else people.setdefault(row[layout.person], len(people) + 1)


def _wide_frames(rows: Sequence[Row], path: Path, layout: _Layout) -> list[PoseFrame]:
    frames: dict[object, PoseFrame] = {}
    people: dict[str, int] = {}
    for i, row in enumerate(rows):
        points = np.zeros((len(layout.points), 3))
        for k, columns in enumerate(layout.points.values()):
            values = [
                _value(row, columns[axis], i + 2, path) if axis in columns else 1.0 for axis in range(3)
            ]
            points[k] = values if np.isfinite(values).all() else 0.0
        frame = _frame_facts(row, i + 2, path, layout)
        frame = frames.setdefault(i if frame.number is None else frame.number, frame)
        if points.any():
            frame.poses.append(FilePose(points, None, _person(row, layout, people)))
    return list(frames.values())


def _long_frames(header: Row, rows: Sequence[Row], path: Path, layout: _Layout) -> list[PoseFrame]:
    """Frames of a table with a row per point: those with the same frame, or time, and person belong together."""
    plain = [name.lower() for name in header]
    name_column = _column(plain, _POINT_COLUMNS) or 0
    if "type" in plain and any(row[plain.index("type")] == "pose" for row in rows):
        rows = [
            row for row in rows if row[plain.index("type")] == "pose"
        ]  # MediaPipe's face and hands beside it
    score = next((plain.index(name) for name in plain if _AXES.get(name) == 2), None)
    columns = [plain.index("x"), plain.index("y"), *([] if score is None else [score])]
    order = {name: k for k, name in enumerate(dict.fromkeys(row[name_column].strip() for row in rows))}
    frames: dict[object, PoseFrame] = {}
    poses: dict[object, FilePose] = {}
    people: dict[str, int] = {}
    for i, row in enumerate(rows):
        frame, person = _frame_facts(row, i + 2, path, layout), _person(row, layout, people)
        key = frame.number if frame.number is not None else frame.picture or frame.time
        if key is None:
            key = i // len(order)
        frame = frames.setdefault(key, frame)
        if (key, person) not in poses:
            poses[key, person] = FilePose(np.zeros((len(order), 3)), None, person)
            frame.poses.append(poses[key, person])
        values = [*(_value(row, column, i + 2, path) for column in columns), 1.0][:3]
        if np.isfinite(values).all():
            poses[key, person].points[order[row[name_column].strip()]] = values
    if all(name.isdecimal() for name in order):
        ranked = sorted(order, key=int)
        for pose in poses.values():
            pose.points = pose.points[[order[name] for name in ranked]]
    else:
        layout.names = tuple(order)
    return list(frames.values())
