"""The bones drawn over the footage they were estimated from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.data import Camera, Keypoints2D, Motion
from pase.errors import InputError
from pase.media import Animation, Footage, Frame, Photo, Video, VideoWriter, open_media, write_image
from pase.media.ahead import ahead
from pase.types import Array, Image, Progress
from pase.view.blending import blend, blend_frame
from pase.view.lines import LineRenderer, draw_number, draw_points
from pase.view.scene import NEAREST_M, Patch, Renderer
from pase.view.subject import head_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Style = Literal["bones", "xray", "lines"]
Layout = Literal["over", "beside", "alone"]

QUALITY = 23
"""Constant rate factor of the video, for a preset of the encoder that needs half the usual time and more space."""
OPACITY = 0.9
"""Share of the bones in the picture; the rest is the person."""
CHUNK = 256
"""Frames whose poses are computed at once: fast, and memory does not grow with the length."""
HEAD_M = 0.3
"""Metres over the head's origin at which a person's number stands."""
WAITING = 4
"""Pictures that may wait for the encoder."""


def draw_overlay(
    source: str | Path | Footage,
    motions: Sequence[Motion],
    output: str | Path,
    progress: Progress | None = None,
    opacity: float = OPACITY,
    *,
    style: Style = "bones",
    layout: Layout = "over",
    keypoints: Sequence[Keypoints2D] = (),
) -> None:
    """Draw the bones of every person over a video or photo.

    The frames keep their true times, and a video its sound. A frame in which nobody's pose is known is passed
    on as it is; so is all of the footage when there are no motions.

    Parameters
    ----------
    source
        The footage.
    motions
        Persons to draw, each with its camera; all are drawn into one scene.
    output
        The video (`.mp4`, `.mov`, `.mkv`), or for a photo the picture (`.png`, `.jpg`), to write.
    progress
        Told the frames done and how many there are, if that is known.
    opacity
        From 0, nothing, to 1, bones that hide what is behind them.
    style
        Solid `bones`, an `xray` in which bones shine through each other, or `lines` between the joints.
    layout
        `over` the footage; `beside` it, on a dark ground, in a picture twice as wide; `alone` on that ground.
    keypoints
        2D keypoints to draw on the footage.

    Raises
    ------
    InputError
        When the footage cannot be read, a motion has no camera, or footage and camera do not fit.
    MissingDependencyError
        When this computer cannot draw off-screen.
    OutputError
        When the output cannot be written.
    """
    if not 0 <= opacity <= 1:
        raise InputError(f"opacity must lie in 0..1, not {opacity}")
    with open_media(source) as media, ExitStack() as stack:
        layers = [
            stack.enter_context(_Layer(group, camera, style, numbered=len(motions) > 1))
            for camera, group in _by_camera(motions, media.image_size)
        ]
        if isinstance(media, Photo):
            frame = next(iter(media.frames()))
            write_image(output, _composed(frame, layers, opacity, layout, keypoints))
            return
        width, height = media.image_size
        size = (2 * width if layout == "beside" else width, height)
        sound = media.path if media.footage.keeps_times else None
        write = stack.enter_context(_video_file(output, size, media.frame_rate, sound))
        pictures: Iterator[tuple[float, Image | VideoFrame]]
        if layout == "over" and not keypoints and width % 2 == height % 2 == 0:
            pictures = _blended(media, layers, opacity)
        else:
            pictures = (
                (frame.time, _composed(frame, layers, opacity, layout, keypoints))
                for frame in stack.enter_context(closing(ahead(media.frames())))
            )
        for done, (time, picture) in enumerate(pictures, 1):
            write(picture, time)
            if progress is not None:
                progress(done, media.frame_count_hint)


def _blended(
    media: Video | Animation, layers: Sequence[_Layer], opacity: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Frames with the bones over them, in the form that video is stored in all the way."""
    with closing(ahead(media.small_frames(media.image_size))) as frames:
        for time, frame in frames:
            patches = _patches(time, layers)
            if patches:
                if frame.format.name != "yuv420p":
                    frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
                frame.make_writable()
                for patch in patches:
                    blend_frame(frame, patch, opacity)
            yield time, frame


