"""Jobs for the tests of batches; a process of its own must be able to import them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from pase.batch.workers import Outcome
from pase.processes import THREAD_VARIABLES
from pase.types import StepProgress


@dataclass(frozen=True)
class Job:
    """A job with a file to leave traces in."""

    name: str
    trace: Path


def tell_threads(job: Job, progress: StepProgress | None) -> Outcome:
    if progress is not None:
        progress("looking", 1, 2)
    return Outcome({"threads": [os.environ[name] for name in THREAD_VARIABLES], "process": os.getpid()})


def die_once(job: Job, progress: StepProgress | None) -> Outcome:
    tries = len(job.trace.read_text(encoding="utf-8")) if job.trace.exists() else 0
    job.trace.write_text("x" * (tries + 1), encoding="utf-8")
    if tries == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome({"tries": tries + 1})


def die(job: Job, progress: StepProgress | None) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome()


def leave(job: Job, progress: StepProgress | None) -> Outcome:
    os._exit(3)


def wait_for_the_end(job: Job, progress: StepProgress | None) -> Outcome:
    """Wait until the worker is stopped, and tidy up."""
    try:
        job.trace.write_text("begun", encoding="utf-8")
        time.sleep(60)
    finally:
        job.trace.write_text("tidied", encoding="utf-8")
    return Outcome()
