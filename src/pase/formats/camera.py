"""The camera as a JSON file: what `pase render` needs to draw a skeleton over its video again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.data import LARGEST, Camera
from pase.errors import InputError
from pase.files import read_json, write_text

KEYS = ("focal_length_px", "principal_point_px", "rotation", "translation", "image_size")


def write_camera(camera: Camera, path: str | Path) -> None:
    """Write a camera as JSON: pixels, metres, `rotation` and `translation` of world → camera.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    values = {
        "focal_length_px": float(camera.focal_length_px),
        "principal_point_px": [float(x) for x in camera.principal_point],
        "rotation": np.asarray(camera.rotation, float).tolist(),
        "translation": np.asarray(camera.translation, float).tolist(),
        "image_size": [int(x) for x in camera.image_size],
    }
    write_text(path, json.dumps(values, indent=2) + "\n")


def read_camera(path: str | Path) -> Camera:
    """Read a camera from JSON and check that it can be one.

    Raises
    ------
    InputError
        When the file is missing, is no JSON, lacks a key, or a value has the wrong shape, is not finite, or
        is not a focal length, a picture size or a rotation.
    """
    values = read_json(path)
    missing = [key for key in KEYS if not isinstance(values, dict) or key not in values]
    if missing:
        raise InputError(f"{path}: no '{missing[0]}'; a camera file has: {', '.join(KEYS)}")
    focal = float(_numbers(values, "focal_length_px", (), path))
    x, y = _numbers(values, "principal_point_px", (2,), path)
    rotation = _numbers(values, "rotation", (3, 3), path)
    width, height = _numbers(values, "image_size", (2,), path)
    if focal <= 0:
        raise InputError(f"{path}: focal_length_px must be positive, not {focal}")
    if min(width, height) < 1 or width != int(width) or height != int(height):
        raise InputError(f"{path}: image_size must be two whole numbers of pixels, not {width} and {height}")
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-4 or np.linalg.det(rotation) < 0:
        raise InputError(f"{path}: rotation is not a rotation matrix (orthonormal, right-handed)")
    translation = _numbers(values, "translation", (3,), path)
    return Camera(focal, (float(x), float(y)), rotation, translation, (int(width), int(height)))


def _numbers(
    values: dict[str, Any], key: str, shape: tuple[int, ...], path: str | Path
) -> NDArray[np.float64]:
    try:
        array = np.asarray(values[key], float)
    except (TypeError, ValueError, OverflowError):
        array = np.full(0, np.nan)
    if array.shape != shape or not (np.abs(array) <= LARGEST).all():
        wanted = " × ".join(map(str, shape)) or "one"
        raise InputError(f"{path}: {key} must be {wanted} finite numbers")
    return array
