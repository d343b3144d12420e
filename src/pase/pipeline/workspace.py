"""The folder of a result: built beside its place, resumed after an interruption, renamed when it is whole."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from pase.errors import InputError, OutputError, PaseError
from pase.files import ANOTHER_FOLDER, output_errors, read_json, sha256_of, write_text
from pase.pipeline.lock import folder_lock

REPORT = "report.json"
KEYPOINTS = "keypoints.json"
CAMERA = "camera.json"
STATE = "state.json"
_LONGEST_NAME, _KEPT_LETTERS = 240, 40
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini", "opensim.log", "err.log", "out.log"}
"""Files that systems, and OpenSim when it opens a result, leave beside others."""


def fingerprint(values: Mapping[str, Any]) -> str:
    """Checksum of JSON-able values, to see whether a stage would do the same work again."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def source_identity(path: Path) -> dict[str, Any]:
    """What identifies a recording without reading hours of video: place, size, time, both ends; a folder's files."""
    stat, edge = path.stat(), 1 << 20
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(path.iterdir()):
            facts = file.stat()
            digest.update(
                f"{file.name} {facts.st_size} {facts.st_mtime_ns}\n".encode("utf-8", "surrogateescape")
            )
        return {"path": str(path.resolve()), "files": digest.hexdigest()}
    with path.open("rb") as stream:
        digest.update(stream.read(edge))
        stream.seek(max(0, stat.st_size - edge))
        digest.update(stream.read(edge))
    return {"path": str(path.resolve()), "bytes": stat.st_size, "modified": stat.st_mtime_ns,
            "ends": digest.hexdigest()}  # fmt: skip


def files_in(folder: Path) -> list[str]:
    """Relative names of all files in a folder, sorted, with forward slashes."""
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() or p.is_symlink()
    )


def check_output(output: Path, *, overwrite: bool) -> Path:
    """Refuse, before any work, a place where the result cannot or must not be put.

    Only an empty folder, or with `overwrite` a folder that holds nothing but an earlier result, is taken:
    replacing a folder must never cost the user a file of his own.

    Returns
    -------
    Path
        The absolute path of the result folder.
    """
    try:
        output = output.expanduser().resolve()
        cwd = Path.cwd().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise OutputError(f"cannot use {output}: {getattr(error, 'strerror', None) or error}") from error
    if output == cwd or output in cwd.parents:
        raise OutputError(f"{output} is the folder you are in; name a new folder, such as -o result")
    with output_errors(output, "use"):
        if not output.exists():
            return output
        if not output.is_dir():
            raise OutputError(f"{output} is a file; name a folder for the result")
        files = [name for name in files_in(output) if Path(name).name not in LITTER]
    if not files:
        return output
    if not overwrite:
        raise OutputError(f"{output} exists already; choose another folder or add --overwrite")
    foreign = sorted(set(files) - _listed_files(output))
    if foreign:
        examples = ", ".join(foreign[:3]) + (" …" if len(foreign) > 3 else "")
        raise OutputError(f"{output} holds files that PASE did not write ({examples}); choose another folder")
    return output


