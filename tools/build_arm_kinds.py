"""Learn how people hold their arms and write `src/pase/assets/arm_kinds.json`.

    PYTHONPATH=src:. python tools/build_arm_kinds.py MOTION

MOTION holds `motion_corpus.npz` and `more/`. The directions of upper arms and forearms against the trunk (from hips
to shoulders) are read from captured joints and written as angles of the default skeleton. The result is a mixture of
Gaussians of both upper arms together, fitted by expectation maximisation, and its mirror image: arms hang, are out to
the sides, overhead, or in front, mostly alike on both sides. People held out are left out; each source has its share
(`SHARES`), and so has each person in it, in exercises each person in each exercise.

Elbows are left out: where arms hang, captured ones are bent by 45°, as sources put the joint at other places.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from tools.train_lifter.corpus import positions_of
from tools.train_lifter.mirror import with_mirror_image

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.types import Array

SHARES = {"motion_corpus.npz": 0.55, "more/cmu_new.npz": 0.15, "more/uiprmd.npz": 0.30}
"""How much the people of each file count: everyday movement and dance before exercises."""

ANGLES = ("arm_elevation", "arm_crossing", "arm_rotation")
COORDINATES = tuple(f"{angle}_{side}" for side in "rl" for angle in ANGLES)
KINDS, FRAME_STEP, ROUNDS = 10, 4, 60

SLACK_DEG = (8.0, 8.0, 17.0)
"""Independent standard deviation added to each angle: joints are defined in many ways."""

START_DEG = (25.0, 20.0, 30.0)
"""Standard deviations of the kinds before they are fitted."""

ANYTHING_DEG = ((15.0, 0.0, -5.0), (60.0, 35.0, 45.0))
"""Mean and standard deviation of the kind that takes whatever joints allow."""
ANYTHING_SHARE = 0.05

STRAIGHT_DEG, TURN_DEG = (8.0, 23.0), (-12.0, 40.0)
"""Of an elbow bent by less than the second, the turn of the upper arm is ever less visible; of one bent by less than
the first it is drawn from this mean and deviation."""

REFERENCE_DEG = {"arm_elevation": 60.0, "arm_crossing": -20.0, "arm_rotation": 0.0, "elbow_flex": 45.0}
"""Posture in which a reading of the skeleton itself shows what joints lie beside the bones' axes."""


class ArmReader:
    """Angles of the default skeleton's arms from joint positions."""

    def __init__(self, skeleton: Skeleton) -> None:
        joint = next(j for j in skeleton.joints if j.name == "acromial_r")
        self._axes = tuple(np.array(axis.axis) for axis in joint.rotations[:2])
        q = skeleton.default_q.copy()
        for name, degrees in REFERENCE_DEG.items():
            q[[skeleton.coordinate_index(f"{name}_{side}") for side in "rl"]] = np.radians(degrees)
        pose = Kinematics(skeleton).pose(q[None])
        bodies = {"hip": "femur", "shoulder": "humerus", "elbow": "ulna", "wrist": "hand"}
        joints = {
            f"{name}_{side}": pose.origin[:, skeleton.body_index(f"{body}_{side}")]
            for name, body in bodies.items()
            for side in "rl"
        }
        self._trunk = trunk_axes(joints)[0].T @ pose.rotation[0, skeleton.body_index("torso")]
        self._offset = np.zeros(2 * len(REFERENCE_DEG))
        self._offset = self(joints)[0] - np.radians([*REFERENCE_DEG.values()] * 2)

    def __call__(self, joints: dict[str, Array]) -> Array:
        """(T, 8) elevation, crossing, turn and elbow of the right and the left arm, rad, from joints (T, 3)."""
        torso = trunk_axes(joints) @ self._trunk
        arms = []
        for side, sign in (("r", 1.0), ("l", -1.0)):
            points = [joints[f"{name}_{side}"] for name in ("shoulder", "elbow", "wrist")]
            upper, fore = (
                np.einsum("tji,tj->ti", torso, _unit(b - a)) * [1.0, 1.0, sign]
                for a, b in zip(points[:-1], points[1:], strict=True)
            )
            arms.append(self._arm(upper, fore))
        return np.concatenate(arms, axis=1) - self._offset

    def _arm(self, upper: Array, fore: Array) -> Array:
        """(T, 4) angles of a right arm from its directions (T, 3) in axes of the torso."""
        lift, cross = self._axes
        down = np.array([0.0, -1.0, 0.0])
        outwards = np.cross(lift, down)
        crossing = np.arcsin(np.clip(upper @ np.cross(cross, down), -1.0, 1.0))
        elevation = np.arctan2(upper @ outwards, upper @ down)
        humerus = _turn(lift, elevation) @ _turn(cross, crossing)
        direction = np.einsum("tji,tj->ti", humerus, fore)
        turn = np.arctan2(direction[:, 0], direction[:, 2]) - np.pi / 2
        return np.stack([elevation, crossing, turn, np.arccos(np.clip(-direction[:, 1], -1.0, 1.0))], axis=1)


