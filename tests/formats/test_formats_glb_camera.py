"""The camera that moved is in the glTF, where it was and looking where it looked."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pase.anatomy.model import Skeleton
from pase.data import Camera, CameraPath, Motion
from pase.formats.glb import write_glb


def content_of(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    (size,) = struct.unpack("<I", data[12:16])
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def numbers(content: dict[str, Any], data: bytes, accessor: int, width: int) -> np.ndarray[Any, Any]:
    of = content["accessors"][accessor]
    view = content["bufferViews"][of["bufferView"]]
    return np.frombuffer(data, np.float32, of["count"] * width, view["byteOffset"]).reshape(-1, width)


@pytest.mark.parametrize("moves", [True, False])
def test_the_camera_is_animated_if_it_moved(
    tmp_path: Path, leg: Skeleton, motion_of: Callable[..., Motion], moves: bool
) -> None:
    motion = motion_of(leg)
    turns = Rotation.from_rotvec(np.linspace([3.0, 0, 0], [2.8, 0.8, 0.1], len(motion))).as_matrix()
    shift = np.linspace([0.0, 1, 4], [0.5, 1, 5], len(motion))
    path = CameraPath(motion.time, turns, shift, np.full(len(motion), 700.0))
    camera = Camera(700.0, (320, 240), turns[0], shift[0], (640, 480), path if moves else None)
    filmed = Motion(leg, motion.q, motion.q_std, motion.time, camera)
    write_glb(filmed, tmp_path / "a.glb")
    content, data = content_of(tmp_path / "a.glb")
    names = [node["name"] for node in content["nodes"]]
    assert content["cameras"][0]["perspective"]["yfov"] == pytest.approx(2 * np.arctan(240 / 700))
    assert names.index("camera") in content["scenes"][0]["nodes"]
    animation = content["animations"][0]
    rows = {}
    for channel in animation["channels"]:
        if channel["target"]["node"] == names.index("camera"):
            width = 4 if channel["target"]["path"] == "rotation" else 3
            output = animation["samplers"][channel["sampler"]]["output"]
            rows[channel["target"]["path"]] = numbers(content, data, output, width)
    assert bool(rows) == moves
    if not moves:
        node = content["nodes"][names.index("camera")]
        np.testing.assert_allclose(turns[0] @ node["translation"] + shift[0], 0, atol=1e-5)
        return
    place = rows["translation"]
    np.testing.assert_allclose(np.einsum("tij,tj->ti", turns, place) + shift, 0, atol=1e-5)
    look = Rotation.from_quat(rows["rotation"]).apply([0, 0, -1])
    np.testing.assert_allclose(look, turns[:, 2], atol=1e-5)
