"""Turn decoded video frames into upright, progressive, square-pixel, 8-bit RGB pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, groupby
from threading import Lock
from typing import Any

import av.error
import av.filter
import numpy as np
from av.sidedata.sidedata import Type as SideData
from av.video.frame import VideoFrame

from pase.media.color import TRANSFER_HLG, TRANSFER_PQ, tone_mapped
from pase.types import Image, ImageSize

_HIGH_DYNAMIC_RANGE = (TRANSFER_PQ, TRANSFER_HLG)
_MATRIX_UNSPECIFIED = 2
_HD_HEIGHT = 720

_TURNS = {
    ((1, 0), (0, 1)): (),
    ((0, 1), (-1, 0)): ("transpose=clock",),
    ((-1, 0), (0, -1)): ("hflip", "vflip"),
    ((0, -1), (1, 0)): ("transpose=cclock",),
    ((-1, 0), (0, 1)): ("hflip",),
    ((1, 0), (0, -1)): ("vflip",),
    ((0, 1), (1, 0)): ("transpose=cclock_flip",),
    ((0, -1), (-1, 0)): ("transpose=clock_flip",),
}
"""Filters that bring a stored picture upright, by where its x and y axes (right, down) point when shown."""

_QUARTER_TURNS = ((), ("transpose=cclock",), ("hflip", "vflip"), ("transpose=clock",))
"""Filters for 0, 90, 180 and 270 degrees anticlockwise."""


def turn_of(frame: VideoFrame) -> tuple[str, ...]:
    """Filters that undo the rotation or mirror flag of a frame, to the nearest quarter turn."""
    try:
        entries: Iterable[Any] = frame.side_data
    except ValueError:
        # FFmpeg 8 hands on kinds of side data, such as EXIF, that PyAV 18 has no name for and fails on.
        # The angle alone can still be had; mirroring cannot.
        return _QUARTER_TURNS[round(frame.rotation / 90) % 4]
    side = next((entry for entry in entries if entry.type == SideData.DISPLAYMATRIX), None)
    if side is None:
        return ()
    matrix = np.frombuffer(bytes(side), dtype=np.int32)[:9].reshape(3, 3)[:2, :2].astype(float)
    if not matrix.any():
        return ()
    if np.abs(np.diag(matrix)).sum() >= np.abs(matrix[0, 1]) + np.abs(matrix[1, 0]):
        matrix = np.diag(np.diag(matrix))
    else:
        matrix = np.fliplr(np.diag(np.diag(np.fliplr(matrix))))
    x_axis, y_axis = np.sign(matrix).astype(int).tolist()
    return _TURNS.get((tuple(x_axis), tuple(y_axis)), ())


def shown_size(frame: VideoFrame, pixel_aspect: float) -> ImageSize:
    """Width and height of the upright picture with square pixels."""
    width, height = round(frame.width * pixel_aspect), frame.height
    turned = any(name.startswith("transpose") for name in turn_of(frame))
    return (height, width) if turned else (width, height)


def _kind(frame: VideoFrame) -> tuple[object, ...]:
    # Not `turn_of`: a frame whose side data was looked at refers to itself, and stays until Python looks for cycles.
    return frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, frame.rotation


class Upright:
    """A frame as it is shown, converted when it is asked for; any thread may ask."""

    def __init__(self, frame: VideoFrame, converters: _Converters) -> None:
        self._frame, self._converters = frame, converters

    def image(self) -> Image:
        """(H, W, 3) red, green and blue."""
        return _as_image(self._converters.to_image(self._frame))

    def for_encoder(self, size: ImageSize) -> VideoFrame:
        """`yuv420p` of some even width and height, without making an array; `rgb24` of high dynamic range."""
        return self._converters.to_size(size)(self._frame)


def upright_frames(
    frames: Iterable[VideoFrame], image_size: ImageSize, turn: tuple[str, ...] = ()
) -> Iterator[tuple[float | None, Upright | Image]]:
    """Frames, given in order, as they are shown.

    Parameters
    ----------
    frames
        Decoded frames; their kind (size, format, colours) may change on the way.
    image_size
        Width and height that every picture gets.
    turn
        Further filters, after those that bring the picture upright by its file.

    Yields
    ------
    tuple
        Seconds on the file's clock, or None where the frame has no time; the frame, or the (H, W, 3) picture where
        that needs the frames around it.
    """
    for _, alike in groupby(frames, _kind):
        first = next(alike)
        converters = _Converters(first, image_size, turn)
        if first.interlaced_frame:
            for shown in converters.to_image.in_order(chain([first], alike)):
                yield shown.time, _as_image(converters.to_image.in_range(shown))
        else:
            for frame in chain([first], alike):
                yield frame.time, Upright(frame, converters)


def _as_image(frame: VideoFrame) -> Image:
    return np.asarray(frame.to_ndarray(), dtype=np.uint8)


class _Converters:
    """Converters for frames of one kind, each made when it is first needed."""

    def __init__(self, first: VideoFrame, image_size: ImageSize, turn: tuple[str, ...]) -> None:
        self._first, self._turn = first, turn
        self.to_image = _Converter(first, image_size, "rgb24", "bicubic", turn)
        self._by_size: dict[ImageSize, _Converter] = {}

    def to_size(self, size: ImageSize) -> _Converter:
        if size not in self._by_size:
            self._by_size[size] = _Converter(self._first, size, "yuv420p", "area", self._turn)
        return self._by_size[size]


class _Converter:
    """Converts frames of one kind: progressive ones in any order, by any thread."""

    def __init__(
        self,
        first: VideoFrame,
        image_size: ImageSize,
        pixel_format: str,
        scaling: str,
        turn: tuple[str, ...],
    ) -> None:
        self._hdr = first.color_trc if first.color_trc in _HIGH_DYNAMIC_RANGE else 0
        self._graph = _build_graph(first, image_size, "rgb24" if self._hdr else pixel_format, scaling, turn)
        self._lock = Lock()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        with self._lock:
            self._graph.push(frame)
            (shown,) = _pulled(self._graph)
        return self.in_range(shown)

    def in_order(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Frames whose graph needs those around them, still in their dynamic range."""
        for frame in chain(frames, [None]):
            self._graph.push(frame)
            yield from _pulled(self._graph)

    def in_range(self, frame: VideoFrame) -> VideoFrame:
        """A frame of high dynamic range brought down, any other as it is."""
        if not self._hdr:
            return frame
        pixels = tone_mapped(np.asarray(frame.to_ndarray(), dtype=np.uint8), self._hdr)
        return VideoFrame.from_ndarray(pixels, format="rgb24")


