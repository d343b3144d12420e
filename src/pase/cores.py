"""How many processor cores this process may use."""

import os

THREADS = "PASE_THREADS"
"""Environment variable that lowers the number of cores."""


def usable_cores() -> int:
    """Number of processor cores this process may use; fewer where the variable PASE_THREADS says so."""
    limit = os.environ.get(THREADS, "")
    return max(1, min(int(limit), _cores())) if limit.isdecimal() else _cores()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
