"""YOLOv3-SPP: the network of Redmon and Farhadi's "YOLOv3" (2018) with spatial pyramid pooling, in PyTorch.

Normalisations are expected to be folded into the convolutions, which therefore all have a bias.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = 80
ATTRIBUTES = 5 + CLASSES
_ANCHORS = ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326))
_SLOPE = 0.1


class Layer(NamedTuple):
    """One entry of the Darknet configuration."""

    kind: Literal["convolution", "sum", "pool", "join", "upsample", "output"]
    inputs: int = 0
    outputs: int = 0
    size: int = 0
    """Edge of the kernel or of the pooling window; stride of an output in pixels of the input."""
    stride: int = 1
    normalised: bool = True
    """Whether the convolution has a normalisation and an activation."""
    sources: tuple[int, ...] = ()
    """Layers that are joined or added."""


class _Table(list[Layer]):
    """The layers in the order of the weights file."""

    def convolve(self, outputs: int, size: int, stride: int = 1, *, normalised: bool = True) -> None:
        inputs = self[-1].outputs if self else 3
        self.append(Layer("convolution", inputs, outputs, size, stride, normalised))

    def alternate(self, width: int, count: int) -> None:
        for number in range(count):
            self.convolve(width * (1 + number % 2), 1 + 2 * (number % 2))

    def join(self, *sources: int) -> None:
        self.append(Layer("join", outputs=sum(self[s].outputs for s in sources), sources=sources))

    def finish(self, stride: int) -> None:
        self.convolve(3 * ATTRIBUTES, 1, normalised=False)
        self.append(Layer("output", outputs=3 * ATTRIBUTES, size=stride))


def layers() -> list[Layer]:
    """The 114 layers of YOLOv3-SPP."""
    table = _Table()
    table.convolve(32, 3)
    for width, blocks in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        table.convolve(width, 3, 2)
        for _ in range(blocks):
            table.convolve(width // 2, 1)
            table.convolve(width, 3)
            table.append(Layer("sum", outputs=width, sources=(len(table) - 1, len(table) - 3)))
    table.alternate(512, 3)
    for size in (5, 9, 13):
        table.append(Layer("pool", outputs=512, size=size))
        table.join(*((77,) if size < 13 else (82, 80, 78, 77)))
    table.alternate(512, 4)
    table.finish(32)
    for source, width, shallow, stride in ((86, 256, 61, 16), (98, 128, 36, 8)):
        table.join(source)
        table.convolve(width, 1)
        table.append(Layer("upsample", outputs=width))
        table.join(len(table) - 1, shallow)
        table.alternate(width, 6)
        table.finish(stride)
    return table


class YoloV3Spp(nn.Module):
    """Pictures in, boxes out."""

    def __init__(self) -> None:
        super().__init__()
        self._layers = layers()
        self._kept = {source for layer in self._layers for source in layer.sources}
        for number, layer in enumerate(self._layers):
            if layer.kind == "convolution":
                convolution = nn.Conv2d(
                    layer.inputs, layer.outputs, layer.size, layer.stride, layer.size // 2
                )
                self.add_module(f"convolution_{number}", convolution)

    def forward(self, x: Tensor) -> Tensor:
        """Boxes of pictures.

        Parameters
        ----------
        x
            (N, 3, H, W) RGB from 0 to 1, sides multiples of 32.

        Returns
        -------
        Tensor
            (N, M, 85) centre x, y, width, height in px of the input, objectness, class scores; coarse cells
            first, by cell row, cell column, anchor.
        """
        outputs: dict[int, Tensor] = {}
        boxes = []
        for number, layer in enumerate(self._layers):
            if layer.kind == "output":
                boxes.append(_decoded(x, layer.size))
            else:
                x = self._run(number, layer, x, outputs)
            if number in self._kept:
                outputs[number] = x
        return torch.cat(boxes, dim=1)

    def _run(self, number: int, layer: Layer, x: Tensor, outputs: dict[int, Tensor]) -> Tensor:
        match layer.kind:
            case "convolution":
                out: Tensor = self.get_submodule(f"convolution_{number}")(x)
                return functional.leaky_relu(out, _SLOPE, inplace=True) if layer.normalised else out
            case "sum":
                return outputs[layer.sources[0]] + outputs[layer.sources[1]]
            case "pool":
                # Zeros beyond the edge, as in AlphaPose's program; Darknet and OpenCV have nothing there.
                return functional.max_pool2d(functional.pad(x, [layer.size // 2] * 4), layer.size, 1)
            case "upsample":
                return functional.interpolate(x, scale_factor=2, mode="nearest")
            case _:
                return torch.cat([outputs[source] for source in layer.sources], dim=1)


def _decoded(x: Tensor, stride: int) -> Tensor:
    """Boxes (N, H * W * 3, 85) of one output (N, 255, H, W)."""
    batch, _, height, width = x.shape
    x = x.view(batch, 3, ATTRIBUTES, height, width).permute(0, 3, 4, 1, 2)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    cells = torch.stack([columns, rows], dim=-1)[:, :, None].to(x)
    first = {32: 6, 16: 3, 8: 0}[stride]
    centre = (x[..., :2].sigmoid() + cells) * stride
    extent = x[..., 2:4].exp() * torch.tensor(_ANCHORS[first : first + 3]).to(x)
    return torch.cat([centre, extent, x[..., 4:].sigmoid()], dim=-1).flatten(1, 3)
