"""Do the results of four cameras, each taken alone, agree? One person on a balance beam, filmed in step.

    python benchmarks/multiview.py [FOLDER] [--results DIR] [--shared]

Runs `pase run` (with `--shared`: `pase batch`, one skeleton for all views) on every `cam*.mp4` of FOLDER
(default `../shared/bench/multiview`) without height or calibration, and compares the 13 angles of legs and
trunk and the lengths of the bones between every two views.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.lengths import joint_lengths
from pase.data import Motion
from pase.formats.person import load_motion
from pase.types import Array

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY.parent / "shared" / "bench" / "multiview"
BONES = ("femur_r", "tibia_r", "humerus_r", "hip_width")


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
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
    print("| views | 13 angles apart, ° |\n|---|---|")
    apart = []
    for a, b in itertools.combinations(motions, 2):
        shared, i, j = np.intersect1d(motions[a].time.round(4), motions[b].time.round(4), return_indices=True)
        difference = (angles[a][i] - angles[b][j] + 180) % 360 - 180
        apart.append(np.abs(difference).mean())
        print(f"| {a}, {b} ({len(shared)} frames) | {apart[-1]:.1f} |")
    print(f"| **mean** | **{np.mean(apart):.1f}** |\n\n| bone | mm in each view |\n|---|---|")
    for bone in BONES:
        lengths = [f"{1000 * joint_lengths(motion.skeleton)[bone]:.0f}" for motion in motions.values()]
        print(f"| {bone} | {', '.join(lengths)} |")
    return 0


def estimated(video: Path, output: Path) -> Motion:
    """The main person's motion, by the command line."""
    command = [
        sys.executable,
        "-m",
        "pase",
        "run",
        str(video),
        "-o",
        str(output),
        "--overwrite",
        "--no-overlay",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return load_motion(output / "person_1")


def estimated_together(videos: list[Path], output: Path) -> dict[str, Motion]:
    """The main person's motion in every video, with one skeleton, by the command line."""
    output.parent.mkdir(parents=True, exist_ok=True)
    table = output.with_suffix(".csv")
    rows = ["file,subject", *(f"{video.name},walker" for video in videos)]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pase",
        "batch",
        str(videos[0].parent),
        "-o",
        str(output),
        "--study",
        str(table),
    ]
    subprocess.run([*command, "--overwrite", "--no-overlay"], check=True, stdout=subprocess.DEVNULL)
    return {video.stem: load_motion(output / "trials" / video.stem / "person_1") for video in videos}


def thirteen_angles(motion: Motion) -> Array:
    """(T, 13) hip (3), knee and ankle of both sides and trunk (3), in degrees, from the bodies' orientations."""
    names, R = motion.skeleton.body_names, Kinematics(motion.skeleton).pose(motion.q).rotation

    def relative(parent: str, child: str) -> Rotation:
        a, b = names.index(parent), names.index(child)
        return Rotation.from_matrix(R[:, a]).inv() * Rotation.from_matrix(R[:, b])

    columns = []
    for side, sign in (("r", 1.0), ("l", -1.0)):
        hip = relative("pelvis", f"femur_{side}").as_euler("ZXY", degrees=True) * [1, sign, sign]
        columns += [*hip.T, -relative(f"femur_{side}", f"tibia_{side}").as_euler("ZXY", degrees=True)[:, 0]]
        columns.append(relative(f"tibia_{side}", f"talus_{side}").as_rotvec(degrees=True)[:, 2])
    columns += [*relative("pelvis", "torso").as_euler("ZXY", degrees=True).T]
    return np.stack(columns, axis=1)


if __name__ == "__main__":
    sys.exit(main())
