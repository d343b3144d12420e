"""A lock against a second run into one folder; the system releases it however its process ends."""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pase.errors import OutputError
from pase.files import ANOTHER_FOLDER

log = logging.getLogger(__name__)

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Error numbers of file systems without locks."""


@contextmanager
def folder_lock(path: Path, output: Path) -> Iterator[None]:
    """Hold a folder while the block runs.

    Parameters
    ----------
    path
        The lock's file; its folder must exist. It is removed with the lock.
    output
        The place that is locked, as messages call it.

    Raises
    ------
    OutputError
        When another run holds it, or it cannot be written to.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        if not path.exists():
            reason = f"no file can be made beside it{ANOTHER_FOLDER}"
            raise OutputError(f"cannot write to {output}: {reason}") from error
        raise OutputError(f"another run is writing to {output}; wait for it to end") from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            reason = f"{error.strerror or error}{ANOTHER_FOLDER}"
            raise OutputError(f"cannot write to {output}: {reason}") from error
        log.info("this file system has no locks: do not run twice into %s at once", output)
    try:
        yield
    finally:
        if sys.platform != "win32":
            # Only while it is held: afterwards the file may be the next run's. Windows removes it by itself.
            path.unlink(missing_ok=True)
        lock.release()
