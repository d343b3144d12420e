"""Pictures that repeat the one before are told from those of a still scene."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pase.media import Video, VideoWriter

SIZE = (192, 144)


def film(path: Path, left_of: Callable[[int], int], frames: int = 40) -> Path:
    """A square that is `left_of` px from the left in every frame, before a background of tiles."""
    coarse = np.random.default_rng(0).integers(60, 190, (9, 12, 3)).astype(np.uint8)
    ground = coarse.repeat(16, axis=0).repeat(16, axis=1)
    with VideoWriter(path, SIZE, 30.0) as writer:
        for index in range(frames):
            image = ground.copy()
            image[50:90, left_of(index) : left_of(index) + 30] = 250
            writer.write(image, index / 30)
    return path


def repeated(path: Path) -> list[int]:
    with Video(path) as video:
        return [frame.index for frame in video.frames() if frame.repeated]


def test_every_fifth_picture_of_a_film_converted_from_24_to_30_a_second(tmp_path: Path) -> None:
    path = film(tmp_path / "converted.mp4", lambda index: 10 + 3 * (index * 4 // 5))
    expected, noted = {6, 11, 16, 21, 26, 31, 36}, set(repeated(path))
    assert noted <= expected
    assert len(noted) >= 5, "a key frame or coarse coding may hide one"


def test_none_in_a_film_where_all_moves(tmp_path: Path) -> None:
    assert repeated(film(tmp_path / "moving.mp4", lambda index: 10 + 3 * index)) == []


def test_a_still_scene_does_not_repeat_itself(tmp_path: Path) -> None:
    assert repeated(film(tmp_path / "still.mp4", lambda index: 40)) == []


def test_of_a_stop_a_few_pictures_at_most(tmp_path: Path) -> None:
    path = film(tmp_path / "stops.mp4", lambda index: 10 + 3 * min(index, 20))
    assert len(repeated(path)) <= 4
