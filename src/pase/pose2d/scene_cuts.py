"""Cuts between shots, and frames that show nothing."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pase.types import Image

Content = Literal["same", "cut", "blank"]

_SIDE = 32
_SAMPLES = 128
_SAME_SHOT = 0.5
"""Least correlation of two small pictures of one shot. On eight clips and ten photos frames up to two seconds
apart in one shot have at least 0.65, pictures of different shots at most 0.35."""
_BLANK_SPREAD = 3.0
"""A small picture whose grey values (0 to 255) spread less than this shows nothing."""


class Shots:
    """Compares every frame with the last one that shows something, by small grey pictures of both."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._image: Image | None = None
        self.small: NDArray[np.float32] = np.zeros((_SIDE, _SIDE), np.float32)
        """(h, w) grey values of the last picture, reduced."""
        self.blank = 0
        """Frames that show nothing so far."""

    def changes(self, image: Image) -> bool:
        """Whether a frame would not continue the shot; takes no note of it."""
        last, blank = self._last, self.blank
        content = self.look(image)
        self._last, self.blank = last, blank
        return content != "same"

    def look(self, image: Image) -> Content:
        """Whether a frame continues the shot, starts a new one, or is `blank`: black, white, or of one colour."""
        if self._image is not image:
            self._image, self.small = image, _thumbnail(image)
        small = self.small
        spread = float(small.std())
        if spread < _BLANK_SPREAD:
            self.blank += 1
            return "blank"
        whitened = (small - small.mean()) / spread
        last, self._last = self._last, whitened
        if last is None or float((whitened * last).mean()) >= _SAME_SHOT:
            return "same"
        return "cut"


def _thumbnail(image: Image) -> NDArray[np.float32]:
    """A grey picture of 32 × 32; pixels are sampled first, so that large pictures cost no more than small ones."""
    import cv2

    step = max(1, min(image.shape[:2]) // _SAMPLES)
    size = (max(1, image.shape[1] // step), max(1, image.shape[0] // step))
    sampled = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    small = cv2.resize(sampled, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small.astype(np.float32).mean(-1))
