"""Do the results of four cameras, each taken alone, agree? One person on a balance beam, filmed in step.

    python -m benchmarks.multiview [FOLDER] [--results DIR] [--shared]

Runs `pase run` (with `--shared`: `pase batch`, one skeleton for all views) on every `cam*.mp4` of FOLDER
(default `../shared/bench/multiview`) without height or calibration, and compares the 13 angles of legs and
trunk and the lengths of the bones between every two views.
"""

import itertools
import sys
from pathlib import Path

import numpy as np
from benchmarks.common import (
    BENCH,
    RESULTS,
    angle_differences,
    header,
    make_parser,
    run_pase,
    thirteen_angles,
)

from pase.anatomy.lengths import joint_lengths
from pase.data import Motion
from pase.formats.person import load_motion

BONES = ("femur_r", "tibia_r", "humerus_r", "hip_width")


def main() -> int:
    """Run, compare, print."""
    parser = make_parser(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=BENCH / "multiview")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--shared", action="store_true", help="one skeleton for all views")
    options = parser.parse_args()
    videos = sorted(options.folder.glob("cam*.mp4"))
    if len(videos) < 2:
        print(f"no views in {options.folder}: nothing to measure", file=sys.stderr)
        return 0
    if options.shared:
        motions = estimated_together(videos, options.results / "multiview_shared")
    else:
        motions = {video.stem: estimated(video, options.results / video.stem) for video in videos}
    angles = {name: thirteen_angles(motion) for name, motion in motions.items()}
    print(header("views", "13 angles apart, °"))
    apart = []
    for a, b in itertools.combinations(motions, 2):
        shared, i, j = np.intersect1d(motions[a].time.round(4), motions[b].time.round(4), return_indices=True)
        apart.append(np.abs(angle_differences(angles[a][i], angles[b][j])).mean())
        print(f"| {a}, {b} ({len(shared)} frames) | {apart[-1]:.1f} |")
    print(f"| **mean** | **{np.mean(apart):.1f}** |\n\n{header('bone', 'mm in each view')}")
    for bone in BONES:
        lengths = [f"{1000 * joint_lengths(motion.skeleton)[bone]:.0f}" for motion in motions.values()]
        print(f"| {bone} | {', '.join(lengths)} |")
    return 0


def estimated(video: Path, output: Path) -> Motion:
    """The main person's motion, by the command line."""
    run_pase("run", video, output)
    return load_motion(output / "person_1")


def estimated_together(videos: list[Path], output: Path) -> dict[str, Motion]:
    """The main person's motion in every video, with one skeleton, by the command line."""
    output.parent.mkdir(parents=True, exist_ok=True)
    table = output.with_suffix(".csv")
    rows = ["file,subject", *(f"{video.name},walker" for video in videos)]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    run_pase("batch", videos[0].parent, output, "--study", str(table))
    return {video.stem: load_motion(output / "trials" / video.stem / "person_1") for video in videos}


if __name__ == "__main__":
    sys.exit(main())
