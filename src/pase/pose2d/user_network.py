"""Network files of the 2D stage: those of the model store, or the user's own keypoint network."""

import os
from collections.abc import Callable
from pathlib import Path

from pase.errors import ModelFileError
from pase.models import model_path

DETECTOR = "yolox-tiny"
KEYPOINT_NETWORK = "rtmpose-s"


def choose_networks(weights: Path | None, fetch: Callable[[str], Path] = model_path) -> tuple[Path, Path]:
    """Files of the detector and of the keypoint network.

    Parameters
    ----------
    weights
        The user's keypoint network, see `find_network`; None for that of the model store.
    fetch
        Gives the file of a network in the model store by its name.
    """
    return fetch(DETECTOR), fetch(KEYPOINT_NETWORK) if weights is None else find_network(weights)


def rtmlib_folder() -> Path:
    """Folder in which rtmlib, used by Sports2D and Pose2Sim, keeps the networks that it fetched.

    Source: rtmlib 0.0.13, `rtmlib/tools/file.py`.
    """
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or f"{caches}/rtmlib"
    return Path(home).expanduser() / "hub" / "checkpoints"


def find_network(weights: Path) -> Path:
    """The file of a network of the user.

    Parameters
    ----------
    weights
        An `.onnx` file, or the beginning of the name of one that rtmlib has fetched, as `rtmpose-m` or
        `rtmpose-x_simcc-body7_pt-body7-halpe26`.

    Raises
    ------
    ModelFileError
        When there is no such file, several begin with the name, or it is no `.onnx`.
    """
    if weights.is_file():
        if weights.suffix.lower() != ".onnx":
            raise ModelFileError(
                f"{weights.name} is not an .onnx file: networks of AlphaPose need --pose2d.backend alphapose"
            )
        return weights
    folder = rtmlib_folder()
    cached = sorted(path for path in folder.glob("*.onnx") if path.is_file())
    fitting = [path for path in cached if path.name.lower().startswith(str(weights).lower())]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(path.name for path in fitting or cached) or "nothing"
    why = (
        "several networks begin with"
        if fitting
        else "there is no file, and no network in rtmlib's folder, called"
    )
    raise ModelFileError(f"{why} '{weights}': {folder} holds {names}; name one of them, or an .onnx file")
