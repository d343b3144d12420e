"""A neck of seven vertebrae that bends, in place of one joint at the skull.

The source model fixes the seven vertebrae of the neck to the chest; its only joint is inside the skull. Here every
vertebra is a body of its own, as in the lumbar spine, and the skull turns on the condyles. The lower neck (C2 to T1)
and the upper neck (skull to C2) bend apart from one another, as they do when the head is pushed forwards with the
eyes level: the lower neck is flexed, the upper one extended (Ordway et al. 1999, Spine 24:240). Each vertebra takes
its share through couplers.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.functions import Constant, Linear
from pase.anatomy.joints import Axes, X, Y, Z
from pase.anatomy.model import Body, Coordinate, Coupler, Frame, Joint, Skeleton, TransformAxis

Array = NDArray[np.float64]
Vector = tuple[float, float, float]


class Segment(NamedTuple):
    """A joint of the neck: the vertebra above it turns about a point, by its share of the neck's angles."""

    name: str
    body: str
    centre: Vector
    """On the chest in the neutral posture, metres."""
    flexion: float
    bending: float
    rotation: float
    """Degrees of its range; see `SEGMENTS`."""


SEGMENTS = (
    Segment("C7_T1", "cerv7", (-0.0148, 0.3926, 0.0), 9, 4, 2),
    Segment("C6_C7", "cerv6", (-0.0100, 0.4135, 0.0), 17, 7, 6),
    Segment("C5_C6", "cerv5", (-0.0056, 0.4345, 0.0), 20, 8, 7),
    Segment("C4_C5", "cerv4", (-0.0024, 0.4513, 0.0), 20, 11, 7),
    Segment("C3_C4", "cerv3", (-0.0004, 0.4686, 0.0), 15, 11, 7),
    Segment("C2_C3", "cerv2", (0.0008, 0.4834, 0.0), 10, 10, 3),
    Segment("C1_C2", "cerv1", (-0.0025, 0.5010, 0.0), 20, 5, 40),
    Segment("C0_C1", "head", (-0.0120, 0.5105, 0.0), 25, 5, 5),
)
"""From below. Ranges: White & Panjabi, Clinical Biomechanics of the Spine, 2nd ed., 1990; only their ratios count.
Centres, measured on the source's bones: from C7/T1 to C2/C3 on the line between the middles of two vertebral bodies,
a quarter of the way up, as the axes lie in the upper half of the lower body (Amevo et al. 1991, Clin Biomech 6:111);
the middle of the dens; the sockets of the atlas, which lie 26 mm below and 11 mm behind the ear canal on people too
(Ewing & Thomas 1972)."""

UPPER = ("C1_C2", "C0_C1")
"""Joints of the upper neck; the others are the lower neck's."""

VERTEBRA_KG = 0.19
"""With the flesh around it: a seventh of a cylinder of water as long as the neck, of the girth of ANSUR II's necks.
Taken from the chest, so that the whole weighs the same."""
VERTEBRA_INERTIA = (2.1e-4, 3.7e-4, 2.1e-4, 0.0, 0.0, 0.0)
"""kg m², of a slice of that cylinder."""


class Angle(NamedTuple):
    """A free coordinate of the neck: the sum of what some of its joints turn about one axis."""

    name: str
    motion: str
    """Flexion, bending or rotation: each joint's share of it is in `Segment`."""
    joints: tuple[str, ...]
    owner: str
    """The joint that has the free coordinate; the others have coordinates that follow it."""


_LOWER = tuple(s.name for s in SEGMENTS if s.name not in UPPER)
ANGLES = (
    Angle("lower_neck_flexion", "flexion", _LOWER, "C7_T1"),
    Angle("lower_neck_bending", "bending", _LOWER, "C7_T1"),
    Angle("neck_rotation", "rotation", (*_LOWER, *UPPER), "C1_C2"),
    Angle("upper_neck_flexion", "flexion", UPPER, "C0_C1"),
    Angle("upper_neck_bending", "bending", UPPER, "C0_C1"),
)
MOTIONS = {"flexion": "Flex_Ext", "bending": "Lat_Bending", "rotation": "axial_rotation"}
"""In the order of the source's joint, with how the coordinates of the lumbar joints end that turn so."""


