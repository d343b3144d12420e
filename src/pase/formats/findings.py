"""Tables of what an analysis found: events, and one tidy long table of measures, for statistics and spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from pase.errors import InputError
from pase.files import atomic_path
from pase.findings import Event, Findings, Measure
from pase.formats.tables import BoneLength, read_rows, write_rows
from pase.movements import MOVEMENTS, Movement

EVENT_COLUMNS = ("time_s", "event", "side")
MEASURE_COLUMNS = (
    "subject", "trial", "condition", "movement", "side", "repetition", "measure", "value", "sd", "unit"
)  # fmt: skip

_NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)
"""Date inside a workbook, so that the same results give the same bytes."""


@dataclass(frozen=True, slots=True)
class TrialLabels:
    """Subject, trial and condition: the first columns of the table of measures."""

    subject: str = ""
    trial: str = ""
    condition: str = ""


def measure_rows(findings: Findings, labels: TrialLabels) -> Iterator[tuple[Any, ...]]:
    """Rows of `measures.csv`: values as numbers, None where there is none.

    The repetition is empty for the mean over all repetitions, and for what is measured once.
    """
    for measure in findings.measures:
        labels_of_row = (labels.subject, labels.trial, labels.condition, findings.movement, measure.side)
        value, sd = _rounded(measure.value), _rounded(measure.sd)
        yield *labels_of_row, measure.repetition or None, measure.measure, value, sd, measure.unit


def write_events_csv(events: Iterable[Event], path: str | Path) -> None:
    """Write what happened when, in the order of time."""
    write_rows(path, EVENT_COLUMNS, ((f"{e.time_s:.4f}", e.event, e.side) for e in events))


def write_measures_csv(rows: Iterable[Sequence[Any]], path: str | Path) -> None:
    """Write rows of measures, of one person or of a study."""
    write_rows(path, MEASURE_COLUMNS, rows)


def write_workbook(
    path: str | Path, sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]
) -> None:
    """Write tables as sheets of one `.xlsx`, their headers in bold and with a filter.

    Parameters
    ----------
    sheets
        Name, header and rows of each; None and empty texts are empty cells.
    """
    import xlsxwriter

    with atomic_path(path) as temporary:
        book = xlsxwriter.Workbook(str(temporary), {"in_memory": True})
        book.set_properties({"created": _NO_DATE})
        bold = book.add_format({"bold": True})
        for name, header, rows in sheets:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, header, bold)
            last = 0
            for last, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if value is not None and value != "":
                        sheet.write(last, column, value)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(last, 1), len(header) - 1)
            sheet.set_column(0, len(header) - 1, 14)
        book.close()


def write_person_workbook(
    findings: Findings, bones: Iterable[BoneLength], labels: TrialLabels, path: str | Path
) -> None:
    """Write measures, events and bones of a person as sheets of one `.xlsx`."""
    events = ((round(event.time_s, 4), event.event, event.side) for event in findings.events)
    lengths = (
        (bone.name, *map(_rounded, (bone.length_m, bone.sd_m, bone.percentile)), int(bone.seen))
        for bone in bones
    )
    write_workbook(
        path,
        [
            ("measures", MEASURE_COLUMNS, measure_rows(findings, labels)),
            ("events", EVENT_COLUMNS, events),
            ("bones", ("name", "length_m", "length_sd_m", "percentile", "seen"), lengths),
        ],
    )


def read_events_csv(path: str | Path) -> tuple[Event, ...]:
    """Read events back."""
    rows = read_rows(path, EVENT_COLUMNS)
    try:
        return tuple(Event(float(row["time_s"]), cast(Any, row["event"]), row["side"]) for row in rows)
    except ValueError as error:
        raise InputError(f"{path}: not a table of events: {error}") from error


def read_measures_csv(path: str | Path) -> tuple[Movement, tuple[Measure, ...]]:
    """Read the movement and the measures of one person back."""
    rows = read_rows(path, MEASURE_COLUMNS)
    if not rows:
        return "other", ()
    movement = cast(Movement, rows[0]["movement"])
    if movement not in MOVEMENTS:
        raise InputError(f"{path}: unknown movement '{movement}'")
    try:
        single = [_measure(row) for row in rows]
    except ValueError as error:
        raise InputError(f"{path}: not a table of measures: {error}") from error
    return movement, tuple(_with_repetitions(measure, single) for measure in single)


def _measure(row: dict[str, str]) -> Measure:
    sd = float(row["sd"]) if row["sd"] else np.nan
    number = int(row["repetition"]) if row["repetition"] else 0
    return Measure(row["measure"], float(row["value"] or "nan"), sd, row["unit"], row["side"], number)


def _with_repetitions(measure: Measure, others: Sequence[Measure]) -> Measure:
    """A mean with the number of repetitions behind it and their spread."""
    if measure.repetition:
        return measure
    group = [
        m.value for m in others if m.repetition and (m.measure, m.side) == (measure.measure, measure.side)
    ]
    if not group:
        return measure
    return replace(
        measure, count=len(group), spread=float(np.std(group, ddof=1)) if len(group) > 1 else np.nan
    )


def _rounded(value: float | None) -> float | None:
    """A number to six significant digits; None for what is not finite."""
    return float(f"{value:.6g}") if value is not None and np.isfinite(value) else None
