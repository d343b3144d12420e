"""The camera's motion as a JSON file: turn and zoom of every frame of every shot, with standard deviations."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.errors import InputError
from pase.files import read_json, write_text
from pase.formats.camera import finite_numbers

_KINDS = ("still", "turning", "travelling")
_COLUMNS: dict[str, tuple[int, ...]] = {"turn_rad": (3,), "zoom": (), "sigma_rad": (3,), "sigma_log_zoom": ()}
"""Shape of the numbers of a frame under each key."""
_DIGITS = 7


def write_camera_motions(motions: Sequence[CameraMotion], path: str | Path) -> None:
    """Write the motion of the camera in every shot as JSON.

    A shot has `time_s`, and unless the camera stands still `turn_rad` (rotation vector of reference → frame, camera
    axes), `zoom` (focal length beside the reference's), and the standard deviations `sigma_rad`, `sigma_log_zoom`.
    """
    write_text(path, json.dumps({"shots": [_shot(motion) for motion in motions]}) + "\n")


def _shot(motion: CameraMotion) -> dict[str, Any]:
    out: dict[str, Any] = {
        "shot": motion.shot,
        "kind": motion.kind,
        "focal_length_px": round(float(motion.focal_px), 3),
        "focal_log_sigma": motion.focal_log_sigma,
        "agreement": round(motion.agreement, 3),
        "warnings": list(motion.warnings),
        "time_s": np.round(motion.time, 6).tolist(),
    }
    if motion.kind != "still":
        columns = (
            vector_of_rotation(motion.R_camera_reference),
            motion.zoom,
            motion.sigma_rad,
            motion.sigma_zoom,
        )
        out |= {
            name: np.round(values, _DIGITS).tolist() for name, values in zip(_COLUMNS, columns, strict=True)
        }
    if motion.if_carried is not None:
        out["if_carried"] = _shot(motion.if_carried)
    return out


def read_camera_motions(path: str | Path) -> list[CameraMotion]:
    """Read what `write_camera_motions` wrote."""
    values = read_json(path)
    shots = values.get("shots") if isinstance(values, dict) else None
    if not isinstance(shots, list) or not all(isinstance(shot, dict) for shot in shots):
        raise InputError(f"{path}: no list 'shots'; this is not a file of a camera's motion")
    return [_read_shot(shot, path) for shot in shots]


def _read_shot(shot: dict[str, Any], path: str | Path) -> CameraMotion:
    kind = shot.get("kind")
    if kind not in _KINDS:
        raise InputError(f"{path}: kind must be one of {', '.join(_KINDS)}, not '{kind}'")
    time = finite_numbers(shot, "time_s", (-1,), path)
    focal = float(finite_numbers(shot, "focal_length_px", (), path))
    number, sigma, agreement = shot.get("shot", 0), shot.get("focal_log_sigma"), shot.get("agreement", 1.0)
    warnings = tuple(str(text) for text in shot.get("warnings") or ())
    if (
        focal <= 0
        or not isinstance(number, int)
        or not ((sigma is None or isinstance(sigma, int | float)) and isinstance(agreement, int | float))
    ):
        raise InputError(
            f"{path}: focal_length_px must be positive, shot a whole number, focal_log_sigma a number"
        )
    if kind == "still":
        return replace(CameraMotion.still(time, focal, number), warnings=warnings, agreement=agreement)
    turn, zoom, sigma_rad, sigma_zoom = (
        finite_numbers(shot, name, (len(time), *shape), path) for name, shape in _COLUMNS.items()
    )
    if (zoom <= 0).any():
        raise InputError(f"{path}: zoom must be positive")
    carried = shot.get("if_carried")
    if carried is not None and not isinstance(carried, dict):
        raise InputError(f"{path}: if_carried must hold a camera's motion")
    return CameraMotion(
        time,
        rotation_of_vector(turn),
        zoom,
        sigma_rad,
        sigma_zoom,
        focal,
        sigma,
        kind,
        number,
        warnings,
        agreement,
        None if carried is None else _read_shot(carried | {"if_carried": None}, path),
    )
