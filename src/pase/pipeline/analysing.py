"""From motions to answers: the stage between the fit and the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pase.config import AnalysisSettings
from pase.data import Motion
from pase.formats.findings import TrialLabels


def analyse_people(motions: Sequence[Motion], settings: AnalysisSettings) -> list[Motion]:
    """Every person's motion with what an analysis finds in it.

    Parameters
    ----------
    motions
        The persons, the main person first; the movement that the user names is the main person's.
    settings
        What the user says of the movement.
    """
    if not motions:
        return []
    from pase.analysis import analysed

    named = None if settings.movement == "auto" else settings.movement
    return [analysed(motion, named if number == 0 else None) for number, motion in enumerate(motions)]


def trial_labels(settings: AnalysisSettings, source: object) -> TrialLabels:
    """The first columns of the tables, for the main person: subject, name of the recording, condition."""
    trial = "" if source is None else Path(str(source)).stem
    return TrialLabels(settings.subject, trial, settings.condition)
