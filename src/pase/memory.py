"""Give freed memory back to the system; the C library would keep it while small blocks in between are in use."""

import ctypes
import sys


def give_back() -> None:
    """Give freed memory back where the C library can: after hundreds of thousands of small arrays, half of it.

    GNU's can (Linux); elsewhere, and with another C library, nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
