"""The progress of one step of a run, for a stage that knows nothing of the other steps."""

from pase.types import Progress, ShareProgress, StepProgress


def step_of(progress: StepProgress | None, name: str) -> Progress | None:
    """The progress of one step in units done."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)


def share_of(
    progress: StepProgress | None, name: str, frames: int, *, before: int = 0, total: int | None = None
) -> ShareProgress | None:
    """The progress of a step, or of a part of it, that says which share of its frames is done.

    Parameters
    ----------
    frames
        Frames of this part.
    before
        Frames of the parts before it.
    total
        Frames of the whole step; those of this part when None.
    """
    if progress is None:
        return None
    return lambda share: progress(name, before + round(share * frames), frames if total is None else total)
