"""The surfaces of the bones, in the coordinates of their mesh files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pase.types import Array

ASSET = "bones.npz"


@dataclass(frozen=True)
class BoneSurface:
    """A closed triangle mesh with one smooth normal at each vertex."""

    vertices: Array
    """(V, 3) metres, as in the mesh file: before the mesh's and the body's scale."""
    faces: NDArray[np.int32]
    """(F, 3) vertex indices, counter-clockwise seen from outside."""
    normals: Array
    """(V, 3) unit vectors outwards."""

    def moved(self, by: Array) -> Self:
        """The surface moved `by` (3,) metres."""
        return replace(self, vertices=self.vertices + by)


def joined(surfaces: Sequence[BoneSurface]) -> BoneSurface:
    """Several surfaces as one, their vertices in the same order."""
    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces[:-1])])
    faces = [surface.faces + start for surface, start in zip(surfaces, starts, strict=False)]
    return BoneSurface(
        np.concatenate([np.zeros((0, 3)), *(surface.vertices for surface in surfaces)]),
        np.concatenate([np.zeros((0, 3), np.int32), *faces]).astype(np.int32),
        np.concatenate([np.zeros((0, 3)), *(surface.normals for surface in surfaces)]),
    )


@cache
def stored_bones() -> dict[str, BoneSurface]:
    """The surfaces of all bones that come with PASE, by the name of their mesh file."""
    with (
        files("pase.assets").joinpath(ASSET).open("rb") as stream,
        np.load(stream, allow_pickle=False) as data,
    ):
        names, sizes = data["names"].tolist(), data["sizes"]
        all_vertices, all_faces = data["vertices"].astype(float), data["faces"].astype(np.int32)
    ends = sizes.cumsum(axis=0)[:-1]
    first = np.concatenate([[0], ends[:, 0]]).astype(np.int32)
    normals = smooth_normals(all_vertices, all_faces + np.repeat(first, sizes[:, 1])[:, None])
    vertices, faces = np.split(all_vertices, ends[:, 0]), np.split(all_faces, ends[:, 1])
    return dict(zip(names, map(BoneSurface, vertices, faces, np.split(normals, ends[:, 0])), strict=True))


def triangle_normals(vertices: Array, faces: NDArray[np.int32]) -> Array:
    """Normals (F, 3) of triangles, each twice as long as its triangle is large."""
    corners = vertices[faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def smooth_normals(vertices: Array, faces: NDArray[np.int32]) -> Array:
    """Unit normals (V, 3): the mean of the adjoining triangles' normals, weighted by area."""
    normals = triangle_normals(vertices, faces)
    total = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(total, faces[:, corner], normals)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(np.divide(total, length, out=np.zeros_like(total), where=length > 0))


_VTP = """<?xml version="1.0"?>
<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian">
<PolyData>
<Piece NumberOfPoints="{v}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" NumberOfPolys="{f}">
<PointData Normals="Normals">
<DataArray type="Float32" Name="Normals" NumberOfComponents="3" format="ascii">
{normals}
</DataArray>
</PointData>
<Points>
<DataArray type="Float32" NumberOfComponents="3" format="ascii">
{vertices}
</DataArray>
</Points>
<Polys>
<DataArray type="Int32" Name="connectivity" format="ascii">
{faces}
</DataArray>
<DataArray type="Int32" Name="offsets" format="ascii">
{offsets}
</DataArray>
</Polys>
</Piece>
</PolyData>
</VTKFile>
"""


def vtp_text(bone: BoneSurface) -> str:
    """A surface as an ASCII VTK PolyData file, coordinates to 10 µm."""
    return _VTP.format(
        v=len(bone.vertices),
        f=len(bone.faces),
        normals=_rows(bone.normals, "%.3f"),
        vertices=_rows(bone.vertices, "%.5f"),
        faces=_rows(bone.faces, "%d"),
        offsets=" ".join(str(3 * (i + 1)) for i in range(len(bone.faces))),
    )


def _rows(table: NDArray[Any], pattern: str) -> str:
    """A line a row; all numbers are formatted at once, which takes a third of the time."""
    row = " ".join([pattern] * table.shape[1])
    return "\n".join([row] * len(table)) % tuple(table.ravel().tolist())
