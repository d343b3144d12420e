"""The files of the networks of a run: the user's, those in the cache, or fetched ones."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from pase.config import Settings
from pase.pipeline.step_progress import step_of
from pase.types import StepProgress

LATER_STAGES = (
    "pase.lift.pase_lifter",
    "pase.fit.multi_person",
    "pase.analysis.analyse",
    "pase.formats.person",
    "pase.view.viewer",
    "pase.view.page",
)
"""The slow imports of the stages after the keypoints."""

OVERLAY = ("pase.view.overlay", "vtkmodules.vtkRenderingOpenGL2", "vtkmodules.util.numpy_support")
"""The slow imports of the overlay, on a computer that draws."""


def fetch_models(
    names: Sequence[str], settings: Settings, progress: StepProgress | None = None
) -> list[Path]:
    """Paths of model files, fetched where they are not here yet; see `pase.models.model_path`."""
    from pase.models import model_path

    models = settings.models
    return [
        model_path(
            name,
            models_dir=models.folder,
            offline=models.offline,
            progress=step_of(progress, f"fetch {name}"),
        )
        for name in names
    ]


def import_networks(settings: Settings) -> None:
    """Import what the 2D stage runs on and check the cached networks: a while, at a time of the caller's choice."""
    from pase.models import cached
    from pase.networks.onnx import load_onnxruntime
    from pase.pose2d import detect  # noqa: F401
    from pase.pose2d.user_network import DETECTOR, KEYPOINT_NETWORK

    if settings.pose2d.backend == "rtmpose":
        load_onnxruntime()
        cached(DETECTOR)
        if settings.pose2d.weights is None:
            cached(KEYPOINT_NETWORK)


def import_modules(names: Sequence[str]) -> None:
    """Import what later stages need: done beside the keypoints, little of its time shows."""
    for name in names:
        importlib.import_module(name)


def network_files(settings: Settings, progress: StepProgress | None = None) -> tuple[Path, Path]:
    """Files of the detector and of the keypoint network, which is the user's where the settings name one."""
    from pase.pose2d.user_network import choose_networks

    return choose_networks(settings.pose2d.weights, lambda name: fetch_models([name], settings, progress)[0])
