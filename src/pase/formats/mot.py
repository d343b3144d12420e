"""OpenSim motion files (`.mot`, `.sto`): one row per frame, one column per coordinate."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import Kinematics, pieces
from pase.anatomy.model import Coordinate, Skeleton
from pase.data import LARGEST, Motion
from pase.errors import InputError
from pase.files import read_lines, write_text
from pase.types import Array, Indices, Mask

log = logging.getLogger(__name__)

LARGEST_ANGLE = 8 * np.pi
"""Four turns, in radians: a file beyond it is almost surely in degrees whatever its header says."""


@dataclass(frozen=True, slots=True)
class Storage:
    """An OpenSim storage file as it is: no unit converted."""

    names: tuple[str, ...]
    """M column names, without the time."""
    time: Array
    """(T,) seconds."""
    values: Array
    """(T, M) in the file's own units."""
    in_degrees: bool | None
    """The header's `inDegrees`; None where the file does not say."""


def write_mot(motion: Motion, path: str | Path) -> None:
    """Write a motion as an OpenSim `.mot` that shows the same pose when loaded on the skeleton's `.osim`.

    All the model's coordinates are written in its own order: coupled ones by their coupler, locked ones at
    their default, so OpenSim finds every column it looks for. Rotations are in degrees, translations in
    metres, times are the true frame times. Frames in which the pose is unknown (NaN) are left out, as OpenSim
    refuses NaN.
    """
    finite = np.flatnonzero(motion.known)
    names = [c.name for c in motion.skeleton.coordinates]
    header = [
        "Coordinates",
        "version=1",
        f"nRows={len(finite)}",
        f"nColumns={len(names) + 1}",
        "inDegrees=yes",
        "",
        "Rotations are in degrees, translations in metres, time in seconds from the first frame.",
        "endheader",
        "\t".join(["time", *names]),
    ]
    rows = ("\t".join(f"{x:.10f}" for x in row.tolist()) for row in _rows(motion, finite))
    write_text(path, (f"{line}\n" for line in chain(header, rows)))


def _rows(motion: Motion, frames: Indices) -> Iterator[Array]:
    """Time and all the model's coordinates (C + 1,), in degrees and metres, of the frames in which they are known."""
    kinematics, rotational = Kinematics(motion.skeleton), _converted(motion.skeleton.coordinates)
    for rows in pieces(len(frames)):
        values = kinematics.coordinate_values(motion.q[frames[rows]])
        values = np.where(rotational, np.degrees(values), values)
        yield from np.column_stack([motion.time[frames[rows]], values])


def read_mot(path: str | Path, skeleton: Skeleton) -> tuple[Array, Array]:
    """Read a `.mot` or `.sto` as the free coordinates of a skeleton.

    Columns may be plain coordinate names or state paths (`/jointset/knee_r/knee_angle_r/value`). A free
    coordinate without a column keeps its default; columns of anything else are ignored.

    Parameters
    ----------
    path
        The file, in degrees or radians as its header says.

    Returns
    -------
    time, q
        (T,) seconds and (T, n) rad or m, in the order of `skeleton.free_coordinates`.
    """
    storage = read_storage(path)
    q = np.tile(skeleton.default_q, (len(storage.time), 1))
    columns = {_coordinate_of(label): i for i, label in enumerate(storage.names)}
    pairs = [(j, columns[name]) for j, name in enumerate(skeleton.free_names) if name in columns]
    if not pairs:
        raise InputError(
            f"{path}: no column is a free coordinate of '{skeleton.name}', "
            f"which has: {', '.join(skeleton.free_names)}"
        )
    target, source = (list(side) for side in zip(*pairs, strict=True))
    q[:, target] = storage.values[:, source]
    rotational = _converted(skeleton.free_coordinates)
    if storage.in_degrees:
        present = np.zeros(len(rotational), bool)
        present[target] = True
        q[:, rotational & present] = np.radians(q[:, rotational & present])
    elif rotational.any() and np.abs(q[:, rotational]).max(initial=0.0) > LARGEST_ANGLE:
        raise InputError(
            f"{path}: angles look like degrees, but the header does not say inDegrees=yes; add it"
        )
    missing = set(skeleton.free_names) - set(columns)
    if missing:
        log.warning("%s has no column for %s; the default is taken", path, ", ".join(sorted(missing)))
    return storage.time, q


def read_storage(path: str | Path) -> Storage:
    """Read any OpenSim storage file with a time column."""
    lines = read_lines(path)
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    if end is None:
        raise InputError(f"{path}: no line 'endheader'; this is not an OpenSim .mot or .sto file")
    body = [line for line in lines[end + 1 :] if line.strip()]
    cells = body[0].split("\t" if "\t" in body[0] else None) if body else []
    labels = [cell.strip() for cell in cells if cell.strip()]
    if not labels or labels[0].lower() != "time":
        raise InputError(f"{path}: the first column after 'endheader' must be 'time'")
    table = _numbers(body[1:], len(labels), path)
    check_times(table[:, 0], path)
    wrong = ~(np.abs(table) <= LARGEST)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(f"{path}: row {row + 1} has no finite value for '{labels[column]}'")
    return Storage(tuple(labels[1:]), table[:, 0], table[:, 1:], _in_degrees(lines[:end]))


def check_times(time: Array, path: str | Path) -> None:
    """Raise an InputError unless the times (T,) are finite and increase."""
    valid = np.abs(time) <= LARGEST
    if not valid.all():
        raise InputError(f"{path}: row {int(np.argmin(valid)) + 1} has no time")
    steps = np.diff(time)
    if np.any(steps <= 0):
        raise InputError(f"{path}: the time does not increase after row {int(np.argmax(steps <= 0)) + 1}")


def _converted(coordinates: Sequence[Coordinate]) -> Mask:
    """(C,) whether OpenSim converts a coordinate between degrees and radians: it leaves coupled ones in radians."""
    return np.array([c.motion == "rotational" for c in coordinates], bool)


def _coordinate_of(label: str) -> str:
    segments = label.strip("/").split("/")
    if len(segments) > 1:
        return segments[-2] if segments[-1] == "value" else ""
    return label


def _in_degrees(header: list[str]) -> bool | None:
    for line in header:
        key, _, value = line.partition("=")
        if key.strip().lower() == "indegrees":
            return value.strip().lower() in ("yes", "y", "true", "1")
    return None


def _numbers(rows: list[str], width: int, path: str | Path) -> Array:
    """Rows of text as numbers (T, width)."""
    table = np.empty((len(rows), width))
    for i, row in enumerate(rows):
        cells = row.split()
        if len(cells) != width:
            raise InputError(f"{path}: row {i + 1} has {len(cells)} values for {width} columns")
        try:
            table[i] = [float(cell) for cell in cells]
        except ValueError:
            raise InputError(f"{path}: row {i + 1} holds something that is not a number") from None
    return table
