"""Keypoints as a detector gives them: habits, errors that last, jitter, doubt, swapped sides, things unseen.

Sizes, correlation in time and the relation between score and error follow RTMPose-s on the footage in
`docs/lifter.md`: errors of one to two centimetres whose correlation falls to one half in a quarter of a second,
jitter of 2-5 mm, twice as much of both at a score of 0.5 as at 0.8. Of a pair of points the farther is drawn lower.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from tools.train_lifter.constants import Constant
from tools.train_lifter.dice import Dice
from torch import Tensor

from pase.data import HALPE26
from pase.keypoint_sets import mirrored_order

Detector = Callable[[Dice, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Rays and scores of points, as `detect`."""

_SLOW_MM = {
    "Nose": 7, "Eye": 7, "Ear": 9, "Head": 11, "Neck": 11, "Hip": 17, "Shoulder": 14, "Elbow": 12,
    "Wrist": 12, "Knee": 12, "Ankle": 9, "BigToe": 10, "SmallToe": 11, "Heel": 11,
}  # fmt: skip
_FAST_MM = 4.0
_HALF_LIFE_FRAMES = 3.75 / 1.67
"""A quarter of a second at 15 Hz, as the width of a smoothing kernel."""
_LOWERED = {"Hip": (0.22, 0.08), "Shoulder": (0.09, 0.05), "Knee": (0.04, 0.04)}
"""How far the farther point of a pair is drawn down the trunk, per its greater depth: mean and spread."""

K = len(HALPE26)


def _kind(name: str) -> str:
    return name[1:] if name[0] in "LR" and name[1:] in _SLOW_MM else name


_TWIN = Constant(mirrored_order(HALPE26))
_SLOW_M = Constant([[1e-3 * _SLOW_MM[_kind(n)]] for n in HALPE26])
_IS_LIMB = Constant([float(_kind(n) not in ("Nose", "Neck", "Head", "Hip")) for n in HALPE26])
_SLOPE = Constant([[_LOWERED.get(_kind(n), (0.0, 0.0))[i] for n in HALPE26] for i in range(2)])
_PAIRS = {n: Constant([HALPE26.index(s + n) for s in "LR"]) for n in ("Hip", "Shoulder")}
_SWAPPED = tuple(
    (
        Constant([m if _kind(HALPE26[k]) in kinds else k for k, m in enumerate(mirrored_order(HALPE26))]),
        probability,
    )
    for kinds, probability in (
        (("Knee", "Ankle", "BigToe", "SmallToe", "Heel"), 0.05),
        (("Elbow", "Wrist"), 0.02),
    )
)
"""Order of the points when the sides of some are taken for each other, and how often."""
_GROUPS = (
    ([n for n in HALPE26 if _kind(n) in ("Knee", "Ankle", "BigToe", "SmallToe", "Heel")], 0.05),
    ([n for n in HALPE26 if _kind(n) in ("Ankle", "BigToe", "SmallToe", "Heel")], 0.05),
    (["LElbow", "LWrist"], 0.04),
    (["RElbow", "RWrist"], 0.04),
)
_HIDDEN = tuple((Constant([n in names for n in HALPE26]), probability) for names, probability in _GROUPS)


