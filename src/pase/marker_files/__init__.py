"""Read points in space that other programs wrote: TRC, C3D, tables of laboratories, joints in JSON."""

from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import check_is_file, foreign_kind
from pase.marker_files.c3d import is_c3d, read_c3d
from pase.marker_files.checks import at_rate, without_gaps
from pase.marker_files.joints import are_joints, read_joints
from pase.marker_files.laboratory import (
    is_motive,
    is_nexus,
    is_opensim_table,
    is_qualisys,
    read_motive,
    read_nexus,
    read_opensim_table,
    read_qualisys,
)
from pase.marker_files.named_csv import is_named_csv, is_tidy_csv, read_named_csv, read_tidy_csv
from pase.marker_files.trc import is_pixel_trc, is_trc, read_trc

__all__ = ["are_joints", "is_marker_file", "is_pixel_trc", "read_markers"]

_READERS = (
    (is_trc, read_trc),
    (is_c3d, read_c3d),
    (is_qualisys, read_qualisys),
    (is_motive, read_motive),
    (is_nexus, read_nexus),
    (is_opensim_table, read_opensim_table),
)
_HEAD = 8192


def is_marker_file(path: Path) -> bool:
    """Whether a file holds points in space rather than keypoints of a picture, by how it begins."""
    if not path.is_file():
        return path.suffix.lower() in (".trc", ".c3d")
    head = _head(path)
    if is_trc(head) or (path.suffix.lower() == ".trc" and not any(knows(head) for knows, _ in _READERS)):
        return not is_pixel_trc(path)
    return (
        any(knows(head) for knows, _ in _READERS)
        or are_joints(head)
        or is_tidy_csv(head)
        or is_named_csv(head)
    )


def read_markers(path: Path, rate_hz: float | None = None) -> Landmarks3D:
    """Read markers in metres, in the file's own axes, with NaN where a marker is missing.

    Gaps written as numbers and times that contradict the file's rate are mended, with a warning in the log.

    Parameters
    ----------
    path
        A `.trc`, `.c3d`, a table of Qualisys, Vicon, OptiTrack, FreeMoCap or OpenSim, or JSON numbers (T, 17, 3).
    rate_hz
        Frames a second, in place of what the file says.

    Raises
    ------
    InputError
        When the file cannot be read, has no frames, or holds points of a picture.
    """
    check_is_file(path)
    head = _head(path)
    if are_joints(head):
        return read_joints(path, rate_hz)
    if is_tidy_csv(head):
        return _checked(read_tidy_csv(path, rate_hz), path)
    if is_named_csv(head):
        return _checked(read_named_csv(path, rate_hz), path)
    reader = next((read for knows, read in _READERS if knows(head)), None)
    if reader is None:
        reader = (
            read_trc if path.suffix.lower() == ".trc" else read_joints if path.suffix == ".json" else None
        )
    if reader is None:
        kind = foreign_kind(path) or "no file of markers that is understood: export it as TRC or C3D"
        raise InputError(f"{path} is {kind}")
    return _checked(reader(path) if rate_hz is None else at_rate(reader(path), rate_hz), path)


def _checked(data: Landmarks3D, path: Path) -> Landmarks3D:
    """The same markers without numbers that stand for gaps; refused where they are of a picture."""
    if not len(data):
        raise InputError(f"{path} has no frames")
    data = without_gaps(data, path)
    _check_depth(data, path)
    return data


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except PermissionError as error:
        raise InputError(f"{path} may not be read: change its permissions") from error


def _check_depth(data: Landmarks3D, path: Path) -> None:
    """Refuse the flat points of an analysis of one picture, which a skeleton cannot be fitted to."""
    measured = data.xyz[np.isfinite(data.xyz).all(axis=2)]
    extent = np.ptp(measured, axis=0) if len(measured) else np.ones(3)
    if len(data.names) > 3 and extent.min() == 0 < extent.max():
        raise InputError(
            f"{path}: all markers lie in one plane, as in an analysis of a picture, not in space; "
            "give the file in pixels, as Sports2D's _px_person00.trc"
        )
