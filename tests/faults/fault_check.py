"""What must hold when a reader meets a broken file: it is read, or one plain PaseError comes, and soon."""

import contextlib
import resource
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from fault_reader import Reader

from pase.errors import PaseError

MOST_SECONDS = 60
MOST_KILOBYTES = 1_500_000
LONGEST_MESSAGE = 3000


class Hang(BaseException):
    """A reader took far too long."""


@contextlib.contextmanager
def in_time(seconds: float = MOST_SECONDS) -> Iterator[None]:
    """Raise `Hang` when the block takes longer."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check(reader: Reader, content: bytes) -> bool:
    """Read a broken file; whether it could be read. Everything but a short PaseError goes through."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, companion in {**reader.beside(), reader.file: content}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(companion)
        return answered(reader, folder / reader.file)


def answered(reader: Reader, path: Path) -> bool:
    """Whether a reader could read what is at a path; see `check`."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with in_time(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.read(path)
        good = True
    except PaseError as error:
        message = str(error)
        assert 10 < len(message) < LONGEST_MESSAGE, f"a message of {len(message)} letters: {message[:300]}"
        good = False
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_KILOBYTES, f"took {grown / 1e6:.1f} GB"
    return good
