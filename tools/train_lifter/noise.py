"""Keypoints as a detector gives them: errors that last, jitter, doubtful points, swapped sides, things unseen.

Sizes, correlation in time and the relation between score and error follow RTMPose-s on the footage in
`docs/lifter.md`: errors of one to two centimetres that change within about half a second, jitter of 2-5 mm, twice as
much of both at a score of 0.5 as at 0.8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from pase.data import HALPE26

Floats = NDArray[np.float32]

_SLOW_MM = {
    "Nose": 7, "Eye": 7, "Ear": 9, "Head": 11, "Neck": 11, "Hip": 17, "Shoulder": 14, "Elbow": 12,
    "Wrist": 12, "Knee": 12, "Ankle": 9, "BigToe": 10, "SmallToe": 11, "Heel": 11,
}  # fmt: skip
_FAST_MM = 4.0
_SWAPPED = [
    ("LKnee", "RKnee"),
    ("LAnkle", "RAnkle"),
    ("LBigToe", "RBigToe"),
    ("LSmallToe", "RSmallToe"),
    ("LHeel", "RHeel"),
]
_ARMS = [("LElbow", "RElbow"), ("LWrist", "RWrist")]

K = len(HALPE26)


def _of(name: str) -> str:
    return name[1:] if name[0] in "LR" and name[1:] in _SLOW_MM else name


SLOW_M = np.array([_SLOW_MM[_of(n)] for n in HALPE26], np.float32) * 1e-3
IS_LIMB = np.array([_of(n) not in ("Nose", "Neck", "Head", "Hip") for n in HALPE26])


def detect(
    rng: np.random.Generator, points: Floats, stature: NDArray[np.float64], half: Floats
) -> tuple[Floats, Floats]:
    """Rays (N, T, 26, 2) and scores (N, T, 26) of the first 26 points; score 0 and ray 0 where unseen."""
    N, T = points.shape[:2]
    points = points[:, :, :K]
    depth = points[..., 2]
    rays = points[..., :2] / depth[..., None]
    doubt = (
        _wandering(rng, (N, T, K), 5.0) * 0.7 + rng.normal(0, 0.5, (N, 1, K)) + rng.normal(0, 0.3, (N, 1, 1))
    )
    behind = depth - depth.mean(-1, keepdims=True)
    doubt = doubt + 0.8 * IS_LIMB / (1.0 + np.exp(-(behind * stature[:, None, None] - 0.12) / 0.05))
    size = np.exp(0.45 * doubt)
    per_metre = 1.0 / (depth * stature[:, None, None])
    clip = np.exp(rng.normal(0, 0.3, (N, 1, 1, 1)))
    slow = 0.7 * _wandering(rng, (N, T, K, 2), 3.5) + 0.7 * rng.standard_normal((N, 1, K, 2))
    fast = rng.standard_normal((N, T, K, 2))
    error = clip * size[..., None] * (SLOW_M[:, None] * slow + _FAST_MM * 1e-3 * fast)
    rays = rays + error * per_metre[..., None]
    score = 0.80 - 0.085 * doubt + rng.normal(0, 0.035, (N, T, K))
    rays = _swapped(rng, rays)
    rays, score = _wild(rng, rays, score, per_metre)
    seen = np.abs(rays) < half[:, None, None, :]
    score = np.where(seen.all(-1), np.clip(score, 0.0, 1.0), 0.0)
    score = np.where(_hidden(rng, N, T), 0.0, score)
    score = np.where(score < 0.2, 0.0, score)
    return np.where(score[..., None] > 0, rays, 0.0).astype(np.float32), score.astype(np.float32)


def see_exactly(
    rng: np.random.Generator, points: Floats, stature: NDArray[np.float64], half: Floats
) -> tuple[Floats, Floats]:
    """Rays and scores as of `detect`, without any error and with nothing hidden: what is left is depth."""
    points = points[:, :, :K]
    return points[..., :2] / points[..., 2:], np.full(points.shape[:3], 0.9, np.float32)


def _wandering(rng: np.random.Generator, shape: tuple[int, ...], frames: float) -> NDArray[np.float64]:
    """Noise of unit variance, correlated over about so many frames."""
    T = shape[1]
    pad = int(3 * frames)
    step = max(1, int(frames // 2))
    coarse = rng.standard_normal((shape[0], (T + 2 * pad) // step + 2, *shape[2:]))
    coarse = gaussian_filter1d(coarse, frames / step / 1.5, axis=1)
    coarse /= max(coarse.std(), 1e-6)
    at = np.arange(T) / step + 1
    low = at.astype(int)
    share = (at - low).reshape(1, -1, *([1] * (len(shape) - 2)))
    out: NDArray[np.float64] = coarse[:, low] * (1 - share) + coarse[:, low + 1] * share
    return out


def _bursts(rng: np.random.Generator, N: int, T: int, chance: float, longest: int) -> NDArray[np.bool_]:
    """(N, T) true for one stretch in some of the windows."""
    start = rng.integers(0, max(T, 1), N)[:, None]
    length = rng.integers(1, longest + 1, N)[:, None]
    at = np.arange(T)[None]
    out: NDArray[np.bool_] = (rng.random(N) < chance)[:, None] & (at >= start) & (at < start + length)
    return out


def _swapped(rng: np.random.Generator, rays: Floats) -> Floats:
    N, T = rays.shape[:2]
    for pairs, chance in ((_SWAPPED, 0.05), (_ARMS, 0.02)):
        where = _bursts(rng, N, T, chance, 5)
        for first, second in pairs:
            a, b = HALPE26.index(first), HALPE26.index(second)
            both = rays[:, :, [a, b]]
            rays[:, :, [a, b]] = np.where(where[..., None, None], both[:, :, ::-1], both)
    return rays


def _wild(rng: np.random.Generator, rays: Floats, score: Floats, per_metre: Floats) -> tuple[Floats, Floats]:
    """Some points jump to somewhere else for a while; their scores mostly tell."""
    N, T = score.shape[:2]
    for k in rng.choice(K, 5, replace=False):
        where = _bursts(rng, N, T, 0.10, 4)
        jump = rng.normal(0, 0.15, (N, 1, 2)) * per_metre[:, :, k, None]
        rays[:, :, k] = np.where(where[..., None], rays[:, :, k] + jump, rays[:, :, k])
        score[:, :, k] = np.where(where, score[:, :, k] - rng.uniform(0.1, 0.6, (N, 1)), score[:, :, k])
    return rays, score


_LOWER = np.array([_of(n) in ("Knee", "Ankle", "BigToe", "SmallToe", "Heel") for n in HALPE26])
_FEET = np.array([_of(n) in ("Ankle", "BigToe", "SmallToe", "Heel") for n in HALPE26])
_LEFT_ARM = np.array([n in ("LElbow", "LWrist") for n in HALPE26])


def _hidden(rng: np.random.Generator, N: int, T: int) -> NDArray[np.bool_]:
    """(N, T, 26) points behind furniture or other people: legs, feet, an arm, single points; briefly or always."""
    out = np.zeros((N, T, K), bool)
    for group, chance in ((_LOWER, 0.05), (_FEET, 0.05), (_LEFT_ARM, 0.05)):
        long = np.where(rng.random(N) < 0.5, T, 1)[:, None]
        where = _bursts(rng, N, T, chance, 12) | ((rng.random(N)[:, None] < chance / 2) & (long == T))
        out |= where[..., None] & group
    for k in rng.choice(K, 4, replace=False):
        out[:, :, k] |= _bursts(rng, N, T, 0.10, 8)
    return out
