"""MotionBERT's network: a transformer over joints and frames in two streams.

Structure and parameter names after Zhu et al., "MotionBERT: A Unified Perspective on Learning Human Motion
Representations", ICCV 2023, so that their checkpoints load.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

LONGEST_CLIP = 243
JOINTS = 17
_DEPTH = 5
_HEADS = 8
_REPRESENTATION = 512
_EPSILON = 1e-6


def _normalisation(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=_EPSILON)


class _Attention(nn.Module):
    """Self-attention over the joints of a frame or over the frames of a joint."""

    def __init__(self, width: int, *, over_time: bool) -> None:
        super().__init__()
        self.proj = nn.Linear(width, width)
        self.qkv = nn.Linear(width, 3 * width)
        self._over_time = over_time

    def forward(self, x: Tensor) -> Tensor:
        """Attend within (B, T, J, C)."""
        batch, frames, joints, width = x.shape
        heads = self.qkv(x).view(batch, frames, joints, 3, _HEADS, width // _HEADS)
        heads = heads.permute(3, 0, 2, 4, 1, 5) if self._over_time else heads.permute(3, 0, 1, 4, 2, 5)
        query, key, value = heads.flatten(1, 2)  # (B * T or J, heads, J or T, C / heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        mixed = mixed.view(batch, -1, *mixed.shape[1:])
        mixed = mixed.permute(0, 3, 1, 2, 4) if self._over_time else mixed.permute(0, 1, 3, 2, 4)
        out: Tensor = self.proj(mixed.flatten(-2))
        return out


class _Perceptron(nn.Module):
    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, ratio * width)
        self.fc2 = nn.Linear(ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class _Block(nn.Module):
    """One spatial and one temporal transformer step, in either order."""

    def __init__(self, width: int, ratio: int, *, time_first: bool) -> None:
        super().__init__()
        self.norm1_s, self.norm1_t = _normalisation(width), _normalisation(width)
        self.attn_s, self.attn_t = _Attention(width, over_time=False), _Attention(width, over_time=True)
        self.norm2_s, self.norm2_t = _normalisation(width), _normalisation(width)
        self.mlp_s, self.mlp_t = _Perceptron(width, ratio), _Perceptron(width, ratio)
        self._time_first = time_first

    def forward(self, x: Tensor) -> Tensor:
        space = self.norm1_s, self.attn_s, self.norm2_s, self.mlp_s
        time = self.norm1_t, self.attn_t, self.norm2_t, self.mlp_t
        for norm1, attention, norm2, perceptron in (time, space) if self._time_first else (space, time):
            x = x + attention(norm1(x))
            x = x + perceptron(norm2(x))
        return x


class _Representation(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, _REPRESENTATION)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.fc(x))


class DSTformer(nn.Module):
    """2D joints with confidence in, 3D joints out.

    Parameters
    ----------
    width
        Channels: 256 lite, 512 full.
    ratio
        Hidden channels of the perceptrons over `width`: 4 lite, 2 full.
    """

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.temp_embed = nn.Parameter(torch.zeros(1, LONGEST_CLIP, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, JOINTS, width))
        self.joints_embed = nn.Linear(3, width)
        self.blocks_st = nn.ModuleList(_Block(width, ratio, time_first=False) for _ in range(_DEPTH))
        self.blocks_ts = nn.ModuleList(_Block(width, ratio, time_first=True) for _ in range(_DEPTH))
        self.norm = _normalisation(width)
        self.pre_logits = _Representation(width)
        self.head = nn.Linear(_REPRESENTATION, 3)
        self.ts_attn = nn.ModuleList(nn.Linear(2 * width, 2) for _ in range(_DEPTH))

    def represent(self, x: Tensor) -> Tensor:
        """Motion representation (B, T, 17, 512) of joints (B, T, 17, 3), T at most 243."""
        x = self.joints_embed(x) + self.pos_embed + self.temp_embed[:, : x.shape[1]]
        for space_time, time_space, fusion in zip(self.blocks_st, self.blocks_ts, self.ts_attn, strict=True):
            first, second = space_time(x), time_space(x)
            share = fusion(torch.cat([first, second], dim=-1)).softmax(dim=-1)
            x = first * share[..., :1] + second * share[..., 1:]
        out: Tensor = self.pre_logits(self.norm(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """3D joints (B, T, 17, 3) of 2D joints (B, T, 17, x y confidence), T at most 243."""
        out: Tensor = self.head(self.represent(x))
        return out
