"""Find persons with YOLOv3-SPP from Darknet's weights file, as AlphaPose does."""

from pathlib import Path
from typing import Any, cast

import numpy as np

from pase.errors import ModelFileError
from pase.networks.checkpoint import kind_of_file, require_torch
from pase.types import Array, Array32, Image, ImageSize

INPUT_SIZE = 608
_GREY = 128
_LEAST_OBJECTNESS = 0.1
_SAME_IOU = 0.6
_STRICTER_IOU = 0.55
_MOST_PERSONS = 100
_PERSON = 0
_VARIANCE_FLOOR = 1e-5

_HEADER = 5
_KNOWN_SIZES = {62001757: "YOLOv3", 8858734: "YOLOv3-tiny", 64429405: "YOLOv4"}
"""Number of weights in other files of the same kind."""


class YoloV3Detector:
    """YOLOv3-SPP with AlphaPose's treatment of pictures and boxes.

    Parameters
    ----------
    weights
        Darknet's file, `yolov3-spp.weights`.

    Raises
    ------
    ModelFileError
        When the file has not exactly the weights of this network.
    MissingDependencyError
        When PyTorch is not installed.
    """

    def __init__(self, weights: str | Path) -> None:
        torch = require_torch()
        from pase.pose2d.alphapose.yolov3 import YoloV3Spp, layers

        parameters = read_darknet_weights(Path(weights), layers())
        with torch.device("meta"):
            network = YoloV3Spp()
        state = {name: torch.from_numpy(value) for name, value in parameters.items()}
        network.load_state_dict(state, strict=True, assign=True)
        network.requires_grad_(False).eval()
        self._network = cast(Any, network).to(memory_format=torch.channels_last)
        self._torch = torch

    def __call__(self, image: Image) -> tuple[Array, Array]:
        """Find persons.

        Returns
        -------
        tuple
            (N, 4) boxes cut to the picture, and (N,) objectness from 0 to 1, best first.
        """
        boxes = self.predict(letterbox(image)[None])[0]
        return pick_persons(boxes, (image.shape[1], image.shape[0]))

    def predict(self, pictures: Array32) -> Array32:
        """All boxes (N, M, 85) of letterboxed pictures (N, 3, 608, 608); see `YoloV3Spp`."""
        torch = self._torch
        with torch.inference_mode():
            batch = torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)
            out: Array32 = self._network(batch).numpy()
        return out


def read_darknet_weights(path: Path, layers: list[Any]) -> dict[str, Array32]:
    """Kernel and bias of every convolution from a Darknet file, its normalisations folded in.

    Raises
    ------
    ModelFileError
        When the file is missing, is not Darknet's, or has too few or too many values.
    """
    if not path.is_file():
        raise ModelFileError(f"the weights file {path} does not exist: check the name")
    counts = [_count(layer) for layer in layers if layer.kind == "convolution"]
    kind = kind_of_file(path)
    if kind != "Darknet weights":
        raise ModelFileError(f"{path} is no Darknet weights file: it seems to be {kind}")
    values = np.fromfile(path, dtype="<f4")[_HEADER:]
    if len(values) != sum(counts):
        raise ModelFileError(f"{path} does not fit YOLOv3-SPP: {_misfit(values, counts, layers)}")
    if not np.isfinite(values).all():
        raise ModelFileError(f"{path} has weights that are not finite; fetch it again")
    out: dict[str, Array32] = {}
    for number, layer in enumerate(layers):
        if layer.kind == "convolution":
            of_layer, values = values[: _count(layer)], values[_count(layer) :]
            out[f"convolution_{number}.weight"], out[f"convolution_{number}.bias"] = _folded(of_layer, layer)
    return out


def _count(layer: Any) -> int:
    """How many values of the file belong to a convolution."""
    return int(layer.outputs * ((4 if layer.normalised else 1) + layer.inputs * layer.size**2))


