"""A film of separate pictures, read one at a time: an animated picture or a folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pase.media.footage import Footage
from pase.media.frames import Frame, Reopening
from pase.types import Image


class PictureFilm(Reopening):
    """Pictures with their times, with the interface of a video; its kinds say what they are in `_pictures`."""

    footage: Footage
    path: Path
    image_size: tuple[int, int]
    frame_rate: float
    duration: float
    frame_count_hint: int | None

    def __init__(self, footage: Footage) -> None:
        self.footage, self.path = footage, footage.path
        self.warnings: list[str] = []
        self.focal_length_hint_px: float | None = None
        self.metadata: dict[str, str] = {}

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Read the pictures, or every `step`-th, in order; each call starts again from the first."""
        for index, time, image in self.footage.played(self._pictures()):
            if index % step == 0:
                yield Frame(index, time, self.footage.shown(image))

    def _pictures(self) -> Iterator[tuple[float, Image]]:
        """Every picture, upright, with its time in seconds."""
        raise NotImplementedError

    def picture_at(self, time: float) -> Image:
        """The first picture shown at a time in seconds or later, else the last."""
        image: Image = np.zeros((1, 1, 3), np.uint8)
        for frame in self.frames():
            image = frame.image
            if frame.time >= time:
                break
        return image
