"""Limbs that two persons claim: a detector draws a hidden leg or arm of one onto that of somebody nearer."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from pase.data import Keypoints2D
from pase.pose2d.tracking.prominence import boxes_of
from pase.types import Array, Mask
from pase.visible_points import pixels_per_metre

_LIMBS = ((0.12, ("Knee", "Ankle", "Heel", "BigToe", "SmallToe")), (0.09, ("Elbow", "Wrist")))
"""Width in metres of a calf and of a forearm (their girths, 37 and 29 cm, over π), and the points from there
outwards. Two shanks that lie in the picture less than their width apart cover one another."""

_CLEAR_SCORE = 0.5
"""If both limbs are seen this clearly, they lie side by side, as when people hold hands."""


def without_claimed_limbs(people: Sequence[Keypoints2D]) -> list[Keypoints2D]:
    """Everybody, without the limbs that are somebody else's: those that two persons claim are the surer one's.

    Parameters
    ----------
    people
        All persons, in the same T frames.
    """
    claimed = [np.zeros(person.score.shape, bool) for person in people]
    boxes = [boxes_of(person) for person in people]
    for first, second in combinations(range(len(people)), 2):
        low = np.maximum(boxes[first][:, :2], boxes[second][:, :2])
        high = np.minimum(boxes[first][:, 2:], boxes[second][:, 2:])
        frames = np.flatnonzero((low < high).all(1))
        if len(frames):
            pair = people[first].slice(frames), people[second].slice(frames)
            for points, of_first, of_second in _claims(*pair):
                claimed[first][frames[:, None], points[0]] |= of_first[:, None]
                claimed[second][frames[:, None], points[1]] |= of_second[:, None]
    return [person.hiding(hidden) for person, hidden in zip(people, claimed, strict=True)]


def _claims(first: Keypoints2D, second: Keypoints2D) -> Iterator[tuple[list[list[int]], Mask, Mask]]:
    """Points of a limb in either person's set, and the frames (T,) in which those of either are the other's."""
    scale = np.minimum(pixels_per_metre(first), pixels_per_metre(second))
    for width, limb in _LIMBS:
        for sides in ("LL", "LR", "RL", "RR"):
            pair = list(zip((first, second), sides, strict=True))
            points = [[p.names.index(side + n) for n in limb if side + n in p.names] for p, side in pair]
            ends, scores = zip(*(_ends(p, side, limb) for p, side in pair), strict=True)
            apart = np.linalg.norm(ends[0] - ends[1], axis=-1).mean(1) / scale
            shared = (apart < width) & (np.minimum(*scores) < _CLEAR_SCORE)
            yield points, shared & (scores[0] < scores[1]), shared & (scores[0] >= scores[1])


def _ends(person: Keypoints2D, side: str, limb: Sequence[str]) -> tuple[Array, Array]:
    """Both ends (T, 2, 2) of a shank or forearm, pixels, and their mean score (T,)."""
    ends = [person.names.index(side + name) for name in limb[:2]]
    return person.xy[:, ends], person.score[:, ends].mean(1)
