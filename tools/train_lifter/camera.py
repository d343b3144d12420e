"""Random cameras, as people film people: held or on a tripod, near or far, the person not always all in view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

NEAREST_M = 0.5
"""No part of a person is nearer to the camera."""


@dataclass(frozen=True)
class Views:
    """Windows of motion as cameras see them; N windows of T frames."""

    points: Floats
    """(N, T, P, 3) in camera axes, x right, y down, z forward, in statures."""
    down: Floats
    """(N, 3) direction of gravity in camera axes."""
    half: Floats
    """(N, 2) half the width and the height of the picture in ray coordinates x/z, y/z."""
    focal_error: Floats
    """(N,) factor on the rays by not knowing the focal length."""
    azimuth: Floats
    """(N,) where the camera stands about the person, radians; 0 = in front."""


def film(rng: np.random.Generator, points: Floats, stature: Array, forward: Array) -> Views:
    """Put a random camera before each window.

    Parameters
    ----------
    rng
        Random numbers.
    points
        (N, T, P, 3) world points in statures, floor at Y = 0.
    stature
        (N,) metres.
    forward
        (N,) heading of the person in the middle of the window, radians.
    """
    N, T = points.shape[:2]
    centre = points[:, T // 2].mean(1)
    azimuth = rng.uniform(-np.pi, np.pi, N)
    bearing = azimuth + forward
    distance = np.exp(rng.uniform(np.log(1.5), np.log(15.0), N)) / stature
    usual = rng.random(N) < 0.7
    height = np.where(usual, np.clip(rng.normal(1.2, 0.35, N), 0.3, 3.0), rng.uniform(0.3, 3.0, N)) / stature
    away = np.stack([np.cos(bearing), np.zeros(N), -np.sin(bearing)], axis=1)
    place = centre + away * distance[:, None]
    place[:, 1] = height
    size = rng.uniform(0.25, 1.15, N)
    focal = size * distance
    portrait = rng.random(N) < 0.4
    ratio = np.where(portrait, 9 / 16, np.where(rng.random(N) < 0.2, 1.0, 16 / 9))
    longest = np.maximum(ratio, 1.0)
    focal = np.clip(focal, longest / 2 / np.tan(np.radians(50.0)), longest / 2 / np.tan(np.radians(10.0)))
    half = np.stack([ratio / 2 / focal, 0.5 / focal], axis=1)
    room = np.clip(1.0 - 0.6 * size, 0.1, 0.8)[:, None] * half
    aim = np.arctan(rng.uniform(-1, 1, (N, 2)) * room)
    look = centre - place
    yaw = np.arctan2(look[:, 0], look[:, 2]) + aim[:, 0]
    pitch = np.arctan2(-look[:, 1], np.hypot(look[:, 0], look[:, 2])) + aim[:, 1]
    pitch = np.clip(pitch, -np.pi / 4, np.pi / 4)
    roll = np.radians(np.clip(rng.normal(0, 3.5, N), -10, 10))
    rotation = world_to_camera(yaw, pitch, roll)
    seen = np.einsum("nij,ntpj->ntpi", rotation, points - place[:, None, None])
    near = seen[..., 2].min((1, 2)) - NEAREST_M / stature
    seen[..., 2] -= np.minimum(near, 0.0)[:, None, None]
    down = -rotation[:, :, 1]
    error = np.exp(rng.normal(0, 0.12, N))
    return Views(
        seen.astype(np.float32), down.astype(np.float32), half.astype(np.float32), error.astype(np.float32),
        azimuth.astype(np.float32),
    )  # fmt: skip


def world_to_camera(yaw: Array, pitch: Array, roll: Array) -> Array:
    """(N, 3, 3) rotations of cameras that look along `yaw` (0 = +Z), down by `pitch`, turned by `roll`."""
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    c, s = np.cos(yaw), np.sin(yaw)
    about_y = np.stack([c, zero, -s, zero, one, zero, s, zero, c], axis=-1).reshape(-1, 3, 3)
    flip = np.diag([-1.0, -1.0, 1.0])
    c, s = np.cos(pitch), np.sin(pitch)
    about_x = np.stack([one, zero, zero, zero, c, -s, zero, s, c], axis=-1).reshape(-1, 3, 3)
    c, s = np.cos(roll), np.sin(roll)
    about_z = np.stack([c, -s, zero, s, c, zero, zero, zero, one], axis=-1).reshape(-1, 3, 3)
    rotation: Array = about_z @ about_x @ flip @ about_y
    return rotation
