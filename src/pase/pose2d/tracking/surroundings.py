"""Whether somebody may have come in since the detector last looked: changes outside of persons' boxes."""

import numpy as np
from numpy.typing import NDArray

from pase.types import Array, ImageSize, Mask

_CHANGED = 12.0
"""Grey values (of 255) by which one cell of a small picture must change more than the middle one, as lamps and a
camera's exposure change them all alike. Of 113 persons made as small as any who is followed, each before their own
background, 97 % change a cell by more, 95 % by 20. Noise and compression reach 2 to 3; shadows and mirror images 10
to 30, which only makes the detector look. A person who changes less is found a second later and followed back."""
_MARGINS = np.array([-0.1, -0.1, 0.1, 0.5])
"""Persons' boxes are taken larger by these shares of their longer side, and by a cell: left, above, right, and below,
where floors mirror them and shadows lie."""


class Surroundings:
    """Compares small grey pictures of frames with that of the frame in which the detector looked last."""

    def __init__(self, image_size: ImageSize) -> None:
        self._image_size = image_size
        self._before: tuple[NDArray[np.float32], Mask] | None = None

    def note(self, small: NDArray[np.float32], boxes: Array) -> None:
        """Take note of the small picture (h, w) of a frame in which everybody was looked for, in boxes (N, 4) px."""
        self._before = small, self._outside(small, boxes)

    def changed(self, small: NDArray[np.float32], boxes: Array) -> bool:
        """Whether the small picture of a later frame differs outside of everybody's boxes then and now."""
        if self._before is None:
            return True
        before, outside = self._before
        change = np.abs(small - before)[outside & self._outside(small, boxes)]
        return len(change) == 0 or float(change.max() - np.median(change)) > _CHANGED

    def _outside(self, small: NDArray[np.float32], boxes: Array) -> Mask:
        """(h, w) cells outside of boxes."""
        outside = np.ones(small.shape, bool)
        cell = np.tile(np.array(self._image_size) / small.shape[::-1], 2)
        for box in boxes:
            room = _MARGINS * (box[2:] - box[:2]).max()
            left, top, right, bottom = np.floor((box + room) / cell).astype(int) + [-1, -1, 2, 2]
            outside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = False
        return outside
