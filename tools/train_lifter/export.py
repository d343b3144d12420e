"""The trained network as ONNX with half-precision weights, and the record of its training beside it.

PYTHONPATH=src python -m tools.train_lifter.export CHECKPOINT.pt src/pase/assets/lifter.onnx
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tools.train_lifter.model import LifterNetwork

from pase.lift.pase_lifter import FEATURES


def export(network: LifterNetwork, path: Path, record: dict[str, Any]) -> None:
    """Write the network, and `record` with its sha256 to the same name with `.json`."""
    network.eval()
    example = torch.zeros(2, 7, FEATURES)
    example[..., -1] = 1.0
    torch.onnx.export(
        network, (example,), str(path), input_names=["features"], output_names=["points", "gravity"],
        dynamic_axes={n: {0: "windows", 1: "frames"} for n in ("features", "points", "gravity")},
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
    kept = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < 1000:
            continue
        model.graph.initializer.remove(tensor)
        half = numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half")
        model.graph.initializer.append(half)
        kept.append(helper.make_node("Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT))
    for node in reversed(kept):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def load_exported(path: Path, network: LifterNetwork) -> None:
    """Take the weights of an exported network over, to train on from there.

    The exporter keeps the names of biases and normalisations; a matrix is known by the bias that is added to its
    product.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    widened = {
        n.output[0]: stored[n.input[0]] for n in graph.node if n.op_type == "Cast" and n.input[0] in stored
    }
    stored |= widened
    products = {n.output[0]: n.input[1] for n in graph.node if n.op_type == "MatMul"}
    state = {name: values for name, values in stored.items() if name in network.state_dict()}
    for node in graph.node:
        bias = next((name for name in node.input if name.endswith(".bias")), None)
        product = next((products[name] for name in node.input if name in products), None)
        if node.op_type == "Add" and bias is not None and product is not None:
            state[bias.removesuffix("bias") + "weight"] = stored[product].T
    network.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in state.items()})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint, weights_only=True)
    network = LifterNetwork()
    network.load_state_dict(state["average"])
    export(network, arguments.out, {"steps": state["step"], "minutes": round(state["spent"] / 60, 1)})


if __name__ == "__main__":
    main()
