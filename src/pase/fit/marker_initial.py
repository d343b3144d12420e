"""A first guess of the motion from 3D markers: many starts on some frames, then continued to all key frames.

Placing the trunk rigidly and solving each frame for itself falls into wrong bends of shoulder, elbow and knee
when it starts from one posture. So well spread anchor frames are solved from several postures, and the chain
of them is chosen that fits best and moves least; the other key frames start from the nearest anchor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pase.anatomy.model import Skeleton
from pase.data import interpolated
from pase.errors import InputError
from pase.fit.initial import solve_frames
from pase.fit.marker_person import MarkerPerson
from pase.fit.problem import State
from pase.fit.root import find_root, place_root, rigid_fit

Array = NDArray[np.float64]
Frames = NDArray[np.intp]

STARTS = 8
"""Postures from which an anchor frame is solved: one with bent elbows and knees, the others drawn at random."""

MOST_ANCHORS = 80
ANCHOR_SPACING_S = 0.5

POSTURE_WEIGHT = 0.3
"""Of the pose prior in a frame solved for itself: keeps what the markers do not tell off the ends of its range."""

BATCH = 400
"""Postures solved at once: bounds the memory."""

ILL_FIT = 3.0
"""A key frame whose cost is so many times the median's, and more, is solved from all starts again."""

_ROUGH_WIDTH, _FINE_WIDTH = 60.0, 12.0
_BENT = np.radians(45.0)


def usable_frames(person: MarkerPerson) -> Frames:
    """Frames in which enough markers are seen to tell the posture of most of the body."""
    seen = person.seen
    most = np.percentile(seen.sum(1), 90) if len(seen) else 0
    frames = np.flatnonzero(seen.sum(1) >= max(3.0, 0.6 * most))
    if not len(frames):
        raise InputError("no frame of the markers shows three of them at once; there is nothing to fit")
    return frames


def spread_frames(person: MarkerPerson, count: int) -> Frames:
    """At most so many usable frames, evenly spread in time."""
    frames = usable_frames(person)
    if len(frames) <= count:
        return frames
    chosen: Frames = frames[np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))]
    return chosen


def anchor_frames(person: MarkerPerson) -> Frames:
    """Frames to solve from many starts."""
    duration = float(person.time[-1] - person.time[0]) if len(person.time) > 1 else 0.0
    return spread_frames(person, int(np.clip(duration / ANCHOR_SPACING_S, 8, MOST_ANCHORS)))


def solve_anchors(person: MarkerPerson, frames: Frames, shared: Array) -> Array:
    """(F, n) postures of some frames, found from many starts."""
    starts = _starts(person)
    F, S = len(frames), len(starts)
    which = np.repeat(frames, S)
    q = _placed(person, which, np.tile(starts, (F, 1)), shared)
    q, costs = _solve(person, which, q, shared, _ROUGH_WIDTH, 10)
    kept = np.argsort(costs.reshape(F, S), axis=1)[:, :3]
    q = np.take_along_axis(q.reshape(F, S, -1), kept[..., None], 1)
    which = np.repeat(frames, q.shape[1])
    fine, costs = _solve(person, which, q.reshape(len(which), -1), shared, _FINE_WIDTH, 12)
    return _chain(person, fine.reshape(q.shape), costs.reshape(F, -1), frames)


def continue_motion(person: MarkerPerson, known: Frames, q: Array, shared: Array, keys: Frames) -> Array:
    """(F, n) postures of key frames, each started from the nearest of those known already."""
    nearest = np.abs(person.time[keys][:, None] - person.time[known][None]).argmin(1)
    start = _placed(person, keys, q[nearest], shared)
    found, costs = _solve(person, keys, start, shared, _FINE_WIDTH, 8)
    ill = costs > ILL_FIT * np.median(costs) + 10.0
    if ill.any():
        again = solve_anchors(person, keys[ill], shared)
        _, other = _solve(person, keys[ill], again, shared, _FINE_WIDTH, 0)
        better = other < costs[ill]
        found[np.flatnonzero(ill)[better]] = again[better]
    return unwound(person.model.skeleton, found, keep=q[nearest])


def unwound(skeleton: Skeleton, q: Array, keep: Array | None = None) -> Array:
    """Postures (F, n) whose root turns on without jumps of a whole turn; with `keep`, near to those."""
    turns = [find_root(skeleton).turns[i] for i in (0, 2)]
    out = q.copy()
    if keep is not None:
        out[:, turns] -= 2 * np.pi * np.round((q[:, turns] - keep[:, turns]) / (2 * np.pi))
    out[:, turns] = np.unwrap(out[:, turns], axis=0)
    return out


