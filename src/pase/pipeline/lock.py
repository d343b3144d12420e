"""A lock on a folder against a second run; the system lets go of it when its process ends, however."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from pase.errors import OutputError

log = logging.getLogger(__name__)

LOCK = "lock"


class FolderLock:
    """The lock of one folder, which must exist; a context manager.

    Parameters
    ----------
    folder
        Where the lock's file is put, and removed again.
    output
        How the messages call the place.
    """

    def __init__(self, folder: Path, output: Path) -> None:
        self._path = folder / LOCK
        self._output = output
        self._file: IO[str] | None = None

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Hold the folder.

        Raises
        ------
        OutputError
            When another run holds it, or it cannot be written to.
        """
        try:
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot write to {self._output}: {error.strerror or error}") from error
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            self._file.close()
            self._file = None
            raise OutputError(f"another run is writing to {self._output}; wait for it to end") from error
        except OSError:
            log.info("this file system has no locks: do not run twice into %s at once", self._output)

    def release(self) -> None:
        """Let go of the folder; does nothing when it is not held."""
        if self._file is None:
            return
        if sys.platform != "win32":
            self._path.unlink(missing_ok=True)
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._file = None
