"""Cuts are found; light, movement and black frames are none."""

import cv2
import numpy as np

from pase.pose2d.scene_cuts import Shots


def room(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)


def test_a_cut_is_where_the_picture_changes() -> None:
    shots = Shots()
    assert [shots.look(room(n)) for n in (1, 1, 2, 2, 1)] == ["same", "same", "cut", "same", "cut"]


def test_light_and_somebody_near_are_no_cut() -> None:
    shots, dark = Shots(), (room(1) * 0.4 + 20).astype(np.uint8)
    near = room(1)
    near[100:, 200:400] = 30
    assert [shots.look(image) for image in (room(1), dark, room(1), near, room(1))] == ["same"] * 5


def test_black_frames_are_blank_and_no_cut() -> None:
    shots = Shots()
    black = np.random.default_rng(1).integers(0, 6, (480, 640, 3)).astype(np.uint8)
    assert [shots.look(i) for i in (black, room(1), black, black, room(1), black, room(2))] == [
        "blank", "same", "blank", "blank", "same", "blank", "cut",
    ]  # fmt: skip
    assert shots.blank == 4


def test_any_size_will_do() -> None:
    for shape in ((1, 1, 3), (1, 900, 3), (4320, 7680, 3)):
        assert Shots().look(np.zeros(shape, np.uint8)) == "blank"
