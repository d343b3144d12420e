"""The footage made small enough to be carried inside a page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from pase.media import Footage, Frame, Media, Photo, VideoWriter, open_media
from pase.media.ahead import InTurn
from pase.media.write import Encoding, jpeg
from pase.types import Image, ImageSize, Progress
from pase.view.faces import FaceCover, covered

LONGER_SIDE = 720
"""Pixels of the longer side of the picture in the page."""
LONGER_SIDE_LONG = 480
"""The same for footage of more than two minutes."""
LONG_SECONDS, LONGEST_SECONDS = 120.0, 900.0
"""Footage that is longer is made smaller; footage of more than a quarter of an hour is left out."""
ENCODING = Encoding(31, "ultrafast", 0.4)
"""Half the work of `superfast` at 29 for pictures that are as good, and easier for the browser to go through; with
pictures to jump to so often that scrubbing is smooth."""
HALVED_FROM_HZ = 50.0
"""From this rate on every second frame is shown: half the work, and still fluent."""
WAITING = 4
"""Frames that may wait for the encoder."""


@dataclass(frozen=True, slots=True)
class Film:
    """Footage for a page."""

    mime: str
    """`video/mp4` or `image/jpeg`."""
    content: bytes
    time: NDArray[np.float64]
    """(T,) seconds of its frames."""


class FilmMaker:
    """Makes the film of a page of frames that others look at, so that these are decoded once.

    Parameters
    ----------
    every_frame
        Whether to show all frames even of films of `HALVED_FROM_HZ` and more.
    """

    film: Film | None = None
    """The film, once all frames have passed; None before, and where the footage is too long to be carried along."""

    def __init__(self, every_frame: bool = False) -> None:
        self._every_frame = every_frame

    def passing(self, media: Media, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames, which are encoded on a second thread."""
        self.film = None
        if isinstance(media, Photo):
            for frame in frames:
                self.film = Film("image/jpeg", jpeg(_small(frame.image)), np.zeros(1))
                yield frame
        elif media.duration > LONGEST_SECONDS:
            yield from frames
        else:
            yield from self._encoding(media, frames)

    def _encoding(self, media: Media, frames: Iterable[Frame]) -> Iterator[Frame]:
        size = _fitted(media.image_size, LONGER_SIDE_LONG if media.duration > LONG_SECONDS else LONGER_SIDE)
        step = 2 if media.frame_rate + 0.5 >= HALVED_FROM_HZ and not self._every_frame else 1
        rate, times = media.frame_rate / step, list[float]()

        def encode(frame: Frame) -> None:
            writer.write_frame(frame.for_encoder(size), frame.time)

        with TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            writer = VideoWriter(path, size, rate, ENCODING)
            with writer, InTurn("pase-film", WAITING) as beside:
                for frame in frames:
                    if frame.index % step == 0:
                        beside.do(partial(encode, frame))
                        times.append(frame.time)
                    yield frame
            self.film = Film("video/mp4", path.read_bytes(), np.array(times))


def make_film(
    source: str | Path | Footage,
    progress: Progress | None = None,
    every_frame: bool = False,
    cover: FaceCover | None = None,
) -> Film | None:
    """Small footage with the true times of its frames; None where it is too long to be carried along.

    Parameters
    ----------
    source
        The footage.
    progress
        Called with the frames done and how many there are, if that is known.
    every_frame
        As of `FilmMaker`.
    cover
        Hides faces.
    """
    maker = FilmMaker(every_frame)
    with open_media(source) as media:
        for frame in maker.passing(media, covered(media.frames(), cover)):
            if progress is not None:
                progress(frame.index + 1, media.frame_count_hint)
    return maker.film


def _fitted(size: ImageSize, side: int) -> ImageSize:
    """Even width and height with the same shape, not larger than `side`."""
    zoom = min(1.0, side / max(size))
    return max(2, 2 * round(zoom * size[0] / 2)), max(2, 2 * round(zoom * size[1] / 2))


def _small(image: Image) -> Image:
    """A photo of no more than twice the longer side of films."""
    import cv2

    size = _fitted((image.shape[1], image.shape[0]), 2 * LONGER_SIDE)
    if image.shape[1::-1] == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
