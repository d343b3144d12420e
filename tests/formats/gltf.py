"""A reader of our own for `.glb` files, to test what was written."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation


class Gltf:
    """The JSON of a file, and the arrays and places that it tells."""

    def __init__(self, path: Path) -> None:
        file = path.read_bytes()
        size, kind = struct.unpack_from("<II", file, 12)
        assert struct.unpack_from("<III", file) == (0x46546C67, 2, len(file)) and kind == 0x4E4F534A
        self.content: dict[str, Any] = json.loads(file[20 : 20 + size])
        self._data = file[28 + size :]

    @property
    def names(self) -> list[str]:
        """Of the nodes."""
        return [node["name"] for node in self.content["nodes"]]

    def array(self, accessor: int) -> np.ndarray:
        """(N, width) numbers of an accessor."""
        facts = self.content["accessors"][accessor]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[facts["type"]]
        kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[facts["componentType"]]
        start = self.content["bufferViews"][facts["bufferView"]]["byteOffset"]
        return np.frombuffer(self._data, kind, facts["count"] * width, start).reshape(-1, width)

    def keys_of(self, node: int) -> dict[str, np.ndarray]:
        """Values of a node's rotation and translation at every key, as far as they are animated."""
        animation = self.content["animations"][0]
        return {
            channel["target"]["path"]: self.array(animation["samplers"][channel["sampler"]]["output"])
            for channel in animation["channels"]
            if channel["target"]["node"] == node
        }

    def steps_of(self, node: int, path: str) -> list[tuple[float, float]]:
        """Times and values from which on they hold, of a channel whose three numbers are alike."""
        animation = self.content["animations"][0]
        (channel,) = (c for c in animation["channels"] if c["target"] == {"node": node, "path": path})
        sampler = animation["samplers"][channel["sampler"]]
        values = self.array(sampler["output"])
        assert sampler["interpolation"] == "STEP" and (values == values[:, :1]).all()
        return list(zip(self.array(sampler["input"])[:, 0], values[:, 0], strict=True))

    def world(self, key: int | None) -> dict[str, np.ndarray]:
        """(4, 4) from each node to the world by the node's name, at rest or at a key of the animation."""
        places: dict[str, np.ndarray] = {}

        def place(number: int, T_world_parent: np.ndarray) -> None:
            node = self.content["nodes"][number]
            local = {} if key is None else {path: v[key] for path, v in self.keys_of(number).items()}
            T = np.eye(4)
            turn = local.get("rotation", node.get("rotation", [0, 0, 0, 1]))
            T[:3, :3] = Rotation.from_quat(turn).as_matrix()
            T[:3, 3] = local.get("translation", node.get("translation", [0, 0, 0]))
            places[node["name"]] = T_world_parent @ T
            for child in node.get("children", []):
                place(child, places[node["name"]])

        for root in self.content["scenes"][0]["nodes"]:
            place(root, np.eye(4))
        return places
