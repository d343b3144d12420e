"""What the network is to be good at."""

import numpy as np
import torch
from tools.train_lifter.constants import Constant
from torch import Tensor

from pase.lift.points import POINTS, ROOT
from pase.lift.shared_depth import COEFFICIENTS

_I = {name: i for i, name in enumerate(POINTS)}
_HALVES = [
    ("HipJoint", "KneeJoint"), ("KneeJoint", "AnkleJoint"), ("AnkleJoint", "ToeJoint"),
    ("ShoulderJoint", "ElbowJoint"), ("ElbowJoint", "WristJoint"), ("ShoulderJoint", "HipJoint"), ("Heel", "BigToe"),
]  # fmt: skip
BONES = Constant(
    np.transpose(
        [(_I[s + a], _I[s + b]) for s in "LR" for a, b in _HALVES]
        + [
            (_I["LHipJoint"], _I["RHipJoint"]),
            (_I["LShoulderJoint"], _I["RShoulderJoint"]),
            (_I["LumbarJoint"], _I["NeckJoint"]),
            (_I["LEar"], _I["REar"]),
            (_I["NeckJoint"], _I["Nose"]),
        ]
    )
)
"""(2, pairs) points whose direction from one another counts."""

_ANGLES = Constant(
    np.transpose(
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
)
"""(3, angles) the joints at the ends and in the middle."""
WEIGHT = np.ones(len(POINTS), np.float32)
WEIGHT[[i for n, i in _I.items() if n.endswith("Joint")]] = 2.0
WEIGHT[[_I[n] for n in ("LEye", "REye", "LSmallToe", "RSmallToe")]] = 0.5
WEIGHT[ROOT] = 0.0
WEIGHT /= WEIGHT.sum()
_WEIGHT = Constant(WEIGHT)
_MODES = Constant(COEFFICIENTS)
_OTHERS = Constant([p for p in range(len(POINTS)) if p != ROOT])

EVERY = 4
"""Every so many frames of a window the likelihood of all depths together is asked."""


def losses(
    answer: tuple[Tensor, Tensor, Tensor], target: Tensor, down: Tensor, valid: Tensor
) -> dict[str, Tensor]:
    """Distance, directions of bones, joint angles, lean and turn, motion from frame to frame, and likelihoods.

    Parameters
    ----------
    answer
        The network's points (N, T, P, 5), shared deviations (N, T, R) and gravity (N, T, 4).
    target, down
        (N, T, P, 3) in statures, (N, T, 3).
    valid
        (N, T) 1 for frames that are there.
    """
    points, shared, gravity = answer
    xyz = points[..., :3] - points[..., ROOT : ROOT + 1, :3]
    error = xyz - target
    weight = _WEIGHT.on(points.device)
    ends = BONES.on(points.device)
    across = points[..., 3]
    unlikely = 0.5 * error[..., :2].square().sum(-1) * torch.exp(-2 * across)
    unlikely = unlikely.clamp(max=400.0) + 2 * across
    distance = (error.square().sum(-1) + 1e-6).sqrt()
    bone = _unit(xyz[..., ends[1], :] - xyz[..., ends[0], :])
    true_bone = _unit(target[..., ends[1], :] - target[..., ends[0], :])
    bend = (_bends(xyz) - _bends(target)).abs()
    both = valid[:, 1:] * valid[:, :-1]
    motion = (error[:, 1:] - error[:, :-1]).square().sum(-1).add(1e-6).sqrt()
    lean = (gravity[..., :3] - down).square().sum(-1)
    fall = 0.5 * lean * torch.exp(-2 * gravity[..., 3]) + 2 * gravity[..., 3]
    sampled = slice(None, None, EVERY)
    middle = (error[..., 2] * valid[..., None]).sum(1) / valid.sum(1).clamp(min=1.0)[:, None]
    person = (target * valid[..., None, None]).sum(1) / valid.sum(1).clamp(min=1.0)[:, None, None]
    lasting = 8.0 * (middle.abs() * weight).sum(-1) + 2.0 * whole_errors(middle, person).abs().sum(-1)
    joint = joint_likelihood(
        error[:, sampled, :, 2], xyz[:, sampled], points[:, sampled, :, 4], shared[:, sampled]
    )
    return {
        "likelihood": 0.3 * _mean((unlikely * weight).sum(-1), valid),
        "joint": 0.3 / len(POINTS) * _mean(joint.clamp(max=2000.0), valid[:, sampled]),
        "distance": 12.0 * _mean((distance * weight).sum(-1), valid),
        "bones": 2.0 * _mean((1 - (bone * true_bone).sum(-1)).mean(-1), valid),
        "angles": 1.0 * _mean(bend.mean(-1), valid),
        "whole": 1.5 * _mean(whole_errors(error[..., 2], target).abs().sum(-1), valid),
        "lasting": lasting.mean(),
        "motion": 10.0 * _mean((motion * weight).sum(-1), both) if both.numel() else points.new_zeros(()),
        "gravity": 0.1 * _mean(fall.clamp(max=400.0), valid) + _mean(lean, valid),
    }


def whole_errors(depth_error: Tensor, target: Tensor) -> Tensor:
    """(..., 2) lean and turn of the whole person that come nearest to errors of depth (..., P), radians."""
    x, y = target[..., 0], target[..., 1]
    square = torch.stack([y, x], dim=-1).square().sum(-2) + 0.3
    return torch.stack([(depth_error * y).sum(-1), (depth_error * x).sum(-1)], dim=-1) / square


def joint_likelihood(depth_error: Tensor, xyz: Tensor, own: Tensor, shared: Tensor) -> Tensor:
    """(...) negative log likelihood of the depth errors of a frame, which go wrong together.

    The points are taken as they are: only the deviations learn from this.

    Parameters
    ----------
    depth_error
        (..., P) along the line of sight.
    xyz
        (..., P, 3) the points as the network has them.
    own, shared
        (..., P) and (..., R) logarithms of the deviations.
    """
    coefficients = _MODES.on(xyz.device)
    modes = coefficients[0] + torch.einsum("...pi,ipr->...pr", xyz.detach(), coefficients[1:])
    not_root = _OTHERS.on(xyz.device)
    modes, own, e = modes[..., not_root, :], own[..., not_root], depth_error.detach()[..., not_root]
    scaled = modes * shared.exp()[..., None, :] * torch.exp(-own)[..., None]
    e = e * torch.exp(-own)
    inner = scaled.transpose(-1, -2) @ scaled + torch.eye(scaled.shape[-1], device=e.device)
    root = torch.linalg.cholesky_ex(inner).L
    projection = torch.einsum("...pr,...p->...r", scaled, e)
    explained = (
        torch.linalg.solve_triangular(root, projection.unsqueeze(-1), upper=False).square().sum((-2, -1))
    )
    volume = torch.diagonal(root, dim1=-2, dim2=-1).log().sum(-1)
    return 0.5 * (e.square().sum(-1) - explained) + volume + own.sum(-1)


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def _bends(xyz: Tensor) -> Tensor:
    """How far the middle one of three joints is bent: about the angle in radians, 0 when straight."""
    start, middle, end = _ANGLES.on(xyz.device)
    first = _unit(xyz[..., start, :] - xyz[..., middle, :])
    second = _unit(xyz[..., end, :] - xyz[..., middle, :])
    return ((first + second).square().sum(-1) + 1e-3).sqrt()


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)
