"""Comparing pictures with small ones kept beside the tests; PASE_PICTURES=write makes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

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
