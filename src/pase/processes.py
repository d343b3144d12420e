"""A process of this program that calls functions: what `pase.parallel` and `pase.batch.workers` send their work to.

It is a fresh interpreter that runs no script of the user's, unlike those of `multiprocessing`: whoever calls PASE
from a script need not guard it, and any thread may start, ask and end one.

Imports nothing heavy: a process learns how many threads it may use before NumPy is imported.
"""

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from pase.cores import THREADS
from pase.memory import look_for_cycles_seldom

THREAD_VARIABLES = (
    THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM", "LP_NUM_THREADS",
)  # fmt: skip
"""How many threads the networks, linear algebra, OpenCV and Mesa's software drawing may use."""

ENDING_S = 2.0
"""How long a process may take to end after its pipe was closed."""

_LIFE = "import sys; sys.path[:] = {path!r}; from pase.processes import serve; serve()"


class ProcessLostError(Exception):
    """A process has died; the message says how, as "was killed (SIGKILL)"."""


class CallFailedError(Exception):
    """A function that a process called has raised an error, which the message names."""


class Interpreter:
    """A process that waits for functions to call, and ends with this one.

    Parameters
    ----------
    threads
        How many it may use.

    Raises
    ------
    OSError
        When it cannot be started.
    """

    def __init__(self, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LIFE.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads)),
        )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def call(self, function: Callable[..., Any], job: Any, progress: Callable[..., None]) -> Any:
        """Have a function called and wait for its result.

        Parameters
        ----------
        function
            Of a module; given the job, and a function to report its progress with. All it takes, reports and
            returns can be pickled.
        job
            What it is given.
        progress
            Called here with what the function reports.

        Raises
        ------
        ProcessLostError
            When the process died, or was ended.
        CallFailedError
            When the function raised an error.
        """
        self._send(pickle.dumps((function, job)))
        try:
            while (answer := self._receive())[0] == "progress":
                progress(*answer[1])
        except BaseException:
            self.kill()  # its answer must not be taken for that to the next call
            raise
        kind, value = answer
        if kind == "failed":
            raise CallFailedError(value)
        return value

    def interrupt(self) -> None:
        """Raise a KeyboardInterrupt in it, so that it stops and tidies up. `close` then waits for it."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self._process.kill()
        self._process.wait()

    def close(self, patience_s: float = 0.0) -> None:
        """Let it end by itself within `patience_s` seconds, or kill it. No thread may be waiting in `call`."""
        with contextlib.suppress(OSError):  # what was not sent cannot be
            if self._process.stdin is not None:
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _send(self, message: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # a ValueError where it is closed
            raise self._lost() from error

    def _receive(self) -> tuple[str, Any]:
        assert self._process.stdout is not None
        try:
            kind, value = pickle.load(self._process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise self._lost() from error
        return kind, value

    def _lost(self) -> ProcessLostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_S)  # its pipe is closed a little before it has ended
        self.kill()
        return ProcessLostError(_end(self._process.returncode))


class ThreadInterpreters:
    """An interpreter for each thread that asks for one; it is replaced when it has died."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._of_thread = threading.local()
        self.processes: list[Interpreter] = []
        """Every interpreter so far, including those that have died."""

    def of_this_thread(self) -> Interpreter:
        """The interpreter of this thread; raises an OSError when it cannot be started."""
        process: Interpreter | None = getattr(self._of_thread, "process", None)
        if process is None or not process.alive:
            process = self._of_thread.process = Interpreter(self._threads)
            self.processes.append(process)
        return process


def serve() -> None:
    """Call functions until the pipe is closed, which also happens when the parent process dies."""
    look_for_cycles_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, too, and that one ends this
    signal.signal(signal.SIGTERM, _interrupt)
    logging.getLogger("pase").addHandler(logging.NullHandler())
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as empty:
        os.dup2(empty.fileno(), 0)  # a program that a job starts must not read the next job
    os.dup2(2, 1)  # what a library prints must not come between

    def answer(kind: str, value: Any) -> None:
        pickle.dump((kind, value), answers)
        answers.flush()

    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            function, job = pickle.load(jobs)
            try:
                result = function(job, lambda *progress: answer("progress", progress))
            except Exception as error:  # the parent decides what becomes of it
                answer("failed", f"{type(error).__name__}: {error}")
            else:
                answer("done", result)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(code: int) -> str:
    """How a process ended, for people."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = ", as the system does when memory is short" if name == "SIGKILL" else ""
        return f"was killed ({name}{hint})"
    return f"ended by itself (code {code})"
