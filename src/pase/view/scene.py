"""Bones as VTK actors, seen by a camera equal to the one that filmed the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any, Literal

import numpy as np

from pase.anatomy.bones import placed_bones
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.surfaces import BoneSurface
from pase.data import Camera
from pase.types import Array, Image
from pase.view.backend import make_window, require_drawing

BONE_COLORS = (
    (0.96, 0.9, 0.77), (0.72, 0.87, 0.97), (0.96, 0.76, 0.84), (0.76, 0.93, 0.72), (0.98, 0.74, 0.45),
    (0.83, 0.78, 0.97),
)  # fmt: skip
"""Red, green and blue from 0 to 1: ivory for the first person, then tints that differ from it."""
LARGEST_SMOOTHED = 4_000_000
"""Most pixels that are drawn to smooth edges, by drawing twice as large; a larger region stays rough."""
WINDOW_STEP = 64
"""The window's sides are multiples of this, in pixels, so that it seldom needs a new size."""
NEAREST_M = 0.05
"""Metres before the camera within which nothing is drawn."""

_LIGHT_CODE = "//VTK::Light::Impl"
"""Where VTK's own light goes. Its loops and powers for every pixel take twice as long."""
_BONE = """//VTK::Light::Impl
  vec3 key = vec3(-0.408, 0.612, 0.680), fill = vec3(0.764, -0.255, 0.594);
  vec3 n = normalVCVSOutput;
  float lit = max(dot(n, key), 0.0), weak = max(dot(n, fill), 0.0);
  float shine = max(2.0 * lit * n.z - key.z, 0.0);
  shine *= shine; shine *= shine; shine *= shine;
  gl_FragData[0] = vec4((0.22 + 0.75 * lit + 0.30 * weak + 0.11 * shine * shine) * diffuseColor, 1.0);
"""
"""A soft key light from above the camera's left shoulder, a weak one from below on the right, and a little gloss."""
_XRAY = """//VTK::Light::Impl
  float edge = 1.0 - abs(normalVCVSOutput.z);
  gl_FragData[0] = vec4(vec3(0.86, 0.94, 1.0), 0.13 + 0.5 * edge * edge);
"""
"""Thin where a surface faces the camera and dense at its edge, as a hollow bone is to X-rays."""
LEAST_TRIANGLE_PX = 10.0
"""Area of a triangle on the screen, in pixels, that is wanted on average."""
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.8
"""With a smaller share of their triangles ribs and the pelvis get holes; a larger one is not worth the work."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A drawn part of the picture."""

    x: int
    """Column of its left edge in the picture."""
    y: int
    """Row of its upper edge."""
    rgba: Image
    """(h, w, 4); the colours are already multiplied by alpha."""


@dataclass(frozen=True, slots=True)
class _Bone:
    """All the bones of one body as one actor; they move together."""

    body: int
    actor: Any
    T_world_body: Any
    """VTK's 4 × 4 matrix, from the body's frame to the world."""
    p_body: Array
    """(8, 3) corners of the box around them in the body's frame, metres."""


