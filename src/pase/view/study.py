"""`index.html` of a study: all trials by subject and condition, and what was measured of each group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from pase.analysis.measure import definition, heading
from pase.files import write_text
from pase.movements import MOVEMENTS, Movement
from pase.view.answers import KEY_MEASURES, number_text
from pase.view.page import page_style, page_template

Column = tuple[str, str]


@dataclass(frozen=True)
class StudyTrial:
    """One recording of a study, as its page shows it."""

    name: str
    subject: str
    condition: str
    state: str
    """`done`, `waiting`, or why it failed."""
    movement: Movement | None = None
    quality: str = ""
    page: str = ""
    """Address of its report; empty where there is none."""
    viewer: str = ""
    values: dict[Column, float] = field(default_factory=dict)
    """The measures of all repetitions together."""


def write_study_page(trials: Sequence[StudyTrial], path: Path, *, title: str) -> None:
    """Write the page of a study; it links the trials' own pages and the tables beside it."""
    subjects = sorted({trial.subject for trial in trials})
    text = page_template("study.html.j2").render(
        title=title,
        style=Markup(page_style()),
        trials=sorted(trials, key=lambda trial: (trial.subject, trial.condition, trial.name)),
        movements=MOVEMENTS,
        subjects=len(subjects),
        done=sum(trial.state == "done" for trial in trials),
        groups=list(_groups([trial for trial in trials if trial.movement in KEY_MEASURES])),
    )
    write_text(path, text + "\n")


def _groups(trials: Sequence[StudyTrial]) -> Iterator[dict[str, Any]]:
    """For each movement its conditions, a row of means for each measure, a row for each subject and condition."""
    for movement, names in KEY_MEASURES.items():
        alike = [trial for trial in trials if trial.movement == movement]
        order = names.split()
        columns = sorted(
            {key for trial in alike for key in trial.values if key[0] in order},
            key=lambda key: (order.index(key[0]), key[1]),
        )
        if not columns:
            continue
        conditions = sorted({trial.condition for trial in alike})
        members = sorted({(trial.subject, trial.condition) for trial in alike})
        yield {
            "title": MOVEMENTS[alike[0].movement or "other"],
            "conditions": [condition or "all" for condition in conditions],
            "rows": [
                (heading(*column), *(_between_subjects(alike, condition, column) for condition in conditions))
                for column in columns
            ],
            "columns": [heading(*column) for column in columns],
            "members": [
                (subject, condition, *(_of_subject(alike, subject, condition, column) for column in columns))
                for subject, condition in members
            ],
        }


def _mean(trials: Sequence[StudyTrial], subject: str, condition: str, column: Column) -> float:
    """Mean over the trials of a subject in a condition; NaN where there is none."""
    alike = [trial for trial in trials if (trial.subject, trial.condition) == (subject, condition)]
    values = [trial.values[column] for trial in alike if np.isfinite(trial.values.get(column, np.nan))]
    return float(np.mean(values)) if values else np.nan


def _of_subject(trials: Sequence[StudyTrial], subject: str, condition: str, column: Column) -> str:
    value = _mean(trials, subject, condition, column)
    return number_text(value, definition(column[0]).digits) if np.isfinite(value) else "–"


def _between_subjects(trials: Sequence[StudyTrial], condition: str, column: Column) -> str:
    """Mean over the subjects, each counted once, the standard deviation between them, and how many they are."""
    means = [_mean(trials, subject, condition, column) for subject in {trial.subject for trial in trials}]
    usable = [mean for mean in means if np.isfinite(mean)]
    if not usable:
        return "–"
    digits = definition(column[0]).digits
    spread = f" ± {np.std(usable, ddof=1):.{digits}f}" if len(usable) > 1 else ""
    return f"{number_text(float(np.mean(usable)), digits)}{spread} ({len(usable)})"
