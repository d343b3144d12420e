"""AlphaPose's FastPose network: a ResNet-50 with channel attention and two upsamplings by pixel shuffling.

Structure and parameter names after Fang et al., "AlphaPose: Whole-Body Regional Multi-Person Pose Estimation
and Tracking in Real-Time", TPAMI 2022, so that their Halpe-26 checkpoint loads.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

_EXPANSION = 4
_BLOCKS = (3, 4, 6, 3)


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class _ChannelAttention(nn.Module):
    """Weighs channels by their means over the picture ("squeeze and excitation", without the squeeze)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, channels), nn.ReLU(), nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.sigmoid(self.fc(x.mean((2, 3))))
        return x * weight[..., None, None]


class _Bottleneck(nn.Module):
    """Residual block; the first of a stage changes the size and has the channel attention."""

    def __init__(self, inputs: int, width: int, stride: int, *, first: bool) -> None:
        super().__init__()
        outputs = _EXPANSION * width
        self.conv1, self.bn1 = _convolution(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _convolution(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _convolution(width, outputs, 1), nn.BatchNorm2d(outputs)
        self.se = _ChannelAttention(outputs) if first else None
        self.downsample = (
            nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
            if first
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        out = torch.relu(self.bn1(self.conv1(x)))
        out = torch.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.se is not None:
            out = self.se(out)
        return torch.relu(out + (x if self.downsample is None else self.downsample(x)))


class _Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = _convolution(3, 64, 7, 2), nn.BatchNorm2d(64)
        inputs = 64
        for number, blocks in enumerate(_BLOCKS, 1):
            width = 32 * 2**number
            stage = []
            for block in range(blocks):
                stride = 2 if number > 1 and block == 0 else 1
                stage.append(_Bottleneck(inputs, width, stride, first=block == 0))
                inputs = _EXPANSION * width
            self.add_module(f"layer{number}", nn.Sequential(*stage))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for number in range(1, 1 + len(_BLOCKS)):
            x = self.get_submodule(f"layer{number}")(x)
        return x


class _Upsampling(nn.Module):
    """Convolution to four times the channels wanted, which then make up four pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv, self.bn = _convolution(inputs, outputs, 3), nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(torch.relu(self.bn(self.conv(x))), 2)


class FastPose(nn.Module):
    """Crops of persons in, one heatmap a keypoint out."""

    def __init__(self, points: int = 26) -> None:
        super().__init__()
        self.preact = _Backbone()
        self.duc1, self.duc2 = _Upsampling(512, 1024), _Upsampling(256, 512)
        self.conv_out = nn.Conv2d(128, points, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Heatmaps (N, points, H / 4, W / 4) of crops (N, 3, H, W), RGB less its mean."""
        x = functional.pixel_shuffle(self.preact(x), 2)
        out: Tensor = self.conv_out(self.duc2(self.duc1(x)))
        return out


def fold_normalisations(network: nn.Module) -> None:
    """Fold every normalisation of a network in use into the convolution before it: a fifth less to compute."""
    for module in list(network.modules()):
        children = dict(module.named_children())
        names = list(children)
        for name, following in zip(names, names[1:], strict=False):
            convolution, normalisation = children[name], children[following]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(convolution, normalisation))
                setattr(module, following, nn.Identity())
