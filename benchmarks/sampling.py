"""What it changes to look at some frames only: synthetic people who jump, kick and throw, at 60 frames a second.

    python -m benchmarks.sampling [--people 2] [--every auto]

Each film is followed twice, once in all frames and once as `--pose2d.every` says, by networks that know where
the person is but for a detector's error, which keeps half of itself for a quarter of a second. Both are lifted and
fitted. The mean error of the 13 angles of legs and trunk may change by 0.1° on average and by 0.3° in any film; that
the angles differ by more, one way and the other, is the detector's error in other frames.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from benchmarks.common import angle_differences, header, line, make_parser, progress, show, thirteen_angles
from benchmarks.posture_films import Stage, upright
from scipy.interpolate import CubicSpline
from tools.train_lifter.corpus import FRAME_RATE_HZ
from tools.train_lifter.jumps import make_jumps

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import PersonFacts
from pase.config import Pose2DSettings
from pase.data import HALPE26, Keypoints2D, Motion
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import PersonInput
from pase.lift.pase_lifter import PaseLifter
from pase.media import Frame
from pase.pose2d import detect
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.similarity import overlap
from pase.types import Array, Image

RATE_HZ, SECONDS = 60.0, 3.0
SIZE, FOCAL_PX, AWAY_M, CAMERA_HEIGHT_M = (1280, 720), 1000.0, 4.5, 1.2
ERROR_SHARE, HALF_S = 0.006, 0.25
"""Spread of a detector's error, in heights of the person in the picture, and the time in which half of it is lost."""


def jump(stage: Stage, rng: np.random.Generator) -> Array:
    """Dips, flights and landings (T, n)."""
    q = make_jumps(stage.planter, rng, 1)[0][1]
    times = np.arange(0.0, min(SECONDS, (len(q) - 1) / FRAME_RATE_HZ), 1 / RATE_HZ)
    return np.asarray(CubicSpline(np.arange(len(q)) / FRAME_RATE_HZ, q)(times))


def swing(strokes: dict[str, Sequence[tuple[float, float]]]) -> Callable[[Stage, np.random.Generator], Array]:
    """A movement of a standing person: coordinates go through angles in degrees at times in seconds."""

    def perform(stage: Stage, rng: np.random.Generator) -> Array:
        names, times = default_skeleton().free_names, np.arange(0.0, SECONDS, 1 / RATE_HZ)
        stance = stage.perform(rng, [upright(rng)], [], [1.0])[0]
        q = np.repeat(stance[None], len(times), axis=0)
        for name, knots in strokes.items():
            at, angles = zip(*knots, strict=True)
            ends = stance[names.index(name)]
            values = np.array([ends, *np.radians(angles), ends])
            course = CubicSpline([0.0, *at, SECONDS], values, bc_type="clamped")
            q[:, names.index(name)] = course(times)
        return q

    return perform


MOVEMENTS = {
    "jump": jump,
    "kick": swing(
        {
            "hip_flexion_r": [(1.0, -20.0), (1.25, 75.0), (1.5, 80.0), (2.0, 5.0)],
            "knee_angle_r": [(1.0, 80.0), (1.2, 70.0), (1.35, 5.0), (1.6, 60.0), (2.0, 10.0)],
        }
    ),
    "throw": swing(
        {
            "arm_elevation_r": [(0.9, 95.0), (1.2, 110.0), (1.4, 60.0), (1.8, 10.0)],
            "elbow_flex_r": [(0.9, 100.0), (1.15, 95.0), (1.3, 15.0), (1.8, 30.0)],
            "L5_S1_axial_rotation": [(1.0, -5.0), (1.35, 8.0), (1.9, 0.0)],
        }
    ),
}


