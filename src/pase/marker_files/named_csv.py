"""CSV tables of named points in space, as FreeMoCap and scripts write them.

A row is a frame (`left_knee_x, left_knee_y, left_knee_z`), or a frame and point (`frame, keypoint, x, y, z`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import read_lines
from pase.marker_files.checks import clear_impossible, times_of
from pase.marker_files.text import cells_of, delimiter_of, number
from pase.point_names import FEWEST_KNOWN, halpe_name
from pase.types import Array

_COORDINATE = re.compile(r"(.+?)[_. ]?([xyz])(?:\s*[\[(]\w+[\])])?", re.I)
"""Column of a point's coordinate, perhaps with its unit."""
_TIMES = re.compile(r"(?:time(?:stamp)?|t)(?:[_ ]?(?:\(?s\)?|\(?sec\w*\)?|seconds))?", re.I)
_COUNTERS = ("", "frame", "frames", "frame_number", "index", "unnamed: 0", "timestamp_by_camera")
_BELOW_PICTURES = -5.0
"""Values of x or y below this are not of a picture, whose pixels and shares begin at 0."""
_MILLIMETRES_ABOVE = 20.0
"""Coordinates that reach farther are not in metres: no room is so large."""
_UPWARDS, _DEEP = 0.5, 0.7
"""Share of the way from feet to head that goes up in y, or along z; a picture of a standing person has less."""

_NEEDED = ("frame", "keypoint", "x", "y", "z")
_MOST_FRAMES = 10**12
_FRAMES_A_ROW = 100
"""More frames than that are between two rows of no recording."""


@dataclass(frozen=True)
class _Header:
    """What the columns of such a table are."""

    names: tuple[str, ...]
    """Names of the points, whose x, y, z follow one another."""
    first: int
    """Column of the first coordinate; before it only the time and counters."""
    time: int | None
    """Column of the time."""


