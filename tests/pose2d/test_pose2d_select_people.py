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
    found = select_people([SMALL, OTHER, SHORT, MAIN, FAINT], Pose2DSettings())
    assert [p.track_id for p in found.people] == [1, 2]
    assert np.nanmedian(found.people[0].xy[..., 0]) > 600
    assert sorted(one.why.split(":")[0] for one in found.left_out) == [
        "seen too shortly", "shows too little", "too small",
    ]  # fmt: skip
    assert "person 2 has" in found.why_main
    small = next(one for one in found.left_out if one.why.startswith("too small"))
    assert small.frames == 60 and small.place_px == pytest.approx((300, 360), abs=15)


@pytest.mark.parametrize("named", ["all", "main", "2", "900,360"])
def test_tracks_that_hold_their_own_frames_alone_are_the_same(named: str) -> None:
    people = [SMALL, person(1000, 300, range(20, 50)), SHORT, MAIN, FAINT]
    settings = Pose2DSettings(person=named)
    own = [one.slice(slice(np.flatnonzero(one.seen)[0], np.flatnonzero(one.seen)[-1] + 1)) for one in people]
    whole, told = select_people(people, settings), select_people(own, settings, TIME)
    assert (told.left_out, told.why_main) == (whole.left_out, whole.why_main)
    for one, other in zip(told.people, whole.people, strict=True):
        np.testing.assert_array_equal(one.xy, other.xy)
        np.testing.assert_array_equal(one.score, other.score)
        assert (one.track_id, len(one.time)) == (other.track_id, len(TIME))


def test_too_many_are_listed() -> None:
    found = select_people([MAIN, OTHER, person(200, 250)], Pose2DSettings(most_persons=2))
    assert len(found.people) == 2
    assert [one.why for one in found.left_out] == ["not among the 2 most prominent persons"]


@pytest.mark.parametrize(
    ("named", "x"), [("main", 700), ("1", 700), ("2", 1000), ("1000,400", 1000), ("300,360", 300)]
)
def test_one_can_be_named(named: str, x: float) -> None:
    found = select_people([SMALL, OTHER, MAIN], Pose2DSettings(person=named))
    (chosen,) = found.people
    assert chosen.track_id == 1
    assert np.nanmean(chosen.xy[..., 0]) == pytest.approx(x, abs=30)
    assert len(found.left_out) == 2


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("3", "there is no person 3: 2 persons"),
        ("100,100", "nobody was found at the pixel 100,100 of the first frame; persons are at 7"),
        ("1400,100", "outside the picture of 1280×720"),
    ],
)
def test_nobody_by_that_name(named: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        select_people([OTHER, MAIN], Pose2DSettings(person=named))


@pytest.mark.parametrize("named", ["everyone", "0", "-1", "1,2,3", "a,b", ""])
def test_a_name_that_is_none(named: str) -> None:
    with pytest.raises(InputError, match="person must be all, main, a number"):
        make_settings({"pose2d.person": named})


@pytest.mark.parametrize("named", ["all", "main"])
def test_nobody_is_nobody(named: str) -> None:
    assert select_people([], Pose2DSettings(person=named)).people == []
