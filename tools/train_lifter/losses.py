"""What the network is to be good at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pase.lift.pase_lifter import POINTS

_I = {name: i for i, name in enumerate(POINTS)}
_HALVES = [
    ("HipJoint", "KneeJoint"), ("KneeJoint", "AnkleJoint"), ("AnkleJoint", "ToeJoint"),
    ("ShoulderJoint", "ElbowJoint"), ("ElbowJoint", "WristJoint"), ("ShoulderJoint", "HipJoint"), ("Heel", "BigToe"),
]  # fmt: skip
BONES = np.array(
    [(_I[s + a], _I[s + b]) for s in "LR" for a, b in _HALVES]
    + [
        (_I["LHipJoint"], _I["RHipJoint"]),
        (_I["LShoulderJoint"], _I["RShoulderJoint"]),
        (_I["LumbarJoint"], _I["NeckJoint"]),
        (_I["LEar"], _I["REar"]),
        (_I["NeckJoint"], _I["Nose"]),
    ]
)
"""Pairs of points whose direction counts."""

_ANGLES = np.array(
    [
        [_I[s + n] for n in triple]
        for s in "LR"
        for triple in (
            ("HipJoint", "KneeJoint", "AnkleJoint"),
            ("ShoulderJoint", "ElbowJoint", "WristJoint"),
            ("ShoulderJoint", "HipJoint", "KneeJoint"),
            ("HipJoint", "ShoulderJoint", "ElbowJoint"),
            ("KneeJoint", "AnkleJoint", "ToeJoint"),
        )
    ]
)
WEIGHT = np.ones(len(POINTS), np.float32)
WEIGHT[[i for n, i in _I.items() if n.endswith("Joint")]] = 2.0
WEIGHT[[_I[n] for n in ("LEye", "REye", "LSmallToe", "RSmallToe")]] = 0.5


@dataclass
class Losses:
    """The parts of the loss, means over frames that are there."""

    total: Tensor
    parts: dict[str, float]


def losses(points: Tensor, gravity: Tensor, target: Tensor, down: Tensor, valid: Tensor) -> Losses:
    """Likelihood of points and gravity, distance, directions of bones, joint angles and motion from frame to frame.

    Parameters
    ----------
    points, gravity
        The network's outputs (N, T, P, 5) and (N, T, 4).
    target, down
        (N, T, P, 3) in statures, (N, T, 3).
    valid
        (N, T) 1 for frames that are there.
    """
    root = _I["Hip"]
    xyz = points[..., :3] - points[..., root : root + 1, :3]
    error = xyz - target
    weight = torch.tensor(WEIGHT, device=points.device)
    weight[root] = 0.0
    weight = weight / weight.sum()
    across, along = points[..., 3], points[..., 4]
    squared = error.square()
    unlikely = 0.5 * (
        squared[..., :2].sum(-1) * torch.exp(-2 * across) + squared[..., 2] * torch.exp(-2 * along)
    )
    unlikely = unlikely.clamp(max=400.0) + 2 * across + along
    distance = (squared.sum(-1) + 1e-6).sqrt()
    bone = _unit(xyz[..., BONES[:, 1], :] - xyz[..., BONES[:, 0], :])
    true_bone = _unit(target[..., BONES[:, 1], :] - target[..., BONES[:, 0], :])
    turned = 1 - (bone * true_bone).sum(-1)
    bend = (_cosines(xyz) - _cosines(target)).abs()
    both = valid[:, 1:] * valid[:, :-1]
    motion = (error[:, 1:] - error[:, :-1]).square().sum(-1).add(1e-6).sqrt()
    tilt = gravity[..., :3] - down
    lean = tilt.square().sum(-1)
    fall = 0.5 * lean * torch.exp(-2 * gravity[..., 3]) + 2 * gravity[..., 3]
    parts = {
        "likelihood": 0.3 * _mean((unlikely * weight).sum(-1), valid),
        "distance": 12.0 * _mean((distance * weight).sum(-1), valid),
        "bones": 2.0 * _mean(turned.mean(-1), valid),
        "angles": 1.5 * _mean(bend.mean(-1), valid),
        "motion": 10.0 * _mean((motion * weight).sum(-1), both) if both.numel() else points.new_zeros(()),
        "gravity": 0.1 * _mean(fall.clamp(max=400.0), valid) + _mean(lean, valid),
    }
    return Losses(torch.stack(list(parts.values())).sum(), {k: float(v.detach()) for k, v in parts.items()})


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def _cosines(xyz: Tensor) -> Tensor:
    """Cosine of the angle at the middle one of three joints."""
    first = _unit(xyz[..., _ANGLES[:, 0], :] - xyz[..., _ANGLES[:, 1], :])
    second = _unit(xyz[..., _ANGLES[:, 2], :] - xyz[..., _ANGLES[:, 1], :])
    return (first * second).sum(-1)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)
