"""Read an animated WebP or AVIF picture as a video, with the times that it states."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from pase.errors import InputError
from pase.media.footage import Footage
from pase.media.opening import check_is_footage
from pase.media.photo import open_picture, to_rgb
from pase.media.picture_film import PictureFilm
from pase.types import Image as Picture

ANIMATED_FORMATS = ("WEBP", "AVIF")
"""Animations that Pillow reads and FFmpeg does not, or not always; GIF and PNG go to FFmpeg."""

_USUAL_STEP_S = 0.1
"""What browsers show a picture for that says 0."""


class Animation(PictureFilm):
    """An animated picture with the interface of a video."""

    def __init__(self, footage: Footage) -> None:
        super().__init__(footage)
        check_is_footage(self.path)
        with open_picture(self.path) as image:
            self.image_size = self.footage.shown_size(ImageOps.exif_transpose(image).size)
            self._count = int(getattr(image, "n_frames", 1))
            rate = 1 / _step(image)
        self.frame_rate = self.footage.true_rate(rate)
        self.duration = self.footage.true_duration(self._count / rate, rate)
        self.frame_count_hint = max(1, round(self.duration * self.frame_rate))

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        time = 0.0
        with open_picture(self.path) as image:
            for index in range(self._count):
                image.seek(index)
                image.load()
                yield time, to_rgb(ImageOps.exif_transpose(image))
                time += _step(image)


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
