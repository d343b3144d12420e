"""Read PyTorch checkpoints of other people without running code from them."""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pase.errors import InputError, MissingDependencyError, ModelFileError
from pase.files import check_is_file

if TYPE_CHECKING:
    import torch

State = Mapping[str, "torch.Tensor"]
"""Tensors of a network by parameter name."""

_HOLDERS = ("model_pos", "state_dict", "model", "net")
"""Where training programs keep the parameters beside optimiser and epoch."""
_SIGNS = (
    (b"PK\x03\x04", "a zip archive or TorchScript program"),
    (b"\x08", "an ONNX network"),
    (b"\x89HDF", "an HDF5 file"),
    (b"<", "a web page"),
    (b"{", "a JSON text"),
)
_UNPICKLING = (
    RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    AssertionError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
"""What the unpickler of tensors raises on damaged files: it trusts their order of instructions."""


def require_torch() -> Any:
    """The `torch` module.

    Raises
    ------
    MissingDependencyError
        When it is not installed; the message has the command that installs it.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "this network needs PyTorch: pip install 'pase-skeleton[torch]'"
        ) from error
    return torch


def read_state(path: str | Path) -> dict[str, torch.Tensor]:
    """Parameters of a PyTorch checkpoint on the CPU, by name, without the prefix of parallel training.

    Only tensors, plain containers and NumPy's float scalar (which MotionBERT's files hold) are unpickled.

    Parameters
    ----------
    path
        A state dict, or a dict that holds one as `model_pos`, `state_dict`, `model` or `net`.

    Raises
    ------
    ModelFileError
        When the file is missing, is not such a checkpoint, or holds anything that would run code.
    MissingDependencyError
        When PyTorch is not installed.
    """
    path = Path(path)
    content = _load(path)
    for holder in _HOLDERS:
        if isinstance(content, dict) and isinstance(content.get(holder), dict):
            content = content[holder]
    tensor = require_torch().Tensor
    if not isinstance(content, dict) or not content:
        raise ModelFileError(f"{path} holds no parameters of a network: give the checkpoint itself")
    strange = next(
        (k for k, v in content.items() if not isinstance(k, str) or not isinstance(v, tensor)), None
    )
    if strange is not None:
        raise ModelFileError(f"{path} holds no parameters of a network ('{strange}' is no tensor)")
    return {name.removeprefix("module."): value for name, value in content.items()}


def _load(path: Path) -> Any:
    torch = require_torch()
    try:
        check_is_file(path, "the checkpoint")
    except InputError as error:
        raise ModelFileError(f"the weights file {error}") from error
    scalar = np.float64(0).__reduce__()[0]
    allowed = [
        (scalar, "numpy._core.multiarray.scalar"),
        (scalar, "numpy.core.multiarray.scalar"),
        np.dtype,
        type(np.dtype(np.float64)),
    ]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, zipfile.BadZipFile) as error:
        why = "it would run code" if "GLOBAL" in str(error) else f"it seems to be {kind_of_file(path)}"
        raise ModelFileError(f"{path} is not a PyTorch checkpoint that can be read safely: {why}") from error
    except _UNPICKLING as error:
        raise ModelFileError(
            f"{path} is damaged or not a PyTorch checkpoint: it seems to be {kind_of_file(path)}"
        ) from error


def kind_of_file(path: Path) -> str:
    """What a file seems to be by its first bytes."""
    with path.open("rb") as stream:
        head = stream.read(20)
    if not head:
        return "empty"
    words = np.frombuffer(head[:12].ljust(12, b"\0"), dtype="<i4")
    if words[0] == 0 and 0 < words[1] < 10 and len(head) == 20:
        return "Darknet weights"
    return next((name for sign, name in _SIGNS if head.startswith(sign)), "something else")


def load_parameters(network: Any, state: State, path: str | Path, network_name: str) -> None:
    """Give a network exactly the parameters of a checkpoint.

    Parameters
    ----------
    network
        A `torch.nn.Module`, perhaps on the meta device; it takes the tensors over.
    state
        See `read_state`.
    path, network_name
        The file and the network as messages call them.

    Raises
    ------
    ModelFileError
        For the first parameter that is missing, too many or of another shape; says what the file seems to be.
    """
    torch = require_torch()
    parameters = network.state_dict()
    fault = _fault({name: tuple(value.shape) for name, value in parameters.items()}, state)
    if fault:
        raise ModelFileError(
            f"{path} does not fit {network_name}: {fault}; it seems to be {guess_network(state)}"
        )
    for name, value in parameters.items():
        if value.is_floating_point() and not bool(torch.isfinite(state[name]).all()):
            raise ModelFileError(f"{path}: '{name}' has values that are not finite; fetch it again")
    converted = {name: state[name].to(value.dtype).contiguous() for name, value in parameters.items()}
    network.load_state_dict(converted, strict=True, assign=True)
    network.requires_grad_(False).eval()


def _fault(shapes: Mapping[str, tuple[int, ...]], state: State) -> str:
    """What is first wrong with a state, in the network's own order, or nothing."""
    for name, shape in shapes.items():
        if name not in state:
            return f"it lacks '{name}'"
        if tuple(state[name].shape) != shape:
            return f"its '{name}' has shape {tuple(state[name].shape)}, not {shape}"
    extra = next((name for name in state if name not in shapes), None)
    return "" if extra is None else f"it has '{extra}', which the network has not"


def guess_network(state: State) -> str:
    """What network a state belongs to, in words."""
    if "blocks_st.0.norm1_s.weight" in state and "temp_embed" in state:
        width = state["temp_embed"].shape[-1]
        variant = {256: "lite", 512: "full"}.get(width, f"of width {width}")
        head = "" if "head.weight" in state else " for another task than 3D pose"
        return f"MotionBERT {variant}{head}"
    if "preact.conv1.weight" in state:
        last = state.get("conv_out.weight")
        points = "" if last is None else f" with {last.shape[0]} keypoints"
        return f"an AlphaPose network{points}" if last is None else f"AlphaPose FastPose{points}"
    if "layer1.0.conv1.weight" in state and "conv1.weight" in state:
        return "a bare ResNet"
    if any(name.startswith("stage2.0.branches") for name in state):
        return "an HRNet"
    if any(name.startswith("backbone.") for name in state):
        return "a network of MMPose or MMDetection"
    return f"another network of {len(state)} tensors, the first called '{next(iter(state), '')}'"
