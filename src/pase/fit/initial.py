"""A first guess of the whole motion, from 2D keypoints alone.

A single picture leaves the depth of every limb open. So the posture of some frames is solved from many
starts (facing eight ways, standing and crouched), each frame for itself, and the chain of postures that is
cheapest and moves least from frame to frame is chosen by dynamic programming. It finds the facing of the
person and the side of every bend before the motion is solved as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.model import Skeleton
from pase.data import interpolated
from pase.fit.posture import ROOT_ROTATION, ROOT_TRANSLATION, pose_prior, posture
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.solver import Bounds, Problem
from pase.fit.terms.base import Term
from pase.fit.terms.lifted_depth import Depths, LiftedDepth
from pase.fit.terms.prior import PosePrior
from pase.fit.terms.reprojection import Reprojection

Array = NDArray[np.float64]

HEADINGS = 8
"""Directions of the compass tried for the person's facing."""

ASLANT = np.radians(10.0)
"""A person whose median posture is this far from the picture's vertical makes a tilted camera likely."""

BATCH = 48
"""Frames whose starts are solved at once: bounds the memory."""

_ROUNDS = ((40.0, 1, 8), (40.0, 7, 4), (6.0, 12, 4))
"""Width of the robust loss, steps, and how many starts of each frame are kept after them. Most starts face the
wrong way and show it after one step."""
_POSTURES: tuple[Mapping[str, float], ...] = (
    {"hip_flexion": 20.0, "knee_angle": 30.0, "elbow_flex": 45.0},
    {"hip_flexion": 80.0, "knee_angle": 90.0, "elbow_flex": 60.0, "ankle_angle": 15.0},
)


@dataclass(frozen=True)
class Observations:
    """2D keypoints as the estimator weighs them."""

    xy: Array
    """(T, K, 2) px, NaN where unseen."""
    sigma: Array
    """(T, K) px, infinite where the point shall not count."""
    time: Array
    """(T,) seconds."""
    principal_point: Array
    """(2,) px."""
    depths: Depths | None = None
    """What a lifter tells, when there is one."""

    def take(self, frames: NDArray[np.intp]) -> Observations:
        """The same person in some frames."""
        depths = None if self.depths is None else self.depths.take(frames)
        return Observations(
            self.xy[frames], self.sigma[frames], self.time[frames], self.principal_point, depths
        )


def initial_motion(
    model: PersonModel, observed: Observations, shared: Array, bounds: Bounds, rate_hz: float = 5.0
) -> Array:
    """First guess of `q` (T, n) before a camera with the given shared unknowns, its pitch zero.

    Parameters
    ----------
    model
        The person's model.
    observed
        T frames of keypoints.
    shared
        (m,) size and camera to assume.
    bounds
        Ranges of the coordinates.
    rate_hz
        Key frames a second; the motion between them is interpolated.
    """
    keys = key_frames(observed, rate_hz)
    some = observed.take(keys)
    batches = [
        _candidates(model, some.take(np.arange(i, min(i + BATCH, len(keys)))), shared, bounds)
        for i in range(0, len(keys), BATCH)
    ]
    q, costs = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    chosen = _chain(model, q, costs, shared, some.time)
    return _unwound(model.skeleton, chosen, some.time, observed.time)


def _candidates(
    model: PersonModel, observed: Observations, shared: Array, bounds: Bounds
) -> tuple[Array, Array]:
    """Postures (F, C, n) that explain each frame, and their costs (F, C): fewer from round to round."""
    q = _starts(model, observed, shared)
    for width, iterations, kept in _ROUNDS:
        F, S, n = q.shape
        each = np.repeat(np.arange(F), S)
        solved, flat = _solve(
            model, observed.take(each), shared, bounds, q.reshape(F * S, n), width, iterations
        )
        best = np.argsort(flat.reshape(F, S), axis=1)[:, :kept]
        q = np.take_along_axis(solved.reshape(F, S, n), best[..., None], 1)
        costs = np.take_along_axis(flat.reshape(F, S), best, 1)
    return q, costs


