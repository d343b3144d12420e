"""Read an animated WebP or AVIF picture as a video, with the times that it states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageOps

from pase.errors import InputError
from pase.media.footage import Footage, footage_of
from pase.media.frames import Frame, Reopening
from pase.media.opening import check_is_footage
from pase.media.photo import open_picture, to_rgb
from pase.types import Image as Picture

ANIMATED_FORMATS = ("WEBP", "AVIF")
"""Animations that Pillow reads and FFmpeg does not, or not always; GIF and PNG go to FFmpeg."""

_USUAL_STEP_S = 0.1
"""What browsers show a picture for that says 0."""


class Animation(Reopening):
    """An animated picture with the interface of a video, read one picture at a time.

    Parameters
    ----------
    source
        An animated WebP or AVIF file, or footage that says how to read it.

    Raises
    ------
    InputError
        When there is no such file, or its first picture cannot be read.
    """

    def __init__(self, source: str | Path | Footage) -> None:
        self.footage = footage_of(source)
        self.path = self.footage.path
        self.warnings: list[str] = []
        check_is_footage(self.path)
        with open_picture(self.path) as image:
            self.image_size = self.footage.shown_size(ImageOps.exif_transpose(image).size)
            self._count = int(getattr(image, "n_frames", 1))
            rate = 1 / _step(image)
        self.frame_rate = self.footage.true_rate(rate)
        self.duration = self.footage.true_duration(self._count / rate, rate)
        self.frame_count_hint: int | None = max(1, round(self.duration * self.frame_rate))
        self.focal_length_hint_px: float | None = None
        self.metadata: dict[str, str] = {}

    def frames(self) -> Iterator[Frame]:
        """Read all pictures in order; each call starts again from the first."""
        for index, time, image in self.footage.played(self._pictures()):
            yield Frame(index, time, self.footage.shown(image))

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        time = 0.0
        with open_picture(self.path) as image:
            for index in range(self._count):
                image.seek(index)
                image.load()
                yield time, to_rgb(ImageOps.exif_transpose(image))
                time += _step(image)

    def picture_at(self, time: float) -> Picture:
        """The first picture shown at a time in seconds or later, else the last."""
        image: Picture = np.zeros((1, 1, 3), np.uint8)
        for frame in self.frames():
            image = frame.image
            if frame.time >= time:
                break
        return image

    def small_frames(self, size: tuple[int, int]) -> Iterator[tuple[float, VideoFrame]]:
        """Read all pictures in order, made smaller for an encoder; see `Video.small_frames`."""
        width, height = size
        for frame in self.frames():
            picture = VideoFrame.from_ndarray(frame.image, format="rgb24")
            yield (
                frame.time,
                picture.reformat(width, height, "yuv420p", dst_colorspace="ITU709", interpolation="AREA"),
            )


def is_animation(path: str | Path) -> bool:
    """Whether a file is an animated picture that this module reads."""
    try:
        with open_picture(Path(path)) as image:
            return bool(getattr(image, "is_animated", False)) and image.format in ANIMATED_FORMATS
    except InputError:
        return False


def _step(image: Image.Image) -> float:
    """Seconds for which the current picture is shown."""
    milliseconds = image.info.get("duration", 0)
    return float(milliseconds) / 1000 if milliseconds else _USUAL_STEP_S
