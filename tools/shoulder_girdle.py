"""Collarbones and shoulder blades as bodies of their own that lift with the arm.

The source model has ribs, breastbone, collarbones and shoulder blades in one mesh, and a shoulder joint fixed to the
chest. Here the mesh is taken apart. The collarbone turns about its joint with the breastbone, the shoulder blade
about the shoulder joint, and the shoulder joint moves on the chest as both carry it. All of it follows the arm's
elevation and crossing through couplers, so the skeleton has no new free coordinate, and the arm's angles are still
those of the upper arm on the chest.

The whole girdle sits lower than in the source: `GIRDLE_DROP_M`.
"""

from dataclasses import dataclass, replace

import numpy as np
from neck import still_axes
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.transform import Rotation

from pase.anatomy.functions import Linear, SimmSpline
from pase.anatomy.model import Body, BoneMesh, Coordinate, Coupler, Frame, Joint, Skeleton, TransformAxis

Array = NDArray[np.float64]
Mesh = tuple[Array, NDArray[np.int64]]
Vector = tuple[float, float, float]

SOURCE_MESH = "hat_ribs_scap.vtp"
"""Ribs, breastbone, collarbones and shoulder blades in one."""

SHOULDER_DROP_M, GIRDLE_DROP_M = 0.020, 0.016
"""How much lower than in the source the shoulder joint is, and the collarbone's outer end with the shoulder blade.
In the source the tip of the acromion stands 25 mm over the notch of the breastbone; on 6,068 living adults it stands
2 mm (men) and 5 mm (women) over it (ANSUR II: acromial height less suprasternale height). The blade is lowered by
less than the joint because the source's upper arm reaches into the acromion."""

SCAPULA_TURN = np.radians(8.0)
"""How far the shoulder blade is turned outwards about the vertical through the shoulder joint, clear of the ribs:
from 42° to 34° before the frontal plane, people's stand at 30-41°."""

CLAVICLE_LEVER_M = (-0.01401895, 0.00573156, 0.11858276)
"""From the breastbone to the joint of collarbone and shoulder blade, where the path of the shoulder joint is made."""
SCAPULA_LEVER_M = (0.00013029, -0.03186127, 0.03518876)
"""From that joint to the shoulder joint. Both levers are the source's before its mesh is placed on the chest, where
the arm at 150° would rise by 4.5 mm less: the lifter was trained, and keypoints were placed, on this path."""

UPWARD_ROTATION = 1 / 3
"""Degrees that the shoulder blade turns upwards for one of the arm's elevation after the setting phase: half of what
the joint between them turns (Inman et al. 1944). On the whole way it is 0.30 (Braman et al. 2009, J Shoulder Elbow
Surg 18:960)."""

CLAVICLE_ELEVATION = 0.07
"""Degrees that the collarbone rises for one of the arm's elevation: some 10° when the arm is overhead
(Ludewig et al. 2009, J Bone Joint Surg Am 91:378)."""

PROTRACTION = 0.17
"""Degrees that the collarbone and the shoulder blade turn forwards for one of the arm's crossing: raised to the front
instead of the side, 90° apart, the collarbone is retracted some 15° less (Ludewig et al. 2009)."""

ELEVATION_KNOTS_DEG = (-70.0, -35.0, 0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 190.0)
SETTING_DEG = 30.0
"""Elevation up to which the girdle hardly follows the arm (its setting phase, Inman et al. 1944)."""

CLAVICLE_KG, SCAPULA_KG = 0.15, 0.70
"""With the muscles around them; taken from the chest's mass, so that the whole weighs the same."""

_SCAPULA_POINTS, _CLAVICLE_POINTS = 798, 264
"""Vertices of the two pieces of the source mesh on each side."""


@dataclass(frozen=True)
class Girdle:
    """The right half of the source's shoulder girdle, in axes of the chest, metres."""

    clavicle: Mesh
    scapula: Mesh
    sternal_end: Array
    """(3,) joint of collarbone and breastbone."""
    shoulder: Array
    """(3,) shoulder joint, lowered."""


def with_girdle(skeleton: Skeleton, bones: dict[str, Mesh]) -> tuple[Skeleton, dict[str, Mesh]]:
    """The skeleton with a girdle that moves, and its bones with the source mesh taken apart."""
    pieces = _pieces(bones[SOURCE_MESH])
    joint = next(j for j in skeleton.joints if j.name == "acromial_r")
    meshes = skeleton.bodies[skeleton.body_index("torso")].meshes
    place = next(mesh for mesh in meshes if mesh.file == SOURCE_MESH)
    on_chest = [(v * place.scale + place.frame.translation, triangles) for v, triangles in pieces]
    right = _right_half(on_chest, np.array(joint.parent_frame.translation))
    bones = {name: mesh for name, mesh in bones.items() if name != SOURCE_MESH}
    bones["ribs.vtp"] = _joined([p for p in pieces if len(p[0]) not in (_SCAPULA_POINTS, _CLAVICLE_POINTS)])
    for side, sign in (("r", 1.0), ("l", -1.0)):
        bones[f"clavicle_{side}.vtp"] = _seen_from(right.clavicle, right.sternal_end, sign)
        bones[f"scapula_{side}.vtp"] = _seen_from(right.scapula, right.shoulder, sign)
        skeleton = _with_side(skeleton, right, side)
    return _without_source_mesh(skeleton), bones