@dataclass(frozen=True)
class Film:
    """A film whose keypoints are known; stands for both networks."""

    xy: Array
    """(T, 26, 2) where the keypoint network places them, px."""

    def frames(self) -> list[Frame]:
        """Pictures that carry their number in the first pixel."""
        noise = np.random.default_rng(0).integers(0, 255, (*SIZE[::-1], 3)).astype(np.uint8)
        out = []
        for index in range(len(self.xy)):
            picture = noise.copy()
            picture[0, 0, :2] = divmod(index, 256)
            out.append(Frame(index, index / RATE_HZ, picture))
        return out

    def _body(self, image: Image) -> tuple[Array, Array]:
        body = self.xy[256 * int(image[0, 0, 0]) + int(image[0, 0, 1])]
        return body, np.concatenate([body.min(0), body.max(0)])

    def boxes(self, image: Image) -> tuple[Array, Array]:
        """What the detector says."""
        return self._body(image)[1][None], np.array([0.9])

    def poses(self, image: Image, boxes: Array, turns: Sequence[int]) -> list[Pose]:
        """What the keypoint network says."""
        body, box = self._body(image)
        sigma = np.full((len(HALPE26), 2), ERROR_SHARE * float(np.ptp(body[:, 1])))
        hit = overlap(boxes, box[None])[:, 0] > 0.3
        return [Pose(body, np.full(len(HALPE26), 0.9 if inside else 0.1), sigma) for inside in hit]


def film(rng: np.random.Generator, q: Array) -> Film:
    """Film a motion (T, n) with a still camera aslant before the person."""
    p_world = Kinematics(default_skeleton(), keypoint_landmarks(HALPE26)).positions(q)
    p_world -= p_world.mean((0, 1)) * [1, 0, 1]
    bearing = rng.uniform(-np.pi, np.pi)
    right = np.array([np.cos(bearing), 0.0, -np.sin(bearing)])
    ahead = np.array([np.sin(bearing), 0.0, np.cos(bearing)])
    depth = p_world @ ahead + AWAY_M
    rays = np.stack([p_world @ right, CAMERA_HEIGHT_M - p_world[..., 1]], axis=-1) / depth[..., None]
    xy = FOCAL_PX * rays + np.array(SIZE) / 2
    keep = 0.5 ** (1 / (HALF_S * RATE_HZ))
    errors = rng.normal(size=xy.shape)
    for i in range(1, len(xy)):
        errors[i] = keep * errors[i - 1] + np.sqrt(1 - keep**2) * errors[i]
    return Film(xy + ERROR_SHARE * float(np.ptp(xy[0, :, 1])) * errors)


def followed(example: Film, every: str) -> Keypoints2D:
    """The person's keypoints, by the whole 2D stage but for the networks."""
    settings = Pose2DSettings(every=every)
    networks = (example.boxes, example.poses)
    with patch.object(detect, "_started", lambda *_: networks):
        people = detect.detect_keypoints(example.frames(), SIZE, settings, networks=())  # type: ignore[arg-type]
    return people.people[0]


def fitted(keypoints: Keypoints2D) -> Motion:
    """The person's motion."""
    motion = estimate_motion(
        PersonInput(keypoints, landmarks=PaseLifter()(keypoints), facts=PersonFacts(1.75))
    )
    assert motion is not None
    return motion


def main() -> int:
    """Make the films, follow them twice, compare."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--every", default="auto")
    options = parser.parse_args()
    stage, changes = Stage(), []
    columns = ("error of all, °", f"error of {options.every}, °", "change, °", "difference of the angles, °")
    lines = [header("film", "frames measured", *columns)]
    for number, (name, perform) in enumerate(MOVEMENTS.items()):
        for person in range(options.people):
            rng = np.random.default_rng([7, number, person])
            q = perform(stage, rng)
            example = film(rng, q)
            keypoints = [followed(example, every) for every in ("all", options.every)]
            truth = thirteen_angles(
                Motion(default_skeleton(), q, np.zeros_like(q), np.arange(len(q)) / RATE_HZ)
            )
            angles = [thirteen_angles(fitted(film_keypoints)) for film_keypoints in keypoints]
            errors = [
                float(np.abs(angle_differences(film_keypoints, truth)).mean()) for film_keypoints in angles
            ]
            difference = float(np.abs(angle_differences(*angles)).mean())
            measured = keypoints[1].measured
            share = 1.0 if measured is None else float(measured.mean())
            changes.append(errors[1] - errors[0])
            figures = [*(f"{e:.2f}" for e in errors), f"{changes[-1]:+.2f}", f"{difference:.2f}"]
            lines.append(progress(line([f"{name} {person + 1}", f"{share:.0%}", *figures])))
    lines.append(line(["mean", "", "", "", f"{np.mean(changes):+.2f}", ""]))
    show(lines, options.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