def with_neck(skeleton: Skeleton) -> Skeleton:
    """The skeleton with a body for each vertebra of the neck; in the neutral posture all is where it was."""
    at = skeleton.body_index("head")
    old = skeleton.joints[at]
    origins = {"torso": np.zeros(3)} | {s.body: np.array(s.centre) for s in SEGMENTS}
    origins["head"] = np.subtract(old.parent_frame.translation, old.child_frame.translation)
    joints = []
    for parent, segment in zip(("torso", *(s.body for s in SEGMENTS)), SEGMENTS, strict=False):
        frames = (Frame(_vector(segment.centre - origins[body])) for body in (parent, segment.body))
        axes = _axes(segment, old)
        joints.append(Joint(segment.name, "CustomJoint", parent, segment.body, *frames, axes, still_axes()))
    names = [s.body for s in SEGMENTS[:-1]]
    bodies = [_chest(b, origins) if b.name == "torso" else b for b in skeleton.bodies]
    bodies[at:at] = [_vertebra(skeleton, name, origins[name]) for name in names]
    turned = {axis.coordinate for axis in old.rotations}
    first = next(i for i, c in enumerate(skeleton.coordinates) if c.name in turned)
    coordinates = [c for c in skeleton.coordinates if c.name not in turned]
    coordinates[first:first] = [_coordinate(a.coordinate) for j in joints for a in j.rotations]
    return replace(
        skeleton,
        bodies=tuple(bodies),
        joints=(*skeleton.joints[:at], *joints, *skeleton.joints[at + 1 :]),
        coordinates=tuple(coordinates),
        couplers=(*skeleton.couplers, *_couplers()),
        scale=np.ones((len(bodies), 3)),
    )


def _driver(segment: Segment, motion: str) -> tuple[Angle, float]:
    """The angle that turns a joint in one way, and the joint's share of it."""
    angle = next(a for a in ANGLES if a.motion == motion and segment.name in a.joints)
    total = sum(getattr(s, motion) for s in SEGMENTS if s.name in angle.joints)
    return angle, round(getattr(segment, motion) / total, 6)


def _axes(segment: Segment, old: Joint) -> tuple[TransformAxis, TransformAxis, TransformAxis]:
    """The axes of the source's joint, in their order."""
    axes = []
    for motion, axis in zip(MOTIONS, old.rotations, strict=True):
        angle, share = _driver(segment, motion)
        if angle.owner == segment.name:
            axes.append(replace(axis, function=Linear(share), coordinate=angle.name))
        else:
            axes.append(replace(axis, function=Linear(), coordinate=f"{segment.name}_{MOTIONS[motion]}"))
    first, second, third = axes
    return first, second, third


def _coordinate(name: str | None) -> Coordinate:
    """A coordinate of the neck, as free as it can be; `build_skeleton` sets the ranges of the free ones."""
    assert name is not None
    return Coordinate(name, 0.0, (-np.pi / 2, np.pi / 2), clamped=False)


def _couplers() -> list[Coupler]:
    """Those of the joints that follow."""
    couplers = []
    for segment in SEGMENTS:
        for motion, ending in MOTIONS.items():
            angle, share = _driver(segment, motion)
            if angle.owner != segment.name:
                name = f"{segment.name}_{ending}"
                couplers.append(Coupler(f"{name}_con", name, angle.name, Linear(share)))
    return couplers


def _vertebra(skeleton: Skeleton, name: str, origin: Array) -> Body:
    """A vertebra about the centre of the joint below it, with its bone from the chest."""
    chest = skeleton.bodies[skeleton.body_index("torso")]
    (mesh,) = (m for m in chest.meshes if m.file.startswith(name))
    moved = replace(mesh, frame=replace(mesh.frame, translation=_vector(mesh.frame.translation - origin)))
    return Body(name, VERTEBRA_KG, (0.0, 0.008, 0.0), VERTEBRA_INERTIA, (moved,))


def _chest(torso: Body, origins: dict[str, Array]) -> Body:
    """The chest without the neck: lighter, and with its mass centre lower, so that the whole's stays."""
    neck = [origins[s.body] + (0.0, 0.008, 0.0) for s in SEGMENTS[:-1]]
    mass = torso.mass - len(neck) * VERTEBRA_KG
    centre = (torso.mass * np.array(torso.mass_center) - VERTEBRA_KG * np.sum(neck, axis=0)) / mass
    meshes = tuple(m for m in torso.meshes if not m.file.startswith("cerv"))
    return replace(torso, mass=mass, mass_center=_vector(centre), meshes=meshes)


def _vector(point: Array) -> Vector:
    x, y, z = (round(float(v), 6) + 0.0 for v in point)
    return (x, y, z)


def still_axes() -> Axes:
    """Three axes along x, y, z that never move."""
    return TransformAxis(X, Constant(0.0)), TransformAxis(Y, Constant(0.0)), TransformAxis(Z, Constant(0.0))
