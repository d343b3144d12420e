from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pase.errors import ModelFileError
from pase.models import model_path


def _stored(name: str) -> Path:
    try:
        return model_path(name)
    except ModelFileError as error:
        pytest.skip(f"the file '{name}' of the model store cannot be had here: {error}")


@pytest.fixture(scope="session")
def networks() -> tuple[Path, Path]:
    """The detector's and the keypoint network's files; the test is skipped where they cannot be had."""
    return _stored("yolox-tiny"), _stored("rtmpose-s")


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames of a person walking, from the middle of the demo clip."""
    from pase.media import VideoWriter, open_video

    path = tmp_path_factory.mktemp("clip") / "walk.mp4"
    with open_video(_stored("demo")) as video, VideoWriter(path, video.image_size, video.frame_rate) as out:
        start = None
        for frame in video.frames():
            if frame.index >= 100:
                start = frame.time if start is None else start
                out.write(frame.image, frame.time - start)
            if frame.index >= 111:
                break
    return path


@pytest.fixture(scope="session")
def empty_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo with nobody in it: a grey slope with noise."""
    from PIL import Image

    path = tmp_path_factory.mktemp("photo") / "nobody.png"
    slope = np.linspace(60, 190, 320)[None, :, None] + np.random.default_rng(1).normal(0, 4, (240, 320, 3))
    Image.fromarray(slope.astype(np.uint8)).save(path)
    return path
