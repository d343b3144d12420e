"""Joints of Human3.6M as lifting networks dump them: bare numbers in JSON."""

from pathlib import Path

import numpy as np

from pase.anatomy.marker_set import H36M_JOINTS
from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import read_json
from pase.marker_files.checks import clear_impossible, times_of


def are_joints(head: bytes) -> bool:
    """Whether a file begins as JSON numbers (T, K, 3)."""
    start = head[:200].translate(None, b" \t\r\n")
    return start.startswith(b"[[[") and start[3:4] not in b'[{"'


def read_joints(path: Path, rate_hz: float | None = None) -> Landmarks3D:
    """Read JSON numbers (T, 17, 3), whose unit is open.

    They are taken in the axes of a camera, x right and y down, and turned by half about x.

    Parameters
    ----------
    rate_hz
        Frames a second; 30, with a warning in the log, when None.
    """
    try:
        xyz = np.asarray(read_json(path), float)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"cannot read {path}: not numbers (frames, 17, 3) in JSON: {error}") from error
    if xyz.ndim != 3 or xyz.shape[1:] != (len(H36M_JOINTS), 3) or not len(xyz):
        raise InputError(f"{path}: landmarks must be numbers of shape (frames, 17, 3), not {xyz.shape}")
    clear_impossible(xyz)
    time = times_of(np.full(len(xyz), np.nan), rate_hz, path)
    return Landmarks3D(xyz * np.array([1.0, -1.0, -1.0]), time, H36M_JOINTS)
