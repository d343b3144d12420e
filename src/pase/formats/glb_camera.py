"""The camera that filmed a motion as a node of a glTF: it moves as the camera did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pase.data import Camera, CameraPath
from pase.types import Array

Node = dict[str, Any]

NEAREST_M = 0.05
_GLTF_AXES = np.diag([1.0, -1.0, -1.0])
"""A camera of glTF looks along −Z with Y up, ours along Z with Y down."""


def add_camera(
    content: Node, camera: Camera, time: Array, keys: int, add: Callable[[NDArray[np.float32]], int]
) -> None:
    """Add the camera to a glTF's content; glTF cannot animate a lens, so its angle is that of the first frame.

    Parameters
    ----------
    content
        What the file is made from: `nodes`, `scenes` and `animations` are extended.
    camera
        The camera; it is animated when it moves.
    time
        (T,) times of the keys in seconds.
    keys
        Accessor of these times.
    add
        Appends an array to the binary part, and returns its accessor.
    """
    path, (width, height) = (camera.path or CameraPath.still(camera, time)).at(time), camera.image_size
    R_world_camera = path.rotation.transpose(0, 2, 1)
    turns = Rotation.from_matrix(R_world_camera @ _GLTF_AXES).as_quat()
    take_out_flips(turns)
    places = -np.einsum("tij,tj->ti", R_world_camera, path.translation)
    focal = float(path.focal_length_px[0])
    angle = 2 * float(np.arctan2(height / 2, focal))
    content["cameras"] = [
        {
            "type": "perspective",
            "perspective": {"aspectRatio": width / height, "yfov": angle, "znear": NEAREST_M},
        }
    ]
    node = len(content["nodes"])
    content["nodes"].append(
        {"name": "camera", "camera": 0, "translation": places[0].tolist(), "rotation": turns[0].tolist()}
    )
    content["scenes"][0]["nodes"].append(node)
    if camera.path is None:
        return
    animation = content.setdefault("animations", [{"name": "motion", "channels": [], "samplers": []}])[0]
    for name, values in (("rotation", turns), ("translation", places)):
        target = {"node": node, "path": name}
        animation["channels"].append({"sampler": len(animation["samplers"]), "target": target})
        animation["samplers"].append({"input": keys, "output": add(values.astype(np.float32))})


def take_out_flips(quaternions: NDArray[Any]) -> None:
    """Take changes of sign from frame to frame out of quaternions (T, …, 4), in place: they may be of an hour."""
    flips = np.einsum("t...i,t...i->t...", quaternions[1:], quaternions[:-1]) < 0
    signs = np.cumprod(np.where(flips, -1, 1).astype(np.int8), axis=0, dtype=np.int8)
    quaternions[1:] *= signs[..., None]
