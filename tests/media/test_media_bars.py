"""The picture of a film is that between the black bars around it."""

from pathlib import Path

import numpy as np
import pytest

from pase.media import VideoWriter, open_media
from pase.media.bars import picture_size, size_between_bars
from pase.media.write import Encoding
from pase.types import Image

BRIGHT = np.random.default_rng(0).integers(0, 256, (72, 128, 3), np.uint8)


def within(top: int, left: int, shown: Image = BRIGHT) -> Image:
    """A picture in the middle of a black frame with traces of compression, as high and wide as it with its bars."""
    height, width = shown.shape[:2]
    frame = np.random.default_rng(1).integers(0, 12, (height + 2 * top, width + 2 * left, 3)).astype(np.uint8)
    frame[top : top + height, left : left + width] = shown
    return frame


def person_in_the_dark() -> Image:
    frame, (rows, columns) = np.full((360, 640, 3), 8, np.uint8), np.ogrid[:360, :640]
    frame[((rows - 180) / 170) ** 2 + ((columns - 319.5) / 70) ** 2 < 1] = 180
    return frame


def dark_at_the_sides() -> Image:
    fading = 1 - np.abs(np.linspace(-1, 1, 640))
    return (np.tile(BRIGHT, (1, 5, 1)) * fading[None, :, None]).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "size"),
    [
        (BRIGHT, (128, 72)),
        (within(0, 80), (128, 72)),
        (within(40, 0), (128, 72)),
        (within(20, 30), (128, 72)),
        (within(0, 80)[:, 20:], (268, 72)),
        (within(0, 1), (130, 72)),
        (person_in_the_dark(), (640, 360)),
        (dark_at_the_sides(), (640, 72)),
        (np.zeros((72, 128, 3), np.uint8), (128, 72)),
    ],
    ids=["none", "at the sides", "above and below", "all around", "uneven", "thin", "spot", "dim", "black"],
)
def test_bars_are_told_from_dark_scenes(image: Image, size: tuple[int, int]) -> None:
    assert size_between_bars(image) == size


def test_a_film_that_fades_in_is_looked_at_when_it_shows_something(tmp_path: Path) -> None:
    frames = [np.zeros((72, 288, 3), np.uint8)] * 3 + [within(0, 80)] * 2
    with VideoWriter(tmp_path / "film.mp4", (288, 72), 25, encoding=Encoding(5)) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, number / 25)
    with open_media(tmp_path / "film.mp4") as film:
        (width, height), passed_on = picture_size(film.frames(), film.image_size)
        assert [frame.index for frame in passed_on] == [0, 1, 2, 3, 4]
    assert (height, film.image_size) == (72, (288, 72))
    assert width == pytest.approx(128, abs=4)
