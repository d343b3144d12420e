"""Read frames ahead, and write them behind, on a second thread while others are processed."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar, cast

import numpy as np

from pase.types import ImageSize

Item = TypeVar("Item")

WAITING = 3
"""Frames read ahead: enough to even out slow ones, and few enough for the memory."""
_MOST_WAITING, _MOST_BYTES = 16, 64 * 10**6
"""Frames read ahead for those who take several at once."""


def frames_ahead(image_size: ImageSize) -> int:
    """How many frames of such width and height wait for those who take several at once."""
    width, height = image_size
    return int(np.clip(_MOST_BYTES // (3 * width * height), WAITING, _MOST_WAITING))


def ahead(items: Iterable[Item], waiting: int = WAITING) -> Generator[Item, None, None]:
    """The same items in order, made on a second thread while the caller works on those before.

    An error while an item is made is raised where that item would have come. When the caller stops early, by
    closing the iterator or by an error, so does the thread, and the items' own clean-up is done.

    Parameters
    ----------
    items
        Frames of a recording, for instance; used by the second thread alone.
    waiting
        Most items that are ready and not yet asked for.
    """
    source, end = iter(items), object()
    pending: deque[Future[object]] = deque()
    with ThreadPoolExecutor(1, "pase-ahead") as pool:
        try:
            for _ in range(waiting):
                pending.append(pool.submit(next, source, end))
            while (item := pending.popleft().result()) is not end:
                pending.append(pool.submit(next, source, end))
                yield cast(Item, item)
        finally:
            for future in pending:
                future.cancel()
            close = getattr(source, "close", None)
            if close is not None:
                pool.submit(close).result()


class InTurn:
    """Does work in the order in which it comes, on a second thread; a context manager that waits for the rest.

    What the work raises is raised by a later call, or at the end.

    Parameters
    ----------
    name
        The thread's.
    waiting
        Most work that may wait: beyond it the caller does.
    """

    def __init__(self, name: str, waiting: int) -> None:
        self._pool, self._waiting = ThreadPoolExecutor(1, name), waiting
        self._begun: deque[Future[object]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        with self._pool:
            if kind is None:
                self.wait()
            for future in self._begun:
                future.cancel()

    def do(self, work: Callable[[], object]) -> None:
        """Have something done after what came before."""
        self._begun.append(self._pool.submit(work))
        self.wait(self._waiting)

    def wait(self, limit: int = 0) -> None:
        """Wait until at most so much is left to do."""
        while len(self._begun) > limit:
            self._begun.popleft().result()
