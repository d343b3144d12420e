"""FreeMoCap's tables with a row a frame and point: `frame, keypoint, x, y, z`, and perhaps model and trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import read_lines
from pase.marker_files.checks import clear_impossible
from pase.marker_files.named_csv import sized, times_of
from pase.marker_files.text import cells_of, number
from pase.point_names import halpe_name

_NEEDED = ("frame", "keypoint", "x", "y", "z")
_MOST_FRAMES = 10**12
_FRAMES_A_ROW = 100
"""More frames than that are between two rows of no recording."""


def is_tidy_csv(head: bytes) -> bool:
    """Whether a file begins as such a table."""
    lines = head.decode("utf-8-sig", "replace").splitlines()
    return bool(lines) and set(_NEEDED) <= set(_columns(lines[0]))


def read_tidy_csv(path: Path, rate_hz: float | None = None) -> Landmarks3D:
    """Read the points of the body in metres, in the file's own axes, called as the Halpe keypoints.

    Hands, face, centres of mass and the trajectories of rigid bones that the file may hold, too, are left out.

    Parameters
    ----------
    path
        The table.
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
        raise InputError(f"{path} holds no point of a body that is known, as left_knee")
    frames -= frames.min()
    if frames.max() > _FRAMES_A_ROW * len(rows):
        raise InputError(
            f"{path}: its numbers of frames reach to {frames.max()}, with {len(rows)} rows: write it again"
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
        raise InputError(f"{path}: '{cell[:30]}' is no number of a frame")
    return int(value)
