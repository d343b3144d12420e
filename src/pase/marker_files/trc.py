"""TRC files: named points in space, one row per frame, as OpenSim reads them and programs write them."""

import re
from itertools import zip_longest
from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import foreign_kind, read_lines
from pase.marker_files.checks import PIXELS, checked_times, clear_impossible, metres_in
from pase.marker_files.text import CellTable, cells_of, delimiter_of, number

_TABLE = re.compile(r'\s*"?frame\s*#?"?\s*[\t;, ]', re.I)
_AXIS = re.compile(r"([XYZ])\d*", re.I)
_NO_TABLE = "not a TRC: no line that starts with 'Frame#'"
_MOST_MARKERS = 10_000
_LEAST_PIXELS = 50.0
"""Nobody moves so many metres away in a room, or is so few pixels from the edge all the time."""


def is_trc(head: bytes) -> bool:
    """Whether a file begins as a TRC."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(b"pathfiletype")


def is_pixel_trc(path: Path) -> bool:
    """Whether a TRC file holds pixels of a picture rather than positions in space.

    Sports2D writes `m` as the unit even for pixels: what is flat and reaches beyond 50 is taken as pixels.
    """
    facts, names, table = _read(path)
    if facts.get("units", "").lower() in PIXELS:
        return True
    xyz = table[:, 2:].reshape(len(table), len(names), 3)
    measured = xyz[np.isfinite(xyz).all(axis=2)]
    return len(measured) > 0 and np.ptp(measured[:, 2]) == 0 and bool(np.abs(measured).max() >= _LEAST_PIXELS)


def read_trc(path: str | Path, *, pixels: bool = False) -> Landmarks3D:
    """Read the markers of a `.trc` in metres, in the file's own axes, taken as `world` (Y up).

    With `pixels` the numbers come as they stand in the file, whose unit must be pixels or, as Sports2D's
    files have it even for pixels, metres.

    Empty cells and NaN become NaN. Any line ends, trailing tabs, a missing blank line, doubled tabs in the
    header, fewer names than columns (the rest is called `marker_<n>`), cells parted by commas, semicolons or
    blanks, and decimal commas are accepted, as programs write all of these. Times are checked against
    `DataRate`; see `pase.marker_files.checks.checked_times`.
    """
    path = Path(path)
    facts, names, table = _read(path)
    unit = _unit(facts, path, pixels)
    time = checked_times(table[:, 1].copy(), number(facts.get("datarate", "")), path)
    xyz = table[:, 2:].reshape(len(table), len(names), 3) * unit
    clear_impossible(xyz)
    return Landmarks3D(xyz, time, names)


def _read(path: Path) -> tuple[dict[str, str], tuple[str, ...], np.ndarray]:
    """What the header says by its keys, K marker names, and the rows (T, 2 + 3 K) with x, y, z in this order."""
    lines = read_lines(path)
    start = next((i for i, line in enumerate(lines) if _TABLE.match(line + " ")), None)
    if start is None:
        kind = foreign_kind(path)
        raise InputError(f"{path} is {kind or _NO_TABLE}")
    facts = _facts(lines[:start])
    rows = [line for line in lines[start + 1 :] if line.strip()]
    delimiter = delimiter_of([lines[start], *rows[-3:]])
    axes: list[str] = []
    while rows and not _has_number(rows[0], delimiter):
        axes = axes or [cell for cell in cells_of(rows[0], delimiter) if cell]
        rows = rows[1:]
    names = _marker_names(cells_of(lines[start], delimiter)[2:], facts, path)
    table = CellTable(path, delimiter).numbers(rows, 2 + 3 * len(names))
    xyz = table[:, 2:].reshape(len(table), len(names), 3)[..., _order(axes)]
    return facts, names, np.column_stack([table[:, :2], xyz.reshape(len(table), 3 * len(names))])


def _order(axes: list[str]) -> list[int]:
    """Where x, y and z are among a marker's three columns, by the second line of the table's header."""
    letters = [match[1].upper() for cell in axes[:3] if (match := _AXIS.fullmatch(cell))]
    return [letters.index(axis) for axis in "XYZ"] if sorted(letters) == ["X", "Y", "Z"] else [0, 1, 2]


def _facts(header: list[str]) -> dict[str, str]:
    """Keys and values of the two header lines that name them.

    Where as many values as keys are filled in they belong together in their order, whatever is empty in between;
    else by their columns.
    """
    for keys, values in zip_longest(header, header[1:], fillvalue=""):
        if "nummarkers" in keys.lower() or "units" in keys.lower().split():
            rows = [cells_of(line, delimiter_of([keys])) for line in (keys, values)]
            filled = [[cell for cell in row if cell] for row in rows]
            aligned = len(filled[0]) == len(filled[1])
            pairs = zip(*(filled if aligned else rows), strict=False)
            return {key.lower(): value for key, value in pairs if key}
    return {}


def _unit(facts: dict[str, str], path: Path, pixels: bool) -> float:
    unit = facts.get("units", "")
    if not pixels:
        return metres_in(unit, path)
    if unit.lower() not in (*PIXELS, "m"):
        raise InputError(f"{path}: positions are in {unit}, in space; pixels were expected")
    return 1.0


def _marker_names(cells: list[str], facts: dict[str, str], path: Path) -> tuple[str, ...]:
    named = [cell for cell in cells if cell]
    declared = facts.get("nummarkers", "")
    count = int(declared) if declared.isdecimal() and 0 < int(declared) <= _MOST_MARKERS else len(named)
    if len(named) >= count:
        names = named
    else:
        every_third = cells[::3] + [""] * count
        names = [name or f"marker_{k + 1}" for k, name in enumerate(every_third[:count])]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise InputError(f"{path}: the marker name '{doubles[0]}' appears more than once; rename one of them")
    return tuple(names)


def _has_number(row: str, delimiter: str) -> bool:
    first = next((cell for cell in cells_of(row, delimiter) if cell), "")
    value = number(first)
    return value is not None and np.isfinite(value)
