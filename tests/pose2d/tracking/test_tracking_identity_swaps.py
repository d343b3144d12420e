"""Two made people walk through one another, and their tracks are right afterwards, whoever took whose."""

from collections.abc import Sequence

import numpy as np
import pytest
from figures import Color, dress, figure

from pase.media.frames import Frame
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.appearance import clothes_colours
from pase.pose2d.tracking.identity_swaps import Encounters, exchange
from pase.pose2d.tracking.similarity import centre_of
from pase.pose2d.tracking.track import Track

Clothes = tuple[Color, Color]

RED, BLUE, GREEN = (
    ((200, 40, 40), (60, 60, 60)),
    ((40, 60, 190), (220, 220, 220)),
    ((40, 160, 60), (90, 50, 20)),
)
RATE = 30.0
START, SPEED = (60.0, 380.0), (160.0, -160.0)
"""Where the two are at first, px, and how fast they walk towards one another, px/s."""
FRAMES = 60
MIDDLE = 30
"""They cover one another in this frame."""


def place(person: int, frame: int) -> float:
    return START[person] + SPEED[person] * frame / RATE


def walk(
    clothes: Sequence[Clothes],
    mistaken: bool,
    hidden: range = range(0),
    stops: bool = False,
) -> tuple[Track, Track]:
    """The tracks of two who cross.

    Parameters
    ----------
    clothes
        Of both.
    mistaken
        Whether each track takes the other person right after the middle, and goes on with whom it has.
    hidden
        Frames in which the second track has no pose.
    stops
        Whether they turn round in the middle instead of walking on.
    """
    tracks: list[Track] = []
    encounters = Encounters()
    for index in range(FRAMES):
        time = index / RATE
        along = min(index, 2 * MIDDLE - index) if stops else index
        image = np.full((190, 440, 3), (230, 225, 210), dtype=np.uint8)
        poses = [figure(place(person, along)) for person in (0, 1)]
        for pose, worn in zip(poses, clothes, strict=True):
            dress(image, pose, *worn)
        if not tracks:
            tracks = [Track(_box(pose), time) for pose in poses]
        order = _order(tracks[0], poses, index, mistaken)
        for number, (track, person) in enumerate(zip(tracks, order, strict=True)):
            if number == 1 and index in hidden:
                continue
            track.place(index, poses[person], _box(poses[person]), time)
            colours = clothes_colours(image, poses[person])
            if index < MIDDLE // 2 and colours is not None:
                track.note_clothes(colours, time)
        encounters.watch(Frame(index, time, image), tracks)
    return tracks[0], tracks[1]


def _order(first: Track, poses: Sequence[Pose], index: int, mistaken: bool) -> tuple[int, int]:
    """Whom either track takes: who is nearest to the first one, and the other."""
    if index <= MIDDLE:
        return 0, 1
    if index == MIDDLE + 1:
        return (1, 0) if mistaken else (0, 1)
    near = [abs(centre_of(_box(pose))[0] - centre_of(first.box)[0]) for pose in poses]
    return (0, 1) if near[0] < near[1] else (1, 0)


def _box(pose: Pose) -> np.ndarray:
    box = pose.box(0.3)
    assert box is not None
    return box


def middle(track: Track, frame: int) -> float:
    return float(np.median(track.poses[frame].xy[:, 0]))


def assert_whole(first: Track, second: Track) -> None:
    """Each track holds one person from the first to the last frame, and knows where and how fast it is."""
    for person, track in enumerate((first, second)):
        for frame in (i for i in track.poses if i not in range(MIDDLE - 3, MIDDLE + 4)):
            assert middle(track, frame) == pytest.approx(place(person, frame))
        assert centre_of(track.box)[0] == pytest.approx(place(person, FRAMES - 1))
        assert np.sign(track.velocity[0]) == np.sign(SPEED[person])


@pytest.mark.parametrize("mistaken", [False, True], ids=["followed", "mistaken"])
def test_clothes_tell_who_is_who_after_two_crossed(mistaken: bool) -> None:
    first, second = walk([RED, BLUE], mistaken)
    assert_whole(first, second)
    assert sorted(first.poses) == sorted(second.poses) == list(range(FRAMES))


@pytest.mark.parametrize("mistaken", [False, True], ids=["followed", "mistaken"])
def test_ways_tell_where_clothes_are_alike_and_one_was_hidden(mistaken: bool) -> None:
    first, second = walk([GREEN, GREEN], mistaken, hidden=range(MIDDLE - 3, MIDDLE + 4))
    assert_whole(first, second)
    assert len(first.poses) + len(second.poses) == 2 * FRAMES - 7


def test_clothes_go_before_ways() -> None:
    """Two who meet and turn back stay who they are, though walking on would be the likelier way."""
    first, second = walk([RED, BLUE], mistaken=False, hidden=range(MIDDLE - 3, MIDDLE + 4), stops=True)
    for person, track in enumerate((first, second)):
        assert middle(track, FRAMES - 1) == pytest.approx(place(person, 1))


def test_two_in_the_same_clothes_who_were_always_seen_are_left_as_followed() -> None:
    first, second = walk([GREEN, GREEN], mistaken=False, stops=True)
    for person, track in enumerate((first, second)):
        assert middle(track, FRAMES - 1) == pytest.approx(place(person, 1))


def test_an_exchange_keeps_what_was_before_and_what_is_worn() -> None:
    tracks = [Track(_box(figure(x)), 0.0, prominence=x) for x in (50.0, 300.0)]
    for index in range(4):
        for track, x in zip(tracks, (50.0, 300.0), strict=True):
            track.place(index, figure(x + index), _box(figure(x + index)), index / RATE)
    looks = [np.full((2, 24), 1 / 24), np.eye(24)[:2]]
    for track, worn in zip(tracks, looks, strict=True):
        track.note_clothes(worn, 0.0)
    first, second = tracks
    exchange(first, second, 2)
    assert [round(middle(first, i)) for i in range(4)] == [50, 51, 302, 303]
    assert [round(middle(second, i)) for i in range(4)] == [300, 301, 52, 53]
    assert (first.prominence, second.prominence) == (300.0, 50.0)
    np.testing.assert_array_equal(first.clothes, looks[0])
    exchange(first, second, 2)
    assert [round(middle(first, i)) for i in range(4)] == [50, 51, 52, 53]
