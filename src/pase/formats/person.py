"""A person's folder: everything about one person, written from a `Motion` and read back into one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from pase.anatomy.limbs import seen_by_angles
from pase.anatomy.model import Skeleton
from pase.anatomy.osim import read_osim, write_osim
from pase.data import Motion
from pase.diagnostics import FitDiagnostics
from pase.errors import InputError
from pase.findings import AngleTable, Findings, surely_seen
from pase.formats.camera import read_camera
from pase.formats.findings import (
    TrialLabels,
    measure_rows,
    read_events_csv,
    read_measures_csv,
    write_events_csv,
    write_measures_csv,
    write_person_workbook,
)
from pase.formats.mot import read_mot, write_mot
from pase.formats.tables import (
    bone_table,
    read_angle_deviations,
    read_bone_statistics,
    read_number_table,
    write_angles_csv,
    write_bones_csv,
)
from pase.formats.trc import write_landmarks_trc
from pase.types import Array, Indices, Mask

EVENTS, MEASURES = "events.csv", "measures.csv"

SAME_TIME = 1e-5
"""Seconds within which two files' rows are of the same frame."""


def write_person(
    motion: Motion,
    folder: str | Path,
    mass_kg: float | None = None,
    labels: TrialLabels = TrialLabels(),  # noqa: B008 - it cannot change
) -> None:
    """Write `skeleton.osim`, `motion.mot`, `landmarks.trc`, `angles.csv` and `bones.csv` into a folder.

    The model is named after the subject. With `mass_kg` the masses in the model add up to it. After an analysis
    `events.csv`, `measures.csv` and `tables.xlsx` come too, with `labels` in their first columns.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    folder = Path(folder)
    named = replace(motion.skeleton, name=model_name(labels, folder.name))
    write_osim(named, folder / "skeleton.osim", mass_kg=mass_kg)
    write_mot(motion, folder / "motion.mot")
    write_landmarks_trc(motion, folder / "landmarks.trc")
    write_angles_csv(motion, folder / "angles.csv")
    write_bones_csv(motion, folder / "bones.csv")
    if motion.findings is not None:
        write_events_csv(motion.findings.events, folder / EVENTS)
        write_measures_csv(measure_rows(motion.findings, labels), folder / MEASURES)
        write_person_workbook(motion.findings, bone_table(motion), labels, folder / "tables.xlsx")


def model_name(labels: TrialLabels, folder: str) -> str:
    """Name of a person's OpenSim model: the subject, else recording and folder, in letters that OpenSim allows."""
    name = labels.subject or "_".join(word for word in (labels.trial, folder) if word)
    return re.sub(r"[^\w.-]+", "_", name).strip("_") or "person"


def load_motion(folder: str | Path) -> Motion:
    """Read a person's folder back: the inverse of `write_person`, with the camera of the run.

    `skeleton.osim` and `motion.mot` must be there; `camera.json` (in the folder or the one above),
    `angles.csv` (for the standard deviations) and `bones.csv` (for what is known of the bones) are read when
    there, and with `events.csv` and `measures.csv` what an analysis found. The person's number is the folder's
    (`person_2`), else 1.

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
    seen = _seen(folder / "angles.csv", skeleton, time)
    motion = Motion(skeleton, q, q_std, time, camera, track_id=track_id, diagnostics=diagnostics, seen=seen)
    return replace(motion, findings=_findings(motion, folder))


def _findings(motion: Motion, folder: Path) -> Findings | None:
    """What an analysis found before, without its verdict; None where it was not kept."""
    if not (folder / EVENTS).is_file() or not (folder / MEASURES).is_file():
        return None
    movement, measures = read_measures_csv(folder / MEASURES)
    angles = _analysed_angles(folder / "angles.csv", motion.time)
    return Findings(movement, False, read_events_csv(folder / EVENTS), measures, angles)


def _deviations(path: Path, skeleton: Skeleton, time: Array) -> Array:
    """Standard deviations (T, n) at the frames of a motion; NaN where the table has no such frame."""
    q_std = np.full((len(time), len(skeleton.free_coordinates)), np.nan)
    if not path.is_file():
        return q_std
    table_time, table = read_angle_deviations(path, skeleton)
    rows, same = _rows_at(table_time, time)
    q_std[same] = table[rows[same]]
    return q_std


def _seen(path: Path, skeleton: Skeleton, time: Array) -> Mask | None:
    """(T, B) which bodies were seen: the angles of the others have a standard deviation, but no value."""
    if not path.is_file():
        return None
    header, table = read_number_table(path)
    names = tuple(n for n in skeleton.free_names if {n, f"{n}_sd"} <= set(header))
    rows, same = _rows_at(table[:, 0], time)
    unseen = np.zeros((len(time), len(names)), bool)
    values, deviations = (table[:, [header.index(f"{n}{end}") for n in names]] for end in ("", "_sd"))
    unseen[same] = (np.isnan(values) & np.isfinite(deviations))[rows[same]]
    return seen_by_angles(skeleton, names, unseen)


def _analysed_angles(path: Path, time: Array) -> AngleTable:
    """The angles of an analysis at the frames of a motion, from the table of angles."""
    header, table = read_number_table(path)
    rows, same = _rows_at(table[:, 0], time)
    keys = tuple(name.removesuffix("_speed") for name in header if name.endswith("_speed"))

    def columns(ending: str) -> Array:
        out = np.full((len(time), len(keys)), np.nan)
        for i, key in enumerate(keys):
            if f"{key}{ending}" in header:
                out[same, i] = table[rows[same], header.index(f"{key}{ending}")]
        return out

    values, sd = columns(""), columns("_sd")
    return AngleTable(
        time, keys, values, sd, columns("_speed"), columns("_speed_sd"), surely_seen(values, sd)
    )


def _rows_at(table_time: Array, time: Array) -> tuple[Indices, Mask]:
    """Rows of a table at the frames of a motion, and whether they are of the same time."""
    if not len(table_time):
        return np.zeros(len(time), np.intp), np.zeros(len(time), bool)
    rows = np.minimum(np.searchsorted(table_time, time - SAME_TIME), len(table_time) - 1)
    return rows, np.abs(table_time[rows] - time) < SAME_TIME
