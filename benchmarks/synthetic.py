"""Synthetic motion of the default skeleton: our fit of markers against OpenSim's inverse kinematics, truth known.

    python -m benchmarks.synthetic [--frames 1000] [--opensim-frames 200] [--seeds 1] [--markdown FILE]

Every coordinate moves smoothly and at random (band-limited, up to 2 Hz) through 60 % of its range, at most
84°, about its usual value, while the person walks in a curve. 22 of the 26 Halpe landmarks (no eyes, no ears)
are measured at 100 Hz, exactly and with white noise. Angles are those of all joints that the landmarks show:
not the wrists, and not the turn of the forearm, which a landmark on its axis hardly shows. `known`
keeps the size of the true skeleton, as OpenSim does; `estimated` starts from the default skeleton and finds
the person's size. A shoulder is flipped where the upper arm's orientation is off by more than 60° though the
elbow is bent. OpenSim (`pip install '.[bench]'`) solves the first frames only, as each takes it long.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.common import header, line, make_parser, progress, show
from benchmarks.opensim_ik import run_opensim

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.osim import write_osim
from pase.anatomy.proportions import load_proportions
from pase.data import Landmarks3D, Motion
from pase.fit.inputs import stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.fit.posture import pose_prior
from pase.formats.mot import read_mot
from pase.formats.trc import write_trc
from pase.types import Array

RATE_HZ = 100.0
NOISES_MM = (0.0, 10.0, 30.0)
HIDDEN = ("wrist_", "pro_sup")
FLIP_DEG = 60.0
"""An upper arm turned wrongly by so much is flipped."""


@dataclass
class Row:
    """One line of the table."""

    method: str
    noise_mm: float
    frames: int
    angle_deg: float
    worst_deg: float
    position_mm: float
    flips: int
    outside: float
    coverage: float
    ms: float


def main() -> int:
    """Make motions, fit them, print the table."""
    options = parse()
    rows = []
    for seed in range(options.seeds):
        skeleton, time_, q = synthetic_motion(options.frames, seed)
        exact = Kinematics(skeleton).positions(q)
        for noise in NOISES_MM:
            rng = np.random.default_rng(1000 + seed)
            data = Landmarks3D(
                exact + rng.normal(0, noise / 1000, exact.shape), time_, skeleton.landmark_names
            )
            for method, model in (("PASE, size known", skeleton), ("PASE, size estimated", generic())):
                start = time.process_time()
                motion = fit_markers(
                    data, model, stuck_on_markers(model.landmarks), MarkerOptions(scale=model is not skeleton)
                )
                seconds = time.process_time() - start
                rows.append(judge(method, noise, motion, skeleton, q, seconds))
                progress(row_line(rows[-1]))
            if options.opensim_frames:
                rows.append(opensim_row(noise, skeleton, data, q, options.opensim_frames))
                progress(row_line(rows[-1]))
    show([header(*HEADER), *map(row_line, rows)], options.markdown)
    return 0


def parse() -> argparse.Namespace:
    """Options."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--opensim-frames", type=int, default=200, help="0 leaves OpenSim out")
    parser.add_argument("--seeds", type=int, default=1, help="persons and motions")
    return parser.parse_args()


def generic() -> Skeleton:
    """The default skeleton with the 22 landmarks."""
    skeleton = default_skeleton()
    return skeleton.with_landmarks([m for m in skeleton.landmarks if m.name[1:] not in ("Eye", "Ear")])


def synthetic_motion(frames: int, seed: int) -> tuple[Skeleton, Array, Array]:
    """A person of random proportions, times and coordinates (T, n) inside the ranges."""
    rng = np.random.default_rng(seed)
    prior = load_proportions().prior(height_m=float(rng.uniform(1.6, 1.85)))
    size = rng.multivariate_normal(prior.mean, prior.covariance)
    skeleton = generic()
    skeleton = skeleton.scaled(load_proportions().body_scale(size, skeleton.body_names))
    time_ = np.arange(frames) / RATE_HZ
    low, high = skeleton.bounds
    usual = pose_prior(skeleton)[0]
    q = np.empty((frames, len(low)))
    for i, name in enumerate(skeleton.free_names):
        wave = smooth_wave(time_, rng)
        if name.startswith("pelvis_t"):
            q[:, i] = 0.03 * wave
        elif name.startswith("pelvis_"):
            q[:, i] = np.radians(15) * wave
        elif name.startswith(HIDDEN):
            q[:, i] = skeleton.default_q[i]
        else:
            reach = 0.3 * min(high[i] - low[i], np.radians(140))
            q[:, i] = np.clip(usual[i], low[i] + reach, high[i] - reach) + reach * wave
    turn = 2 * np.pi * 0.05 * time_
    q[:, skeleton.coordinate_index("pelvis_rotation")] += turn
    for name, along in (("pelvis_tx", np.cos(turn)), ("pelvis_tz", -np.sin(turn))):
        q[:, skeleton.coordinate_index(name)] += np.cumsum(1.2 * along) / RATE_HZ
    q[:, skeleton.coordinate_index("pelvis_ty")] += 0.9
    return skeleton, time_, np.clip(q, low, high)