def check_output_file(output: Path, *, overwrite: bool) -> None:
    """Refuse, before any work, a file that cannot or must not be written."""
    if output.is_dir():
        raise OutputError(f"{output} is a folder; name a file, such as {output / 'keypoints.json'}")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists already; choose another name or add --overwrite")
    parent = next(p for p in output.absolute().parents if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(f"cannot write {output}: no permission in {parent}, or it is no folder")


def _listed_files(folder: Path) -> set[str]:
    """Names of the files which the report of a result says that PASE wrote."""
    try:
        report = read_json(folder / REPORT)
    except InputError:
        return set()
    files = report.get("files") if isinstance(report, dict) else None
    return {REPORT, *map(str, files)} if isinstance(files, list) else set()


def person_folder(number: int) -> str:
    """Name of a person's folder in a result, by the person's number from 1."""
    return f"person_{number}"


def partial_of(output: Path) -> Path:
    """The hidden folder in which a result is built."""
    return output.with_name(f".{_short(output.name)}.partial")


class Workspace:
    """The hidden folder beside the result in which a run does its work; a context manager.

    Leaving the block without `commit` keeps the folder when a stage is done in it, so that the next run
    goes on from there, and removes it otherwise.

    Parameters
    ----------
    overwrite
        Whether an earlier result may be replaced; it is, in one rename, only by `commit`.
    """

    def __init__(self, output: str | Path, *, overwrite: bool = False) -> None:
        self.output = check_output(Path(output), overwrite=overwrite)
        self._overwrite = overwrite
        self.folder = partial_of(self.output)
        self._retired = self.output.with_name(f".{_short(self.output.name)}.replaced")
        self._made_parents: list[Path] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        try:
            with output_errors(self.output, "write to", ANOTHER_FOLDER):
                self._made_parents = [p for p in self.output.parents if not p.exists()]
                self.output.parent.mkdir(parents=True, exist_ok=True)
                lock = self.output.with_name(f".{_short(self.output.name)}.lock")
                self._held.enter_context(folder_lock(lock, self.output))
                self._recover()
                check_output(self.output, overwrite=self._overwrite)  # another run may have ended meanwhile
                self.folder.mkdir(exist_ok=True)
        except PaseError:
            self._leave()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        if self.folder.exists() and not self._state():
            shutil.rmtree(self.folder, ignore_errors=True)
        self._leave()

    def _leave(self) -> None:
        """Let go of the place, and remove folders above it that hold nothing."""
        self._held.close()
        for parent in self._made_parents:
            try:
                parent.rmdir()
            except OSError:
                break

    def stage_facts(self, stage: str, key: str) -> dict[str, Any] | None:
        """What a stage left behind that was done, when its key is the same and its files are untouched.

        Parameters
        ----------
        key
            Identifies the work, so that only the same work counts as done; see `fingerprint`.
        """
        entry = self._state().get(stage)
        if not isinstance(entry, dict) or entry.get("key") != key:
            return None
        files, facts = entry.get("files"), entry.get("facts")
        if not isinstance(files, dict) or not isinstance(facts, dict):
            return None
        try:
            unchanged = all(sha256_of(self.folder / name) == checksum for name, checksum in files.items())
        except (OSError, ValueError):
            return None
        return facts if unchanged else None

    def note_stage(self, stage: str, key: str, files: list[str], facts: dict[str, Any]) -> None:
        """Note that a stage is done: the files it wrote here, and JSON-able facts for a later run."""
        checksums = {name: sha256_of(self.folder / name) for name in files}
        state = self._state() | {stage: {"key": key, "files": checksums, "facts": facts}}
        write_text(self.folder / STATE, json.dumps(state))

    def files(self) -> list[str]:
        """Relative names of the files of the result, the report among them."""
        return sorted({REPORT, *files_in(self.folder)} - {STATE})

    def clear(self, keep: Sequence[str] = ()) -> None:
        """Remove what an interrupted run left, but for the named files and the state vouching for them."""
        names_to_keep = {STATE, *keep} if keep else set()
        for path in self.folder.iterdir():
            if path.name in names_to_keep:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def commit(self) -> None:
        """Give the whole result its name; an earlier result is replaced now and not before.

        Raises
        ------
        OutputError
            When the folder cannot be renamed; the work stays where the message says.
        """
        (self.folder / STATE).unlink(missing_ok=True)
        with output_errors(self.output, f"rename {self.folder} to"):
            if self.output.exists():
                self.output.rename(self._retired)
            self.folder.rename(self.output)
        self._made_parents = []
        shutil.rmtree(self._retired, ignore_errors=True)

    def _recover(self) -> None:
        """Undo a replacement that was cut off between its two renames."""
        if not self._retired.exists():
            return
        if self.output.exists():
            shutil.rmtree(self._retired, ignore_errors=True)
        else:
            self._retired.rename(self.output)

    def _state(self) -> dict[str, Any]:
        try:
            state = read_json(self.folder / STATE)
        except InputError:
            return {}
        return state if isinstance(state, dict) else {}


def _short(name: str) -> str:
    """A name that leaves room for the words around it: file systems take 255 bytes; others end in a checksum."""
    if len(os.fsencode(name)) <= _LONGEST_NAME:
        return name
    return f"{name[:_KEPT_LETTERS]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
