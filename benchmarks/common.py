"""What the benchmarks share: folders, command lines, tables, runs of `pase`, scores, angles and joints."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from pase.anatomy.kinematics import Kinematics
from pase.data import Motion
from pase.types import Array

REPOSITORY = Path(__file__).resolve().parents[1]
BENCH = REPOSITORY.parent / "shared" / "bench"
CLIPS = BENCH / "dev"
JOINTS = [body + side for side in ("_r", "_l") for body in ("femur", "tibia", "talus", "humerus", "ulna")]
"""Bodies whose origins are the joint centres that are compared."""
RESULTS = REPOSITORY / "benchmarks" / "results"


def make_parser(doc: str | None, *, markdown: bool = False) -> argparse.ArgumentParser:
    """A parser that shows a benchmark's own text, perhaps with an option for a file to write the table to."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    if markdown:
        parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here, too")
    return parser


def parse_with_flags(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The options of a benchmark; what follows `--` is their `flags`, for `pase run`."""
    words = list(words)
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    options.flags = words[cut + 1 :]
    return options


def line(cells: Iterable[object]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def header(*names: str) -> str:
    """The first two lines of a Markdown table."""
    return line(names) + "\n" + "|---" * len(names) + "|"


def show(lines: Iterable[str], markdown: Path | None = None) -> None:
    """Print a table, and write it to a file if one is wanted."""
    table = "\n".join(lines)
    print(table)
    if markdown is not None:
        markdown.write_text(table + "\n", encoding="utf-8")


def progress(text: str) -> str:
    """Print a text on standard error at once; the text itself."""
    print(text, file=sys.stderr, flush=True)
    return text


def run_pase(command: str, source: Path, output: Path, *flags: str) -> None:
    """`pase run` or `pase batch` without the overlay, with nothing on standard output; RuntimeError if it fails."""
    words = [command, str(source), "-o", str(output), "--overwrite", "--no-overlay", *flags]
    done = subprocess.run([sys.executable, "-m", "pase", *words], stdout=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"pase {command} ended with code {done.returncode}")


def score(scorer: Path, clip: Path, model: Path, motion: Path, answer: Path) -> dict[str, Any]:
    """What the scorer says of a `.osim` and a `.mot`; RuntimeError if it cannot."""
    command = [sys.executable, str(scorer), "--quiet", "--clip", str(clip), "--json", str(answer)]
    command += ["--osim", str(model), "--mot", str(motion)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip() or done.stdout.strip() or "no reason given"
        raise RuntimeError(f"not scored: {reason.splitlines()[-1]}")
    scores: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return scores


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


def angle_differences(first: Array, second: Array) -> Array:
    """Differences of angles in degrees, between −180 and 180."""
    return np.asarray((first - second + 180) % 360 - 180)


def procrustes(truth: Array, estimate: Array) -> Array:
    """(T,) mean distance of points (T, J, 3) after the best similarity transform in each frame."""
    p, q = truth - truth.mean(1, keepdims=True), estimate - estimate.mean(1, keepdims=True)
    U, S, Vt = np.linalg.svd(np.swapaxes(q, 1, 2) @ p)
    D = np.ones_like(S)
    D[:, 2] = np.sign(np.linalg.det(U @ Vt))
    scale = (S * D).sum(1) / np.square(q).sum((1, 2))
    aligned = scale[:, None, None] * (q @ ((U * D[:, None]) @ Vt))
    return np.asarray(np.linalg.norm(aligned - p, axis=2).mean(1))
