"""Share work with other processes of this program, on the cores that one process leaves idle.

A process that dies or does not start costs only time: this process does its work.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from pase.cores import usable_cores
from pase.processes import CallFailedError, Interpreter, ProcessLostError, ThreadInterpreters
from pase.types import ShareProgress

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_HELPERS = 3
"""Most helping processes; for a fit each needs as much memory as this one."""

REPORT_EVERY_S = 0.2


class Helpers:
    """Processes that take work off this one; a context manager that ends them.

    Parameters
    ----------
    count
        How many; by default one for each usable core but the first. With 0 everything is done here, in turn.
    """

    def __init__(self, count: int | None = None) -> None:
        # A program frozen into one file has no interpreter to start.
        startable = bool(sys.executable) and not getattr(sys, "frozen", False)
        self.count = (min(usable_cores() - 1, MOST_HELPERS) if startable else 0) if count is None else count
        self._pool = ThreadPoolExecutor(max(1, self.count), "pase-helper")
        self._interpreters = ThreadInterpreters(threads=1)
        self._stopped = False

    def __enter__(self) -> Helpers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._interpreters.processes:
            process.kill()
        self._pool.shutdown()
        for process in self._interpreters.processes:
            process.close()

    def map(
        self,
        function: Callable[[Job, ShareProgress], Result],
        jobs: Sequence[Job],
        progress: ShareProgress | None = None,
    ) -> list[Result]:
        """Results of a function for several jobs, in their order; see `in_turn`."""
        return [*self.in_turn(function, jobs, progress)]

    def in_turn(
        self,
        function: Callable[[Job, ShareProgress], Result],
        jobs: Sequence[Any],
        progress: ShareProgress | None = None,
        make_job: Callable[[Any], Job] | None = None,
    ) -> Iterator[Result]:
        """Results of a function for several jobs, in their order; each job is done here or by a process.

        A result is let go of with the next one, so that those of a long recording are never held together.

        Parameters
        ----------
        function
            Of a module; given a job, and a function to report how far it is. Both and the result can be pickled.
        jobs
            What it is given.
        progress
            Called with the share of all jobs done, 0 to 1, on this thread.
        make_job
            Makes of a job what the function is given, when its turn comes: so no process gets, and nobody holds,
            more than its part of a long recording.
        """
        work = _Work(function, jobs, progress, make_job)
        self._help(work, len(jobs) - 1)
        return work.results()

    def begin(
        self, function: Callable[[Job, ShareProgress], Result], jobs: Sequence[Job], worth_joining: int = 1
    ) -> Callable[[], list[Result]]:
        """As `map`, but return at once; the returned function does the remaining jobs and waits for the processes.

        Parameters
        ----------
        function, jobs
            As of `map`.
        worth_joining
            While a process works, this one takes a job only if so many remain: more than 1 where it had to import
            much for the first.
        """
        work = _Work(function, jobs, worth_joining=worth_joining)
        self._help(work, len(jobs))
        return lambda: [*work.results()]

    def _help(self, work: _Work, limit: int) -> None:
        for _ in range(min(self.count, limit)):
            work.helpers.append(self._pool.submit(self._help_out, work))

    def _help_out(self, work: _Work) -> None:
        """Let the process of this thread do jobs."""
        try:
            process = self._interpreters.of_this_thread()
            if self._stopped:
                process.kill()
            work.help_out(process)
        except OSError as error:
            log.warning("no process to help can be started (%s); everything is done by one", error)
        except ProcessLostError as lost:
            if not self._stopped:
                log.warning("a helping process %s; its work is done anew", lost)
        except CallFailedError as error:
            log.debug("a helping process failed: %s", error)  # the work done here meets it again


class _Work:
    """Jobs that this process and others take one after the other."""

    def __init__(
        self,
        function: Callable[[Any, ShareProgress], Any],
        jobs: Sequence[Any],
        progress: ShareProgress | None = None,
        make_job: Callable[[Any], Any] | None = None,
        worth_joining: int = 1,
    ) -> None:
        self._worth_joining = worth_joining
        self.helpers: list[Future[None]] = []
        self._function, self._jobs, self._progress = function, jobs, progress
        self._part = make_job or (lambda job: job)
        self._left = deque(range(len(jobs)))
        self._results: dict[int, Any] = {}
        self._shares = [0.0] * len(jobs)
        self._news = threading.Event()

    def results(self) -> Iterator[Any]:
        """The results in the order of the jobs; what no process has taken is done here while one is missing."""
        try:
            for number in range(len(self._jobs)):
                while True:
                    self._news.clear()
                    if number in self._results:
                        break
                    self._do_or_wait()
                yield self._results.pop(number)
            self._report()
        finally:
            self._left.clear()

    def _do_or_wait(self) -> None:
        """Do a job here, or wait for the processes."""
        helped = any(not helper.done() for helper in self.helpers)
        joins = not helped or len(self._left) >= self._worth_joining
        number = self._next() if joins else None
        if number is None:
            self._news.wait(REPORT_EVERY_S)
            self._report()
        else:
            job = self._part(self._jobs[number])
            self._results[number] = self._function(job, self._share_of(number, self._report))

    def help_out(self, process: Interpreter) -> None:
        """Let a process do jobs while there are any; a job that it could not do is put back."""
        while (number := self._next()) is not None:
            try:
                progress = self._share_of(number, self._news.set)
                self._results[number] = process.call(self._function, self._part(self._jobs[number]), progress)
            except BaseException:
                self._left.append(number)
                raise
            finally:
                self._news.set()

    def _next(self) -> int | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def _share_of(self, number: int, notify: Callable[[], None]) -> ShareProgress:
        def note(share: float) -> None:
            self._shares[number] = share
            notify()

        return note

    def _report(self) -> None:
        if self._progress is not None and self._jobs:
            self._progress(sum(self._shares) / len(self._jobs))
