"""Work shared with other processes of this program, on the cores that one process leaves idle.

Each is a fresh interpreter that runs no script of the user's, unlike those of `multiprocessing`: whoever calls PASE
from a script need not guard it. One that dies or does not start costs nothing but time: its work is done here.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from pase.networks.onnx import usable_cores

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")
Progress = Callable[[float], None]

ONE_THREAD = ("PASE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that keep a process to one core."""

MOST = 3
"""Processes beside this one; each needs as much memory for a fit as this one."""

REPORT_EVERY_S = 0.2


class _HelperError(Exception):
    """A process could not do its work."""


class Helpers:
    """Processes that take work off this one; a context manager, at whose end they are ended.

    Parameters
    ----------
    count
        How many; by default one for each usable core but the first. With 0 everything is done here, in turn.
    """

    def __init__(self, count: int | None = None) -> None:
        # A program frozen into one file has no interpreter to start.
        startable = bool(sys.executable) and not getattr(sys, "frozen", False)
        self.count = (min(usable_cores() - 1, MOST) if startable else 0) if count is None else count
        self._pool = ThreadPoolExecutor(max(1, self.count), "pase-helper")
        self._mine = threading.local()
        self._all: list[_Process] = []
        self._stopped = False

    def __enter__(self) -> Helpers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.kill()
        self._pool.shutdown()
        for process in self._all:
            process.close()

    def prepare(self, modules: Sequence[str]) -> None:
        """Have a process import what will be needed later."""
        self._help(_Work(_imported, modules, None), 1)

    def map(
        self,
        function: Callable[[Job, Progress], Result],
        jobs: Sequence[Job],
        progress: Progress | None = None,
    ) -> list[Result]:
        """Results of a function for several jobs, in their order, each done here or by a process.

        Parameters
        ----------
        function
            Of a module; given a job, and a function to tell how far it is. Both and the result can be pickled.
        jobs
            What it is given.
        progress
            Called with the share of all jobs done, 0 to 1, on this thread.
        """
        work = _Work(function, jobs, progress)
        self._help(work, len(jobs) - 1)
        return work.results()

    def begin(
        self, function: Callable[[Job, Progress], Result], jobs: Sequence[Job]
    ) -> Callable[[], list[Result]]:
        """As `map`, but go on while the processes work; what is returned does the rest and waits for theirs."""
        work = _Work(function, jobs, None)
        self._help(work, len(jobs))
        return work.results

    def _help(self, work: _Work, most: int) -> None:
        for _ in range(min(self.count, most)):
            self._pool.submit(lambda: work.help_out(self._process()))

    def _process(self) -> _Process:
        """This thread's process, a new one where there is none or it has died."""
        process: _Process | None = getattr(self._mine, "process", None)
        if process is None or not process.alive:
            process = self._mine.process = _Process()
            self._all.append(process)
            if self._stopped:
                process.kill()
            process.wait_until_ready()
        return process


class _Work:
    """Jobs that this process and others take one after the other."""

    def __init__(
        self, function: Callable[[Any, Progress], Any], jobs: Sequence[Any], progress: Progress | None
    ) -> None:
        self._function, self._jobs, self._progress = function, jobs, progress
        self._left = deque(range(len(jobs)))
        self._found: dict[int, Any] = {}
        self._shares = [0.0] * len(jobs)
        self._news = threading.Event()

    def results(self) -> list[Any]:
        """Do what the others do not, and wait for them."""
        try:
            while True:
                self._news.clear()
                if len(self._found) == len(self._jobs):
                    break
                number = self._next()
                if number is None:
                    self._news.wait(REPORT_EVERY_S)
                    self._report()
                else:
                    self._found[number] = self._function(self._jobs[number], self._told(number, self._report))
        finally:
            self._left.clear()
        return [self._found[number] for number in range(len(self._jobs))]

    def help_out(self, process: _Process) -> None:
        """Have a process do jobs while there are any; one that it could not do is put back."""
        while (number := self._next()) is not None:
            try:
                told = self._told(number, self._news.set)
                self._found[number] = process.call(self._function, self._jobs[number], told)
            finally:
                if number not in self._found:
                    self._left.append(number)
                self._news.set()

    def _next(self) -> int | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def _told(self, number: int, then: Callable[[], None]) -> Progress:
        def told(share: float) -> None:
            self._shares[number] = share
            then()

        return told

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(sum(self._shares) / len(self._jobs))


def _imported(module: str, told: Progress) -> None:
    importlib.import_module(module)


class _Process:
    """An interpreter that waits for functions to call."""

    def __init__(self) -> None:
        # Ctrl-C reaches this process, too, and this one ends that.
        code = (
            "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
            f"sys.path[:] = {sys.path!r}; from pase.helpers import serve; serve()"
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | dict.fromkeys(ONE_THREAD, "1"),
            )
        except OSError as error:
            log.warning("no process to help can be started (%s); everything is done by one", error)
            raise _HelperError from error
        self._killed = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        self._receive()

    def call(self, function: Callable[[Any, Progress], Any], job: Any, told: Progress) -> Any:
        """Have a function called with a job and wait for its result."""
        assert self._process.stdin is not None
        message = pickle.dumps((function, job))
        try:
            self._process.stdin.write(message)
            self._process.stdin.flush()
        except OSError as error:
            raise self._lost() from error
        while True:
            what, value = self._receive()
            if what == "done":
                return value
            if what == "failed":
                log.debug("a helping process failed: %s", value)
                raise _HelperError(value)
            told(value)

    def kill(self) -> None:
        """End it, whatever it does; it has nothing to tidy up."""
        self._killed = True
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes of one that has ended and is not listened to any more."""
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not sent cannot be
                if pipe is not None:
                    pipe.close()

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise self._lost() from error

    def _lost(self) -> _HelperError:
        self._process.kill()
        code = self._process.wait()
        if not self._killed:
            log.warning("a helping process ended by itself (code %d); its work is done anew", code)
        return _HelperError(f"code {code}")


def serve() -> None:
    """A process's life: call functions until the pipe is closed, which it also is when the parent dies."""
    logging.getLogger("pase").addHandler(logging.NullHandler())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between

    def answer(what: str, value: Any = None) -> None:
        pickle.dump((what, value), answers)
        answers.flush()

    with contextlib.suppress(EOFError, BrokenPipeError):
        answer("ready")
        while True:
            function, job = pickle.load(sys.stdin.buffer)
            try:
                result = function(job, lambda share: answer("told", share))
            except Exception as error:  # whatever it is, the parent meets it again and handles it
                answer("failed", f"{type(error).__name__}: {error}")
            else:
                answer("done", result)
