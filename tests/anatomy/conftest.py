"""OpenSim itself as the oracle, and the models to try it on."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from places import REPOSITORY, SHARED

WHEEL = "pose2sim==0.10.49"
WHEEL_SHA256 = "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1"
CACHE = REPOSITORY / "tests/.cache"
SHARED_MODELS = sorted((SHARED / "bench").glob("*/*/scaled.osim"))


class Oracle:
    """An OpenSim model without its forces, posed by the values of all its coordinates."""

    def __init__(
        self, opensim: ModuleType, path: Path, scale: dict[str, Sequence[float]] | None = None
    ) -> None:
        self.opensim = opensim
        self.model = opensim.Model(str(path))
        self.model.updForceSet().clearAndDestroy()
        self.model.updControllerSet().clearAndDestroy()
        self.state = self.model.initSystem()
        if scale is not None:
            self._scale(scale)

    def _scale(self, scale: dict[str, Sequence[float]]) -> None:
        scales = self.opensim.ScaleSet()
        for body, factors in scale.items():
            segment_scale = self.opensim.Scale()
            segment_scale.setSegmentName(body)
            segment_scale.setScaleFactors(self.opensim.Vec3(*(float(f) for f in factors)))
            segment_scale.setApply(True)
            scales.cloneAndAppend(segment_scale)
        self.model.scale(self.state, scales, False)
        self.state = self.model.initSystem()

    def coordinate(self, name: str) -> Any:
        return self.model.getCoordinateSet().get(name)

    def poses(
        self, names: Sequence[str], values: np.ndarray, bodies: Sequence[str], markers: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rotations (T, B, 3, 3) and origins (T, B, 3) of bodies and positions (T, K, 3) of markers."""
        coordinates = [self.coordinate(name) for name in names]
        for coordinate in coordinates:
            coordinate.setLocked(self.state, False)
        frames = [self.model.getBodySet().get(name) for name in bodies]
        stations = [self.model.getMarkerSet().get(name) for name in markers]
        rotation, origin, position = [], [], []
        for row in values:
            for coordinate, value in zip(coordinates, row, strict=True):
                coordinate.setValue(self.state, float(value), False)
            self.model.realizePosition(self.state)
            transforms = [frame.getTransformInGround(self.state) for frame in frames]
            rotation.append([[[t.R().get(i, j) for j in range(3)] for i in range(3)] for t in transforms])
            origin.append([t.p().to_numpy() for t in transforms])
            position.append([s.getLocationInGround(self.state).to_numpy() for s in stations])
        shape = (len(values), len(stations), 3)
        return np.array(rotation), np.array(origin), np.array(position).reshape(shape)


@pytest.fixture(scope="session")
def opensim() -> ModuleType:
    """The quiet `opensim` package."""
    module: ModuleType = pytest.importorskip("opensim")
    module.Logger.setLevelString("Off")
    module.Logger.removeFileSink()
    return module


@pytest.fixture(scope="session")
def oracle(opensim: ModuleType) -> Callable[..., Oracle]:
    """Loads a model into OpenSim, scaled by OpenSim when factors are given."""
    return lambda path, scale=None: Oracle(opensim, path, scale)


@pytest.fixture(scope="session")
def pose2sim_wheel() -> Path:
    """The wheel that the default skeleton is made from, fetched once into a folder that git ignores."""
    wheel = CACHE / "pose2sim-0.10.49-py3-none-any.whl"
    if not wheel.is_file():
        CACHE.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--quiet",
            "--dest",
            str(CACHE),
            WHEEL,
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=180)
        except (subprocess.SubprocessError, OSError):
            pytest.skip(f"{WHEEL} cannot be fetched by pip here")
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        wheel.unlink()
        pytest.skip(f"the fetched {WHEEL} has not the expected checksum")
    return wheel


@pytest.fixture(scope="session")
def pose2sim_models(pose2sim_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two models of the wheel, by their names."""
    folder = tmp_path_factory.mktemp("pose2sim")
    with zipfile.ZipFile(pose2sim_wheel) as archive:
        members = [n for n in archive.namelist() if n.startswith("Pose2Sim/OpenSim_Setup/Model_")]
        archive.extractall(folder, members)
    return {Path(m).stem.removeprefix("Model_Pose2Sim_"): folder / m for m in members}


_MODELS = [
    "default",
    pytest.param("muscles_flex", marks=pytest.mark.network),
    pytest.param("simple", marks=pytest.mark.network),
    *(path.parent.name for path in SHARED_MODELS),
]


@pytest.fixture(params=_MODELS)
def model_path(request: pytest.FixtureRequest) -> Path:
    """Each of the real models in turn."""
    if request.param == "default":
        from importlib.resources import files

        return Path(str(files("pase.assets").joinpath("skeleton.osim")))
    for path in SHARED_MODELS:
        if path.parent.name == request.param:
            return path
    models: dict[str, Path] = request.getfixturevalue("pose2sim_models")
    return models[request.param]
