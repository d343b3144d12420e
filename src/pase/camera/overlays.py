"""Overlays such as time codes and logos: they stay in place while the background moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pase.camera.pictures import Mask
from pase.camera.points import Points
from pase.types import Array

_STAYS_PX = 0.4
_MOVED_PX = 2.5
"""A corner that stays within the first while the background there has moved by the second is drawn over it."""
_VOTES = 3
_RADIUS = 5
"""Pixels around such a corner in which no other is taken."""


class Overlays:
    """Collects places of the small picture that an overlay covers."""

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
            (N, 2) corners in the key picture and in the present one.
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
