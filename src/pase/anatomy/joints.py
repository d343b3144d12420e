"""Every OpenSim joint type in the one form of `Joint`, the rule by which joints scale, and rotations."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pase.anatomy.functions import Function, Linear
from pase.anatomy.model import Frame, Joint, TransformAxis
from pase.types import Array

Axes = tuple[TransformAxis, TransformAxis, TransformAxis]

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


class _Layout(NamedTuple):
    """Axes that the coordinates of a simple joint drive, in the order of the coordinates."""

    rotations: tuple[tuple[float, float, float], ...] = ()
    translations: tuple[tuple[float, float, float], ...] = ()


SIMPLE_JOINTS: Mapping[str, _Layout] = {
    "WeldJoint": _Layout(),
    "PinJoint": _Layout(rotations=(Z,)),
    "SliderJoint": _Layout(translations=(X,)),
    "UniversalJoint": _Layout(rotations=(X, Y)),
    "PlanarJoint": _Layout(rotations=(Z,), translations=(X, Y)),
    "BallJoint": _Layout(rotations=(X, Y, Z)),
    "GimbalJoint": _Layout(rotations=(X, Y, Z)),
    "FreeJoint": _Layout(rotations=(X, Y, Z), translations=(X, Y, Z)),
}
"""OpenSim's joints with fixed axes; ball and free joints by the body-fixed X-Y-Z angles OpenSim shows."""

JOINT_KINDS = ("CustomJoint", *SIMPLE_JOINTS)


def coordinate_count(kind: str) -> int:
    """Number of coordinates of a simple joint type."""
    layout = SIMPLE_JOINTS[kind]
    return len(layout.rotations) + len(layout.translations)


def simple_axes(kind: str, coordinates: Sequence[str]) -> tuple[Axes, Axes]:
    """Rotation and translation axes of a simple joint type driven by the named coordinates, in order."""
    layout = SIMPLE_JOINTS[kind]
    n = len(layout.rotations)
    rotations = [
        TransformAxis(a, Linear(), c) for a, c in zip(layout.rotations, coordinates[:n], strict=True)
    ]
    translations = [
        TransformAxis(a, Linear(), c) for a, c in zip(layout.translations, coordinates[n:], strict=True)
    ]
    return _filled(rotations), _filled(translations)


def _filled(driven: list[TransformAxis]) -> Axes:
    """Three axes: the driven ones first, then still ones along the unused directions."""
    used = {axis.axis for axis in driven}
    still = [TransformAxis(axis) for axis in (X, Y, Z) if axis not in used]
    first, second, third = (driven + still)[:3]
    return first, second, third


def joint_coordinates(joint: Joint) -> tuple[str, ...]:
    """Names of the coordinates that drive a joint, in the order of its axes, each once."""
    names = (a.coordinate for a in joint.rotations + joint.translations)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def is_simple(joint: Joint) -> bool:
    """Whether the joint still is what its `kind` says, so that it can be written as that type."""
    if joint.kind not in SIMPLE_JOINTS:
        return False
    names = joint_coordinates(joint)
    if len(names) != coordinate_count(joint.kind):
        return False
    return (joint.rotations, joint.translations) == simple_axes(joint.kind, names)


def is_free_displacement(function: Function) -> bool:
    """Whether a translation is itself a degree of freedom in metres, which no scale alters."""
    return isinstance(function, Linear) and function.slope == 1.0 and function.intercept == 0.0


def translation_scale_matrix(joint: Joint) -> tuple[Array, Array]:
    """Matrix (3, 3) and offset (3,) that give `translation_scale` as `matrix @ parent_scale + offset`."""
    matrix, offset = np.zeros((3, 3)), np.zeros(3)
    for i, axis in enumerate(joint.translations):
        if is_free_displacement(axis.function):
            offset[i] = 1.0
        else:
            direction = np.asarray(axis.axis, float)
            matrix[i] = direction**2 / (direction @ direction)
    return matrix, offset


def translation_scale(joint: Joint, parent_scale: Array) -> Array:
    """Factors by which the three translation functions of a joint grow with its parent body.

    A translation that is a degree of freedom (exactly `Linear(1, 0)`) keeps factor 1. Any other is
    multiplied by `Σₖ aₖ² sₖ`, with a the unit axis and s the parent's scale factors; the axis is taken as
    it is written, even where the joint frame is turned against the body. For axes along +x, +y, +z this
    is the rule of OpenSim's `Model::scale` (`SpatialTransform::scale`, factor `a · s`); for other axes
    OpenSim's factor would alter a model that is scaled by one, so the squares are used.

    Parameters
    ----------
    parent_scale
        (..., 3) scale factors of the parent body; ones for ground.

    Returns
    -------
    (..., 3) factors of the three translations.
    """
    matrix, offset = translation_scale_matrix(joint)
    return np.asarray(parent_scale, float) @ matrix.T + offset


def rotation_xyz(angles: Sequence[float] | Array) -> Array:
    """(3, 3) rotation by body-fixed X-Y-Z Euler angles in radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    return np.array(
        [
            [cy * cz, -cy * sz, sy],
            [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy],
            [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy],
        ]
    )


def angles_xyz(rotation: Array) -> Array:
    """(..., 3) body-fixed X-Y-Z Euler angles in radians of rotations (..., 3, 3); Z is 0 where Y is ±90°."""
    R, across = rotation, np.hypot(rotation[..., 0, 0], rotation[..., 0, 1])
    locked = across < 1e-12
    x = np.where(locked, np.arctan2(R[..., 2, 1], R[..., 1, 1]), np.arctan2(-R[..., 1, 2], R[..., 2, 2]))
    z = np.where(locked, 0.0, np.arctan2(-R[..., 0, 1], R[..., 0, 0]))
    return np.stack([x, np.arctan2(R[..., 0, 2], across), z], axis=-1)


def quaternions(rotation: Array) -> Array:
    """(..., 4) unit quaternions x, y, z, w of rotations (..., 3, 3); the largest of the four numbers is positive.

    `4 q qᵀ` is linear in the matrix: its row with the largest diagonal element gives q as exactly as can be (Shepperd
    1978).
    """
    turned = rotation.swapaxes(-2, -1)
    trace = np.trace(rotation, axis1=-2, axis2=-1)[..., None]
    products = np.empty((*rotation.shape[:-2], 4, 4))  # each number times each, times 4
    products[..., :3, :3] = rotation + turned + (1 - trace)[..., None] * np.eye(3)
    products[..., :3, 3] = products[..., 3, :3] = (turned - rotation)[..., [1, 2, 0], [2, 0, 1]]
    products[..., 3, 3] = 1 + trace[..., 0]
    largest = np.diagonal(products, axis1=-2, axis2=-1).argmax(-1)
    row = np.take_along_axis(products, largest[..., None, None], -2)[..., 0, :]
    return np.asarray(row / np.linalg.norm(row, axis=-1, keepdims=True))


def compose(outer: Frame, inner: Frame) -> Frame:
    """The frame that `inner`, given in the axes of `outer`, has on the body that carries `outer`."""
    if outer == Frame():
        return inner
    rotation = rotation_xyz(outer.orientation)
    x, y, z = (np.asarray(outer.translation) + rotation @ np.asarray(inner.translation)).tolist()
    if inner.orientation == (0.0, 0.0, 0.0):
        return Frame((x, y, z), outer.orientation)
    a, b, c = angles_xyz(rotation @ rotation_xyz(inner.orientation)).tolist()
    return Frame((x, y, z), (a, b, c))