class Renderer:
    """Draws skeletons on a transparent ground; a context manager, to be used in one thread.

    Meshes are read and scaled once; a frame only moves the actors. Only the part of the picture in which
    the bones are is drawn, in double size where that is not too large, which smooths the edges.

    Parameters
    ----------
    skeletons
        One for every person in the scene; they hide each other as their depths are.
    camera
        The camera that filmed them; its `image_size` is the size of the picture.
    style
        `bones`, solid ivory, or `xray`, all bones shining through each other.
    px_a_metre
        How large each person is drawn at most, which decides how fine their meshes must be; None, or None for a
        person, takes the full meshes.
    """

    def __init__(
        self,
        skeletons: Sequence[Skeleton],
        camera: Camera,
        style: Literal["bones", "xray"] = "bones",
        px_a_metre: Sequence[float | None] | None = None,
    ) -> None:
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
        from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

        self._window = make_window(require_drawing().name)
        self.camera = camera
        self._kinematics = [Kinematics(skeleton, ()) for skeleton in skeletons]
        self._scene = vtkRenderer()
        self._scene.SetBackgroundAlpha(0.0)
        self._window.AddRenderer(self._scene)
        self._buffer = vtkUnsignedCharArray()
        self._size = (0, 0)
        self._scene.AutomaticLightCreationOff()
        self._scene.AddLight(vtkLight())
        self._bones = [
            _bones(skeleton, style, BONE_COLORS[number % len(BONE_COLORS)], px)
            for number, (skeleton, px) in enumerate(
                zip(skeletons, px_a_metre or [None] * len(skeletons), strict=True)
            )
        ]
        for bone in (bone for bones in self._bones for bone in bones):
            self._scene.AddActor(bone.actor)

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the window and free its memory."""
        self._window.Finalize()

    def draw(self, poses: Sequence[Array | None]) -> Image:
        """Draw one frame: for every skeleton its `q` (n,), or None where the person is not to be seen.

        Returns
        -------
        Image
            (H, W, 4) red, green, blue, alpha; the colours are already multiplied by alpha.
        """
        posed = [
            None if q is None else kinematics.pose(np.asarray(q, float)[None])
            for q, kinematics in zip(poses, self._kinematics, strict=True)
        ]
        width, height = self.camera.image_size
        picture = np.zeros((height, width, 4), np.uint8)
        patch = self.draw_patch([p and BodyPoses(p.rotation[0], p.origin[0]) for p in posed])
        if patch is not None:
            h, w = patch.rgba.shape[:2]
            picture[patch.y : patch.y + h, patch.x : patch.x + w] = patch.rgba
        return picture

    def draw_patch(self, poses: Sequence[BodyPoses | None]) -> Patch | None:
        """Draw one frame from body poses without the axis of time: rotation (B, 3, 3) and origin (B, 3).

        A body whose origin is NaN is left out.

        Returns
        -------
        Patch or None
            The part of the picture that has bones in it; None where there are none.
        """
        p_camera = self._move(poses)
        region = _region(p_camera, self.camera)
        if region is None:
            return None
        left, top, width, height = region
        window = self._fit(width, height)
        zoom = 2 if 4 * window[0] * window[1] <= LARGEST_SMOOTHED else 1
        self._look(left, top, window, depth=p_camera[:, 2])
        self._resize((zoom * window[0], zoom * window[1]))
        self._window.Render()
        return Patch(left, top, self._read(width, height, window[1], zoom))

    def _move(self, poses: Sequence[BodyPoses | None]) -> Array:
        """Put every actor in its place; corners (N, 3) of the boxes around the shown ones, in camera axes."""
        p_world = [np.zeros((0, 3))]
        for pose, bones in zip(poses, self._bones, strict=True):
            for bone in bones:
                shown = pose is not None and bool(np.isfinite(pose.origin[bone.body]).all())
                bone.actor.SetVisibility(shown)
                if pose is None or not shown:
                    continue
                R_world_body, t_world_body = pose.rotation[bone.body], pose.origin[bone.body]
                rows = np.column_stack([R_world_body, t_world_body])
                bone.T_world_body.DeepCopy([*rows.ravel().tolist(), 0.0, 0.0, 0.0, 1.0])
                p_world.append(bone.p_body @ R_world_body.T + t_world_body)
        return self.camera.to_camera(np.concatenate(p_world))

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        """Size of the window for a region: the present one if it has room and is not far too large."""
        needed = tuple(-(-side // WINDOW_STEP) * WINDOW_STEP for side in (width, height))
        have = self._size
        roomy = have[0] >= width and have[1] >= height and have[0] * have[1] <= 2 * needed[0] * needed[1]
        self._size = have if roomy else (needed[0], needed[1])
        return self._size

    def _resize(self, size: tuple[int, int]) -> None:
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)

    def _look(self, left: int, top: int, window: tuple[int, int], depth: Array) -> None:
        """Aim VTK's camera so that the window shows its part of the picture, and bones of some depths (N,)."""
        camera, (width, height) = self.camera, window
        R_camera_world = camera.rotation
        centre_world = -R_camera_world.T @ camera.translation
        view = self._scene.GetActiveCamera()
        view.SetPosition(*centre_world)
        view.SetFocalPoint(*(centre_world + R_camera_world[2]))
        view.SetViewUp(*-R_camera_world[1])
        view.SetViewAngle(np.degrees(2 * np.arctan2(height / 2, camera.focal_length_px)))
        # A pixel's own coordinates are those of its centre; VTK counts from the edge of the window.
        x, y = camera.principal_point[0] + 0.5 - left, camera.principal_point[1] + 0.5 - top
        view.SetWindowCenter(1 - 2 * x / width, 2 * y / height - 1)
        view.SetClippingRange(max(NEAREST_M, 0.95 * depth.min()), 1.05 * depth.max() + NEAREST_M)

    def _read(self, width: int, height: int, window_height: int, zoom: int) -> Image:
        """The upper left (height, width) of the window, made `zoom` times smaller."""
        import cv2

        bottom = zoom * (window_height - height)
        right, top = zoom * width - 1, zoom * window_height - 1
        self._window.GetRGBACharPixelData(0, bottom, right, top, 1, self._buffer)
        pixels: Image = _numpy_support().vtk_to_numpy(self._buffer)
        drawn = pixels.reshape(zoom * height, zoom * width, 4)[::-1]
        if zoom == 1:
            return drawn.copy()
        return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _region(p_camera: Array, camera: Camera) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of the part of the picture that holds points (N, 3) in camera axes."""
    depth = p_camera[:, 2]
    width, height = camera.image_size
    if len(p_camera) == 0 or depth.max() <= NEAREST_M:
        return None
    if depth.min() <= NEAREST_M:
        return 0, 0, width, height
    pixels = camera.focal_length_px * p_camera[:, :2] / depth[:, None] + camera.principal_point
    low = np.clip(np.floor(pixels.min(axis=0)) - 1, 0, camera.image_size)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 2, 0, camera.image_size)
    if np.any(high <= low):
        return None
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _bones(
    skeleton: Skeleton, style: str, color: tuple[float, float, float], px_a_metre: float | None
) -> list[_Bone]:
    """One actor for every body that has meshes."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    bones = []
    for b, placed in groupby(placed_bones(skeleton), key=lambda bone: bone.body):
        surfaces = [bone.surface for bone in placed]
        vertices = np.concatenate([surface.vertices for surface in surfaces])
        p_body = np.array(list(product(*zip(vertices.min(axis=0), vertices.max(axis=0), strict=True))))
        T_world_body = vtkMatrix4x4()
        polydata = _polydata(surfaces)
        actor = _actor(polydata if px_a_metre is None else coarser(polydata, px_a_metre), color)
        if style == "xray":
            _shine_through(actor)
        actor.SetUserMatrix(T_world_body)
        bones.append(_Bone(b, actor, T_world_body, p_body))
    return bones


