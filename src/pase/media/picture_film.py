"""Films of separate pictures, read one at a time: an animated picture, or the pictures of a folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pase.errors import InputError
from pase.files import natural_order
from pase.media.footage import Footage
from pase.media.frames import FootageFile, Frame
from pase.media.kinds import has_photo_suffix
from pase.media.opening import check_is_footage
from pase.media.photo import open_picture, to_rgb
from pase.types import Image as Picture
from pase.types import ImageSize

ANIMATED_FORMATS = ("WEBP", "AVIF")
"""Animations that Pillow reads and FFmpeg does not, or not always; GIF and PNG go to FFmpeg."""

_USUAL_STEP_S = 0.1
"""What browsers show a picture for that says 0."""


class PictureFilm(FootageFile):
    """Pictures with their times, with the interface of a video; its kinds say what they are in `_pictures`."""

    image_size: ImageSize
    frame_rate: float
    duration: float
    frame_count_hint: int | None

    def __init__(self, footage: Footage) -> None:
        super().__init__(footage)
        self.focal_length_hint_px: float | None = None
        self.metadata: dict[str, str] = {}

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Read the pictures, or every `step`-th, in order; each call starts again from the first."""
        for index, time, image in self.footage.played(self._pictures()):
            if index % step == 0:
                yield Frame(index, time, self.footage.shown(image))

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        """Every picture, upright, with its time in seconds."""
        raise NotImplementedError

    def picture_at(self, time: float) -> Picture:
        """The first picture shown at a time in seconds or later, else the last."""
        image: Picture = np.zeros((1, 1, 3), np.uint8)
        for frame in self.frames():
            image = frame.image
            if frame.time >= time:
                break
        return image


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


class PictureSequence(PictureFilm):
    """The pictures of a folder with the interface of a video, in the order of their names and numbers."""

    def __init__(self, footage: Footage) -> None:
        super().__init__(footage)
        if footage.rate_hz is None:
            raise InputError(
                f"{self.path} is a folder: to read it as one film give --as-film and a rate, such as --rate 50"
            )
        self._files = pictures_of(self.path)
        with open_picture(self._files[0]) as image:
            self._size = ImageOps.exif_transpose(image).size
        self.image_size = footage.shown_size(self._size)
        self.frame_rate = footage.rate_hz
        self.duration = footage.true_duration(len(self._files) / footage.rate_hz, footage.rate_hz)
        self.frame_count_hint = max(1, round(self.duration * self.frame_rate))

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        for index, file in enumerate(self._files):
            with open_picture(file) as image:
                picture = to_rgb(ImageOps.exif_transpose(image))
            size = (picture.shape[1], picture.shape[0])
            if size != self._size:
                raise InputError(
                    f"{file} is {size[0]}×{size[1]}, unlike the first: pictures of a film have one size"
                )
            yield index / self.frame_rate, picture


def pictures_of(folder: Path) -> list[Path]:
    """Photos in a folder, by name with numbers in them as numbers: `2.png` comes before `10.png`.

    Raises
    ------
    InputError
        When there are fewer than two.
    """
    files = [path for path in folder.iterdir() if has_photo_suffix(path) and not path.name.startswith(".")]
    if len(files) < 2:
        raise InputError(f"{folder} holds {len(files) or 'no'} pictures: a film needs at least two")
    return sorted(files, key=lambda path: natural_order(path.name))
