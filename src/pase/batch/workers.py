"""Where the jobs of a batch run: in processes of this computer, each of which may die without harm to others.

Imports nothing heavy: a process must be told how many threads it may use before NumPy is there.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol

from pase.errors import PaseError

log = logging.getLogger(__name__)

THREAD_VARIABLES = (
    "PASE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM", "LP_NUM_THREADS",
)  # fmt: skip
"""What tells the networks, linear algebra, OpenCV and Mesa's software drawing how many threads to use."""

JOB_BYTES = 1_500_000_000
"""Memory of one job, drawing included."""

PATIENCE_S = 10.0
"""How long a process that was told to stop may take to tidy up."""


class Job(Protocol):
    """What a worker is given; it can be pickled."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What became of a job."""

    found: dict[str, Any] = field(default_factory=dict)
    """What it found, as JSON values."""
    error: str = ""
    """Why it failed, on one line; empty when it is done."""
    trace: str = ""
    """Where it failed, for an error that is not the input's."""


Work = Callable[[Any, Any], Outcome]
"""A function of a module that does a job, telling a `pipeline.Progress` (or None) how far it is."""
Told = Callable[[str, str, int, int | None], None]
"""Told a job's name, its step, and how much of how much is done."""


class Workers(Protocol):
    """Somewhere that jobs can be sent to; a context manager. Leaving it by an error stops the jobs."""

    def submit(self, work: Work, job: Any) -> Future[Outcome]:
        """Send a job; the future raises `WorkerLostError` when its process died twice."""
        ...

    def __enter__(self) -> Workers: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class WorkerLostError(PaseError):
    """The process that did a job has died."""


class Processes:
    """Jobs in processes of this computer.

    Each process does one job after the other. One that dies, killed by the system or by a fault in a
    library, is replaced, and its job is tried once more.

    Parameters
    ----------
    count
        Number of processes.
    threads
        Threads each of them may use.
    told
        Told how far each job is, from other threads.
    """

    def __init__(self, count: int, threads: int, told: Told) -> None:
        self._threads, self._told = threads, told
        self._pool = ThreadPoolExecutor(count, "pase-batch")
        self._mine = threading.local()
        self._all: list[_Process] = []
        self._stopped = False

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = error is not None
        self._pool.shutdown(wait=not self._stopped, cancel_futures=True)
        if self._stopped:
            for process in self._all:
                process.interrupt()
            self._pool.shutdown()
        for process in self._all:
            process.close()

    def submit(self, work: Work, job: Job) -> Future[Outcome]:
        """Send a job to the first process that is free; see `Workers`."""
        return self._pool.submit(self._do, work, job)

    def _do(self, work: Work, job: Job) -> Outcome:
        try:
            return self._process().do(work, job, self._told)
        except WorkerLostError as lost:
            log.warning("%s: %s; it is tried once more", job.name, lost)
        return self._process().do(work, job, self._told)

    def _process(self) -> _Process:
        """This thread's process, a new one where there is none or it has died."""
        if self._stopped:
            raise WorkerLostError("its process was stopped")
        process: _Process | None = getattr(self._mine, "process", None)
        if process is None or not process.alive:
            process = self._mine.process = _Process(self._threads)
            self._all.append(process)
        return process


class _Process:
    """One process and the pipe to it."""

    def __init__(self, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, threads), name="pase-batch")
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def do(self, work: Work, job: Job, told: Told) -> Outcome:
        """Have a job done and wait for it."""
        try:
            self._pipe.send((work, job))
            while True:
                wait([self._pipe, self._process.sentinel])
                message = self._pipe.recv()
                if isinstance(message, Outcome):
                    return message
                told(job.name, *message)
        except (EOFError, ConnectionError) as error:
            self._process.join()
            raise WorkerLostError(f"its process {_end(self._process.exitcode)}") from error

    def interrupt(self) -> None:
        """Have the process stop its job, tidy up and end."""
        self._process.terminate()
        threading.Timer(PATIENCE_S, self._process.kill).start()

    def close(self) -> None:
        """Have the process end, which does no job now."""
        self._pipe.close()
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, threads: int) -> None:
    """A process's life: do jobs until the pipe is closed, which it also is when the parent dies."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    logging.getLogger("pase").addHandler(logging.NullHandler())

    def tell(step: str, done: int, total: int | None) -> None:
        pipe.send((step, done, total))

    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        while True:
            work, job = pipe.recv()
            pipe.send(work(job, tell))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(code: int | None) -> str:
    """How a process ended, for people."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", as the system does when memory is short" if -code == getattr(signal, "SIGKILL", 9) else ""
        return f"was killed ({name}{hint})"
    return f"ended by itself (code {code})"


def suggested_jobs(trials: int, cores: int) -> int:
    """How many jobs at once this computer has processors and memory for."""
    free = free_memory()
    by_memory = cores if free is None else int(free // JOB_BYTES)
    return max(1, min(cores, by_memory, trials))


def free_memory() -> int | None:
    """Bytes of memory that can be had: what the system says and what a container allows; None where unknown."""
    known = [value for value in (_available(), _allowed()) if value is not None]
    return min(known, default=None)


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
    """What the container may use in all."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
