"""TSV files of Qualisys Track Manager: markers in millimetres below a header of keys and values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import read_lines
from pase.marker_files.checks import checked_times, clear_impossible
from pase.marker_files.text import CellTable, number

_MILLIMETRES = 0.001


def is_qualisys(head: bytes) -> bool:
    """Whether a file begins as Qualisys' TSV of 3D data."""
    return head.lstrip(b"\xef\xbb\xbf").startswith((b"NO_OF_FRAMES", b"NO_OF_CAMERAS"))


def read_qualisys(path: Path) -> Landmarks3D:
    """Read the markers of a `.tsv` in metres, in the laboratory's axes; with or without columns of frame and time."""
    lines = read_lines(path)
    start = next((i for i, line in enumerate(lines) if _is_data(line)), len(lines))
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


def _is_data(line: str) -> bool:
    first = line.split("\t")[0].strip()
    return first != "" and number(first) is not None