def _build_graph(
    frame: VideoFrame, image_size: ImageSize, pixel_format: str, scaling: str, further: tuple[str, ...]
) -> av.filter.Graph:
    turn = (*turn_of(frame), *further)
    width, height = image_size
    if sum(name.startswith("transpose") for name in turn) % 2:
        width, height = height, width
    base = frame.time_base or Fraction(1, 1000)
    source = (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
        f":time_base={base.numerator}/{base.denominator}:colorspace={frame.colorspace}:range={frame.color_range}"
    )
    filters = ["bwdif=mode=send_frame:parity=auto:deint=interlaced"] if frame.interlaced_frame else []
    scale = f"scale=w={width}:h={height}:flags={scaling}"
    if frame.colorspace == _MATRIX_UNSPECIFIED:
        matrix = "bt709" if min(frame.width, frame.height) >= _HD_HEIGHT else "bt601"
        scale += f":in_color_matrix={matrix}"
    if pixel_format != "rgb24":
        scale += ":out_color_matrix=bt709:out_range=tv"
    filters += [scale, *turn, f"format=pix_fmts={pixel_format}"]

    graph = av.filter.Graph()
    last = graph.add("buffer", source)
    for name, _, arguments in (item.partition("=") for item in filters):
        step = graph.add(name, arguments or None)
        last.link_to(step)
        last = step
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _pulled(graph: av.filter.Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if not isinstance(frame, VideoFrame):
            return
        yield frame