def _polydata(surfaces: Sequence[BoneSurface]) -> Any:
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    arrays = _numpy_support()
    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces[:-1])])
    faces = np.concatenate([surface.faces + start for surface, start in zip(surfaces, starts, strict=True)])
    vertices = np.concatenate([surface.vertices for surface in surfaces]).astype(np.float32)
    normals = np.concatenate([surface.normals for surface in surfaces]).astype(np.float32)
    points, cells, polydata = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(arrays.numpy_to_vtk(vertices, deep=True))
    offsets = arrays.numpy_to_vtkIdTypeArray(np.arange(0, faces.size + 1, 3, dtype=np.int64), deep=True)
    cells.SetData(offsets, arrays.numpy_to_vtkIdTypeArray(faces.astype(np.int64).ravel(), deep=True))
    polydata.SetPoints(points)
    polydata.SetPolys(cells)
    polydata.GetPointData().SetNormals(arrays.numpy_to_vtk(normals, deep=True))
    return polydata


def _numpy_support() -> Any:
    from vtkmodules.util import numpy_support

    return numpy_support


def _actor(polydata: Any, color: tuple[float, float, float]) -> Any:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the mapper's OpenGL code
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(polydata)
    actor.SetMapper(mapper)
    material = actor.GetProperty()
    material.BackfaceCullingOn()
    material.SetColor(*color)
    actor.GetShaderProperty().AddFragmentShaderReplacement(_LIGHT_CODE, True, _BONE, False)
    return actor


def _shine_through(actor: Any) -> None:
    """One colour, seen through: layers of one colour need no order."""
    actor.ForceTranslucentOn()
    actor.GetProperty().BackfaceCullingOff()
    actor.GetShaderProperty().AddFragmentShaderReplacement(_LIGHT_CODE, True, _XRAY, False)


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
