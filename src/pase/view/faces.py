"""Faces in footage made unrecognisable, by the keypoints of the heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pase.data import Keypoints2D
from pase.media import Frame
from pase.series import nearest_rows
from pase.types import Array, Image

FACE = ("Nose", "LEye", "REye", "LEar", "REar", "Head")
CHIN = 0.85
"""How far from the top of the head to the neck the chin is."""
CELLS = 4
"""Squares across a head that are left of it."""
MARGIN = 1.5
"""Radius of what is hidden by that of the head: hair, chin, and errors of the keypoints."""
LEAST_SHARE = 0.07
"""Least radius of a head by the longer side of the person, as the neck may be hidden behind the head or bent."""
LONGEST_S = 1.0
"""A head is hidden as long before and after the frames in which its keypoints are known: the detector comes late."""
GROWTH_PER_S = 7.0
"""Growth of the hidden disc a second meanwhile, in radii: a head of 0.12 m moves by less than 1 m."""


class _Heads(NamedTuple):
    """The head of one person in the frames in which it is known."""

    time: Array
    """(N,) seconds, increasing."""
    centre: Array
    """(N, 2) pixels."""
    radius: Array
    """(N,) pixels."""


class FaceCover:
    """Hides the heads of persons in frames.

    Parameters
    ----------
    people
        The keypoints of everybody whose face is to be hidden.
    """

    def __init__(self, people: Sequence[Keypoints2D]) -> None:
        self._heads = [heads for person in people if len((heads := _heads_of(person)).time)]

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames with coarse squares in place of the heads."""
        for frame in frames:
            discs = [disc for heads in self._heads if (disc := _disc(heads, frame.time)) is not None]
            if not discs:
                yield frame
                continue
            image = frame.image.copy()
            for centre, radius in discs:
                _hide(image, centre, radius)
            yield Frame(frame.index, frame.time, image, frame.repeated)


def covered(frames: Iterable[Frame], cover: FaceCover | None) -> Iterator[Frame]:
    """The frames, without faces where these are to be hidden."""
    return iter(frames) if cover is None else cover.frames(frames)


def _heads_of(person: Keypoints2D) -> _Heads:
    """Discs around all points of the face, with the size of the head by its distance to the neck."""
    face = person.xy[:, [person.names.index(name) for name in FACE if name in person.names]]
    if "Head" in person.names and "Neck" in person.names:
        top, neck = (person.xy[:, [person.names.index(name)]] for name in ("Head", "Neck"))
        face = np.concatenate([face, top + CHIN * (neck - top)], axis=1)
    rows = np.isfinite(face).all(-1).any(-1)
    face, points = face[rows], person.xy[rows]
    if not len(face):
        return _Heads(np.zeros(0), np.zeros((0, 2)), np.zeros(0))
    centre = 0.5 * (np.nanmin(face, axis=1) + np.nanmax(face, axis=1))
    around = np.nanmax(np.linalg.norm(face - centre[:, None], axis=-1), axis=1)
    longer_side = (np.nanmax(points, axis=1) - np.nanmin(points, axis=1)).max(axis=1)
    radius = MARGIN * np.maximum(around, LEAST_SHARE * longer_side)
    return _Heads(person.time[rows], centre, radius)


def _disc(heads: _Heads, time: float) -> tuple[Array, float] | None:
    """Centre and radius of what is hidden at a time; None where the person is long gone."""
    (row,) = nearest_rows(heads.time, np.array([time]))
    gap = abs(float(heads.time[row]) - time)
    if gap > LONGEST_S:
        return None
    return heads.centre[row], float(heads.radius[row]) * (1.0 + GROWTH_PER_S * gap)


def _hide(image: Image, centre: Array, radius: float) -> None:
    """Replace a disc of a picture by coarse squares, in place."""
    import cv2

    height, width = image.shape[:2]
    left, top = np.clip(np.floor(centre - radius), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(centre + radius) + 1, 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    square = image[top:bottom, left:right]
    coarse = cv2.resize(square, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(coarse, square.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    y, x = np.ogrid[top:bottom, left:right]
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    square[inside] = coarse[inside]
