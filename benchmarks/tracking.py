"""Who is who: persons cut out of one recording walk through made films, cross, hide and come back.

    python -m benchmarks.tracking [WALK.mp4] [--only NAME] [--films DIR] [--markdown FILE]

The walker of a still camera's clip is cut out by the difference from the background, without the mirror image
on the floor, and set into films of 1280 × 720 at 30 frames/s, in other colours, sizes and directions. So it is
known who is where: at the keypoints that are found when nobody is in the way. IDF1 is the share of right
identities (Ristani and others 2016), by the boxes around the keypoints, and by the keypoints themselves, which must
lie on the right body; a switch is a person whose box goes on under another number (Bernardin and Stiefelhagen
2008). A person counts in the frames in which at least a third of them is to be seen.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from benchmarks.common import CLIPS, header, line, make_parser, progress, show
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pase.data import HALPE26, Keypoints2D
from pase.keypoint_sets import mirrored_order
from pase.media import Frame, Video, VideoWriter
from pase.models import model_path
from pase.pose2d.detect import detect_keypoints
from pase.pose2d.detector import PersonDetector
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.pose2d.tracking.similarity import overlap, pose_similarity
from pase.pose2d.user_network import DETECTOR, KEYPOINT_NETWORK

WALK = CLIPS / "lab_walk" / "video.mp4"
SIZE, RATE = (1280, 720), 30.0
VISIBLE, SAME_BOX, SAME_BODY = 1 / 3, 0.4, 0.5
"""Share of a person that must be seen; intersection over union of the boxes, and object keypoint similarity, from
which on a track has the person."""
OPPOSITE = mirrored_order(HALPE26)
"""Where each keypoint is in the mirror."""
SOLE = 0.03
"""Under the lowest keypoint, as a share of the height of all."""


@dataclass(frozen=True)
class Actor:
    """One person of a film."""

    hue: int
    """Turn of the colours, 0 to 179."""
    path: Callable[[float], tuple[float, float, float] | None]
    """Seconds → x and y of the feet and height, px; None where not in the film. Who is lower is nearer."""
    mirrored: bool = False


def walk(start: float, end: float, seconds: float, y: float, height: float, begin: float = 0.0) -> Callable:  # type: ignore[type-arg]
    """A path straight across the picture."""

    def path(t: float) -> tuple[float, float, float] | None:
        share = (t - begin) / seconds
        return (start + share * (end - start), y, height) if 0 <= share <= 1 else None

    return path


def stops(*places: tuple[float, float], y: float, height: float) -> Callable:  # type: ignore[type-arg]
    """A path through places at times (s, px), straight in between."""
    times, xs = zip(*places, strict=True)
    return lambda t: (float(np.interp(t, times, xs)), y, height) if times[0] <= t <= times[-1] else None


def films(seed: int = 7) -> dict[str, tuple[float, list[Actor]]]:
    """Seconds and actors of every film; the crowd by chance."""
    random = np.random.default_rng(seed)
    crowd = []
    for number in range(15):
        depth = number / 14
        start, end = random.uniform(60, 1220, 2)
        path = walk(start, end, 6.0, 380 + 320 * depth, 170 + 300 * depth)
        crowd.append(Actor(int(random.integers(0, 180)), path, end > start))
    left = walk(150, 1130, 5.0, 640, 430)
    meet = stops((0, 150), (1.7, 600), (3.2, 640), (5, 1130), y=640, height=430)
    gone = stops((0, 500), (1.8, -200), (5, -200), (6.8, 500), y=640, height=430)
    return {
        "crossing": (5, [Actor(0, left, True), Actor(60, walk(1130, 150, 5.0, 670, 460))]),
        "crossing, same clothes": (5, [Actor(0, left, True), Actor(0, walk(1130, 150, 5.0, 670, 460))]),
        "met and stood": (
            5,
            [
                Actor(0, meet, True),
                Actor(60, stops((0, 1130), (1.7, 650), (3.2, 660), (5, 150), y=670, height=460)),
            ],
        ),
        "met and turned back": (
            5,
            [
                Actor(0, stops((0, 150), (2.2, 630), (2.8, 630), (5, 150), y=640, height=430), True),
                Actor(60, stops((0, 1130), (2.2, 650), (2.8, 650), (5, 1130), y=670, height=460)),
            ],
        ),
        "left and came back": (
            7,
            [Actor(0, gone), Actor(90, stops((0, 900), (7, 1000), y=640, height=430))],
        ),
        "left, another came": (
            7,
            [
                Actor(0, stops((0, 500), (1.8, -200), y=640, height=430)),
                Actor(60, stops((3.0, 1480), (6.8, 500), y=640, height=430)),
                Actor(120, stops((0, 800), (7, 900), y=600, height=400)),
            ],
        ),
        "crowd of 15": (6, crowd),
    }


@dataclass(frozen=True)
class Sprite:
    """The walker in one frame."""

    image: NDArray[np.uint8]
    """(h, w, 4) RGB and opacity, feet at the lower edge."""
    pose: Pose
    """The keypoints in it."""

    def dressed(self, hue: int, mirrored: bool) -> Self:
        """The same in other colours, perhaps mirrored."""
        hsv = cv2.cvtColor(np.ascontiguousarray(self.image[..., :3]), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(int) + hue) % 180
        out = np.dstack([cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), self.image[..., 3]])
        if not mirrored:
            return Sprite(out, self.pose)
        xy = self.pose.xy[OPPOSITE] * [-1, 1] + [self.image.shape[1] - 1, 0]
        pose = Pose(xy, self.pose.score[OPPOSITE], self.pose.sigma[OPPOSITE])
        return Sprite(np.ascontiguousarray(out[:, ::-1]), pose)


def sprites(path: Path) -> list[Sprite]:
    """The walker of a clip with a still camera, cut out."""
    with Video(path) as video:
        frames = [frame.image for frame in video.frames()][:75]
    ground = np.median(np.stack(frames[::3]), axis=0).astype(np.float32)
    detector, network = PersonDetector(model_path(DETECTOR)), KeypointNetwork(model_path(KEYPOINT_NETWORK))
    cut = []
    for image in frames[::2]:
        moved = np.abs(image - ground).max(-1) > 28
        closed = cv2.morphologyEx(moved.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
        body = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        x, y, w, h = stats[body, :4]
        opacity = cv2.GaussianBlur((labels == body).astype(np.float32) * 255, (3, 3), 0)
        (pose,) = network(image, detector(image)[0][:1], [0])
        low, high = pose.xy.min(0), pose.xy.max(0)
        # The floor mirrors the walker: below the lowest foot it is no person any more.
        h = min(h, round(high[1] + SOLE * (high[1] - low[1])) - y)
        person = np.dstack([image, opacity.astype(np.uint8)])[y : y + h, x : x + w]
        cut.append(Sprite(person, replace(pose, xy=pose.xy - [x, y])))
    return cut + cut[-2:0:-1]


def ground() -> NDArray[np.uint8]:
    """A room with some structure, so that it is no empty picture."""
    random = np.random.default_rng(3)
    coarse = random.integers(70, 190, (9, 16, 3)).astype(np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)


def shoot(
    actors: list[Actor], seconds: float, cut: list[Sprite], rate: float
) -> tuple[list[Frame], list[dict[int, Pose]]]:
    """Frames of a film, and in each the keypoints of those who are to be seen, by actor."""
    dressed = [[sprite.dressed(a.hue, a.mirrored) for sprite in cut] for a in actors]
    behind, frames, truth = ground(), [], []
    for index in range(round(seconds * rate)):
        t = index / rate
        image, owner = behind.copy(), np.full(SIZE[::-1], -1)
        merged: dict[int, tuple[int, Pose]] = {}
        places = [(actor.path(t), number) for number, actor in enumerate(actors)]
        for place, number in sorted((p for p in places if p[0] is not None), key=lambda p: p[0][1]):
            sprite = dressed[number][(round(t * RATE / 2) + 5 * number) % len(cut)]
            pasted = paste(image, owner, sprite, place, number)
            if pasted is not None:
                merged[number] = pasted
        visible = {n: pose for n, (area, pose) in merged.items() if (owner == n).sum() >= VISIBLE * area}
        frames.append(Frame(index, t, image))
        truth.append(visible)
    return frames, truth


def paste(
    image: NDArray[np.uint8],
    owner: NDArray[np.int_],
    sprite: Sprite,
    place: tuple[float, float, float],
    number: int,
) -> tuple[int, Pose] | None:
    """Set a person into a picture; the pixels of the whole person and the keypoints."""
    x, y, height = place
    zoom = height / sprite.image.shape[0]
    small = cv2.resize(sprite.image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    left, top = round(x - small.shape[1] / 2), round(y - small.shape[0])
    area = int((small[..., 3] > 127).sum())
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + small.shape[1], SIZE[0]), min(top + small.shape[0], SIZE[1])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    patch = small[y0 - top : y1 - top, x0 - left : x1 - left]
    opacity = patch[..., 3:].astype(np.float32) / 255
    target = image[y0:y1, x0:x1]
    target[:] = (target * (1 - opacity) + patch[..., :3] * opacity).astype(np.uint8)
    owner[y0:y1, x0:x1][patch[..., 3] > 127] = number
    xy = zoom * sprite.pose.xy + [left, top]
    inside = ((xy >= 0) & (xy < SIZE)).all(1)
    return area, replace(sprite.pose, xy=xy, score=sprite.pose.score * inside)


@dataclass(frozen=True)
class Score:
    """How well identities were kept."""

    idf1: float
    idf1_keypoints: float
    switches: int
    tracks: int
    ms_a_frame: float


Likeness = Callable[[Pose, Pose], float]
"""How well a person's true pose and a track's fit, from 0 to 1."""


def same_box(truth: Pose, pose: Pose) -> float:
    """Intersection over union of the boxes, where they are one person's, else 0."""
    boxes = [person.box(0.01, margin=0.0) for person in (truth, pose)]
    if boxes[0] is None or boxes[1] is None:
        return 0.0
    shared = float(overlap(boxes[0][None], boxes[1][None])[0, 0])
    return shared if shared >= SAME_BOX else 0.0


