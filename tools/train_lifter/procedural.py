"""Motion made on the skeleton: key postures, feet planted, interpolated with human timing.

Between two keys every coordinate follows a minimum-jerk course (Flash and Hogan 1985), the joints of a limb a
little out of step; the feet that stand in both are held to the floor by solving for the legs in every frame.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.chains import CHAINS, OWN_FEET, POSTURES
from tools.train_lifter.corpus import FRAME_RATE_HZ, Take
from tools.train_lifter.neck_shares import shared_out, with_two_halves
from tools.train_lifter.postures import Foot, Key, Rng

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import load_proportions
from pase.fit.frame_solver import solve_frames
from pase.fit.posture import stem
from pase.fit.problem import PersonModel, sole_landmarks
from pase.fit.solver import Bounds, Problem
from pase.fit.terms.balance import Balance
from pase.fit.terms.base import Term
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.prior import PosePrior

Array = NDArray[np.float64]

log = logging.getLogger(__name__)

SOLVE_RATE_HZ = 15.0
DRAWS = 40
"""Postures drawn for one whose parts must all lie on the floor."""
SLOW, SLOWER = 0.35, (1.3, 2.5)
"""Share of episodes whose movements take so many times as long."""
CHUNK = 40
"""Episodes whose frames are solved together."""

_BALANCE_POINTS = ("LHip", "RHip", "LShoulder", "RShoulder", "LKnee", "RKnee")
_SUPPORT = {
    "tibia_r": (0.04, 0.0, 0.0, 0.05), "tibia_l": (0.04, 0.0, 0.0, 0.05), "talus_r": (0.0, 0.0, 0.0, 0.04),
    "talus_l": (0.0, 0.0, 0.0, 0.04), "pelvis": (-0.07, -0.06, 0.0, 0.11), "torso": (-0.05, 0.2, 0.0, 0.10),
    "head": (0.0, 0.08, 0.0, 0.10), "ulna_r": (0.0, 0.0, 0.0, 0.04), "ulna_l": (0.0, 0.0, 0.0, 0.04),
    "hand_r": (0.0, -0.08, 0.0, 0.02), "hand_l": (0.0, -0.08, 0.0, 0.02), "humerus_r": (0.0, 0.0, 0.0, 0.06),
    "humerus_l": (0.0, 0.0, 0.0, 0.06), "femur_r": (0.0, -0.02, 0.04, 0.09), "femur_l": (0.0, -0.02, -0.04, 0.09),
}  # fmt: skip
"""By body, a point and the radius of the flesh about it, on which a person can rest."""

_SPREAD_DEG = {
    "pelvis_rotation": 4.0, "pelvis_list": 4.0, "pelvis_tilt": 6.0, "hip_flexion": 14.0, "hip_adduction": 8.0,
    "hip_rotation": 10.0, "knee_angle": 14.0, "ankle_angle": 12.0, "subtalar_angle": 6.0, "mtp_angle": 8.0,
}  # fmt: skip
"""How far the solver may stray from the wished angle; others stay."""


class Planter:
    """The default skeleton with feet that can be told where to stand."""

    def __init__(self) -> None:
        soles = sole_landmarks()
        marks = (
            *keypoint_landmarks(_BALANCE_POINTS),
            *(Landmark(f"on_{m.name}", m.body, m.location) for m in soles),
        )
        skeleton = default_skeleton().with_landmarks(marks)
        self.skeleton = skeleton
        names = tuple(m.name for m in marks)
        self.model = PersonModel(skeleton, load_proportions(), names, soles)
        self._shared = np.zeros(self.model.layout.count)
        free = np.full(self.model.layout.count, np.inf)
        self._bounds = Bounds(*skeleton.bounds, -free, free)
        self._first = len(_BALANCE_POINTS)
        support = [Landmark(body, body, place[:3]) for body, place in _SUPPORT.items()]
        self._support = Kinematics(skeleton, [*support, *soles])
        self._radius = np.array([p[3] for p in _SUPPORT.values()] + [0.0] * len(soles))
        self.template = self._flat_feet()
        self.coordinates = {name: i for i, name in enumerate(skeleton.free_names)}

    def soles(self, q: Array) -> Array:
        """(T, 2, 4, 3) points under the right and the left foot."""
        return self.model.kinematics.positions(q)[:, self._first : self._first + 8].reshape(-1, 2, 4, 3)

    def _flat_feet(self) -> Array:
        """(2, 4, 3) points under the flat feet, from the middle of each."""
        points = self.soles(self.skeleton.default_q[None])[0]
        points = points - points.mean(1, keepdims=True)
        points[..., 1] = 0.0
        return points

    def place(self, side: int, foot: Foot, heading: float, origin: Array) -> Array:
        """(4, 3) points under a foot that stands as told; NaN for a free foot."""
        if foot.free:
            return np.full((4, 3), np.nan)
        sign = 1.0 if side == 0 else -1.0
        points = self.template[side]
        ball = points[1:3].mean(0)
        lift = np.radians(foot.heel_lift)
        c, s = np.cos(-lift), np.sin(-lift)
        pitch = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        lifted = (points - ball) @ pitch.T + ball
        lifted[3] = points[3]
        turned = _about_y(-sign * np.radians(foot.outwards)) @ lifted.T
        moved = turned.T + np.array([foot.forward, foot.raised, sign * foot.aside])
        placed: Array = moved @ _about_y(heading).T + origin
        return placed

    def solve(self, wish: Array, feet: Array, balanced: Array, iterations: int) -> Array:
        """Postures (N, n) near the wished ones, the feet's points (N, 2, 4, 3) where they are told; NaN is free."""
        targets = np.full((len(wish), self._first + 8, 3), np.nan)
        targets[:, self._first :] = feet.reshape(-1, 8, 3)
        planted = np.isfinite(targets[:, self._first :, 0])
        ones = np.ones(len(wish))
        terms: Sequence[Term] = (
            LandmarkDistance(targets, np.full(targets.shape[:2], 0.006), ones, 30.0),
            PosePrior(wish, np.diag(self._precision()), ones),
            Balance(planted.astype(float), balanced, self.model.points, sigma=0.05, width=10.0),
        )
        return solve_frames(Problem(self.model, terms, self._bounds), wish, self._shared, iterations)[0]

    def _precision(self) -> Array:
        spread = np.array([np.radians(_SPREAD_DEG.get(stem(n), 1.5)) for n in self.skeleton.free_names])
        spread[3:6] = 0.3
        return 1.0 / np.square(spread)

    def let_down(self, q: Array) -> Array:
        """The same postures with their lowest part on the floor."""
        heights = self._support.positions(q)[..., 1] - self._radius
        q = q.copy()
        q[:, 4] -= heights.min(1)
        return q

    def settled(
        self, key: Key, again: Callable[[], Key], rng: Rng, heading: float, origin: Array
    ) -> tuple[Key, Array]:
        """A key and its wished posture: of several drawn the one whose `rests_on` is nearest to the floor."""
        keys = [key, *(again() for _ in range(DRAWS - 1 if key.rests_on else 0))]
        wishes = np.array([self.wish(k, rng, heading, origin) for k in keys])
        names = [m.body for m in self._support.landmarks]
        heights = self._support.positions(wishes)[..., 1] - self._radius
        gap = np.zeros(len(keys))
        for body in key.rests_on:
            gap += np.square(heights[:, [i for i, n in enumerate(names) if n == body]].min(1))
        best = int(gap.argmin())
        return keys[best], wishes[best]

    def wish(self, key: Key, rng: Rng, heading: float, origin: Array) -> Array:
        """(n,) the wished posture of a key, jittered, inside the ranges, the feet about on the floor."""
        q, angles = self.skeleton.default_q.copy(), shared_out(key.angles)
        for name, i in self.coordinates.items():
            if name in angles or stem(name) in angles:
                q[i] = np.radians(angles.get(name, angles.get(stem(name), 0.0)))
            if i > 5:
                share = 0.15 if name.startswith("L5") else 1.0
                q[i] += np.radians(rng.normal(0, 3.0)) * share
        low, high = self._bounds.low_q, self._bounds.high_q
        q = np.clip(q, low, high)
        q[0] += heading
        q[[3, 5]] = origin[[0, 2]]
        return self.let_down(q[None])[0]


