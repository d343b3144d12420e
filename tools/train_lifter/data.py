"""Training windows without end: takes varied on the skeleton, random bodies, cameras and detector noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.camera import film
from tools.train_lifter.corpus import FRAME_RATE_HZ, Take
from tools.train_lifter.noise import detect
from tools.train_lifter.points import MIRROR_INDEX, Body

from pase.anatomy.default import default_skeleton
from pase.anatomy.mirror import mirror_table
from pase.fit.posture import stem
from pase.lift.pase_lifter import POINTS, RATE_HZ, Inputs, centred

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

ROOT = POINTS.index("Hip")

Detector = Callable[[np.random.Generator, Floats, Array, Floats], tuple[Floats, Floats]]
"""Rays and scores of points, as `tools.train_lifter.noise.detect`."""

_ARMS = ("arm_elevation", "arm_crossing", "arm_rotation", "elbow_flex", "pro_sup", "wrist_flex", "wrist_dev")
_HEAD = ("neck_flexion", "neck_bending", "neck_rotation")
_TRUNK = ("L5_S1_Flex_Ext", "L5_S1_Lat_Bending", "L5_S1_axial_rotation")
_SWAY_DEG = {
    "pelvis_rotation": 0.0, "L5_S1_Flex_Ext": 0.8, "L5_S1_Lat_Bending": 0.4, "L5_S1_axial_rotation": 0.7,
    "arm_elevation": 10.0, "arm_crossing": 10.0, "arm_rotation": 12.0, "elbow_flex": 10.0, "knee_angle": 6.0,
    "pro_sup": 20.0,
}  # fmt: skip
"""How far coordinates are perturbed, standard deviations in degrees; 5° for others."""


@dataclass(frozen=True)
class Batch:
    """Windows for the network and what it should answer."""

    inputs: Inputs
    rays: Floats
    """(N, T, 26, 2) what the detector says, by an assumed focal length; 0 where unseen."""
    score: Floats
    """(N, T, 26)"""
    relative: Floats
    """(N, T, P, 3) points from the root in camera axes, statures."""
    target: Floats
    """(N, T, P, 3) points from the root in virtual camera axes, statures."""
    down: Floats
    """(N, T, 3) gravity in virtual camera axes."""
    kind: list[str]
    """(N,) kind of movement."""
    azimuth: Floats
    """(N,)"""
    stature: Array
    """(N,) metres"""


@dataclass(frozen=True)
class _Performance:
    """A take by one person."""

    points: Floats
    heading: Floats
    stature: float
    kind: str


class Variations:
    """Takes varied on the skeleton: limbs of one with those of another, angles perturbed, mirrored."""

    def __init__(self, takes: Sequence[Take]) -> None:
        skeleton = default_skeleton()
        self._takes = takes
        names = skeleton.free_names
        self._low, self._high = skeleton.bounds
        self._mirror = mirror_table(skeleton)
        self._arms = [i for i, n in enumerate(names) if stem(n) in _ARMS]
        self._upper = self._arms + [i for i, n in enumerate(names) if stem(n) in _HEAD + _TRUNK]
        self._sway = np.radians([_SWAY_DEG.get(stem(n), 5.0) for n in names])
        self._sway[3:6] = 0.0

    def vary(self, rng: np.random.Generator, take: Take) -> Array:
        """Coordinates (T, n) of one variation of a take."""
        q = take.q.copy()
        dice = rng.random()
        if dice < 0.35:
            columns = self._upper if dice < 0.15 else self._arms
            other = self._takes[int(rng.integers(len(self._takes)))].q
            if rng.random() < 0.5:
                other = self._mirror(other)
            q[:, columns] = _fitted(rng, other[:, columns], len(q))
        if rng.random() < 0.7:
            T, n = q.shape
            held = rng.standard_normal(n)
            slow = gaussian_filter1d(rng.standard_normal((T, n)), 15.0, axis=0, mode="wrap") * np.sqrt(
                15 * 3.5
            )
            q += self._sway * rng.uniform(0, 1) * (0.8 * held + 0.6 * slow)
        if rng.random() < 0.3:
            gain = rng.uniform(0.8, 1.25, q.shape[1])
            gain[:6] = 1.0
            middle = np.median(q, axis=0)
            q = middle + gain * (q - middle)
        return np.clip(q, self._low, self._high)


def _fitted(rng: np.random.Generator, q: Array, length: int) -> Array:
    """A stretch of a motion of the wanted length, played to and fro where it is too short."""
    there_and_back = np.concatenate([q, q[::-1]])
    start = int(rng.integers(len(there_and_back)))
    index = (start + np.arange(length)) % len(there_and_back)
    out: Array = there_and_back[index]
    return out


class Pool:
    """Performances from which windows are drawn; a part of them is made anew from time to time."""

    def __init__(
        self,
        takes: Sequence[Take],
        seed: int,
        *,
        varied: bool = True,
        copies: int = 1,
        detector: Detector = detect,
    ) -> None:
        self._detector = detector
        self._rng = np.random.default_rng(seed)
        self._takes = list(takes) * copies
        self._variations = Variations(takes) if varied else None
        self._chance = _chances(self._takes)
        self._performances = [self._perform(t) for t in self._takes]

    def _perform(self, take: Take) -> _Performance:
        body = Body(self._rng)
        q = take.q if self._variations is None else self._variations.vary(self._rng, take)
        points = body.points(q)
        points[..., 1] -= np.percentile(points[..., 1].min(1), 3)
        return _Performance(points, q[:, 0].astype(np.float32), body.stature, take.category)

    def renew(self, share: float) -> None:
        """Make some of the performances anew."""
        for i in self._rng.choice(len(self._takes), int(share * len(self._takes)), replace=False):
            self._performances[i] = self._perform(self._takes[i])

    def draw(self, count: int, frames: int) -> Batch:
        """Windows of `frames` frames at the network's rate."""
        rng = self._rng
        chosen = [self._performances[i] for i in rng.choice(len(self._performances), count, p=self._chance)]
        points = np.empty((count, frames, len(POINTS), 3), np.float32)
        valid = np.ones((count, frames), np.float32)
        forward = np.empty(count)
        for i, performance in enumerate(chosen):
            points[i], valid[i], forward[i] = _window(rng, performance, frames)
        stature = np.array([p.stature for p in chosen])
        return filmed(rng, points, valid, forward, stature, [p.kind for p in chosen], self._detector)


