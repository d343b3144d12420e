"""Captured motion as motion of the default skeleton.

The corpus holds joint positions on skeletons of many makes. Only the directions of their bones are taken: the
joints are put where the default skeleton's own bone lengths would have them, and the coordinates that come
nearest are solved for inside the joint ranges, so that every posture is anatomically possible.
"""

import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.neck_shares import with_two_halves

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import load_proportions
from pase.fit.frame_solver import solve_frames
from pase.fit.posture import pose_prior, posture
from pase.fit.problem import PersonModel, sole_landmarks
from pase.fit.solver import Bounds, Problem
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.prior import PosePrior

Array = NDArray[np.float64]

log = logging.getLogger(__name__)

FRAME_RATE_HZ = 30.0
BATCH = 400
MISSING = -32768
"""Stands for a joint that is absent, in files of half millimetres."""
CLIPS_AT_ONCE = 20
"""Clips that a process solves before it hands them back."""
KEY_STEP = 8
"""Every so many frames one is solved from several starts; the others start between their neighbours."""

_PLACES = {
    "hip_{}": ("femur_{}", (0, 0, 0)),
    "knee_{}": ("tibia_{}", (0, 0, 0)),
    "ankle_{}": ("talus_{}", (0, 0, 0)),
    "ball_{}": ("toes_{}", (0, 0, 0)),
    "shoulder_{}": ("humerus_{}", (0, 0, 0)),
    "elbow_{}": ("ulna_{}", (0, 0, 0)),
    "wrist_{}": ("hand_{}", (0, 0, 0)),
    "hand_{}": ("hand_{}", (0, -0.08, 0)),
}
_MIDLINE = {
    "spine": ("lumbar5", (0, 0, 0)),
    "neck": ("torso", (0, 0.47, 0)),
    "head": ("head", (0, 0.03, 0)),
    "head_end": ("head", (0.01, 0.13, 0)),
}
_SIGMA_M = {"spine": 0.05, "neck": 0.04, "head": 0.04, "head_end": 0.03, "shoulder": 0.03, "hand": 0.02}
_PRIOR_WEIGHT = 0.03


LEGS_TOO_LONG = {"OpenSim": 0.0, "DAZ": 0.03, "iClone": 0.016, "CMU": 0.016, "ASF": 0.016, "BVH": 0.016}
"""By a word of its skeleton's name, how much longer a source's legs are than those of the people recorded.

CMU's legs bend so much more than people's: the knees of 25 walking subjects are at 22 and 29° in a quarter and half
of the frames (marker-based 10 and 16°), at 70° (65) in the swing, and where the leg does not reach, at exactly 0.
Legs that are 1.6 % too long do this (1.0-2.3 in all but two of 20 subjects), of those on a DAZ rig 3 %."""


@dataclass(frozen=True)
class Take:
    """A stretch of motion of the default skeleton at 30 Hz."""

    name: str
    subject: str
    category: str
    split: str
    q: Array
    """(T, n)"""
    source: str = ""
    """What it comes from, a name of `tools.train_lifter.motion.SOURCES`."""


def fit_landmarks() -> tuple[Landmark, ...]:
    """The corpus' joints on the default skeleton."""
    sided = [
        Landmark(name.format(s), body.format(s), place)
        for s in "rl"
        for name, (body, place) in _PLACES.items()
    ]
    return (*sided, *(Landmark(name, body, place) for name, (body, place) in _MIDLINE.items()))