def make_keys(planter: Planter, rng: Rng) -> tuple[str, list[Key], Array, Array, Array]:
    """One episode: its kind, keys, wishes (F, n), feet (F, 2, 4, 3) and durations (F - 1,)."""
    chain = CHAINS[rng.choice(len(CHAINS), p=np.array([p for _, p in CHAINS]) / sum(p for _, p in CHAINS))][0]
    count = int(rng.integers(4, 8))
    same = rng.random() < 0.5
    wishes, feet, keys = [], [], []
    heading, origin = float(rng.uniform(-np.pi, np.pi)), np.zeros(3)
    stands: dict[str, Foot] | None = None
    key_of: dict[str, Key] = {}
    wander = rng.random() < 0.35
    for i in range(count):
        name = chain[i % len(chain)]
        again = partial(key_of.__getitem__, name) if same and name in key_of else partial(POSTURES[name], rng)
        key = again()
        if wander and i and not key.on_floor:
            heading += float(rng.normal(0, 0.6))
            origin = origin + np.array([rng.normal(0, 0.25), 0.0, rng.normal(0, 0.25)])
        key, wish = planter.settled(key, again, rng, heading, origin)
        key_of[name] = key
        placed = dict(key.feet)
        stays = not wander and not key.on_floor and name not in OWN_FEET
        if stays and stands is not None and rng.random() < 0.9:
            placed = {
                s: f if f.free else replace(stands[s], heel_lift=f.heel_lift) for s, f in placed.items()
            }
        elif placed and not any(f.free for f in placed.values()):
            stands = placed
        keys.append(key)
        points = [
            planter.place(k, placed[s] if placed else Foot(free=True), heading, origin)
            for k, s in enumerate("rl")
        ]
        wishes.append(over_feet(planter, wish, np.array(points)))
        feet.append(points)
    durations = rng.uniform(0.35, 1.6) * rng.uniform(0.8, 1.25, count - 1)
    if rng.random() < SLOW:
        durations *= rng.uniform(*SLOWER)
    return chain[-1], keys, np.array(wishes), np.array(feet), durations