def is_named_csv(head: bytes) -> bool:
    """Whether a file begins as a table of nothing but x, y, z of a person's points, and not of a picture's."""
    lines = [line for line in head.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    delimiter = delimiter_of(lines[:1])
    header = _header(cells_of(lines[0], delimiter)) if lines and delimiter else None
    if header is None or sum(_own_name(name) is not None for name in header.names) < FEWEST_KNOWN:
        return False
    for line in lines[1:]:
        cells = cells_of(line, delimiter)
        if len(cells) == header.first + 3 * len(header.names):
            return _are_in_space(_numbers(cells[header.first :]).reshape(-1, 3), header.names)
    return False


def read_named_csv(path: Path, rate_hz: float | None = None) -> Landmarks3D:
    """Read a table of a person's points in metres, in its own axes, called as the Halpe keypoints.

    Points that those do not have, as of hands and face, are left out. Millimetres are known by how far the points
    lie apart.

    Parameters
    ----------
    rate_hz
        Frames a second; without it the column of times counts, and 30 where there is none.
    """
    lines = [line for line in read_lines(path) if line.strip()]
    delimiter = delimiter_of(lines[:1])
    header = _header(cells_of(lines[0], delimiter)) if lines else None
    if header is None:
        raise InputError(f"{path} is not a table of x, y, z of named points")
    rows = [cells_of(line, delimiter) for line in lines[1:]]
    width = header.first + 3 * len(header.names)
    wrong = next((i for i, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        raise InputError(f"{path}, row {wrong + 1}: {len(rows[wrong])} cells, not {width}: write it again")
    table = np.array([_numbers(row) for row in rows]).reshape(len(rows), width)
    xyz = table[:, header.first :].reshape(len(rows), len(header.names), 3)
    clear_impossible(xyz)
    points = [(k, name) for k, name in enumerate(map(_own_name, header.names)) if name is not None]
    distinct = [
        (k, name) for i, (k, name) in enumerate(points) if name not in {earlier for _, earlier in points[:i]}
    ]
    times = np.full(len(table), np.nan) if header.time is None else table[:, header.time]
    xyz = sized(xyz[:, [k for k, _ in distinct]])
    return Landmarks3D(xyz, times_of(times, rate_hz, path), tuple(name for _, name in distinct))


def sized(xyz: Array) -> Array:
    """Points in metres, from millimetres where they reach farther than somebody in a room."""
    return xyz / 1000 if np.nanmax(np.abs(xyz), initial=0.0) > _MILLIMETRES_ABOVE else xyz


def _header(cells: Sequence[str]) -> _Header | None:
    """Columns of points whose x, y and z are all there is beside time and counters; None for any other header."""
    plain = [cell.lower() for cell in cells]
    first = next(
        (k for k, cell in enumerate(plain) if cell not in _COUNTERS and not _TIMES.fullmatch(cell)),
        len(plain),
    )
    matches = [_COORDINATE.fullmatch(cell) for cell in cells[first:]]
    if not matches or len(matches) % 3 or any(match is None for match in matches):
        return None
    names = [match[1] for match in matches if match is not None]
    axes = "".join(match[2].lower() for match in matches if match is not None)
    points = names[::3]
    if axes != "xyz" * len(points) or names != [name for name in points for _ in range(3)]:
        return None
    time = next((k for k in range(first) if _TIMES.fullmatch(plain[k])), None)
    return _Header(tuple(points), first, time)


def _are_in_space(xyz: Array, names: Sequence[str]) -> bool:
    """Whether points of one frame are in space: at negative places, or head over feet where no picture has it."""
    if (xyz[:, :2] < _BELOW_PICTURES).any():
        return True
    halpe = [_own_name(name) for name in names]
    ends = [
        np.array([xyz[k] for k, name in enumerate(halpe) if name in points and np.isfinite(xyz[k]).all()])
        for points in (
            ("Nose", "Head", "Neck", "LShoulder", "RShoulder"),
            ("LAnkle", "RAnkle", "LHeel", "RHeel"),
        )
    ]
    if not len(ends[0]) or not len(ends[1]):
        return False
    way = ends[0].mean(axis=0) - ends[1].mean(axis=0)
    length = float(np.linalg.norm(way))
    return bool(way[1] > _UPWARDS * length > 0 or abs(way[2]) > _DEEP * length > 0)


def _own_name(name: str) -> str | None:
    """Halpe's name of a point, which FreeMoCap calls `body_left_knee`."""
    return halpe_name(name.removeprefix("body_"))


def _numbers(cells: Sequence[str]) -> Array:
    values = [number(cell) for cell in cells]
    return np.array([np.nan if value is None else value for value in values])


def is_tidy_csv(head: bytes) -> bool:
    """Whether a file begins as a table with a row a frame and point."""
    lines = head.decode("utf-8-sig", "replace").splitlines()
    return bool(lines) and set(_NEEDED) <= set(_columns(lines[0]))


def read_tidy_csv(path: Path, rate_hz: float | None = None) -> Landmarks3D:
    """Read the points of the body in metres, in the file's own axes, called as the Halpe keypoints.

    Hands, face, centres of mass and the trajectories of rigid bones that the file may hold, too, are left out.

    Parameters
    ----------
    rate_hz
        Frames a second; without it the column of times counts, and 30 where there is none.
    """
    first, *lines = (line for line in read_lines(path) if line.strip())
    columns = _columns(first)
    rows = [dict(zip(columns, cells_of(line, ","), strict=False)) for line in lines]
    rows = [row for row in rows if _is_of_body(row)]
    names = tuple(dict.fromkeys(halpe_name(row["keypoint"]) or "" for row in rows))
    frames = np.array([_frame(row.get("frame", ""), path) for row in rows], int)
    if not len(frames):
        raise InputError(f"{path} holds no point of a body under a known name, such as left_knee")
    frames -= frames.min()
    if frames.max() > _FRAMES_A_ROW * len(rows):
        raise InputError(
            f"{path}: its frame numbers go up to {frames.max()}, with {len(rows)} rows: write it again"
        )
    xyz = np.full((int(frames.max()) + 1, len(names), 3), np.nan)
    time = np.full(len(xyz), np.nan)
    for frame, row in zip(frames, rows, strict=True):
        point = [value for axis in "xyz" if (value := number(row.get(axis, ""))) is not None]
        if len(point) == 3:
            xyz[frame, names.index(halpe_name(row["keypoint"]) or "")] = point
        time[frame] = number(row.get("timestamp", "")) or 0.0
    clear_impossible(xyz)
    return Landmarks3D(sized(xyz), times_of(time, rate_hz, path), names)


def _columns(header: str) -> Sequence[str]:
    return [cell.lower() for cell in cells_of(header, ",")]


def _is_of_body(row: dict[str, str]) -> bool:
    model, trajectory = row.get("model", "body"), row.get("trajectory", "3d_xyz")
    return "body" in model and trajectory == "3d_xyz" and halpe_name(row.get("keypoint", "")) is not None


def _frame(cell: str, path: Path) -> int:
    value = number(cell)
    if value is None or not 0 <= value < _MOST_FRAMES or value != int(value):
        raise InputError(f"{path}: '{cell[:30]}' is no frame number")
    return int(value)
