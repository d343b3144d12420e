"""The bones that a skeleton is drawn with."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from pase.anatomy.joints import rotation_xyz
from pase.anatomy.model import BoneMesh, Skeleton
from pase.anatomy.surfaces import BoneSurface, joined, stored_bones
from pase.types import Array

log = logging.getLogger(__name__)

_STEM = re.compile(r"(?:(?P<first>[rl])_)?(?P<bone>.+?)(?:_(?P<last>[rl])v?)?(?:_raja)?", re.ASCII)
TRUNK_FILES: Mapping[str, tuple[str, ...]] = {
    "hat_spine": ("lumbar", "thoracic", "cerv"),
    "hat_ribs": ("ribs",),
    "hat_ribs_scap": ("ribs", "clavicle", "scapula"),
    "hat_skull": ("skull",),
    "hat_jaw": ("jaw",),
}
"""Files of other models that hold several bones, and the beginnings of these bones' names here; axes of the trunk."""
SHOULDER_HEIGHT_M = 0.3715
"""Height of Rajagopal's shoulder joint above the origin of the trunk; our trunk is stretched to it."""


def load_bones(skeleton: Skeleton | None = None) -> dict[str, BoneSurface]:
    """Surfaces of the bones that PASE has, by the name of their mesh file.

    Parameters
    ----------
    skeleton
        Give only the meshes that this skeleton uses, under the names it uses; all when None. Meshes are
        known by file name, whatever their folder, and by what other models call them; see
        `bone_by_other_name`. Those that PASE does not have are left out with one warning in the log.
    """
    if skeleton is None:
        return dict(stored_bones())
    files = dict.fromkeys(mesh.file for body in skeleton.bodies for mesh in body.meshes)
    surfaces = {file: surface for file in files if (surface := _surface(file)) is not None}
    missing = [file for file in files if file not in surfaces]
    if missing:
        log.warning("no surface for %d bone meshes: %s", len(missing), ", ".join(missing))
    return surfaces


class PlacedBone(NamedTuple):
    """A bone on its body."""

    body: int
    number: int
    """Index of the mesh among those of the body."""
    mesh: BoneMesh
    surface: BoneSurface
    """In the axes of the body, in the person's size."""


def placed_bones(skeleton: Skeleton) -> list[PlacedBone]:
    """Every bone of a skeleton that PASE has a surface for, body by body."""
    surfaces = load_bones(skeleton)
    return [
        PlacedBone(b, number, mesh, place_bone(surfaces[mesh.file], mesh, skeleton.scale[b]))
        for b, body in enumerate(skeleton.bodies)
        for number, mesh in enumerate(body.meshes)
        if mesh.file in surfaces
    ]


def _surface(file: str) -> BoneSurface | None:
    stem = PurePosixPath(file.replace("\\", "/")).stem
    stored = stored_bones().get(stem + ".vtp")
    return bone_by_other_name(stem) if stored is None else stored


def bone_by_other_name(stem: str) -> BoneSurface | None:
    """The bone that another model's mesh file shows, in the axes of its body; None where we have no such bone.

    The models that descend from Delp's leg and trunk (OpenSim's `gait2392`, Rajagopal's and their kin) have the same
    body axes as ours. They call the same bones by other names, and draw the whole trunk with four files.

    Parameters
    ----------
    stem
        The file's name without folder and suffix, as `r_femur`, `pelvis` or `hat_ribs`.
    """
    if stem in TRUNK_FILES:
        return _trunk(TRUNK_FILES[stem])
    file = _by_bone_and_side().get(_bone_and_side(stem))
    return None if file is None else stored_bones()[file]


def _bone_and_side(stem: str) -> tuple[str, str]:
    """`r_pelvis_raja` and `pelvis` are both the right pelvis: a bone without a side is the right one."""
    words = _STEM.fullmatch(stem)
    return (words["bone"], words["first"] or words["last"] or "r") if words else (stem, "r")


@cache
def _by_bone_and_side() -> dict[tuple[str, str], str]:
    return {_bone_and_side(file.removesuffix(".vtp")): file for file in stored_bones()}


@cache
def _trunk(beginnings: tuple[str, ...]) -> BoneSurface:
    """Bones of our trunk, neck and shoulder girdle in the neutral pose, as one surface in the axes of the trunk."""
    from pase.anatomy.default import default_skeleton
    from pase.anatomy.kinematics import Kinematics

    skeleton = default_skeleton()
    origin = Kinematics(skeleton, ()).pose(skeleton.neutral_q[None]).origin[0]
    origin = origin - origin[skeleton.body_index("torso")]
    stretch = np.array([1, SHOULDER_HEIGHT_M / origin[skeleton.body_index("humerus_r"), 1], 1])
    bones = [
        place_bone(stored_bones()[mesh.file], mesh, np.ones(3)).moved(place)
        for body, place in zip(skeleton.bodies, origin, strict=True)
        for mesh in body.meshes
        if mesh.file.startswith(beginnings)
    ]
    trunk = joined(bones)
    return replace(trunk, vertices=trunk.vertices * stretch)


def attachment(mesh: BoneMesh, scale: Array) -> tuple[Array, Array, Array]:
    """How a mesh sits on a body of some scale (3,): turn (3, 3), stretch along its own axes (3,), and place (3,)."""
    turn = rotation_xyz(mesh.frame.orientation)
    stretch = np.asarray(mesh.scale) * np.linalg.norm(scale[:, None] * turn, axis=0)
    return turn, stretch, np.asarray(mesh.frame.translation) * scale


def place_bone(surface: BoneSurface, mesh: BoneMesh, scale: Array) -> BoneSurface:
    """A bone surface in the axes of its body, scaled as OpenSim draws it.

    The mesh is stretched along its own axes, by as much as the body is stretched in these directions; its
    frame is moved with the body. A mirrored mesh stays outside out. The normals follow as the surface does,
    so they stay upright on a flattened bone.

    Parameters
    ----------
    surface
        The surface in the coordinates of its file.
    scale
        (3,) scale factors of the body along its axes.
    """
    turn, stretch, shift = attachment(mesh, scale)
    vertices = (surface.vertices * stretch) @ turn.T + shift
    normals = (surface.normals / stretch) @ turn.T
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    faces = surface.faces if np.prod(stretch) > 0 else surface.faces[:, ::-1]
    return BoneSurface(vertices, faces, normals)
