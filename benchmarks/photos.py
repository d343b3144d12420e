"""Photos: does the skeleton lie on everybody, and does the skull face as the face does?

    python -m benchmarks.photos [FOLDER] [--only NAME ...] [--keypoints DIR] [--results DIR]

For every picture in FOLDER (default `../shared/media`) and everybody in it: the mean distance between the skeleton's
points and the keypoints in % of the person's standing height, the same of those that the detector is sure of (it
draws what it cannot see as well, as the eyes of people seen from behind), the share of points within 3 %, and the
angle between the direction of the skull and that of the face. Nobody measured the face: its direction is that of a
head of mean size, turned in space until its nose, eyes and ears fall on the keypoints (`head_poses.py`). Two sheets
to look at are written, `photos.png` with the bones over every picture, and `heads.png` with every head.
`--keypoints` keeps keypoints there and takes them from there, so that only the fit is run.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.common import REPOSITORY, RESULTS, header, line, make_parser
from benchmarks.head_poses import face_direction
from PIL import Image as Pictures
from PIL import ImageDraw

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.limbs import with_seen_parts
from pase.anatomy.model import Landmark
from pase.config import Settings
from pase.data import Keypoints2D, Motion
from pase.media.photo import is_photo
from pase.pipeline.estimating import fit_people
from pase.pipeline.lifting import lift_in_statures
from pase.pipeline.recording import Recording, find_people, read_recording
from pase.pose2d.readers.alphapose_json import write_alphapose
from pase.view.overlay import draw_overlay

MEDIA = REPOSITORY.parent / "shared" / "media"
NEAR = 0.03
"""Share of the standing height within which a point counts as met."""
SURE_SCORE = 0.5
"""Score from which the detector is sure of a keypoint."""
WHOLE_BODY = 22
"""Of 26 keypoints, so many are seen where the whole body counts as seen."""
TITLES = (
    "picture, person", "points", "mean distance, %", "of sure ones, %", "within 3 %, %", "skull and face apart, °",
)  # fmt: skip
TILE, HEAD_TILE, COLUMNS, HEAD_COLUMNS = (640, 480), (240, 240), 3, 6


@dataclass(frozen=True)
class Figures:
    """How well one person was met."""

    mean_percent: float
    """Mean distance from the keypoints, % of the standing height."""
    sure_percent: float
    """The same of the keypoints that the detector is sure of."""
    near_percent: float
    """Share of keypoints within 3 % of the standing height."""
    seen: int
    """Keypoints that count."""
    face_deg: float
    """Angle between the directions of skull and face; NaN where the face does not tell its direction."""


def main() -> int:
    """Fit, measure, draw, print."""
    options = parse()
    pictures = [path for path in sorted(options.folder.glob("*")) if is_photo(path)]
    pictures = [path for path in pictures if not options.only or path.stem in options.only]
    if not pictures:
        print(f"no pictures in {options.folder}: nothing to measure", file=sys.stderr)
        return 0
    options.results.mkdir(parents=True, exist_ok=True)
    settings = Settings()
    tiles, heads, table = [], [], []
    print(header(*TITLES))
    for path in pictures:
        recording = recording_of(path, settings, options.keypoints)
        people, landmarks = [*recording.people], lift_in_statures(recording, settings)
        motions = [with_seen_parts(motion) for motion in fit_people(recording, landmarks, settings)]
        drawn = options.results / f"{path.stem}.png"
        draw_overlay(path, motions, drawn)
        with Pictures.open(drawn) as overlay:
            tiles.append(tile(overlay, path.stem, TILE))
            for motion in motions:
                figures = measured(motion, people)
                table.append(figures)
                title = f"{path.stem} {motion.track_id}"
                print(row(title, figures), flush=True)
                heads.append(
                    tile(overlay.crop(head_box(motion)), f"{title}: {figures.face_deg:.0f}°", HEAD_TILE)
                )
    sheet(tiles, COLUMNS).save(options.results / "photos.png")
    sheet(heads, HEAD_COLUMNS).save(options.results / "heads.png")
    print(summary(table))
    return 0


def parse() -> argparse.Namespace:
    """Options."""
    parser = make_parser(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=MEDIA)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="pictures, without their suffix")
    parser.add_argument("--keypoints", type=Path, metavar="DIR", help="keep keypoints here, and read them")
    parser.add_argument("--results", type=Path, default=RESULTS / "photos")
    return parser.parse_args()


def recording_of(path: Path, settings: Settings, cache: Path | None) -> Recording:
    """Everybody in a picture; read from `kept` where an earlier run has left it."""
    if cache is None:
        return find_people(path, settings)
    file = cache / f"{path.stem}.json"
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        write_alphapose(find_people(path, settings).people, file)
    return read_recording(file, path, settings=settings)


def measured(motion: Motion, people: Sequence[Keypoints2D]) -> Figures:
    """The figures of one person in one picture."""
    camera, residual = motion.camera, motion.residual
    stature_m = motion.diagnostics.stature_m
    assert camera is not None and residual is not None and stature_m is not None
    kinematics = Kinematics(motion.skeleton)
    points = kinematics.positions(motion.q)[0]
    height_px = camera.focal_length_px * stature_m / camera.to_camera(points)[:, 2].mean()
    share = residual[0] / height_px
    visible = np.isfinite(share)
    pixels = camera.project(points)
    person = min(people, key=lambda p: np.nanmedian(np.linalg.norm(p.xy[0] - pixels, axis=-1)))
    face = face_direction(person.names, person.xy[0], np.where(visible, person.score[0], 0.0), camera)
    head = motion.skeleton.body_index("head")
    skull = camera.rotation @ kinematics.pose(motion.q).rotation[0, head][:, 0]
    apart = np.nan if face is None else float(np.degrees(np.arccos(np.clip(skull @ face, -1, 1))))
    sure = visible & (person.score[0] >= SURE_SCORE)
    sure_percent = 100 * share[sure].mean() if sure.any() else np.nan
    near_percent = 100 * (share[visible] < NEAR).mean()
    return Figures(100 * share[visible].mean(), sure_percent, near_percent, int(visible.sum()), apart)


def row(title: str, figures: Figures) -> str:
    """One line of the table."""
    face = "–" if np.isnan(figures.face_deg) else f"{figures.face_deg:.0f}"
    distances = (f"{figures.mean_percent:.2f}", f"{figures.sure_percent:.2f}")
    return line([title, figures.seen, *distances, f"{figures.near_percent:.0f}", face])


def summary(table: list[Figures]) -> str:
    """How many persons are met as well as is wanted."""
    complete = [f for f in table if f.seen >= WHOLE_BODY]
    means, sure = [f.mean_percent for f in complete], [f.sure_percent for f in complete]
    faces = [f.face_deg for f in table if np.isfinite(f.face_deg)]
    return (
        f"\n{len(means)} with the whole body seen: mean distance {np.mean(means):.2f} %, at most 1.2 % in "
        f"{sum(w <= 1.2 for w in means)}; of sure points {np.nanmean(sure):.2f} %, in "
        f"{sum(s <= 1.2 for s in sure)}; {len(faces)} faces: {np.median(faces):.0f}° (median) from the skull's "
        f"direction, within 20° in {sum(f <= 20 for f in faces)}"
    )


def head_box(motion: Motion) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a square in the picture, twice as large as the head."""
    assert motion.camera is not None
    landmarks = [Landmark("middle", "head", (0.03, 0.05, 0.0)), Landmark("crown", "head", (0.03, 0.25, 0.0))]
    points = Kinematics(motion.skeleton, landmarks).positions(motion.q)[0]
    depth = motion.camera.to_camera(points)[0, 2]
    x, y = motion.camera.project(points)[0]
    half = max(0.25 * motion.camera.focal_length_px / depth, 12.0)
    return round(x - half), round(y - half), round(x + half), round(y + half)


def tile(picture: Pictures.Image, title: str, size: tuple[int, int]) -> Pictures.Image:
    """A picture made to fit a tile, with its title."""
    fitted = Pictures.new("RGB", size, "black")
    scale = min(size[0] / picture.width, size[1] / picture.height)
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    fitted.paste(small, ((size[0] - small.width) // 2, (size[1] - small.height) // 2))
    ImageDraw.Draw(fitted).text((4, 2), title, fill="yellow", stroke_width=1, stroke_fill="black")
    return fitted


def sheet(tiles: list[Pictures.Image], columns: int) -> Pictures.Image:
    """Tiles of one size side by side."""
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    canvas = Pictures.new("RGB", (width * min(columns, len(tiles)), height * rows))
    for i, picture in enumerate(tiles):
        canvas.paste(picture, (i % columns * width, i // columns * height))
    return canvas


if __name__ == "__main__":
    raise SystemExit(main())
