"""Accuracy against a marker-based reference: run `pase run` on clips, score each result, print one table.

    python -m benchmarks.accuracy [CLIPS] [--markdown FILE] [--results DIR] [-- FLAGS OF pase run]

CLIPS is a folder of clips, each with `video.mp4`, `truth.npz` and `subject.json`, beside a `score.py`; by
default `../shared/bench/dev`. The scorer needs OpenSim: `pip install '.[bench]'`. Where the height was not
measured, the one derived from the reference itself is given, and the table says so. Reference and video are apart
by up to two frames (in `dev` by 3 and 11 ms, fitted by projecting the reference into the film); the table tells the
shift, in steps of a sixtieth of a second, at which the angles agree best, and the error there. Nothing is shifted
for the other columns.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.calibration import Reference, reference
from benchmarks.common import (
    CLIPS,
    RESULTS,
    header,
    line,
    make_parser,
    parse_with_flags,
    progress,
    run_pase,
    score,
    show,
)

from pase.data import Motion
from pase.formats.person import load_motion

COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "13 angles, °": lambda s: f"{s['mae13']:.1f}",
    "without constant offsets, °": lambda s: f"{s['mae13_offset_free']:.1f}",
    "best time shift, ms → °": lambda s: f"{1000 * s['best_lag_s']:+.0f} → {s['mae13_at_best_lag']:.1f}",
    "straightest knees (reference), °": lambda s: "{:.0f} ({:.0f})".format(*s["straightest_knees"]),
    "PA-MPJPE, mm": lambda s: f"{s['pa_mpjpe_mm']:.0f}",
    "MPJPE, mm": lambda s: f"{s['mpjpe_mm']:.0f}",
    "knee, °": lambda s: f"{mean_angle(s, 'knee'):.1f}",
    "elbow, °": lambda s: f"{mean_angle(s, 'elbow'):.1f}",
    "femur / tibia / humerus, mm": lambda s: " / ".join(segment(s, m) for m in ("femur", "tibia", "humerus")),
    "skating (reference), cm/s": lambda s: f"{skating(s, 'pred')} ({skating(s, 'truth')})",
    "out of range, % of frames": lambda s: (
        f"{s['out_of_range']['percent_frames']:.1f}" if s["out_of_range"] else "–"
    ),
}


def main() -> int:
    """Run, score, print."""
    options = parse(sys.argv[1:])
    scorer = options.clips.parent / "score.py"
    clips = sorted(path.parent for path in options.clips.glob("*/subject.json"))
    if not clips or not scorer.is_file():
        print(f"no clips with a scorer at {options.clips}: nothing to measure", file=sys.stderr)
        return 0
    rows = []
    for clip in clips:
        progress(f"{clip.name} …")
        rows.append(measure(clip, scorer, options.results / clip.name, options.flags))
    show(markdown(rows), options.markdown)
    for row in rows:
        for warning in row["warnings"]:
            print(f"{row['clip']}: {warning}")
    return 1 if any(row["score"] is None for row in rows) else 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Options; what follows `--` goes to `pase run`."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS, help="folder of clips")
    parser.add_argument("--results", type=Path, metavar="DIR", default=RESULTS)
    options = parse_with_flags(parser, words)
    options.clips = options.clips.resolve()
    return options


def measure(clip: Path, scorer: Path, output: Path, flags: Sequence[str]) -> dict[str, Any]:
    """Run and score one clip; `score` is None, and the reason among the warnings, when it could not be."""
    height, origin = known_height(json.loads((clip / "subject.json").read_text(encoding="utf-8")))
    row: dict[str, Any] = {"clip": clip.name, "height": origin, "score": None, "warnings": []}
    height_flags = [] if height is None else ["--height", str(height)]
    person = output / "person_1"
    try:
        run_pase("run", clip / "video.mp4", output, *height_flags, *flags)
        files = person / "skeleton.osim", person / "motion.mot"
        scores = score(scorer, clip, *files, output.with_suffix(".score.json"))
    except RuntimeError as error:
        return row | {"warnings": [str(error)]}
    scores["straightest_knees"] = straightest_knees(load_motion(person), reference(clip / "truth.npz"))
    return row | {"score": scores, "warnings": scores["warnings"]}


def straightest_knees(motion: Motion, truth: Reference) -> tuple[float, float]:
    """Mean flexion of both knees, estimated and true, in the tenth of the frames in which they are straightest.

    Of recordings with a pause this is how people stand; degrees.
    """
    inside = (motion.time >= truth.time[0]) & (motion.time <= truth.time[-1])
    angles, names = truth.angles(motion.time[inside]), ("knee_angle_r", "knee_angle_l")
    true = np.mean([angles[name] for name in names], axis=0)
    columns = [motion.skeleton.coordinate_index(name) for name in names]
    estimated = np.degrees(motion.q[inside][:, columns].mean(1))
    straight = true <= np.percentile(true, 10)
    return float(estimated[straight].mean()), float(true[straight].mean())


def known_height(subject: dict[str, Any]) -> tuple[float | None, str]:
    """The height to give, and where it comes from."""
    measured, derived = subject.get("height_m"), subject.get("height_from_scaled_model_m")
    if measured is not None:
        return measured, f"{measured:.2f} m, measured"
    if derived is not None:
        return derived, f"{derived:.2f} m, from the reference (±3 cm)"
    return None, "not given"


def mean_angle(score: dict[str, Any], joint: str) -> float:
    """Mean absolute error in degrees over right and left."""
    angles = [score["angles_deg"][f"{joint}_{side}"]["mae"] for side in "rl"]
    return sum(angles) / len(angles)


def segment(score: dict[str, Any], name: str) -> str:
    """Mean absolute error of a length, right and left, in millimetres."""
    error = score["segment_abs_err_mm"].get(name)
    return "–" if error is None else f"{error:.0f}"


def skating(score: dict[str, Any], subject: str) -> str:
    """Mean speed of the feet while the reference's stand, in cm/s."""
    speed = score["foot_skate"][f"mean_speed_{subject}_m_s"]
    return "–" if speed is None else f"{100 * speed:.1f}"


def markdown(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Lines of the table."""
    lines = [header("clip", "height given", *COLUMNS, "scorer's warnings")]
    for row in rows:
        cells = [cell(row["score"]) if row["score"] else "–" for cell in COLUMNS.values()]
        lines.append(line([row["clip"], row["height"], *cells, len(row["warnings"])]))
    return lines


if __name__ == "__main__":
    sys.exit(main())
