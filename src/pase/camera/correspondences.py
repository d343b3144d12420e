"""Points of the background in several frames and in the keyframe of each, in rows of one length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pase.camera.matching import Match
from pase.camera.shot import ShotFollower
from pase.types import Array

AT_ONCE = 256
"""Frames whose points are fitted at once: more need memory and gain nothing."""


@dataclass(frozen=True, slots=True)
class Correspondences:
    """The same points in P frames and in their keyframes."""

    rays_key: Array
    """(P, N, 2) in the keyframe, in units of its guessed focal length."""
    rays: Array
    """(P, N, 2) in the frame, in the same units."""
    counts: NDArray[np.bool_]
    """(P, N) false for what fills a row."""

    @classmethod
    def of(cls, shot: ShotFollower, matches: Sequence[Match], agreeing: bool = False) -> Self:
        """The points of frames, or only those that agree with the frames' turns."""
        pairs = [shot.rays_of(match) for match in matches]
        if agreeing:
            pairs = [(a[s.agreeing], b[s.agreeing]) for (a, b), s in zip(pairs, matches, strict=True)]
        longest = max((len(rays) for _, rays in pairs), default=0)
        empty = np.zeros((len(pairs), longest, 2))
        out = cls(empty, empty.copy(), np.zeros(empty.shape[:2], bool))
        for row, (rays_key, rays) in enumerate(pairs):
            out.rays_key[row, : len(rays)], out.rays[row, : len(rays)] = rays_key, rays
            out.counts[row, : len(rays)] = True
        return out

    def __len__(self) -> int:
        return len(self.rays)

    def scaled(self, factor: Array | float) -> Self:
        """The same in units of focal lengths that are () or (P,) times as small."""
        factor = np.asarray(factor, float)[..., None, None]
        return replace(self, rays_key=factor * self.rays_key, rays=factor * self.rays)


def pixel_of(shot: ShotFollower) -> float:
    """One pixel of the small picture in units of the guessed focal length."""
    return shot.keys[0].picture.pixel / shot.focal_px
