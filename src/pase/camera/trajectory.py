"""The measured frames of a shot with all keyframes put together, for the best focal length."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pase.camera.correspondences import AT_ONCE, Correspondences, pixel_of
from pase.camera.keyframes import KeyLink, adjust_turns
from pase.camera.matching import POINT_NOISE_PX, Match
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.shot import SYSTEMATIC_RAD, ShotFollower
from pase.camera.turn import Turn, fit_turn
from pase.series import evenly_spread
from pase.types import Array

_FAR_SHARE = 0.04
"""Least distance of two pictures, as a share of the picture, for the pair to determine the lens."""
_MOST_PAIRS = 24
_FEWEST_POINTS = 12


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Turn and zoom of some frames beside the first keyframe."""

    time: Array
    """(S,)"""
    R: Array
    """(S, 3, 3)"""
    log_zoom: Array
    """(S,)"""
    variance: Array
    """(S, 4) of a small rotation in camera axes, rad², and of the log zoom."""
    bounded_time: Array = field(default_factory=lambda: np.zeros(0))
    """(B,) seconds of frames before and between those that separate turn from travel."""
    bound_rad: Array = field(default_factory=lambda: np.zeros(0))
    """(B,) upper limit of the standard deviation of their turn: they show about the same as their neighbours."""


@dataclass(frozen=True, slots=True)
class _Relative:
    """S frames, each beside its keyframe."""

    R: Array
    """(S, 3, 3)"""
    log_zoom: Array
    """(S,)"""
    covariance: Array
    """(S, 4, 4)"""


def turning_trajectory(shot: ShotFollower, factor: float, zooming: bool) -> Trajectory:
    """All measured frames in order of time, for a focal length `factor` times the guessed one.

    Parameters
    ----------
    zooming
        False takes the zoom as constant: then what looks like zoom is noise.
    """
    links = _key_links(shot, factor, zooming)
    matches = sorted(shot.matches, key=lambda match: match.time)
    relative = _relative(shot, matches, factor, zooming)
    key = np.array([match.key for match in matches])
    shares = np.bincount(key, minlength=len(shot.keys)).astype(float)
    adjusted, of_keys = adjust_turns(chained(len(shot.keys), links), links, shares)
    R_key = np.array([turn.R_camera_reference for turn in adjusted])
    zoom_key = np.array([turn.log_zoom for turn in adjusted])
    of_frames = np.diagonal(relative.covariance, axis1=1, axis2=2) + SYSTEMATIC_RAD**2
    return Trajectory(
        np.array([match.time for match in matches]),
        relative.R @ R_key[key],
        relative.log_zoom + zoom_key[key],
        of_frames + of_keys[key],
    )


def _key_links(shot: ShotFollower, factor: float, zooming: bool) -> list[KeyLink]:
    """Links between keyframes, from frames that were measured against both, or that became the second one."""
    first = _relative(shot, [link.first for link in shot.links], factor, zooming)
    again = [link.second_match for link in shot.links if link.second_match is not None]
    second, row, links = _relative(shot, again, factor, zooming), 0, []
    for n, link in enumerate(shot.links):
        R, zoom = first.R[n], float(first.log_zoom[n])
        covariance = first.covariance[n] + np.diag([SYSTEMATIC_RAD**2] * 4)
        if link.second_match is not None:
            R, zoom = second.R[row].T @ R, zoom - float(second.log_zoom[row])
            covariance = covariance + second.covariance[row]
            row += 1
        links.append(KeyLink(link.first.key, link.second, R, zoom, covariance))
    return links


def far_correspondences(shot: ShotFollower, zooming: bool) -> Correspondences:
    """Frames far from their keyframes, spread over the shot, with the points of the background in both."""
    shortest = _FAR_SHARE * max(shot.keys[0].picture.grey.shape)
    far = [
        match
        for match in shot.matches
        if match.agreeing.sum() >= _FEWEST_POINTS
        and shot.distance_px(match.turn, shot.keys[match.key].turn) > shortest
    ]
    matches = [far[i] for i in evenly_spread(len(far), _MOST_PAIRS)]
    zoom = np.exp([float(shot.keys[match.key].turn.log_zoom) if zooming else 0.0 for match in matches])
    return Correspondences.of(shot, matches, agreeing=True).scaled(1 / zoom)


def _relative(shot: ShotFollower, matches: Sequence[Match], factor: float, zooming: bool) -> _Relative:
    """Frames measured again beside their keyframes."""
    keys = [shot.keys[match.key].turn for match in matches]
    R = np.array(
        [s.turn.R_camera_reference @ k.R_camera_reference.T for s, k in zip(matches, keys, strict=True)]
    )
    R = R.reshape(-1, 3, 3)
    log_zoom = np.array([float(s.turn.log_zoom - k.log_zoom) for s, k in zip(matches, keys, strict=True)])
    covariance = np.array([match.covariance for match in matches]).reshape(-1, 4, 4)
    if factor == 1.0 and zooming:
        return _Relative(R, log_zoom, covariance)
    # Points shift by so many pixels: across the line of sight a turn goes with 1 / focal length.
    R = rotation_of_vector(vector_of_rotation(R) / np.array([factor, factor, 1.0]))
    log_zoom *= zooming
    with_points = np.flatnonzero([len(match.point_numbers) > 0 for match in matches])
    for rows in np.split(with_points, range(AT_ONCE, len(with_points), AT_ONCE)):
        zoom_key = np.array([float(keys[row].log_zoom) for row in rows]) * zooming
        pairs = Correspondences.of(shot, [matches[row] for row in rows]).scaled(1 / factor)
        directions = Turn(np.tile(np.eye(3), (len(rows), 1, 1)), zoom_key).directions(pairs.rays_key)
        start, noise = Turn(R[rows], log_zoom[rows] + zoom_key), POINT_NOISE_PX * pixel_of(shot) / factor
        fit = fit_turn(directions, pairs.rays, start, noise, zooming, pairs.counts)
        R[rows], log_zoom[rows] = fit.turn.R_camera_reference, fit.turn.log_zoom - zoom_key
        covariance[rows] = fit.covariance
    return _Relative(R, log_zoom, covariance)


def chained(count: int, links: list[KeyLink]) -> list[Turn]:
    """First guesses of the keyframes' turns, along the link by which each was added."""
    turns = [Turn(np.eye(3), 0.0)] * count
    reached = {0}
    for link in links:
        if link.second not in reached and link.first in reached:
            from_turn = turns[link.first]
            R = link.R_second_first @ from_turn.R_camera_reference
            turns[link.second] = Turn(R, from_turn.log_zoom + link.log_zoom)
            reached.add(link.second)
    return turns
