"""A first guess of the whole motion, from 2D keypoints alone.

A single picture leaves the depth of every limb open. So some frames are solved one by one from many starts (facing
eight ways, standing and crouched); the frames between them start from their postures. Dynamic programming then
chooses the chain of postures with the least cost and the least movement from frame to frame. That decides which way
the person faces and to which side each joint bends, before the motion is solved as a whole.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pase.anatomy.model import Skeleton
from pase.fit.frame_solver import FrameSolver, Round, UsualChange, cheapest_chain
from pase.fit.measurements import KeypointMeasurements
from pase.fit.posture import ROOT_ROTATION, ROOT_TRANSLATION, posture, stem
from pase.fit.problem import PersonModel, State
from pase.fit.root import unwound
from pase.fit.terms.posture_kinds import PostureKinds
from pase.fit.trial import Trial
from pase.series import interpolated
from pase.types import Array, Indices

KEY_RATE_HZ = 5.0
"""Key frames a second; the motion between them is interpolated."""

FEWEST_POINTS = 6
"""Points that a key frame must show."""

HEADINGS = 8
"""Directions of the compass tried for the person's facing."""

ASLANT, LYING = np.radians((10.0, 45.0))
"""A person whose median posture is this far from the picture's vertical makes a tilted camera likely; beyond the
second angle the person lies or does push-ups, as a film on its side is turned before it is fitted."""

NEAREST_M = 0.5
"""A person is not nearer to the camera than this."""

POINT_CHANGE = UsualChange(scatter=0.08, speed=1.0)
"""Error of a posture's points (m), and the speed at which they usually move between key frames (m/s)."""

_LEAST_STIFFNESS = 1e-9
"""Keeps the place at the origin where the points do not determine it."""

_ROUNDS = (Round(40.0, 1, 8), Round(40.0, 4, 8), Round(40.0, 3, 4), Round(6.0, 12, 4))
"""Most starts face the wrong way, which shows after one step."""

ANCHOR_EVERY, LONGEST_STEP_S = 3, 0.5
"""Every third key frame is an anchor, solved from all starts; so are those on either side of a longer gap than
this."""

ILL_FIT, ILL_COST = 2.0, 10.0
"""A frame that costs more than this multiple of its neighbours' cost plus this constant is solved from all starts
too."""

_CONTINUED = (Round(40.0, 3, 4), Round(6.0, 12, 4))
"""Postures of neighbours face the right way already: they need fewer steps."""

_ARMS = (Round(40.0, 3, 12), Round(40.0, 3, 6), Round(6.0, 12, 4))
"""The body is in place already: only the arms have some way to go."""

_BENT_ELBOW = np.radians(90.0)
"""The elbows' other angle, where a photo's arms are put elsewhere."""

_POSTURES: tuple[Mapping[str, float], ...] = (
    {"hip_flexion": 8.0, "knee_angle": 12.0, "elbow_flex": 45.0},
    {"hip_flexion": 80.0, "knee_angle": 90.0, "elbow_flex": 60.0, "ankle_angle": 15.0},
)


def initial_motion(trial: Trial[Any], keypoints: KeypointMeasurements, shared: Array) -> Array:
    """First guess of `q` (T, n) for given shared unknowns, with the camera's pitch zero.

    Parameters
    ----------
    trial
        The person in T frames, with all measurements.
    keypoints
        The keypoints of the camera from which the person is placed.
    shared
        (m,) size and camera to assume.
    """
    keys, model, time = key_frames(keypoints), trial.subject.model, trial.time
    solver = FrameSolver(trial, shared)
    q, costs = _candidates(solver, keys, _starts(model, keypoints.take(keys), shared))
    arms = trial.subject.posture.arms
    if len(time) == 1 and arms is not None:
        starts = _with_other_arms(model.skeleton, q, arms, _seen_arms(keypoints))
        q, costs = solver.from_starts(keys, starts, _ARMS)
    F, C, n = q.shape
    points = model.positions(State(q.reshape(F * C, n), shared))[:, model.columns(keypoints.names)]
    chain = cheapest_chain(q, costs, points.reshape(F, C, -1), time[keys], POINT_CHANGE)
    return interpolated(unwound(model.skeleton, chain), time[keys], time)


