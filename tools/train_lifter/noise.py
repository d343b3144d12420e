"""Keypoints as a detector gives them: habits, errors that last, jitter, doubt, swapped sides, things unseen.

Sizes, correlation in time and the relation between score and error follow RTMPose-s on the footage in
`docs/lifter.md`: errors of one to two centimetres whose correlation falls to one half in a quarter of a second,
jitter of 2-5 mm, twice as much of both at a score of 0.55 as at 0.8, and more below. Of a pair of points the farther
is drawn lower. Eyes and nose of people seen from behind and ears on the far side are guessed: in films near their
places at scores of 0.6-0.8, in photos worse. What furniture hides is left out or guessed far off. Scores are 0.78 in
the median and rarely below 0.6 in films, 0.65 and often below 0.5 in photos.
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

_GROWTH = 0.34
"""Logarithm of the growth of errors for each unit of doubt: photos' grow 3 to 5 times from a score of 0.9 to 0.4."""
_GUESSED_SCORE = (0.2, 0.55)
_GUESSED_OFF = 0.07
"""How far hidden points that are guessed are off across the line of sight, in statures."""
_FACE_TURN = 0.03
"""Depth of the nose behind the ears, in statures, from which on the face is not in sight."""

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
_NOSE, _EARS = HALPE26.index("Nose"), Constant([HALPE26.index(s + "Ear") for s in "LR"])
_IS_FACE = Constant([float(_kind(n) in ("Nose", "Eye")) for n in HALPE26])
_IS_EAR = Constant([float(_kind(n) == "Ear") for n in HALPE26])
_FEET = ("Ankle", "BigToe", "SmallToe", "Heel")
_GROUPS = (
    ([n for n in HALPE26 if _kind(n) in ("Knee", *_FEET)], 0.05, 0.04),
    ([n for n in HALPE26 if _kind(n) in ("Knee", *_FEET) or n in ("LHip", "RHip", "Hip")], 0.0, 0.015),
    ([n for n in HALPE26 if _kind(n) in _FEET], 0.05, 0.03),
    (["LElbow", "LWrist"], 0.04, 0.01),
    (["RElbow", "RWrist"], 0.04, 0.01),
)
"""Points that are hidden together, how often for a while, and how often in all of a window."""
_HIDDEN = tuple((Constant([n in names for n in HALPE26]), *shares) for names, *shares in _GROUPS)


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
    per_metre = 1.0 / (depth * stature[:, None, None])
    doubt = _doubt(dice, points, stature)
    clip = torch.exp(0.3 * dice.normal(N, 1, 1, 1))
    slow = 0.7 * dice.wandering(N, T, K, 2, frames=_HALF_LIFE_FRAMES) + 0.7 * dice.normal(N, 1, K, 2)
    size = _SLOW_M.on(points.device)
    error = size * slow + 1e-3 * _FAST_MM * dice.normal(N, T, K, 2)
    error = clip * torch.exp(_GROWTH * doubt)[..., None] * error
    rays = _swapped(dice, rays + error * per_metre[..., None])
    score = 0.80 - 0.085 * doubt + 0.035 * dice.normal(N, T, K)
    rays, score = _astray(dice, rays, score, per_metre)
    hidden = _hidden(dice, N, T)
    rays, score = _guessed(dice, rays, score, hidden, depth)
    inside = (rays.abs() < half[:, None, None]).all(-1)
    score = torch.where(inside, score.clamp(0.0, 1.0), 0.0)
    score = torch.where(score < 0.2, 0.0, score)
    return torch.where(score[..., None] > 0, rays, 0.0), score


def _doubt(dice: Dice, points: Tensor, stature: Tensor) -> Tensor:
    """(N, T, 26) how hard points are to see, 0 as usual, 5 very hard; farther limbs and some films are harder."""
    N, T = points.shape[:2]
    hard = dice.chance(0.4 if T == 1 else 0.15, N, 1, 1) * dice.uniform(N, 1, 1, high=3.0)
    unseen = _unseen_face(points) * dice.uniform(N, 1, 1, high=4.0 if T == 1 else 2.5)
    covered = dice.chance(0.1, N, 1, K) * dice.uniform(N, 1, K, high=4.5)
    own = 0.7 * dice.wandering(N, T, K, frames=3.0) + 0.5 * dice.normal(N, 1, K) + 0.3 * dice.normal(N, 1, 1)
    behind = points[..., 2] - points[..., 2].mean(-1, keepdim=True)
    behind = torch.sigmoid((behind * stature[:, None, None] - 0.12) / 0.05)
    return own + hard + covered + unseen + 0.8 * _IS_LIMB.on(points.device) * behind


def _unseen_face(points: Tensor) -> Tensor:
    """(N, T, 26) nose and eyes of people seen from behind, and the ear on the far side of the head."""
    ears = points[:, :, _EARS.on(points.device), 2]
    away = points[:, :, _NOSE, 2] - ears.mean(-1)
    face = (away > _FACE_TURN)[..., None] & (_IS_FACE.on(points.device) > 0)
    gap = points[..., 2] - ears.amin(-1, keepdim=True)
    return face | ((gap > 0.06) & (_IS_EAR.on(points.device) > 0))


def _guessed(dice: Dice, rays: Tensor, score: Tensor, hidden: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden points left out, or guessed somewhere near at a middling score; either for a whole window."""
    N = len(rays)
    tried = dice.chance(0.5, N, 1, 1)
    doubtful = dice.uniform(N, 1, K, low=_GUESSED_SCORE[0], high=_GUESSED_SCORE[1])
    off = _GUESSED_OFF * dice.normal(N, 1, K, 2) / depth[..., None]
    rays = torch.where(hidden[..., None], rays + off, rays)
    told = torch.where(tried, torch.minimum(score, doubtful), 0.0)
    return rays, torch.where(hidden, told, score)


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
    for group, briefly, always in _HIDDEN:
        where = dice.bursts(N, T, probability=briefly, longest=12) | dice.chance(always, N, 1)
        out = out | (where[..., None] & group.on(out.device))
    return out
