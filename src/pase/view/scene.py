"""Bones drawn by VTK, seen by a camera equal to the one that filmed the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.bones import placed_bones
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.surfaces import BoneSurface, joined, smooth_normals, triangle_normals
from pase.data import Camera
from pase.types import Array, Image, ImageSize
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
_GL_BLEND = 0x0BE2
"""OpenGL's number of this setting."""

_PLACING = """//VTK::System::Dec
in vec4 vertexMC;
in vec3 normalMC;
in float body;
uniform mat4 T_camera_body[BODIES];
uniform vec4 projection;
uniform vec2 depth_range;
out vec3 normal;
void main() {
  mat4 T = T_camera_body[int(body + 0.5)];
  vec4 p = T * vec4(vertexMC.xyz, 1.0);
  normal = mat3(T) * normalMC;
  float near = depth_range.x, far = depth_range.y;
  gl_Position.xy = p.xy * projection.xy + p.z * projection.zw;
  gl_Position.zw = vec2((p.z * (far + near) - 2.0 * far * near) / (far - near), p.z);
}
"""
"""Every vertex moves with its body. The camera's axes point right, down and ahead, and so do the picture's."""
_COLORING = """//VTK::System::Dec
//VTK::Output::Dec
//VTK::DepthPeeling::Dec
in vec3 normal;
uniform vec3 color;
void main() {
  vec3 n = normalize(normal);
  LOOK
  //VTK::DepthPeeling::Impl
}
"""
_BONE = """
  float lit = max(dot(n, vec3(-0.408, -0.612, -0.680)), 0.0), weak = max(dot(n, vec3(0.764, 0.255, -0.594)), 0.0);
  float shine = max(-2.0 * lit * n.z - 0.680, 0.0);
  shine *= shine; shine *= shine; shine *= shine;
  gl_FragData[0] = vec4((0.22 + 0.75 * lit + 0.30 * weak + 0.11 * shine * shine) * color, 1.0);
"""
"""A soft key light from above the camera's left shoulder, a weak one from below on the right, and a little gloss."""
_XRAY = """
  float edge = 1.0 - abs(n.z);
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
class _Figure:
    """All bones of one person as one actor, drawn in one call."""

    bodies: NDArray[np.intp]
    """(N,) numbers of the bodies that have bones, in the skeleton."""
    p_body: Array
    """(N, 8, 3) corners of the box around the bones of each, in its own axes, metres."""
    actor: Any
    uniforms: Any
    """What the shader knows of the frame."""

    def place(self, pose: BodyPoses | None, camera: Camera) -> Array:
        """Put the bones before a camera; corners (M, 3) of the boxes around the shown ones in its axes."""
        self.actor.SetVisibility(pose is not None)
        if pose is None:
            return np.zeros((0, 3))
        origin = pose.origin[self.bodies]
        known = np.isfinite(origin).all(axis=1)
        T_camera_body = np.zeros((len(self.bodies), 4, 4))
        T_camera_body[:, :3, :3] = camera.rotation @ pose.rotation[self.bodies]
        T_camera_body[:, :3, 3] = camera.to_camera(origin)
        # All corners of a triangle in one place are no triangle.
        T_camera_body[~known] = 0.0
        columns = T_camera_body.transpose(0, 2, 1)
        self.uniforms.SetUniformMatrix4x4v("T_camera_body", len(columns), columns.ravel().tolist())
        p_camera = self.p_body[known] @ columns[known, :3, :3] + columns[known, 3:, :3]
        return np.asarray(p_camera.reshape(-1, 3))


class Renderer:
    """Draws skeletons on a transparent ground; a context manager, to be used in one thread.

    Meshes are read and scaled once; a frame only moves the bodies, and each person is drawn in one call. Only the
    part of the picture in which the bones are is drawn, in double size where that is not too large, which smooths
    the edges.

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
        from vtkmodules.vtkCommonCore import vtkCommand, vtkUnsignedCharArray
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self._window = make_window(require_drawing().name)
        self.camera = camera
        self._kinematics = [Kinematics(skeleton, ()) for skeleton in skeletons]
        self._scene = vtkRenderer()
        self._scene.SetBackgroundAlpha(0.0)
        self._window.AddRenderer(self._scene)
        self._buffer = vtkUnsignedCharArray()
        self._size = (0, 0)
        self._scene.AutomaticLightCreationOff()
        # The shader places the bones, so that VTK does not know where they are.
        self._scene.GetCullers().RemoveAllItems()
        if style == "bones":
            self._scene.AddObserver(vtkCommand.StartEvent, _without_blending)
        self._figures = [
            _figure(skeleton, style, BONE_COLORS[number % len(BONE_COLORS)], px)
            for number, (skeleton, px) in enumerate(
                zip(skeletons, px_a_metre or [None] * len(skeletons), strict=True)
            )
        ]
        for figure in self._figures:
            self._scene.AddActor(figure.actor)

    def __enter__(self) -> Self:
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
        p_camera = np.concatenate(
            [figure.place(pose, self.camera) for figure, pose in zip(self._figures, poses, strict=True)]
        )
        region = _region(p_camera, self.camera)
        if region is None:
            return None
        left, top, width, height = region
        window = self._fit(width, height)
        zoom = 2 if 4 * window[0] * window[1] <= LARGEST_SMOOTHED else 1
        self._look(left, top, window, depth=p_camera[:, 2])
        size = (zoom * window[0], zoom * window[1])
        if tuple(self._window.GetSize()) != size:
            self._window.SetSize(*size)
        self._window.Render()
        return Patch(left, top, self._read(width, height, zoom))

    def _fit(self, width: int, height: int) -> ImageSize:
        """Size of the window for a region: the present one if it has room and is not far too large."""
        needed = tuple(-(-side // WINDOW_STEP) * WINDOW_STEP for side in (width, height))
        have = self._size
        roomy = have[0] >= width and have[1] >= height and have[0] * have[1] <= 2 * needed[0] * needed[1]
        self._size = have if roomy else (needed[0], needed[1])
        return self._size

    def _look(self, left: int, top: int, window: ImageSize, depth: Array) -> None:
        """Show a part of the picture, and bones of some depths (N,); rows count from the top in OpenGL, too."""
        zoom = 2 * self.camera.focal_length_px / np.asarray(window)
        # A pixel's own coordinates are those of its centre; OpenGL counts from the edge of the window.
        middle = 2 * (np.asarray(self.camera.principal_point) + 0.5 - (left, top)) / window - 1
        depth_range = max(NEAREST_M, 0.95 * float(depth.min())), 1.05 * float(depth.max()) + NEAREST_M
        for figure in self._figures:
            figure.uniforms.SetUniform4f("projection", [*zoom, *middle])
            figure.uniforms.SetUniform2f("depth_range", depth_range)

    def _read(self, width: int, height: int, zoom: int) -> Image:
        """The upper left (height, width) of the window, made `zoom` times smaller."""
        import cv2

        self._window.GetRGBACharPixelData(0, 0, zoom * width - 1, zoom * height - 1, 1, self._buffer)
        pixels: Image = _numpy_support().vtk_to_numpy(self._buffer)
        image = pixels.reshape(zoom * height, zoom * width, 4)
        if zoom == 1:
            return image.copy()
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _without_blending(scene: Any, event: str) -> None:
    """Opaque bones need no blending, which VTK turns on and which a processor that draws takes long for."""
    scene.GetRenderWindow().GetState().vtkglDisable(_GL_BLEND)


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


def _figure(
    skeleton: Skeleton, style: str, color: tuple[float, float, float], px_a_metre: float | None
) -> _Figure:
    """The bones of a skeleton, each vertex with the place of its body in the list of those that have bones."""
    bodies, p_body, shapes = [], [], []
    for b, bones in groupby(placed_bones(skeleton), key=lambda bone: bone.body):
        surface = joined([bone.surface for bone in bones])
        p_body.append(
            list(product(*zip(surface.vertices.min(axis=0), surface.vertices.max(axis=0), strict=True)))
        )
        shapes.append(surface if px_a_metre is None else coarser(surface, px_a_metre))
        bodies.append(b)
    of_vertex = np.repeat(np.arange(len(bodies), dtype=np.float32), [len(shape.vertices) for shape in shapes])
    actor = _actor(_polydata(joined(shapes), of_vertex), len(bodies), style, color)
    uniforms = actor.GetShaderProperty().GetVertexCustomUniforms()
    return _Figure(np.array(bodies, int), np.array(p_body).reshape(-1, 8, 3), actor, uniforms)


def _polydata(surface: BoneSurface, body: NDArray[np.float32] | None = None) -> Any:
    """A surface in VTK's form, with what body each vertex belongs to."""
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    arrays = _numpy_support()
    points, cells, polydata = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(arrays.numpy_to_vtk(surface.vertices.astype(np.float32), deep=True))
    offsets = arrays.numpy_to_vtkIdTypeArray(
        np.arange(0, surface.faces.size + 1, 3, dtype=np.int64), deep=True
    )
    cells.SetData(offsets, arrays.numpy_to_vtkIdTypeArray(surface.faces.astype(np.int64).ravel(), deep=True))
    polydata.SetPoints(points)
    polydata.SetPolys(cells)
    polydata.GetPointData().SetNormals(arrays.numpy_to_vtk(surface.normals.astype(np.float32), deep=True))
    if body is not None:
        of_vertex = arrays.numpy_to_vtk(body, deep=True)
        of_vertex.SetName("body")
        polydata.GetPointData().AddArray(of_vertex)
    return polydata


def _numpy_support() -> Any:
    from vtkmodules.util import numpy_support

    return numpy_support


def _actor(polydata: Any, bodies: int, style: str, color: tuple[float, float, float]) -> Any:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the mapper's OpenGL code
    from vtkmodules.vtkCommonDataModel import vtkDataObject
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(polydata)
    mapper.MapDataArrayToVertexAttribute("body", "body", vtkDataObject.FIELD_ASSOCIATION_POINTS, -1)
    mapper.SetVBOShiftScaleMethod(0)
    actor.SetMapper(mapper)
    shaders = actor.GetShaderProperty()
    shaders.SetVertexShaderCode(_PLACING.replace("BODIES", str(max(1, bodies))))
    shaders.SetFragmentShaderCode(_COLORING.replace("LOOK", _XRAY if style == "xray" else _BONE))
    shaders.GetFragmentCustomUniforms().SetUniform3f("color", color)
    if style == "xray":
        # One colour, seen through: layers of one colour need no order.
        actor.ForceTranslucentOn()
    else:
        # Rows count from the top, which turns every triangle over.
        actor.GetProperty().FrontfaceCullingOn()
    return actor


def coarser(surface: BoneSurface, px_a_metre: float) -> BoneSurface:
    """A surface with fewer triangles, or the same where that would be seen.

    Parameters
    ----------
    surface
        In metres.
    px_a_metre
        How large it is drawn at most.
    """
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    areas = np.linalg.norm(triangle_normals(surface.vertices, surface.faces), axis=1) / 2
    triangles = float(areas.sum()) * px_a_metre**2 / LEAST_TRIANGLE_PX
    share = max(_LEAST_SHARE, triangles / max(1, len(areas)))
    if share > _MOST_SHARE:
        return surface
    decimation = vtkQuadricDecimation()
    decimation.SetInputData(_polydata(surface))
    decimation.SetTargetReduction(1.0 - share)
    decimation.VolumePreservationOn()
    decimation.Update()
    arrays, reduced = _numpy_support(), decimation.GetOutput()
    vertices = arrays.vtk_to_numpy(reduced.GetPoints().GetData()).astype(float)
    faces = arrays.vtk_to_numpy(reduced.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    return BoneSurface(vertices, faces, smooth_normals(vertices, faces))
