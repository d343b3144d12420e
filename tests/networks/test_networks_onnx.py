"""What the networks run on is chosen, told, and never fallen back from in silence."""

import logging
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from pase.files import sha256_of
from pase.networks import onnx
from pase.networks.onnx import PROCESSOR, PROVIDERS, noted_networks, providers, start_session


@pytest.fixture
def network() -> Path:
    with as_file(files("pase.assets").joinpath("lifter.onnx")) as path:
        return path


def test_the_processor_alone_when_asked_for(network: Path) -> None:
    assert providers("cpu") == [PROCESSOR]
    with noted_networks() as noted, noted_networks() as also:
        session = start_session(network, "cpu", 1)
    start_session(network, "cpu", 1)
    assert session.get_providers() == [PROCESSOR]
    assert noted == also == [onnx.RunningNetwork("lifter.onnx", PROCESSOR, 1, sha256_of(network))]


def test_auto_takes_the_best_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [PROCESSOR, PROVIDERS["openvino"], PROVIDERS["cuda"]]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: installed)
    assert providers() == [PROVIDERS["cuda"], PROCESSOR]
    assert providers("openvino") == [PROVIDERS["openvino"], PROCESSOR]


def test_a_device_that_is_not_there_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    import onnxruntime

    if PROVIDERS["directml"] in onnxruntime.get_available_providers():
        pytest.skip("this computer has DirectML")
    with caplog.at_level(logging.WARNING):
        assert providers("directml") == [PROCESSOR]
    assert "cannot use the device 'directml'" in caplog.text


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_does_not_start_is_warned_about(
    network: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where CUDA's provider is installed without its driver: ONNX Runtime itself would say nothing."""
    import onnxruntime

    if PROVIDERS["cuda"] in onnxruntime.get_available_providers():
        pytest.skip("this computer may really start CUDA")
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [PROVIDERS["cuda"], PROCESSOR])
    with caplog.at_level(logging.WARNING), noted_networks() as noted:
        session = start_session(network, "cuda", 1)
    assert session.get_providers() == [PROCESSOR]
    assert noted[0].provider == PROCESSOR
    assert "CUDAExecutionProvider does not start" in caplog.text
