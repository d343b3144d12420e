"""A first guess of the motion from 3D markers: many starts on some frames, then continued to all key frames.

Placing the trunk rigidly and solving each frame for itself falls into wrong bends of shoulder, elbow and knee
when it starts from one posture. So well spread anchor frames are solved from several postures, and the chain
of them is chosen that fits best and moves least; the other key frames start from the nearest anchor.
"""

import numpy as np

from pase.errors import InputError
from pase.fit.frame_solver import FrameSolver, Round, UsualChange, cheapest_chain
from pase.fit.measurements import PointMeasurements
from pase.fit.problem import State
from pase.fit.root import find_root, place_root, rigid_fit, unwound
from pase.fit.schedule import COARSE_RATE_HZ, spread_frames
from pase.fit.trial import Trial
from pase.types import Array, Indices

MarkerTrial = Trial[PointMeasurements]
"""A trial whose only measurements are markers."""

STARTS = 8
"""Postures from which an anchor frame is solved: one with bent elbows and knees, the varied drawn at random."""

FEWEST_ANCHORS, MOST_ANCHORS = 8, 80
ANCHOR_SPACING_S = 0.5
"""How many anchor frames there are, and how far apart in a recording of moderate length."""

USABLE_SHARE = 0.6
"""Share of the usual markers that a frame must show to determine most of the body's posture."""

POSTURE_WEIGHT = 0.3
"""Weight of the posture prior in a frame solved on its own: keeps what the markers leave open off the ends of its
range."""

ILL_FIT, ILL_COST = 3.0, 10.0
"""A key frame whose cost exceeds this multiple of the median plus this constant is solved from all starts again."""

COORDINATE_CHANGE = UsualChange(scatter=0.3, speed=1.5)
"""Radians by which the coordinates of a posture are off, and rad/s at which they change between anchors."""

_FINE_WIDTH = 12.0
_ROUNDS = (Round(60.0, 10, 3), Round(_FINE_WIDTH, 12, 3))
_CONTINUED_STEPS = 8
"""Frames that start from a neighbour need fewer steps."""

_BENT = np.radians(45.0)
"""Elbows and knees of the first start: away from the straight end of their range, where a solver locks."""


def usable_frames(trial: MarkerTrial) -> Indices:
    """Frames in which enough markers are visible to determine most of the body's posture."""
    visible = trial.measurements[0].visible.sum(1)
    usual = np.percentile(visible, 90) if len(visible) else 0
    frames = np.flatnonzero(visible >= max(3.0, USABLE_SHARE * usual))
    if not len(frames):
        raise InputError("no frame of the markers shows three of them at once; there is nothing to fit")
    return frames


def anchor_frames(trial: MarkerTrial) -> Indices:
    """Frames to solve from many starts."""
    duration = float(trial.time[-1] - trial.time[0]) if len(trial.time) > 1 else 0.0
    count = int(np.clip(duration / ANCHOR_SPACING_S, FEWEST_ANCHORS, MOST_ANCHORS))
    return spread_frames(usable_frames(trial), count, 1)


def key_frames(trial: MarkerTrial) -> Indices:
    """Usable frames at the coarse rate, and the first and the last of them."""
    frames = usable_frames(trial)
    stretch = np.floor((trial.time[frames] - trial.time[0]) * COARSE_RATE_HZ).astype(int)
    _, first = np.unique(stretch, return_index=True)
    return np.unique(np.concatenate([frames[first], frames[-1:]]))


def solve_anchors(trial: MarkerTrial, frames: Indices, shared: Array) -> Array:
    """(F, n) postures of some frames, found from many starts."""
    starts = _starts(trial)
    repeated = np.repeat(frames, len(starts))
    q = _placed(trial, repeated, np.tile(starts, (len(frames), 1)), shared)
    q = q.reshape(len(frames), *starts.shape)
    q, costs = FrameSolver(trial, shared, POSTURE_WEIGHT).from_starts(frames, q, _ROUNDS)
    skeleton = trial.subject.model.skeleton
    joints = np.setdiff1d(np.arange(q.shape[-1]), find_root(skeleton).columns)
    chain = cheapest_chain(q, costs, q[..., joints], trial.time[frames], COORDINATE_CHANGE)
    return unwound(skeleton, chain)


