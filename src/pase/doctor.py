"""What `pase doctor` reports: versions, what the networks run on, what draws, and what is missing."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from pase.config import ModelSettings
from pase.errors import ModelFileError, PaseError
from pase.version import DISTRIBUTION, __version__


@dataclass(frozen=True)
class Finding:
    """One line of the doctor."""

    name: str
    value: str
    """What was found, or what is missing and how to get it."""
    good: bool = True
    """Whether PASE works with it as it is."""


def examine() -> list[Finding]:
    """Look at everything a run needs."""
    from pase.pipeline.report import versions

    findings = [Finding("pase", __version__), *_strangers()]
    for name, version in versions().items():
        findings.append(Finding(name, version, version != "not installed"))
    findings.append(_tried("execution providers", _providers))
    findings.append(_tried("networks run on", _networks))
    findings.append(_tried("video decoder", _decoder))
    findings.append(_tried("drawing", _drawing))
    findings.extend(_model_files())
    return findings


def _strangers() -> list[Finding]:
    """Other packages that bring a `pase` into this environment, as the `pase` of the package index does."""
    distributions = sorted({*metadata.packages_distributions().get("pase", [])} - {DISTRIBUTION})
    return [
        Finding(
            f"the package {name}",
            f"brings a 'pase' of its own: pip uninstall {name}, then install {DISTRIBUTION} again",
            good=False,
        )
        for name in distributions
    ]


def _tried(name: str, look: Callable[[], str]) -> Finding:
    """A finding from a look that may fail: the doctor must report whatever is wrong, not stop at it."""
    try:
        return Finding(name, look())
    except (PaseError, ImportError, OSError, RuntimeError) as error:
        return Finding(name, " ".join(str(error).split()) or type(error).__name__, good=False)


def _providers() -> str:
    from pase.networks.onnx import load_onnxruntime

    return ", ".join(load_onnxruntime().get_available_providers())


def _networks() -> str:
    """What the keypoint network really starts on, if its file is here: an installed provider may lack its driver."""
    from pase.models import model_path
    from pase.networks.onnx import network_threads, noted_networks, providers, start_session
    from pase.pose2d.user_network import KEYPOINT_NETWORK

    try:
        path = model_path(KEYPOINT_NETWORK, offline=True)
    except ModelFileError:
        return (
            f"{providers()[0]}, {network_threads()} threads; not tried, as the model files are not here yet"
        )
    with noted_networks() as networks:
        start_session(path)
    return f"{networks[0].provider}, {networks[0].threads} threads"


def _decoder() -> str:
    import av

    return "FFmpeg libavcodec " + ".".join(map(str, av.library_versions["libavcodec"]))


def _drawing() -> str:
    from pase.view.backend import require_drawing

    return require_drawing().message


def _model_files() -> list[Finding]:
    """A missing file is not a fault: the first run fetches it."""
    from pase.models import MODEL_FILES, model_path

    findings = []
    for name in MODEL_FILES:
        try:
            findings.append(Finding(f"model {name}", str(model_path(name, offline=True))))
        except ModelFileError:
            findings.append(Finding(f"model {name}", "not here yet; 'pase models fetch' gets it"))
    return findings


def model_table(settings: ModelSettings) -> list[str]:
    """One line per model file: name, where it is, what it does, licence and credit."""
    from pase.models import MODEL_FILES, model_path

    lines, width = [], max(map(len, MODEL_FILES)) + 2
    for name, file in MODEL_FILES.items():
        try:
            place = str(model_path(name, models_dir=settings.folder, offline=True))
        except ModelFileError as error:
            place = "not here" if "sha256" not in str(error) else str(error)
        lines.append(f"{name:<{width}}{file.use}; {file.licence}, {file.credit}\n{'':<{width}}{place}")
    return lines