def over_feet(planter: Planter, wish: Array, feet: Array) -> Array:
    """Shift the wished posture so that its feet are nearest to where they shall be."""
    gap = feet - planter.soles(wish[None])[0]
    if np.isfinite(gap).any():
        wish = wish.copy()
        wish[3:6] += np.nanmean(gap.reshape(-1, 3), axis=0)
    return wish


def make_episodes(planter: Planter, rng: Rng, count: int) -> list[tuple[str, Array]]:
    """Kinds and coordinates (T, n) at 30 Hz of some episodes."""
    plans = [make_keys(planter, rng) for _ in range(count)]
    wishes = np.concatenate([p[2] for p in plans])
    feet = np.concatenate([p[3] for p in plans])
    balanced = np.array([float(k.balanced and not k.on_floor) for p in plans for k in p[1]])
    posed = planter.solve(wishes, feet, balanced, 25)
    standing = np.isfinite(feet).any((1, 2, 3))
    posed = np.where(standing[:, None], posed, planter.let_down(posed))
    stood = np.where(np.isfinite(feet), planter.soles(posed), np.nan)
    courses, placed, first = [], [], 0
    for _, keys, _, _, durations in plans:
        frames = slice(first, first + len(keys))
        first += len(keys)
        q, f = _course(posed[frames], stood[frames], keys, durations, rng)
        courses.append(q)
        placed.append(f)
    q = np.concatenate(courses)
    f = np.concatenate(placed)
    solved = np.concatenate(
        [
            planter.solve(q[i : i + 500], f[i : i + 500], np.zeros(len(q[i : i + 500])), 5)
            for i in range(0, len(q), 500)
        ]
    )
    free = ~np.isfinite(f).any((1, 2, 3))
    solved = np.where(free[:, None], planter.let_down(q), solved)
    ends = np.cumsum([len(c) for c in courses])
    return [
        (plan[0], _upsampled(planter, solved[e - len(c) : e]))
        for plan, c, e in zip(plans, courses, ends, strict=True)
    ]


