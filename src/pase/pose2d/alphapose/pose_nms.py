"""Parametric pose non-maximum suppression: of several poses found on one person, one merged pose.

After Fang et al., "RMPE: Regional Multi-Person Pose Estimation", ICCV 2017, with the constants of AlphaPose.
"""

from typing import NamedTuple

import numpy as np

from pase.types import Array

_NEAR = 1.0
_DISTANCE_WEIGHT = 1.7
_DISTANCE_SCALE = 2.65
_SAME_SIMILARITY = 22.48
_LEAST_SCORE = 0.3
_SAME_JOINTS = 5
_REACH_SHARE = 0.1
_MATCH_REACH = 7.0
_MERGE_REACH = 15.0
_TINY = 1e-5


class Candidates(NamedTuple):
    """Poses found in one picture, one a box."""

    boxes: Array
    """(N, 4) left, top, right, bottom of the detections."""
    points: Array
    """(N, K, 2) pixels."""
    scores: Array
    """(N, K) heights of the peaks."""


class MergedPose(NamedTuple):
    """One person of a picture."""

    points: Array
    """(K, 2) pixels."""
    scores: Array
    """(K,)."""


def merge_poses(candidates: Candidates) -> list[MergedPose]:
    """Merge what was found several times and drop what nothing is sure of, the surest person first."""
    scores = np.where(candidates.scores == 0, _TINY, candidates.scores)
    sizes = (candidates.boxes[:, 2:] - candidates.boxes[:, :2]).max(-1)
    reach = _REACH_SHARE * sizes
    mean = scores.mean(1)
    remaining = list(range(len(scores)))
    merged = []
    while remaining:
        best = remaining[int(np.argmax(mean[remaining]))]
        cluster = _cluster(candidates.points, scores, best, remaining, reach[best])
        remaining = [j for j in remaining if j not in cluster]
        if scores[best].max() < _LEAST_SCORE:
            continue
        pose = _merged(candidates, scores, best, cluster, reach[best])
        if pose.scores.max() >= _LEAST_SCORE:
            merged.append(pose)
    return merged


def _cluster(points: Array, scores: Array, best: int, remaining: list[int], reach: float) -> list[int]:
    """Who among the left is the same person as the best of them, itself included."""
    distance = np.linalg.norm(points[remaining] - points[best], axis=-1)  # (M, K)
    near = distance <= _NEAR
    alike = (near * np.tanh(scores[best]) * np.tanh(scores[remaining])).sum(1)
    alike += _DISTANCE_WEIGHT * np.exp(-distance / _DISTANCE_SCALE).sum(1)
    matches = (distance / min(reach, _MATCH_REACH) <= 1).sum(1)
    twins = (alike > _SAME_SIMILARITY) | (matches >= _SAME_JOINTS)
    return [j for j, is_same in zip(remaining, twins, strict=True) if is_same or j == best]


def _merged(candidates: Candidates, scores: Array, best: int, cluster: list[int], reach: float) -> MergedPose:
    points = candidates.points[cluster]
    distance = np.linalg.norm(points - candidates.points[best], axis=-1)
    weight = scores[cluster] * (distance <= min(reach, _MERGE_REACH))
    weight /= weight.sum(0)
    return MergedPose((weight[..., None] * points).sum(0), (weight * scores[cluster]).sum(0))
