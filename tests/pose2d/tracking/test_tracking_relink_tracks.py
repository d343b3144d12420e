"""Pieces of a person's track are put together when that is reasonably certain."""

import numpy as np
import pytest

from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.relink_tracks import join_pieces
from pase.pose2d.tracking.track import Track

TIME = np.arange(2000) / 30
RED, BLUE = (np.tile(np.eye(6)[i], (2, 1)) for i in (0, 3))


def pose(x: float, size: float = 100.0) -> Pose:
    xy = np.random.default_rng(1).uniform(0, size, (26, 2)) + [x, 0]
    return Pose(xy, np.ones(26), np.ones((26, 2)))


def piece(
    frames: range, x: float, size: float = 100.0, wears: np.ndarray | None = None, shot: int = 0
) -> Track:
    poses = {number: pose(x, size) for number in frames}
    return Track(np.zeros(4), 0.0, shot, clothes=wears, poses=poses)


@pytest.mark.parametrize(
    ("later", "joined"),
    [
        (piece(range(60, 100), 130.0), True),
        (piece(range(60, 100), 900.0), False),
        (piece(range(60, 100), 130.0, 300.0), False),
        (piece(range(40, 100), 130.0), False),
        (piece(range(400, 420), 130.0), False),
        (piece(range(60, 100), 130.0, wears=RED), True),
        (piece(range(60, 100), 130.0, wears=BLUE), False),
        (piece(range(400, 420), 900.0, wears=RED), True),
        (piece(range(400, 420), 130.0, wears=BLUE), False),
        (piece(range(60, 100), 130.0, shot=1), False),
    ],
    ids=[
        "near", "far", "larger", "at the same time", "long after", "near, same clothes", "near, other clothes",
        "long after, same clothes", "long after, other clothes", "after a cut",
    ],
)  # fmt: skip
def test_pieces_of_one_track_are_joined(later: Track, joined: bool) -> None:
    main = piece(range(50), 100.0, wears=RED)
    persons = join_pieces([later, main], TIME)
    assert sorted(map(len, persons)) == ([2] if joined else [1, 1])
    if joined:
        assert persons[0] == [main, later]


def test_who_comes_back_is_a_new_person_when_two_could_be_meant() -> None:
    twins = [piece(range(50), 100.0, wears=RED), piece(range(50), 500.0, wears=RED)]
    later = piece(range(400, 500), 300.0, wears=RED)
    assert len(join_pieces([*twins, later], TIME)) == 3


def test_the_nearer_of_two_is_continued() -> None:
    left, right = piece(range(50), 0.0), piece(range(50), 400.0)
    back = [piece(range(60, 90), 380.0), piece(range(62, 90), 20.0)]
    persons = join_pieces([left, right, *back], TIME)
    assert [set(map(id, p)) for p in persons] == [{id(left), id(back[1])}, {id(right), id(back[0])}]


def test_who_crouches_before_a_jump_is_no_smaller_person() -> None:
    jumper, landed = piece(range(50), 100.0), piece(range(58, 90), 130.0)
    jumper.poses[49] = pose(100.0, 45.0)
    assert len(join_pieces([jumper, landed], TIME)) == 1


def test_somebody_followed_back_is_joined_where_they_were_then() -> None:
    jumper, landed = piece(range(50), 100.0), piece(range(70, 90), 400.0)
    assert len(join_pieces([jumper, landed], TIME)) == 2
    landed.between.update({frame: pose(100.0 + 15 * (frame - 50)) for frame in range(55, 70)})
    assert len(join_pieces([jumper, landed], TIME)) == 1


def test_nobody_has_no_pieces() -> None:
    assert join_pieces([], TIME) == []
