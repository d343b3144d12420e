"""Finished results read back."""

from __future__ import annotations

from pathlib import Path

from pase.data import Motion
from pase.pipeline.report import read_report
from pase.pipeline.workspace import REPORT


def load_motions(folder: str | Path) -> list[Motion]:
    """Every person's motion from a finished result; see `pase.load`."""
    from pase.formats.person import load_motion

    folder = Path(folder)
    report = read_report(folder / REPORT)
    return [load_motion(folder / str(person["folder"])) for person in report["persons"]]
