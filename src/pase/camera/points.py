"""Corners of the background, spread over the picture and followed into another one; overlays drawn over it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.camera.pictures import Grey, Mask
from pase.types import Array

Points = NDArray[np.float32]

MOST_POINTS = 90
"""Most corners that are followed in a keyframe: more cost time and hardly improve the turn."""
_CELLS = 8
"""Number of cells along the picture's longer side; a single bright sign must not get all corners."""
_PER_CELL = 4
_QUALITY = 0.005
"""Least quality of a corner as a share of the best one's (Shi and Tomasi 1994)."""
_LEAST_CORNER = 1e-4
"""Least eigenvalue of a corner: below it is the noise of a plain wall."""
_APART = 5
_WINDOW = (11, 11)
_LEVELS = 2
_THERE_AND_BACK = 0.7
"""Largest error in pixels of a point that is followed to a picture and back again."""
_EXPOSURE = 0.03
"""Differences of brightness or contrast from which on they are taken out before points are followed."""

_STAYS_PX = 0.4
_MOVED_PX = 2.5
"""A corner that stays within the first while the background there has moved by the second is drawn over it."""
_VOTES = 3
_RADIUS = 5
"""Pixels around such a corner in which no other is taken."""


def find_corners(grey: Grey, mask: Mask) -> Points:
    """(N, 2) corners where the mask is not 0, at most `MOST_POINTS` and spread over the picture."""
    import cv2

    corners = cv2.goodFeaturesToTrack(grey, 4 * MOST_POINTS, _QUALITY, _APART, mask=mask)
    if corners is None:
        return np.zeros((0, 2), np.float32)
    points = np.asarray(corners, np.float32).reshape(-1, 2)  # the best ones first
    strength = cv2.cornerMinEigenVal(grey, 3)
    columns, rows = points.astype(int).T
    points = np.asarray(points[strength[rows, columns] > _LEAST_CORNER], np.float32)
    side = max(grey.shape) / _CELLS
    cell = (points // side).astype(int) @ np.array([1, 2 * _CELLS])
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    rank = np.empty(len(points), int)
    rank[order] = np.arange(len(points)) - np.repeat(starts, np.diff(np.append(starts, len(points))))
    picks = np.flatnonzero(rank < _PER_CELL)
    return np.asarray(points[picks[:MOST_POINTS]], np.float32)


def follow_points(old: Grey, new: Grey, points: Points, guess: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Where points (N, 2) of a picture are in another one (Lucas and Kanade's pyramids), and which are reliable.

    Parameters
    ----------
    old, new
        Two pictures of one size.
    points
        In the old picture.
    guess
        (N, 2) about where they are in the new one.
    """
    import cv2

    if not len(points):
        return points, np.zeros(0, bool)
    flow: Any = cv2.calcOpticalFlowPyrLK
    levelled = _with_exposure_of(new, old)
    options = {"winSize": _WINDOW, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    followed, good, _ = flow(old, levelled, points, guess.copy(), maxLevel=_LEVELS, **options)
    # A point that was followed correctly starts close on the way back, which needs no coarse pictures.
    back, good_back, _ = flow(levelled, old, followed, points.copy(), maxLevel=0, **options)
    home = np.abs(back - points).max(axis=1) < _THERE_AND_BACK
    height, width = new.shape
    inside = (followed >= 0).all(axis=1) & (followed[:, 0] < width) & (followed[:, 1] < height)
    return followed, home & inside & (good.ravel() > 0) & (good_back.ravel() > 0)


def _with_exposure_of(new: Grey, old: Grey) -> Grey:
    """The new picture with the old one's brightness and contrast: cameras change their exposure as they turn."""
    import cv2

    (mean_new,), (spread_new,) = (v.ravel() for v in cv2.meanStdDev(new))
    (mean_old,), (spread_old,) = (v.ravel() for v in cv2.meanStdDev(old))
    gain = float(np.clip(spread_old / max(spread_new, 1.0), 0.5, 2.0))
    shift = float(mean_old - gain * mean_new)
    if abs(gain - 1) < _EXPOSURE and abs(shift) < 255 * _EXPOSURE:
        return new
    table = np.clip(gain * np.arange(256) + shift, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(new, table), np.uint8)


class Overlays:
    """Collects places of the small picture that an overlay covers.

    Time codes and logos stay in place while the background moves.
    """

    def __init__(self) -> None:
        self._votes: dict[tuple[int, int], int] = {}
        self._mask: Mask | None = None

    def hidden(self, mask: Mask) -> Mask:
        """The background's mask (h, w) without those places."""
        return mask if self._mask is None else mask & ~self._mask

    def vote(
        self, points_key: Points, points: Points, expected: Array, sure: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """(N,) corners that stayed where they were although the background moved on, often enough.

        Parameters
        ----------
        points_key, points
            (N, 2) corners in the keyframe and in the present one.
        expected
            (N, 2) where they would be if they belonged to the background.
        sure
            (N,) whether they were found again.
        """
        stays = np.abs(points - points_key).max(axis=1) < _STAYS_PX
        moved = np.linalg.norm(expected - points_key, axis=1) > _MOVED_PX
        suspects = np.flatnonzero(sure & stays & moved)
        fixed = np.zeros(len(points), bool)
        for i in suspects:
            place = (round(float(points_key[i, 0])), round(float(points_key[i, 1])))
            self._votes[place] = self._votes.get(place, 0) + 1
            fixed[i] = self._votes[place] >= _VOTES
        return fixed

    def hide(self, shape: tuple[int, int], points: Points) -> None:
        """Take no corners any more near points (N, 2) of a picture of a shape."""
        if self._mask is None:
            self._mask = np.zeros(shape, np.uint8)
        for x, y in np.rint(points).astype(int):
            rows = slice(max(0, y - _RADIUS), y + _RADIUS + 1)
            self._mask[rows, max(0, x - _RADIUS) : x + _RADIUS + 1] = 255
