"""How well everyday postures come out: synthetic people of whom everything is known, filmed from all sides.

    python -m benchmarks.postures [--quick] [--people 12] [--views 2] [--without-lifter] [--cache FILE]

People of random build stand quietly, squat, get up, lunge, jump, raise their arms, crouch, sit, lie, and (where
`../shared/data/motion` is there) walk and run, each filmed by one of eight cameras around them, with keypoints as
noisy as the detector's and with its habit of drawing the farther hip lower. Printed are the mean errors of the 13
angles of legs and trunk and of the joint centres by movement, by view and by what is hidden, and the errors while the
person stands straight and still.
"""

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.common import (
    JOINTS,
    REPOSITORY,
    RESULTS,
    angle_differences,
    header,
    line,
    make_parser,
    procrustes,
    progress,
    thirteen_angles,
)
from benchmarks.posture_films import MOVEMENTS, RATE_HZ, Stage, captured
from numpy.typing import NDArray
from tools.train_lifter.people import Body, aimed, detected

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import PersonFacts
from pase.data import HALPE26, Keypoints2D, Motion
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import PersonInput
from pase.lift.pase_lifter import PaseLifter

Array = NDArray[np.float64]
Rng = np.random.Generator

MOTION = REPOSITORY.parent / "shared" / "data" / "motion"

CAMERAS = 8
"""Directions from which people are filmed, evenly about them."""

VIEWS = ("front", "aslant", "side", "aslant behind", "behind", "aslant behind", "side", "aslant")

HIDDEN: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "feet": ("BigToe", "SmallToe", "Heel", "Ankle"),
    "an arm": ("LElbow", "LWrist"),
}

RESTING = {"knee": (3, 8), "hip": (0, 5), "ankle": (4, 9), "trunk": (10,)}
"""Columns of the 13 angles that are looked at while people stand straight."""

STILL_M_S, STRAIGHT_DEG = 0.15, 8.0
"""Hips slower than this and knees straighter than this: standing at rest."""


@dataclass(frozen=True)
class Film:
    """One person in motion, seen by a camera."""

    movement: str
    view: str
    hidden: str
    keypoints: Keypoints2D
    height_m: float
    truth: Motion
    """Angles and times, on the unscaled skeleton."""
    joints: Array
    """(T, J, 3) joint centres from the pelvis in camera axes, metres."""
    resting: NDArray[np.bool_]
    """(T,) whether the person stands straight and still."""
    rotation: Array


@dataclass(frozen=True)
class Outcome:
    """Errors of one film."""

    movement: str
    view: str
    hidden: str
    angles: Array
    """(13,) mean absolute errors, degrees."""
    pa_mm: float
    mpjpe_mm: float
    rest: Array
    """(F, 13) errors of the angles in the frames at rest, degrees."""
    inside: float
    """Share of the coordinates of the legs inside their 95 % interval."""


