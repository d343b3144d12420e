"""Speed of the fit of markers against OpenSim's inverse kinematics, on the same file and model.

    python benchmarks/ik_speed.py [MODEL MARKERS] [--frames 10000] [--opensim-frames 100] [--markdown FILE]

By default the default skeleton (the kinematics of Pose2Sim's flex model, 20 couplers) and synthetic motion
with 10 mm of noise on 22 Halpe landmarks at 100 Hz. Sizes are kept, as OpenSim's tool does. OpenSim solves the
first frames only. CPU seconds are those of the process, so a busy computer does not matter; frames a second
are of the wall clock and do depend on it. Memory is the largest resident size of the process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import header, line, make_parser, show
from opensim_ik import run_opensim
from synthetic import synthetic_motion

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.osim import read_osim, write_osim
from pase.data import Landmarks3D
from pase.fit.inputs import stuck_on_markers
from pase.fit.markers import MarkerOptions, fit_markers
from pase.formats.trc import write_trc
from pase.marker_files.trc import read_trc


def main() -> int:
    """Measure and print."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("markers", nargs="?", type=Path)
    parser.add_argument("--frames", type=int, default=10000)
    parser.add_argument("--opensim-frames", type=int, default=100)
    options = parser.parse_args()
    if options.model:
        skeleton, data = read_osim(options.model), read_trc(options.markers)
        data = replace(data, xyz=data.xyz[: options.frames], time=data.time[: options.frames])
    else:
        skeleton, time_, q = synthetic_motion(options.frames, 0)
        exact = Kinematics(skeleton).positions(q)
        noisy = exact + np.random.default_rng(1).normal(0, 0.010, exact.shape)
        data = Landmarks3D(noisy, time_, skeleton.landmark_names)
    wall, cpu = time.perf_counter(), time.process_time()
    motion = fit_markers(data, skeleton, stuck_on_markers(skeleton.landmarks), MarkerOptions(scale=False))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    some = min(options.opensim_frames, len(data))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_osim(skeleton, folder / "model.osim")
        write_trc(replace(data, xyz=data.xyz[:some], time=data.time[:some]), folder / "markers.trc")
        seconds = run_opensim(folder / "model.osim", folder / "markers.trc", folder / "ik.mot")
    ours, theirs = 1000 * cpu / len(motion), 1000 * seconds / some
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        header("method", "frames", "CPU ms a frame", "frames a second", "memory, MiB"),
        line(["PASE", len(motion), f"{ours:.2f}", f"{len(motion) / wall:.0f}", f"{memory:.0f}"]),
        line(["OpenSim 4.6", some, f"{theirs:.1f}", f"{1000 / theirs:.0f}", "–"]),
        "",
        f"OpenSim takes {theirs / ours:.0f} times the CPU seconds a frame.",
    ]
    show(lines, options.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