def filmed(
    rng: np.random.Generator,
    points: Floats,
    valid: Floats,
    forward: Array,
    stature: Array,
    kind: list[str],
    detector: Detector = detect,
) -> Batch:
    """Windows of world points as a random camera and a detector see them."""
    views = film(rng, points, stature, forward)
    seen, down = views.points, views.down
    mirrored = rng.random(len(seen)) < 0.5
    seen[mirrored] = seen[mirrored][:, :, MIRROR_INDEX] * np.array([-1, 1, 1], np.float32)
    down[mirrored] *= np.array([-1, 1, 1], np.float32)
    rays, score = detector(rng, seen, stature, views.half)
    score *= valid[..., None]
    rays = rays * (score > 0)[..., None] * views.focal_error[:, None, None, None]
    inputs = centred(rays, score, valid)
    relative = seen - seen[:, :, [ROOT]]
    target = np.einsum("ntij,ntpj->ntpi", inputs.rotation, relative)
    gravity = np.einsum("ntij,nj->nti", inputs.rotation, down)
    return Batch(inputs, rays, score, relative, target, gravity, kind, views.azimuth, stature)


def _window(rng: np.random.Generator, performance: _Performance, frames: int) -> tuple[Floats, Floats, float]:
    """(T, P, 3) points, (T,) whether a frame is there, and the heading in the middle, at a random speed."""
    total = len(performance.points)
    speed = FRAME_RATE_HZ / RATE_HZ * float(np.exp(np.clip(rng.normal(0, 0.2), -0.6, 0.6)))
    span = (frames - 1) * speed
    start = rng.uniform(0, total - 1 - span) if total - 1 > span else rng.uniform(-0.3, 0.0) * min(span, 10)
    at = start + speed * np.arange(frames)
    inside = ((at >= 0) & (at <= total - 1)).astype(np.float32)
    at = np.clip(at, 0, total - 1)
    low = np.minimum(at.astype(int), max(total - 2, 0))
    share = (at - low)[:, None, None].astype(np.float32)
    high = np.minimum(low + 1, total - 1)
    points = performance.points[low] * (1 - share) + performance.points[high] * share
    return points, inside, float(performance.heading[low[frames // 2]])


def _chances(takes: Sequence[Take]) -> Array:
    """Half the windows procedural, half captured; among the captured, rare kinds count more than their length."""
    length = np.array([len(t.q) for t in takes], float)
    made = np.array([t.name.startswith("procedural") for t in takes])
    kinds = np.array([t.category for t in takes])
    chance = length.copy()
    for kind in np.unique(kinds[~made]):
        own = (kinds == kind) & ~made
        chance[own] *= length[own].sum() ** -0.5
    if made.any() and not made.all():
        chance[made] *= chance[~made].sum() / chance[made].sum()
    return np.asarray(chance / chance.sum())
