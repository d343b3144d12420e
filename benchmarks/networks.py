"""Speed of the original system's networks: whole path against the bare network, in the same run.

    python -m benchmarks.networks [--seconds S] [--yolo] [--onnx] [--markdown FILE]

Weights are random: speed does not depend on them. Needs the extra `torch`; `--onnx` also `onnx`. Other programs
on the machine slow everything alike, so compare the columns of one run; processor time hardly suffers.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from benchmarks.common import header, line, make_parser, show
from torch import nn

from pase.lift.dstformer import DSTformer
from pase.lift.motionbert import MotionBert
from pase.pose2d.alphapose.darknet import YoloV3Detector
from pase.pose2d.alphapose.fastpose import FastPose
from pase.pose2d.alphapose.pipeline import BATCH, FastPoseNetwork
from pase.pose2d.alphapose.yolov3 import layers

CLIP = 243
VARIANTS = {"lite": (256, 4), "full": (512, 2)}


class Row(NamedTuple):
    """One line of the table."""

    name: str
    unit: str
    rate: float
    bare: float
    processor_ms: float
    onnx: float | None = None


def main() -> int:
    """Measure and print."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long to repeat each measurement")
    parser.add_argument("--yolo", action="store_true", help="YOLOv3-SPP too")
    parser.add_argument("--onnx", action="store_true", help="the same networks in onnxruntime, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [motionbert("lite", Path(folder), options), motionbert("full", Path(folder), options)]
        rows.append(fastpose(Path(folder), options))
        if options.yolo:
            rows.append(yolo(Path(folder), options.seconds))
    show(markdown(rows), options.markdown)
    return 0


def motionbert(variant: str, folder: Path, options: argparse.Namespace) -> Row:
    """Frames a second with flip averaging: two passes a clip."""
    path = folder / f"{variant}.bin"
    torch.save(DSTformer(*VARIANTS[variant]).state_dict(), path)
    lifter = MotionBert(path)
    joints = np.random.default_rng(1).random((CLIP, 17, 3), dtype=np.float32)
    inputs = torch.from_numpy(joints[None])
    wall, processor = repeat(lambda: lifter.predict(joints), options.seconds)
    bare = repeat(lambda: [bare_run(lifter._network, inputs) for _ in range(2)], options.seconds)[0]
    onnx = None
    if options.onnx:
        session = onnx_session(lifter._network, inputs, folder / f"{variant}.onnx")
        onnx = (
            CLIP
            / repeat(lambda: [session.run(None, {"x": inputs.numpy()}) for _ in range(2)], options.seconds)[0]
        )
    return Row(f"MotionBERT {variant}, flip averaged", "frames/s", CLIP / wall, CLIP / bare,
               1000 * processor / CLIP, onnx)  # fmt: skip


def fastpose(folder: Path, options: argparse.Namespace) -> Row:
    """Crops a second in batches."""
    torch.save(FastPose().state_dict(), folder / "fastpose.pth")
    network = FastPoseNetwork(folder / "fastpose.pth")
    crops = np.random.default_rng(2).random((BATCH, 3, 256, 192), dtype=np.float32) - np.float32(0.45)
    plain, inputs = FastPose().eval(), torch.from_numpy(crops)
    wall, processor = repeat(lambda: network.heatmaps(crops), options.seconds)
    bare = repeat(lambda: bare_run(plain, inputs), options.seconds)[0]
    onnx = None
    if options.onnx:
        session = onnx_session(plain, inputs, folder / "fastpose.onnx")
        onnx = BATCH / repeat(lambda: session.run(None, {"x": crops}), options.seconds)[0]
    return Row("FastPose", "crops/s", BATCH / wall, BATCH / bare, 1000 * processor / BATCH, onnx)


def yolo(folder: Path, seconds: float) -> Row:
    """Pictures a second, letterbox and suppression included."""
    random, path = np.random.default_rng(3), folder / "yolov3-spp.weights"
    with path.open("wb") as stream:
        stream.write(np.array([0, 2, 0, 0, 0], dtype="<i4").tobytes())
        for layer in layers():
            if layer.kind == "convolution":
                fixed = np.repeat(
                    [[0.0], [1.0], [0.0], [1.0]] if layer.normalised else [[0.0]], layer.outputs, 1
                )
                fan = layer.inputs * layer.size**2
                kernel = random.normal(size=layer.outputs * fan) / np.sqrt(fan)
                stream.write(np.concatenate([fixed.ravel(), kernel]).astype("<f4").tobytes())
    detector = YoloV3Detector(path)
    picture = random.integers(0, 255, (1080, 1920, 3), dtype=np.uint8)
    tensor = torch.zeros(1, 3, 608, 608)
    wall, processor = repeat(lambda: detector(picture), seconds)
    bare = repeat(lambda: bare_run(detector._network, tensor), seconds)[0]
    return Row("YOLOv3-SPP", "pictures/s", 1 / wall, 1 / bare, 1000 * processor)


def bare_run(network: nn.Module, inputs: torch.Tensor) -> Any:
    """PyTorch's own way: the network on all cores at once."""
    with torch.inference_mode():
        return network(inputs)


def onnx_session(network: nn.Module, inputs: torch.Tensor, path: Path) -> Any:
    """The network exported and started in onnxruntime on as many cores."""
    import onnxruntime

    axes = {"x": {0: "batch"}}
    torch.onnx.export(network, (inputs,), str(path), dynamo=False, input_names=["x"], dynamic_axes=axes)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def repeat(work: Callable[[], Any], seconds: float) -> tuple[float, float]:
    """Least wall time, and least processor time, of one of many repetitions."""
    work()
    wall, processor, end = [], [], time.perf_counter() + seconds
    while not wall or time.perf_counter() < end:
        start, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return min(wall), min(processor)


def markdown(rows: list[Row]) -> list[str]:
    """Lines of the table."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lines = [
        f"{torch.get_num_threads()} cores, load {load:.1f}, PyTorch {torch.__version__}, best of the repetitions",
        "",
        header("network", "PASE", "bare PyTorch", "bare onnxruntime", "processor ms each"),
    ]
    for row in rows:
        onnx = "–" if row.onnx is None else f"{row.onnx:.1f}"
        rates = (f"{row.rate:.1f}", f"{row.bare:.1f}", onnx, f"{row.processor_ms:.1f}")
        lines.append(line([f"{row.name}, {row.unit}", *rates]))
    return lines


if __name__ == "__main__":
    sys.exit(main())