class _Layer:
    """The persons filmed by one and the same camera, with what draws them."""

    def __init__(self, motions: Sequence[Motion], camera: Camera, style: Style, numbered: bool) -> None:
        self._numbers = [motion.track_id for motion in motions] if numbered else []
        self._heads = [head_of(motion.skeleton) for motion in motions]
        self._tracks = [_Track(motion) for motion in motions]
        self._camera = camera
        skeletons = [motion.skeleton for motion in motions]
        self._renderer: Renderer | LineRenderer = (
            LineRenderer(skeletons, camera) if style == "lines" else Renderer(skeletons, camera, style)
        )

    def __enter__(self) -> _Layer:
        return self

    def __exit__(self, *args: object) -> None:
        self._renderer.close()

    def draw(self, time: float) -> tuple[float, list[Patch]] | None:
        """The bones at a time and everybody's number, with the mean depth in metres; None when nobody is there."""
        poses = [track.pose(time) for track in self._tracks]
        origins = [pose.origin for pose in poses if pose is not None]
        camera = self._renderer.camera = self._camera.at(time)
        patch = self._renderer.draw_patch(poses) if origins else None
        if patch is None:
            return None
        numbers = [
            draw_number(number, _over_head(camera, pose, head), camera.image_size)
            for number, head, pose in zip(self._numbers, self._heads, poses, strict=False)
            if pose is not None
        ]
        depth = float(np.nanmean(camera.to_camera(np.concatenate(origins))[:, 2]))
        return depth, [patch, *(drawn for drawn in numbers if drawn is not None)]


def _over_head(camera: Camera, pose: BodyPoses, head: int | None) -> Array:
    """A pixel (2,) a little over the head, or over the highest body of a skeleton without one."""
    pixels = camera.project(pose.origin)
    top = int(np.nanargmin(pixels[:, 1])) if head is None or np.isnan(pixels[head, 0]) else head
    depth = max(float(camera.to_camera(pose.origin[top])[2]), NEAREST_M)
    over: Array = pixels[top] - [0.0, HEAD_M * camera.focal_length_px / depth]
    return over


