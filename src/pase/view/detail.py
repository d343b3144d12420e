"""Bone meshes with no more triangles than are seen: of somebody small in the picture most are less than a pixel."""

from __future__ import annotations

from typing import Any

LEAST_TRIANGLE_PX = 10.0
"""Area of a triangle on the screen, in pixels, that is wanted on average."""
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.8
"""With a smaller share of their triangles ribs and the pelvis get holes; a larger one is not worth the work."""


def coarser(polydata: Any, px_a_metre: float) -> Any:
    """A mesh with fewer triangles, or the same where that would be seen.

    Parameters
    ----------
    polydata
        Triangles with normals, in metres, as VTK's `vtkPolyData`.
    px_a_metre
        How large it is drawn at most.
    """
    from vtkmodules.vtkFiltersCore import vtkMassProperties, vtkPolyDataNormals, vtkQuadricDecimation

    properties = vtkMassProperties()
    properties.SetInputData(polydata)
    area_px = properties.GetSurfaceArea() * px_a_metre**2
    share = max(_LEAST_SHARE, area_px / (LEAST_TRIANGLE_PX * max(1, polydata.GetNumberOfPolys())))
    if share > _MOST_SHARE:
        return polydata
    decimation, normals = vtkQuadricDecimation(), vtkPolyDataNormals()
    decimation.SetInputData(polydata)
    decimation.SetTargetReduction(1.0 - share)
    decimation.VolumePreservationOn()
    normals.SetInputConnection(decimation.GetOutputPort())
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
