"""The lifter's network: per-frame layers and dilated temporal convolutions, with gates at the ends of a window."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pase.data import HALPE26
from pase.lift.pase_lifter import FEATURES, POINTS

DILATIONS = (1, 2, 4, 1, 2, 4, 8)
WIDTH = 256
KERNEL = 5

_KEYPOINTS = len(HALPE26)
_USUAL_SIZE = 0.3
"""Statures from the centre to a keypoint in the median."""

_STAND_INS = {"Toe": "BigToe", "Lumbar": "Hip", "Neck": "Neck"}
_SOURCES = [
    HALPE26.index(name)
    if name in HALPE26
    else HALPE26.index(_STAND_INS.get(joint, (name[0] + _STAND_INS.get(joint[1:], joint[1:]))))
    for name in POINTS
    for joint in [name.removesuffix("Joint")]
]
"""For each point, the keypoint nearest to it."""

_SMALLEST_LOG_SIGMA, _LARGEST_LOG_SIGMA = -6.5, 0.5


class _Perceptron(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.dropout(self.narrow(torch.relu(self.widen(self.norm(x)))))
        return out


class _Temporal(nn.Module):
    """A dilated convolution over time; frames that are not there count as zero."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Conv1d(
            width, width, KERNEL, padding=(KERNEL // 2) * dilation, dilation=dilation, groups=8
        )
        self.blend = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        h = (self.norm(x) * valid).transpose(1, 2)
        h = torch.relu(self.mix(h)).transpose(1, 2)
        out: Tensor = x + self.dropout(self.blend(h))
        return out


class LifterNetwork(nn.Module):
    """Features (N, T, FEATURES) → points (N, T, P, 5) and gravity (N, T, 4).

    Of each point: x, y, z from the root in virtual camera axes in statures, and the logarithms of the standard
    deviations across and along the viewing ray. Of gravity: its direction, and the logarithm of its deviation.
    """

    def __init__(
        self, width: int = WIDTH, dilations: tuple[int, ...] = DILATIONS, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        self.first = nn.ModuleList(_Perceptron(width, dropout) for _ in range(2))
        self.temporal = nn.ModuleList(_Temporal(width, d, dropout) for d in dilations)
        self.perceptrons = nn.ModuleList(_Perceptron(width, dropout) for _ in dilations)
        self.norm = nn.LayerNorm(width)
        self.points = nn.Linear(width, len(POINTS) * 5)
        self.gravity = nn.Linear(width, 4)
        self.size = nn.Linear(width, 1)
        nn.init.zeros_(self.size.weight)
        nn.init.constant_(self.size.bias, math.log(_USUAL_SIZE))
        with torch.no_grad():
            self.points.weight.mul_(0.1)
        self.register_buffer("source", torch.tensor(_SOURCES), persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Points and gravity of windows of any length."""
        valid = features[..., -1:]
        x = self.enter(features)
        for layer in self.first:
            x = layer(x)
        for temporal, perceptron in zip(self.temporal, self.perceptrons, strict=True):
            x = perceptron(temporal(x, valid))
        x = self.norm(x)
        points = self.points(x).unflatten(-1, (len(POINTS), 5))
        points = torch.cat([points[..., :2] + self._flat(features, x), points[..., 2:]], dim=-1)
        gravity = self.gravity(x)
        return _bounded(points, 3), _bounded(gravity, 3)

    def _flat(self, features: Tensor, x: Tensor) -> Tensor:
        """(N, T, P, 2) where the points would be on a plane at the person's distance; the rest is to be learned."""
        rays = features[..., : 2 * _KEYPOINTS].unflatten(-1, (_KEYPOINTS, 2))
        return rays[..., self.source, :] * torch.exp(self.size(x)).unsqueeze(-1)


def _bounded(out: Tensor, first: int) -> Tensor:
    """Log sigmas, from channel `first` on, kept in a sane range."""
    logs = out[..., first:] - 2.5
    span = 0.5 * (_LARGEST_LOG_SIGMA - _SMALLEST_LOG_SIGMA)
    middle = 0.5 * (_LARGEST_LOG_SIGMA + _SMALLEST_LOG_SIGMA)
    return torch.cat([out[..., :first], middle + span * torch.tanh((logs - middle) / span)], dim=-1)
