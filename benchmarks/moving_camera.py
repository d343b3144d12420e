"""A camera that moves beside one that stands still: clips of a tripod are turned into panned, shaken and zoomed ones.

    python benchmarks/moving_camera.py [CLIPS] [--modes follow shake zoom] [--seeds 0 1] [--seconds 5 60]
                                       [--focal 1100] [--results DIR] [--markdown FILE]

CLIPS is a folder of clips with a reference, as for `accuracy.py`, beside a `score.py` and a `make_moving.py`, which
turns a clip into one of a camera that moves about its lens: the world stays as it is, so the clip's reference
holds. With `--seconds` the clip is played to and fro for so long first; then only the camera is judged. The table
tells errors of the camera (turn beside the truth, less a constant one, and zoom) and the scores, first those of the
clip as filmed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import CLIPS, REPOSITORY, skating

from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.camera.rotations import mean_rotation, vector_of_rotation
from pase.media import Frame, VideoWriter, open_media
from pase.pipeline.following import kept_motions
from pase.types import Array

SIZE = "540x960"
HEAD = (
    "| clip | camera | turn rms, ° | zoom rms, % | 13 angles, ° | PA, mm | global, mm | way, m | skating, cm/s |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Film:
    """A clip of a camera that moves, and how it moved."""

    path: Path
    R: Array
    """(T, 3, 3) true turns."""
    focal_px: Array
    """(T,) true focal lengths."""


def main() -> int:
    """Make the films, run, score, print."""
    options = parse()
    tools = options.clips.parent
    maker, scorer = tools / "make_moving.py", tools / "score.py"
    clips = sorted(path.parent for path in options.clips.glob("*/truth.npz"))
    if not clips or not maker.is_file() or not scorer.is_file():
        print(
            f"no clips with a scorer and make_moving.py at {options.clips}: nothing to measure",
            file=sys.stderr,
        )
        return 0
    options.results.mkdir(parents=True, exist_ok=True)
    lines = [HEAD]
    for clip in clips:
        still = options.results / f"{clip.name}_still"
        lines.append(row(clip.name, "still", None, scored(clip / "video.mp4", clip, still, scorer)))
        keypoints = still / "keypoints.json"
        for mode in options.modes:
            for seed in options.seeds:
                name = options.results / f"{clip.name}_{mode}_{seed}"
                film = moved(clip / "video.mp4", name, mode, seed, keypoints, maker, options.focal)
                score = scored(film.path, clip, name, scorer)
                errors = camera_errors(motion_of(name, film), film)
                lines.append(row(clip.name, f"{mode}, seed {seed}", errors, score))
        for seconds in options.seconds:
            name = options.results / f"{clip.name}_{seconds:g}s"
            to_and_fro(clip / "video.mp4", name.with_suffix(".source.mp4"), seconds)
            film = moved(name.with_suffix(".source.mp4"), name, "shake", 0, None, maker, options.focal)
            lines.append(row(clip.name, f"shake, {seconds:g} s", camera_errors(followed(film), film), None))
        print("\n".join(lines[-1:]), file=sys.stderr)
    table = "\n".join(lines)
    print(table)
    if options.markdown:
        options.markdown.write_text(table + "\n", encoding="utf-8")
    return 0


def parse() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS)
    parser.add_argument("--modes", nargs="*", default=["follow", "shake", "zoom"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--seconds", nargs="*", type=float, default=[])
    parser.add_argument("--focal", type=float, default=1100.0, help="of the clips as filmed, in px")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results" / "moving")
    parser.add_argument("--markdown", type=Path)
    return parser.parse_args()


def moved(
    source: Path, name: Path, mode: str, seed: int, keypoints: Path | None, maker: Path, focal: float
) -> Film:
    """A clip turned into one of a camera that moves."""
    path = name.with_suffix(".mp4")
    command = [sys.executable, str(maker), str(source), str(path), "--focal", str(focal), "--mode", mode]
    command += ["--seed", str(seed), "--size", SIZE]
    command += [] if keypoints is None else ["--keypoints", str(keypoints)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    R = np.array([frame["rotation_from_source_camera"] for frame in truth])
    return Film(path, R, np.array([frame["focal_px"] for frame in truth]))


def to_and_fro(source: Path, path: Path, seconds: float) -> None:
    """A clip played to its end and back again for so long."""
    with open_media(source) as media:
        frames = [frame.image for frame in media.frames()]
        rate, size = media.frame_rate, media.image_size
    loop = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    with VideoWriter(path, size, rate) as writer:
        for i in range(round(seconds * rate)):
            writer.write(frames[loop[i % len(loop)]], i / rate)


def scored(film: Path, clip: Path, output: Path, scorer: Path) -> dict[str, Any]:
    """The scores of `pase run` on a film."""
    command = [sys.executable, "-m", "pase", "run", str(film), "-o", str(output), "--overwrite"]
    command += ["--no-overlay", "--no-viewer", "--no-plots", "--no-report-page"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    person, answer = output / "person_1", output.with_suffix(".score.json")
    command = [sys.executable, str(scorer), "--quiet", "--clip", str(clip), "--json", str(answer)]
    command += ["--osim", str(person / "skeleton.osim"), "--mot", str(person / "motion.mot")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    score: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return score


def motion_of(output: Path, film: Film) -> CameraMotion:
    """What a run says of the camera."""
    motions = kept_motions(output)
    times = np.arange(len(film.R)) / 30.0
    return motions[0] if motions else CameraMotion.still(times, float(film.focal_px[0]))


def followed(film: Film) -> CameraMotion:
    """The camera's motion alone, without persons: their boxes are not told."""
    nobody = np.zeros((0, 4))
    with open_media(film.path) as media:
        follower, times = CameraFollower(media.image_size, float(film.focal_px[0])), []
        for frame in media.frames():
            follower.look(Frame(frame.index, frame.time, frame.image), nobody)
            times.append(frame.time)
    return follower.motions(np.array(times))[0]


def camera_errors(motion: CameraMotion, film: Film) -> tuple[float, float]:
    """Root mean squares of the turn's error, °, but for a constant one, and of the zoom's, %."""
    count = min(len(motion), len(film.R))
    measured, R = motion.R_camera_reference[:count], film.R[:count]
    reference = mean_rotation(R.transpose(0, 2, 1) @ measured)
    off = np.degrees(vector_of_rotation(measured @ (R @ reference).transpose(0, 2, 1)))
    zoom = motion.zoom[:count] / film.focal_px[:count]
    return float(np.sqrt(np.square(off).mean())), 100 * float(np.std(zoom) / np.mean(zoom))


def row(clip: str, camera: str, errors: tuple[float, float] | None, score: dict[str, Any] | None) -> str:
    """A line of the table."""
    cells = [clip, camera, *(["–", "–"] if errors is None else [f"{errors[0]:.3f}", f"{errors[1]:.2f}"])]
    if score is None:
        return "| " + " | ".join([*cells, *["–"] * 5]) + " |"
    way = score["path"]["net_horizontal_pred_m"]
    cells += [f"{score['mae13']:.2f}", f"{score['pa_mpjpe_mm']:.1f}", f"{score['global_mpjpe_mm']:.0f}"]
    return "| " + " | ".join([*cells, f"{way:.2f}", skating(score, "pred")]) + " |"


if __name__ == "__main__":
    sys.exit(main())