def trunk_axes(joints: dict[str, Array]) -> Array:
    """(T, 3, 3) forwards, up and right of the trunk, in columns."""
    across = joints["shoulder_r"] - joints["shoulder_l"]
    up = _unit(joints["shoulder_r"] + joints["shoulder_l"] - joints["hip_r"] - joints["hip_l"])
    forwards = _unit(np.cross(up, across))
    return np.stack([forwards, up, np.cross(forwards, up)], axis=-1)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _turn(axis: Array, angle: Array) -> Array:
    """(T, 3, 3) rotations about a unit axis."""
    return np.asarray(Rotation.from_rotvec(angle[:, None] * axis).as_matrix())


def recorded(motion: Path, split: str = "train") -> tuple[Array, Array]:
    """Postures (N, n) of both arms, in the order of `COORDINATES`, and how much each counts (N,)."""
    reader, rng = ArmReader(default_skeleton()), np.random.default_rng(0)
    postures, weights = [], []
    for file, share in SHARES.items():
        people = _people(motion / file, reader, split)
        for stretches in people.values():
            q = _visible(np.concatenate(stretches), rng)
            postures.append(q)
            weights.append(np.full(len(q), share / len(people) / len(q)))
    return np.concatenate(postures), np.concatenate(weights)


def _people(file: Path, reader: ArmReader, split: str) -> dict[tuple[str, str], list[Array]]:
    """Postures of each person, in exercises of each person in each exercise."""
    with np.load(file) as data:
        clips = {k: data[k] for k in data.files}
    people: dict[tuple[str, str], list[Array]] = defaultdict(list)
    for i in np.flatnonzero(clips["split"] == split):
        first = int(clips["start"][i])
        positions = positions_of(clips, slice(first, first + int(clips["length"][i]), FRAME_STEP))
        joints = {str(name): positions[:, k] for k, name in enumerate(clips["joints"])}
        q = reader(joints)
        q = q[np.isfinite(q).all(1)]
        exercise = str(clips["category"][i]) if "uiprmd" in file.name else ""
        if len(q):
            people[str(clips["subject"][i]), exercise].append(q)
    return people


def _visible(q: Array, rng: np.random.Generator) -> Array:
    """`COORDINATES` of postures (N, 8), with turns that a straight elbow does not show drawn at random."""
    q = q.copy()
    for first in (0, 4):
        elbow = np.degrees(q[:, first + 3])
        sure = np.clip((elbow - STRAIGHT_DEG[0]) / np.ptp(STRAIGHT_DEG), 0.0, 1.0)
        drawn = np.radians(rng.normal(*TURN_DEG, len(q)))
        turn = (q[:, first + 2] + np.pi) % (2 * np.pi) - np.pi
        q[:, first + 2] = np.where(rng.random(len(q)) < sure, turn, drawn)
        q[:, first] = (q[:, first] + np.radians(120)) % (2 * np.pi) - np.radians(120)
    return np.delete(q, [3, 7], axis=1)