class _Track:
    """One person's body poses by time, computed some frames ahead; bodies that were not seen are nowhere (NaN)."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._kinematics = Kinematics(motion.skeleton, ())
        self._known = motion.known
        steps = np.diff(motion.time)
        self._tolerance = 0.5 * float(np.median(steps)) if len(steps) else 1e-3
        self._start = 0
        self._chunk: BodyPoses | None = None

    def pose(self, time: float) -> BodyPoses | None:
        """Pose, without the axis of time, in the frame shown at `time`; None where it is not known."""
        times = self._motion.time
        if len(times) == 0:
            return None
        after = int(np.clip(np.searchsorted(times, time), 1, max(1, len(times) - 1)))
        i = min((i for i in (after - 1, after) if i < len(times)), key=lambda i: abs(times[i] - time))
        if abs(times[i] - time) > self._tolerance or not self._known[i]:
            return None
        if self._chunk is None or not 0 <= i - self._start < len(self._chunk.origin):
            self._start = i
            self._chunk = self._kinematics.pose(np.nan_to_num(self._motion.q[i : i + CHUNK]))
        origin = self._chunk.origin[i - self._start]
        if self._motion.seen is not None:
            origin = np.where(self._motion.seen[i][:, None], origin, np.nan)
        return BodyPoses(self._chunk.rotation[i - self._start], origin)


def _by_camera(motions: Sequence[Motion], image_size: tuple[int, int]) -> list[tuple[Camera, list[Motion]]]:
    """Persons grouped by camera: those of one camera hide each other truly, others by their mean depth."""
    groups: list[tuple[Camera, list[Motion]]] = []
    for motion in motions:
        if motion.camera is None:
            raise InputError(
                f"person {motion.track_id} has no camera, so it cannot be drawn over footage; add camera.json"
            )
        same = next((group for camera, group in groups if motion.camera.same_as(camera)), None)
        if same is None:
            groups.append((motion.camera, [motion]))
        else:
            same.append(motion)
    return [(_resized(camera, image_size), group) for camera, group in groups]


def _resized(camera: Camera, image_size: tuple[int, int]) -> Camera:
    """The camera for the same footage in another size."""
    (width, height), (old_width, old_height) = image_size, camera.image_size
    zoom = width / old_width
    if abs(height - zoom * old_height) > 2:
        raise InputError(
            f"the footage is {width}×{height} but the motion was made from {old_width}×{old_height}; "
            "give the footage it was made from"
        )
    x, y = camera.principal_point
    # Pixel coordinates are those of pixel centres: the picture's edge is at -0.5.
    moved = (zoom * (x + 0.5) - 0.5, zoom * (y + 0.5) - 0.5)
    focal, path = zoom * camera.focal_length_px, camera.path
    if path is not None:
        path = replace(path, focal_length_px=zoom * path.focal_length_px)
    return replace(camera, focal_length_px=focal, principal_point=moved, image_size=image_size, path=path)


def _composed(
    frame: Frame, layers: Sequence[_Layer], opacity: float, layout: Layout, keypoints: Sequence[Keypoints2D]
) -> Image:
    """A picture of the result: bones over the footage, beside it or alone."""
    if layout == "over":
        drawn = _drawn(frame.image, frame.time, layers, opacity)
        return _with_points(drawn, keypoints, frame)
    bones = _drawn(_ground(frame.image.shape[0], frame.image.shape[1]), frame.time, layers, 1.0)
    if layout == "alone":
        return _with_points(bones, keypoints, frame)
    return np.concatenate([_with_points(frame.image, keypoints, frame), bones], axis=1)


def _with_points(image: Image, keypoints: Sequence[Keypoints2D], frame: Frame) -> Image:
    if not keypoints:
        return image
    out = image.copy()
    draw_points(out, keypoints, frame.time)
    return out


@cache
def _ground(height: int, width: int) -> Image:
    """A dark ground, a little lighter in the middle."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = np.exp(-0.9 * (x**2 + y**2))[..., None]
    return np.asarray(np.array([18, 20, 24]) + light * np.array([40, 44, 50]), np.uint8)


def _drawn(image: Image, time: float, layers: Sequence[_Layer], opacity: float) -> Image:
    patches = _patches(time, layers)
    if not patches:
        return image
    out = image.copy()
    for patch in patches:
        blend(out, patch, opacity)
    return out


def _patches(time: float, layers: Sequence[_Layer]) -> list[Patch]:
    """What is drawn at a time, the farthest first."""
    drawn = [layer_patches for layer in layers if (layer_patches := layer.draw(time)) is not None]
    return [
        patch
        for _, patches in sorted(drawn, key=lambda layer_patches: -layer_patches[0])
        for patch in patches
    ]


@contextmanager
def _video_file(
    path: str | Path, image_size: tuple[int, int], frame_rate: float, source: Path | None
) -> Iterator[Callable[[Image | VideoFrame, float], None]]:
    """A video file whose pictures are encoded beside the drawing of the next ones."""
    waiting: deque[Future[None]] = deque()

    def write(image: Image | VideoFrame, time: float) -> None:
        encode = writer.write if isinstance(image, np.ndarray) else writer.write_frame
        waiting.append(encoder.submit(encode, image, time))  # type: ignore[arg-type]
        if len(waiting) > WAITING:
            waiting.popleft().result()

    with (
        VideoWriter(path, image_size, frame_rate, QUALITY, preset="superfast", sound_from=source) as writer,
        ThreadPoolExecutor(1) as encoder,
    ):
        yield write
        while waiting:
            waiting.popleft().result()
