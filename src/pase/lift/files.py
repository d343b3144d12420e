"""Landmarks of a lifter as files: in the lifter's camera axes, or upright for programs that read markers."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.files import atomic_path

SUFFIXES = (".trc", ".npz")


def write_landmarks(landmarks: Landmarks3D, path: str | Path) -> None:
    """Write landmarks: `.npz` holds them as they are, `.trc` upright with Y up.

    An `.npz` has `xyz`, `time`, `names`, `frame` and, where known, `sigma`. A `.trc` has no room for camera axes:
    such landmarks are turned by half about x, so that y points up and z to the camera.

    Raises
    ------
    InputError
        When the suffix is neither.
    """
    path = Path(path)
    if path.suffix.lower() == ".trc":
        from pase.formats.trc import write_trc

        write_trc(upright(landmarks), path)
    elif path.suffix.lower() == ".npz":
        arrays = {"xyz": landmarks.xyz, "time": landmarks.time, "names": np.array(landmarks.names)}
        arrays["frame"] = np.array(landmarks.frame)
        if landmarks.sigma is not None:
            arrays["sigma"] = landmarks.sigma
        with atomic_path(path) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    else:
        raise InputError(f"cannot write landmarks as '{path.suffix}': name a {' or '.join(SUFFIXES)} file")


def upright(landmarks: Landmarks3D) -> Landmarks3D:
    """Landmarks in camera axes as a camera that stands level sees them: x right, y up, z to the camera."""
    if landmarks.frame == "world":
        return landmarks
    return replace(landmarks, xyz=landmarks.xyz * [1.0, -1.0, -1.0], frame="world")
