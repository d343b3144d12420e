"""Work on a second thread whose result the main thread needs only at its end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from pase.types import Progress

Result = TypeVar("Result")


class _Abandoned(Exception):  # noqa: N818 - it is not an error
    """The result is not needed any more."""


@contextmanager
def in_background(work: Callable[[Progress], Result]) -> Iterator[Callable[[], Result]]:
    """Start work on a thread of its own.

    Parameters
    ----------
    work
        Given a function that it calls now and then with how far it is. The call raises once the block was
        left without the result, by Ctrl-C for instance, and so ends the work.

    Yields
    ------
    Callable
        Waits for the result; raises what the work raised.
    """
    abandoned = threading.Event()

    def progress(done: int, total: int | None) -> None:
        if abandoned.is_set():
            raise _Abandoned

    with ThreadPoolExecutor(1, "pase-beside") as pool:
        future = pool.submit(work, progress)
        del work  # what it works with is not needed after it
        try:
            yield future.result
        finally:
            abandoned.set()
