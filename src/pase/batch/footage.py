"""The films and photos of a folder."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pase.errors import InputError
from pase.files import read_json
from pase.media import is_footage
from pase.pipeline.workspace import REPORT

BATCH = "batch.json"


@dataclass(frozen=True)
class FolderContent:
    """The files of a folder and the folders below it, in order of their names."""

    footage: list[Path]
    companions: list[Path]
    """Files that are neither."""


def footage_in(folder: Path) -> FolderContent:
    """Videos and photos of a folder and the folders below it, and the files that are neither.

    Hidden files and folders are left out, and so are results of PASE: their overlays are not recordings.
    """
    check_is_folder(folder)

    def refuse(error: OSError) -> None:
        raise InputError(f"cannot read {error.filename}: {error.strerror}") from error

    content = FolderContent([], [])
    for directory, below, names in os.walk(folder, onerror=refuse):
        place = Path(directory)
        if _is_result(place, names):
            below.clear()
            continue
        below[:] = [name for name in below if not name.startswith(".")]
        for path in (place / name for name in names if not name.startswith(".")):
            (content.footage if is_footage(path) else content.companions).append(path)
    return FolderContent(sorted(content.footage), sorted(content.companions))


def check_is_folder(folder: Path) -> None:
    """Refuse anything but a folder."""
    if not folder.exists():
        raise InputError(f"no such folder: {folder}")
    if not folder.is_dir():
        raise InputError(
            f"{folder} is a file; 'pase batch' takes a folder, 'pase run' a single video or photo"
        )


def same_name(name: str) -> str:
    """The same text for names that a file system may take for one: without capitals, letters composed."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_result(folder: Path, names: list[str]) -> bool:
    if BATCH in names:
        return True
    if REPORT not in names:
        return False
    try:
        content = read_json(folder / REPORT)
    except InputError:
        return False
    return isinstance(content, dict) and "pase" in content
