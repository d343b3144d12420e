"""The measured frames of a shot with a travelling camera: their turns, and whether the camera travels at all."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from pase.camera.correspondences import Correspondences, pixel_of
from pase.camera.epipolar import TravelFit, fit_travel, homography_share, usual_starts
from pase.camera.keyframes import KeyLink, adjust_turns
from pase.camera.matching import Match
from pase.camera.shot import Link, ShotFollower
from pase.camera.trajectory import Trajectory, chained
from pase.series import evenly_spread
from pase.types import Array, Indices

_FEWEST_POINTS = 15
_EVERY_S = 0.12
"""Seconds between frames with their own turn; those between are interpolated, as hands and steps are slower."""
_FAR_SHARE, _JUDGED_SHARE = 0.025, 0.05
"""A frame nearer to its keyframe, as a share of the picture, shows too little to part turn from travel; and to
judge whether the camera travels."""
_MOVED_SHARE = 0.6
"""Standard deviation of the camera's turn since a keyframe, as a share of the way that the points have moved."""
_JUDGED = 8
"""Pairs of pictures by which it is judged whether a camera travels."""
_AGREES_PX = 0.8
"""Points move with the background that are within so many pixels of the small picture."""
_AT_ONCE = 64
"""Frames that are fitted at once: more need memory and gain nothing."""
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
        """Whether the camera certainly travels."""
        return self.turn < _TURN_AGREES and self.travel > self.turn + _MORE_AGREE

    def is_open(self, focal_factor: float) -> bool:
        """Whether it may go from place to place: for the lens found with a turn, beside the usual one."""
        unexplained = 1.0 - self.turn
        explained = self.travel - self.turn > _EXPLAINED * unexplained
        return focal_factor > _LONG_LENS or (unexplained > _UNEXPLAINED and explained)


def judge_travel(shot: ShotFollower) -> Judgement:
    """How the points of the background move: as before a camera that travels, or as before one that turns."""
    far = [match for match in shot.matches if _is_far(shot, match, _JUDGED_SHARE)]
    if not far:
        return Judgement(1.0, 1.0)
    sample = [far[i] for i in evenly_spread(len(far), _JUDGED)]
    tolerance = _AGREES_PX * pixel_of(shot)
    turn = float(np.median([homography_share(*shot.rays_of(match), tolerance) for match in sample]))
    if turn > 1.0 - _UNEXPLAINED:
        return Judgement(turn, turn)
    return Judgement(turn, float(np.median(_fit(shot, sample).agreeing.max(1))))


def travelling_trajectory(shot: ShotFollower) -> Trajectory:
    """Turns of the measured frames of a camera that travels, in order of time; its lens is taken not to zoom."""
    matches = _measured(shot)
    time, key = (np.array([getattr(match, name) for match in matches]) for name in ("time", "key"))
    R, variance = np.tile(np.eye(3), (len(matches), 1, 1)), np.zeros((len(matches), 4))
    with_points = np.flatnonzero([len(match.point_numbers) >= _FEWEST_POINTS for match in matches])
    fit = _continuous_fit(shot, [matches[row] for row in with_points], time[with_points], key[with_points])
    R[with_points] = fit.R
    variance[with_points, :3] = np.diagonal(fit.covariance, axis1=1, axis2=2)
    variance[:, 3] = _ZOOM_SIGMA**2
    row_of, links = {match: row for row, match in enumerate(matches)}, []
    for link in _new_keys(shot):
        row = row_of[link.first]
        if len(link.first.point_numbers) < _FEWEST_POINTS:
            R[row], variance[row] = _turn_to_key(shot, link.first), np.diag(link.first.covariance)
        links.append(KeyLink(link.first.key, link.second, R[row], 0.0, np.diag(variance[row])))
    shares = np.bincount(key, minlength=len(shot.keys)).astype(float)
    adjusted, of_keys = adjust_turns(chained(len(shot.keys), links), links, shares)
    R_key = np.array([turn.R_camera_reference for turn in adjusted])
    near = [s for s in shot.matches if len(s.point_numbers) >= _FEWEST_POINTS]
    moved = _MOVED_SHARE * pixel_of(shot) * np.array([_moved_px(shot, match) for match in near])
    no_zoom, near_time = np.zeros(len(matches)), np.array([match.time for match in near])
    return Trajectory(time, R @ R_key[key], no_zoom, variance + of_keys[key], near_time, moved)


def _new_keys(shot: ShotFollower) -> list[Link]:
    """The frames that became keyframes."""
    return [link for link in shot.links if link.second_match is None]


def _measured(shot: ShotFollower) -> list[Match]:
    """Frames in order of time that determine the turn: keyframes, and some a second far enough from theirs."""
    out: list[Match] = []
    keys = dict.fromkeys(link.first for link in _new_keys(shot))
    for match in sorted(dict.fromkeys(shot.matches) | keys, key=lambda match: match.time):
        last = out[-1].time if out else -np.inf
        far = match.time - last >= _EVERY_S and _is_far(shot, match, _FAR_SHARE)
        if far or not len(match.point_numbers) or match in keys:
            out.append(match)
    return out


def _continuous_fit(shot: ShotFollower, matches: Sequence[Match], time: Array, key: Indices) -> TravelFit:
    """The outcomes that follow one another best, each frame also started from what its neighbours came to."""
    fit = _fit(shot, matches)
    cheapest = fit.take(fit.cost.argmin(axis=1))
    rows = np.arange(len(matches))
    neighbours = np.stack([np.maximum(rows - 1, 0), np.minimum(rows + 1, len(rows) - 1)], axis=1)
    neighbours = np.where(key[neighbours] == key[:, None], neighbours, rows[:, None])
    fit = fit.beside(_fit(shot, matches, (cheapest.R[neighbours], cheapest.direction[neighbours])))
    return fit.take(fit.likeliest(time, key))


def _fit(
    shot: ShotFollower, matches: Sequence[Match], starts: tuple[Array, Array] | None = None
) -> TravelFit:
    """Frames beside their keyframes, from turns and directions (P, S, ...) or the usual ones."""
    parts = []
    for first in range(0, max(len(matches), 1), _AT_ONCE):
        batch = matches[first : first + _AT_ONCE]
        if starts is None:
            R_turn = np.array([_turn_to_key(shot, match) for match in batch]).reshape(-1, 3, 3)
            R, direction = usual_starts(R_turn)
        else:
            R, direction = (start[first : first + _AT_ONCE] for start in starts)
        parts.append(fit_travel(Correspondences.of(shot, batch), R, direction, pixel_of(shot)))
    return TravelFit(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(TravelFit))
    )


def _turn_to_key(shot: ShotFollower, match: Match) -> Array:
    return np.asarray(match.turn.R_camera_reference @ shot.keys[match.key].turn.R_camera_reference.T)


def _is_far(shot: ShotFollower, match: Match, share: float) -> bool:
    """Whether a frame shows enough points, moved by such a share of the picture since its keyframe."""
    if len(match.point_numbers) < _FEWEST_POINTS:
        return False
    return bool(_moved_px(shot, match) > share * max(shot.keys[0].picture.grey.shape))


def _moved_px(shot: ShotFollower, match: Match) -> float:
    """How far three quarters of a frame's points have moved at most since its keyframe, small pixels."""
    rays_key, rays = shot.rays_of(match)
    moved = np.sort(np.square(rays - rays_key).sum(axis=1))
    return float(np.sqrt(moved[3 * len(moved) // 4])) / pixel_of(shot)
