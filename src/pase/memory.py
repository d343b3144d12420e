"""When memory is freed and given back. How the C library keeps it can be set for that of GNU (Linux) alone."""

import ctypes
import gc
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of GNU's parameters: `M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of malloc.h."""
_KEPT_BYTES, _LARGE_BYTES = 64 * 2**20, 32 * 2**20


def give_back() -> None:
    """Give freed memory back to the system; it would be kept while small blocks in between are in use.

    After hundreds of thousands of small arrays it is half of all.
    """
    _call("malloc_trim", 0)


@cache
def reuse_freed() -> None:
    """Put new arrays where others were freed, up to 32 MB each; up to 64 MB are kept for that, until `give_back`.

    An array of some MB would be fetched from the system every time, which clears it page by page: an eighth of the
    processor time of a fit.
    """
    _call("mallopt", _TRIM_THRESHOLD, _KEPT_BYTES)
    _call("mallopt", _MMAP_THRESHOLD, _LARGE_BYTES)


def look_for_cycles_seldom() -> None:
    """Let Python look for objects that hold one another after 10,000 new ones, not 700.

    Modules and plots are hundreds of thousands of small objects, and hardly any is in a cycle: to look took 2 % of
    a run's processor time.
    """
    gc.set_threshold(10_000)


def _call(name: str, *arguments: int) -> None:
    """Call a function of GNU's C library, where it is used."""
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*arguments)
