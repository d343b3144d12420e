"""Does the camera stand still? The background's motion, from points of it that are followed in a small picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.media.frames import Frame
from pase.pose2d.detector import Boxes
from pase.types import Array, Image

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

EVERY_S = 0.2
MOVES = 0.02
"""From this share of the picture's longer side on that the background has moved, the user is warned."""
ZOOMS = 0.03

_SIDE = 320
_POINTS = 120
_FEWEST = 12
_AGREE = 0.5
"""Share of the points that must move together for a motion of the camera to be told."""
_MARGIN = 0.1


@dataclass(frozen=True)
class CameraMotion:
    """How far the background moved within a shot, at most."""

    shift: float
    """Distance from where it was first, as a share of the picture's longer side."""
    zoom: float
    """Change of size, as a share of it."""
    shake: float
    """Root mean square of what is quicker than half a second, as a share of the longer side."""


class Steadiness:
    """Follows the background from frame to frame of a shot.

    Some pictures a second are compared with the first one, or with a later one when too little of that is left,
    by points that lie outside the persons' boxes (Shi and Tomasi's corners, Lucas and Kanade's flow).
    """

    def __init__(self) -> None:
        self._paths: list[list[tuple[float, float, float]]] = []
        self.cut()

    def cut(self) -> None:
        """A new shot begins."""
        self._at = -np.inf
        self._path: list[tuple[float, float, float]] = []
        self._paths.append(self._path)
        self._base = self._total = np.eye(3)
        self._last: tuple[Grey, Boxes] = (np.zeros((1, 1), np.uint8), np.zeros((0, 4)))
        self._reference = (self._last[0], np.zeros((0, 1, 2), np.float32))

    def look(self, frame: Frame, boxes: Boxes) -> None:
        """Take note of a frame.

        Parameters
        ----------
        frame
            The frame.
        boxes
            (N, 4) where persons are, in pixels.
        """
        if frame.time - self._at < EVERY_S:
            return
        self._at = frame.time
        grey, zoom = _small(frame.image)
        if not self._path:
            self._note(np.eye(3), grey, boxes * zoom)
            return
        moved = _motion(self._reference, grey)
        if moved is None:
            # Too little of the reference is left: the last picture is the next one.
            self._reference, self._base = (self._last[0], _corners(*self._last)), self._total
            moved = _motion(self._reference, grey)
        if moved is not None:
            self._note(self._base @ moved, grey, boxes * zoom)

    def _note(self, total: Array, grey: Grey, boxes: Boxes) -> None:
        self._total, self._last = total, (grey, boxes)
        if not self._path:
            self._reference = (grey, _corners(grey, boxes))
        middle = np.array([grey.shape[1] / 2, grey.shape[0] / 2, 1.0])
        shift = (total @ middle - middle)[:2] / max(grey.shape)
        size = float(np.sqrt(abs(np.linalg.det(total[:2, :2]))))
        self._path.append((float(shift[0]), float(shift[1]), size))

    @property
    def motion(self) -> CameraMotion:
        """The largest motion of all shots."""
        told = [np.array(path) for path in self._paths if len(path) > 1]
        shift = max((float(np.linalg.norm(p[:, :2] - p[0, :2], axis=1).max()) for p in told), default=0.0)
        zoom = max((float(np.abs(p[:, 2] / p[0, 2] - 1).max()) for p in told), default=0.0)
        return CameraMotion(shift, zoom, max((_shake(p[:, :2]) for p in told), default=0.0))


def _shake(path: Array) -> float:
    """Root mean square distance from the running mean of three."""
    if len(path) < 3:
        return 0.0
    smooth = (path[:-2] + path[1:-1] + path[2:]) / 3
    return float(np.sqrt(np.square(path[1:-1] - smooth).sum(-1).mean()))


def _small(image: Image) -> tuple[Grey, float]:
    """A grey picture with a longer side of at most 320 px, and its scale."""
    import cv2

    step = max(1, max(image.shape[:2]) // (2 * _SIDE))
    zoom = min(1.0, _SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom)))
    small = cv2.resize(image[::step, ::step], size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), zoom


def _corners(grey: Grey, boxes: Boxes) -> Points:
    """(N, 1, 2) points of the background that can be found again."""
    import cv2

    mask = np.full(grey.shape, 255, np.uint8)
    for left, top, right, bottom in boxes:
        room = _MARGIN * max(right - left, bottom - top)
        rows = slice(max(0, int(top - room)), max(0, int(bottom + room) + 1))
        mask[rows, max(0, int(left - room)) : max(0, int(right + room) + 1)] = 0
    found = cv2.goodFeaturesToTrack(grey, _POINTS, 0.01, 5, mask=mask)
    return np.zeros((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)


def _motion(reference: tuple[Grey, Points], grey: Grey) -> Array | None:
    """Shift, turn and zoom (3, 3) from the reference to a picture; None where the points do not agree."""
    import cv2

    old, points = reference
    if len(points) < _FEWEST:
        return None
    follow: Any = cv2.calcOpticalFlowPyrLK
    new, good, _ = follow(old, grey, points, None, winSize=(15, 15), maxLevel=3)
    back, good_back, _ = follow(grey, old, new, None, winSize=(15, 15), maxLevel=3)
    same = np.linalg.norm(back - points, axis=-1).ravel() < 1.0
    kept = (good.ravel() > 0) & (good_back.ravel() > 0) & same
    if kept.sum() < max(_FEWEST, _AGREE * len(points)):
        return None
    matrix, inside = cv2.estimateAffinePartial2D(points[kept], new[kept], ransacReprojThreshold=1.0)
    if matrix is None or inside.sum() < _AGREE * kept.sum():
        return None
    return np.vstack([matrix, [0.0, 0.0, 1.0]])
