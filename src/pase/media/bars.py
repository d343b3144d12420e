"""The size of a film's picture between the black bars that an editor puts around it."""

from collections.abc import Iterator
from itertools import chain, islice

import numpy as np

from pase.media.frames import Frame
from pase.types import Array, Image, ImageSize

BLACK = 20
"""Grey value up to which a pixel may belong to a bar: compression leaves traces beside the picture."""
LEAST_BAR = 0.02
"""Share of the frame's side below which a dark stretch is no bar."""
MOST_UNEVEN = 0.01
"""Share of the frame's side by which two bars may differ: editors put the picture in the middle."""
LEAST_LIT_EDGE, EDGE = 0.5, 4
"""Share of lit pixels in so many rows or columns at the picture's edge: a picture begins all along a straight line,
while a dark room gets brighter step by step, or only where somebody stands."""
FRAMES_LOOKED_AT = 30
"""Films that fade in are black at first."""


def picture_size(frames: Iterator[Frame], image_size: ImageSize) -> tuple[ImageSize, Iterator[Frame]]:
    """Width and height in pixels of the picture inside black bars, and all frames.

    A portrait film that was set into a landscape frame still shows what the phone's lens shows: its angle of view is
    that of the picture, not of the frame.

    Parameters
    ----------
    frames
        A recording's, from the first; the one that is not black is looked at.
    image_size
        Width and height of the frames in pixels: the picture's where all are black.
    """
    looked_at: list[Frame] = []
    for frame in islice(frames, FRAMES_LOOKED_AT):
        looked_at.append(frame)
        if frame.image.max(initial=0) > BLACK:
            return size_between_bars(frame.image), chain(looked_at, frames)
    return image_size, chain(looked_at, frames)


def size_between_bars(image: Image) -> ImageSize:
    """Width and height in pixels of what an image (H, W, 3) shows between black bars."""
    lit = image.max(axis=2) > BLACK
    return _length(lit.mean(axis=0)), _length(lit.mean(axis=1))


def _length(lit: Array) -> int:
    """The picture's length along a side, from the share (N,) of lit pixels in each column or row."""
    bright = np.flatnonzero(lit)
    if not len(bright):
        return len(lit)
    first, last = int(bright[0]), int(bright[-1])
    bars = (first, len(lit) - 1 - last)
    edges = (lit[first : first + EDGE].max(), lit[last + 1 - EDGE : last + 1].max())
    is_picture = min(edges) > LEAST_LIT_EDGE and abs(bars[0] - bars[1]) <= max(2, MOST_UNEVEN * len(lit))
    return last + 1 - first if is_picture and min(bars) >= LEAST_BAR * len(lit) else len(lit)
