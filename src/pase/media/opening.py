"""Open footage so that FFmpeg reads this one file and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from pase.errors import InputError, PaseError
from pase.files import check_is_file, foreign_kind

LARGEST_PIXELS = 100_000_000
"""Pixels of the largest picture that is read: three times 8K; a larger one is damage or an attack."""

_CONTAINERS = (
    "mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "asf", "flv", "ogg", "mxf", "nut", "dv", "gif",
    "apng", "h264", "hevc", "mjpeg", "mpegvideo", "m4v", "ivf", "obu", "rm", "wtv", "nsv", "amv", "yuv4mpegpipe",
)  # fmt: skip
BARE_STREAMS = {".mjpeg": "mjpeg", ".mjpg": "mjpeg"}
"""Containers by suffix that FFmpeg would take for a single picture."""
_ALONE = {"protocol_whitelist": "file", "format_whitelist": ",".join(_CONTAINERS)}
"""A playlist with the name of a video would make FFmpeg open other files and addresses."""


def check_is_footage(path: Path) -> None:
    """Raise InputError unless `path` is a regular file with something in it."""
    check_is_file(path, "one video or photo")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes): copy or download it again")


def file_address(path: Path) -> str:
    """A path as FFmpeg must be given it, or it takes a file called `a:b.mp4` for an address on the network."""
    return f"file:{path}"


def open_container(path: Path) -> InputContainer:
    """Open a video file to be read."""
    check_is_footage(path)
    try:
        return av.open(
            file_address(path), mode="r", options=_ALONE, format=BARE_STREAMS.get(path.suffix.lower())
        )
    except PermissionError as error:
        raise InputError(f"{path} may not be read: change its permissions") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        kind, reason = foreign_kind(path), str(getattr(error, "strerror", None) or error)
        if kind:
            raise InputError(f"{path} is {kind}") from error
        raise InputError(
            f"{path} is not a video or photo that can be read, or it is cut off ({reason}): "
            "export or copy it again, for instance as .mp4"
        ) from error


@contextmanager
def decoder_errors(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into one line: a new version of it may fail in ways nobody foresaw.

    Raises
    ------
    InputError
        In place of every error but PASE's own and that of full memory.
    """
    try:
        yield
    except (PaseError, MemoryError):
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{path} cannot be decoded ({reason}): convert it to .mp4 or .jpg") from error
