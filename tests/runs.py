"""Runs that write numbers and no pictures, in this process and in one of their own, which tests wait for."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

NUMBERS = {
    "output.overlay": False,
    "output.viewer": False,
    "output.plots": False,
    "output.page": False,
    "output.formats": "",
}
"""Settings of such runs."""
NUMBERS_FLAGS = ("--no-overlay", "--no-viewer", "--no-plots", "--no-report-page", "--formats=")
"""The same on the command line."""
QUICK = NUMBERS | {"lift.backend": "none"}
QUICK_FLAGS = (*NUMBERS_FLAGS, "--lift.backend=none")


def pase_command(*words: str | Path) -> list[str]:
    """The command line of PASE in a process of its own, which needs `own_environment` in another folder."""
    return [sys.executable, "-m", "pase", *map(str, words)]


def own_environment() -> dict[str, str]:
    """Environment variables by which a process imports what this one does."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def wait_until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait for what another process or thread does; fail where it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