def _misfit(values: Array32, counts: list[int], layers: list[Any]) -> str:
    numbers = [i for i, layer in enumerate(layers) if layer.kind == "convolution"]
    seems = _KNOWN_SIZES.get(len(values), "a file that was cut off or another network")
    if len(values) > sum(counts):
        return f"{len(values) - sum(counts)} values are left after its last layer; it seems to be {seems}"
    first = numbers[int(np.searchsorted(np.cumsum(counts), len(values), side="right"))]
    return f"it ends before the weights of layer {first}; it seems to be {seems}"


def _folded(values: Array32, layer: Any) -> tuple[Array32, Array32]:
    """Kernel and bias from a convolution's values: bias, scale, mean, variance, kernel."""
    shape, n = (layer.outputs, layer.inputs, layer.size, layer.size), layer.outputs
    if not layer.normalised:
        return values[n:].reshape(shape).copy(), values[:n].copy()
    bias, gain, mean, variance = (row.astype(np.float64) for row in values[: 4 * n].reshape(4, n))
    factor = gain / np.sqrt(variance + _VARIANCE_FLOOR)
    kernel = values[4 * n :].reshape(shape) * factor[:, None, None, None]
    return kernel.astype(np.float32), (bias - mean * factor).astype(np.float32)


def letterbox(image: Image) -> Array32:
    """The network's input (3, 608, 608) of a picture (H, W, 3) RGB: made to fit, grey around it."""
    import cv2

    height, width = image.shape[:2]
    size = INPUT_SIZE
    ratio = min(size / width, size / height)
    new = (max(1, int(width * ratio)), max(1, int(height * ratio)))
    left, top = (size - new[0]) // 2, (size - new[1]) // 2
    canvas = np.full((size, size, 3), _GREY, dtype=np.uint8)
    canvas[top : top + new[1], left : left + new[0]] = cv2.resize(image, new, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(canvas.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)


def pick_persons(prediction: Array32, image_size: ImageSize) -> tuple[Array, Array]:
    """Persons among all boxes of a picture.

    Parameters
    ----------
    prediction
        (M, 85) as the network gives them.

    Returns
    -------
    tuple
        (N, 4) left, top, right, bottom in pixels of the picture and cut to it, and (N,) objectness.
    """
    persons = prediction[prediction[:, 4] > _LEAST_OBJECTNESS].astype(np.float64)
    persons = persons[persons[:, 5:].argmax(1) == _PERSON]
    persons = persons[np.argsort(-persons[:, 4], kind="stable")]
    corners = np.concatenate(
        [persons[:, :2] - persons[:, 2:4] / 2, persons[:, :2] + persons[:, 2:4] / 2], axis=1
    )
    survivors = _suppressed(corners, _SAME_IOU)
    if len(survivors) > _MOST_PERSONS:
        survivors = _suppressed(corners, _STRICTER_IOU)
    extent = np.asarray(image_size, dtype=float)
    ratio = float(min(INPUT_SIZE / extent))
    margin = (INPUT_SIZE - ratio * extent) / 2
    boxes = (corners[survivors] - np.tile(margin, 2)) / ratio
    return np.clip(boxes, 0, np.tile(extent, 2)), persons[survivors, 4]


def _suppressed(corners: Array, most_iou: float) -> list[int]:
    """Indices of boxes, best first, less those that overlap a better one; sides count one pixel more."""
    remaining, survivors = np.arange(len(corners)), []
    area = np.prod(corners[:, 2:] - corners[:, :2] + 1, axis=1)
    while len(remaining):
        best, remaining = int(remaining[0]), remaining[1:]
        survivors.append(best)
        low = np.maximum(corners[remaining, :2], corners[best, :2])
        high = np.minimum(corners[remaining, 2:], corners[best, 2:])
        common = np.prod(np.clip(high - low + 1, 0, None), axis=1)
        remaining = remaining[common / (area[remaining] + area[best] - common) < most_iou]
    return survivors
