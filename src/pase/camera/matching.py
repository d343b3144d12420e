"""One picture against one keyframe: the points of the background in both, and the turn between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.camera.pictures import SmallPicture, background_mask, is_background
from pase.camera.points import Overlays, Points, find_corners, follow_points
from pase.camera.turn import Turn, TurnFit, fit_turn, start_from_shift
from pase.types import Array, ImageSize

FEWEST_POINTS = 8
"""Least points of the background for a turn."""
_AGREEMENT = 0.6
"""Least share of agreeing points; below it another start is tried."""
_POORER = 1.15
"""The other start is tried again only for a fit so much poorer than the one before: before a camera that travels,
whose points agree with no turn, it would be tried for each frame."""
_LEAST_AGREEMENT = 0.3
POINT_NOISE_PX = 0.08
"""Standard deviation of a followed corner in pixels of the small picture, at least."""
_ABOUT_RAD = 1e-4
"""Turns are fitted in steps down to this as the frames come; those of a camera that turns once more at the end."""
_WIDE_SPREAD = 8.0
"""Spread of the agreeing points, in that of well followed ones, from which on another start is tried."""
PLACE_PX = 1 / 64
_FEW_CORNERS = 24


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A picture that others are compared with."""

    number: int
    picture: SmallPicture
    points: Points
    """(N, 2) corners of the background, pixels of the small picture."""
    rays: Array
    """(N, 2) their rays in units of the guessed focal length."""
    turn: Turn
    """Where it looks, as first measured."""
    alive: NDArray[np.bool_]
    """(N,) corners that have not turned out to be drawn over the picture."""
    ovals: bool
    """Whether persons were left out as ovals, since their boxes left too little of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One frame's turn, as first measured against one keyframe, and the points behind it."""

    time: float
    key: int
    turn: Turn
    covariance: Array
    """(4, 4) of a small rotation in camera axes, rad, and of the log zoom."""
    point_numbers: NDArray[np.uint8]
    """(N,) numbers of the keyframe's points that were found again."""
    places: NDArray[np.int16]
    """(N, 2) where, in `PLACE_PX` of the small picture: an hour's places must fit into the memory."""
    agreeing: NDArray[np.bool_]
    """(N,) whether they move with the background."""
    searched: int = 0
    """Points of the keyframe that should have been in the frame."""


class PictureMatcher:
    """Measures the pictures of a shot against keyframes."""

    def __init__(self, image_size: ImageSize, focal_px: float) -> None:
        self.image_size, self.focal_px = image_size, focal_px
        self._poorness = 0.0
        self._overlays = Overlays()

    def corners(self, picture: SmallPicture, boxes: Array) -> tuple[Points, bool]:
        """(N, 2) corners of a picture's background, and whether persons were left out as ovals to have enough."""
        for ovals in (False, True):
            points = find_corners(picture.grey, self._overlays.hidden(background_mask(picture, boxes, ovals)))
            if len(points) >= _FEW_CORNERS or not len(boxes):
                break
        return points, ovals

    def rays(self, picture: SmallPicture, points: Points) -> Array:
        """(N, 2) rays of points of a small picture, in units of the guessed focal length."""
        middle = np.array(self.image_size) / 2
        return (picture.to_frame(points.astype(float)) - middle) / self.focal_px

    def match(
        self, time: float, key: Keyframe, picture: SmallPicture, boxes: Array, expected: Turn
    ) -> tuple[Match | None, float]:
        """The turn of a picture against a keyframe, and the share of its points that were found again.

        Parameters
        ----------
        time
            Seconds.
        key
            The keyframe; corners of it that turn out to be drawn over the picture are taken out.
        picture, boxes
            The picture, and the persons in it (N, 4), pixels of the frame.
        expected
            About where it looks.
        """
        if key.alive.sum() < FEWEST_POINTS:
            return None, 0.0
        directions = key.turn.directions(key.rays)
        middle = np.array(self.image_size) / 2
        p_frame = expected.rays(directions) * self.focal_px + middle
        guess = picture.from_frame(p_frame).astype(np.float32)
        points, sure = follow_points(key.picture.grey, picture.grey, key.points, guess)
        mask = background_mask(picture, boxes, key.ovals)
        sure &= key.alive & is_background(mask, points)
        if sure.sum() < FEWEST_POINTS:
            return None, 0.0
        rays = self.rays(picture, points)
        share = float(sure.sum() / key.alive.sum())
        fit = self._fit(directions[sure], rays[sure], expected, picture.pixel)
        if fit is not None and self._drop_overlays(key, points, sure, fit.turn.rays(directions)):
            sure &= key.alive
            fit = self._fit(directions[sure], rays[sure], fit.turn, picture.pixel) if sure.any() else None
        if fit is None:
            return None, share
        numbers = np.flatnonzero(sure).astype(np.uint8)
        places = np.rint(points[sure] / PLACE_PX).astype(np.int16)
        places_px = key.picture.from_frame(fit.turn.rays(directions) * self.focal_px + middle)
        height, width = picture.grey.shape
        inside = ((places_px >= 0) & (places_px < [width, height])).all(axis=1)
        searched = int((inside & key.alive & is_background(mask, places_px.astype(np.float32))).sum())
        return Match(
            time, key.number, fit.turn, fit.covariance, numbers, places, fit.agreeing, searched
        ), share

    def _fit(self, directions: Array, rays: Array, expected: Turn, pixel: float) -> TurnFit | None:
        noise = POINT_NOISE_PX * pixel / self.focal_px
        fit = fit_turn(directions, rays, expected, noise, converged=_ABOUT_RAD)
        if _poorness(fit, noise) > max(1.0, _POORER * self._poorness):
            start = start_from_shift(directions, rays, expected, _WIDE_SPREAD * noise)
            if start is not None:
                refit = fit_turn(directions, rays, start, noise, converged=_ABOUT_RAD)
                if refit.agreeing.sum() > fit.agreeing.sum() or refit.spread < 0.5 * fit.spread:
                    fit = refit
        self._poorness = _poorness(fit, noise)
        if fit.agreeing.sum() < max(FEWEST_POINTS, _LEAST_AGREEMENT * len(rays)):
            return None
        return fit

    def _drop_overlays(self, key: Keyframe, points: Points, sure: NDArray[np.bool_], rays: Array) -> bool:
        """Take out corners that stay where they are while the background moves; whether there are any."""
        expected = key.picture.from_frame(rays * self.focal_px + np.array(self.image_size) / 2)
        fixed = self._overlays.vote(key.points, points, expected, sure)
        if not fixed.any():
            return False
        key.alive[fixed] = False
        self._overlays.hide(key.picture.grey.shape, key.points[fixed])
        return True


def _poorness(fit: TurnFit, noise: float) -> float:
    """Above 1 where few points agree or they scatter widely, as with a bad start or a camera that travels."""
    return float(max((1 - fit.agreeing.mean()) / (1 - _AGREEMENT), fit.spread / (_WIDE_SPREAD * noise)))