class Retargeter:
    """Joint positions of any make to coordinates of the default skeleton."""

    def __init__(self, joints: tuple[str, ...]) -> None:
        marks = fit_landmarks()
        self._skeleton = default_skeleton().with_landmarks(marks)
        self.names = tuple(m.name for m in marks)
        self._joints = {name: i for i, name in enumerate(joints)}
        self.model = PersonModel(self._skeleton, load_proportions(), self.names, sole_landmarks())
        self.shared = np.zeros(self.model.layout.count)
        self._rest = dict(zip(self.names, self._positions(self._skeleton.default_q[None])[0], strict=True))
        free = np.full(self.model.layout.count, np.inf)
        self._bounds = Bounds(*self._skeleton.bounds, -free, free)
        self._sigma = np.array(
            [_SIGMA_M.get(n.split("_")[0] if n != "head_end" else n, 0.012) for n in self.names]
        )

    def _positions(self, q: Array) -> Array:
        return self.model.kinematics.positions(q)[:, : len(self.names)]

    def targets(self, positions: Array) -> Array:
        """(T, K, 3) where the default skeleton's joints should be; NaN where the source has none."""
        source = {name: positions[:, i] for name, i in self._joints.items()}
        rest = self._rest
        out: dict[str, Array] = {}
        middle = 0.5 * (source["hip_r"] + source["hip_l"])
        legs = np.nanmedian(
            np.linalg.norm(source["hip_r"] - source["knee_r"], axis=-1)
            + np.linalg.norm(source["knee_r"] - source["ankle_r"], axis=-1)
        )
        own_legs = np.linalg.norm(rest["hip_r"] - rest["knee_r"]) + np.linalg.norm(
            rest["knee_r"] - rest["ankle_r"]
        )
        centre = middle * (own_legs / legs)
        width = _unit(source["hip_r"] - source["hip_l"]) * np.linalg.norm(rest["hip_r"] - rest["hip_l"])
        trunk = 0.5 * (source["shoulder_r"] + source["shoulder_l"]) - middle
        length = np.linalg.norm(trunk, axis=-1, keepdims=True)
        own_trunk = (
            np.linalg.norm(rest["shoulder_r"] + rest["shoulder_l"] - rest["hip_r"] - rest["hip_l"]) / 2
        )
        share = np.minimum(length / np.nanpercentile(length, 90), 1.0)
        chest = centre + _unit(trunk) * share * own_trunk
        line = _unit(source["shoulder_r"] - source["shoulder_l"])
        line = line * np.linalg.norm(rest["shoulder_r"] - rest["shoulder_l"])
        for side, sign in (("r", 0.5), ("l", -0.5)):
            out[f"hip_{side}"] = centre + sign * width
            out[f"shoulder_{side}"] = chest + sign * line
            for chain in (("hip", "knee", "ankle", "ball"), ("shoulder", "elbow", "wrist", "hand")):
                for parent, child in zip(chain[:-1], chain[1:], strict=True):
                    a, b = f"{parent}_{side}", f"{child}_{side}"
                    bone = np.linalg.norm(rest[b] - rest[a])
                    out[b] = out[a] + _unit(source[b] - source[a]) * bone
        out["spine"] = centre + _unit(source["spine"] - middle) * np.linalg.norm(
            rest["spine"] - 0.5 * (rest["hip_r"] + rest["hip_l"])
        )
        out["neck"] = np.full_like(centre, np.nan)
        base = chest + _unit(trunk) * 0.12
        out["head"] = base + _unit(source["head"] - source["neck"]) * 0.10
        out["head_end"] = out["head"] + _unit(source["head_end"] - source["head"]) * np.linalg.norm(
            rest["head_end"] - rest["head"]
        )
        return np.stack([out[name] for name in self.names], axis=1)

    def solve(self, positions: Array) -> tuple[Array, Array]:
        """Coordinates (T, n) on the floor Y = 0, and the root mean square distance (T,) from the targets."""
        targets = self.targets(positions)
        keys = np.unique(np.append(np.arange(0, len(targets), KEY_STEP), len(targets) - 1))
        q = self._solve_keys(targets[keys])
        q = np.stack([np.interp(np.arange(len(targets)), keys, c) for c in q.T], axis=1)
        q = np.concatenate(
            [self._minimise(targets[i : i + BATCH], q[i : i + BATCH], 6)[0] for i in range(0, len(q), BATCH)]
        )
        q = gaussian_filter1d(q, 0.7, axis=0, mode="nearest")
        low, high = self._skeleton.bounds
        q = np.clip(q, low, high)
        error = np.linalg.norm(self._positions(q) - targets, axis=-1)
        soles = self.model.kinematics.positions(q)[:, len(self.names) :, 1].min(1)
        q[:, 4] -= np.percentile(soles, 5)
        return q, np.sqrt(np.nanmean(np.square(error), axis=1))

    def _solve_keys(self, targets: Array) -> Array:
        """(F, n) the better of two starts in each frame, with headings unwound."""
        starts = [
            self._start(targets, a)
            for a in (
                {"elbow_flex": 45.0, "knee_angle": 30.0, "hip_flexion": 20.0},
                {"elbow_flex": 60.0, "arm_elevation": 90.0, "knee_angle": 60.0, "hip_flexion": 50.0},
            )
        ]
        out = np.empty_like(starts[0])
        for i in range(0, len(targets), BATCH):
            rows = slice(i, i + BATCH)
            results = [self._minimise(targets[rows], s[rows], 18) for s in starts]
            best = np.argmin([cost for _, cost in results], axis=0)
            out[rows] = np.stack([q for q, _ in results])[best, np.arange(len(best))]
        out[:, [0, 2]] = np.unwrap(out[:, [0, 2]], axis=0)
        return out

    def _start(self, targets: Array, angles: dict[str, float]) -> Array:
        """(F, n) a posture with the pelvis turned as the targets' hips and trunk are."""
        get = {name: targets[:, k] for k, name in enumerate(self.names)}
        across = _unit(get["hip_r"] - get["hip_l"])
        up = get["shoulder_r"] + get["shoulder_l"] - get["hip_r"] - get["hip_l"]
        forward = _unit(np.cross(up, across))
        rotation = np.stack([forward, np.cross(across, forward), across], axis=-1)
        q = np.tile(posture(self._skeleton, angles), (len(targets), 1))
        q[:, :3] = _root_angles(rotation)
        q[:, 3:6] = 0.0
        middle = 0.5 * (get["hip_r"] + get["hip_l"])
        k = self.names.index
        hips = self._positions(q)[:, [k("hip_r"), k("hip_l")]].mean(1)
        q[:, 3:6] = middle - hips
        return q

    def _minimise(self, targets: Array, q: Array, iterations: int) -> tuple[Array, Array]:
        ones = np.ones(len(q))
        mean, precision = pose_prior(self._skeleton)
        root = slice(0, 3)
        precision = precision.copy()
        precision[root] = precision[:, root] = 0.0
        terms = [
            LandmarkDistance(targets, np.broadcast_to(self._sigma, targets.shape[:2]), ones, 8.0),
            PosePrior(mean, precision, ones * _PRIOR_WEIGHT),
        ]
        return solve_frames(Problem(self.model, terms, self._bounds), q, self.shared, iterations)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _root_angles(rotation: Array) -> Array:
    """(F, 3) heading, list and tilt of pelvis orientations: R = Ry(heading) Rx(list) Rz(tilt)."""
    lean = np.arcsin(np.clip(-rotation[:, 1, 2], -0.996, 0.996))
    heading = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
    tilt = np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])
    return np.stack([heading, lean, tilt], axis=1)


