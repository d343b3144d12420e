"""A trial of a batch as the study's page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pase.batch.plan import TRIALS
from pase.batch.status import Entry
from pase.view.study import StudyTrial


def study_trial(entry: Entry, output: Path, measures: Sequence[Sequence[str]]) -> StudyTrial:
    """What the page shows of a trial."""
    trial, figures = entry.trial, entry.figures
    folder = f"{TRIALS}/{trial.name}"
    report, viewer = f"{folder}/report.html", f"{folder}/viewer.html"
    done = entry.state == "done"
    values = {
        (name, side): float(value)
        for *_, side, repetition, name, value, _, _ in measures
        if not repetition and value
    }
    return StudyTrial(
        trial.name,
        trial.subject,
        trial.condition,
        entry.error or entry.state,
        figures.get("movement"),
        figures.get("quality") or "",
        report if done and (output / report).is_file() else "",
        viewer if done and (output / viewer).is_file() else "",
        values,
    )
