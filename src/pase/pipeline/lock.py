"""A lock against a second run into one folder; the system releases it however its process ends."""

from __future__ import annotations

import errno
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pase.errors import OutputError

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Error numbers of file systems without locks."""


class FolderLock:
    """The lock of one folder; a context manager.

    Parameters
    ----------
    path
        The lock's file; its folder must exist. It is removed with the lock.
    output
        The place that is locked, as messages call it.
    """

    def __init__(self, path: Path, output: Path) -> None:
        self._path = path
        self._output = output
        self._lock: BaseFileLock | None = None

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Hold the folder.

        Raises
        ------
        OutputError
            When another run holds it, or it cannot be written to.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._path, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            if not self._path.exists():
                raise OutputError(f"cannot write to {self._output}: no file can be made beside it") from error
            raise OutputError(f"another run is writing to {self._output}; wait for it to end") from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise OutputError(f"cannot write to {self._output}: {error.strerror or error}") from error
            log.info("this file system has no locks: do not run twice into %s at once", self._output)
        self._lock = lock

    def release(self) -> None:
        """Let go of the folder; does nothing when it is not held."""
        if self._lock is None:
            return
        if sys.platform != "win32":
            # Only while it is held: afterwards the file may be the next run's. Windows removes it by itself.
            self._path.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None