def log_density(q: Array, mean: Array, covariance: Array) -> Array:
    """(N,) logarithm of a Gaussian's density at (N, n)."""
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, (q - mean).T)
    return np.asarray(
        -0.5 * np.square(white).sum(0) - np.log(np.diag(root)).sum() - 0.5 * len(mean) * np.log(2 * np.pi)
    )


def mixture(q: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Share (K,), mean (K, n) and covariance (K, n, n) of the kinds and of their mirror images."""
    rng, mirrored, N = np.random.default_rng(0), np.roll(np.arange(q.shape[1]), len(ANGLES)), len(q)
    q, weight = np.concatenate([q, q[:, mirrored]]), np.concatenate([weight, weight]) / 2
    centre, spread = (np.radians(degrees * 2) for degrees in ANYTHING_DEG)
    background = np.log(ANYTHING_SHARE) + log_density(q, centre, np.diag(spread**2))
    mean = q[rng.choice(2 * N, KINDS, p=weight / weight.sum(), replace=False)]
    covariance = np.repeat(np.diag(np.radians(START_DEG * 2) ** 2)[None], KINDS, 0)
    share, slack = np.full(KINDS, 1 / KINDS), np.diag(np.radians(SLACK_DEG * 2) ** 2)
    for _ in range(ROUNDS):
        logs = np.stack([np.log(share[k] / 2) + log_density(q, mean[k], covariance[k]) for k in range(KINDS)])
        total = np.logaddexp(np.logaddexp.reduce(logs), np.logaddexp.reduce(np.roll(logs, N, axis=1)))
        belongs = np.exp(logs - np.logaddexp(total, background)) * weight + 1e-12
        share = (1 - ANYTHING_SHARE) * belongs.sum(1) / belongs.sum()
        mean = belongs @ q / belongs.sum(1)[:, None]
        for k in range(KINDS):
            away = q - mean[k]
            covariance[k] = (away * belongs[k][:, None]).T @ away / belongs[k].sum() + slack
    kinds = [(ANYTHING_SHARE, centre, np.diag(spread**2))]
    flip = np.eye(q.shape[1])[mirrored]
    for s, m, c in zip(share, mean, covariance, strict=True):
        images = with_mirror_image(flip, m, c)
        kinds += [(s / len(images), *image) for image in images]
    return tuple(np.array(v) for v in zip(*kinds, strict=True))  # type: ignore[return-value]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("motion", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/pase/assets/arm_kinds.json"))
    arguments = parser.parse_args()
    share, mean, covariance = mixture(*recorded(arguments.motion))
    for k in np.argsort(-share):
        spread = np.sqrt(np.diag(covariance[k]))
        numbers = (f"{m:.0f}±{s:.0f}" for m, s in zip(np.degrees(mean[k]), np.degrees(spread), strict=True))
        print(f"{share[k]:.3f}", *numbers)
    held_out, weight = recorded(arguments.motion, "val")
    logs = np.stack(
        [np.log(s) + log_density(held_out, m, c) for s, m, c in zip(share, mean, covariance, strict=True)]
    )
    likely = float(weight @ np.logaddexp.reduce(logs, axis=0) / weight.sum())
    alone = float(weight @ (logs[0] - np.log(ANYTHING_SHARE)) / weight.sum())
    print(f"held-out people: log density {likely:.2f}; of the first kind alone {alone:.2f}")
    lower = np.tril_indices(len(COORDINATES))
    document = {
        "source": "tools/build_arm_kinds.py: corpus of captured motion, CMU, UI-PRMD; held-out people left out",
        "unit": "rad",
        "coordinates": COORDINATES,
        "share": np.round(share, 5).tolist(),
        "mean": np.round(mean, 4).tolist(),
        "covariance": [np.round(c[lower], 5).tolist() for c in covariance],
    }
    arguments.out.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