def _candidates(solver: FrameSolver, keys: Indices, starts: Array) -> tuple[Array, Array]:
    """C candidate postures (F, C, n) for each key frame and their costs (F, C); infinite for duplicates.

    Parameters
    ----------
    keys, starts
        (F,) key frames, and postures (F, S, n) to start from in each.
    """
    anchors = anchor_frames(solver.trial.time[keys])
    at_anchors = solver.from_starts(keys[anchors], starts[anchors], _ROUNDS)
    q, costs = (np.empty((len(keys), *values.shape[1:])) for values in at_anchors)
    q[anchors], costs[anchors] = at_anchors
    between = np.setdiff1d(np.arange(len(keys)), anchors)
    if len(between):
        after = np.searchsorted(anchors, between)
        before, after = anchors[after - 1], anchors[after]
        near, known = (np.concatenate([values[before], values[after]], axis=1) for values in (q, costs))
        q[between], costs[between] = solver.from_starts(keys[between], near, _CONTINUED, np.isfinite(known))
        usual = np.maximum(costs[before].min(1), costs[after].min(1))
        ill = between[costs[between].min(1) > ILL_FIT * usual + ILL_COST]
        if len(ill):
            q[ill], costs[ill] = solver.from_starts(keys[ill], starts[ill], _ROUNDS)
    return q, costs


def _seen_arms(keypoints: KeypointMeasurements) -> tuple[str, ...]:
    """Sides, `_r` or `_l`, on which a photo shows elbow and wrist."""
    seen = {name for name, visible in zip(keypoints.names, keypoints.visible[0], strict=True) if visible}
    return tuple(f"_{side.lower()}" for side in "RL" if {side + "Elbow", side + "Wrist"} <= seen)


def _with_other_arms(skeleton: Skeleton, q: Array, arms: PostureKinds, sides: tuple[str, ...]) -> Array:
    """(F, S, n) the candidates (F, C, n), and the best of them with the arms of some sides held in every usual way.

    An elbow may be in front of the body or behind it, a forearm come towards the camera or go away. The picture is
    nearly the same, and no step of the solver leads from one to the other; so these jumps are tried, as Sminchisescu
    and Triggs do ("Kinematic jump processes for monocular 3D human tracking", CVPR 2003). In a film other frames lead
    there. An arm whose elbow or hand is not seen stays: it would point anywhere.
    """
    (F, _, n), K = q.shape, len(arms.mean)
    arm_starts = np.broadcast_to(q[:, :1, None], (F, 2, K, n)).copy()
    names = skeleton.free_names
    tried = np.array([names[i].endswith(sides) for i in arms.columns])
    arm_starts[..., arms.columns[tried]] = arms.mean[:, tried]
    elbows = [i for i, name in enumerate(names) if stem(name) == "elbow_flex" and name.endswith(sides)]
    arm_starts[:, 1, :, elbows] = _BENT_ELBOW
    return np.concatenate([q, arm_starts.reshape(F, 2 * K, n)], axis=1)


def anchor_frames(time: Array) -> Indices:
    """Indices of the key frames, at times (F,), that are solved from all starts; including the first and the last."""
    anchor, gap = np.arange(len(time)) % ANCHOR_EVERY == 0, np.diff(time) > LONGEST_STEP_S
    anchor[-1] = True
    anchor[:-1] |= gap
    anchor[1:] |= gap
    return np.flatnonzero(anchor)


def possible_rolls(keypoints: KeypointMeasurements) -> list[float]:
    """Rolls of the camera worth trying, rad: level, and for a person aslant in the picture, half and all of the
    slant.

    A person is aslant if trunk and whole body both are: somebody seated has the feet in front, somebody bent the
    head.
    """
    slants = [_slant(keypoints, ends) for ends in (("LHip", "RHip"), ("LAnkle", "RAnkle"))]
    slant = min(slants, key=abs)
    if not ASLANT <= abs(slant) < LYING or slants[0] * slants[1] < 0:
        return [0.0]
    return [0.0, 0.5 * slant, slant]


