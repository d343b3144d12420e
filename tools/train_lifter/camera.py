"""Random cameras, as people film people: held or on a tripod, near or far, the person not always all in view."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from tools.train_lifter.constants import Constant
from tools.train_lifter.dice import Dice
from torch import Tensor

NEAREST_M = 0.5
"""No part of a person is nearer to the camera."""
PHONE_FOV_DEG = (66.0, 8.0)
"""Mean and spread of the angle of view of half the cameras, along the longer side: telephones in video mode."""
FARTHEST_M = 15.0
FRONT = math.radians(60.0)
"""Azimuth up to which a camera stands before the person."""
_FLIP = Constant(np.diag([-1.0, -1.0, 1.0]))
"""From axes x left, y up to axes x right, y down."""


@dataclass(frozen=True)
class Views:
    """Windows of motion as cameras see them; N windows of T frames."""

    points: Tensor
    """(N, T, P, 3) in camera axes, x right, y down, z forward, in statures."""
    down: Tensor
    """(N, 3) direction of gravity in camera axes."""
    half: Tensor
    """(N, 2) half the width and the height of the picture in ray coordinates x/z, y/z."""
    azimuth: Tensor
    """(N,) where the camera stands about the person, radians; 0 = in front."""


def film(dice: Dice, points: Tensor, stature: Tensor, heading: Tensor, before: float = 0.0) -> Views:
    """Put a random camera before each window.

    Parameters
    ----------
    dice
        Random numbers.
    points
        (N, T, P, 3) world points in statures, floor at Y = 0.
    stature
        (N,) metres.
    heading
        (N,) heading of the person in the middle of the window, radians.
    before
        Share of the cameras that stand within 60° of straight ahead of the person; the others stand anywhere.
    """
    N, T = points.shape[:2]
    centre = points[:, T // 2].mean(1)
    reach = torch.where(dice.chance(before, N), FRONT, math.pi)
    azimuth = reach * dice.uniform(N, low=-1.0)
    bearing = azimuth + heading
    focal, distance, size, half = _lens(dice, N, stature)
    usual = dice.chance(0.7, N)
    height = torch.where(
        usual, (1.2 + 0.35 * dice.normal(N)).clamp(0.3, 3.0), dice.uniform(N, low=0.3, high=3.0)
    )
    away = torch.stack([bearing.cos(), torch.zeros_like(bearing), -bearing.sin()], dim=1)
    place = centre + away * distance[:, None]
    place[:, 1] = height / stature
    room = (1.0 - 0.6 * size).clamp(0.1, 0.8)[:, None] * half
    aim = torch.atan(dice.uniform(N, 2, low=-1.0) * room)
    look = centre - place
    yaw = torch.atan2(look[:, 0], look[:, 2]) + aim[:, 0]
    pitch = torch.atan2(-look[:, 1], torch.hypot(look[:, 0], look[:, 2])) + aim[:, 1]
    roll = torch.deg2rad((3.5 * dice.normal(N)).clamp(-10, 10))
    rotation = world_to_camera(yaw, pitch.clamp(-math.pi / 4, math.pi / 4), roll)
    p_camera = torch.einsum("nij,ntpj->ntpi", rotation, points - place[:, None, None])
    near = p_camera[..., 2].amin((1, 2)) - NEAREST_M / stature
    push = torch.zeros_like(p_camera[:, :1, :1])
    push[..., 2] = -near.clamp(max=0.0)[:, None, None]
    return Views(p_camera + push, -rotation[:, :, 1], half, azimuth)


def _lens(dice: Dice, N: int, stature: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Focal lengths in picture heights, distances in statures, the person's share of the height, half pictures."""
    portrait, square = dice.chance(0.4, N), dice.chance(0.2, N)
    ratio = torch.where(square, 1.0, 16 / 9)
    ratio = torch.where(portrait, 9 / 16, ratio)
    longest = ratio.clamp(min=1.0)
    size = dice.uniform(N, low=0.25, high=1.15)
    far = FARTHEST_M / stature
    any_distance = dice.log_uniform(N, low=1.5, high=FARTHEST_M) / stature
    fov = torch.deg2rad(PHONE_FOV_DEG[0] + PHONE_FOV_DEG[1] * dice.normal(N))
    phone = longest / 2 / torch.tan(fov / 2)
    by_phone = dice.chance(0.5, N)
    focal = torch.where(by_phone, phone, size * any_distance)
    low, high = (longest / 2 / math.tan(math.radians(a / 2)) for a in (100.0, 20.0))
    focal = focal.clamp(low, high)
    distance = torch.where(by_phone, (focal / size).clamp(1.2 / stature, far), any_distance)
    return focal, distance, size, torch.stack([ratio / 2 / focal, 0.5 / focal], dim=1)


def world_to_camera(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """(N, 3, 3) rotations of cameras that look along `yaw` (0 = +Z), down by `pitch`, turned by `roll`."""
    zeros, ones = torch.zeros_like(yaw), torch.ones_like(yaw)
    c, s = yaw.cos(), yaw.sin()
    about_y = torch.stack([c, zeros, -s, zeros, ones, zeros, s, zeros, c], dim=-1).unflatten(-1, (3, 3))
    flip = _FLIP.on(yaw.device)
    c, s = pitch.cos(), pitch.sin()
    about_x = torch.stack([ones, zeros, zeros, zeros, c, -s, zeros, s, c], dim=-1).unflatten(-1, (3, 3))
    c, s = roll.cos(), roll.sin()
    about_z = torch.stack([c, -s, zeros, s, c, zeros, zeros, zeros, ones], dim=-1).unflatten(-1, (3, 3))
    return about_z @ about_x @ flip @ about_y
