"""Types that every room shares: arrays, pictures and callbacks of progress."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers of double precision; the shape is stated where an array is used."""

Array32 = NDArray[np.float32]
"""Numbers of single precision, as networks take and give them."""

Mask = NDArray[np.bool_]
"""True or False for each item."""

Indices = NDArray[np.intp]
"""Positions in another array, such as the frames of a window."""

Image = NDArray[np.uint8]
"""A picture (height, width, 3 or 4), 0 to 255."""

ImageSize = tuple[int, int]
"""Width and height of a picture in pixels."""

Progress = Callable[[int, int | None], None]
"""Called now and then with how many units (frames, bytes) of one piece of work are done, and how many there are;
None where that is unknown."""

ShareProgress = Callable[[float], None]
"""Called now and then with the share of one piece of work that is done, 0 to 1."""


class StepProgress(Protocol):
    """Called now and then with how far one step of a run is."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Take the name of the step, and how many of its units are done; `total` is None where unknown."""
