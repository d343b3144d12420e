"""How long the bones of a skeleton are, joint to joint or end to end, in the person's size."""

from collections.abc import Sequence

import numpy as np

from pase.anatomy.bones import load_bones, place_bone
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.surfaces import BoneSurface
from pase.types import Array

SPANS = tuple(
    (f"{bone}_{side}", f"{start}_{side}", f"{end}_{side}")
    for bone, start, end in (
        ("femur", "femur", "tibia"),
        ("tibia", "tibia", "talus"),
        ("humerus", "humerus", "ulna"),
        ("ulna", "ulna", "hand"),
        ("radius", "radius", "hand"),
    )
    for side in "rl"
) + (("hip_width", "femur_l", "femur_r"), ("shoulder_width", "humerus_l", "humerus_r"))
"""Lengths from one body's origin, which is its joint centre, to another's: name, from, to."""

EXTENTS = (
    ("foot_r", ("calcn_r", "toes_r"), 0), ("foot_l", ("calcn_l", "toes_l"), 0),
    ("hand_r", ("hand_r",), 1), ("hand_l", ("hand_l",), 1),
    ("pelvis_width", ("pelvis",), 2), ("head_height", ("head",), 1),
)  # fmt: skip
"""Lengths from end to end of the bone surfaces: name, bodies, axis (0 x, 1 y, 2 z) of the first body."""

CARRIERS = (
    {name: start for name, start, _ in SPANS}
    | {name: bodies[0] for name, bodies, _ in EXTENTS}
    | {"hip_width": "pelvis", "shoulder_width": "torso"}
)
"""The body that each length belongs to, by the name of the length."""


def bone_lengths(skeleton: Skeleton) -> dict[str, float]:
    """Lengths in metres, by name, of the bones in `SPANS` and `EXTENTS` that the skeleton has."""
    return joint_lengths(skeleton) | _extents(skeleton)


def joint_lengths(skeleton: Skeleton) -> dict[str, float]:
    """Lengths in metres, by name, of `SPANS` that the skeleton has; of shoulders only with a torso of one piece.

    They are measured in the neutral pose, all coordinates at the value in their range nearest to 0, as the
    knee's centre moves a little when it bends.
    """
    origin = _neutral(skeleton).origin[0]
    names = skeleton.body_names
    return {
        name: float(np.linalg.norm(origin[names.index(end)] - origin[names.index(start)]))
        for name, start, end in SPANS
        if {start, end, CARRIERS[name]} <= set(names)
    }


def _extents(skeleton: Skeleton) -> dict[str, float]:
    poses, surfaces, names = _neutral(skeleton), load_bones(skeleton), skeleton.body_names
    lengths = {}
    for name, bodies, axis in EXTENTS:
        if set(bodies) <= set(names):
            points = _surface_points(skeleton, bodies, poses, surfaces)
            if len(points):
                along = poses.rotation[0, names.index(bodies[0])][:, axis]
                lengths[name] = float(np.ptp(points @ along))
    return lengths


def _neutral(skeleton: Skeleton) -> BodyPoses:
    return Kinematics(skeleton, ()).pose(skeleton.neutral_q[None])


def _surface_points(
    skeleton: Skeleton, bodies: Sequence[str], poses: BodyPoses, surfaces: dict[str, BoneSurface]
) -> Array:
    """World positions (V, 3) of all surface points of some bodies in frame 0."""
    points = [np.zeros((0, 3))]
    for name in bodies:
        b = skeleton.body_index(name)
        for mesh in skeleton.bodies[b].meshes:
            if mesh.file in surfaces:
                local = place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]).vertices
                points.append(local @ poses.rotation[0, b].T + poses.origin[0, b])
    return np.concatenate(points)
