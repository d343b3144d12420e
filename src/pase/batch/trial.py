"""The jobs of a batch: one trial each, done in a process that may be killed at any moment.

What a job finds is written beside the results as a note, atomically and last, so that a job done again, or
twice at once on two computers, is harmless. A job's note counts only for the same work: it carries the work's
fingerprint.
"""

import json
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from pase.batch.workers import Outcome
from pase.config import Settings
from pase.errors import InputError, PaseError
from pase.files import atomic_path, read_json, write_text
from pase.pipeline.workspace import KEYPOINTS, STATE, partial_of
from pase.types import StepProgress


@dataclass(frozen=True)
class TrialJob:
    """One trial to be measured, or run to its result."""

    name: str
    source: Path
    output: Path
    note: Path
    """File of what was found, written when the job is done."""
    settings: Settings
    fingerprint: str
    """Identifies the work, so that a note of other work is not taken for this one's."""

    def earlier_result(self) -> dict[str, Any] | None:
        """What the same job found earlier; None when it has not been done."""
        try:
            content = read_json(self.note)
        except InputError:
            return None
        if not isinstance(content, dict) or content.get("fingerprint") != self.fingerprint:
            return None
        return content

    @property
    def state(self) -> Path:
        """File that says how the keypoints of a finished result were made, so that they need not be found again."""
        return self.note.with_name(f"{self.name}.state.json")


def _with_note(work: Callable[..., dict[str, Any]]) -> Callable[..., Outcome]:
    """Write what a job finds into its note, and let no failure stop the other trials."""

    @wraps(work)
    def job_done(job: TrialJob, progress: StepProgress | None = None) -> Outcome:
        start = time.perf_counter()
        try:
            result = work(job, progress) | {
                "fingerprint": job.fingerprint,
                "seconds": time.perf_counter() - start,
            }
            write_text(job.note, json.dumps(result))
        except PaseError as error:
            return Outcome(error=one_line(error))
        except OSError as error:
            return Outcome(error=f"the system refuses: {one_line(error)}")
        except Exception as error:  # noqa: BLE001 - the other trials must be done whatever happens in this one
            return Outcome(error=f"something went wrong ({one_line(error)})", trace=traceback.format_exc())
        return Outcome(result)

    return job_done


@_with_note
def measure_trial(job: TrialJob, progress: StepProgress | None = None) -> dict[str, Any]:
    """Note what a trial shows of its subject's sizes; the keypoints wait beside the result."""
    from pase.pipeline.stages import measure

    _take_over_keypoints(job)
    evidence = measure(job.source, job.output, job.settings, progress=progress)
    state = partial_of(job.output) / STATE
    if state.is_file():
        write_text(job.state, state.read_text(encoding="utf-8"))
    return {"evidence": None if evidence is None else evidence.content()}


@_with_note
def run_trial(job: TrialJob, progress: StepProgress | None = None) -> dict[str, Any]:
    """Make a trial's result, and note its figures for the summary."""
    from pase.batch.summary import figures_of
    from pase.pipeline.stages import Run

    _take_over_keypoints(job)
    with Run(job.output, job.settings, overwrite=True, progress=progress) as run:
        motions = run.complete(run.detect(job.source))
    return {"figures": figures_of(run.report, motions)}


def _take_over_keypoints(job: TrialJob) -> None:
    """Put the keypoints of an earlier result where a run can go on from them, if they are still valid."""
    earlier, place = job.output / KEYPOINTS, partial_of(job.output)
    if not (job.state.is_file() and earlier.is_file()) or (place / STATE).exists():
        return
    with atomic_path(place / KEYPOINTS) as copy:
        shutil.copyfile(earlier, copy)
    write_text(place / STATE, job.state.read_text(encoding="utf-8"))


def one_line(error: BaseException) -> str:
    """An error's message on one line, with its type where it is not one of PASE's."""
    text = " ".join(str(error).split())
    return text if isinstance(error, PaseError) else f"{type(error).__name__}: {text}"
