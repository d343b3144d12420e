"""Read files with plain messages for what is wrong with them; write them so that none is ever half-written."""

import codecs
import functools
import hashlib
import importlib.resources
import json
import re
import secrets
import stat
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from pase.errors import InputError, OutputError

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF", "HDF5, as DeepLabCut and SLEAP write: export it as .csv"),
    (b"\x93NUMPY", "an array of NumPy: write it as .csv or .json"),
    (b"\x80\x02", "a pickle of Python, which may hold code: write it as .csv or .json"),
    (b"\x80\x03", "a pickle of Python, which may hold code: write it as .csv or .json"),
    (b"\x80\x04", "a pickle of Python, which may hold code: write it as .csv or .json"),
    (b"\x80\x05", "a pickle of Python, which may hold code: write it as .csv or .json"),
    (b"PAR1", "a Parquet table: export it as .csv"),
    (b"MATLAB 5.0", "a file of MATLAB: export it as .csv"),
    (b"\xd0\xcf\x11\xe0", "a file of Microsoft Office: export it as .csv"),
    (b"PK\x03\x04", "a ZIP archive or a file of Excel or NumPy: unpack it, or export it as .csv"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"%YAML", "YAML: write it as .json, OpenPose with --write_json"),
    (b"%PDF-", "a PDF document: export what is in it"),
    (b"#EXTM3U", "a playlist: download the film that it names"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file itself with 'git lfs pull'"),
    (b"<!doctype html", "a web page, not the file: download it again"),
    (b"<html", "a web page, not the file: download it again"),
)
"""How files begin that people have and that are not read, and what to do with them."""
_DECODER, _AFTER_ITEM = json.JSONDecoder(), re.compile(r"\s*([,\]])\s*")
_HEAD = 64
_PIECE = 1 << 22
"""Characters of a long file that are read at once."""
_LONGEST_SUFFIX = 16
_KEPT_LETTERS = 20
"""Letters of a file's name that its temporary file keeps: with four bytes a letter, no name becomes too long."""


def check_is_file(path: Path, advice: str = "a file") -> None:
    """Refuse what is no regular file: a pipe or a device would be waited for without end.

    Parameters
    ----------
    advice
        What should be named in place of a folder.

    Raises
    ------
    InputError
        When there is nothing, a folder, a pipe or a device, or it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the name") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder: name {advice} in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is a pipe or a device: copy what it gives into a file and name that")


def foreign_kind(path: Path) -> str:
    """What a file of a kind that is not read is, by its first bytes, and what to do with it; empty for any other."""
    head = head_of(path, _HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for start, kind in _FOREIGN if head[: len(start)].lower() == start.lower()), "")


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of a file, at most `size`; none where it cannot be read or, as a pipe, would be waited for."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError:
        return b""


def read_bytes(path: str | Path) -> bytes:
    """All bytes of a regular file."""
    path = Path(path)
    check_is_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, worked out once as long as the file stays the same."""
    status = path.stat()
    return _sha256(path.absolute(), (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _state: tuple[int, ...]) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Sorting key of names with the numbers in them as numbers: `2.png` comes before `10.png`."""
    words = [word for word in re.split(r"(\d+)", name) if word]
    return [(0, int(word), "") if word.isdecimal() else (1, 0, word.lower()) for word in words]


def package_text(name: str) -> str:
    """A text file of this package, by its path in it, such as `view/web/report.css`."""
    return importlib.resources.files("pase").joinpath(name).read_text(encoding="utf-8")


def read_lines(path: str | Path) -> list[str]:
    """Lines of a text file with any line ends, in UTF-8 or, by its mark, UTF-16."""
    content = read_bytes(path)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", errors="replace").splitlines()


def read_text(path: str | Path, fallback: str | None = None) -> str:
    """A UTF-8 text file with any line ends, with or without byte order mark.

    Parameters
    ----------
    fallback
        Encoding of a file that is no UTF-8; None refuses it.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if fallback is not None:
            return "\n".join(content.decode(fallback, "replace").splitlines())
        raise InputError(f"{path} is not text in UTF-8 ({error}): save it in this encoding") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: str | Path) -> Any:
    """Contents of a JSON file in UTF-8, -16 or -32; of one with an object a line, the list of them."""
    content = read_bytes(path)
    kind = foreign_kind(Path(path))
    if kind:
        raise InputError(f"{path} is {kind}")
    with _refused_unless(path, "JSON"):
        try:
            return json.loads(content)
        except json.JSONDecodeError as error:
            lines = _json_lines(content) if error.msg == "Extra data" else None
            if lines is None:
                raise
            return lines


