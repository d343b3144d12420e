"""Small grey pictures in which the background is followed, and the parts of them that are not background."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pase.types import Array, Image

Grey = NDArray[np.uint8]
Mask = NDArray[np.uint8]

SIDE = 384
"""About the longer side of the small pictures in pixels: a tenth of one is about 0.02° of a phone's view."""
_UNSHRUNK = 1.2
"""A frame larger by up to this factor is used at its own size."""
_BLACK = 20
"""Grey value up to which rows and columns at the edge are the bars of another picture format."""
_EDGE = 4
"""Pixels along the picture's edge, and along such bars, in which no corner is taken."""
_PERSON_MARGIN = 0.06
"""Persons' boxes are taken larger by this share of their longer side."""


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """A frame made small."""

    grey: Grey
    """(h, w)"""
    step: int
    """Step in pixels of the frame between two pixels of the small picture."""
    halved: bool
    """Whether blocks of two by two pixels were then averaged."""

    @classmethod
    def of(cls, image: Image) -> Self:
        """The green channel of a frame, with a longer side of about `SIDE` pixels."""
        import cv2

        side = max(image.shape[:2])
        step = max(1, round(side / (2 * SIDE)))
        green = np.ascontiguousarray(image[::step, ::step, 1])
        if side <= _UNSHRUNK * SIDE:
            return cls(green, step, False)
        size = (max(1, green.shape[1] // 2), max(1, green.shape[0] // 2))
        green = green[: 2 * size[1], : 2 * size[0]]
        return cls(np.asarray(cv2.resize(green, size, interpolation=cv2.INTER_AREA), np.uint8), step, True)

    def to_frame(self, points: Array) -> Array:
        """(N, 2) pixels of the frame at which points (N, 2) of the small picture lie."""
        return self.step * (2 * points + 0.5 if self.halved else points)

    def from_frame(self, points: Array) -> Array:
        """(N, 2) points of the small picture at which pixels (N, 2) of the frame lie."""
        p_halved: Array = points / self.step
        return (p_halved - 0.5) / 2 if self.halved else p_halved

    @property
    def pixel(self) -> float:
        """Pixels of the frame in one pixel of the small picture."""
        return float(self.step * (2 if self.halved else 1))


def background_mask(picture: SmallPicture, boxes: Array, ovals: bool = False) -> Mask:
    """(h, w) 255 where background may be: outside of persons' boxes (N, 4), in pixels of the frame, and of bars.

    With `ovals` only what lies in an oval inside of each box is left out, for persons who fill the picture.
    """
    import cv2

    grey = picture.grey
    mask = np.zeros(grey.shape, np.uint8)
    rows, columns = (_lit(grey.max(axis=axis)) for axis in (1, 0))
    mask[rows, columns] = 255
    for left, top, right, bottom in _small_boxes(picture, boxes):
        if ovals:
            middle, axes = (
                ((left + right) // 2, (top + bottom) // 2),
                ((right - left) // 2, (bottom - top) // 2),
            )
            cv2.ellipse(mask, middle, (max(axes[0], 1), max(axes[1], 1)), 0, 0, 360, 0, -1)
        else:
            mask[max(0, top) : max(0, bottom + 1), max(0, left) : max(0, right + 1)] = 0
    return mask


def is_background(mask: Mask, points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether points (N, 2) of the small picture lie where a mask is not 0."""
    height, width = mask.shape
    columns = np.clip(np.rint(points[:, 0]), 0, width - 1).astype(int)
    rows = np.clip(np.rint(points[:, 1]), 0, height - 1).astype(int)
    return np.asarray(mask[rows, columns] > 0)


def _small_boxes(picture: SmallPicture, boxes: Array) -> list[tuple[int, int, int, int]]:
    corners = picture.from_frame(np.asarray(boxes, float).reshape(-1, 2)).reshape(-1, 4)
    room = _PERSON_MARGIN * np.maximum(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    grown = np.rint(corners + room[:, None] * np.array([-1, -1, 1, 1])).astype(int)
    return [(box[0], box[1], box[2], box[3]) for box in grown.tolist()]


def _lit(brightest: Grey) -> slice:
    """The stretch of rows or columns between black bars at both ends, less its edge."""
    lit = np.flatnonzero(brightest > _BLACK)
    if not len(lit):
        return slice(0, 0)
    return slice(int(lit[0]) + _EDGE, max(int(lit[-1]) + 1 - _EDGE, 0))
