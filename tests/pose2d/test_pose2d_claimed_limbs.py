"""A limb that two persons claim belongs to one of them."""

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.pose2d.claimed_limbs import without_claimed_limbs
from pase.types import Array

SHANK = ("Knee", "Ankle", "Heel", "BigToe", "SmallToe")
PLACES = {
    "Nose": (0, 160), "Eye": (3, 163), "Ear": (7, 161), "Head": (0, 175), "Neck": (0, 145), "Shoulder": (17, 142),
    "Elbow": (21, 113), "Wrist": (23, 88), "Hip": (11, 92), "Knee": (11, 50), "Ankle": (11, 9), "Heel": (11, 4),
    "BigToe": (9, 2), "SmallToe": (14, 2),
}  # fmt: skip
"""Half the width and the height, cm, of points of somebody who stands and faces the camera."""


def standing(place_px: float, frames: int = 3, score: float = 0.8) -> Keypoints2D:
    """Somebody of 175 px."""
    xy = np.empty((frames, len(HALPE26), 2))
    for k, name in enumerate(HALPE26):
        stem = name if name in PLACES else name[1:]
        side = 0 if stem == name else 1 if name[0] == "L" else -1
        width, height = PLACES[stem]
        xy[:, k] = place_px + side * width, 300 - height
    return Keypoints2D(
        xy, np.full(xy.shape[:2], score), np.arange(frames) / 30, (1000, 400), sigma=np.ones_like(xy)
    )


def with_limb(person: Keypoints2D, side: str, places: Array, score: float) -> Keypoints2D:
    """The same with a shank elsewhere: points (T, 5, 2) of a score."""
    columns = [HALPE26.index(side + name) for name in SHANK]
    person.xy[:, columns], person.score[:, columns] = places, score
    return person


def shank(person: Keypoints2D, side: str) -> Array:
    return person.xy[:, [HALPE26.index(side + name) for name in SHANK]]


def hidden(person: Keypoints2D) -> set[str]:
    """Points that are seen in no frame."""
    visible = np.isfinite(person.xy[..., 0]).any(0)
    return {HALPE26[k] for k in np.flatnonzero(~visible)}


def test_a_leg_on_the_leg_of_somebody_else_is_that_persons() -> None:
    front = standing(300)
    behind = with_limb(standing(340), "R", shank(front, "L") + 3.0, score=0.35)
    in_front, without = without_claimed_limbs([front, behind])
    assert in_front is front
    assert hidden(without) == {f"R{name}" for name in SHANK}
    of_knee = HALPE26.index("RKnee")
    assert (without.score[:, of_knee] == 0).all() and np.isnan(without.sigma[:, of_knee]).all()  # type: ignore[index]


def test_only_frames_in_which_they_meet_count() -> None:
    front = standing(300)
    behind = with_limb(standing(340), "R", shank(front, "L") + [[[3.0]], [[3.0]], [[60.0]]], score=0.35)
    visible = np.isfinite(without_claimed_limbs([behind, front])[0].xy[:, HALPE26.index("RAnkle")]).all(-1)
    assert visible.tolist() == [False, False, True]


def test_legs_that_are_both_clear_or_apart_stay() -> None:
    front = standing(300)
    beside = with_limb(standing(340), "R", shank(front, "L") + 3.0, score=0.7)
    unsure = with_limb(standing(340), "R", shank(front, "L") + 20.0, score=0.35)
    assert all(hidden(person) == set() for person in without_claimed_limbs([front, beside]))
    assert all(hidden(person) == set() for person in without_claimed_limbs([front, unsure]))


def test_somebody_alone_stays_as_they_are() -> None:
    person = standing(300)
    assert without_claimed_limbs([person])[0] is person and without_claimed_limbs([]) == []