def possible_rolls(observed: Observations, names: tuple[str, ...]) -> list[float]:
    """Rolls of the camera worth trying, rad: level, and where people stand aslant in the picture, half and whole."""
    needed = ("Neck", "LAnkle", "RAnkle")
    if not set(needed) <= set(names):
        return [0.0]
    neck, left, right = (np.where(np.isfinite(observed.sigma[:, i, None]), observed.xy[:, i], np.nan)
                         for i in map(names.index, needed))  # fmt: skip
    upright = neck - 0.5 * (left + right)
    angles = np.arctan2(upright[:, 0], -upright[:, 1])
    angles = angles[np.isfinite(angles)]
    slant = float(np.median(angles)) if len(angles) else 0.0
    return [0.0] if abs(slant) < ASLANT else [0.0, 0.5 * slant, slant]


def key_frames(observed: Observations, rate_hz: float) -> NDArray[np.intp]:
    """Indices of frames about 1/rate apart, each the one of its stretch in which most points are seen."""
    visible = np.isfinite(observed.sigma).sum(1)
    stretch = np.floor((observed.time - observed.time[0]) * rate_hz).astype(int)
    keys = []
    for members in np.split(np.arange(len(stretch)), np.flatnonzero(np.diff(stretch)) + 1):
        best = members[visible[members] == visible[members].max()]
        keys.append(best[len(best) // 2])
    usable = [k for k in keys if visible[k] >= 6]
    return np.array(usable or [int(np.argmax(visible))], dtype=np.intp)


def _starts(model: PersonModel, observed: Observations, shared: Array) -> Array:
    """(F, S, n) starting postures of each frame, placed where the picture shows them."""
    skeleton = model.skeleton
    heading = skeleton.coordinate_index(ROOT_ROTATION[0])
    translation = [skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]
    base = []
    for angles in _POSTURES:
        for turn in np.arange(HEADINGS) * (2 * np.pi / HEADINGS):
            q = posture(skeleton, angles)
            q[heading], q[translation] = turn, 0.0
            base.append(q)
    starts = np.broadcast_to(np.array(base), (len(observed.xy), len(base), skeleton.default_q.size)).copy()
    points = model.positions(State(np.array(base), shared))[:, : len(model.points)]
    starts[:, :, translation] = _place(points, observed, model, shared)
    return starts


def _place(points: Array, observed: Observations, model: PersonModel, shared: Array) -> Array:
    """(F, S, 3) translations that put point sets (S, K, 3) where a camera that does not look up or down sees them.

    `u (P_z + t_z) = P_x + t_x` is linear in t for every ray (u, v), so each is a 3 × 3 system.
    """
    _, roll, height, log_focal = shared[model.layout.camera]
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    rays = (observed.xy - observed.principal_point) @ turn / np.exp(log_focal)
    weight = np.where(np.isfinite(observed.sigma), 1.0 / observed.sigma, 0.0)
    rays = np.where(weight[..., None] > 0, rays, 0.0)
    seen = points * np.array([1.0, -1.0, -1.0]) + np.array([0.0, height, 0.0])
    F, K = weight.shape
    rows = np.zeros((F, 2, K, 3))
    rows[:, 0, :, 0] = rows[:, 1, :, 1] = 1.0
    rows[:, :, :, 2] = -rays.transpose(0, 2, 1)
    rows *= weight[:, None, :, None]
    right = rays.transpose(0, 2, 1)[:, None] * seen[None, :, None, :, 2] - seen[None, ..., :2].transpose(
        0, 1, 3, 2
    )
    right *= weight[:, None, None, :]
    A = rows.reshape(F, 2 * K, 3)
    normal = A.transpose(0, 2, 1) @ A + 1e-9 * np.eye(3)
    moments = np.einsum("fri,fsr->fsi", A, right.reshape(F, -1, 2 * K))
    placed: Array = np.linalg.solve(normal[:, None], moments[..., None])[..., 0]
    placed[..., 2] = np.maximum(placed[..., 2], 0.5)
    return np.asarray(placed * np.array([1.0, -1.0, -1.0]))


def _solve(
    model: PersonModel,
    observed: Observations,
    shared: Array,
    bounds: Bounds,
    q: Array,
    width: float,
    iterations: int,
) -> tuple[Array, Array]:
    """Postures (N, n) and their costs (N,), each frame for itself."""
    ones = np.ones(len(q))
    terms: list[Term] = [
        Reprojection(observed.xy, observed.sigma, observed.principal_point, ones, width),
        PosePrior(*pose_prior(model.skeleton), ones),
    ]
    if observed.depths is not None:
        terms.append(LiftedDepth(observed.depths, ones, width))
    return solve_frames(Problem(model, terms, bounds), q, shared, iterations)


def solve_frames(problem: Problem, q: Array, shared: Array, iterations: int) -> tuple[Array, Array]:
    """Levenberg-Marquardt on every frame apart, all at once; for terms that do not couple frames.

    Returns
    -------
    q : (N, n)
        Postures inside the ranges.
    costs : (N,)
        Their costs.
    """
    q = problem.bounds.clip(State(q, shared)).q
    at = Linearization(problem.model, State(q, shared), shared_free=False)
    costs = problem.frame_costs(at)
    damping = np.full(len(q), 1e-2)
    eye = np.arange(q.shape[1])
    for _ in range(iterations):
        normal = problem.normal_equations(at)
        free = problem.bounds.free(at.state, normal.gradient_q, normal.gradient_shared)[0]
        normal = normal.restricted(free, np.ones(0, bool))
        hessian = normal.lag0
        diagonal = hessian[:, eye, eye]
        hessian[:, eye, eye] += damping[:, None] * np.maximum(diagonal, 1e-6) + 1e-9
        step = np.linalg.solve(hessian, -normal.gradient_q[..., None])[..., 0]
        candidate = problem.bounds.clip(State(q + step, shared))
        new = problem.frame_costs(Linearization(problem.model, candidate, shared_free=False))
        better = new < costs
        q = np.where(better[:, None], candidate.q, q)
        costs = np.where(better, new, costs)
        damping = np.where(better, damping / 4, damping * 6)
        at = Linearization(problem.model, State(q, shared), shared_free=False)
    return q, costs


def _chain(model: PersonModel, q: Array, costs: Array, shared: Array, time: Array) -> Array:
    """(F, n) the cheapest chain through the candidates (F, C, n): own costs and motion between frames."""
    F, C, n = q.shape
    points = model.positions(State(q.reshape(F * C, n), shared))[:, : len(model.points)]
    points = points.reshape(F, C, -1, 3)
    total, back = costs[0], np.zeros((F, C), dtype=np.intp)
    for f in range(1, F):
        scatter = 0.08 + 1.0 * min(float(time[f] - time[f - 1]), 1.0)
        distance = np.square(points[f][:, None] - points[f - 1][None]).sum((-1, -2)) / scatter**2
        through = total[None] + 0.5 * distance
        back[f] = np.argmin(through, 1)
        total = through.min(1) + costs[f]
    path = [int(np.argmin(total))]
    for f in range(F - 1, 0, -1):
        path.append(int(back[f, path[-1]]))
    return q[np.arange(F), path[::-1]]


def _unwound(skeleton: Skeleton, q: Array, known: Array, time: Array) -> Array:
    """(T, n) linear interpolation of key postures; headings are unwound first."""
    q = q.copy()
    heading = skeleton.coordinate_index(ROOT_ROTATION[0])
    q[:, heading] = np.unwrap(q[:, heading])
    return interpolated(q, known, time)
