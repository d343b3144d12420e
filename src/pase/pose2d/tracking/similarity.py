"""How alike boxes, poses and places are, and the best assignment of old to new."""

from itertools import permutations
from math import perm

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26
from pase.keypoint_sets import SURE_SCORE
from pase.pose2d.detector import Boxes
from pase.pose2d.keypoints import Pose
from pase.types import Array

_SPREAD = {
    "Nose": 0.026, "Eye": 0.025, "Ear": 0.035, "Shoulder": 0.079, "Elbow": 0.072, "Wrist": 0.062, "Hip": 0.107,
    "Knee": 0.087, "Ankle": 0.089, "Head": 0.060, "Neck": 0.060, "BigToe": 0.089, "SmallToe": 0.089,
    "Heel": 0.089,
}  # fmt: skip
"""Spread of each keypoint in units of the root of the person's area: the constants of COCO's measure of keypoint
similarity (cocodataset.org, "keypoints evaluation"), and of like places for the points that COCO does not have."""

_CROP_SHAPE = np.array([3.0, 4.0])
"""Width and height of the crops of persons."""
_MOST_TRIED = 24
"""Up to this number of assignments, four to four, they are tried one by one."""
_KEYPOINT_SPREAD = 2 * np.array([_SPREAD[name if name in _SPREAD else name[1:]] for name in HALPE26])


def overlap(first: Boxes, second: Boxes) -> Array:
    """Intersection over union of every box (N, 4) with every box (M, 4): (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (first, second)]
    return np.asarray(common / np.maximum(areas[0][:, None] + areas[1][None] - common, 1e-9))


def same_view(first: Array, second: Array, turn: int) -> float:
    """Intersection over union of what crops around two boxes (4,), given `turn` quarter turns, show of a picture.

    How wide a box is hardly matters to what the crop of an upright person shows.
    """
    shape = _CROP_SHAPE[::-1] if turn % 2 else _CROP_SHAPE
    views = []
    for box in (first, second):
        half = ((box[2:] - box[:2]) / shape).max() * shape / 2
        views.append(np.concatenate([centre_of(box) - half, centre_of(box) + half])[None])
    return float(overlap(views[0], views[1])[0, 0])


def pose_similarity(first: Pose, second: Pose, shift: Array | None = None) -> float:
    """COCO's object keypoint similarity of two poses, from 0 to 1, over the points that are sure in both.

    Parameters
    ----------
    shift
        (2,) px by which the first is expected to have moved.
    """
    common = (first.score >= SURE_SCORE) & (second.score >= SURE_SCORE)
    if not common.any():
        return 0.0
    gap = second.xy[common] - first.xy[common] - (0.0 if shift is None else shift)
    area = max(min(_area(first), _area(second)), 1.0)
    likeness = np.exp(-(gap**2).sum(-1) / (2 * area * _KEYPOINT_SPREAD[common] ** 2))
    return float(likeness.mean())


def _area(pose: Pose) -> float:
    """Area of the box around the sure points, px²; at least a third of a square, for people seen edge-on."""
    sure = pose.xy[pose.score >= SURE_SCORE]
    width, height = np.ptp(sure, axis=0)
    return float(max(width * height, max(width, height) ** 2 / 3))


def assign(likeness: Array, least_likeness: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the assignment with the largest sum of likeness (N, M), none below `least_likeness`."""
    if not likeness.size:
        return []
    pairs = best_pairs(np.where(likeness >= least_likeness, likeness, 0.0))
    return [pair for pair in pairs if likeness[pair] >= least_likeness]


def best_pairs(values: Array) -> list[tuple[int, int]]:
    """Pairs (row, column) of the assignment with the largest sum of values (N, M), by row."""
    smaller, larger = sorted(values.shape)
    if perm(larger, smaller) > _MOST_TRIED:
        from scipy.optimize import linear_sum_assignment  # importing it takes a sixth of a second

        rows, columns = linear_sum_assignment(values, maximize=True)
        return list(zip(rows.tolist(), columns.tolist(), strict=True))
    turned = values.shape[0] > values.shape[1]
    table = (values.T if turned else values).tolist()
    best = max(permutations(range(larger), smaller), key=lambda p: sum(table[i][j] for i, j in enumerate(p)))
    return sorted((j, i) if turned else (i, j) for i, j in enumerate(best))


def reach_likeness(box: Array, target: Array, gap_s: float) -> float:
    """How well a person in one box could be the one in another after some seconds, from 0 to 1.

    1 where place and size are the same, falling to 0 where the person would have had to move by more than half
    a body and another one and a half a second, or to change the size by more than half.
    """
    sizes = box_size(box), box_size(target)
    distance = float(np.linalg.norm(centre_of(target) - centre_of(box))) / max(*sizes, 1e-9)
    ratio = max(sizes) / max(min(sizes), 1e-9)
    near = 1.0 - distance / (0.5 + 1.5 * gap_s)
    return max(0.0, min(near, 1.0 - (ratio - 1.0) / 0.5))


def centre_of(box: Array) -> Array:
    """(2,) middle of a box."""
    return (box[:2] + box[2:]) / 2


def outside(box: Array, point: Array) -> float:
    """How far a point is outside a box, px; 0 inside."""
    return float(np.linalg.norm(np.maximum(np.maximum(box[:2] - point, point - box[2:]), 0.0)))


def box_size(box: NDArray[np.float64]) -> float:
    """Longer side of a box in pixels."""
    return float(max(box[2:] - box[:2]))
