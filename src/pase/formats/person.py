"""A person's folder: everything about one person, written from a `Motion` and read back into one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pase.anatomy.model import Skeleton
from pase.anatomy.osim import read_osim, write_osim
from pase.data import Motion
from pase.diagnostics import FitDiagnostics
from pase.errors import InputError
from pase.formats.camera import read_camera
from pase.formats.mot import read_mot, write_mot
from pase.formats.tables import (
    read_angle_deviations,
    read_bone_statistics,
    write_angles_csv,
    write_bones_csv,
)
from pase.formats.trc import write_landmarks_trc
from pase.types import Array

SAME_TIME = 1e-5
"""Seconds within which two files' rows are of the same frame."""


def write_person(motion: Motion, folder: str | Path, mass_kg: float | None = None) -> None:
    """Write `skeleton.osim`, `motion.mot`, `landmarks.trc`, `angles.csv` and `bones.csv` into a folder.

    With `mass_kg` the masses in the model add up to it.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    folder = Path(folder)
    write_osim(motion.skeleton, folder / "skeleton.osim", mass_kg=mass_kg)
    write_mot(motion, folder / "motion.mot")
    write_landmarks_trc(motion, folder / "landmarks.trc")
    write_angles_csv(motion, folder / "angles.csv")
    write_bones_csv(motion, folder / "bones.csv")


def load_motion(folder: str | Path) -> Motion:
    """Read a person's folder back: the inverse of `write_person`, with the camera of the run.

    `skeleton.osim` and `motion.mot` must be there; `camera.json` (in the folder or the one above),
    `angles.csv` (for the standard deviations) and `bones.csv` (for what is known of the bones) are read when
    there. The person's number is the folder's (`person_2`), else 1.

    Raises
    ------
    InputError
        When a needed file is missing or a file cannot be read.
    """
    folder = Path(folder)
    for name in ("skeleton.osim", "motion.mot"):
        if not (folder / name).is_file():
            raise InputError(
                f"no {name} in {folder}; give a person's folder of a finished run, as OUT/person_1"
            )
    skeleton = read_osim(folder / "skeleton.osim")
    time, q = read_mot(folder / "motion.mot", skeleton)
    cameras = [
        path for path in (folder / "camera.json", folder.resolve().parent / "camera.json") if path.is_file()
    ]
    camera = read_camera(cameras[0]) if cameras else None
    number = re.fullmatch(r"person_(\d+)", folder.resolve().name)
    track_id = int(number[1]) if number else 1
    q_std, table = _deviations(folder / "angles.csv", skeleton, time), folder / "bones.csv"
    diagnostics = FitDiagnostics(bones=read_bone_statistics(table) if table.is_file() else {})
    return Motion(skeleton, q, q_std, time, camera, track_id=track_id, diagnostics=diagnostics)


def _deviations(path: Path, skeleton: Skeleton, time: Array) -> Array:
    """Standard deviations (T, n) at the frames of a motion; NaN where the table has no such frame."""
    q_std = np.full((len(time), len(skeleton.free_coordinates)), np.nan)
    if not path.is_file():
        return q_std
    table_time, table = read_angle_deviations(path, skeleton)
    if len(table_time):
        row = np.minimum(np.searchsorted(table_time, time - SAME_TIME), len(table_time) - 1)
        same = np.abs(table_time[row] - time) < SAME_TIME
        q_std[same] = table[row[same]]
    return q_std
