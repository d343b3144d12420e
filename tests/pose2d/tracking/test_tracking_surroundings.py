"""When the detector may rest: nothing changes outside of persons' boxes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pase.pose2d.tracking.surroundings import Surroundings

SIZE = (320, 640)
BOX = np.array([[100.0, 200.0, 180.0, 400.0]])
ROOM = np.random.default_rng(0).uniform(60, 180, (32, 32)).astype(np.float32)


def changed(later: NDArray[np.float32], boxes: NDArray[np.float64] = BOX) -> bool:
    surroundings = Surroundings(SIZE)
    surroundings.note(ROOM, BOX)
    return surroundings.changed(later, boxes)


def with_patch(row: int, column: int, by: float) -> NDArray[np.float32]:
    picture = ROOM.copy()
    picture[row : row + 4, column : column + 2] += by
    return picture


def test_before_the_first_look_everything_is_new() -> None:
    assert Surroundings(SIZE).changed(ROOM, BOX)


@pytest.mark.parametrize(
    "later",
    [
        ROOM,
        ROOM + 40.0,
        ROOM + np.random.default_rng(1).normal(0, 2.0, ROOM.shape).astype(np.float32),
        with_patch(12, 12, 60.0),
        with_patch(22, 12, 60.0),
    ],
    ids=["the same", "brighter", "noise", "the person", "its shadow"],
)
def test_light_noise_and_the_person_are_no_change(later: NDArray[np.float32]) -> None:
    assert not changed(later)


@pytest.mark.parametrize("place", [(10, 0), (0, 28), (26, 29)])
def test_somebody_who_comes_in_is_one(place: tuple[int, int]) -> None:
    assert changed(with_patch(*place, 30.0))


def test_what_the_person_uncovers_is_none() -> None:
    moved = BOX + [120.0, 0.0, 120.0, 0.0]
    assert not changed(with_patch(12, 24, 60.0), moved)
    assert changed(with_patch(12, 24, 60.0))


def test_a_person_who_fills_the_picture_tells_nothing() -> None:
    assert changed(ROOM, np.array([[0.0, 0.0, 320.0, 640.0]]))
