"""A skinned armature with the bone names that animation programs expect, in one glTF file (`skeleton_rig.glb`)."""

from pathlib import Path
from typing import Any

import numpy as np

from pase.anatomy.bones import PlacedBone, placed_bones
from pase.anatomy.joints import quaternions
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton, split_side
from pase.anatomy.surfaces import BoneSurface, joined
from pase.data import Motion
from pase.errors import InputError
from pase.formats.glb import (
    INDICES,
    MATERIAL,
    VERTICES,
    GlbBuffer,
    add_motion,
    dull,
    upright_normals,
    without_unseen,
    write_binary,
)
from pase.formats.hierarchy import BodyTree, relative_to
from pase.types import Array

MIDDLE_NAMES = {
    "pelvis": "Hips", "lumbar5": "Spine", "lumbar3": "Spine1", "torso": "Spine2", "cerv7": "Neck", "head": "Head",
}  # fmt: skip
SIDE_NAMES = {
    "femur": "UpLeg", "tibia": "Leg", "talus": "Foot", "toes": "ToeBase", "clavicle": "Shoulder",
    "humerus": "Arm", "ulna": "ForeArm", "hand": "Hand",
}  # fmt: skip
"""Standard names, which programs for animation know, by OpenSim body; further bodies keep theirs."""

PARENTS = {f"humerus_{side}": f"clavicle_{side}" for side in "rl"}
"""Parents other than the joint's own: rigs want the upper arm below the shoulder."""

FLOOR_M = 6.0
FLOOR = {**dull("floor", (0.25, 0.26, 0.28), 1.0), "doubleSided": True}


def write_rig(motion: Motion, path: str | Path) -> None:
    """Write a motion as a skinned armature at rest in a T-pose, with the camera and the floor.

    Every bone's surface hangs on its own joint with weight 1, all in one mesh, so that a character's skin can be
    weighted in its place. The rest pose stands on the floor with the arms out sideways; the animation is the motion,
    with keys at the true times of the frames. Joints note their OpenSim body in `extras`.

    Raises
    ------
    InputError
        When the skeleton has none of the bodies that rigs are made of.
    """
    skeleton = without_unseen(motion)
    if "pelvis" not in skeleton.body_names:
        raise InputError("a rig needs a skeleton with a pelvis, as OpenSim's full-body models have")
    rest = Kinematics(skeleton, ()).pose(t_pose(skeleton)[None])
    buffer, tree = GlbBuffer(), relative_to(skeleton, rest, PARENTS)
    nodes, count = _joints(tree), len(tree.names)
    mesh = _skinned_mesh(skeleton, rest, buffer)
    inverse = buffer.add(_inverse_binds(rest))
    content: dict[str, Any] = {
        "scenes": [{"nodes": [count, count + 2]}],
        "nodes": [
            *nodes,
            {"name": skeleton.name, "children": [*tree.children(-1), count + 1]},
            {"name": "bones", "mesh": 0, "skin": 0},
            {"name": "floor", "mesh": 1},
        ],
        "meshes": [{"name": "bones", "primitives": [mesh]}, _floor(buffer)],
        "skins": [
            {"joints": list(range(count)), "inverseBindMatrices": inverse, "skeleton": tree.children(-1)[0]}
        ],
        "materials": [MATERIAL, FLOOR],
    }
    add_motion(content, motion, buffer, PARENTS)
    write_binary(path, content, buffer)


def t_pose(skeleton: Skeleton) -> Array:
    """(n,) coordinates of the rest pose: upright on the floor at the origin, arms out sideways, palms down."""
    q, names = skeleton.neutral_q.copy(), skeleton.free_names
    for name, degrees in (("arm_elevation", 90.0), ("pro_sup", 90.0)):
        for side in "rl":
            if f"{name}_{side}" in names:
                q[names.index(f"{name}_{side}")] = np.radians(degrees)
    kinematics, bodies = Kinematics(skeleton, ()), skeleton.body_names
    for side, sign in (("r", 1.0), ("l", -1.0)):
        column = f"arm_crossing_{side}"
        if column not in names or f"ulna_{side}" not in bodies:
            continue
        ends = kinematics.pose(q[None]).origin[0, [bodies.index(f"{b}_{side}") for b in ("humerus", "ulna")]]
        x, _, z = ends[1] - ends[0]
        q[names.index(column)] = -np.arctan2(x, sign * z)
    poses = kinematics.pose(q[None])
    lowest = min(
        (_in_world(bone, poses).vertices[:, 1].min() for bone in placed_bones(skeleton)), default=0.0
    )
    if "pelvis_ty" in names:
        q[names.index("pelvis_ty")] -= lowest
    return q


