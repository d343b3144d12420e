"""Biovision hierarchy (`.bvh`): the motion as a tree of joints, without surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pase.anatomy.bones import load_bones
from pase.anatomy.model import Skeleton
from pase.anatomy.placement import place_bone
from pase.data import Motion
from pase.export.even import even_motion
from pase.export.hierarchy import BodyTree, body_tree
from pase.files import write_text

Array = NDArray[np.float64]

PLACES = "Xposition Yposition Zposition"
TURNS = "Zrotation Xrotation Yrotation"
STILL = 1e-7
"""Metres by which a joint must shift to have channels of position."""


def write_bvh(motion: Motion, path: str | Path) -> None:
    """Write a motion as a `.bvh` with a joint a body, named as in OpenSim; metres, Y up, degrees.

    At zero rotations every body's axes lie along the world's, which is nearly upright standing. Joints that
    shift (the pelvis, knees, kneecaps) have channels of position, which are their whole place in the parent's
    axes, as Blender reads them. The format has one frame rate: uneven frames are interpolated at their mean
    rate. It starts at the first frame with a known pose.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    skeleton, even = motion.skeleton, even_motion(motion)
    lower, upper = skeleton.bounds
    rest = body_tree(skeleton, np.clip(np.zeros_like(lower), lower, upper)[None])
    tree = body_tree(skeleton, even.q)
    frames = len(even.q)
    shifts = [
        tree.parent[b] < 0
        or (frames > 0 and np.abs(tree.translation[:, b] - rest.translation[0, b]).max() > STILL)
        for b in range(len(tree.names))
    ]
    roots = tree.children(-1)
    lines = ["HIERARCHY"]
    order: list[int] = []
    ends = _ends(skeleton)
    for root in roots:
        lines += _joint(root, rest, shifts, ends, 0, order)
    rows = _rows(tree, order, shifts)
    lines += ["MOTION", f"Frames: {frames}", f"Frame Time: {1 / even.rate:.9f}"]
    lines += [" ".join(f"{x:.7f}" for x in row) for row in rows.tolist()]
    write_text(path, "\n".join(lines) + "\n")


def _joint(
    body: int, rest: BodyTree, shifts: list[bool], ends: dict[int, Array], depth: int, order: list[int]
) -> list[str]:
    """Lines of a body and all that hangs on it; notes the bodies' order in `order`."""
    order.append(body)
    pad, root = "  " * depth, rest.parent[body] < 0
    offset = np.zeros(3) if root else rest.translation[0, body]
    channels = f"6 {PLACES} {TURNS}" if shifts[body] else f"3 {TURNS}"
    lines = [
        f"{pad}{'ROOT' if root else 'JOINT'} {rest.names[body]}",
        f"{pad}{{",
        f"{pad}  OFFSET {_numbers(offset)}",
        f"{pad}  CHANNELS {channels}",
    ]
    children = rest.children(body)
    for child in children:
        lines += _joint(child, rest, shifts, ends, depth + 1, order)
    if not children:
        lines += [f"{pad}  End Site", f"{pad}  {{", f"{pad}    OFFSET {_numbers(ends[body])}", f"{pad}  }}"]
    return [*lines, f"{pad}}}"]


def _numbers(vector: Array) -> str:
    return " ".join(f"{x:.7f}" for x in vector)


def _ends(skeleton: Skeleton) -> dict[int, Array]:
    """Of every body, the corner of its bones' box farthest from its joint: where the last bone of a limb ends."""
    surfaces, ends = load_bones(skeleton), {}
    for b, body in enumerate(skeleton.bodies):
        points = [np.array([[0.0, 0.05, 0.0]])] + [
            place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]).vertices
            for mesh in body.meshes
            if mesh.file in surfaces
        ]
        low, high = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
        axis = int(np.argmax(np.maximum(np.abs(low), np.abs(high))))
        ends[b] = 0.5 * (low + high)
        ends[b][axis] = low[axis] if abs(low[axis]) > abs(high[axis]) else high[axis]
    return ends


def _rows(tree: BodyTree, order: list[int], shifts: list[bool]) -> Array:
    """(T, channels) values in the order of the file."""
    frames = len(tree.rotation)
    columns = [np.zeros((frames, 0))]
    for body in order:
        if shifts[body]:
            columns.append(tree.translation[:, body])
        if frames:
            turns = Rotation.from_matrix(tree.rotation[:, body]).as_euler("ZXY")
            columns.append(np.degrees(np.unwrap(turns, axis=0)))
    return np.concatenate(columns, axis=1)
