"""MediaPipe's pose landmarker: 33 landmarks in the picture and in space, straight from the frames."""

import logging
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D, Landmarks3D
from pase.errors import MissingDependencyError, ModelFileError
from pase.keypoint_sets import BLAZEPOSE33
from pase.media.frames import Frame
from pase.types import Array, ImageSize, Progress

log = logging.getLogger(__name__)

MODEL = "pose-landmarker-lite"
"""Name in the model store of the landmarker that is taken when the user names none."""

_PROXY_VARIABLES = ("https_proxy", "http_proxy", "all_proxy")
_NOWHERE = "http://127.0.0.1:9"
"""The discard port, which no program of today listens at."""


@contextmanager
def without_reports() -> Iterator[None]:
    """Keep MediaPipe from reporting to its maker inside the block.

    Version 1.2 does so whenever a landmarker starts or ends, and has no switch for it. It honours the variables
    that name a proxy: inside the block they name a port of this computer at which nothing listens.
    """
    names = [name for name in os.environ if name.lower() in {*_PROXY_VARIABLES, "no_proxy"}]
    before = {name: os.environ.pop(name) for name in names}
    os.environ.update(dict.fromkeys(_PROXY_VARIABLES, _NOWHERE))
    try:
        yield
    finally:
        for name in _PROXY_VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(before)


class MediaPipeLandmarker:
    """The pose landmarker of MediaPipe's tasks.

    Its landmarks in space are in metres by its own guess of the person's size, measured from the middle of the
    hips, in camera axes as if the camera looked at the person level: scale and tilt are the estimator's to mend.

    Parameters
    ----------
    model
        A pose landmarker bundle, `pose_landmarker_lite.task`, `_full` or `_heavy`.

    Raises
    ------
    ModelFileError
        When the file is missing or is not such a bundle.
    MissingDependencyError
        When MediaPipe is not installed.
    """

    def __init__(self, model: str | Path) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except (ImportError, OSError) as error:
            raise MissingDependencyError(
                "this lifter needs MediaPipe: pip install 'pase-skeleton[mediapipe]'"
            ) from error
        if not Path(model).is_file():
            raise ModelFileError(f"the model file {model} does not exist: check the name")
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=Path(model).read_bytes()),
            running_mode=vision.RunningMode.VIDEO,
        )
        self._mediapipe, self._vision, self._options = mediapipe, vision, options
        with without_reports():
            self._start(model).close()

    def _start(self, model: str | Path = "the model file") -> Any:
        try:
            return self._vision.PoseLandmarker.create_from_options(self._options)
        except (RuntimeError, ValueError) as error:
            raise ModelFileError(f"{model} is no pose landmarker bundle of MediaPipe: {error}") from error

    def __call__(
        self, frames: Iterable[Frame], image_size: ImageSize, progress: Progress | None = None
    ) -> tuple[Keypoints2D, Landmarks3D]:
        """Follow the most prominent person of a recording.

        Parameters
        ----------
        frames
            The recording, in order; frames are not kept.

        Returns
        -------
        tuple
            Keypoints in the picture and landmarks in space (camera axes), 33 each, with a row for every frame;
            NaN where nobody was found.
        """
        times: list[float] = []
        readings: list[tuple[Array, Array]] = []
        with without_reports(), closing(self._start()) as landmarker:
            stamp = -1
            for frame in frames:
                stamp = max(stamp + 1, math.floor(1000 * frame.time))
                readings.append(_read(self._detect(landmarker, frame, stamp), image_size))
                times.append(frame.time)
                if progress is not None:
                    progress(len(times), None)
        if not any(np.isfinite(picture).any() for picture, _ in readings):
            log.warning("nobody was found in the picture")
        count = len(BLAZEPOSE33)
        picture = np.array([p for p, _ in readings]).reshape(-1, count, 3)
        space = np.array([s for _, s in readings]).reshape(-1, count, 3)
        score = np.clip(np.nan_to_num(picture[..., 2]), 0.0, 1.0)
        time = np.array(times)
        keypoints = Keypoints2D(picture[..., :2], score, time, image_size, BLAZEPOSE33)
        return keypoints, Landmarks3D(space, time, BLAZEPOSE33, "camera")

    def _detect(self, landmarker: Any, frame: Frame, stamp: int) -> Any:
        pixels = np.ascontiguousarray(frame.image)
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=pixels)
        return landmarker.detect_for_video(image, stamp)


def _read(result: Any, image_size: ImageSize) -> tuple[Array, Array]:
    """(33, 3) x, y in px and visibility, and (33, 3) metres; NaN when nobody was found."""
    if not result.pose_landmarks:
        unknown = np.full((len(BLAZEPOSE33), 3), np.nan)
        return unknown, unknown
    width, height = image_size
    picture = [(p.x * width, p.y * height, p.visibility or 0.0) for p in result.pose_landmarks[0]]
    space = [(p.x, p.y, p.z) for p in result.pose_world_landmarks[0]]
    return np.array(picture), np.array(space)