def standard_name(body: str) -> str:
    """What rigs call a body: `RightUpLeg` for `femur_r`; its own name for those that rigs do not have."""
    stem, side = split_side(body)
    if side and stem in SIDE_NAMES:
        return {"r": "Right", "l": "Left"}[side] + SIDE_NAMES[stem]
    return MIDDLE_NAMES.get(body, body)


def _joints(tree: BodyTree) -> list[dict[str, Any]]:
    """A node a body, at rest."""
    turns = quaternions(tree.rotation[0])
    nodes = []
    for b, name in enumerate(tree.names):
        node = {
            "name": standard_name(name),
            "translation": tree.translation[0, b].tolist(),
            "rotation": turns[b].tolist(),
            "extras": {"opensim_body": name},
        }
        children = tree.children(b)
        nodes.append(node | ({"children": children} if children else {}))
    return nodes


def _in_world(bone: PlacedBone, poses: BodyPoses) -> BoneSurface:
    """A bone's surface in the world, in frame 0."""
    R_world_body, surface = poses.rotation[0, bone.body], bone.surface
    vertices = surface.vertices @ R_world_body.T + poses.origin[0, bone.body]
    return BoneSurface(vertices, surface.faces, surface.normals @ R_world_body.T)


def _skinned_mesh(skeleton: Skeleton, rest: BodyPoses, buffer: GlbBuffer) -> dict[str, Any]:
    """All bones as one primitive at rest, each vertex on the joint of its body."""
    bones = placed_bones(skeleton)
    if not bones:
        raise InputError("no bone of this skeleton was seen: there is nothing to rig")
    surface = joined([_in_world(bone, rest) for bone in bones])
    count = len(surface.vertices)
    joints, weights = np.zeros((count, 4), np.uint16), np.zeros((count, 4), np.float32)
    joints[:, 0] = np.repeat([bone.body for bone in bones], [len(bone.surface.vertices) for bone in bones])
    weights[:, 0] = 1.0
    return {
        "attributes": {
            "POSITION": buffer.add(surface.vertices.astype(np.float32), VERTICES, ends=True),
            "NORMAL": buffer.add(upright_normals(surface).astype(np.float32), VERTICES),
            "JOINTS_0": buffer.add(joints, VERTICES),
            "WEIGHTS_0": buffer.add(weights, VERTICES),
        },
        "indices": buffer.add(surface.faces.astype(np.uint32).ravel(), INDICES),
        "material": 0,
    }


def _inverse_binds(rest: BodyPoses) -> Any:
    """(B, 16) from the world to each joint at rest, column by column."""
    matrices = np.tile(np.eye(4), (rest.origin.shape[1], 1, 1))
    back = rest.rotation[0].transpose(0, 2, 1)
    matrices[:, :3, :3] = back
    matrices[:, :3, 3] = -np.einsum("bij,bj->bi", back, rest.origin[0])
    return matrices.transpose(0, 2, 1).reshape(-1, 16).astype(np.float32)


def _floor(buffer: GlbBuffer) -> dict[str, Any]:
    """A square at Y = 0 around the origin."""
    corners = 0.5 * FLOOR_M * np.array([[-1, 0, -1], [-1, 0, 1], [1, 0, 1], [1, 0, -1]], np.float32)
    primitive = {
        "attributes": {
            "POSITION": buffer.add(corners, VERTICES, ends=True),
            "NORMAL": buffer.add(np.tile(np.array([0, 1, 0], np.float32), (4, 1)), VERTICES),
        },
        "indices": buffer.add(np.array([0, 1, 2, 0, 2, 3], np.uint16), INDICES),
        "material": 1,
    }
    return {"name": "floor", "primitives": [primitive]}
