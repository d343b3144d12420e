"""The tables over all trials: one row per trial, and the bones of every subject."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pase.analysis.measure import heading, measure_place
from pase.anatomy.limbs import unseen_angles
from pase.data import Motion
from pase.formats.findings import MEASURE_COLUMNS, TrialLabels, write_workbook
from pase.formats.person import MEASURES
from pase.formats.tables import write_rows
from pase.pipeline.report import Report, reprojection_error
from pase.types import Array
from pase.view.answers import of_angle

MAIN_ANGLES = (
    "pelvis_tilt", "L5_S1_Flex_Ext", "hip_flexion_r", "hip_flexion_l", "hip_adduction_r", "hip_adduction_l",
    "knee_angle_r", "knee_angle_l", "ankle_angle_r", "ankle_angle_l", "arm_elevation_r", "arm_elevation_l",
    "elbow_flex_r", "elbow_flex_l",
)  # fmt: skip
"""Coordinates whose range of motion is in the summary."""

RANGE_COLUMNS = tuple(
    column for angle in MAIN_ANGLES for column in (f"{angle}_range_deg", f"{angle}_range_sd_deg")
)
FIGURES = (
    "frames", "persons", "quality", "movement", "stature_m", "mean_reprojection_error_px", *RANGE_COLUMNS,
    "warnings",
)  # fmt: skip
"""Columns of the summary that come from the result."""


def figures_of(report: Report, motions: Sequence[Motion]) -> dict[str, Any]:
    """Figures of a trial: those of its main person, None where there is none."""
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    figures |= {"frames": report.source["frames"], "persons": len(motions), "warnings": len(report.warnings)}
    if motions:
        main = motions[0]
        stature_m = main.diagnostics.stature_m
        figures["stature_m"] = None if stature_m is None else round(stature_m, 4)
        figures["mean_reprojection_error_px"] = reprojection_error(main)
        if main.findings is not None:
            figures |= {"quality": main.findings.quality.verdict, "movement": main.findings.movement}
        figures |= _ranges(main)
    return figures


def range_of_motion(values: Array, deviations: Array) -> tuple[float, float] | None:
    """Range of an angle, from its least to its largest value, and the range's standard deviation.

    The errors of the two ends are taken as independent. None for fewer than two known values.

    Parameters
    ----------
    values
        (T,) the angle; NaN where unknown.
    deviations
        (T,) its standard deviation, in the same unit.
    """
    frames = np.flatnonzero(np.isfinite(values))
    if len(frames) < 2:
        return None
    low, high = frames[values[frames].argmin()], frames[values[frames].argmax()]
    return float(values[high] - values[low]), float(np.hypot(deviations[low], deviations[high]))


def write_summary(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with the columns that any of them has."""
    columns = _columns(rows)
    write_rows(path, columns, ([_cell(row.get(column)) for column in columns] for row in rows))


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that any row has, in the order in which they first come."""
    return list(dict.fromkeys(column for row in rows for column in row))


def write_bones(path: Path, results: Mapping[str, Path]) -> None:
    """Write the bones of every subject, from the table in one of its results (folder of the person)."""
    header: list[str] = []
    rows: list[list[str]] = []
    for subject, folder in results.items():
        with (folder / "bones.csv").open(newline="", encoding="utf-8") as stream:
            columns, *lines = csv.reader(stream)
        header = ["subject", *columns]
        rows += [[subject, *line] for line in lines]
    write_rows(path, header, rows)


def study_measures(results: Iterable[tuple[TrialLabels, Path]]) -> dict[str, list[list[str]]]:
    """By trial, the measures of the main person as rows of one long table.

    Parameters
    ----------
    results
        Whose recording each is, as the study's table says now, and the folder of its result.
    """
    rows: dict[str, list[list[str]]] = {}
    for labels, folder in results:
        table = folder / "person_1" / MEASURES
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as stream:
                _, *lines = csv.reader(stream)
            rows[labels.trial] = [[labels.subject, labels.trial, labels.condition, *row[3:]] for row in lines]
    return rows


def write_batch_workbook(
    path: Path, entries: Sequence[Mapping[str, Any]], measures: Mapping[str, Sequence[Sequence[str]]]
) -> None:
    """Write one `.xlsx`: a row a trial with its mean measures and ranges of motion, and the table of all measures.

    Parameters
    ----------
    path
        The file.
    entries
        Rows of the summary.
    measures
        By trial, rows as of `study_measures`.
    """
    rows = [_with_numbers(row) for name in measures for row in measures[name]]
    means: dict[str, dict[tuple[str, str], tuple[Any, Any]]] = {}
    for row in rows:
        _, trial, _, _, side, repetition, measure, value, sd, _ = row
        if not repetition and (not of_angle(measure) or measure.endswith("_range")):
            means.setdefault(trial, {})[measure, side] = value, sd
    kinds = sorted({kind for of_trial in means.values() for kind in of_trial}, key=measure_place)
    facts = [column for column in _columns(entries) if column not in RANGE_COLUMNS]
    header = [*facts, *(text for kind in kinds for text in (heading(*kind), f"{heading(*kind)}, sd"))]
    trials = (
        [
            *map(entry.get, facts),
            *(x for kind in kinds for x in means.get(entry["trial"], {}).get(kind, ("", ""))),
        ]
        for entry in entries
    )
    write_workbook(path, [("trials", header, trials), ("measures", MEASURE_COLUMNS, rows)])


def _with_numbers(row: Sequence[str]) -> list[Any]:
    """A row of the table of measures with numbers where it has them."""
    numbers = ("repetition", "value", "sd")
    return [
        float(cell) if column in numbers and cell else cell
        for column, cell in zip(MEASURE_COLUMNS, row, strict=True)
    ]


def _ranges(motion: Motion) -> dict[str, float | None]:
    """Range of motion of each of `MAIN_ANGLES` and its standard deviation, degrees."""
    out: dict[str, float | None] = {}
    guessed = unseen_angles(motion, MAIN_ANGLES)
    for i, angle in enumerate(MAIN_ANGLES):
        column = motion.skeleton.coordinate_index(angle)
        values = np.where(guessed[:, i], np.nan, np.degrees(motion.q[:, column]))
        deviations = np.degrees(motion.q_std[:, column])
        pair = range_of_motion(values, deviations) or (None, None)
        for name, value in zip((f"{angle}_range_deg", f"{angle}_range_sd_deg"), pair, strict=True):
            out[name] = None if value is None or not np.isfinite(value) else round(value, 2)
    return out


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
