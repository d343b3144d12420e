"""Biovision hierarchy (`.bvh`): the motion as a tree of joints, without surfaces."""

from itertools import chain
from pathlib import Path

import numpy as np

from pase.anatomy.bones import placed_bones
from pase.anatomy.joints import angles_xyz
from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.files import write_text
from pase.formats.hierarchy import BodyTree, body_tree, body_trees
from pase.formats.resample import even_motion
from pase.types import Array

PLACES = "Xposition Yposition Zposition"
TURNS = "Zrotation Xrotation Yrotation"
_Z_X_Y = [2, 0, 1]
"""Numbers of these axes: body-fixed angles about Z, X, Y are those about X, Y, Z of axes called so."""
STILL = 1e-7
"""Metres by which a joint must shift to have channels of position."""


def write_bvh(motion: Motion, path: str | Path) -> None:
    """Write a motion as a `.bvh` with a joint a body, named as in OpenSim; metres, Y up, degrees.

    At zero rotations every body's axes lie along the world's, which is nearly upright standing. Joints that
    shift (the pelvis, knees, kneecaps) have channels of position, which are their whole place in the parent's
    axes, as Blender reads them. The format has one frame rate: uneven frames are interpolated at their mean
    rate. It starts at the first frame with a known pose.
    """
    skeleton, even = motion.skeleton, even_motion(motion)
    lower, upper = skeleton.bounds
    rest = body_tree(skeleton, np.clip(np.zeros_like(lower), lower, upper)[None])
    values, away = _placed(rest, skeleton, even.q)
    shifts = [parent < 0 or bool(far > STILL) for parent, far in zip(rest.parent, away, strict=True)]
    roots = rest.children(-1)
    lines = ["HIERARCHY"]
    order: list[int] = []
    ends = _ends(skeleton)
    for root in roots:
        lines += _joint(root, rest, shifts, ends, 0, order)
    lines += ["MOTION", f"Frames: {len(values)}", f"Frame Time: {1 / even.rate:.9f}"]
    channels = [6 * body + i for body in order for i in range(0 if shifts[body] else 3, 6)]
    rows = (_numbers(row.ravel()[channels]) for row in values)
    write_text(path, (f"{line}\n" for line in chain(lines, rows)))


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
    return " ".join(f"{x:.7f}" for x in vector.tolist())


def _ends(skeleton: Skeleton) -> dict[int, Array]:
    """For each body, the corner of its bones' box farthest from its joint: there the last bone of a limb ends."""
    points = [[np.array([[0.0, 0.05, 0.0]])] for _ in skeleton.bodies]
    for bone in placed_bones(skeleton):
        points[bone.body].append(bone.surface.vertices)
    ends = {}
    for b, of_body in enumerate(points):
        low, high = np.concatenate(of_body).min(axis=0), np.concatenate(of_body).max(axis=0)
        axis = int(np.argmax(np.maximum(np.abs(low), np.abs(high))))
        ends[b] = 0.5 * (low + high)
        ends[b][axis] = low[axis] if abs(low[axis]) > abs(high[axis]) else high[axis]
    return ends


def _placed(rest: BodyTree, skeleton: Skeleton, q: Array) -> tuple[Array, Array]:
    """Place of every body in its parent in metres, its turns about Z, X and Y in degrees, and how far it gets.

    Returns
    -------
    placed, away
        (T, B, 6), and (B,) largest distance from the place at rest along an axis, metres.
    """
    values, away = np.empty((len(q), len(skeleton.bodies), 6)), np.zeros(len(skeleton.bodies))
    for frames, tree in body_trees(skeleton, q):
        turns = angles_xyz(tree.rotation[..., _Z_X_Y, :][..., _Z_X_Y])
        values[frames] = np.concatenate([tree.translation, turns], axis=2)
        away = np.maximum(away, np.abs(tree.translation - rest.translation).max(axis=(0, 2)))
    for body in range(values.shape[1]):
        values[:, body, 3:] = np.degrees(np.unwrap(values[:, body, 3:], axis=0))
    return values, away
