"""What the lifter adds to the estimator: synthetic films of procedural motion, with and without it.

    PYTHONPATH=src python -m benchmarks.lifter_films --cache FOLDER [--seed 0]

FOLDER is that of `tools/train_lifter`. Each film is of a person of random proportions, 75 frames at 15 Hz by a random
level camera 3-5 m away, with noise like the detector's, of episodes that were held out of the training.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from benchmarks.lifter import procrustes
from tools.train_lifter.motion import made
from tools.train_lifter.people import Body, camera_rotation, detected

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.data import Keypoints2D, Motion
from pase.fit.estimate import estimate_motion
from pase.lift.pase_lifter import PaseLifter
from pase.types import Array

FILMS = {
    "squat": 2,
    "rise": 2,
    "lunge": 2,
    "reach": 2,
    "kick": 2,
    "bend": 1,
    "kneel": 1,
    "sit": 1,
    "lie": 1,
    "on_hands": 1,
    "jump": 2,
}
FOCAL, IMAGE, RATE_HZ = 1100.0, (1920, 1080), 15.0
BODIES = [b + s for s in ("_r", "_l") for b in ("femur", "tibia", "talus", "humerus", "ulna")]
ANGLES = (
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "knee_angle",
    "ankle_angle",
    "arm_elevation",
    "elbow_flex",
)


class Film:
    """One person in motion, seen by a camera."""

    def __init__(self, rng: np.random.Generator, q: Array) -> None:
        self.body, self.q = Body(rng), q
        self.stature = self.body.stature
        world = self.stature * self.body.points(q)
        middle, away = world[len(q) // 2].mean(0), rng.uniform(3, 5)
        bearing, height = rng.uniform(-np.pi, np.pi), rng.uniform(0.8, 1.7)
        place = middle + away * np.array([np.cos(bearing), 0, -np.sin(bearing)])
        place[1] = height
        look = middle - place
        angles = (
            np.arctan2(look[0], look[2]),
            np.arctan2(height - 0.9, away),
            np.radians(rng.normal(0, 1.0)),
        )
        self.rotation = camera_rotation(*angles)
        seen = (world - place) @ self.rotation.T / self.stature
        rays, score = detected(rng, seen, self.stature, np.array(IMAGE) / 2 / FOCAL)
        xy = np.where(score[..., None] > 0, rays * FOCAL + np.array(IMAGE) / 2, np.nan)
        self.keypoints = Keypoints2D(xy, score, np.arange(len(q)) / RATE_HZ, IMAGE)

    def errors(self, motion: Motion) -> Array:
        """MPJPE from the pelvis and PA-MPJPE of ten joints in mm; errors of 14 angles, knee and elbow in degrees."""
        skeleton = default_skeleton()
        first = int(np.argmin(np.abs(self.keypoints.time - motion.time[0])))
        part = slice(first, first + len(motion))
        true = _joints(Kinematics(skeleton), self.body.sized(self.q)[part], self.body.scale) @ self.rotation.T
        assert motion.camera is not None
        found = _joints(Kinematics(motion.skeleton), motion.q, None) @ motion.camera.rotation.T
        off = np.degrees(np.abs(motion.q - self.q[part]))
        names = skeleton.free_names

        def angle(*stems: str) -> float:
            return float(off[:, [i for i, n in enumerate(names) if n[:-2] in stems]].mean())

        distance = np.linalg.norm(found - true, axis=-1).mean()
        aligned = procrustes(true, found).mean()
        return np.array(
            [1e3 * distance, 1e3 * aligned, angle(*ANGLES), angle("knee_angle"), angle("elbow_flex")]
        )


def _joints(kinematics: Kinematics, q: Array, scale: Array | None) -> Array:
    origin = kinematics.pose(q, scale).origin
    index = kinematics.skeleton.body_index
    return np.asarray(origin[:, [index(b) for b in BODIES]] - origin[:, [index("pelvis")]])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    takes = [t for t in made(options.cache, 180.0, 20.0) if t.split == "val"]
    rng, lifter = np.random.default_rng(options.seed), PaseLifter()
    rows = []
    print(
        "| movement | MPJPE, mm | PA-MPJPE, mm | 14 angles, ° | knee, ° | elbow, ° |\n|---|---|---|---|---|---|"
    )
    for kind, count in FILMS.items():
        pool = [t for t in takes if t.category == kind]
        for i in rng.choice(len(pool), min(count, len(pool)), replace=False):
            film = Film(rng, pool[i].q[:150:2])
            height = film.stature
            plain = estimate_motion(film.keypoints, height_m=height)
            lifted = estimate_motion(film.keypoints, height_m=height, landmarks=lifter(film.keypoints))
            if plain is not None and lifted is not None:
                rows.append(np.stack([film.errors(plain), film.errors(lifted)]))
                _print(kind, rows[-1])
    _print("mean", np.mean(rows, axis=0))
    _print("median", np.median(rows, axis=0))


def _print(kind: str, errors: Array) -> None:
    cells = [f"{without:.1f} → {with_it:.1f}" for without, with_it in errors.T]
    print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
