"""The trained network as ONNX with half-precision weights, the record of its training beside it, and the way back."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tools.train_lifter.model import LifterNetwork

from pase.lift.features import FEATURES

OUTPUTS = ("points", "shared", "gravity")


def export(network: LifterNetwork, path: Path, record: dict[str, Any]) -> None:
    """Write the network, and `record` with its sha256 to the same name with `.json`."""
    network.eval()
    example = torch.zeros(2, 7, FEATURES)
    example[..., -1] = 1.0
    torch.onnx.export(
        network, (example,), str(path), input_names=["features"], output_names=list(OUTPUTS),
        dynamic_axes={n: {0: "windows", 1: "frames"} for n in ("features", *OUTPUTS)},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    halve_weights(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    document = {"sha256": digest, "parameters": sum(p.numel() for p in network.parameters()), **record}
    path.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")


def halve_weights(path: Path) -> None:
    """Keep large weights in 16 bits in the file; they are widened when the network is loaded."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < 1000:
            continue
        model.graph.initializer.remove(tensor)
        half = numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half")
        model.graph.initializer.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def exported_weights(path: Path) -> dict[str, torch.Tensor]:
    """Parameters of the network in an exported file, by their names in `LifterNetwork`."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    stored = {t.name.removesuffix("_half"): numpy_helper.to_array(t) for t in graph.initializer}
    weights = {name: values for name, values in stored.items() if not name.startswith("onnx::")}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            layer = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            weights[f"{layer}.weight"] = stored[node.input[1]].T
    names = LifterNetwork().state_dict().keys()
    return {name: torch.tensor(weights[name], dtype=torch.float32) for name in names}