def _pieces(mesh: Mesh) -> list[Mesh]:
    """The parts of a mesh that do not touch."""
    vertices, triangles = mesh
    edges = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(vertices),) * 2)
    count, label = connected_components(graph, directed=False)
    return [_part(mesh, label == i) for i in range(count)]


def _part(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh:
    number = np.cumsum(chosen) - 1
    return mesh[0][chosen], number[mesh[1][chosen[mesh[1][:, 0]]]]


def _joined(meshes: list[Mesh]) -> Mesh:
    offsets = np.cumsum([0, *(len(v) for v, _ in meshes)])
    return np.concatenate([v for v, _ in meshes]), np.concatenate(
        [f + o for (_, f), o in zip(meshes, offsets, strict=False)]
    )


def _right_half(pieces: list[Mesh], shoulder: Array) -> Girdle:
    """The lowered right half: the collarbone turned down about its sternal end, the blade shifted and turned."""
    (clavicle,) = (p for p in pieces if len(p[0]) == _CLAVICLE_POINTS and p[0][:, 2].mean() > 0)
    (scapula,) = (p for p in pieces if len(p[0]) == _SCAPULA_POINTS and p[0][:, 2].mean() > 0)
    z = clavicle[0][:, 2]
    sternal, acromial = (clavicle[0][chosen].mean(0) for chosen in (z < z.min() + 0.01, z > z.max() - 0.01))
    down = _turn((1.0, 0.0, 0.0), np.arcsin(GIRDLE_DROP_M / np.hypot(*(acromial - sternal)[1:])))
    outwards = _turn((0.0, 1.0, 0.0), SCAPULA_TURN)
    return Girdle(
        clavicle=((clavicle[0] - sternal) @ down.T + sternal, clavicle[1]),
        scapula=((scapula[0] - shoulder) @ outwards.T + shoulder - [0.0, GIRDLE_DROP_M, 0.0], scapula[1]),
        sternal_end=sternal,
        shoulder=shoulder - [0.0, SHOULDER_DROP_M, 0.0],
    )


def _seen_from(mesh: Mesh, origin: Array, sign: float) -> Mesh:
    """A bone of the right side about its body's origin, or its mirror image."""
    vertices = (mesh[0] - origin) * [1.0, 1.0, sign]
    return vertices, mesh[1] if sign > 0 else mesh[1][:, ::-1]


def _with_side(skeleton: Skeleton, right: Girdle, side: str) -> Skeleton:
    """The skeleton with collarbone and shoulder blade of one side, and the shoulder joint carried by them."""
    sign = 1.0 if side == "r" else -1.0
    translations = _shoulder_path(right, side)
    joints = [
        replace(
            j,
            parent_frame=Frame(_vector(right.shoulder, sign)),
            translations=tuple(_driven(a, f"arm_{a.coordinate}_{side}") for a in translations),
        )
        if j.name == f"acromial_{side}"
        else j
        for j in skeleton.joints
    ]
    bodies = (
        Body(f"clavicle_{side}", CLAVICLE_KG, (0.0, 0.0, sign * 0.065), (2e-4, 2e-5, 2e-4, 0.0, 0.0, 0.0),
             (BoneMesh(f"clavicle_{side}.vtp"),)),
        Body(f"scapula_{side}", SCAPULA_KG, (-0.04, -0.04, sign * -0.04), (1e-3,) * 3 + (0.0,) * 3,
             (BoneMesh(f"scapula_{side}.vtp"),)),
    )  # fmt: skip
    joints += [_clavicle_joint(right, side, sign), _scapula_joint(right, side, sign, translations)]
    coordinates, couplers = _followers(skeleton, side)
    return replace(
        skeleton,
        bodies=(*skeleton.bodies, *bodies),
        joints=tuple(joints),
        coordinates=(*skeleton.coordinates, *coordinates),
        couplers=(*skeleton.couplers, *couplers),
        scale=np.ones((len(skeleton.bodies) + 2, 3)),
    )


def _followers(skeleton: Skeleton, side: str) -> tuple[list[Coordinate], list[Coupler]]:
    """Coordinates of the girdle's joints, equal to those of the arm."""
    coordinates, couplers = [], []
    for bone in ("clavicle", "scapula"):
        for motion in ("elevation", "crossing"):
            arm = next(c for c in skeleton.coordinates if c.name == f"arm_{motion}_{side}")
            name = f"{bone}_{motion}_{side}"
            coordinates.append(replace(arm, name=name, motion="coupled", clamped=False))
            couplers.append(Coupler(f"{name}_con", name, arm.name, Linear()))
    return coordinates, couplers


def _clavicle_joint(right: Girdle, side: str, sign: float) -> Joint:
    """Lift about the axis that points forwards, then protraction about the vertical."""
    rotations = (
        TransformAxis((0.0, sign, 0.0), Linear(PROTRACTION), f"clavicle_crossing_{side}"),
        TransformAxis((-sign, 0.0, 0.0), _followed(CLAVICLE_ELEVATION), f"clavicle_elevation_{side}"),
        still_axes()[2],
    )
    frame = Frame(_vector(right.sternal_end, sign))
    return Joint(
        f"sternoclavicular_{side}",
        "CustomJoint",
        "torso",
        f"clavicle_{side}",
        frame,
        Frame(),
        rotations,
        still_axes(),
    )


def _scapula_joint(
    right: Girdle, side: str, sign: float, translations: tuple[TransformAxis, TransformAxis, TransformAxis]
) -> Joint:
    """About the shoulder joint, wherever the girdle carries it, so that the arm never leaves its socket."""
    rotations = (
        TransformAxis((0.0, sign, 0.0), Linear(PROTRACTION), f"scapula_crossing_{side}"),
        TransformAxis(_scapular_normal(sign), _followed(UPWARD_ROTATION), f"scapula_elevation_{side}"),
        still_axes()[2],
    )
    return Joint(
        f"scapulothoracic_{side}",
        "CustomJoint",
        "torso",
        f"scapula_{side}",
        Frame(_vector(right.shoulder, sign)),
        Frame(),
        rotations,
        tuple(_driven(a, f"scapula_{a.coordinate}_{side}") for a in translations),  # type: ignore[arg-type]
    )


def _driven(axis: TransformAxis, coordinate: str) -> TransformAxis:
    return axis if axis.coordinate is None else replace(axis, coordinate=coordinate)


def _shoulder_path(right: Girdle, side: str) -> tuple[TransformAxis, TransformAxis, TransformAxis]:
    """How far the shoulder joint moves on the chest, axis by axis: forwards by crossing, the rest by elevation.

    The collarbone carries the shoulder blade's joint, about which the shoulder joint turns upwards with it.
    """
    sign = 1.0 if side == "r" else -1.0
    arm, socket = np.array(CLAVICLE_LEVER_M), np.array(SCAPULA_LEVER_M)
    knots = np.radians(ELEVATION_KNOTS_DEG)
    path = np.array([_turn((-1.0, 0.0, 0.0), CLAVICLE_ELEVATION * e) @ arm
                     + _turn(_scapular_normal(1.0), UPWARD_ROTATION * e) @ socket
                     for e in _after_setting(knots)])  # fmt: skip
    path -= arm + socket
    forwards = Linear(PROTRACTION * float(right.shoulder[2] - right.sternal_end[2]))
    x, y, z = still_axes()
    return (
        replace(x, function=forwards, coordinate="crossing"),
        replace(y, function=_spline(knots, path[:, 1]), coordinate="elevation"),
        replace(z, function=_spline(knots, sign * path[:, 2]), coordinate="elevation"),
    )


def _followed(ratio: float) -> SimmSpline:
    """An angle that follows the arm's elevation after the setting phase, rad."""
    knots = np.radians(ELEVATION_KNOTS_DEG)
    return _spline(knots, ratio * _after_setting(knots))


def _after_setting(elevation: Array) -> Array:
    """Elevation that the girdle follows, rad: none at rest, little in the setting phase, all of it afterwards."""
    setting = np.radians(SETTING_DEG)
    return np.asarray(np.hypot(elevation, setting) - setting)


def _spline(knots: Array, values: Array) -> SimmSpline:
    return SimmSpline(tuple(map(float, knots)), tuple(round(float(v), 6) for v in values))


def _scapular_normal(sign: float) -> Vector:
    """Axis about which the shoulder blade turns upwards: at right angles to its plane, 35° in front of the side."""
    c, s = float(np.cos(np.radians(35.0))), float(np.sin(np.radians(35.0)))
    return (-sign * c, 0.0, s)


def _turn(axis: Vector, angle: float) -> Array:
    """(3, 3) rotation about a unit axis."""
    return np.asarray(Rotation.from_rotvec(angle * np.asarray(axis)).as_matrix())


def _vector(point: Array, sign: float) -> Vector:
    x, y, z = (round(float(v), 6) for v in point)
    return (x, y, sign * z)


def _without_source_mesh(skeleton: Skeleton) -> Skeleton:
    """The chest with ribs and breastbone alone, and lighter by the girdle."""
    torso = skeleton.bodies[skeleton.body_index("torso")]
    meshes = tuple(replace(m, file="ribs.vtp") if m.file == SOURCE_MESH else m for m in torso.meshes)
    chest = replace(torso, mass=torso.mass - 2 * (CLAVICLE_KG + SCAPULA_KG), meshes=meshes)
    return replace(skeleton, bodies=tuple(chest if b.name == "torso" else b for b in skeleton.bodies))
