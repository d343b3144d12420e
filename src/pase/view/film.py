"""The footage made small enough to be carried inside a page."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.media import Footage, Photo, VideoWriter, open_media
from pase.types import Progress

LONGER_SIDE = 720
"""Pixels of the longer side of the picture in the page."""
LONGER_SIDE_LONG = 480
"""The same for footage of more than two minutes."""
LONG_SECONDS, LONGEST_SECONDS = 120.0, 900.0
"""Footage that is longer is made smaller; footage of more than a quarter of an hour is left out."""
QUALITY = 29
KEYFRAME_EVERY = 12
"""Pictures from one that can be jumped to the next: scrubbing is smooth."""


@dataclass(frozen=True, slots=True)
class Film:
    """Footage for a page."""

    mime: str
    """`video/mp4` or `image/jpeg`."""
    content: bytes
    time: NDArray[np.float64]
    """(T,) seconds of its frames."""


def make_film(source: str | Path | Footage, progress: Progress | None = None) -> Film | None:
    """Small footage with the true times of its frames; None where it is too long to be carried along."""
    with open_media(source) as media:
        if isinstance(media, Photo):
            return Film("image/jpeg", _jpeg(next(iter(media.frames())).image), np.zeros(1))
        if media.duration > LONGEST_SECONDS:
            return None
        side = LONGER_SIDE_LONG if media.duration > LONG_SECONDS else LONGER_SIDE
        size = _fitted(media.image_size, side)
        times = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            with VideoWriter(
                path, size, media.frame_rate, QUALITY, keyframe_every=KEYFRAME_EVERY, preset="superfast"
            ) as writer:
                for time, frame in media.small_frames(size):
                    writer.write_frame(frame, time)
                    times.append(time)
                    if progress is not None:
                        progress(len(times), media.frame_count_hint)
            return Film("video/mp4", path.read_bytes(), np.array(times))


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Even width and height with the same shape, not larger than `side`."""
    zoom = min(1.0, side / max(size))
    return max(2, 2 * round(zoom * size[0] / 2)), max(2, 2 * round(zoom * size[1] / 2))


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    import cv2
    from PIL import Image

    size = _fitted((image.shape[1], image.shape[0]), 2 * LONGER_SIDE)
    if (image.shape[1], image.shape[0]) != size:
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=85)
    return stream.getvalue()
