"""Read frames with their true times from videos and photos; write video and pictures."""

from __future__ import annotations

from pathlib import Path

from pase.media.frames import Frame, Image, Media
from pase.media.opening import check_is_footage
from pase.media.photo import Photo, is_photo
from pase.media.video import Video, open_video
from pase.media.write import VideoWriter, write_image

__all__ = [
    "PHOTO_SUFFIXES", "VIDEO_SUFFIXES", "Frame", "Image", "Media", "Photo", "Video", "VideoWriter", "is_photo",
    "open_media", "open_video", "write_image",
]  # fmt: skip

PHOTO_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)
VIDEO_SUFFIXES = frozenset(
    {
        ".mp4",
        ".mov",
        ".m4v",
        ".avi",
        ".mkv",
        ".webm",
        ".mpg",
        ".mpeg",
        ".mts",
        ".m2ts",
        ".wmv",
        ".3gp",
        ".ogv",
    }
)
"""By which videos are told from other files of a folder; a single file may have any name."""


def open_media(path: str | Path) -> Video | Photo:
    """Open a video, or a photo as a video of one frame, by what the file holds.

    Raises
    ------
    InputError
        When there is no such file, or it is neither.
    """
    path = Path(path)
    check_is_footage(path)
    if is_photo(path) or path.suffix.lower() in PHOTO_SUFFIXES:
        return Photo(path)
    return Video(path)