def same_body(truth: Pose, pose: Pose) -> float:
    """Object keypoint similarity, where the bodies are one, else 0."""
    alike = pose_similarity(truth, pose)
    return alike if alike >= SAME_BODY else 0.0


def judge(truth: list[dict[int, Pose]], people: list[Keypoints2D], likeness: Likeness) -> tuple[float, int]:
    """IDF1 in per cent and the number of switches."""
    actors = sorted({number for visible in truth for number in visible})
    together, last, switches = np.zeros((len(actors), len(people))), {}, 0
    for frame, visible in enumerate(truth):
        present = [number for number, person in enumerate(people) if person.seen[frame]]
        known_actors = list(visible)
        if not present or not known_actors:
            continue
        poses = [pose_of(people[number], frame) for number in present]
        shared = np.array([[likeness(visible[actor], pose) for pose in poses] for actor in known_actors])
        # Who was matched before stays matched while it can be, as in the definition of a switch.
        going_on = np.array([[last.get(actor) == person for person in present] for actor in known_actors])
        for row, column in zip(*linear_sum_assignment(-shared - 10 * (going_on & (shared > 0))), strict=True):
            if shared[row, column] > 0:
                actor, person = known_actors[row], present[column]
                together[actors.index(actor), person] += 1
                switches += last.get(actor, person) != person
                last[actor] = person
    matched = sum(together[pair] for pair in zip(*linear_sum_assignment(-together), strict=True))
    truth_count = sum(len(visible) for visible in truth)
    track_count = sum(int(person.seen.sum()) for person in people)
    return 100 * 2 * matched / max(truth_count + track_count, 1), switches


