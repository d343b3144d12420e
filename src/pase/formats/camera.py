"""The camera as a JSON file: what `pase render` needs to draw a skeleton over its video again."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import LARGEST, Camera, CameraPath
from pase.errors import InputError
from pase.files import read_json, write_text
from pase.types import Array

_FRAME_SHAPES: dict[str, tuple[int, ...]] = {
    "time_s": (), "rotation": (3, 3), "translation": (3,), "focal_length_px": (),
}  # fmt: skip
KEYS = ("focal_length_px", "principal_point_px", "rotation", "translation", "image_size")


def write_camera(camera: Camera, path: str | Path) -> None:
    """Write a camera as JSON: pixels, metres, `rotation` and `translation` of world → camera.

    A camera that moves has besides a list `frames` with the `time_s`, `focal_length_px`, `rotation` and
    `translation` of each frame; the values outside of it are those of one frame.
    """
    values: dict[str, Any] = {
        "focal_length_px": float(camera.focal_length_px),
        "principal_point_px": [float(x) for x in camera.principal_point],
        "rotation": np.asarray(camera.rotation, float).tolist(),
        "translation": np.asarray(camera.translation, float).tolist(),
        "image_size": [int(x) for x in camera.image_size],
    }
    text = json.dumps(values, indent=2)
    if camera.path is not None:
        rows = ",\n    ".join(json.dumps(row) for row in _rows(camera.path))
        text = f'{text[:-2]},\n  "frames": [\n    {rows}\n  ]\n}}'
    write_text(path, text + "\n")


def _rows(path: CameraPath) -> list[dict[str, Any]]:
    columns = {
        "time_s": path.time.round(6),
        "focal_length_px": path.focal_length_px.round(4),
        "rotation": path.rotation.round(9),
        "translation": path.translation.round(6),
    }
    return [{key: values[i].tolist() for key, values in columns.items()} for i in range(len(path.time))]


def read_camera(path: str | Path) -> Camera:
    """Read a camera from JSON and check that it can be one."""
    values = read_json(path)
    missing = [key for key in KEYS if not isinstance(values, dict) or key not in values]
    if missing:
        raise InputError(f"{path}: no '{missing[0]}'; a camera file has: {', '.join(KEYS)}")
    focal = float(finite_numbers(values, "focal_length_px", (), path))
    x, y = finite_numbers(values, "principal_point_px", (2,), path)
    rotation = finite_numbers(values, "rotation", (3, 3), path)
    width, height = finite_numbers(values, "image_size", (2,), path)
    if focal <= 0:
        raise InputError(f"{path}: focal_length_px must be positive, not {focal}")
    if min(width, height) < 1 or width != int(width) or height != int(height):
        raise InputError(f"{path}: image_size must be two whole numbers of pixels, not {width} and {height}")
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-4 or np.linalg.det(rotation) < 0:
        raise InputError(f"{path}: rotation is not a rotation matrix (orthonormal, right-handed)")
    translation = finite_numbers(values, "translation", (3,), path)
    rows = _read_rows(values["frames"], path) if values.get("frames") else None
    return Camera(focal, (float(x), float(y)), rotation, translation, (int(width), int(height)), rows)


def _read_rows(rows: Any, path: str | Path) -> CameraPath:
    """The frames of a camera that moves."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: frames must be a list of objects")
    time, rotation, translation, focal = (
        np.array([finite_numbers(row, key, shape, path) for row in rows])
        for key, shape in _FRAME_SHAPES.items()
    )
    if (np.diff(time) <= 0).any() or (focal <= 0).any():
        raise InputError(f"{path}: time_s of frames must increase, and focal_length_px be positive")
    orthonormal = np.abs(rotation @ rotation.transpose(0, 2, 1) - np.eye(3)).max() < 1e-4
    if not orthonormal or (np.linalg.det(rotation) < 0).any():
        raise InputError(f"{path}: a rotation of frames is not a rotation matrix (orthonormal, right-handed)")
    return CameraPath(time, rotation, translation, focal)


def finite_numbers(values: dict[str, Any], key: str, shape: tuple[int, ...], path: str | Path) -> Array:
    """The numbers under a key of a JSON object; an axis of `shape` may have any length where it is -1."""
    try:
        array = np.asarray(values.get(key), float)
    except (TypeError, ValueError, OverflowError):
        array = np.full(0, np.nan)
    as_expected = array.ndim == len(shape) and all(
        n in (-1, m) for n, m in zip(shape, array.shape, strict=True)
    )
    if not as_expected or not (np.abs(array) <= LARGEST).all():
        lengths = " × ".join("any" if n < 0 else str(n) for n in shape) or "one"
        raise InputError(f"{path}: {key} must be {lengths} finite numbers")
    return array
