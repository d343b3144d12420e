"""Keypoints as a detector gives them: habits, errors that last, jitter, doubt, swapped sides, things unseen.

Sizes, correlation in time and the relation between score and error follow RTMPose-s on the footage in
`docs/lifter.md`: one to two centimetres that last, other for each view of a person, about one that changes and whose
correlation falls to one half in a tenth to a quarter of a second, jitter of 2-5 mm, twice as much of all at a score
of 0.55 as at 0.8, and more below. Points that lie together go wrong together: both hips, the toes of a foot, the
face. What moves fast is blurred, and drawn early or late. Of a pair of points the farther is drawn lower. Eyes and
nose of people seen from behind and ears on the far side are guessed: in films near their places at scores of 0.6-0.8,
in photos worse. What furniture hides is left out or guessed far off. Scores are 0.78 in the median and rarely below
0.6 in films, 0.65 and often below 0.5 in photos.
"""

import math
from collections.abc import Callable

import torch
from tools.train_lifter.constants import Constant
from tools.train_lifter.dice import Dice
from torch import Tensor

from pase.data import HALPE26
from pase.keypoint_sets import mirrored_order
from pase.lift.pase_lifter import RATE_HZ

Detector = Callable[[Dice, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Rays and scores of points, as `detect`."""

_LASTING_MM = {
    "Nose": 10, "Eye": 10, "Ear": 12, "Head": 12, "Neck": 12, "Hip": 18, "Shoulder": 14, "Elbow": 11,
    "Wrist": 11, "Knee": 11, "Ankle": 7, "BigToe": 11, "SmallToe": 10, "Heel": 8,
}  # fmt: skip
"""Spread of what is wrong with a point in all of a window, beside where it sits on the person's body."""
_CHANGING_MM = {
    "Nose": 6, "Eye": 6, "Ear": 7, "Head": 8, "Neck": 8, "Hip": 12, "Shoulder": 9, "Elbow": 9,
    "Wrist": 9, "Knee": 9, "Ankle": 7, "BigToe": 9, "SmallToe": 9, "Heel": 8,
}  # fmt: skip
_FAST_MM = 4.0
_PACES_FRAMES = (2.25, 0.9)
"""Correlation one half after a quarter and a tenth of a second at 15 Hz, as widths of smoothing kernels."""
_DELAY_S = (0.006, 0.004)
"""How early or late moving points are drawn: spread from window to window and from frame to frame."""
_TOGETHER: tuple[dict[str, float], ...] = (
    {"LHip": 0.75, "RHip": 0.75, "Hip": 0.85},
    {"LShoulder": 0.6, "RShoulder": 0.6, "Neck": 0.4},
    {"Nose": 0.9, "LEye": 0.9, "REye": 0.9, "LEar": 0.55, "REar": 0.55, "Head": 0.4},
    *({f"{s}Elbow": 0.55, f"{s}Wrist": 0.55} for s in "LR"),
    *({f"{s}BigToe": 0.8, f"{s}SmallToe": 0.8} for s in "LR"),
    *({f"{s}Ankle": 0.7, f"{s}Heel": 0.7} for s in "LR"),
    *({f"{s}BigToe": 0.3, f"{s}SmallToe": 0.3, f"{s}Ankle": 0.3, f"{s}Heel": 0.3} for s in "LR"),
)
"""Groups of points whose errors have a share in common, as correlations with that share."""
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
    return name[1:] if name[0] in "LR" and name[1:] in _LASTING_MM else name


_TWIN = Constant(mirrored_order(HALPE26))
_LASTING_M = Constant([[1e-3 * _LASTING_MM[_kind(n)]] for n in HALPE26])
_CHANGING_M = Constant([[1e-3 * _CHANGING_MM[_kind(n)]] for n in HALPE26])
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


def _mixing() -> list[list[float]]:
    """(26, 26 + groups) weights of each point's own noise and of that of its groups; rows of length 1."""
    shares = [[group.get(n, 0.0) for group in _TOGETHER] for n in HALPE26]
    own = [math.sqrt(1.0 - sum(x * x for x in row)) for row in shares]
    return [[own[k] if j == k else 0.0 for j in range(K)] + shares[k] for k in range(K)]


_MIXING = Constant(_mixing())


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
    error = _errors(dice, doubt) * per_metre[..., None]
    rays = _swapped(dice, rays + error + _late(dice, rays))
    score = 0.80 - 0.085 * doubt + 0.035 * dice.normal(N, T, K)
    rays, score = _astray(dice, rays, score, per_metre)
    hidden = _hidden(dice, N, T)
    rays, score = _guessed(dice, rays, score, hidden, depth)
    inside = (rays.abs() < half[:, None, None]).all(-1)
    score = torch.where(inside, score.clamp(0.0, 1.0), 0.0)
    score = torch.where(score < 0.2, 0.0, score)
    return torch.where(score[..., None] > 0, rays, 0.0), score


def _errors(dice: Dice, doubt: Tensor) -> Tensor:
    """(N, T, 26, 2) metres across the line of sight, larger in some windows and where points are hard to see."""
    N, T = doubt.shape[:2]
    size = torch.exp(0.3 * dice.normal(N, 1, 1, 1)) * torch.exp(_GROWTH * doubt)[..., None]
    mixing = _MIXING.on(doubt.device)
    sources = mixing.shape[1]
    slow, quick = (dice.wandering(N, T, sources, 2, frames=pace) for pace in _PACES_FRAMES)
    share = dice.uniform(N, 1, 1, 1)
    changing = torch.einsum("kg,ntgc->ntkc", mixing, share.sqrt() * slow + (1 - share).sqrt() * quick)
    lasting = torch.einsum("kg,ntgc->ntkc", mixing, dice.normal(N, 1, sources, 2))
    lasting, changing = _LASTING_M.on(doubt.device) * lasting, _CHANGING_M.on(doubt.device) * changing
    return size * (lasting + changing + 1e-3 * _FAST_MM * dice.normal(N, T, K, 2))


def _late(dice: Dice, rays: Tensor) -> Tensor:
    """(N, T, 26, 2) how far moving points are off by being drawn early or late, along their way."""
    N, T = rays.shape[:2]
    if T == 1:
        return torch.zeros_like(rays)
    steps = rays.diff(dim=1)
    way = 0.5 * RATE_HZ * (torch.cat([steps[:, :1], steps], 1) + torch.cat([steps, steps[:, -1:]], 1))
    same, own = _DELAY_S
    return way * (same * dice.normal(N, 1, 1, 1) + own * dice.normal(N, T, K, 1))


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
    reported = torch.where(tried, torch.minimum(score, doubtful), 0.0)
    return rays, torch.where(hidden, reported, score)


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
