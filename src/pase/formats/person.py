"""A person's folder: everything about one person, written from a `Motion` and read back into one."""

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
    NumberTable,
    bone_table,
    read_bone_statistics,
    read_number_table,
    write_angles_csv,
    write_bones_csv,
)
from pase.formats.trc import write_landmarks_trc
from pase.types import Array, Mask

EVENTS, MEASURES = "events.csv", "measures.csv"


def write_person(
    motion: Motion,
    folder: str | Path,
    mass_kg: float | None = None,
    labels: TrialLabels = TrialLabels(),  # noqa: B008 - it cannot change
) -> None:
    """Write `skeleton.osim`, `motion.mot`, `landmarks.trc`, `angles.csv` and `bones.csv` into a folder.

    After an analysis `events.csv`, `measures.csv` and `tables.xlsx` come too.

    Parameters
    ----------
    mass_kg
        What the masses in the model add up to; as the model has them when None.
    labels
        The first columns of the tables; the model is named after the subject.
    """
    folder = Path(folder)
    skeleton = replace(motion.skeleton, name=model_name(labels, folder.name))
    write_osim(skeleton, folder / "skeleton.osim", mass_kg=mass_kg)
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
    """
    folder = Path(folder)
    for name in ("skeleton.osim", "motion.mot"):
        if not (folder / name).is_file():
            raise InputError(
                f"no {name} in {folder}; give the folder of a person in a finished result, such as OUT/person_1"
            )
    skeleton = read_osim(folder / "skeleton.osim")
    time, q = read_mot(folder / "motion.mot", skeleton)
    cameras = [place / "camera.json" for place in (folder, folder.resolve().parent)]
    camera = next((read_camera(path) for path in cameras if path.is_file()), None)
    number = re.fullmatch(r"person_(\d+)", folder.resolve().name)
    table, bones = folder / "angles.csv", folder / "bones.csv"
    angles = read_number_table(table) if table.is_file() else None
    return Motion(
        skeleton,
        q,
        _deviations(angles, skeleton, time),
        time,
        camera,
        track_id=int(number[1]) if number else 1,
        diagnostics=FitDiagnostics(bones=read_bone_statistics(bones) if bones.is_file() else {}),
        seen=None if angles is None else _seen(angles, skeleton, time),
        findings=None if angles is None else _findings(folder, angles, time),
    )


def _deviations(angles: NumberTable | None, skeleton: Skeleton, time: Array) -> Array:
    """Standard deviations (T, n) of the coordinates; NaN where the table has no such frame."""
    names = skeleton.free_names
    if angles is None:
        return np.full((len(time), len(names)), np.nan)
    sd = angles.at(time, [f"{name}_sd" for name in names])
    return np.where(skeleton.rotational, np.radians(sd), sd)


def _seen(angles: NumberTable, skeleton: Skeleton, time: Array) -> Mask | None:
    """(T, B) which bodies were seen: the angles of the others have a standard deviation, but no value."""
    names = tuple(n for n in skeleton.free_names if {n, f"{n}_sd"} <= set(angles.names))
    values, sd = angles.at(time, names), angles.at(time, [f"{name}_sd" for name in names])
    return seen_by_angles(skeleton, names, np.isnan(values) & np.isfinite(sd))


def _findings(folder: Path, angles: NumberTable, time: Array) -> Findings | None:
    """What an analysis found before, without its verdict; None where it was not kept."""
    if not (folder / EVENTS).is_file() or not (folder / MEASURES).is_file():
        return None
    movement, measures = read_measures_csv(folder / MEASURES)
    keys = tuple(name.removesuffix("_speed") for name in angles.names if name.endswith("_speed"))
    values, sd, speed, speed_sd = (
        angles.at(time, [f"{key}{ending}" for key in keys]) for ending in ("", "_sd", "_speed", "_speed_sd")
    )
    table = AngleTable(time, keys, values, sd, speed, speed_sd, surely_seen(values, sd))
    return Findings(movement, False, read_events_csv(folder / EVENTS), measures, table)
