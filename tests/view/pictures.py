"""Grey films, what was drawn on them, and comparing pictures with small ones kept beside the tests.

PASE_PICTURES=write makes the kept ones anew.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from pase.data import Camera, CameraPath
from pase.media import VideoWriter, open_media

FOLDER = Path(__file__).parent / "pictures"
WIDTH = 160


def check_picture(name: str, picture: np.ndarray, tolerance: float = 6.0) -> None:
    """Fail unless a picture (H, W, 3) looks like the kept one: small, blurred, mean distance of 255 levels."""
    height = round(WIDTH * picture.shape[0] / picture.shape[1])
    small = cv2.resize(
        np.ascontiguousarray(picture[..., :3], np.uint8), (WIDTH, height), interpolation=cv2.INTER_AREA
    )
    path = FOLDER / f"{name}.png"
    if os.environ.get("PASE_PICTURES") == "write":
        FOLDER.mkdir(exist_ok=True)
        Image.fromarray(small).save(path, optimize=True)
    stored = np.asarray(Image.open(path).convert("RGB"))
    assert stored.shape == small.shape, f"{name} has another shape: {small.shape}"
    blurred = [cv2.GaussianBlur(image, (5, 5), 0).astype(float) for image in (small, stored)]
    away = np.abs(blurred[0] - blurred[1])
    assert away.mean() < tolerance, f"{name} looks different: {away.mean():.1f} of 255 on the mean"
    blocks = cv2.resize(away, (8, 8), interpolation=cv2.INTER_AREA)
    assert blocks.max() < 6 * tolerance, f"{name} looks different in one place: {blocks.max():.1f} of 255"


def write_film(path: Path, size: tuple[int, int], times: Iterable[float], brighter: int = 0) -> Path:
    """Write frames of one grey each: 60, or from black on, each `brighter` than the one before."""
    with VideoWriter(path, size, 25.0) as writer:
        for k, time in enumerate(times):
            writer.write(np.full((*size[::-1], 3), brighter * k if brighter else 60, np.uint8), time)
    return path


def read_pictures(path: Path) -> tuple[list[float], list[np.ndarray]]:
    """Times and pictures (H, W, 3) of a film or photo, as integers that can be subtracted."""
    with open_media(path) as media:
        frames = [(frame.time, frame.image.astype(int)) for frame in media.frames()]
    return [time for time, _ in frames], [image for _, image in frames]


def turning(camera: Camera, time: np.ndarray, angles: np.ndarray, focal_px: np.ndarray) -> CameraPath:
    """A camera that turns by `angles` about the vertical, radians, and zooms."""
    turns = Rotation.from_rotvec(-angles[:, None] * [0.0, 1.0, 0.0]).as_matrix()
    return CameraPath(time, turns @ camera.rotation, turns @ camera.translation, focal_px)
