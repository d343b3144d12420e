"""C3D: the binary file of motion laboratories."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pase.anatomy.segment_points import SEGMENT_POINTS
from pase.data import Landmarks3D
from pase.errors import InputError, MissingDependencyError
from pase.files import read_bytes
from pase.marker_files.checks import clear_impossible, metres_in

_NO_POSITIONS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS", "MODELED_MARKERS_INVALID")
"""Parameters of the group POINT that list points whose numbers are not positions."""

_BLOCK = 512
_BIG_ENDIAN = b"\x56"
"""Processor type of files with the larger byte first."""


def is_c3d(head: bytes) -> bool:
    """Whether a file begins as a C3D: the second byte is always 0x50."""
    return len(head) > 2 and head[1] == 0x50 and 1 < head[0] < 128 and not head[:2].isalnum()


def read_c3d(path: Path) -> Landmarks3D:
    """Read the markers of a `.c3d` in metres, in the file's own axes; angles, forces and powers are left out.

    Of a file of Theia3D, which has segments in place of markers, come the points of `SEGMENT_POINTS`.

    Raises
    ------
    MissingDependencyError
        When ezc3d is not installed.
    """
    try:
        import ezc3d
    except ImportError as error:
        raise MissingDependencyError(
            "reading .c3d needs ezc3d: pip install 'pase-skeleton[c3d]', or export the file as .trc"
        ) from error
    _check_parameters(read_bytes(path), path)
    try:
        content = ezc3d.c3d(str(path))
        point = content["parameters"]["POINT"]
        points = np.asarray(content["data"]["points"], float)[:3].transpose(2, 1, 0)
        rate = float(_values(point, "RATE")[0])
        labels = [str(label).strip() for label in _listed(point, "LABELS")][: points.shape[1]]
        derived = {str(name).strip() for key in _NO_POSITIONS for name in _listed(point, key)}
        unit = str((_values(point, "UNITS") or [""])[0])
    except (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError) as error:
        raise InputError(f"{path} is damaged or no C3D ({error}): export or copy it again") from error
    if not points.shape[1] and "ROTATION" in content["parameters"]:
        return _segments(content, path)
    if not points.shape[1]:
        raise InputError(f"{path} has no markers: export it with the trajectories")
    _check_rate(rate, path)
    labels += [f"marker_{k + 1}" for k in range(len(labels), points.shape[1])]
    measured = [k for k, name in enumerate(labels) if name not in derived]
    xyz = points[:, measured] * metres_in(unit, path)
    clear_impossible(xyz)
    return Landmarks3D(xyz, np.arange(len(xyz)) / rate, tuple(_distinct([labels[k] for k in measured], path)))


def _segments(content: Any, path: Path) -> Landmarks3D:
    """Points that stand for the segments of Theia3D, whose files have a pose a segment and no markers."""
    group = content["parameters"]["ROTATION"]
    rotations = np.asarray(content["data"]["rotations"], float)
    labels = [str(label).strip().lower().removesuffix("_4x4") for label in _listed(group, "LABELS")]
    rate = float((_values(group, "RATE") or [0.0])[0])
    _check_rate(rate, path)
    unit = str((_values(content["parameters"]["POINT"], "UNITS") or [""])[0])
    poses = dict(zip(labels, np.moveaxis(rotations, (2, 3), (0, 1)), strict=False))
    points = {
        name: point
        for name, point in SEGMENT_POINTS.items()
        if point.axes in poses and all(segment in poses for segment in point.centre)
    }
    if not points:
        raise InputError(f"{path} has no markers, and segments of unknown names: {', '.join(labels)}")
    scale = metres_in(unit, path)
    xyz = [
        scale * np.mean([poses[segment][:, :3, 3] for segment in point.centre], axis=0)
        + poses[point.axes][:, :3, :3] @ point.offset
        for point in points.values()
    ]
    time = np.arange(rotations.shape[3]) / rate
    return Landmarks3D(np.stack(xyz, axis=1), time, tuple(points))


def _check_rate(rate: float, path: Path) -> None:
    if not 0 < rate < np.inf:
        raise InputError(f"{path} does not say how many frames a second it has: give --rate")


def _check_parameters(content: bytes, path: Path) -> None:
    """Refuse a file whose parameters do not follow one another: ezc3d would take gigabytes for what it reads in them.

    A parameter is its name, where the next one begins, type, dimensions, values and description. The last may reach
    into the block after those that the file counts, as Theia3D writes it.
    """
    start = _BLOCK * (content[0] - 1)
    order: Literal["big", "little"] = "big" if content[start + 3 : start + 4] == _BIG_ENDIAN else "little"
    at, end = (
        start + 4,
        min(len(content), start + _BLOCK * (1 + max(content[start + 2 : start + 3] or b"\0"))),
    )
    while at + 2 < end and content[at] != 0:
        length, group = abs(int.from_bytes(content[at : at + 1], "little", signed=True)), content[at + 1]
        name, after = content[at + 2 : at + 2 + length], at + 2 + length
        following = int.from_bytes(content[after : after + 2], order)
        last = after + 2 if group >= 128 else _end_of_values(content, after + 2)
        if not name.isascii() or not name.decode("ascii").isprintable() or last is None or last >= end:
            raise InputError(
                f"{path} is damaged or no C3D (its parameters are broken): export or copy it again"
            )
        if following == 0:
            return
        at = after + following


def _end_of_values(content: bytes, at: int) -> int | None:
    """Where the values of the parameter end whose type is at `at`; None for an unknown type."""
    kind = int.from_bytes(content[at : at + 1], "little", signed=True)
    if kind not in (-1, 1, 2, 4) or at + 1 >= len(content):
        return None
    dimensions = content[at + 2 : at + 2 + content[at + 1]]
    return at + 2 + len(dimensions) + abs(kind) * math.prod(dimensions)


def _values(group: Any, name: str) -> list[Any]:
    return list(group[name]["value"]) if name in group else []


def _listed(group: Any, name: str) -> Iterator[Any]:
    """Entries of a list that goes on under further names, as LABELS2: one holds 255 at most."""
    yield from _values(group, name)
    number = 2
    while f"{name}{number}" in group:
        yield from _values(group, f"{name}{number}")
        number += 1


def _distinct(names: list[str], path: Path) -> list[str]:
    """Names without doubles; unnamed markers are numbered."""
    out: list[str] = []
    for k, name in enumerate(names):
        if name and name in out:
            raise InputError(f"{path}: the marker name '{name}' appears more than once; rename one of them")
        out.append(name or f"marker_{k + 1}")
    return out