def continue_motion(trial: MarkerTrial, solved: Indices, q: Array, shared: Array, keys: Indices) -> Array:
    """(F, n) postures of key frames, each started from the nearest of those that are solved already.

    Parameters
    ----------
    solved, q
        (S,) frames that are solved, and their postures (S, n).
    shared
        (m,) the shared unknowns, which are held.
    keys
        (F,) frames to solve.
    """
    nearest = np.abs(trial.time[keys][:, None] - trial.time[solved][None]).argmin(1)
    solver = FrameSolver(trial, shared, POSTURE_WEIGHT)
    start = _placed(trial, keys, q[nearest], shared)
    out, costs = solver.solve(keys, start, _FINE_WIDTH, _CONTINUED_STEPS)
    ill = costs > ILL_FIT * np.median(costs) + ILL_COST
    if ill.any():
        again = solve_anchors(trial, keys[ill], shared)
        _, again_costs = solver.solve(keys[ill], again, _FINE_WIDTH, 0)
        better = again_costs < costs[ill]
        out[np.flatnonzero(ill)[better]] = again[better]
    return unwound(trial.subject.model.skeleton, out, keep=q[nearest])


def rough_size(trial: MarkerTrial) -> float:
    """How much larger the person is than the model, from the extent of the markers in their widest frames."""
    model, markers = trial.subject.model, trial.measurements[0]
    state = State(_starts(trial)[:1], np.zeros(model.layout.count))
    posture = model.positions(state)[0, model.columns(markers.names)]
    visible = markers.visible
    complete = visible.sum(1) == visible.sum(1).max()
    used = visible[complete].all(0)
    if used.sum() < 4:
        return 1.0
    extent = np.linalg.norm(markers.xyz[complete][:, used].std(1), axis=-1)
    return float(np.percentile(extent, 90) / np.linalg.norm(posture[used].std(0)))


def _starts(trial: MarkerTrial) -> Array:
    """(S, n) starting postures around the model's own, with limbs bent away from the ends of their ranges."""
    low, high = trial.subject.bounds.low_q, trial.subject.bounds.high_q
    skeleton = trial.subject.model.skeleton
    bent = np.clip(skeleton.default_q, low, high)
    for i, name in enumerate(skeleton.free_names):
        if "elbow" in name or name.startswith("knee_angle"):
            bent[i] = np.clip(_BENT if high[i] > -low[i] else -_BENT, low[i], high[i])
    rng = np.random.default_rng(0)
    random = low + (high - low) * rng.uniform(0.2, 0.8, (STARTS - 1, len(bent)))
    shares = np.where(np.arange(STARTS - 1) % 2 == 0, 0.5, 1.0)[:, None]
    root = find_root(skeleton).columns
    varied = bent + shares * (random - bent)
    varied[:, root] = bent[root]
    return np.vstack([bent, varied])


def _placed(trial: MarkerTrial, frames: Indices, q: Array, shared: Array) -> Array:
    """Postures moved as a whole to where the markers near the trunk are."""
    subject, markers = trial.subject, trial.measurements[0].take(frames)
    model, visible = subject.model, markers.visible
    columns = model.columns(markers.names)
    points = model.positions(State(q, shared))[:, columns]
    weight = visible / (1.0 + _joints_from_root(trial) ** 2)
    turn, shift = rigid_fit(points, np.where(visible[..., None], markers.xyz, 0.0), weight)
    postures = place_root(model.kinematics, model.scale(shared), q, turn, shift)
    return np.clip(postures, subject.bounds.low_q, subject.bounds.high_q)


def _joints_from_root(trial: MarkerTrial) -> Array:
    """(K,) number of moving joints between the root body and each marker's body."""
    model = trial.subject.model
    depth: dict[str, int] = {"ground": -1}
    for joint in model.skeleton.joints:
        moving = any(axis.coordinate in model.skeleton.free_names for axis in joint.rotations)
        depth[joint.child] = depth[joint.parent] + int(moving)
    bodies = [
        model.skeleton.landmarks[model.skeleton.landmark_index(n)].body for n in trial.measurements[0].names
    ]
    return np.array([max(depth[body], 0) for body in bodies], float)