def spread_in_time(person: MarkerPerson, keys: Frames, q: Array, frames: Frames) -> Array:
    """Postures (F, n) of key frames interpolated smoothly to other frames, inside the ranges."""
    if len(keys) < 2:
        return np.repeat(q[:1], len(frames), axis=0)
    time, at = person.time[keys], np.clip(person.time[frames], person.time[keys[0]], person.time[keys[-1]])
    smooth = CubicSpline(time, q, axis=0, bc_type="natural")(at) if len(keys) > 3 else None
    straight = interpolated(q, time, at)
    wide = np.interp(at, time[:-1], np.diff(time)) > 4 * np.median(np.diff(time))
    out = straight if smooth is None else np.where(wide[:, None], straight, smooth)
    clipped: Array = np.clip(out, person.bounds.low_q, person.bounds.high_q)
    return clipped


def rough_size(person: MarkerPerson) -> float:
    """How much larger the person is than the model, from the extent of the markers in their widest frames."""
    posture = person.model.positions(State(_starts(person)[:1], np.zeros(person.model.layout.count)))[0]
    seen = person.seen
    complete = seen.sum(1) == seen.sum(1).max()
    used = seen[complete].all(0)
    if used.sum() < 4:
        return 1.0
    extent = np.linalg.norm(person.xyz[complete][:, used].std(1), axis=-1)
    return float(np.percentile(extent, 90) / np.linalg.norm(posture[used].std(0)))


def _starts(person: MarkerPerson) -> Array:
    """(S, n) starting postures around the model's own, with limbs bent away from the ends of their ranges."""
    low, high = person.bounds.low_q, person.bounds.high_q
    skeleton = person.model.skeleton
    bent = np.clip(skeleton.default_q, low, high)
    for i, name in enumerate(skeleton.free_names):
        if "elbow" in name or name.startswith("knee_angle"):
            bent[i] = np.clip(_BENT if high[i] > -low[i] else -_BENT, low[i], high[i])
    rng = np.random.default_rng(0)
    drawn = low + (high - low) * rng.uniform(0.2, 0.8, (STARTS - 1, len(bent)))
    shares = np.where(np.arange(STARTS - 1) % 2 == 0, 0.5, 1.0)[:, None]
    root = find_root(skeleton).columns
    others = bent + shares * (drawn - bent)
    others[:, root] = bent[root]
    return np.vstack([bent, others])


def _placed(person: MarkerPerson, frames: Frames, q: Array, shared: Array) -> Array:
    """Postures moved as a whole to where the markers near the trunk are."""
    model = person.model
    points = model.positions(State(q, shared))
    known = person.seen[frames]
    weight = known / (1.0 + _joints_from_root(person) ** 2)
    turn, shift = rigid_fit(points, np.where(known[..., None], person.xyz[frames], 0.0), weight)
    placed = place_root(model.kinematics, model.scale(shared), q, turn, shift)
    return np.clip(placed, person.bounds.low_q, person.bounds.high_q)


def _joints_from_root(person: MarkerPerson) -> Array:
    """(K,) number of moving joints between the root body and each marker's body."""
    skeleton = person.model.skeleton
    names = skeleton.body_names
    depth: dict[str, int] = {"ground": -1}
    for joint in skeleton.joints:
        moving = any(axis.coordinate in skeleton.free_names for axis in joint.rotations)
        depth[joint.child] = depth[joint.parent] + int(moving)
    return np.array([max(depth[names[names.index(m.body)]], 0) for m in skeleton.landmarks], float)


def _solve(
    person: MarkerPerson, frames: Frames, q: Array, shared: Array, width: float, iterations: int
) -> tuple[Array, Array]:
    """Postures (N, n) and their costs (N,), each frame for itself."""
    parts = []
    for i in range(0, len(frames), BATCH):
        some = slice(i, i + BATCH)
        problem = person.problem(
            frames[some], smooth=False, priors=False, width=width, posture=POSTURE_WEIGHT
        )
        parts.append(solve_frames(problem, q[some], shared, iterations))
    found, costs = (np.concatenate(column) for column in zip(*parts, strict=True))
    return found, costs


def _chain(person: MarkerPerson, q: Array, costs: Array, frames: Frames) -> Array:
    """(F, n) the cheapest chain through candidates (F, C, n): own costs and turning of joints between frames."""
    F, C, n = q.shape
    joints = np.setdiff1d(np.arange(n), find_root(person.model.skeleton).columns)
    total, back = costs[0], np.zeros((F, C), dtype=np.intp)
    for f in range(1, F):
        spread = 0.3 + 1.5 * min(float(person.time[frames[f]] - person.time[frames[f - 1]]), 1.0)
        turned = np.square((q[f][:, None] - q[f - 1][None])[..., joints]).sum(-1) / spread**2
        through = total[None] + 0.5 * turned
        back[f] = np.argmin(through, 1)
        total = through.min(1) + costs[f]
    path = [int(np.argmin(total))]
    for f in range(F - 1, 0, -1):
        path.append(int(back[f, path[-1]]))
    return unwound(person.model.skeleton, q[np.arange(F), path[::-1]])
