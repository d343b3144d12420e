"""Real marker trials against OpenSim: marker error and angles, with the given model and with our own scaling.

    python benchmarks/marker_fit.py [TRIALS] [--markdown FILE]

TRIALS is a folder of trials, each with `markers.trc`, `scaled.osim` (scaled and its markers registered by
others), `ik.mot` and `truth.npz`, beside a `score.py` one level up; by default `../shared/bench/marker_fit`.
`scaled, kept` is inverse kinematics alone on that model. `unscaled, sized by us` takes the scale factors that
the model's meshes tell out of it, bodies and markers, and lets `pase fit` find sizes and marker places from
the trial alone. Angles are compared with the reference motion, another program's fit, which is no truth.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from opensim_ik import run_opensim

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.osim import read_osim, write_osim
from pase.data import Landmarks3D, Motion
from pase.fit.inputs import stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.formats.mot import read_mot, write_mot
from pase.marker_files.trc import read_trc

TRIALS = Path(__file__).resolve().parents[2] / "shared" / "bench" / "marker_fit"


def main() -> int:
    """Fit, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trials", nargs="?", type=Path, default=TRIALS)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here, too")
    options = parser.parse_args()
    trials = sorted(path.parent for path in options.trials.glob("*/scaled.osim"))
    if not trials:
        print(f"no trials at {options.trials}: nothing to measure", file=sys.stderr)
        return 0
    rows = [HEADER]
    with tempfile.TemporaryDirectory() as name:
        for trial in trials:
            print(f"{trial.name} …", file=sys.stderr)
            rows += measure(trial, Path(name) / trial.name)
    table = "\n".join(rows)
    print(table)
    if options.markdown:
        options.markdown.write_text(table + "\n", encoding="utf-8")
    return 0


HEADER = (
    "| trial | model and method | markers, mm RMS | angles against the reference, ° | without constant offsets, ° | "
    "frames out of range, % | CPU ms a frame |\n" + "|---" * 7 + "|"
)


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
        print(f"{trial.name}: {error}", file=sys.stderr)
        return [*out, f"| {trial.name} | OpenSim 4.6: scaled, kept | failed | – | – | – | – |"]
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
    score = scored(trial, folder)
    columns = [data.names.index(name) for name in motion.skeleton.landmark_names]
    off = Kinematics(motion.skeleton).positions(motion.q) - data.xyz[: len(motion)][:, columns]
    rms = 1000 * float(np.sqrt(np.nanmean(np.square(off).sum(-1))))
    low, high = motion.skeleton.bounds
    outside = 100 * ((motion.q < low - 1e-6) | (motion.q > high + 1e-6)).any(1).mean()
    return (
        f"| {trial.name} | {label} | {rms:.1f} | {score['mae13']:.2f} | {score['mae13_offset_free']:.2f} | "
        f"{outside:.1f} | {1000 * seconds / len(motion):.2f} |"
    )


def scored(trial: Path, folder: Path) -> dict[str, Any]:
    """What the scorer says."""
    command = [sys.executable, str(trial.parents[1] / "score.py"), "--quiet", "--clip", str(trial)]
    command += ["--osim", str(folder / "skeleton.osim"), "--mot", str(folder / "motion.mot")]
    done = subprocess.run([*command, "--json", str(folder / "score.json")], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"not scored: {done.stderr.strip() or done.stdout.strip()}")
    result: dict[str, Any] = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    return result


if __name__ == "__main__":
    sys.exit(main())
