"""Start an ONNX network on the best device there is, and say which one it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.cores import usable_cores
from pase.errors import InputError, ModelFileError
from pase.files import check_is_file, sha256_of

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

PROCESSOR = "CPUExecutionProvider"
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""Devices other than the processor, best first, with the name of the execution provider of ONNX Runtime for each."""

AUTOMATIC = ("cuda", "directml", "coreml")
"""Devices that `auto` tries. OpenVINO also computes on the processor, a quarter slower than ONNX Runtime itself."""

_MOST_THREADS = 8
"""Networks this small gain nothing from more."""


@dataclass(frozen=True, slots=True)
class RunningNetwork:
    """What a network runs on."""

    network: str
    provider: str
    """ONNX Runtime's name of what computes, as `CPUExecutionProvider`."""
    threads: int
    """Threads of the processor that it may use."""
    sha256: str = ""


_listeners: list[list[RunningNetwork]] = []


@contextmanager
def noted_networks() -> Iterator[list[RunningNetwork]]:
    """Note every network that is started inside the block, for the report."""
    networks: list[RunningNetwork] = []
    _listeners.append(networks)
    try:
        yield networks
    finally:
        # By identity: two blocks at once may hold equal lists.
        _listeners[:] = [listener for listener in _listeners if listener is not networks]


def network_threads(threads: int = 0) -> int:
    """Threads of a network: as many as asked for; for 0 one a core, at most 8."""
    return threads or min(usable_cores(), _MOST_THREADS)


def load_onnxruntime() -> Any:
    """The package onnxruntime, set to send nothing to its maker.

    `pase/__init__.py` sets the variable that it must find when it is imported; the call is for the builds of
    Windows, which report to the system.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def providers(device: str = "auto") -> list[str]:
    """Execution providers to try, best first; a device that is not there is warned about.

    Parameters
    ----------
    device
        `auto` takes the best that the installed onnxruntime has; `cpu` only the processor; or one of `PROVIDERS`.
    """
    available = load_onnxruntime().get_available_providers()
    if device == "auto":
        return [*(PROVIDERS[name] for name in AUTOMATIC if PROVIDERS[name] in available), PROCESSOR]
    if device == "cpu":
        return [PROCESSOR]
    if PROVIDERS[device] not in available:
        log.warning(
            "the installed onnxruntime cannot use the device '%s' (it has %s); the networks run on the processor",
            device,
            ", ".join(available),
        )
        return [PROCESSOR]
    return [PROVIDERS[device], PROCESSOR]


def start_session(path: Path, device: str = "auto", threads: int = 0) -> onnxruntime.InferenceSession:
    """Load a network.

    A device that is there but does not start, for want of a driver for instance, is warned about, and the processor
    takes its place.

    Parameters
    ----------
    device
        See `providers`.
    threads
        See `network_threads`.

    Raises
    ------
    ModelFileError
        When the file is no network that this onnxruntime can run.
    """
    try:
        check_is_file(path, "the network's file")
    except InputError as error:
        raise ModelFileError(f"the network {error}") from error
    candidates = providers(device)
    count = network_threads(threads)
    session = _try(path, candidates, count)
    running = session.get_providers()[0]
    if running != candidates[0]:
        log.warning("%s does not start on this computer; the networks run on the processor", candidates[0])
    network = RunningNetwork(path.name, running, count, sha256_of(path))
    for listener in _listeners:
        if network not in listener:  # it may be started a second time, for another lens for instance
            listener.append(network)
    return session


class OnnxNetwork:
    """A network that was started from its file.

    Raises
    ------
    ModelFileError
        When the file cannot be run, or is another network.
    """

    def __init__(self, path: Path, device: str = "auto", threads: int = 0) -> None:
        self._session = start_session(path, device, threads)
        self._describe(path.name)

    def _describe(self, name: str) -> None:
        """Note what the network takes and gives, or refuse it by the name of its file."""


def _try(path: Path, candidates: list[str], threads: int) -> onnxruntime.InferenceSession:
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Two networks and the video decoder take turns: waiting threads must not hold the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=candidates)
    except Exception as error:  # onnxruntime's own classes have no public common parent but Exception
        if candidates != [PROCESSOR]:
            log.debug("%s on %s: %s", path.name, candidates[0], error)
            return _try(path, [PROCESSOR], threads)
        raise ModelFileError(
            f"{path.name} cannot be run ({error}): fetch it again or update onnxruntime"
        ) from error