def detect(dice: Dice, points: Tensor, stature: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """What a detector makes of points.

    Parameters
    ----------
    dice
        Random numbers.
    points
        (N, T, P, 3) in camera axes and statures, the 26 keypoints first.
    stature
        (N,) metres.
    half
        (N, 2) half the picture in ray coordinates.

    Returns
    -------
    Rays (N, T, 26, 2) and scores (N, T, 26) of the first 26 points; score 0 and ray 0 where unseen.
    """
    N, T = points.shape[:2]
    points = _with_habits(dice, points[:, :, :K])
    depth = points[..., 2].clamp(min=0.05)
    rays = points[..., :2] / depth[..., None]
    metres = stature[:, None, None]
    doubt = (
        0.7 * dice.wandering(N, T, K, frames=3.0) + 0.5 * dice.normal(N, 1, K) + 0.3 * dice.normal(N, 1, 1)
    )
    behind = (depth - depth.mean(-1, keepdim=True)) * metres
    doubt = doubt + 0.8 * _IS_LIMB.on(points.device) * torch.sigmoid((behind - 0.12) / 0.05)
    per_metre = 1.0 / (depth * metres)
    clip = torch.exp(0.3 * dice.normal(N, 1, 1, 1))
    slow = 0.7 * dice.wandering(N, T, K, 2, frames=_HALF_LIFE_FRAMES) + 0.7 * dice.normal(N, 1, K, 2)
    size = _SLOW_M.on(points.device)
    error = (
        clip * torch.exp(0.45 * doubt)[..., None] * (size * slow + 1e-3 * _FAST_MM * dice.normal(N, T, K, 2))
    )
    rays = _swapped(dice, rays + error * per_metre[..., None])
    score = 0.80 - 0.085 * doubt + 0.035 * dice.normal(N, T, K)
    rays, score = _astray(dice, rays, score, per_metre)
    inside = (rays.abs() < half[:, None, None]).all(-1)
    score = torch.where(inside & ~_hidden(dice, N, T), score.clamp(0.0, 1.0), 0.0)
    score = torch.where(score < 0.2, 0.0, score)
    return torch.where(score[..., None] > 0, rays, 0.0), score


def see_exactly(dice: Dice, points: Tensor, stature: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """Rays and scores as of `detect`, without any error and with nothing hidden: what is left is depth."""
    points = points[:, :, :K]
    return points[..., :2] / points[..., 2:], torch.full_like(points[..., 0], 0.9)


def _with_habits(dice: Dice, points: Tensor) -> Tensor:
    """Points with the farther one of a pair drawn lower, along the trunk as it is seen."""
    N = len(points)
    middle = {n: points[:, :, pair.on(points.device)].mean(2) for n, pair in _PAIRS.items()}
    trunk = (middle["Hip"] - middle["Shoulder"])[..., :2]
    trunk = trunk / trunk.norm(dim=-1, keepdim=True).clamp(min=0.05)
    farther = (points[..., 2] - points[:, :, _TWIN.on(points.device), 2]).clamp(min=0.0)
    mean, spread = _SLOPE.on(points.device).unbind(0)
    slope = (mean + spread * dice.normal(N, 1, 1)).clamp(min=0.0)
    shift = (slope * farther)[..., None] * trunk[:, :, None]
    return torch.cat([points[..., :2] + shift, points[..., 2:]], dim=-1)


def _swapped(dice: Dice, rays: Tensor) -> Tensor:
    N, T = rays.shape[:2]
    for order, probability in _SWAPPED:
        where = dice.bursts(N, T, probability=probability, longest=5)
        rays = torch.where(where[..., None, None], rays[:, :, order.on(rays.device)], rays)
    return rays


def _astray(dice: Dice, rays: Tensor, score: Tensor, per_metre: Tensor) -> tuple[Tensor, Tensor]:
    """Some points jump to somewhere else for a while; their scores mostly tell."""
    N, T = score.shape[:2]
    where = dice.bursts(N, T, K, probability=0.02, longest=4)
    jump = 0.15 * dice.normal(N, 1, K, 2) * per_metre[..., None]
    doubt = dice.uniform(N, 1, K, low=0.1, high=0.6)
    return torch.where(where[..., None], rays + jump, rays), torch.where(where, score - doubt, score)


def _hidden(dice: Dice, N: int, T: int) -> Tensor:
    """(N, T, 26) points behind furniture or other people: legs, feet, an arm, single points; briefly or always."""
    out = dice.bursts(N, T, K, probability=0.015, longest=8)
    for group, probability in _HIDDEN:
        where = dice.bursts(N, T, probability=probability, longest=12) | dice.chance(probability / 4, N, 1)
        out = out | (where[..., None] & group.on(out.device))
    return out
