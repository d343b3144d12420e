"""PASE against Sports2D: pose and angles of one clip, no pictures, with the same model files, in one run.

    python3 -m venv other && other/bin/pip install sports2d==0.8.34
    python benchmarks/against_sports2d.py --python other/bin/python [VIDEO] [--repeat N] [--markdown FILE]

Without VIDEO it is Sports2D's own demo clip. Sports2D is given PASE's detector and keypoint network, as files; its
pictures, videos, plots and real-time window are off, as are PASE's pictures and plots. It writes angles in the
picture, PASE joint angles in space with a skeleton that fits the person.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import header, line, make_parser, show

QUIET = (
    "--no-overlay", "--no-viewer", "--no-plots", "--no-report-page", "--formats", "",
)  # fmt: skip

SCRIPT = """
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


def main() -> int:
    """Run both in turns, print the table."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--python", type=Path, required=True, help="Python that has sports2d")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many runs counts")
    options = parser.parse_args()
    from pase.models import model_path

    video = options.video or model_path("demo")
    networks = [str(model_path(name)) for name in ("yolox-tiny", "rtmpose-s")]
    times: dict[str, list[tuple[float, float]]] = {"Sports2D": [], "PASE": []}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(options.repeat):
            folder = Path(scratch) / str(number)
            theirs, ours = folder / "sports2d", folder / "pase"
            theirs.mkdir(parents=True)
            command = [str(options.python), "-c", SCRIPT, str(video.resolve()), str(theirs), *networks]
            times["Sports2D"].append(timed(command, theirs))
            if not list(theirs.rglob("*.mot")):
                sys.exit("Sports2D wrote no angles")
            command = [sys.executable, "-m", "pase", "run", str(video.resolve()), "-o", str(ours), *QUIET]
            times["PASE"].append(timed(command, folder))
            frames = json.loads((ours / "report.json").read_text(encoding="utf-8"))["source"]["frames"]
    show(markdown(times, frames), options.markdown)
    return 0


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall and processor seconds of a command, run in a folder."""
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, processor


def markdown(times: dict[str, list[tuple[float, float]]], frames: int) -> list[str]:
    """Lines of the table; of several runs the fastest."""
    lines = [header("", "wall, s", "processor, s", "frames a second")]
    best = {name: (min(w for w, _ in runs), min(c for _, c in runs)) for name, runs in times.items()}
    for name, (wall, processor) in best.items():
        lines.append(line([name, f"{wall:.2f}", f"{processor:.2f}", f"{frames / wall:.1f}"]))
    ratios = [theirs / ours for theirs, ours in zip(best["Sports2D"], best["PASE"], strict=True)]
    return [*lines, line(["Sports2D : PASE", *(f"{ratio:.2f}" for ratio in ratios), ""])]


if __name__ == "__main__":
    sys.exit(main())
