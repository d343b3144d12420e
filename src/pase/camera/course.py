"""The looked-at frames of a shot with all key pictures put together, for the best focal length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pase.camera.keyframes import KeyLink, settle_turns
from pase.camera.lens import Matches
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.shot import POINT_NOISE_PX, SYSTEMATIC_RAD, ShotFollower, Sight
from pase.camera.turn import Turn, fit_turn
from pase.types import Array

_FAR_SHARE = 0.04
"""Pairs of pictures tell of the lens when they are apart by such a share of the picture."""
_MOST_PAIRS = 24
_FEWEST_POINTS = 12


@dataclass(frozen=True, slots=True)
class Course:
    """Turn and zoom of some frames beside the first key picture."""

    time: Array
    """(S,)"""
    R: Array
    """(S, 3, 3)"""
    log_zoom: Array
    """(S,)"""
    variance: Array
    """(S, 4) of a small rotation in camera axes, rad², and of the log zoom."""


@dataclass(frozen=True, slots=True)
class _Relative:
    """A frame beside its key picture."""

    R: Array
    log_zoom: float
    covariance: Array


def settled_course(shot: ShotFollower, factor: float, zooming: bool) -> Course:
    """All looked-at frames in order of time, for a focal length `factor` times the guessed one.

    Parameters
    ----------
    shot
        What was measured.
    factor
        Of the focal length.
    zooming
        False takes the zoom as constant: then what looks like zoom is noise.
    """
    links = []
    for link in shot.links:
        first = _relative(shot, link.first, factor, zooming)
        R, zoom, covariance = first.R, first.log_zoom, first.covariance
        if link.second_sight is not None:
            second = _relative(shot, link.second_sight, factor, zooming)
            R, zoom = second.R.T @ R, zoom - second.log_zoom
            covariance = covariance + second.covariance
        floor = np.diag([SYSTEMATIC_RAD**2] * 4)
        links.append(KeyLink(link.first.key, link.second, R, zoom, covariance + floor))
    settled, of_keys = settle_turns(chained(len(shot.keys), links), links)
    sights = sorted(shot.sights, key=lambda sight: sight.time)
    relative = [_relative(shot, sight, factor, zooming) for sight in sights]
    key = np.array([sight.key for sight in sights])
    R_key = np.array([turn.R_camera_reference for turn in settled])
    zoom_key = np.array([turn.log_zoom for turn in settled])
    own = np.array([np.diag(of.covariance) for of in relative]) + SYSTEMATIC_RAD**2
    return Course(
        np.array([sight.time for sight in sights]),
        np.array([of.R for of in relative]) @ R_key[key],
        np.array([of.log_zoom for of in relative]) + zoom_key[key],
        own + of_keys[key],
    )


def matches_of(shot: ShotFollower, zooming: bool) -> list[Matches]:
    """Frames far from their key pictures, spread over the shot, with the points of the background in both."""
    least = _FAR_SHARE * max(shot.keys[0].picture.grey.shape)
    far = [
        sight
        for sight in shot.sights
        if sight.agreeing.sum() >= _FEWEST_POINTS
        and shot.distance_px(sight.turn, shot.keys[sight.key].turn) > least
    ]
    if not far:
        return []
    chosen = np.unique(np.linspace(0, len(far) - 1, min(len(far), _MOST_PAIRS)).astype(int))
    out = []
    for sight in (far[i] for i in chosen):
        rays_key, rays = shot.rays_of(sight)
        zoom = np.exp(shot.keys[sight.key].turn.log_zoom) if zooming else 1.0
        out.append(Matches(rays_key[sight.agreeing] / zoom, rays[sight.agreeing] / zoom))
    return out


def pixel_of(shot: ShotFollower) -> float:
    """One pixel of the small picture in units of the guessed focal length."""
    return shot.keys[0].picture.pixel / shot.focal_px


def _relative(shot: ShotFollower, sight: Sight, factor: float, zooming: bool) -> _Relative:
    """A frame measured again beside its key picture."""
    key = shot.keys[sight.key].turn
    key_zoom = key.log_zoom if zooming else 0.0
    R = sight.turn.R_camera_reference @ key.R_camera_reference.T
    if factor != 1.0:
        # What is seen is a shift in pixels: across the line of sight a turn goes with 1 / focal length.
        R = rotation_of_vector(vector_of_rotation(R) / np.array([factor, factor, 1.0]))
    if not len(sight.which):
        return _Relative(R, sight.turn.log_zoom - key.log_zoom if zooming else 0.0, sight.covariance)
    if factor == 1.0 and zooming:
        return _Relative(R, sight.turn.log_zoom - key_zoom, sight.covariance)
    rays_key, rays = (rays / factor for rays in shot.rays_of(sight))
    start = Turn(R, sight.turn.log_zoom if zooming else 0.0)
    directions = Turn(np.eye(3), key_zoom).directions(rays_key)
    fit = fit_turn(directions, rays, start, POINT_NOISE_PX * pixel_of(shot) / factor, zooming)
    return _Relative(fit.turn.R_camera_reference, fit.turn.log_zoom - key_zoom, fit.covariance)


def chained(count: int, links: list[KeyLink]) -> list[Turn]:
    """First guesses of the key pictures' turns: along the links by which each was made."""
    turns = [Turn(np.eye(3), 0.0)] * count
    reached = {0}
    for link in links:
        if link.second not in reached and link.first in reached:
            from_turn = turns[link.first]
            R = link.R_second_first @ from_turn.R_camera_reference
            turns[link.second] = Turn(R, from_turn.log_zoom + link.log_zoom)
            reached.add(link.second)
    return turns
