"""Animated glTF 2.0 in one binary file (`.glb`): what Blender, game engines and browsers open."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.bones import placed_bones
from pase.anatomy.joints import quaternions
from pase.anatomy.model import Skeleton
from pase.anatomy.surfaces import BoneSurface
from pase.data import Camera, CameraPath, Motion
from pase.files import atomic_path
from pase.formats.hierarchy import BodyTree, body_tree, body_trees
from pase.types import Array, Mask
from pase.version import __version__

Node = dict[str, Any]

CREDITS = "Skeleton after Pose2Sim (BSD-3-Clause); bone surfaces under CC BY 3.0; see the NOTICE of PASE"


def dull(name: str, color: tuple[float, float, float], roughness: float) -> Node:
    """A material without metallic gloss, of a linear colour."""
    surface = {"baseColorFactor": [*color, 1.0], "metallicFactor": 0.0, "roughnessFactor": roughness}
    return {"name": name, "pbrMetallicRoughness": surface}


MATERIAL = dull("bone", (0.83, 0.76, 0.62), 0.62)
"""Dry ivory."""

FLOAT, UINT16, UINT32 = 5126, 5123, 5125
VERTICES, INDICES = 34962, 34963
STILL = 1e-7
"""A rotation matrix or a place in metres that changes by less over the whole motion is not animated."""
NEAREST_M = 0.05
_GLTF_AXES = np.diag([1.0, -1.0, -1.0])
"""A camera of glTF looks along −Z with Y up, ours along Z with Y down."""


def write_glb(motion: Motion, path: str | Path) -> None:
    """Write a motion as an animated glTF: a node a body, nested as the joints are, a mesh a bone below it.

    Bodies carry their OpenSim names, bones are called `<body>_mesh_<number>` as in the written `.osim`; the
    mesh inside has the name of its file. Metres, Y up, every key at the true time of its frame. Between
    frames a viewer turns each body about its joint, so the skeleton stays joined. Frames in which the pose
    is unknown have no key. Bones shrink to nothing while their body is not in sight, which glTF has for
    visibility. With one known frame or none the skeleton stands still. A camera that moved is in the
    scene and moves; one that stood still is there and stands.
    """
    first = motion.q[np.flatnonzero(motion.known)[:1]]
    tree = body_tree(motion.skeleton, first if len(first) else motion.skeleton.default_q[None])
    buffer = GlbBuffer()
    nodes, meshes = _nodes(without_unseen(motion), tree, buffer)
    scene = {
        "scenes": [{"nodes": [len(nodes) - 1]}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": [MATERIAL],
    }
    content = {key: value for key, value in scene.items() if value != []}
    add_motion(content, motion, buffer)
    if "animations" in content:
        _add_visibility(content, motion, buffer)
    write_binary(path, content, buffer)


def add_motion(
    content: Node, motion: Motion, buffer: GlbBuffer, parents: Mapping[str, str] | None = None
) -> None:
    """Add a motion's animation and camera to a scene whose first nodes are the bodies.

    Parameters
    ----------
    content
        What the file is made from; it is extended.
    motion
        Frames of unknown pose have no key; with one known frame or none nothing is added.
    parents
        Bodies whose node hangs on another body than the joint's parent.
    """
    time = motion.time[motion.known]
    if len(time) < 2:
        return
    keys = buffer.add(time.astype(np.float32), ends=True)
    animation = _animation(motion.skeleton, motion.q[motion.known], keys, buffer, parents)
    content |= {"animations": [animation]} if animation["channels"] else {}
    if motion.camera is not None:
        _add_camera(content, motion.camera, time, keys, buffer)


def _add_visibility(content: Node, motion: Motion, buffer: GlbBuffer) -> None:
    """Bones have size 0 from the first frame on in which nobody saw their body until it is seen again."""
    animation, nodes = content["animations"][0], content["nodes"]
    seen = np.ones((1, len(motion.skeleton.bodies)), bool) if motion.seen is None else motion.seen
    for b, visible in enumerate((motion.known[:, None] & seen).T):
        bones = [n for n in nodes[b].get("children", ()) if "mesh" in nodes[n]]
        if not bones or visible.all():
            continue
        changes = np.flatnonzero(np.diff(visible, prepend=~visible[:1]))
        sampler = {
            "input": buffer.add(motion.time[changes].astype(np.float32), ends=True),
            "output": buffer.add(np.repeat(visible[changes, None], 3, axis=1).astype(np.float32)),
            "interpolation": "STEP",
        }
        _add_channels(animation, bones, "scale", sampler)


def write_binary(path: str | Path, scene: Node, buffer: GlbBuffer) -> None:
    """Write a scene, as the JSON of a glTF has it, and its buffer as one file."""
    asset = {"version": "2.0", "generator": f"PASE {__version__}", "copyright": CREDITS}
    content = {"asset": asset, "scene": 0, **scene, **buffer.parts()}
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.writelines([*_binary(content, buffer.size), *buffer.data])


def without_unseen(motion: Motion) -> Skeleton:
    """The skeleton without the bones of bodies that were seen in no frame."""
    skeleton = motion.skeleton
    if motion.seen is None or not len(motion):
        return skeleton
    seen: Mask = np.asarray(motion.seen.any(axis=0))
    bodies = tuple(body if seen[b] else replace(body, meshes=()) for b, body in enumerate(skeleton.bodies))
    return replace(skeleton, bodies=bodies)


class GlbBuffer:
    """The binary part of the file, with the views and accessors into it."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.size = 0
        self.views: list[Node] = []
        self.accessors: list[Node] = []

    def add(self, array: NDArray[Any], target: int | None = None, *, ends: bool = False) -> int:
        """Append rows of numbers; the index of their accessor. `ends` notes the least and largest row."""
        kinds = {"f": FLOAT, "H": UINT16, "I": UINT32}
        view: Node = {"buffer": 0, "byteOffset": self.size, "byteLength": array.nbytes}
        self.views.append(view | ({} if target is None else {"target": target}))
        self.data += [array.tobytes(), bytes(-array.nbytes % 4)]
        self.size += array.nbytes + len(self.data[-1])
        width = 1 if array.ndim == 1 else array.shape[1]
        accessor: Node = {
            "bufferView": len(self.views) - 1,
            "componentType": kinds[array.dtype.char],
            "count": len(array),
            "type": {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}[width],
        }
        if ends:
            rows = array.reshape(len(array), width)
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def parts(self) -> dict[str, Any]:
        """What the JSON says of the buffer."""
        if not self.data:
            return {}
        return {
            "buffers": [{"byteLength": self.size}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }


def _nodes(skeleton: Skeleton, tree: BodyTree, buffer: GlbBuffer) -> tuple[list[Node], list[Node]]:
    """Nodes of the bodies in their order, of the bones, and of the whole last; and the meshes."""
    turn = quaternions(tree.rotation[:1])
    nodes: list[Node] = [
        {
            "name": body.name,
            "translation": tree.translation[0, b].tolist(),
            "rotation": turn[0, b].tolist(),
            "children": tree.children(b),
        }
        for b, body in enumerate(skeleton.bodies)
    ]
    meshes: list[Node] = []
    for b, number, mesh, surface in placed_bones(skeleton):
        nodes[b]["children"].append(len(nodes))
        nodes.append({"name": f"{skeleton.bodies[b].name}_mesh_{number}", "mesh": len(meshes)})
        meshes.append({"name": Path(mesh.file).stem, "primitives": [_primitive(surface, buffer)]})
    nodes.append({"name": skeleton.name, "children": tree.children(-1)})
    for node in nodes:
        if not node.get("children", True):
            del node["children"]
    return nodes, meshes


def upright_normals(surface: BoneSurface) -> Array:
    """(V, 3) unit normals of a surface, upwards where it has none: glTF allows no others."""
    has_normal = np.linalg.norm(surface.normals, axis=1, keepdims=True) > 0.5
    return np.where(has_normal, surface.normals, (0.0, 1.0, 0.0))


def _primitive(surface: BoneSurface, buffer: GlbBuffer) -> Node:
    index = np.uint16 if len(surface.vertices) < 65535 else np.uint32
    return {
        "attributes": {
            "POSITION": buffer.add(surface.vertices.astype(np.float32), VERTICES, ends=True),
            "NORMAL": buffer.add(upright_normals(surface).astype(np.float32), VERTICES),
        },
        "indices": buffer.add(surface.faces.astype(index).ravel(), INDICES),
        "material": 0,
    }


def _animation(
    skeleton: Skeleton, q: Array, keys: int, buffer: GlbBuffer, parents: Mapping[str, str] | None
) -> Node:
    """Channels of all bodies that turn, and of those that also shift in their joints; body b is node b.

    `q` (T, n) are the coordinates at the keys, whose times the accessor `keys` has.
    """
    bodies = len(skeleton.bodies)
    turns, places = np.empty((len(q), bodies, 4), np.float32), np.empty((len(q), bodies, 3), np.float32)
    low, high = np.full((bodies, 12), np.inf), np.full((bodies, 12), -np.inf)
    for frames, tree in body_trees(skeleton, q, parents):
        turns[frames], places[frames] = quaternions(tree.rotation), tree.translation
        pose = np.concatenate([tree.rotation.reshape(-1, bodies, 9), tree.translation], axis=2)
        low, high = np.minimum(low, pose.min(axis=0)), np.maximum(high, pose.max(axis=0))
    _take_out_flips(turns)
    moved = {
        "rotation": (turns, (high - low)[:, :9].max(axis=1)),
        "translation": (places, (high - low)[:, 9:].max(axis=1)),
    }
    animation: Node = {"name": "motion", "channels": [], "samplers": []}
    for b in range(bodies):
        for path, (values, change) in moved.items():
            if change[b] < STILL:
                continue
            _add_channels(animation, [b], path, {"input": keys, "output": buffer.add(values[:, b])})
    return animation


def _add_channels(animation: Node, nodes: Sequence[int], path: str, sampler: Node) -> None:
    """Let a sampler move some nodes; `path` says which of their properties."""
    for node in nodes:
        target = {"node": node, "path": path}
        animation["channels"].append({"sampler": len(animation["samplers"]), "target": target})
    animation["samplers"].append(sampler)


def _binary(content: dict[str, Any], size: int) -> list[bytes]:
    """All but the data: glTF's header, and two chunks padded to four bytes (glTF 2.0, section 4.4)."""
    text = json.dumps(content, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = [struct.pack("<II", len(text), 0x4E4F534A), text]
    if size:
        chunks.append(struct.pack("<II", size, 0x004E4942))
    return [struct.pack("<III", 0x46546C67, 2, 12 + sum(map(len, chunks)) + size), *chunks]


def _add_camera(content: Node, camera: Camera, time: Array, keys: int, buffer: GlbBuffer) -> None:
    """Add the camera to a glTF's content; glTF cannot animate a lens, so its angle is that of the first frame.

    `time` (T,) are the times of the keys in seconds, whose accessor is `keys`. A camera that moves is animated.
    """
    path, (width, height) = (camera.path or CameraPath.still(camera, time)).at(time), camera.image_size
    R_world_camera = path.rotation.transpose(0, 2, 1)
    turns = quaternions(R_world_camera @ _GLTF_AXES)
    _take_out_flips(turns)
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
        sampler = {"input": keys, "output": buffer.add(values.astype(np.float32))}
        _add_channels(animation, [node], name, sampler)


def _take_out_flips(quaternions: NDArray[Any]) -> None:
    """Take changes of sign from frame to frame out of quaternions (T, …, 4), in place: they may be of an hour."""
    flips = np.einsum("t...i,t...i->t...", quaternions[1:], quaternions[:-1]) < 0
    signs = np.cumprod(np.where(flips, -1, 1).astype(np.int8), axis=0, dtype=np.int8)
    quaternions[1:] *= signs[..., None]
