"""Files of networks: a small valid one of each kind, and what is done with it."""

import io
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
from fault_reader import Reader


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/end2end.onnx", bytes(2000))
        packed.writestr("a/detail.json", "{}")
    return stream.getvalue()


def _archive(path: Path) -> object:
    from pase.download import SourceError, _extract
    from pase.errors import ModelFileError

    try:
        return _extract(path, [".onnx"], path.parent)
    except SourceError as error:  # the store tries the next source and tells all of them at the end
        raise ModelFileError(str(error)) from error


@cache
def checkpoint() -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save({"epoch": 3, "state_dict": {"module.a.weight": torch.ones(3, 2), "b": torch.zeros(3)}}, stream)
    return stream.getvalue()


@cache
def old_checkpoint() -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save(
        {"a.weight": torch.ones(3, 2), "b": torch.zeros(3)}, stream, _use_new_zipfile_serialization=False
    )
    return stream.getvalue()


def _checkpoint(path: Path) -> object:
    import torch

    from pase.networks.checkpoint import guess_network, load_parameters, read_state

    state = read_state(path)
    guess_network(state)
    network = torch.nn.Linear(2, 3)
    renamed = {{"a.weight": "weight", "b": "bias"}.get(name, name): value for name, value in state.items()}
    load_parameters(network, renamed, path, "a layer")
    return state


def darknet() -> bytes:
    return np.array([0, 2, 0, 1, 0], "<i4").tobytes() + np.ones(12, "<f4").tobytes()


def _darknet(path: Path) -> object:
    from pase.pose2d.alphapose.darknet import read_darknet_weights
    from pase.pose2d.alphapose.yolov3 import Layer

    return read_darknet_weights(path, [Layer("convolution", inputs=2, outputs=2, size=1, normalised=True)])


@cache
def onnx_network() -> bytes:
    """A network with the detector's outputs, of a single layer."""
    from onnx import TensorProto, helper

    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, 3, 1, 1])
    node = helper.make_node("GlobalAveragePool", ["input"], ["dets"])
    graph = helper.make_graph([node], "net", [image], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def _onnx(path: Path) -> object:
    from pase.networks.onnx import start_session

    return start_session(path, "cpu", 1).get_inputs()[0].name


NETWORKS: dict[str, Reader] = {
    "archive": Reader("a.zip", "bytes", archive, _archive),
    "checkpoint": Reader("c.pth", "bytes", checkpoint, _checkpoint, needs="torch"),
    "old checkpoint": Reader("c.pth", "bytes", old_checkpoint, _checkpoint, needs="torch"),
    "darknet": Reader("d.weights", "bytes", darknet, _darknet, needs="torch"),
    "onnx": Reader("n.onnx", "bytes", onnx_network, _onnx, needs="onnx"),
}  # fmt: skip
