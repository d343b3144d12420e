"""Who gets a skeleton, and what is told of the others."""

import numpy as np
import pytest

from pase.config import Pose2DSettings, make_settings
from pase.data import Keypoints2D
from pase.errors import InputError
from pase.pose2d.select_people import select_people

TIME = np.arange(60) / 30


def person(x: float, size: float = 200.0, frames: range = range(60), score: float = 0.8) -> Keypoints2D:
    """Somebody in a picture of 1280 × 720, with the middle at x, 360."""
    xy = np.full((60, 26, 2), np.nan)
    spread = np.random.default_rng(1).uniform(-0.5, 0.5, (26, 2)) * [0.4, 1.0]
    spread[:2] = [[0.0, -0.5], [0.0, 0.5]]
    xy[list(frames)] = size * spread + [x, 360]
    return Keypoints2D(xy, np.where(np.isfinite(xy[..., 0]), score, 0.0), TIME, (1280, 720))


SMALL, MAIN, OTHER = person(300, 60), person(700, 400), person(1000, 300)
SHORT, FAINT = person(900, 300, range(5)), person(500, 300, score=0.25)


def test_all_are_the_main_person_and_who_is_worth_it() -> None:
    selection = select_people([SMALL, OTHER, SHORT, MAIN, FAINT], Pose2DSettings())
    assert [p.track_id for p in selection.people] == [1, 2]
    assert np.nanmedian(selection.people[0].xy[..., 0]) > 600
    assert sorted(person.why.split(":")[0] for person in selection.left_out) == [
        "seen too shortly", "shows too little", "too small",
    ]  # fmt: skip
    assert "person 2 has" in selection.why_main
    small = next(person for person in selection.left_out if person.why.startswith("too small"))
    assert small.frames == 60 and small.place_px == pytest.approx((300, 360), abs=15)


@pytest.mark.parametrize("named", ["all", "main", "2", "900,360"])
def test_tracks_that_hold_their_own_frames_alone_are_the_same(named: str) -> None:
    people = [SMALL, person(1000, 300, range(20, 50)), SHORT, MAIN, FAINT]
    settings = Pose2DSettings(person=named)
    shortened = [
        track.slice(slice(np.flatnonzero(track.seen)[0], np.flatnonzero(track.seen)[-1] + 1))
        for track in people
    ]
    by_frames, by_time = select_people(people, settings), select_people(shortened, settings, TIME)
    assert (by_time.left_out, by_time.why_main) == (by_frames.left_out, by_frames.why_main)
    for track, counterpart in zip(by_time.people, by_frames.people, strict=True):
        np.testing.assert_array_equal(track.xy, counterpart.xy)
        np.testing.assert_array_equal(track.score, counterpart.score)
        assert (track.track_id, len(track.time)) == (counterpart.track_id, len(TIME))


def test_too_many_are_listed() -> None:
    selection = select_people([MAIN, OTHER, person(200, 250)], Pose2DSettings(most_persons=2))
    assert len(selection.people) == 2
    assert [person.why for person in selection.left_out] == ["not among the 2 most prominent persons"]


@pytest.mark.parametrize(
    ("named", "x"), [("main", 700), ("1", 700), ("2", 1000), ("1000,400", 1000), ("300,360", 300)]
)
def test_one_can_be_named(named: str, x: float) -> None:
    selection = select_people([SMALL, OTHER, MAIN], Pose2DSettings(person=named))
    (chosen,) = selection.people
    assert chosen.track_id == 1
    assert np.nanmean(chosen.xy[..., 0]) == pytest.approx(x, abs=30)
    assert len(selection.left_out) == 2


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("3", "there is no person 3: 2 persons"),
        ("100,100", "nobody was found at the pixel 100,100 of the first frame; persons are at 7"),
        ("1400,100", "outside the picture of 1280×720"),
    ],
)
def test_nobody_by_that_name(named: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        select_people([OTHER, MAIN], Pose2DSettings(person=named))


@pytest.mark.parametrize("named", ["everyone", "0", "-1", "1,2,3", "a,b", ""])
def test_a_name_that_is_none(named: str) -> None:
    with pytest.raises(InputError, match="person must be all, main, a number"):
        make_settings({"pose2d.person": named})


@pytest.mark.parametrize("named", ["all", "main"])
def test_nobody_is_nobody(named: str) -> None:
    assert select_people([], Pose2DSettings(person=named)).people == []
