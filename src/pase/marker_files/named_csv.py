"""CSV tables of named points in space, as FreeMoCap writes: `left_knee_x, left_knee_y, left_knee_z` in mm."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from pase.data import LARGEST, Landmarks3D
from pase.errors import InputError
from pase.files import read_text
from pase.marker_files.joints import DEFAULT_RATE_HZ
from pase.point_names import FEWEST_KNOWN, halpe_name

_MILLIMETRES = 0.001
_AXES = ("_x", "_y", "_z")
_BELOW_PICTURES = -5.0
"""Values of x or y below this are none of a picture, whose pixels and shares begin at 0."""


def is_named_csv(head: bytes) -> bool:
    """Whether a file begins as a table of nothing but x, y, z of a person's points, and not of a picture's."""
    lines = head.decode("utf-8-sig", "replace").splitlines()
    names = _names(lines[0]) if lines else None
    if names is None or sum(halpe_name(name) is not None for name in names) < FEWEST_KNOWN:
        return False
    for line in lines[1:]:
        cells = line.split(",")
        if len(cells) == 3 * len(names):
            values = _numbers(cells).reshape(-1, 3)
            return bool((values[:, :2] < _BELOW_PICTURES).any())
    return False


def read_named_csv(path: Path) -> Landmarks3D:
    """Read a table of a person's points in metres, in its own axes, called as the Halpe keypoints.

    Points that those do not have, as of hands and face, are left out. Such tables tell no
    times: 30 frames a second are taken.

    Raises
    ------
    InputError
        When a row has another number of cells than the header.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    names = _names(lines[0]) if lines else None
    if names is None:
        raise InputError(f"{path} is not a table of x, y, z of named points")
    rows = list(csv.reader(lines[1:]))
    wrong = next((i for i, row in enumerate(rows) if len(row) != 3 * len(names)), None)
    if wrong is not None:
        raise InputError(
            f"{path}, row {wrong + 1}: {len(rows[wrong])} cells, not {3 * len(names)}: write it again"
        )
    xyz = np.array([_numbers(row) for row in rows]).reshape(len(rows), len(names), 3) * _MILLIMETRES
    xyz[~(np.abs(xyz) <= LARGEST).all(axis=2)] = np.nan
    own = [(k, name) for k, name in enumerate(map(halpe_name, names)) if name is not None]
    kept = [(k, name) for i, (k, name) in enumerate(own) if name not in {earlier for _, earlier in own[:i]}]
    time = np.arange(len(rows)) / DEFAULT_RATE_HZ
    return Landmarks3D(xyz[:, [k for k, _ in kept]], time, tuple(name for _, name in kept))


def _names(header: str) -> list[str] | None:
    """Names of points whose x, y and z are all there is in a header; None for any other header."""
    cells = [cell.strip().strip('"') for cell in header.split(",")]
    names = [cell[:-2] for cell in cells[::3]]
    wanted = [f"{name}{axis}" for name in names for axis in _AXES]
    return names if cells == wanted else None


def _numbers(cells: list[str]) -> np.ndarray:
    def number(cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            return np.nan

    return np.array([number(cell) for cell in cells])
