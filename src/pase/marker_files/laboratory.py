"""Tables of Vicon Nexus, OptiTrack Motive, Qualisys and OpenSim: markers below headers of several lines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import read_lines
from pase.marker_files.checks import checked_times, clear_impossible, metres_in
from pase.marker_files.text import CellTable, number, numbers_of, rows_of
from pase.types import Array

_AXES = ["x", "y", "z"]
_LEAST_HZ = 1e-6

_MILLIMETRES = 0.001


def is_motive(head: bytes) -> bool:
    """Whether a file begins as a CSV of OptiTrack Motive."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b'"').startswith(b"Format Version")


def is_nexus(head: bytes) -> bool:
    """Whether a file begins as a CSV of Vicon Nexus."""
    first = head.removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    return bool(first) and first[0].strip(b'",; \t') in (
        b"Trajectories",
        b"Devices",
        b"Joints",
        b"Model Outputs",
    )


def is_opensim_table(head: bytes) -> bool:
    """Whether a file begins as a table of OpenSim with three numbers a cell."""
    return b"DataType=Vec3" in head.replace(b" ", b"")


def read_motive(path: Path) -> Landmarks3D:
    """Read the markers of a CSV of Motive in metres; rigid bodies and bones are left out."""
    lines = read_lines(path)
    rows = rows_of(lines, lines[-20:], path)
    facts = dict(zip(rows[0][::2], rows[0][1::2], strict=False))
    start = _row_of("Frame", rows)
    heads = rows[1:start]
    kinds = next((row for row in heads if "Marker" in row), [])
    quantities = next((row for row in heads if "Position" in row), [])
    below = heads.index(kinds) + 1 if kinds else len(heads)
    names = heads[below] if below < len(heads) else []
    if (
        start == len(rows)
        or len(rows[start]) < 2
        or not names
        or min(len(names), len(quantities)) < len(kinds)
    ):
        raise InputError(f"{path} holds no markers: export it from Motive with markers and header")
    columns = [k for k, kind in enumerate(kinds) if kind == "Marker" and quantities[k] == "Position"]
    table = numbers_of(rows[start + 1 :], len(rows[start]), path)
    rate = number(facts.get("Export Frame Rate", "") or facts.get("Capture Frame Rate", ""))
    time = checked_times(table[:, 1], rate, path)
    unit = metres_in(facts.get("Length Units", ""), path)
    return _landmarks(table, columns, [names[k] for k in columns], rows[start], unit, time, path)


def read_nexus(path: Path) -> Landmarks3D:
    """Read the trajectories of a CSV of Nexus in metres; devices and model outputs are left out."""
    lines = read_lines(path)
    rows = rows_of(lines, lines[-20:], path)
    start = _row_of("Trajectories", rows)
    section = rows[start + 1 : start + 5]
    rate = number(section[0][0].strip()) if len(section) == 4 and section[0] else None
    if rate is None or not _LEAST_HZ < rate < 1 / _LEAST_HZ:
        raise InputError(f"{path} holds no trajectories with their rate: export them from Nexus as ASCII")
    heads, axes, units = section[1:]
    names = {k: name.strip() for k, name in enumerate(heads) if name.strip()}
    last = next((i for i, row in enumerate(rows[start + 5 :]) if not any(row)), len(rows) - start - 5)
    table = numbers_of(rows[start + 5 : start + 5 + last], len(axes), path)
    columns = [k + axis for k in names for axis in range(3)]
    unit = metres_in(next((cell for cell in units if cell.strip()), "mm"), path)
    time = np.arange(len(table)) / rate
    labels = [names[k] for k in names for _ in range(3)]
    return _landmarks(table, columns, labels, axes, unit, time, path)


def read_opensim_table(path: Path) -> Landmarks3D:
    """Read the markers of a table of OpenSim (`DataType=Vec3`) in metres."""
    lines = read_lines(path)
    ends = [i for i, line in enumerate(lines) if line.strip().lower() == "endheader"]
    body = [line.rstrip().split("\t") for line in lines[ends[0] + 1 :] if line.strip()] if ends else []
    if len(body) < 2:
        raise InputError(f"{path} has no rows below its header: write it again")
    names, rows = tuple(name.strip() for name in body[0][1:]), body[1:]
    spread = [[row[0], *(value for cell in row[1:] for value in cell.split(","))] for row in rows]
    table = numbers_of(spread, 1 + 3 * len(names), path)
    facts = dict(line.lower().split("=", 1) for line in lines[: ends[0]] if "=" in line)
    xyz = table[:, 1:].reshape(len(table), len(names), 3) * metres_in(facts.get("units", "m"), path)
    clear_impossible(xyz)
    return Landmarks3D(xyz, checked_times(table[:, 0], number(facts.get("datarate", "")), path), names)


def _row_of(word: str, rows: Sequence[Sequence[str]]) -> int:
    """Index of the first row that begins with a word; the number of rows where none does."""
    return next((i for i, row in enumerate(rows) if row and row[0].strip() == word), len(rows))


def _landmarks(
    table: Array, columns: Sequence[int], labels: Sequence[str], axes: Sequence[str], unit: float, time: Array,
    path: Path,
) -> Landmarks3D:  # fmt: skip
    """Markers whose x, y, z stand in columns that follow one another."""
    letters = [axes[k].strip().lower() for k in columns if k < len(axes)]
    names = tuple(label.strip() for label in labels[::3])
    if not columns or letters != _AXES * len(names) or len(set(names)) < len(names):
        raise InputError(
            f"{path}: its columns are not x, y, z of markers with names of their own: export it again"
        )
    xyz = table[:, list(columns)].reshape(len(table), len(names), 3) * unit
    clear_impossible(xyz)
    return Landmarks3D(xyz, time, names)


def is_qualisys(head: bytes) -> bool:
    """Whether a file begins as Qualisys' TSV of 3D data."""
    return head.lstrip(b"\xef\xbb\xbf").startswith((b"NO_OF_FRAMES", b"NO_OF_CAMERAS"))


def read_qualisys(path: Path) -> Landmarks3D:
    """Read the markers of a `.tsv` in metres, in the laboratory's axes; with or without columns of frame and time."""
    lines = read_lines(path)
    firsts = [line.split("\t")[0].strip() for line in lines]
    start = next((i for i, cell in enumerate(firsts) if cell and number(cell) is not None), len(lines))
    facts = {cells[0].strip().upper(): cells[1:] for cells in (line.split("\t") for line in lines[:start])}
    included = "".join(facts.get("DATA_INCLUDED", ["3D"])).strip()
    if included != "3D":
        raise InputError(f"{path} holds {included} data: export 3D data from Qualisys Track Manager")
    names = tuple(name.strip() for name in facts.get("MARKER_NAMES", []) if name.strip())
    if not names:
        raise InputError(f"{path} names no markers: export it with the header of Qualisys Track Manager")
    rate = number("".join(facts.get("FREQUENCY", [])).strip())
    rows = [line for line in lines[start:] if line.strip()]
    width = 3 * len(names)
    cells = max((len(row.rstrip("\t").split("\t")) for row in rows), default=width)
    extra = cells - width if 0 < cells - width <= 2 else 0
    table = CellTable(path, "\t").numbers(rows, width + extra)
    time = table[:, extra - 1] if extra == 2 else np.full(len(table), np.nan)
    time = np.arange(len(table)) / rate if extra != 2 and rate else checked_times(time, rate, path)
    xyz = table[:, extra:].reshape(len(table), len(names), 3) * _MILLIMETRES
    clear_impossible(xyz)
    return Landmarks3D(xyz, time, names)
