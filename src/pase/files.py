"""Writing files so that a reader never meets a half-written one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pase.errors import OutputError


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    The temporary name ends in the suffix of `path`, so that writers that choose a format by it work. Missing
    parent folders are made. An existing `path` stays as it was until the rename.

    Parameters
    ----------
    path
        Where the finished file shall be.

    Yields
    ------
    Path
        A path that does not exist yet, in the same folder; the block must create it.

    Raises
    ------
    OutputError
        When the file cannot be written: no permission, no space, a folder or a device in its place.

    Examples
    --------
    >>> with atomic_path("results/angles.csv") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("time\\n0.0\\n")
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem[:100]}.{secrets.token_hex(4)}.part{path.suffix}")
    if path.exists() and not path.is_file():
        raise OutputError(f"cannot write {path}: it is not a regular file; choose another name")
    with _as_output_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with line feeds on every system.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
