"""The joint that carries the whole skeleton in the world, and rigid motions of the skeleton through it."""

from dataclasses import dataclass, replace

import numpy as np

from pase.anatomy.functions import Linear
from pase.anatomy.joints import angles_xyz, rotation_xyz
from pase.anatomy.kinematics import AT_ONCE, Kinematics, pieces
from pase.anatomy.model import Coordinate, Joint, Skeleton, TransformAxis
from pase.errors import InputError
from pase.types import Array

OPEN_TURN_RAD, OPEN_SHIFT_M = 40 * np.pi, 1000.0
"""How far a person may turn about, and be from where the world begins."""


@dataclass(frozen=True)
class Root:
    """The six free coordinates of the root joint, as columns of `q`, and the joint."""

    joint: Joint
    turns: tuple[int, int, int]
    shifts: tuple[int, int, int]

    @property
    def columns(self) -> list[int]:
        """All six columns."""
        return [*self.turns, *self.shifts]


def find_root(skeleton: Skeleton) -> Root:
    """The root joint of a skeleton.

    Raises
    ------
    InputError
        When the first body cannot move freely by three rotations and three translations of its own.
    """
    joint = skeleton.joints[0]
    turns = tuple(_column(skeleton, axis) for axis in joint.rotations)
    shifts = tuple(_column(skeleton, axis) for axis in joint.translations)
    if -1 in turns + shifts or len({*turns, *shifts}) < 6:
        raise InputError(
            f"the joint '{joint.name}' of '{skeleton.name}' must have three free rotations and three free "
            "translations, so that the body can be placed in the world; unlock them in the model"
        )
    axes = np.array([axis.axis for axis in joint.rotations])
    if not np.allclose(axes @ axes.T, np.eye(3), atol=1e-6):
        raise InputError(f"the rotation axes of the joint '{joint.name}' must be perpendicular")
    a, b, c = turns
    x, y, z = shifts
    return Root(joint, (a, b, c), (x, y, z))


def _column(skeleton: Skeleton, axis: TransformAxis) -> int:
    plain = (
        isinstance(axis.function, Linear)
        and abs(axis.function.slope) == 1.0
        and axis.function.intercept == 0.0
    )
    if not plain or axis.coordinate not in skeleton.free_names:
        return -1
    return skeleton.coordinate_index(axis.coordinate)


def with_open_root(skeleton: Skeleton) -> Skeleton:
    """The skeleton with ranges of the root that let a person walk and turn anywhere.

    Ranges of the root are no anatomy: a full circle walked must not end at ±180°. The middle rotation keeps
    its range, as it locks the joint at ±90°.
    """
    root = find_root(skeleton)
    names = skeleton.free_names
    turning, moving = {names[root.turns[0]], names[root.turns[2]]}, {names[i] for i in root.shifts}

    def opened(c: Coordinate) -> Coordinate:
        limit = OPEN_TURN_RAD if c.name in turning else OPEN_SHIFT_M if c.name in moving else 0.0
        return replace(c, range=(min(c.range[0], -limit), max(c.range[1], limit))) if limit else c

    return replace(skeleton, coordinates=tuple(opened(c) for c in skeleton.coordinates))


def place_root(kinematics: Kinematics, scale: Array, q: Array, turn: Array, shift: Array) -> Array:
    """Postures (N, n) moved rigidly in the world by `x → turn x + shift` through their root coordinates.

    Parameters
    ----------
    kinematics, scale
        The skeleton and its (B, 3) scale factors.
    q
        (N, n) rad or m.
    turn, shift
        (N, 3, 3) and (N, 3) m.
    """
    if len(q) > AT_ONCE:
        batches = ((q[piece], turn[piece], shift[piece]) for piece in pieces(len(q)))
        return np.concatenate([place_root(kinematics, scale, *arrays) for arrays in batches])
    root = find_root(kinematics.skeleton)
    joint = root.joint
    R_world_root, origin = kinematics.root_pose(q, scale)
    rotation = turn @ R_world_root
    centre = origin + R_world_root @ (scale[0] * np.asarray(joint.child_frame.translation))
    centre = (turn @ centre[..., None])[..., 0] + shift
    base = rotation_xyz(joint.parent_frame.orientation)
    inner = base.T @ rotation @ rotation_xyz(joint.child_frame.orientation)
    axes = np.array([a.axis for a in joint.rotations]).T
    angles = angles_xyz(axes.T @ inner @ axes) * np.linalg.det(axes)
    directions = np.array([a.axis for a in joint.translations]).T
    local = (centre - np.asarray(joint.parent_frame.translation)) @ base
    out = q.copy()
    out[:, list(root.turns)] = angles / [_slope(a) for a in joint.rotations]
    out[:, list(root.shifts)] = np.linalg.solve(directions, local.T).T / [
        _slope(a) for a in joint.translations
    ]
    return out


def unwound(skeleton: Skeleton, q: Array, keep: Array | None = None) -> Array:
    """Postures (F, n) whose root angles have no jumps of a whole turn; with `keep`, near to those postures."""
    turns = [find_root(skeleton).turns[i] for i in (0, 2)]
    out = q.copy()
    if keep is not None:
        out[:, turns] -= 2 * np.pi * np.round((q[:, turns] - keep[:, turns]) / (2 * np.pi))
    out[:, turns] = np.unwrap(out[:, turns], axis=0)
    return out


def _slope(axis: TransformAxis) -> float:
    return float(axis.function.derivative(np.zeros(())))


def rigid_fit(points: Array, target: Array, weight: Array) -> tuple[Array, Array]:
    """Rotation (N, 3, 3) and shift (N, 3) that bring points (N, K, 3) closest to targets (N, K, 3).

    The weighted least squares solution of Kabsch (1976). Targets of weight 0 (N, K) may be anything finite.
    """
    total = np.maximum(weight.sum(1, keepdims=True), 1e-12)
    share = (weight / total)[..., None]
    centre, centre_target = (share * points).sum(1), (share * target).sum(1)
    spread = np.einsum("nki,nkj->nij", share * (target - centre_target[:, None]), points - centre[:, None])
    U, _, Vt = np.linalg.svd(spread)
    U[:, :, 2] *= np.linalg.det(U @ Vt)[:, None]
    turn = U @ Vt
    return turn, centre_target - (turn @ centre[..., None])[..., 0]
