"""Read the pictures of a folder as one film: what cameras for research and time lapses write."""

import re
from collections.abc import Iterator
from pathlib import Path

from PIL import ImageOps

from pase.errors import InputError
from pase.media.footage import Footage
from pase.media.kinds import has_photo_suffix
from pase.media.photo import open_picture, to_rgb
from pase.media.picture_film import PictureFilm
from pase.types import Image


class PictureSequence(PictureFilm):
    """The pictures of a folder with the interface of a video, in the order of their names and numbers."""

    def __init__(self, footage: Footage) -> None:
        super().__init__(footage)
        if footage.rate_hz is None:
            raise InputError(
                f"{self.path} is a folder: as one film its pictures need a rate, as --as-film --rate 50"
            )
        self._files = pictures_of(self.path)
        with open_picture(self._files[0]) as image:
            self._size = ImageOps.exif_transpose(image).size
        self.image_size = footage.shown_size(self._size)
        self.frame_rate = footage.rate_hz
        self.duration = footage.true_duration(len(self._files) / footage.rate_hz, footage.rate_hz)
        self.frame_count_hint = max(1, round(self.duration * self.frame_rate))

    def _pictures(self) -> Iterator[tuple[float, Image]]:
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
    return sorted(files, key=_natural_order)


def _natural_order(path: Path) -> list[tuple[int, int, str]]:
    parts = [part for part in re.split(r"(\d+)", path.name) if part]
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts]
