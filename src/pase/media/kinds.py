"""Which files are photos or videos, judged by their bytes: the one list of what is read."""

from pathlib import Path

from pase.files import head_of
from pase.media.opening import BARE_STREAMS
from pase.media.photo import is_photo

_PHOTO_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm",
    ".heic", ".heif", ".hif", ".avif", ".jp2", ".j2k", ".psd", ".tga",
)  # fmt: skip
_VIDEO_SUFFIXES = (
    ".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts", ".wmv", ".asf", ".3gp",
    ".3g2", ".ogv", ".flv", ".f4v", ".vob", ".mxf", ".gif", ".apng", ".h264", ".h265", ".hevc", ".mjpeg", ".mjpg",
    ".insv", ".y4m",
)  # fmt: skip
"""Names of footage: what has one and cannot be read is reported as damaged, not passed over."""

_SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"),
    (0, b"\x1a\x45\xdf\xa3"),
    (8, b"AVI "),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (0, b"FLV"),
    (0, b"\x06\x0e\x2b\x34"),
    (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"),
    (0, b"\x00\x00\x00\x01\x67"), (0, b"\x00\x00\x00\x01\x09"), (0, b"\x00\x00\x00\x01\x40\x01"),
    (0, b"\x1f\x07\x00"),
    (0, b"YUV4MPEG2"), (0, b"DKIF"), (0, b".RMF"),
)  # fmt: skip
"""Place and bytes by which containers of video begin: MP4 and QuickTime, Matroska, AVI, ASF, FLV, MXF, MPEG program
stream and video, H.264 and H.265 without a container, DV, YUV4MPEG, IVF, RealMedia."""
_ANIMATIONS = (b"GIF8", b"\x89PNG")
"""Bytes by which pictures begin that may be animated."""
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
"""Brands of HEIF and AVIF, which are laid out as MP4 is."""
_STREAM_PACKETS = (188, 192)
"""Bytes of a packet of an MPEG transport stream, each of which begins with 0x47, bare and with a time before it."""


def has_photo_suffix(path: Path) -> bool:
    """Whether a file is called as photos are."""
    return path.suffix.lower() in _PHOTO_SUFFIXES


def is_footage(path: Path) -> bool:
    """Whether a file is a photo or a video: by its name or, whatever its name, by how it begins."""
    if path.suffix.lower() in (*_PHOTO_SUFFIXES, *_VIDEO_SUFFIXES):
        return True
    if not path.is_file():  # a pipe would be waited for
        return False
    return begins_as_video(path) or head_of(path, 4).startswith(_ANIMATIONS) or is_photo(path)


def is_bare_motion_jpeg(path: Path) -> bool:
    """Whether a file is called as pictures in JPEG one after the other are, which begin as a single one does."""
    return path.suffix.lower() in BARE_STREAMS


def begins_as_video(path: Path) -> bool:
    """Whether a file begins as a container of video does; animated pictures begin as others."""
    start = head_of(path, 1024)
    if start[4:8] == b"ftyp" and start[8:12] in (*_SOUND_BRANDS, *_PICTURE_BRANDS):
        return False
    if any(start[at : at + len(mark)] == mark for at, mark in _SIGNATURES):
        return True
    return any(
        len(start) > 3 * size and all(start[4 * (size == 192) + k * size] == 0x47 for k in range(3))
        for size in _STREAM_PACKETS
    )
