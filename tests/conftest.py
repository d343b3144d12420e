import importlib.util
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from pase.cli import main
from pase.errors import ModelFileError
from pase.models import model_path
from places import REPOSITORY, shared

# On a shared machine any example may stand still for a second.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def _stored(name: str) -> Path:
    try:
        return model_path(name)
    except ModelFileError as error:
        pytest.skip(f"the file '{name}' of the model store cannot be had here: {error}")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must end with code 2, and gives the one line that it prints."""

    def run(*words: str | Path) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2, words
        printed = capsys.readouterr()
        assert printed.out == "" and printed.err.startswith("pase: error: "), printed
        assert printed.err.count("\n") == 1, printed.err
        return printed.err

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def load_tool() -> Callable[[str], ModuleType]:
    """Imports a script of tools/ by its name without `.py`."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, REPOSITORY / f"tools/{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def mirror(load_tool: Callable[[str], ModuleType]) -> ModuleType:
    """`tools/train_lifter/mirror.py`: poses with left and right exchanged."""
    return load_tool("train_lifter/mirror")


@pytest.fixture(scope="session")
def networks() -> tuple[Path, Path]:
    """The detector's and the keypoint network's files; the test is skipped where they cannot be had."""
    return _stored("yolox-tiny"), _stored("rtmpose-s")


def _cut_out(path: Path, left: int, top: int, size: tuple[int, int]) -> Path:
    """Twelve frames from the middle of the demo clip, and a part of their picture: small films make quick tests."""
    from pase.media import Video, VideoWriter

    width, height = size
    with Video(_stored("demo")) as video, VideoWriter(path, size, video.frame_rate) as out:
        start = None
        for frame in video.frames():
            if frame.index >= 100:
                start = frame.time if start is None else start
                patch = frame.image[top : top + height, left : left + width]
                out.write(np.ascontiguousarray(patch), frame.time - start)
            if frame.index >= 111:
                break
    return path


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person walking."""
    return _cut_out(tmp_path_factory.mktemp("clip") / "walk.mp4", 700, 270, (640, 720))


@pytest.fixture(scope="session")
def two_people_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person walking, and another who stands on a wall."""
    return _cut_out(tmp_path_factory.mktemp("two") / "walk.mp4", 560, 60, (640, 930))


@pytest.fixture(scope="session")
def empty_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo with nobody in it: a grey slope with noise."""
    from PIL import Image

    path = tmp_path_factory.mktemp("photo") / "nobody.png"
    slope = np.linspace(60, 190, 320)[None, :, None] + np.random.default_rng(1).normal(0, 4, (240, 320, 3))
    Image.fromarray(slope.astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder with the official networks' numbers; the test is skipped where it is not."""
    return shared("fixtures/networks")


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """Several threads on one small input are slow where other programs hold a core."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def synthetic_state(reference: Path) -> Callable[[str], dict[str, Any]]:
    """Tensors for every parameter of a network in the folder of references, filled by its rule."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

    def state(name: str) -> dict[str, Any]:
        listed = json.loads((reference / f"{name}_state_dict.json").read_text(encoding="utf-8"))
        return {key: torch.from_numpy(_filled(key, shape, kind)) for key, shape, kind in listed["state_dict"]}

    return state


def _filled(name: str, shape: list[int], kind: str) -> np.ndarray:
    """One tensor by the rule that is stated beside the reference numbers."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if not kind.startswith("float"):
        return np.zeros(shape, dtype=kind)
    if name.endswith("running_var"):
        values = 0.5 + random.random(shape)
    elif len(shape) >= 2:
        values = random.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
    elif name.endswith(".weight"):
        values = 0.8 + 0.4 * random.random(shape)
    else:
        values = 0.1 * random.standard_normal(shape)
    return values.astype(np.float32)