def _slant(keypoints: KeypointMeasurements, ends: tuple[str, str]) -> float:
    """Median angle to the vertical of the line from the middle of two points to the neck; 0 when unseen."""
    needed = ("Neck", *ends)
    if not set(needed) <= set(keypoints.names):
        return 0.0
    columns = [keypoints.names.index(name) for name in needed]
    visible = keypoints.visible[:, columns, None]
    neck, left, right = np.where(visible, keypoints.xy[:, columns], np.nan).swapaxes(0, 1)
    up = neck - 0.5 * (left + right)
    angles = np.arctan2(up[:, 0], -up[:, 1])
    angles = angles[np.isfinite(angles)]
    return float(np.median(angles)) if len(angles) else 0.0


def key_frames(keypoints: KeypointMeasurements) -> Indices:
    """Indices of frames at about the key rate: the one with most visible points of each stretch."""
    visible = keypoints.visible.sum(1)
    stretch = np.floor((keypoints.time - keypoints.time[0]) * KEY_RATE_HZ).astype(int)
    keys = []
    for members in np.split(np.arange(len(stretch)), np.flatnonzero(np.diff(stretch)) + 1):
        best = members[visible[members] == visible[members].max()]
        keys.append(best[len(best) // 2])
    usable = [k for k in keys if visible[k] >= FEWEST_POINTS]
    return np.array(usable or [int(np.argmax(visible))], dtype=np.intp)


def _starts(model: PersonModel, keypoints: KeypointMeasurements, shared: Array) -> Array:
    """(F, S, n) starting postures of each frame, at the place where the picture shows the person."""
    skeleton = model.skeleton
    heading = skeleton.coordinate_index(ROOT_ROTATION[0])
    translation = [skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]
    base = []
    for angles in _POSTURES:
        for turn in np.arange(HEADINGS) * (2 * np.pi / HEADINGS):
            q = posture(skeleton, angles)
            q[heading], q[translation] = turn, 0.0
            base.append(q)
    starts = np.broadcast_to(np.array(base), (len(keypoints.xy), len(base), skeleton.default_q.size)).copy()
    points = model.positions(State(np.array(base), shared))[:, model.columns(keypoints.names)]
    starts[:, :, translation] = _place(points, keypoints, shared)
    return starts


def _place(points: Array, keypoints: KeypointMeasurements, shared: Array) -> Array:
    """(F, S, 3) translations that put point sets (S, K, 3) where the camera sees them.

    For a ray (u, v) of a camera at c with the rows R of `R_camera_world`, `(R_x − u R_z) · (P + t − c) = 0` and the
    same for v and y are linear in t, so each is a 3 × 3 system.
    """
    camera, F = keypoints.camera, len(keypoints.xy)
    R_camera_world = np.broadcast_to(camera.rotation(shared), (F, 3, 3))
    position, focal = camera.position(shared), np.broadcast_to(camera.focal_px(shared), (F,))
    rays = (keypoints.xy - camera.principal_point) / focal[:, None, None]
    weight = np.where(keypoints.visible, 1.0 / keypoints.sigma, 0.0)
    rays = np.where(weight[..., None] > 0, rays, 0.0).transpose(0, 2, 1)
    rows = R_camera_world[:, :2, None] - rays[..., None] * R_camera_world[:, None, None, 2]
    rows = rows * weight[:, None, :, None]
    right = -np.einsum("faki,ski->fsak", rows, points - position)
    A = rows.reshape(F, -1, 3)
    normal = A.transpose(0, 2, 1) @ A + _LEAST_STIFFNESS * np.eye(3)
    moments = np.einsum("fri,fsr->fsi", A, right.reshape(F, len(points), -1))
    root = np.linalg.solve(normal[:, None], moments[..., None])[..., 0]
    in_camera = (root - position) @ np.swapaxes(R_camera_world, 1, 2)
    in_camera[..., 2] = np.maximum(in_camera[..., 2], NEAREST_M)
    return np.asarray(in_camera @ R_camera_world + position)
