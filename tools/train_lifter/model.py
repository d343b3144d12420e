"""The lifter's network: layers within each frame, and attention and convolution between the frames of a window."""

import math

import torch
from torch import Tensor, nn

from pase.data import HALPE26
from pase.lift.features import FEATURES
from pase.lift.points import POINTS
from pase.lift.shared_depth import MODES

WIDTH, HEADS, BLOCKS, ENTRY_LAYERS = 384, 6, 5, 2
KERNEL = 5
WIDENING = 2
_SLOWEST_FRAMES = 200.0
"""Longest wave of the rotary encoding of time."""

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
        self.widen = nn.Linear(width, WIDENING * width)
        self.narrow = nn.Linear(WIDENING * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.dropout(self.narrow(torch.relu(self.widen(self.norm(x)))))
        return out


class _Neighbours(nn.Module):
    """Each channel smoothed over neighbouring frames; frames that are not there count as zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        h = self.norm(x) * valid
        if x.is_cuda:
            return x + self._sum_of_shifted(h).to(x.dtype)
        out: Tensor = x + self.mix(h.transpose(1, 2)).transpose(1, 2)
        return out

    def _sum_of_shifted(self, h: Tensor) -> Tensor:
        """The convolution as a sum, through which a graphics card learns faster."""
        padded, smoothed = nn.functional.pad(h, (0, 0, KERNEL // 2, KERNEL // 2)), self.mix.bias
        for k in range(KERNEL):
            smoothed = smoothed + padded[:, k : k + h.shape[1]] * self.mix.weight[:, 0, k]
        return smoothed


class _Attention(nn.Module):
    """Attention between the frames of a window, which are told apart by rotation (Su et al. 2021)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * width)
        self.blend = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, turn: Tensor, mask: Tensor) -> Tensor:
        qkv = self.ask(self.norm(x)).unflatten(-1, (3, self.heads, -1))
        q, k = _turned(qkv[:, :, :2], turn).transpose(1, 3).unbind(2)
        v = qkv[:, :, 2].transpose(1, 2)
        # Written out, for torch's fused attention is slow to learn through on a processor in 16 bits.
        share = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + mask.to(q.dtype), dim=-1)
        h = share.to(v.dtype) @ v
        out: Tensor = x + self.dropout(self.blend(h.transpose(1, 2).flatten(2)))
        return out


class LifterNetwork(nn.Module):
    """Features (N, T, FEATURES) → points (N, T, P, 5), shared (N, T, R) and gravity (N, T, 4).

    Of each point: x, y, z from the root in virtual camera axes in statures, and the logarithms of the standard
    deviations across the line of sight, and along it of the point alone. Shared: logarithms of the standard
    deviations of the modes by which depths go wrong together (`pase.lift.shared_depth`). Of gravity: its
    direction, and the logarithm of its deviation.
    """

    def __init__(
        self, width: int = WIDTH, heads: int = HEADS, blocks: int = BLOCKS, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        self.first = nn.ModuleList(_Perceptron(width, dropout) for _ in range(ENTRY_LAYERS))
        self.neighbours = nn.ModuleList(_Neighbours(width) for _ in range(blocks))
        self.attention = nn.ModuleList(_Attention(width, heads, dropout) for _ in range(blocks))
        self.perceptrons = nn.ModuleList(_Perceptron(width, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.points = nn.Linear(width, len(POINTS) * 5)
        self.shared = nn.Linear(width, len(MODES))
        self.gravity = nn.Linear(width, 4)
        self.size = nn.Linear(width, 1)
        nn.init.zeros_(self.size.weight)
        nn.init.constant_(self.size.bias, math.log(_USUAL_SIZE))
        with torch.no_grad():
            self.points.weight.mul_(0.1)
        self.register_buffer("source", torch.tensor(_SOURCES), persistent=False)
        half = width // heads // 2
        waves = _SLOWEST_FRAMES ** (-torch.arange(half) / half)
        self.register_buffer("waves", waves, persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points, shared deviations and gravity of windows of any length."""
        valid = features[..., -1:]
        time = torch.arange(features.shape[1], device=features.device, dtype=torch.float32)
        turn = time[:, None] * self.waves
        mask = (valid.transpose(1, 2) - 1.0)[:, None] * 1e4
        mask = mask.expand(-1, -1, features.shape[1], -1)
        x = self.enter(features)
        for layer in self.first:
            x = layer(x)
        for neighbours, attention, perceptron in zip(
            self.neighbours, self.attention, self.perceptrons, strict=True
        ):
            x = perceptron(attention(neighbours(x, valid), turn, mask))
        x = self.norm(x).float()
        with torch.autocast(features.device.type, enabled=False):
            points = self.points(x).unflatten(-1, (len(POINTS), 5))
            points = torch.cat([points[..., :2] + self._flat(features, x), points[..., 2:]], dim=-1)
            return _bounded(points, 3), _bounded(self.shared(x), 0), _bounded(self.gravity(x), 3)

    def _flat(self, features: Tensor, x: Tensor) -> Tensor:
        """(N, T, P, 2) where the points would be on a plane at the person's distance; the rest is to be learned."""
        rays = features[..., : 2 * _KEYPOINTS].unflatten(-1, (_KEYPOINTS, 2))
        return rays[..., self.source, :] * torch.exp(self.size(x)).unsqueeze(-1)


def _turned(x: Tensor, turn: Tensor) -> Tensor:
    """Pairs of channels of (N, T, 2, heads, width) turned by the angles (T, width / 2)."""
    c, s = turn.cos(), turn.sin()
    c, s = (f.to(x.dtype)[:, None, None] for f in (torch.cat([c, c], dim=-1), torch.cat([-s, s], dim=-1)))
    return x * c + x.roll(turn.shape[-1], dims=-1) * s


def _bounded(out: Tensor, first: int) -> Tensor:
    """Log sigmas, from channel `first` on, kept in a sane range."""
    logs = out[..., first:] - 2.5
    span = 0.5 * (_LARGEST_LOG_SIGMA - _SMALLEST_LOG_SIGMA)
    middle = 0.5 * (_LARGEST_LOG_SIGMA + _SMALLEST_LOG_SIGMA)
    return torch.cat([out[..., :first], middle + span * torch.tanh((logs - middle) / span)], dim=-1)
