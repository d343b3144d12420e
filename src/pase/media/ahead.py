"""Read frames ahead on a second thread while earlier ones are processed."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, cast

import numpy as np

Item = TypeVar("Item")

WAITING = 3
"""Frames read ahead: enough to even out slow ones, and few enough for the memory."""
_MOST_WAITING, _MOST_BYTES = 16, 64 * 10**6
"""Frames read ahead for those who take several at once."""


def several(image_size: tuple[int, int]) -> int:
    """How many frames of such width and height wait for those who take several at once."""
    width, height = image_size
    return int(np.clip(_MOST_BYTES // (3 * width * height), WAITING, _MOST_WAITING))


def ahead(items: Iterable[Item], waiting: int = WAITING) -> Generator[Item, None, None]:
    """The same items in order, made on a second thread while the caller works on those before.

    What the making of an item raises is raised where that item would have come. When the caller stops early, by
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
