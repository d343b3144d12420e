"""Where the jobs of a batch run: in processes of this computer; one that dies does not harm the others."""

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

from pase.errors import PaseError
from pase.processes import CallFailedError, ProcessLostError, ThreadInterpreters

log = logging.getLogger(__name__)

JOB_BYTES = 1_500_000_000
"""Memory of one job, drawing included."""

PATIENCE_S = 10.0
"""How long a process that was asked to stop may take to tidy up."""


class Job(Protocol):
    """What a worker is given; it can be pickled."""

    @property
    def name(self) -> str:
        """Name of the job in messages."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    result: dict[str, Any] = field(default_factory=dict)
    """What it found, as JSON values."""
    error: str = ""
    """Why it failed, on one line; empty when it is done."""
    trace: str = ""
    """Where it failed, for an error that is not the input's."""


Work = Callable[[Any, Any], Outcome]
"""A function of a module that does a job and reports to a `StepProgress`, or to None, how far it is."""
ReportStep = Callable[[str, str, int, int | None], None]
"""Takes a job's name, its step, the units done and their number (None where unknown)."""


class Workers(Protocol):
    """A place to send jobs to; a context manager. Leaving it by an error stops the jobs."""

    def submit(self, work: Work, job: Any) -> Future[Outcome]:
        """Send a job; the future raises `WorkerLostError` when its process died twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None: ...


class WorkerLostError(PaseError):
    """The process that did a job has died."""


class Processes:
    """Jobs in processes of this computer.

    Each process does one job after the other. One that dies, killed by the system or by a fault in a
    library, is replaced, and its job is tried once more.

    Parameters
    ----------
    threads
        Threads each of them may use.
    report
        Called with how far each job is, from other threads.
    """

    def __init__(self, count: int, threads: int, report: ReportStep) -> None:
        self._interpreters, self._report = ThreadInterpreters(threads), report
        self._pool = ThreadPoolExecutor(count, "pase-batch")
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._stopped = error is not None
        self._pool.shutdown(wait=not self._stopped, cancel_futures=True)
        if self._stopped:
            for process in self._interpreters.processes:
                process.interrupt()
            late = threading.Timer(PATIENCE_S, self._kill)
            late.start()
            self._pool.shutdown()
            late.cancel()
        for process in self._interpreters.processes:
            process.close(PATIENCE_S)

    def _kill(self) -> None:
        for process in self._interpreters.processes:
            process.kill()

    def submit(self, work: Work, job: Job) -> Future[Outcome]:
        """Send a job to the first process that is free; see `Workers`."""
        return self._pool.submit(self._do, work, job)

    def _do(self, work: Work, job: Job) -> Outcome:
        try:
            return self._try(work, job)
        except WorkerLostError as lost:
            if self._stopped:
                raise
            log.warning("%s: %s; it is tried once more", job.name, lost)
        return self._try(work, job)

    def _try(self, work: Work, job: Job) -> Outcome:
        if self._stopped:
            raise WorkerLostError("its process was stopped")
        try:
            process = self._interpreters.of_this_thread()
        except OSError as error:
            raise WorkerLostError(f"its process cannot be started ({error})") from error
        try:
            outcome: Outcome = process.call(work, job, partial(self._report, job.name))
        except ProcessLostError as lost:
            raise WorkerLostError(f"its process {lost}") from lost
        except CallFailedError as error:
            return Outcome(error=str(error))
        return outcome


def suggested_jobs(trials: int, cores: int) -> int:
    """How many jobs at once this computer has processors and memory for."""
    free = free_memory()
    by_memory = cores if free is None else int(free // JOB_BYTES)
    return max(1, min(cores, by_memory, trials))


def free_memory() -> int | None:
    """Bytes of free memory, by the system and by the limit of a container; None where unknown."""
    limits = [value for value in (_available(), _allowed()) if value is not None]
    return min(limits, default=None)


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return int(os.sysconf("SC_PAGE_SIZE")) * int(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return None


def _allowed() -> int | None:
    """Limit of the container's memory in bytes; None where there is none."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