def convert(corpus: Path, cache: Path, every: int = 1, processes: int = 1) -> list[Take]:
    """A corpus as takes; solved once (some minutes), then read from `cache`.

    Parameters
    ----------
    corpus
        `motion_corpus.npz`, or a file of the same joints as `root` and `rel_halfmm`.
    cache
        Where the coordinates are kept.
    every
        Solve every so many frames and put a spline through them: slow movements lose nothing.
    processes
        That solve at the same time.
    """
    if not cache.exists():
        _convert(corpus, cache, every, processes)
    with np.load(cache) as stored:
        data = {k: stored[k] for k in stored.files}
    with np.load(corpus) as clips:
        skeletons = dict(zip(map(str, clips["name"]), map(str, clips["skeleton"]), strict=True))
    return [
        Take(
            *(str(data[k][i]) for k in ("name", "subject", "category", "split")),
            straightened(
                with_two_halves(data["q"][a:b].astype(float)), legs_too_long(skeletons[str(data["name"][i])])
            ),
        )
        for i, (a, b) in enumerate(zip(data["start"], data["start"] + data["length"], strict=True))
    ]


def legs_too_long(skeleton: str) -> float:
    """Share by which the legs of a source's skeleton are longer than those of the people recorded."""
    return next((share for word, share in LEGS_TOO_LONG.items() if word in skeleton), 0.0)


