"""The looked-at frames of a shot whose camera goes from place to place: their turns, and whether that is so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pase.camera.course import Course, chained, pixel_of
from pase.camera.keyframes import KeyLink, settle_turns
from pase.camera.shot import ShotFollower, Sight
from pase.camera.travel import TravelFit, fit_travel, homography_share
from pase.types import Array

_FEWEST_POINTS = 15
_EVERY_S = 0.12
"""Turns between frames so far apart are interpolated: hands and steps are slower."""
_FAR_SHARE = 0.05
"""A frame nearer to its key picture, as a share of the picture, shows too little to part turn from travel."""
_JUDGED = 8
"""Pairs of pictures by which it is judged whether a camera travels."""
_AGREES_PX = 0.8
"""Points move with the background that are within so many pixels of the small picture."""
_GOES_ON = 0.8
_ZOOM_SIGMA = 1e-3
_MORE_AGREE, _TURN_AGREES = 0.2, 0.75
"""A camera travels when so many more of the points agree with that than with a turn on the spot, of which fewer
than the second share do."""
_UNEXPLAINED, _EXPLAINED = 0.08, 0.5
"""It may travel when more than this share of the points disagree with a turn, and most of them agree with a way."""
_LONG_LENS = 2.2
"""A turn with a lens so much longer than usual may be a way along a wall, which would make it endless."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Median shares of agreeing points in pairs of pictures."""

    turn: float
    """Under a turn on the spot, whatever the lens."""
    travel: float
    """Under a way from place to place."""

    @property
    def travels(self) -> bool:
        """Whether the camera surely goes from place to place."""
        return self.turn < _TURN_AGREES and self.travel > self.turn + _MORE_AGREE

    def is_open(self, focal_factor: float) -> bool:
        """Whether it may go from place to place: for the lens found with a turn, beside the usual one."""
        unexplained = 1.0 - self.turn
        explained = self.travel - self.turn > _EXPLAINED * unexplained
        return focal_factor > _LONG_LENS or (unexplained > _UNEXPLAINED and explained)


def judged(shot: ShotFollower) -> Judgement:
    """How the points of the background move: as before a camera that travels, or as before one that turns."""
    far = [sight for sight in shot.sights if _is_far(shot, sight)]
    if not far:
        return Judgement(1.0, 1.0)
    chosen = np.unique(np.linspace(0, len(far) - 1, min(len(far), _JUDGED)).astype(int))
    pixel = pixel_of(shot)
    turn = float(np.median([homography_share(*shot.rays_of(far[i]), _AGREES_PX * pixel) for i in chosen]))
    if turn > 1.0 - _UNEXPLAINED:
        return Judgement(turn, turn)
    return Judgement(turn, float(np.median([_fit(shot, far[i]).agreeing for i in chosen])))


def travelling_course(shot: ShotFollower) -> Course:
    """Turns of the looked-at frames of a camera that travels, in order of time; its lens is taken not to zoom."""
    links = []
    for link in shot.links:
        if link.second_sight is None and len(link.first.which) >= _FEWEST_POINTS:
            fit = _fit(shot, link.first)
            links.append(KeyLink(link.first.key, link.second, fit.R, 0.0, _with_zoom(fit.covariance)))
        elif link.second_sight is None:
            R = _turn_to_key(shot, link.first)
            links.append(KeyLink(link.first.key, link.second, R, 0.0, link.first.covariance))
    settled, of_keys = settle_turns(chained(len(shot.keys), links), links)
    time: list[float] = []
    turns: list[Array] = []
    variance: list[Array] = []
    last_key, last_time = -1, -np.inf
    last: TravelFit | None = None
    for sight in sorted(shot.sights, key=lambda sight: sight.time):
        R_key = settled[sight.key].R_camera_reference
        if not len(sight.which):
            relative, own, last = np.eye(3), np.zeros((3, 3)), None
        elif sight.time - last_time >= _EVERY_S and _is_far(shot, sight):
            last = _fit(shot, sight, last if last_key == sight.key else None)
            relative, own = last.R, last.covariance
        else:
            continue
        last_key, last_time = sight.key, sight.time
        time.append(sight.time)
        turns.append(relative @ R_key)
        variance.append(np.append(np.diag(own), _ZOOM_SIGMA**2) + of_keys[sight.key])
    return Course(np.array(time), np.array(turns), np.zeros(len(time)), np.array(variance))


def _fit(shot: ShotFollower, sight: Sight, before: TravelFit | None = None) -> TravelFit:
    """A frame beside its key picture; the one shortly before it is the guess, if most of the points agree."""
    rays_key, rays = shot.rays_of(sight)
    if before is not None:
        fit = fit_travel(rays_key, rays, [before.R], pixel_of(shot), [before.direction])
        if fit.agreeing > _GOES_ON:
            return fit
    return fit_travel(rays_key, rays, [np.eye(3), _turn_to_key(shot, sight)], pixel_of(shot))


def _turn_to_key(shot: ShotFollower, sight: Sight) -> Array:
    return np.asarray(sight.turn.R_camera_reference @ shot.keys[sight.key].turn.R_camera_reference.T)


def _is_far(shot: ShotFollower, sight: Sight) -> bool:
    """Whether a frame has moved enough, and shows enough points, to part turn from travel."""
    if len(sight.which) < _FEWEST_POINTS:
        return False
    rays_key, rays = shot.rays_of(sight)
    moved = float(np.percentile(np.linalg.norm(rays - rays_key, axis=1), 75)) / pixel_of(shot)
    return bool(moved > _FAR_SHARE * max(shot.keys[0].picture.grey.shape))


def _with_zoom(covariance: Array) -> Array:
    out = np.diag([0.0, 0.0, 0.0, _ZOOM_SIGMA**2])
    out[:3, :3] = covariance
    return out
