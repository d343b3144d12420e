"""Read frames with their true times from videos and photos; write video and pictures."""

from __future__ import annotations

from pathlib import Path

from pase.media.frames import Frame, Image, Media
from pase.media.photo import Photo, is_photo
from pase.media.video import Video, check_is_file, open_video
from pase.media.write import VideoWriter, write_image

__all__ = [
    "Frame", "Image", "Media", "Photo", "Video", "VideoWriter", "is_photo", "open_media", "open_video",
    "write_image",
]  # fmt: skip

_PHOTO_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)


def open_media(path: str | Path) -> Video | Photo:
    """Open a video, or a photo as a video of one frame, by what the file holds.

    Raises
    ------
    InputError
        When there is no such file, or it is neither.
    """
    path = Path(path)
    check_is_file(path)
    if is_photo(path) or path.suffix.lower() in _PHOTO_SUFFIXES:
        return Photo(path)
    return Video(path)