def straightened(q: Array, excess: float) -> Array:
    """Motion (T, n) with legs bent less, as they are when thigh and shank are shorter by a share of their length.

    Hip and ankle stay on one line; the lowest point of the feet stays where it is.
    """
    if not excess:
        return q
    skeleton = default_skeleton()
    soles = Kinematics(skeleton, sole_landmarks())
    out = q.copy()
    for side in "rl":
        hip, knee, ankle = (
            skeleton.coordinate_index(f"{name}_{side}")
            for name in ("hip_flexion", "knee_angle", "ankle_angle")
        )
        bend = np.maximum(q[:, knee], 0.0)
        less = bend - 2 * np.arccos(np.minimum((1 + excess) * np.cos(bend / 2), 1.0))
        out[:, knee] -= less
        out[:, hip] -= less / 2
        out[:, ankle] -= less / 2
    lowest = [soles.positions(motion)[..., 1].min(1) for motion in (q, out)]
    out[:, 4] += lowest[0] - lowest[1]
    return out


def positions_of(clips: dict[str, NDArray[np.generic]], frames: slice) -> Array:
    """(T, 26, 3) metres, some frames of a corpus in either form; NaN where a joint is missing."""
    if "pos" in clips:
        return np.asarray(clips["pos"][frames], float)
    relative = np.asarray(clips["rel_halfmm"][frames], float)
    relative[relative == MISSING] = np.nan
    return np.asarray(clips["root"][frames][:, None] + relative / 2000.0)


def _convert(corpus: Path, cache: Path, every: int, processes: int) -> None:
    with np.load(corpus) as data:
        clips = {k: data[k] for k in data.files}
    joints = tuple(str(j) for j in clips["joints"])
    ends = zip(clips["start"], clips["start"] + clips["length"], strict=True)
    pieces = [positions_of(clips, slice(a, b, every)) for a, b in ends]
    chunks = [pieces[i : i + CLIPS_AT_ONCE] for i in range(0, len(pieces), CLIPS_AT_ONCE)]
    with ProcessPoolExecutor(processes) as pool:
        done = []
        for solved in pool.map(partial(_solved, joints, every), chunks):
            done += solved
            log.info("%d of %d clips, %.0f mm", len(done), len(pieces), 1e3 * np.median([e for _, e in done]))
    keep = {k: clips[k] for k in ("name", "subject", "category", "split")}
    lengths = np.array([len(q) for q, _ in done])
    np.savez(
        cache, q=np.concatenate([q for q, _ in done]), start=np.cumsum(lengths) - lengths, length=lengths,
        error=[e for _, e in done], **keep,
    )  # fmt: skip


def _solved(
    joints: tuple[str, ...], every: int, clips: list[Array]
) -> list[tuple[NDArray[np.float32], float]]:
    """Coordinates of some clips at 30 Hz, and the median distance from their targets in metres."""
    retarget = Retargeter(joints)
    out = []
    for positions in clips:
        q, error = retarget.solve(positions)
        if every > 1 and len(q) > 1 and np.isfinite(q).all():
            q = CubicSpline(np.arange(len(q)) * every, q)(np.arange((len(q) - 1) * every + 1))
        out.append((q.astype(np.float32), float(np.median(error))))
    return out