def _course(q: Array, feet: Array, keys: list[Key], durations: Array, rng: Rng) -> tuple[Array, Array]:
    """Wished postures and foot points from key to key at the solving rate."""
    course, placed = [], []
    for i, duration in enumerate(durations):
        steps = max(3, round(duration * SOLVE_RATE_HZ))
        stagger = rng.normal(0, 0.06, q.shape[1])
        stagger[:20] *= 0.3
        u = np.arange(steps)[:, None] / steps
        out_of_step = rng.random() < 0.8
        s = minimum_jerk(np.clip((u - stagger) / 0.9, 0, 1) if out_of_step else u + 0 * stagger)
        s[0] = 0.0
        course.append(q[i] + s * (q[i + 1] - q[i]))
        placed.append(_foot_course(feet[i], feet[i + 1], steps, rng))
        pause = round(keys[i + 1].pause_s * SOLVE_RATE_HZ)
        course.append(np.repeat(q[i + 1][None], pause, 0))
        placed.append(np.repeat(feet[i + 1][None], pause, 0))
    return np.concatenate(course), np.concatenate(placed)


def _foot_course(start: Array, end: Array, steps: int, rng: Rng) -> Array:
    """(steps, 2, 4, 3) each foot held where it stays, carried over where it moves, free where it leaves the floor."""
    u = np.arange(steps) / steps
    s = minimum_jerk(u)
    out = start + s[:, None, None, None] * (end - start)
    for side in range(2):
        travel = np.linalg.norm((end[side] - start[side]).mean(0)[[0, 2]])
        if np.isfinite(travel) and travel > 0.03:
            early = 0.0 if side == int(rng.integers(2)) else 0.35
            v = minimum_jerk(np.clip((u - early) / 0.65, 0, 1))
            out[:, side] = start[side] + v[:, None, None] * (end[side] - start[side])
            out[:, side, :, 1] += (0.06 + 0.15 * rng.random()) * np.sin(np.pi * v)[:, None]
    return out


def minimum_jerk(u: Array) -> Array:
    """Share of the way after a share `u` of the time, at rest at both ends."""
    return u**3 * (10 - 15 * u + 6 * u**2)


def _upsampled(planter: Planter, q: Array) -> Array:
    """The motion at 30 Hz, inside the ranges."""
    time = np.arange(len(q)) / SOLVE_RATE_HZ
    fine = np.arange(0, time[-1], 1 / FRAME_RATE_HZ)
    low, high = planter.skeleton.bounds
    return np.clip(gaussian_filter1d(CubicSpline(time, q)(fine), 1.2, axis=0, mode="nearest"), low, high)


def _about_y(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


Maker = Callable[[Planter, Rng, int], list[tuple[str, Array]]]


def procedural(cache: Path, minutes: float, seed: int = 4, make: Maker = make_episodes) -> list[Take]:
    """Takes of procedural motion, made once and then read from `cache`."""
    if not cache.exists():
        _make(cache, minutes, seed, make)
    with np.load(cache) as data:
        q, kinds, starts, lengths = (data[name] for name in ("q", "kind", "start", "length"))
    return [
        Take(
            f"procedural_{i}",
            f"procedural_{i % 20}",
            str(kind),
            "val" if i % 20 == 0 else "train",
            with_two_halves(q[a : a + n].astype(float)),
        )
        for i, (kind, a, n) in enumerate(zip(kinds, starts, lengths, strict=True))
    ]


def _make(cache: Path, minutes: float, seed: int, make: Maker) -> None:
    rng = np.random.default_rng(seed)
    planter = Planter()
    episodes: list[tuple[str, Array]] = []
    while sum(len(q) for _, q in episodes) < minutes * 60 * FRAME_RATE_HZ:
        episodes += make(planter, rng, CHUNK)
        log.info(
            "%d episodes, %.1f min", len(episodes), sum(len(q) for _, q in episodes) / 60 / FRAME_RATE_HZ
        )
    lengths = np.array([len(q) for _, q in episodes])
    np.savez(
        cache, q=np.concatenate([q for _, q in episodes]).astype(np.float32), length=lengths,
        start=np.cumsum(lengths) - lengths, kind=[k for k, _ in episodes],
    )  # fmt: skip
