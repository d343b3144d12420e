"""The bones that a skeleton is drawn with."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import NamedTuple

from pase.anatomy.mesh_names import bone_by_other_name
from pase.anatomy.model import BoneMesh, Skeleton
from pase.anatomy.placement import place_bone
from pase.anatomy.surfaces import BoneSurface, stored_bones

log = logging.getLogger(__name__)


def load_bones(skeleton: Skeleton | None = None) -> dict[str, BoneSurface]:
    """Surfaces of the bones that PASE has, by the name of their mesh file.

    Parameters
    ----------
    skeleton
        Give only the meshes that this skeleton uses, under the names it uses; all when None. Meshes are
        known by file name, whatever their folder, and by what other models call them; see
        `pase.anatomy.mesh_names`. Those that PASE does not have are left out with one warning in the log.
    """
    if skeleton is None:
        return dict(stored_bones())
    wanted = dict.fromkeys(mesh.file for body in skeleton.bodies for mesh in body.meshes)
    surfaces = {file: surface for file in wanted if (surface := _surface(file)) is not None}
    missing = [file for file in wanted if file not in surfaces]
    if missing:
        log.warning("no surface for %d bone meshes: %s", len(missing), ", ".join(missing))
    return surfaces


class PlacedBone(NamedTuple):
    """A bone on its body."""

    body: int
    """Index of the body."""
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
