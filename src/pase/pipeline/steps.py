"""The progress of one step of a run."""

from __future__ import annotations

from pase.types import Progress, StepProgress


def step_of(progress: StepProgress | None, name: str) -> Progress | None:
    """The progress of one step, for a stage that knows nothing of the others.

    Parameters
    ----------
    progress
        Called at every step of a run; None when nobody listens.
    name
        The step's name.
    """
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
