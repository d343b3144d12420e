"""A camera that stands still is told from one that pans, zooms or shakes."""

import cv2
import numpy as np
import pytest

from pase.media import Frame
from pase.pose2d.camera_motion import MOVES, ZOOMS, CameraMotion, Steadiness

NOBODY = np.zeros((0, 4))
ROOM = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (600, 900, 3)).astype(np.uint8), (0, 0), 3)
ROOM = cv2.normalize(ROOM, None, 0, 255, cv2.NORM_MINMAX)


def watched(path: list[tuple[float, float, float]], person: bool = False) -> CameraMotion:
    """What is told of a camera whose window of 640 × 360 has its corner at x, y and shows `zoom` times as much."""
    steady = Steadiness()
    for number, (x, y, zoom) in enumerate(path):
        matrix = np.array([[1 / zoom, 0, x], [0, 1 / zoom, y]])
        image = cv2.warpAffine(ROOM, matrix, (640, 360), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        boxes = NOBODY
        if person:
            left = 40 + 12 * number
            image[60:350, left : left + 200] = np.random.default_rng(5).integers(0, 256, (290, 200, 3))
            boxes = np.array([[left, 60.0, left + 200.0, 350.0]])
        steady.look(Frame(number, 0.2 * number, image), boxes)
    return steady.motion


@pytest.mark.parametrize("person", [False, True], ids=["empty", "somebody walks through"])
def test_a_still_camera_is_still(person: bool) -> None:
    motion = watched([(100, 100, 1)] * 20, person)
    assert motion.shift < MOVES / 4 and motion.zoom < ZOOMS / 4 and motion.shake < 0.002


@pytest.mark.parametrize("person", [False, True], ids=["empty", "somebody walks through"])
def test_a_pan_is_measured(person: bool) -> None:
    motion = watched([(50 + 8 * n, 100, 1) for n in range(20)], person)
    assert motion.shift == pytest.approx(19 * 8 / 640, rel=0.1)
    assert motion.zoom < ZOOMS


def test_a_zoom_is_measured() -> None:
    motion = watched([(100, 100, 1 + 0.01 * n) for n in range(20)])
    assert motion.zoom == pytest.approx(0.19, rel=0.15)


def test_a_shaking_hand_shakes() -> None:
    path = [(100 + 12 * (-1) ** n, 100 + 9 * (-1) ** (n // 2), 1) for n in range(30)]
    motion = watched([(float(x), float(y), float(z)) for x, y, z in path])
    assert motion.shake > 0.01
    assert motion.shift > MOVES


def test_a_cut_is_no_motion() -> None:
    steady = Steadiness()
    for number in range(10):
        if number == 5:
            steady.cut()
        x = 0 if number < 5 else 250
        steady.look(Frame(number, 0.2 * number, ROOM[:360, x : x + 640]), NOBODY)
    assert steady.motion.shift < MOVES / 4


def test_nothing_to_follow_tells_nothing() -> None:
    steady = Steadiness()
    for number in range(5):
        steady.look(Frame(number, 0.2 * number, np.full((32, 32, 3), 90, np.uint8)), NOBODY)
    assert steady.motion == CameraMotion(0.0, 0.0, 0.0)
