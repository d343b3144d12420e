"""Pictures that only repeat the one before, as in film converted from 24 to 30 frames a second."""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_COLUMNS, _ROWS = 24, 24
"""Blocks across and down in which pictures are compared."""
_SAMPLES = 4
"""Pixels looked at along each side of a block, about."""
_NOISE = 1.0
"""Grey values (of 255) by which the block that changes most may change in a repeated picture: coding noise."""
_SHARE = 0.25
"""The same as a share of the usual change: where nobody moves, no picture counts as repeated."""
_USUAL_OF = 8
"""Number of earlier changes whose third quartile is the usual one, as up to half of them may be repeats."""


class Repeats:
    """Tells which frames repeat the one before.

    A picture counts as repeated when no part of it changes by more than coding noise and by much less than it has
    just before. Of two such pictures in a row only the first counts: a still scene is no repeated picture.
    """

    def __init__(self) -> None:
        self.newest = False
        """Whether the frame that was passed on last repeats the one before; never of interlaced film."""
        self._before: NDArray[np.float32] | None = None
        self._changes: deque[float] = deque(maxlen=_USUAL_OF)

    def watching(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """The same frames, progressive ones compared with those before."""
        for frame in frames:
            grey = None if frame.interlaced_frame else _samples(frame)
            self.newest = grey is not None and self._repeats(grey)
            self._before = grey
            yield frame

    def _repeats(self, grey: NDArray[np.float32]) -> bool:
        before, after_repeat = self._before, self.newest
        if before is None or before.shape != grey.shape:
            return False
        change = _most_changed(grey, before)
        usual = sorted(self._changes)[3 * len(self._changes) // 4] if len(self._changes) > 2 else 0.0
        self._changes.append(change)
        return not after_repeat and change < min(_NOISE, _SHARE * usual)


def _samples(frame: VideoFrame) -> NDArray[np.float32] | None:
    """(h, w) some of the pixels' luma, 0 to 255; None for film without a plane of luma."""
    if not frame.format.name.startswith(("yuv", "nv12", "gray")) or not frame.format.is_planar:
        return None
    bits, plane = frame.format.components[0].bits, frame.planes[0]
    rows = np.frombuffer(plane, np.uint8 if bits == 8 else np.uint16)  # type: ignore[call-overload]
    down, across = max(1, frame.height // (_ROWS * _SAMPLES)), max(1, frame.width // (_COLUMNS * _SAMPLES))
    rows = rows[: plane.height * plane.line_size // rows.itemsize].reshape(plane.height, -1)
    samples = rows[::down, : frame.width : across]
    return np.asarray(samples, np.float32) / np.float32(2 ** (bits - 8))


def _most_changed(grey: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """Mean change of the block that changes most."""
    import cv2

    return float(cv2.resize(cv2.absdiff(grey, before), (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA).max())
