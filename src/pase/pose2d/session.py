"""Start an ONNX network on the best device there is."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pase.errors import ModelFileError

if TYPE_CHECKING:
    import onnxruntime

_log = logging.getLogger(__name__)

_PREFERRED = ("CUDAExecutionProvider",)
_MOST_THREADS = 8
"""Networks this small gain nothing from more."""


def usable_cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def providers(device: str = "auto") -> list[str]:
    """Execution providers to try, best first.

    Parameters
    ----------
    device
        `auto` takes a GPU when the installed onnxruntime has one; `cpu` never does.
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    fast = [name for name in _PREFERRED if name in available] if device == "auto" else []
    return [*fast, "CPUExecutionProvider"]


def start_session(path: Path, device: str = "auto", threads: int = 0) -> onnxruntime.InferenceSession:
    """Load a network.

    Parameters
    ----------
    path
        The `.onnx` file.
    device
        See `providers`.
    threads
        Processor threads; 0 takes one a core, at most 8.

    Raises
    ------
    ModelFileError
        When the file is no network that this onnxruntime can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(usable_cores(), _MOST_THREADS)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Two networks and the video decoder take turns: waiting threads must not hold the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers(device))
    except Exception as error:  # onnxruntime's own classes have no public common parent but Exception
        raise ModelFileError(
            f"{path.name} cannot be run ({error}): fetch it again or update onnxruntime"
        ) from error
    _log.debug("%s runs on %s", path.name, session.get_providers()[0])
    return session
