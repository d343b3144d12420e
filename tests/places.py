"""Where the files are that tests read: in the repository, and beside it."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLES = REPOSITORY / "tests/pose2d/samples"
SHARED = REPOSITORY.parent / "shared"
"""Recordings and files that are no part of the repository."""
CASES = SHARED / "fixtures/cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases in ../shared are not here")


def shared(name: str) -> Path:
    """A file or folder of `SHARED` by its path there; the test is skipped where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}")
    return path
