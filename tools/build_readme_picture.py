"""Make the moving picture of README and docs: `python tools/build_readme_picture.py RESULT`.

RESULT is what `pase run` has made of the demo clip (BSD-3-Clause, Sports2D by David Pagnon). The film is on the left,
on the right the same with the walker's bones; the cut follows her.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import pase
from pase.media import Video
from pase.models import model_path
from pase.view.overlay import draw_overlay

OUTPUT = Path(__file__).parents[1] / "docs" / "images" / "walker.webp"
SECONDS = (2.7, 5.1)
EVERY = 2
"""Frames from one that is taken to the next."""
CUT = (400, 500)
"""Width and height of the cut in pixels of the film."""
WIDTH = 300
"""Of each half, in the picture."""


def main() -> None:
    """Draw, cut and write."""
    motions = pase.load(sys.argv[1])
    walker = next(motion for motion in motions if motion.findings and motion.findings.movement == "walking")
    assert walker.camera is not None
    hips = walker.camera.project(
        walker.q[:, [walker.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xyz"]]
    )
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "drawn.mp4"
        draw_overlay(model_path("demo"), [walker], drawn)
        pictures = []
        with Video(model_path("demo")) as film, Video(drawn) as bones:
            for filmed, overlaid in zip(film.frames(), bones.frames(), strict=True):
                if not SECONDS[0] <= filmed.time <= SECONDS[1] or filmed.index % EVERY:
                    continue
                # A line through the hips' path keeps the cut steady.
                x = np.polyval(np.polyfit(walker.time[walker.known], hips[walker.known, 0], 1), filmed.time)
                y = np.median(hips[walker.known, 1])
                pictures.append(beside(filmed.image, overlaid.image, (x, y)))
        step_ms = round(1000 * EVERY / film.frame_rate)
    pictures[0].save(
        OUTPUT, save_all=True, append_images=pictures[1:], duration=step_ms, loop=0, quality=62, method=6
    )
    print(f"{OUTPUT}: {len(pictures)} pictures, {OUTPUT.stat().st_size / 1e6:.2f} MB")


def beside(film: np.ndarray, bones: np.ndarray, centre: tuple[float, float]) -> Image.Image:
    """The cut of the film and that with the bones, side by side."""
    left = int(np.clip(centre[0] - CUT[0] / 2, 0, film.shape[1] - CUT[0]))
    top = int(np.clip(centre[1] - CUT[1] / 2, 0, film.shape[0] - CUT[1]))
    halves = [image[top : top + CUT[1], left : left + CUT[0]] for image in (film, bones)]
    space = np.full((CUT[1], 8, 3), 255, np.uint8)
    picture = Image.fromarray(np.concatenate([halves[0], space, halves[1]], axis=1))
    scale = WIDTH / CUT[0]
    return picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
    )


if __name__ == "__main__":
    main()
