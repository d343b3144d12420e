"""Bone surfaces in the frame of their body, in the person's size."""

from __future__ import annotations

import numpy as np

from pase.anatomy.joints import rotation_xyz
from pase.anatomy.model import BoneMesh
from pase.anatomy.surfaces import BoneSurface
from pase.types import Array


def place_bone(surface: BoneSurface, mesh: BoneMesh, scale: Array) -> BoneSurface:
    """A bone surface in the axes of its body, scaled as OpenSim draws it.

    The mesh is stretched along its own axes, by as much as the body is stretched in these directions; its
    frame is moved with the body. A mirrored mesh stays outside out. The normals follow as the surface does,
    so they stay upright on a flattened bone.

    Parameters
    ----------
    surface
        The surface in the coordinates of its file.
    mesh
        How it is attached to the body.
    scale
        (3,) scale factors of the body along its axes.
    """
    turn = rotation_xyz(mesh.frame.orientation)
    stretch = np.asarray(mesh.scale) * np.linalg.norm(scale[:, None] * turn, axis=0)
    vertices = (surface.vertices * stretch) @ turn.T + np.asarray(mesh.frame.translation) * scale
    normals = (surface.normals / stretch) @ turn.T
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    faces = surface.faces if np.prod(stretch) > 0 else surface.faces[:, ::-1]
    return BoneSurface(vertices, faces, normals)
