"""TRC files: named points in space, one row a frame."""

from __future__ import annotations

from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.kinematics import Kinematics
from pase.data import LARGEST, Landmarks3D, Motion
from pase.errors import InputError
from pase.export.mot import check_times, read_lines
from pase.files import write_text

Array = NDArray[np.float64]

METRES = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0,
    "dm": 0.1, "cm": 0.01, "centimeters": 0.01, "centimetres": 0.01,
    "mm": 0.001, "millimeters": 0.001, "millimetres": 0.001,
    "in": 0.0254, "inches": 0.0254,
}  # fmt: skip
"""Metres in a unit that a TRC header may name."""


def write_landmarks_trc(motion: Motion, path: str | Path) -> None:
    """Write where the skeleton's landmarks are in the world as a `.trc`; see `write_trc`."""
    known = np.isfinite(motion.q).all(axis=1)
    xyz = np.full((len(motion), len(motion.skeleton.landmarks), 3), np.nan)
    xyz[known] = Kinematics(motion.skeleton).positions(motion.q[known])
    write_trc(Landmarks3D(xyz, motion.time, motion.skeleton.landmark_names), path)


def write_trc(landmarks: Landmarks3D, path: str | Path) -> None:
    """Write landmarks as a `.trc` in metres; unknown positions are empty cells.

    The time column holds the true frame times; `DataRate` is their mean rate, as the header has room for one.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    names, count, frames = landmarks.names, len(landmarks.names), len(landmarks)
    rate = f"{mean_rate(landmarks.time):.6f}"
    axes = [f"{axis}{k + 1}" for k in range(count) for axis in "XYZ"]
    header = [
        f"PathFileType\t4\t(X/Y/Z)\t{Path(path).name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{count}\tm\t{rate}\t1\t{frames}",
        "\t".join(["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))]),
        "\t".join(["", "", *axes]),
        "",
    ]
    table = landmarks.xyz.reshape(frames, 3 * count)
    rows = (
        f"{i + 1}\t{time:.9f}\t" + "\t".join("" if x != x else f"{x:.9f}" for x in row.tolist())
        for i, (time, row) in enumerate(zip(landmarks.time, table, strict=True))
    )
    write_text(path, (f"{line}\n" for line in chain(header, rows)))


def mean_rate(time: Array) -> float:
    """Mean frames a second of increasing times (T,); 1 where there are fewer than two."""
    return (len(time) - 1) / float(time[-1] - time[0]) if len(time) > 1 else 1.0


def read_trc(path: str | Path, *, pixels: bool = False) -> Landmarks3D:
    """Read the markers of a `.trc` in metres, in the file's own axes, taken as `world` (Y up).

    With `pixels` the numbers come as they stand in the file, whose unit must be pixels or, as Sports2D's
    files have it even for pixels, metres.

    Empty cells and NaN become NaN. Line ends, trailing tabs, a missing blank line, fewer names than columns
    (the rest is called `marker_<n>`) and cells parted by blanks are accepted, as programs write all of these.

    Raises
    ------
    InputError
        When the file is missing, is no TRC, has an unknown unit (pixels among them), double marker names,
        rows too long, words for numbers, or times that do not increase.
    """
    lines = read_lines(path)
    start = next((i for i, line in enumerate(lines) if line.strip().lower().startswith("frame#")), None)
    if start is None:
        raise InputError(f"{path}: no line that starts with 'Frame#'; this is not a TRC file")
    facts = _facts(lines[:start])
    rows = [line for line in lines[start + 1 :] if line.strip()]
    if rows and not _is_number(rows[0].split()[0]):
        rows = rows[1:]
    names = _marker_names(lines[start], facts, path)
    table = _table(rows, 2 + 3 * len(names), path)
    check_times(table[:, 1], path)
    xyz = table[:, 2:].reshape(len(table), len(names), 3) * _unit(facts, path, pixels)
    xyz[~(np.abs(xyz) <= LARGEST).all(axis=2)] = np.nan
    return Landmarks3D(xyz, table[:, 1].copy(), names)


def _facts(header: list[str]) -> dict[str, str]:
    """Keys and values of the two header lines that name them."""
    for keys, values in zip_longest(header, header[1:], fillvalue=""):
        if "nummarkers" in keys.lower() or "units" in keys.lower().split():
            cells = [line.split("\t") if "\t" in line else line.split() for line in (keys, values)]
            return {k.strip().lower(): v.strip() for k, v in zip(*cells, strict=False) if k.strip()}
    return {}


def _unit(facts: dict[str, str], path: str | Path, pixels: bool) -> float:
    unit = facts.get("units", "")
    if pixels:
        if unit.lower() not in ("px", "pixel", "pixels", "m"):
            raise InputError(f"{path}: positions are in {unit}, in space; pixels were expected")
        return 1.0
    if unit.lower() in ("px", "pixel", "pixels"):
        raise InputError(f"{path}: positions are in pixels, not in space; give the file in metres")
    if unit.lower() not in METRES:
        raise InputError(f"{path}: unit '{unit}' in the header; it must be m, cm or mm")
    return METRES[unit.lower()]


def _marker_names(line: str, facts: dict[str, str], path: str | Path) -> tuple[str, ...]:
    cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split())][2:]
    given = [cell for cell in cells if cell]
    declared = facts.get("nummarkers", "")
    count = int(declared) if declared.isdigit() else len(given)
    if len(given) >= count:
        names = given
    else:
        every_third = cells[::3] + [""] * count
        names = [name or f"marker_{k + 1}" for k, name in enumerate(every_third[:count])]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise InputError(f"{path}: the marker name '{doubles[0]}' appears more than once; rename one of them")
    return tuple(names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(rows: list[str], width: int, path: str | Path) -> Array:
    """Rows as numbers (T, width), NaN for empty cells and for markers beyond the end of a row."""
    table = np.full((len(rows), width), np.nan)
    for i, row in enumerate(rows):
        cells = row.split("\t") if "\t" in row else row.split()
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            raise InputError(
                f"{path}: row {i + 1} has more values than the header has markers ({width // 3})"
            )
        try:
            numbers = [float(cell) if cell and not cell.isspace() else np.nan for cell in cells[:width]]
        except ValueError:
            raise InputError(f"{path}: row {i + 1} holds something that is not a number") from None
        table[i, : len(numbers)] = numbers
    return table