def pose_of(person: Keypoints2D, frame: int) -> Pose:
    """A track's pose in a frame."""
    finite = np.isfinite(person.xy[frame]).all(-1)
    return Pose(
        np.nan_to_num(person.xy[frame]),
        np.where(finite, person.score[frame], 0.0),
        np.zeros_like(person.xy[frame]),
    )


def tracked(frames: list[Frame], truth: list[dict[int, Pose]]) -> Score:
    """Follow the persons of a film."""
    begin = time.perf_counter()
    detections = detect_keypoints(iter(frames), SIZE)
    seconds = time.perf_counter() - begin
    people = [person.over(detections.time) for person in detections.people]
    (idf1, switches), (of_keypoints, _) = (
        judge(truth, people, is_match) for is_match in (same_box, same_body)
    )
    return Score(idf1, of_keypoints, switches, len(people), 1000 * seconds / len(frames))


def write(frames: Iterator[Frame] | list[Frame], path: Path, rate: float) -> None:
    """Keep a film to look at."""
    with VideoWriter(path, SIZE, rate) as out:
        for frame in frames:
            out.write(frame.image, frame.time)


def main() -> int:
    """Make every film, follow, print."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("walk", type=Path, nargs="?", default=WALK)
    parser.add_argument("--only", metavar="NAME", help="one film")
    parser.add_argument("--seed", type=int, default=7, help="another crowd")
    parser.add_argument("--rate", type=float, default=RATE, help="frames a second")
    parser.add_argument("--films", type=Path, metavar="DIR", help="keep the films here")
    options = parser.parse_args()
    cut = sprites(options.walk)
    lines = [header("film", "persons", "tracks", "IDF1", "IDF1 of keypoints", "switches", "ms a frame")]
    for name, (seconds, actors) in films(options.seed).items():
        if options.only and name != options.only:
            continue
        frames, truth = shoot(actors, seconds, cut, options.rate)
        if options.films:
            options.films.mkdir(parents=True, exist_ok=True)
            write(frames, options.films / f"{name.replace(' ', '_').replace(',', '')}.mp4", options.rate)
        score = tracked(frames, truth)
        rates = [f"{share:.1f} %" for share in (score.idf1, score.idf1_keypoints)]
        cells = [name, len(actors), score.tracks, *rates, score.switches, f"{score.ms_a_frame:.0f}"]
        lines.append(progress(line(cells)))
    show(lines, options.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
