"""Jobs on the workers of a Dask scheduler, on any number of computers."""

import logging
import os
import secrets
import threading
from concurrent.futures import Future
from typing import Any, Self

from pase.batch.workers import Job, Outcome, Work
from pase.errors import InputError, MissingDependencyError
from pase.version import __version__

log = logging.getLogger(__name__)

PATIENCE_S = 10
"""How long a scheduler may take to answer."""


class Cluster:
    """The workers of a Dask scheduler, in place of `pase.batch.workers.Processes`.

    The scheduler gives the job of a worker that died to another one, three times unless it is set otherwise
    (`distributed.scheduler.allowed-failures`). All computers must see the footage and the results under the
    same paths.

    Parameters
    ----------
    address
        Of the scheduler, as `tcp://10.0.0.1:8786`.

    Raises
    ------
    MissingDependencyError
        When Dask is not installed.
    InputError
        When no scheduler answers, it has no workers, or these have another version of PASE or none.
    """

    def __init__(self, address: str) -> None:
        self._client = _connected(address)
        try:
            self._check_workers(address)
        except InputError:
            self._client.close()
            raise
        self._executor = self._client.get_executor(pure=False)
        self._names: dict[str, str] = {}
        self._client.subscribe_topic("all", self._notice)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """After an error, cancel the jobs that wait; those that run are left to end, and their results are kept."""
        self._executor.shutdown(wait=error is None)
        self._client.close()

    def submit(self, work: Work, job: Job) -> Future[Outcome]:
        """Send a job to the scheduler."""
        key = f"pase-{secrets.token_hex(8)}"
        self._names[key] = job.name
        future: Future[Outcome] = self._executor.submit(alone, work, job, key=key)
        return future

    def _check_workers(self, address: str) -> None:
        versions = self._client.run(_version, on_error="return")
        if not versions:
            raise InputError(
                f"the scheduler at {address} has no workers: start some with 'dask worker {address}'"
            )
        for worker, version in versions.items():
            if version != __version__:
                reported = version if isinstance(version, str) else "none"
                raise InputError(f"the worker {worker} has PASE {reported}, but this is {__version__}")

    def _notice(self, event: tuple[float, Any]) -> None:
        """Say whose worker was lost."""
        message = event[1]
        if not isinstance(message, dict) or message.get("action") != "remove-worker":
            return
        for key in message.get("processing-tasks", ()):
            if key in self._names:
                log.warning("%s: its worker was lost; another one does it", self._names[key])


def _connected(address: str) -> Any:
    """A client of the scheduler."""
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingDependencyError("a scheduler needs Dask: pip install 'pase-skeleton[batch]'") from error
    try:
        return Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address}: start one with 'dask scheduler'"
        ) from error


_one_at_a_time = threading.Lock()


def alone(work: Work, job: Job) -> Outcome:
    """Do one job at a time in this process, because warnings are collected for the whole process.

    A worker is one of many on its computer, so its networks take one thread unless PASE_THREADS says otherwise.
    """
    os.environ.setdefault("PASE_THREADS", "1")
    with _one_at_a_time:
        return work(job, None)


def _version() -> str:
    return __version__