def smooth_wave(time_: Array, rng: np.random.Generator) -> Array:
    """A random wave within -1 and 1: gait at about 1 Hz with its harmonic, and slow change."""
    wave = sum(
        a * np.sin(2 * np.pi * f * time_ + rng.uniform(0, 2 * np.pi))
        for a, f in ((0.5, 1.0), (0.15, 2.0), (0.35, rng.uniform(0.1, 0.5)))
    )
    return np.asarray(wave)


def judge(method: str, noise: float, motion: Motion, skeleton: Skeleton, q: Array, seconds: float) -> Row:
    """Errors of a motion against the true one; only its own frames."""
    truth = q[: len(motion)]
    turning = np.array([c.motion == "rotational" for c in skeleton.free_coordinates])
    off = motion.q - truth
    off -= 2 * np.pi * np.round(off / (2 * np.pi)) * turning
    visible = turning & np.array([not name.startswith(HIDDEN) for name in skeleton.free_names])
    angles = np.degrees(np.abs(off[:, visible]))
    estimate, true = Kinematics(motion.skeleton).pose(motion.q), Kinematics(skeleton).pose(truth)
    joints = estimate.origin - true.origin
    low, high = skeleton.bounds
    outside = (motion.q < low - 1e-6) | (motion.q > high + 1e-6)
    finite = np.isfinite(motion.q_std[:, visible]).all()
    inside = np.abs(off[:, visible]) <= 1.96 * motion.q_std[:, visible]
    return Row(
        method,
        noise,
        len(motion),
        float(angles.mean()),
        float(angles.mean(0).max()),
        float(1000 * np.linalg.norm(joints, axis=-1).mean()),
        flips(skeleton, truth, estimate, true),
        float(100 * outside.any(1).mean()),
        float(100 * inside.mean()) if finite else np.nan,
        1000 * seconds / len(motion),
    )


def flips(skeleton: Skeleton, truth: Array, estimate: BodyPoses, true: BodyPoses) -> int:
    """Frames in which an upper arm is turned wrongly by far, its elbow being bent enough to show its turn."""
    wrong = np.zeros(len(truth), bool)
    for side in "rl":
        body = skeleton.body_index(f"humerus_{side}")
        turn = np.einsum("tij,tij->t", estimate.rotation[:, body], true.rotation[:, body])
        off = np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1)))
        bent = truth[:, skeleton.coordinate_index(f"elbow_flex_{side}")] > np.radians(30)
        wrong |= (off > FLIP_DEG) & bent
    return int(wrong.sum())


def opensim_row(noise: float, skeleton: Skeleton, data: Landmarks3D, q: Array, frames: int) -> Row:
    """OpenSim's tool on the first frames of the same data, with the true skeleton."""
    piece = replace(data, xyz=data.xyz[:frames], time=data.time[:frames])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_osim(skeleton, folder / "model.osim")
        write_trc(piece, folder / "markers.trc")
        seconds = run_opensim(folder / "model.osim", folder / "markers.trc", folder / "ik.mot")
        time_, estimate = read_mot(folder / "ik.mot", skeleton)
    unknown = np.full_like(estimate, np.nan)
    return judge(
        "OpenSim 4.6, size known", noise, Motion(skeleton, estimate, unknown, time_), skeleton, q, seconds
    )


HEADER = (
    "method", "noise, mm", "frames", "mean angle error, °", "worst joint's mean, °", "joint centres, mm",
    "frames with a flipped shoulder", "frames out of range, %", "truth in 95 % interval, %", "CPU ms a frame",
)  # fmt: skip


def row_line(row: Row) -> str:
    """A line of the table."""
    coverage = "–" if np.isnan(row.coverage) else f"{row.coverage:.1f}"
    errors = (f"{row.angle_deg:.3f}", f"{row.worst_deg:.2f}", f"{row.position_mm:.3f}", row.flips)
    shares = (f"{row.outside:.1f}", coverage, f"{row.ms:.2f}")
    return line([row.method, f"{row.noise_mm:.0f}", row.frames, *errors, *shares])


if __name__ == "__main__":
    sys.exit(main())