def _json_lines(content: bytes) -> list[Any] | None:
    """Objects or lists written one a line; None where a line is another thing."""
    text = content.decode(json.detect_encoding(content), "surrogatepass")
    try:
        items = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        return None
    return items if all(isinstance(item, dict | list) for item in items) else None


def read_json_items(path: str | Path) -> Iterator[Any]:
    """Items of a JSON list one after the other: a file of hours is never held whole, nor checked beforehand."""
    path = Path(path)
    check_is_file(path)
    with _refused_unless(path, "a JSON list"):
        with path.open("rb") as start:
            encoding = json.detect_encoding(start.read(4))
        with path.open(encoding=encoding, errors="surrogatepass") as stream:
            yield from _items(stream)


def _items(stream: TextIO) -> Iterator[Any]:
    text, at = stream.read(_PIECE).lstrip(), 0
    if not text.startswith("["):
        raise ValueError("it does not start with [")
    text, count, ended = text[1:].lstrip(), 0, False
    while not ended:
        if count == 0 and text[at:].startswith("]"):
            at += 1
            break
        try:
            item, end = _DECODER.raw_decode(text, at)
            mark = _AFTER_ITEM.match(text, end)
            if mark is None:
                raise json.JSONDecodeError("Expecting , or ]", text, end)
        except json.JSONDecodeError as error:
            piece = stream.read(_PIECE)
            if not piece:
                raise ValueError(f"{error.msg} in or after item {count}") from error
            text, at = (text[at:] + piece).lstrip(), 0
            continue
        yield item
        at, count, ended = mark.end(), count + 1, mark[1] == "]"
    if text[at:].strip() or stream.read(_PIECE).strip():
        raise ValueError("something stands behind its end")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Contents of a TOML file."""
    text = read_text(path)
    with _refused_unless(path, "TOML"):
        return tomllib.loads(text)


@contextmanager
def _refused_unless(path: str | Path, kind: str) -> Iterator[None]:
    """Refuse a file that the block cannot read as one of a kind, such as JSON."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply: write it again") from error
    except ValueError as error:
        raise InputError(f"{path} is not {kind} ({error}): write it again") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    The temporary name ends in the suffix of `path`, so that writers that choose a format by it work. Missing
    parent folders are made. An existing `path` stays as it was until the rename.

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
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    temporary = path.with_name(f".{path.stem[:_KEPT_LETTERS]}.{secrets.token_hex(4)}.part{suffix}")
    with output_errors(path):
        if path.exists() and not path.is_file():
            raise OutputError(f"cannot write {path}: it is not a regular file; choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


ANOTHER_FOLDER = "; choose another folder with -o"
"""Advice of `output_errors` about a folder that the user chose."""


@contextmanager
def output_errors(place: Path, action: str = "write", advice: str = "") -> Iterator[None]:
    """Name the place in what the system says when the block cannot write to it, as an OutputError with advice."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot {action} {place}: {error.strerror or error}{advice}") from error


def write_text(path: str | Path, text: str | Iterable[str]) -> None:
    """Write a UTF-8 text file atomically, whole or piece by piece, with line feeds on every system.

    What is no character, as in file names that are no UTF-8, is written as JSON escapes it.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream,
    ):
        stream.writelines([text] if isinstance(text, str) else text)
