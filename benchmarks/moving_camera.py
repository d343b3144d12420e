"""A camera that moves beside one that stands still: clips of a tripod are turned into panned, shaken and zoomed ones.

    python -m benchmarks.moving_camera [CLIPS] [--only lab_walk] [--modes follow shake zoom]
        [--seeds 0] [--seconds 5 60] [--drawn walk run belt] [--focal 913] [--results DIR] [--markdown FILE]

CLIPS is a folder of clips with a reference, as for `accuracy.py`, beside a `score.py` and a `make_moving.py`, which
turns a clip into one of a camera that moves about its lens: the world stays as it is, so the clip's reference holds.
It does so for the clip's own lens alone (`--focal`): turned with another one, a film shows people as no camera does.
The films show a part of the clip's picture, whose angle of view is not that of a phone; what that does is shown by
the clip cut to this part (`cropped`). With `--seconds` the clip is played to and fro for so long first; then only the
camera is judged. The second table is of drawn films of somebody who walks or runs through a room, by a camera carried
along 5 m beside them (`travelling_films.py`); no CLIPS are needed for that.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks import travelling_films as drawn
from benchmarks.common import (
    CLIPS,
    RESULTS,
    angle_differences,
    header,
    line,
    make_parser,
    progress,
    run_pase,
    score,
    show,
    thirteen_angles,
)

from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.camera.rotations import mean_rotation, vector_of_rotation
from pase.data import Motion
from pase.media import Frame, VideoWriter, open_media
from pase.pipeline.camera_motion import load_camera_motions
from pase.types import Array

SIZE = "540x960"
DRAWN = ("walk", "run", "belt")
HEAD = (
    "clip", "camera", "turn rms, °", "zoom rms, %", "13 angles, °", "PA, mm", "global, mm", "way, m", "skating, cm/s",
)  # fmt: skip
DRAWN_HEAD = (
    "drawn", "camera", "turn rms, °", "true way, m", "way, m", "true speed, m/s", "speed, m/s",
    "skating (true), cm/s", "13 angles, °", "from the same over ground, °",
)  # fmt: skip


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
    options.results.mkdir(parents=True, exist_ok=True)
    scorer = options.clips.parent / "score.py"
    clips = sorted(path.parent for path in options.clips.glob("*/truth.npz"))
    clips = [clip for clip in clips if not options.only or clip.name in options.only]
    lines = []
    if clips and scorer.is_file() and (options.clips.parent / "make_moving.py").is_file():
        lines = [header(*HEAD), *(row for clip in clips for row in rows_of_clip(clip, scorer, options))]
    else:
        progress(f"no clips with a scorer and make_moving.py at {options.clips}")
    if options.drawn:
        lines += ["", header(*DRAWN_HEAD), *(progress(drawn_row(name)) for name in options.drawn)]
    show(lines, options.markdown)
    return 0


def rows_of_clip(clip: Path, scorer: Path, options: argparse.Namespace) -> list[str]:
    """The lines of one clip: as filmed, cut to what the other films show, and by cameras that move."""
    maker, source = options.clips.parent / "make_moving.py", clip / "video.mp4"
    still, folder = (options.results / f"{clip.name}_{name}" for name in ("still", "cropped"))
    lines = [progress(row(clip.name, "still", None, scored(source, clip, still, scorer)))]
    for mode, seed in ((mode, seed) for mode in options.modes for seed in options.seeds):
        name = options.results / f"{clip.name}_{mode}_{seed}"
        film = moved(source, name, mode, seed, still / "keypoints.json", maker, options.focal)
        if len(lines) == 1:
            cropped(source, film, options.focal, folder.with_suffix(".mp4"))
            scores = scored(folder.with_suffix(".mp4"), clip, folder, scorer)
            lines.append(progress(row(clip.name, "still, cropped", None, scores)))
        scores = scored(film.path, clip, name, scorer)
        errors = camera_errors(motion_of(name, film), film)
        lines.append(progress(row(clip.name, f"{mode}, seed {seed}", errors, scores)))
    for seconds in options.seconds:
        name = options.results / f"{clip.name}_{seconds:g}s"
        to_and_fro(source, name.with_suffix(".source.mp4"), seconds)
        film = moved(name.with_suffix(".source.mp4"), name, "shake", 0, None, maker, options.focal)
        errors = camera_errors(followed(film), film)
        lines.append(progress(row(clip.name, f"shake, {seconds:g} s", errors, None)))
    return lines


def drawn_row(name: str) -> str:
    """The line of a drawn film: `walk` or `run` by a camera that is carried along, or a walk on a `belt`."""
    person = drawn.walker(drawn.RUN if name == "run" else drawn.WALK)
    camera = drawn.carried_camera(person, 5.0, seed=0)
    if name == "belt":
        person = drawn.on_a_treadmill(person)
        camera = drawn.standing_camera(person, 5.0)
    motion = drawn.followed_film(person, camera, drawn.Room(12.0 if name == "run" else 4.0))
    estimate = drawn.estimated(person, camera, motion, seed=0)
    film = Film(Path(), camera.R_camera_world, np.full(len(person.time), drawn.FOCAL_PX))
    floor = None if estimate.diagnostics is None else estimate.diagnostics.floor
    kind = motion.kind
    if motion.if_carried is not None and floor is not None and not floor.treadmill:
        kind, motion = f"{kind}; travelling by the feet", motion.if_carried
    film = Film(Path(), camera.R_camera_world, np.full(len(person.time), drawn.FOCAL_PX))
    place = [estimate.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    way = np.linalg.norm(estimate.q[-1, place] - estimate.q[0, place])
    speed = "–" if floor is None else f"{floor.speed_m_s:.2f} ± {floor.speed_sd_m_s:.2f}"
    skating = over_ground = "–"
    if name == "belt":
        # A camera that goes along as fast as the person would see the same.
        carried = replace(CameraMotion.still(person.time, drawn.FOCAL_PX), kind="travelling")
        over_ground = f"{angles_apart(estimate, drawn.estimated(person, camera, carried, seed=0)):.2f}"
    else:
        speeds = (100 * drawn.skating_m_s(person, motion) for motion in (estimate, person.motion))
        skating = "{:.1f} ({:.1f})".format(*speeds)
    cells = [name, kind, f"{camera_errors(motion, film)[0]:.2f}", f"{person.way_m:.2f}", f"{way:.2f}"]
    cells += [f"{person.gait.speed:.2f}", speed, skating]
    return line([*cells, f"{angles_apart(estimate, person.motion):.2f}", over_ground])


def angles_apart(first: Motion, second: Motion) -> float:
    """Mean difference of the 13 angles of two motions in the same frames, degrees."""
    return float(np.abs(angle_differences(thirteen_angles(first), thirteen_angles(second))).mean())


def parse() -> argparse.Namespace:
    """Options."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("clips", nargs="?", type=Path, default=CLIPS)
    parser.add_argument("--only", nargs="*", default=["lab_walk"], help="clips; all when none is named")
    parser.add_argument("--modes", nargs="*", default=["follow", "shake", "zoom"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--seconds", nargs="*", type=float, default=[])
    parser.add_argument("--drawn", nargs="*", choices=DRAWN, default=DRAWN)
    parser.add_argument(
        "--focal", type=float, default=913.0, help="of the clips as filmed, in px: theirs was calibrated"
    )
    parser.add_argument("--results", type=Path, default=RESULTS / "moving")
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


def cropped(source: Path, film: Film, focal: float, path: Path) -> None:
    """The part of a clip that a film made of it shows in the middle of its turns, by a camera that stands still."""
    width, height = (int(side) for side in SIZE.split("x"))
    size = (width, height)
    with open_media(source) as media, VideoWriter(path, size, media.frame_rate) as writer:
        K = intrinsics(focal, media.image_size)
        view = intrinsics(float(film.focal_px[0]), size) @ mean_rotation(film.R) @ np.linalg.inv(K)
        for frame in media.frames():
            writer.write(cv2.warpPerspective(frame.image, view, size, flags=cv2.INTER_AREA), frame.time)


def intrinsics(focal_px: float, size: tuple[int, int]) -> Array:
    """(3, 3) of a camera whose principal point is the middle of the picture."""
    return np.array([[focal_px, 0, size[0] / 2], [0, focal_px, size[1] / 2], [0, 0, 1.0]])


def scored(film: Path, clip: Path, output: Path, scorer: Path, *flags: str) -> dict[str, Any]:
    """The scores of `pase run` on a film."""
    run_pase("run", film, output, "--no-viewer", "--no-plots", "--no-report-page", *flags)
    model, motion = (output / "person_1" / name for name in ("skeleton.osim", "motion.mot"))
    return score(scorer, clip, model, motion, output.with_suffix(".score.json"))


def motion_of(output: Path, film: Film) -> CameraMotion:
    """What a run says of the camera."""
    motions = load_camera_motions(output)
    times = np.arange(len(film.R)) / 30.0
    return motions[0] if motions else CameraMotion.still(times, float(film.focal_px[0]))


def followed(film: Film) -> CameraMotion:
    """The camera's motion alone, without persons: their boxes are not given."""
    no_boxes = np.zeros((0, 4))
    with open_media(film.path) as media:
        follower, times = CameraFollower(media.image_size, float(film.focal_px[0])), []
        for frame in media.frames():
            follower.look(Frame(frame.index, frame.time, frame.image), no_boxes)
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


def row(clip: str, camera: str, errors: tuple[float, float] | None, scores: dict[str, Any] | None) -> str:
    """A line of the table."""
    cells = [clip, camera, *(["–", "–"] if errors is None else [f"{errors[0]:.3f}", f"{errors[1]:.2f}"])]
    if scores is None:
        return line([*cells, *"–––––"])
    way = scores["path"]["net_horizontal_pred_m"]
    cells += [f"{scores['mae13']:.2f}", f"{scores['pa_mpjpe_mm']:.1f}", f"{scores['global_mpjpe_mm']:.0f}"]
    skating = 100 * scores["foot_skate"]["mean_speed_pred_m_s"]
    return line([*cells, f"{way:.2f}", f"{skating:.1f}"])


if __name__ == "__main__":
    sys.exit(main())
