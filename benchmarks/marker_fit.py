"""Real marker trials against OpenSim: marker error and angles, with the given model and with our own scaling.

    python -m benchmarks.marker_fit [TRIALS] [--markdown FILE]

TRIALS is a folder of trials, each with `markers.trc`, `scaled.osim` (scaled and its markers registered by
others), `ik.mot` and `truth.npz`, beside a `score.py` one level up; by default `../shared/bench/marker_fit`.
`scaled, kept` is inverse kinematics alone on that model. `unscaled, sized by us` takes the scale factors that
the model's meshes tell out of it, bodies and markers, and lets `pase fit` find sizes and marker places from
the trial alone. Angles are compared with the reference motion, another program's fit, which is no truth.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.common import BENCH, header, line, make_parser, progress, score, show
from benchmarks.opensim_ik import run_opensim

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.osim import read_osim, write_osim
from pase.data import Landmarks3D, Motion
from pase.fit.inputs import stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.formats.mot import read_mot, write_mot
from pase.marker_files.trc import read_trc

HEADER = (
    "trial", "model and method", "markers, mm RMS", "angles against the reference, °", "without constant offsets, °",
    "frames out of range, %", "CPU ms a frame",
)  # fmt: skip


def main() -> int:
    """Fit, score, print."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("trials", nargs="?", type=Path, default=BENCH / "marker_fit")
    options = parser.parse_args()
    trials = sorted(path.parent for path in options.trials.glob("*/scaled.osim"))
    if not trials:
        print(f"no trials at {options.trials}: nothing to measure", file=sys.stderr)
        return 0
    rows = [header(*HEADER)]
    with tempfile.TemporaryDirectory() as name:
        for trial in trials:
            progress(f"{trial.name} …")
            rows += measure(trial, Path(name) / trial.name)
    show(rows, options.markdown)
    return 0


def measure(trial: Path, folder: Path) -> list[str]:
    """Rows of one trial."""
    scaled, data = read_osim(trial / "scaled.osim"), read_trc(trial / "markers.trc")
    used = [m for m in scaled.landmarks if m.name in data.names]
    scaled = scaled.with_landmarks(used)
    out = []
    for label, skeleton, scale in (
        ("PASE: scaled, kept", scaled, False),
        ("PASE: unscaled, sized by us", unscaled(scaled), True),
    ):
        start = time.process_time()
        motion = fit_markers(data, skeleton, stuck_on_markers(skeleton.landmarks), MarkerOptions(scale=scale))
        out.append(row(trial, label, motion, data, folder / str(scale), time.process_time() - start))
    home = folder / "opensim"
    home.mkdir(parents=True)
    try:
        seconds = run_opensim(trial / "scaled.osim", trial / "markers.trc", home / "ik.mot")
    except RuntimeError as error:
        progress(f"{trial.name}: {error}")
        return [*out, line([trial.name, "OpenSim 4.6: scaled, kept", "failed", *"––––"])]
    time_, q = read_mot(home / "ik.mot", scaled)
    motion = Motion(scaled, q, np.full_like(q, np.nan), time_)
    out.append(row(trial, "OpenSim 4.6: scaled, kept", motion, data, home, seconds))
    return out


def unscaled(skeleton: Skeleton) -> Skeleton:
    """The model without the scale factors that its meshes carry."""
    factors = [np.abs(b.meshes[0].scale) if b.meshes else np.ones(3) for b in skeleton.bodies]
    return skeleton.scaled(1 / np.array(factors))


def row(trial: Path, label: str, motion: Motion, data: Landmarks3D, folder: Path, seconds: float) -> str:
    """One line of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    write_osim(motion.skeleton, folder / "skeleton.osim")
    write_mot(motion, folder / "motion.mot")
    scorer, files = trial.parents[1] / "score.py", (folder / "skeleton.osim", folder / "motion.mot")
    scores = score(scorer, trial, *files, folder / "score.json")
    columns = [data.names.index(name) for name in motion.skeleton.landmark_names]
    off = Kinematics(motion.skeleton).positions(motion.q) - data.xyz[: len(motion)][:, columns]
    rms = 1000 * float(np.sqrt(np.nanmean(np.square(off).sum(-1))))
    low, high = motion.skeleton.bounds
    outside = 100 * ((motion.q < low - 1e-6) | (motion.q > high + 1e-6)).any(1).mean()
    angles = [f"{scores[name]:.2f}" for name in ("mae13", "mae13_offset_free")]
    ms = f"{1000 * seconds / len(motion):.2f}"
    return line([trial.name, label, f"{rms:.1f}", *angles, f"{outside:.1f}", ms])


if __name__ == "__main__":
    sys.exit(main())
