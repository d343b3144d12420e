"""Bone surfaces packed for a web page: whole numbers, one block for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.bones import attachment, load_bones
from pase.anatomy.model import BoneMesh, Skeleton
from pase.anatomy.surfaces import BoneSurface
from pase.types import Array

VERTEX = np.dtype([("place", "<i2", 3), ("bone", "<u2"), ("normal", "i1", 3), ("hollow", "i1")])
"""A vertex of the page: place in its bone's own cube, number of the bone, normal, how hollow the surface is."""
FINEST = 32767
HOLLOW_GAIN = 1.6


@dataclass(frozen=True, slots=True)
class PackedBones:
    """All bones that some skeletons use."""

    files: tuple[str, ...]
    vertices: NDArray[np.void]
    """(V,) of `VERTEX`."""
    indices: NDArray[np.uint32]
    """(3 F,) vertices of the triangles, bone by bone."""
    ends: tuple[int, ...]
    """Where each bone's indices end."""
    centre: Array
    """(N, 3) middle of each bone in the coordinates of its file, metres."""
    size: Array
    """(N,) metres that the largest whole number stands for."""

    def affine(self, mesh: BoneMesh, scale: Array) -> Array:
        """(3, 4) from a bone's whole numbers, divided by the largest, to the axes of its body in metres.

        The same as `pase.anatomy.bones.place_bone`, as one matrix.
        """
        b = self.files.index(mesh.file)
        R_body_mesh, stretch, shift = attachment(mesh, scale)
        linear = R_body_mesh * stretch
        t_body_mesh = linear @ self.centre[b] + shift
        return np.column_stack([linear * self.size[b], t_body_mesh])


def pack_bones(skeletons: Sequence[Skeleton]) -> PackedBones:
    """Pack the surfaces that some skeletons use, each once."""
    surfaces: Mapping[str, BoneSurface] = {}
    for skeleton in skeletons:
        surfaces = {**surfaces, **load_bones(skeleton)}
    files = tuple(surfaces)
    centre, size = np.zeros((len(files), 3)), np.ones(len(files))
    vertices, indices, ends, start, end = [np.zeros(0, VERTEX)], [np.zeros(0, np.uint32)], [], 0, 0
    for b, surface in enumerate(surfaces.values()):
        low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
        centre[b], size[b] = (low + high) / 2, max(1e-6, float((high - low).max()) / 2)
        packed = np.zeros(len(surface.vertices), VERTEX)
        packed["place"] = np.round((surface.vertices - centre[b]) / size[b] * FINEST)
        packed["bone"] = b
        packed["normal"] = np.round(surface.normals * 127)
        packed["hollow"] = np.round(127 * np.clip(HOLLOW_GAIN * hollowness(surface), -1, 1))
        vertices.append(packed)
        indices.append(surface.faces.astype(np.uint32).ravel() + np.uint32(start))
        start, end = start + len(packed), end + surface.faces.size
        ends.append(end)
    return PackedBones(files, np.concatenate(vertices), np.concatenate(indices), tuple(ends), centre, size)


def hollowness(surface: BoneSurface) -> Array:
    """(V,) how hollow the surface is at each vertex: above 0 in a groove, below on a ridge.

    The mean over the neighbours of how far their direction rises out of the tangent plane. Shading by it
    shows grooves and ridges that light alone leaves flat.
    """
    edges = np.concatenate([surface.faces[:, [i, (i + 1) % 3]] for i in range(3)])
    step = surface.vertices[edges[:, 1]] - surface.vertices[edges[:, 0]]
    step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    rise = np.sum(step * surface.normals[edges[:, 0]], axis=1)
    total, count = np.zeros(len(surface.vertices)), np.zeros(len(surface.vertices))
    np.add.at(total, edges[:, 0], rise)
    np.add.at(count, edges[:, 0], 1)
    hollow: Array = total / np.maximum(count, 1)
    for _ in range(2):
        smooth = np.zeros_like(hollow)
        np.add.at(smooth, edges[:, 0], hollow[edges[:, 1]])
        hollow = 0.5 * hollow + 0.5 * smooth / np.maximum(count, 1)
    return hollow
