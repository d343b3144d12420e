"""Lifting a person who was filmed by a camera that turns, as if it had stood still.

A lifter looks at many frames at once and takes the camera to stand still in them. So it is given the keypoints as a
view that is held would have seen them, and what it says is turned back into the axes of each frame's camera.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.stabilisation import steady_stretches
from pase.data import Keypoints2D, Landmarks3D
from pase.lift.base import Lifter
from pase.types import Array, Progress


def lift_steadied(
    lifter: Lifter, keypoints: Keypoints2D, motion: CameraMotion, progress: Progress | None = None
) -> Landmarks3D:
    """Landmarks in the axes of each frame's camera, lifted as if the camera had stood still."""
    motion = motion.at(keypoints.time)
    if not len(keypoints):
        return lifter(keypoints, progress)
    parts: list[Landmarks3D] = []
    for stretch in steady_stretches(keypoints, motion):
        lifted = lifter(stretch.keypoints).slice(stretch.inner)
        parts.append(_turned(lifted, stretch.R_camera_view[stretch.inner]))
        if progress is not None:
            progress(sum(map(len, parts)), len(keypoints))
    return _joined(parts)


def _turned(landmarks: Landmarks3D, R_camera_view: Array) -> Landmarks3D:
    """Landmarks in F frames in the axes of each frame's camera, of those in the axes of the view that is held."""

    def turned(vectors: Array | None) -> Array | None:
        return None if vectors is None else np.einsum("tij,t...j->t...i", R_camera_view, vectors)

    xyz = np.einsum("tij,tpj->tpi", R_camera_view, landmarks.xyz)
    return replace(landmarks, xyz=xyz, ray=turned(landmarks.ray), down=turned(landmarks.down))


def _joined(parts: Sequence[Landmarks3D]) -> Landmarks3D:
    """Landmarks of stretches of a recording that follow one another."""
    of_frames = {field.name for field in fields(Landmarks3D)} - {"names", "frame"}
    present = [name for name in of_frames if getattr(parts[0], name) is not None]
    whole: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in parts]) for name in present}
    return replace(parts[0], **whole)
