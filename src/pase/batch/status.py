"""The state of every trial of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pase.batch.plan import TRIALS
from pase.batch.study import Trial
from pase.batch.summary import FIGURES
from pase.pipeline.report import counted
from pase.view.study import StudyTrial

State = Literal["waiting", "done", "failed"]


@dataclass
class Entry:
    """State of one trial, as in `batch.json`."""

    trial: Trial
    state: State = "waiting"
    error: str = ""
    trace: str = ""
    """The traceback of an unexpected error."""
    kept: bool = False
    """Whether it was done by an earlier call."""
    seconds: float = 0.0
    evidence: dict[str, Any] | None = None
    """What the trial shows of its subject's sizes."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Columns of the summary that come from the result."""

    def content(self) -> dict[str, Any]:
        """The entry as JSON values."""
        trial = self.trial
        content: dict[str, Any] = {"trial": trial.name, "file": trial.place, "subject": trial.subject}
        content["state"] = self.state
        if self.state == "done":
            content |= {"result": f"{TRIALS}/{trial.name}", "kept": self.kept}
            content["seconds"] = round(self.seconds, 2)
        return content | {key: text for key, text in (("error", self.error), ("trace", self.trace)) if text}

    def row(self) -> dict[str, Any]:
        """The entry as a row of the summary."""
        trial = self.trial
        return {
            "trial": trial.name,
            "file": trial.place,
            "subject": trial.subject,
            "condition": trial.condition,
            "height_m": trial.height_m,
            "mass_kg": trial.mass_kg,
            "sex": None if trial.sex == "unknown" else trial.sex,
            "age_years": trial.age_years,
            **trial.further,
            "state": self.state,
            **{column: self.figures.get(column) for column in FIGURES},
            "seconds": round(self.seconds, 2) if self.state == "done" else None,
            "error": self.error,
        }

    def line(self) -> str:
        """The entry in one line, for people."""
        if self.error:
            return f"{self.trial.name}: failed: {self.error}"
        phrases = [counted(self.figures["frames"], "frame")]
        if not self.figures["persons"]:
            phrases.append("nobody was found")
        if self.figures["warnings"]:
            phrases.append(counted(self.figures["warnings"], "warning"))
        phrases.append("done before" if self.kept else f"{self.seconds:.1f} s")
        return f"{self.trial.name}: {', '.join(phrases)}"


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch."""

    output: Path
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    """Warnings for the user, one sentence each."""

    @property
    def failed(self) -> list[Entry]:
        """The trials that failed."""
        return [entry for entry in self.entries if entry.state == "failed"]


def study_trial(entry: Entry, output: Path, measures: Sequence[Sequence[str]]) -> StudyTrial:
    """What the page shows of a trial."""
    trial, figures = entry.trial, entry.figures
    folder = f"{TRIALS}/{trial.name}"
    report, viewer = f"{folder}/report.html", f"{folder}/viewer.html"
    is_done = entry.state == "done"
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
        report if is_done and (output / report).is_file() else "",
        viewer if is_done and (output / viewer).is_file() else "",
        values,
    )
