"""Make the pictures of docs/tutorial.md from a result: `python tools/build_tutorial_pictures.py RESULT`.

RESULT is what `pase run --person 2 --output.png` has made of the demo clip (BSD-3-Clause, Sports2D by David
Pagnon). The plot is made by the code on the page itself; the viewer is photographed in Chromium (`pip install
playwright`).
"""

import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pase
from pase.config import ViewSettings
from pase.data import Motion
from pase.media import Video
from pase.models import model_path
from pase.view.overlay import draw_overlay

Picture = NDArray[np.uint8]

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = DOCS / "images" / "tutorial"
FRAME = 104
"""The walker in mid-step, free of everything."""
WALKER = (slice(480, 994), slice(800, 1230))
"""Rows and columns around her in that frame."""


def frame_of_the_clip() -> Path:
    """The chosen frame as a picture of its own, beside the others; removed at the end."""
    path = PICTURES / "frame.png"
    with Video(model_path("demo")) as video:
        image = next(frame.image for frame in video.frames() if frame.index == FRAME)
    Image.fromarray(image).save(path)
    return path


def drawn(frame: Path, motions: list[Motion], style: str) -> Picture:
    """The bones of that moment over the frame."""
    output = PICTURES / "drawn.png"
    still = [_at_frame(motion) for motion in motions]
    draw_overlay(frame, still, output, ViewSettings(style=style))  # type: ignore[arg-type]
    picture = np.asarray(Image.open(output).convert("RGB")).copy()
    output.unlink()
    return picture


def _at_frame(motion: Motion) -> Motion:
    """The pose of the frame as a motion of one frame at time 0, as a photo has."""
    i = int(np.argmin(np.abs(motion.time - FRAME / 30)))
    return Motion(motion.skeleton, motion.q[i : i + 1], motion.q_std[i : i + 1], np.zeros(1), motion.camera)


def save(picture: Image.Image, name: str, width: int) -> None:
    """Write a picture of a width in pixels as WebP."""
    height = round(picture.height * width / picture.width)
    picture.resize((width, height), Image.Resampling.LANCZOS).save(
        PICTURES / f"{name}.webp", quality=80, method=6
    )


def beside(pictures: list[Picture], gap: int = 12) -> Image.Image:
    """Pictures of one height in a row."""
    space = np.full((pictures[0].shape[0], gap, 3), 255, np.uint8)
    row = [tile for picture in pictures for tile in (picture, space)][:-1]
    return Image.fromarray(np.concatenate(row, axis=1))


def photograph_viewer(result: Path) -> None:
    """The viewer in Chromium, at the chosen frame."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    shot = PICTURES / "viewer.png"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1360, "height": 800})
        page.goto((result / "viewer.html").resolve().as_uri())
        page.wait_for_timeout(4000)
        for _ in range(FRAME // 10):
            page.keyboard.press("Shift+ArrowRight")
        page.wait_for_timeout(4000)
        page.screenshot(path=shot)
        browser.close()
    save(Image.open(shot).convert("RGB"), "viewer", 1200)
    shot.unlink()


def plot_knee(result: Path) -> None:
    """Run the page's own code where it finds the result, and take its plot."""
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    code = next(b for b in re.findall(r"```python\n(.*?)```", text, re.S) if "knee.svg" in b)
    os.chdir(result.parent)
    exec(code.replace('"result"', repr(result.name)), {"__name__": "tutorial"})
    Path("knee.svg").replace(PICTURES / "knee.svg")


def main() -> None:
    """Make all of them."""
    result = Path(sys.argv[1]).resolve()
    PICTURES.mkdir(parents=True, exist_ok=True)
    motions = pase.load(result)
    frame = frame_of_the_clip()
    film = np.asarray(Image.open(frame))
    save(beside([film, drawn(frame, motions, "bones")]), "overlay", 1400)
    styles = [drawn(frame, motions, style)[WALKER] for style in ("bones", "xray", "lines")]
    save(beside(styles), "styles", 900)
    save(Image.open(result / "person_1/plots/bones.png").convert("RGB"), "bones", 900)
    photograph_viewer(result)
    plot_knee(result)
    frame.unlink()


if __name__ == "__main__":
    main()