def film(rng: Rng, movement: str, q: Array, camera: int, hidden: str) -> Film:
    """Let a person of random build perform `q` (T, n) before one of the cameras."""
    body = Body.adult(rng)
    world = body.points(q) * body.stature
    q = body.sized(q)
    skeleton = default_skeleton()
    poses = Kinematics(skeleton).pose(q, body.scale)
    bearing = q[len(q) // 2, 0] + 2 * np.pi * camera / CAMERAS + rng.normal(0, 0.12)
    away, height, fov = rng.uniform(3.0, 5.5), rng.uniform(0.8, 1.7), np.radians(rng.normal(68, 5))
    image = (720, 1280) if rng.random() < 0.5 else (1280, 720)
    focal = max(image) / 2 / np.tan(fov / 2)
    middle = 0.5 * (world.min((0, 1)) + world.max((0, 1)))
    away = max(away, 1.15 * focal / image[1] * float(np.ptp(world[..., 1])))
    off = rng.normal(0, 0.04), rng.normal(0, 0.03), np.radians(rng.normal(0, 1.0))
    rotation, place = aimed(middle, bearing, away, height, off)
    p_camera = (world - place) @ rotation.T / body.stature
    rays, score = detected(rng, p_camera, body.stature, np.array(image) / 2 / focal)
    score[:, [k for k, name in enumerate(HALPE26) if name.endswith(HIDDEN[hidden])]] *= not HIDDEN[hidden]
    xy = np.where(score[..., None] > 0, rays * focal + np.array(image) / 2, np.nan)
    times = np.arange(len(q)) / RATE_HZ
    truth = Motion(skeleton, q, np.zeros_like(q), times)
    index = skeleton.body_index
    joints = poses.origin[:, [index(b) for b in JOINTS]] - poses.origin[:, [index("pelvis")]]
    return Film(
        movement,
        VIEWS[camera],
        hidden,
        Keypoints2D(xy, score, times, image),
        body.stature + float(rng.normal(0, 0.01)),
        truth,
        joints @ rotation.T,
        _at_rest(skeleton.free_names, q, poses.origin[:, index("pelvis")]),
        rotation,
    )


def _at_rest(names: tuple[str, ...], q: Array, pelvis: Array) -> NDArray[np.bool_]:
    knees = np.degrees(q[:, [names.index("knee_angle_r"), names.index("knee_angle_l")]]).max(1)
    speed = np.linalg.norm(np.gradient(pelvis, 1 / RATE_HZ, axis=0), axis=1)
    upright = np.abs(np.degrees(q[:, 1:3])).max(1) < 20
    return np.asarray((knees < STRAIGHT_DEG) & (speed < STILL_M_S) & upright)


def outcome(example: Film, with_lifter: bool = True) -> Outcome | None:
    """Estimate the motion of a film and compare; None when nobody was found."""
    landmarks = PaseLifter()(example.keypoints) if with_lifter else None
    motion = estimate_motion(
        PersonInput(example.keypoints, landmarks=landmarks, facts=PersonFacts(example.height_m))
    )
    if motion is None:
        return None
    first = int(np.argmin(np.abs(example.truth.time - motion.time[0])))
    frames = slice(first, first + len(motion))
    error = angle_differences(thirteen_angles(motion), thirteen_angles(example.truth)[frames])
    origin, index = Kinematics(motion.skeleton).pose(motion.q).origin, motion.skeleton.body_index
    assert motion.camera is not None
    joints = (origin[:, [index(b) for b in JOINTS]] - origin[:, [index("pelvis")]]) @ motion.camera.rotation.T
    legs = [i for i, n in enumerate(motion.skeleton.free_names) if n.startswith(("hip_", "knee", "ankle"))]
    off = np.abs(motion.q[:, legs] - example.truth.q[frames][:, legs]) / motion.q_std[:, legs]
    return Outcome(
        example.movement,
        example.view,
        example.hidden,
        np.abs(error).mean(0),
        1e3 * float(procrustes(example.joints[frames], joints).mean()),
        1e3 * float(np.linalg.norm(joints - example.joints[frames], axis=-1).mean()),
        error[example.resting[frames]],
        float((off < 1.96).mean()),
    )


def films(people: int, views: int, seed: int, extra: dict[str, Callable[[Stage, Rng], Array]]) -> list[Film]:
    """All films: every person in every movement, each time before other cameras."""
    stage, out = Stage(), []
    for i, (movement, make) in enumerate({**MOVEMENTS, **extra}.items()):
        for person in range(people):
            rng = np.random.default_rng([seed, i, person])
            q = make(stage, rng)
            for view in range(views):
                camera = (3 * person + 5 * view + i) % CAMERAS
                hidden = list(HIDDEN)[(0, 0, 1, 0, 2, 0)[(person + view) % 6]]
                out.append(film(np.random.default_rng([seed, i, person, view]), movement, q, camera, hidden))
    return out


def table(title: str, results: Iterable[Outcome], key: Callable[[Outcome], str]) -> str:
    """Mean errors of each group as Markdown."""
    groups: dict[str, list[Outcome]] = {}
    for r in results:
        groups.setdefault(key(r), []).append(r)
    groups["**all**"] = [r for group in list(groups.values()) for r in group]
    angle_names = ("13 angles, °", "hip flexion, °", "knee, °", "ankle, °", "trunk, °")
    lines = ["", header(title, "films", *angle_names, "PA-MPJPE, mm", "MPJPE, mm", "in 95 % interval")]
    for name, group in groups.items():
        angles = np.mean([r.angles for r in group], axis=0)
        pa, mpjpe, inside = (np.mean([getattr(r, k) for r in group]) for k in ("pa_mm", "mpjpe_mm", "inside"))
        joints = [angles[list(columns)].mean() for columns in ((0, 5), (3, 8), (4, 9), (10, 11, 12))]
        figures = (f"{v:.1f}" for v in (angles.mean(), *joints, pa, mpjpe))
        lines.append(line([name, len(group), *figures, f"{100 * inside:.0f} %"]))
    return "\n".join(lines)


def rest_table(results: Iterable[Outcome]) -> str:
    """Errors while people stand straight and still: mean, and mean absolute, by movement."""
    groups: dict[str, list[Array]] = {}
    for r in results:
        if len(r.rest):
            groups.setdefault(r.movement, []).append(r.rest)
    groups["**all**"] = [rest for group in list(groups.values()) for rest in group]
    lines = ["", header("at rest in", "films", *(f"{name}, °" for name in RESTING))]
    for name, group in groups.items():
        cells = []
        for columns in RESTING.values():
            errors = [rest[:, list(columns)] for rest in group]
            bias, size = np.mean([e.mean() for e in errors]), np.mean([np.abs(e).mean() for e in errors])
            cells.append(f"{bias:+.1f} ({size:.1f})")
        lines.append(line([name, len(group), *cells]))
    return "\n".join(lines)


def main() -> int:
    """Make the films, estimate, print the tables."""
    parser = make_parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="four people, one view each")
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", metavar="MOVEMENT")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--motion", type=Path, default=MOTION)
    parser.add_argument("--cache", type=Path, default=RESULTS / "captured.npz", help="for converted motion")
    parser.add_argument("--without-lifter", action="store_true", help="estimate from keypoints alone")
    options = parser.parse_args()
    people, views = (4, 1) if options.quick else (options.people, options.views)
    start = time.perf_counter()
    cases = films(people, views, options.seed, captured(options.motion, options.cache))
    chosen = [f for f in cases if not options.only or f.movement in options.only]
    progress(f"{len(chosen)} films made in {time.perf_counter() - start:.0f} s")
    measure = partial(outcome, with_lifter=not options.without_lifter)
    with ProcessPoolExecutor(options.processes) as pool:
        results = [r for r in pool.map(measure, chosen) if r is not None]
    print(table("movement", results, lambda r: r.movement))
    print(table("view", results, lambda r: r.view))
    print(table("hidden", results, lambda r: r.hidden))
    print(rest_table(results))
    progress(f"{len(results)} films, {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
