"""The bones drawn over the footage they were estimated from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pase.config import Layout, ViewSettings
from pase.data import Keypoints2D, Motion
from pase.media import Footage, Frame, Photo, PictureFilm, Video, VideoWriter, open_media, write_image
from pase.media.ahead import InTurn, ahead
from pase.media.write import Encoding
from pase.types import Image, ImageSize, Progress
from pase.view.blending import blend, blend_frame
from pase.view.faces import FaceCover, covered
from pase.view.layers import Layer, by_camera
from pase.view.lines import draw_points
from pase.view.scene import Patch

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    Picture = Callable[[], Image | VideoFrame]

ENCODING = Encoding(25, "ultrafast", 1.0)
"""Two thirds of the work of `superfast` at 23, the same quality, a third more space."""
WAITING = 4
"""Pictures that may wait for the encoder."""
LEAST_RATE_HZ = 25.0
"""Frames a second that look fluent: of faster films every second, third … frame is drawn."""


def draw_overlay(
    source: str | Path | Footage,
    motions: Sequence[Motion],
    output: str | Path,
    settings: ViewSettings | None = None,
    *,
    keypoints: Sequence[Keypoints2D] = (),
    cover: FaceCover | None = None,
    progress: Progress | None = None,
) -> None:
    """Draw the bones of every person over a video or photo.

    The frames keep their true times, and a video its sound. A frame in which nobody's pose is known is passed
    on as it is; so is all of the footage when there are no motions.

    Parameters
    ----------
    motions
        Persons to draw, each with its camera; all are drawn into one scene.
    output
        The video (`.mp4`, `.mov`, `.mkv`), or for a photo the picture (`.png`, `.jpg`), to write.
    settings
        How: bones, x-ray or lines, over, beside or without the footage, every frame or 25 to 50 a second.
    cover
        Hides faces in the footage, and leaves its sound out.

    Raises
    ------
    InputError
        When the footage cannot be read, a motion has no camera, or footage and camera do not fit.
    OutputError
        When the output cannot be written.
    """
    settings = settings or ViewSettings()
    with open_media(source) as media, ExitStack() as stack:
        layers = [
            stack.enter_context(Layer(group, camera, settings.style, numbered=len(motions) > 1))
            for camera, group in by_camera(motions, media.image_size)
        ]
        drawing = _Drawing(layers, settings.opacity, settings.layout, keypoints, cover)
        if isinstance(media, Photo):
            write_image(output, drawing.picture(next(covered(media.frames(), cover))))
        else:
            step = 1 if settings.every_frame else frame_step(media.frame_rate)
            sound = media.path if media.footage.keeps_times and cover is None else None
            _write_film(media, drawing.film(media, step), output, drawing.size(media), step, sound, progress)


def frame_step(frame_rate: float) -> int:
    """Step from one drawn frame to the next, so that 25 to 50 are drawn a second where the film has as many."""
    return max(1, int((frame_rate + 0.5) // LEAST_RATE_HZ))


def _write_film(
    media: Video | PictureFilm,
    pictures: Iterator[tuple[float, Picture]],
    output: str | Path,
    size: ImageSize,
    step: int,
    sound: Path | None,
    progress: Progress | None,
) -> None:
    """Encode pictures with their times, each of which stands for `step` frames of the footage, and a file's sound."""
    with _video_file(output, size, media.frame_rate / step, sound) as write:
        for number, (time, picture) in enumerate(pictures):
            write(picture, time)
            if progress is not None:
                progress(number * step + 1, media.frame_count_hint)


@dataclass(frozen=True)
class _Drawing:
    """What is drawn over the frames, and how; the fields are those of `draw_overlay`."""

    layers: Sequence[Layer]
    opacity: float
    layout: Layout
    keypoints: Sequence[Keypoints2D]
    cover: FaceCover | None

    def size(self, media: Video | PictureFilm) -> ImageSize:
        """Width and height of the pictures."""
        width, height = media.image_size
        return (2 * width if self.layout == "beside" else width), height

    def film(self, media: Video | PictureFilm, step: int) -> Iterator[tuple[float, Picture]]:
        """Time and picture of every `step`-th frame, in the form that video is stored in where that will do.

        The bones are drawn here, by the thread that has the window; they may be laid over the frame by another.
        """
        size = media.image_size
        stored = self.layout == "over" and not self.keypoints and not any(side % 2 for side in size)
        with closing(ahead(media.frames(step))) as frames:
            for frame in covered(frames, self.cover):
                if stored:
                    yield frame.time, partial(self._blended, frame, size, self._patches(frame.time))
                else:
                    yield frame.time, partial(np.asarray, self.picture(frame))

    def picture(self, frame: Frame) -> Image:
        """A picture of the result: bones over the footage, beside it or alone."""
        if self.layout == "over":
            return self._with_points(self._with_bones(frame.image, frame.time, self.opacity), frame.time)
        bones = self._with_bones(_ground(*frame.image.shape[:2]), frame.time, 1.0)
        if self.layout == "alone":
            return self._with_points(bones, frame.time)
        return np.concatenate([self._with_points(frame.image, frame.time), bones], axis=1)

    def _with_points(self, image: Image, time: float) -> Image:
        if not self.keypoints:
            return image
        out = image.copy()
        draw_points(out, self.keypoints, time)
        return out

    def _with_bones(self, image: Image, time: float, opacity: float) -> Image:
        patches = self._patches(time)
        out = image.copy() if patches else image
        for patch in patches:
            blend(out, patch, opacity)
        return out

    def _blended(self, picture: Frame, size: ImageSize, patches: Sequence[Patch]) -> VideoFrame:
        """A frame with the bones over it, never turned into red, green and blue."""
        frame = picture.for_encoder(size)
        if patches:
            if frame.format.name != "yuv420p":
                frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
            frame.make_writable()
        for patch in patches:
            blend_frame(frame, patch, self.opacity)
        return frame

    def _patches(self, time: float) -> list[Patch]:
        """What is drawn at a time, the farthest first."""
        layers = filter(None, (layer.draw(time) for layer in self.layers))
        return [patch for _, patches in sorted(layers, key=lambda layer: -layer[0]) for patch in patches]


@cache
def _ground(height: int, width: int) -> Image:
    """A dark ground, a little lighter in the middle."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = np.exp(-0.9 * (x**2 + y**2))[..., None]
    return np.asarray(np.array([18, 20, 24]) + light * np.array([40, 44, 50]), np.uint8)


@contextmanager
def _video_file(
    path: str | Path, image_size: ImageSize, frame_rate: float, source: Path | None
) -> Iterator[Callable[[Picture, float], None]]:
    """A video file whose pictures are finished and encoded beside the drawing of the next ones."""

    def encode(picture: Picture, time: float) -> None:
        image = picture()
        if isinstance(image, np.ndarray):
            writer.write(image, time)
        else:
            writer.write_frame(image, time)

    writer = VideoWriter(path, image_size, frame_rate, ENCODING, sound_from=source)
    with writer, InTurn("pase-encoder", WAITING) as beside:
        yield lambda picture, time: beside.do(partial(encode, picture, time))
