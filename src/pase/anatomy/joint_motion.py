"""One joint on the way down the tree of a skeleton: pose of its child body, and its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pase.anatomy.functions import Constant
from pase.anatomy.joints import rotation_xyz, translation_scale_matrix
from pase.anatomy.model import Joint, Skeleton, TransformAxis
from pase.types import Array


@dataclass(frozen=True, slots=True)
class _Axis:
    """A moving joint axis: its number in the joint, the axis itself and the coordinate that drives it."""

    order: int
    axis: TransformAxis
    coordinate: int


@dataclass(frozen=True, slots=True)
class Twist:
    """Motion of one body by the free coordinates in `columns`: velocity of x is `angular × x + linear`."""

    columns: tuple[int, ...]
    angular: Array
    """(T, 3, c) world."""
    linear: Array
    """(T, 3, c) world, metres."""

    @classmethod
    def none(cls, frames: int) -> Twist:
        """That of the ground."""
        return cls((), np.zeros((frames, 3, 0)), np.zeros((frames, 3, 0)))

    def of_points(self, points: Array) -> Array:
        """(T, K, 3, c) derivatives of points (T, K, 3) that go with the body."""
        x, y, z = (points[..., axis, None] for axis in range(3))
        a, b, c = (self.angular[:, None, axis] for axis in range(3))
        moved = np.empty((*points.shape, len(self.columns)))
        moved[:, :, 0] = b * z - c * y
        moved[:, :, 1] = c * x - a * z
        moved[:, :, 2] = a * y - b * x
        moved += self.linear[:, None]
        return moved


@dataclass(slots=True)
class Parent:
    """The parent body of a joint during the pass."""

    rotation: Array
    origin: Array
    scale: Array


@dataclass(slots=True)
class Step:
    """One joint during the pass."""

    base: Array
    """(T, 3, 3) orientation of the joint's parent frame in the world."""
    before: list[Array]
    """World direction (T, 3) of each moving rotation axis."""
    along: list[Array]
    """World direction (T, 3), scaled, of each moving translation axis."""
    shift: list[Array]
    """(T,) unscaled displacement along each of the three translation axes."""
    origin: Array
    """(T, 3) the joint's centre in the world."""
    rotation: Array
    """(T, 3, 3) orientation of the child body."""


class CompiledJoint:
    """The constant parts of a joint as arrays."""

    def __init__(self, joint: Joint, skeleton: Skeleton) -> None:
        names = [c.name for c in skeleton.coordinates]
        self.parent_translation = np.asarray(joint.parent_frame.translation, float)
        self.parent_rotation = rotation_xyz(joint.parent_frame.orientation)
        self.child_translation = np.asarray(joint.child_frame.translation, float)
        self.child_rotation = rotation_xyz(joint.child_frame.orientation)
        self.axes = np.array([a.axis for a in joint.rotations], float)
        self.directions = np.array([a.axis for a in joint.translations], float)
        self.scale_weights, self.scale_constant = translation_scale_matrix(joint)
        self.turns = [_moving(i, a, names) for i, a in enumerate(joint.rotations)]
        self.shifts = [_moving(i, a, names) for i, a in enumerate(joint.translations)]
        self.rotations, self.translations = joint.rotations, joint.translations
        self.skews = [_skew(axis) for axis in self.axes]

    def move(self, values: Array, parent: Parent) -> Step:
        """Centre of the joint and orientation of the child body, with the world directions of its axes."""
        T = len(values)
        base = times(parent.rotation, self.parent_rotation)
        turned, before = base, []
        for i, (transform, moving) in enumerate(zip(self.rotations, self.turns, strict=True)):
            if moving is None and _is_zero(transform):
                continue
            if moving is not None:
                before.append(times(turned, self.axes[i]))
            turned = _turned(turned, self.skews[i], _evaluate(transform, moving, values, T))
        scale = self.scale_weights @ parent.scale + self.scale_constant
        displacement = np.zeros((T, 3))
        along, shift = [], []
        for i, (transform, moving) in enumerate(zip(self.translations, self.shifts, strict=True)):
            amount = _evaluate(transform, moving, values, T)
            shift.append(amount)
            displacement += (scale[i] * amount)[:, None] * self.directions[i]
            if moving is not None:
                along.append(scale[i] * times(base, self.directions[i]))
        origin = parent.origin + times(parent.rotation, parent.scale * self.parent_translation)
        if displacement.any():
            origin = origin + np.einsum("tij,tj->ti", base, displacement)
        return Step(base, before, along, shift, origin, times(turned, self.child_rotation.T))

    def twist(self, step: Step, values: Array, slopes: Array, parent: Twist) -> Twist:
        """The child's twist by the free coordinates: the parent's, and what this joint's own axes add."""
        own: dict[int, tuple[Array, Array]] = {}

        def add(column: int, turn: Array, slide: Array) -> None:
            before = own.get(column, (0.0, 0.0))
            own[column] = before[0] + turn, before[1] + slide

        for moving, direction in zip([m for m in self.turns if m], step.before, strict=True):
            for column, gain in _gains(moving, values, slopes):
                turn = gain[:, None] * direction
                add(column, turn, -cross(turn, step.origin))
        for moving, direction in zip([m for m in self.shifts if m], step.along, strict=True):
            for column, gain in _gains(moving, values, slopes):
                add(column, np.zeros_like(direction), gain[:, None] * direction)
        if not own:
            return parent
        count = len(parent.columns)
        columns = (*parent.columns, *(c for c in own if c not in parent.columns))
        angular, linear = np.zeros((2, len(values), 3, len(columns)))
        angular[..., :count], linear[..., :count] = parent.angular, parent.linear
        for column, (turn, slide) in own.items():
            angular[..., columns.index(column)] += turn
            linear[..., columns.index(column)] += slide
        return Twist(columns, angular, linear)

    def origin_by_size(
        self, step: Step, parent_by_size: Array, rotation: Array, parent_directions: Array, directions: Array
    ) -> Array:
        """(T, 3, P) derivative of the child body's origin by the size parameters.

        Parameters
        ----------
        step
            The joint in its postures.
        parent_by_size
            (T, 3, P) that of the parent body.
        rotation
            (T, 3, 3) of the parent body.
        parent_directions, directions
            (3, P) derivatives of the scale factors of both bodies.
        """
        out = parent_by_size + rotation @ (self.parent_translation[:, None] * parent_directions)
        for i, amount in enumerate(step.shift):
            if np.any(self.scale_weights[i]) and np.any(amount):
                along = amount[:, None] * (step.base @ self.directions[i])
                out = out + along[:, :, None] * (self.scale_weights[i] @ parent_directions)
        return out - step.rotation @ (self.child_translation[:, None] * directions)


def _moving(order: int, axis: TransformAxis, names: Sequence[str]) -> _Axis | None:
    if axis.coordinate is None or isinstance(axis.function, Constant):
        return None
    return _Axis(order, axis, names.index(axis.coordinate))


def _gains(moving: _Axis, values: Array, slopes: Array) -> list[tuple[int, Array]]:
    """Free coordinate behind a moving axis with the slope (T,) of the axis by it; none for a locked one."""
    column = int(slopes[0, moving.coordinate, 0]) if len(slopes) else -1
    if column < 0:
        return []
    inner = moving.axis.function.derivative(values[:, moving.coordinate])
    return [(column, inner * slopes[:, moving.coordinate, 1])]


def _evaluate(transform: TransformAxis, moving: _Axis | None, values: Array, frames: int) -> Array:
    if moving is None:
        return transform.function.value(np.zeros(frames))
    return transform.function.value(values[:, moving.coordinate])


def _is_zero(transform: TransformAxis) -> bool:
    return isinstance(transform.function, Constant) and transform.function.constant == 0.0


def cross(a: Array, b: Array) -> Array:
    """Cross product of (T, 3) arrays; numpy's own is several times slower on small arrays."""
    out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def times(rotation: Array, fixed: Array) -> Array:
    """Rotations (T, 3, 3) times one matrix (3, 3) or vector (3,): one product instead of T small ones."""
    return (rotation.reshape(-1, 3) @ fixed).reshape(rotation.shape[: fixed.ndim + 1])


def _skew(axis: Array) -> Array:
    """(3, 3) matrix of the cross product with the unit vector along `axis`."""
    x, y, z = axis / np.linalg.norm(axis)
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def _turned(rotation: Array, skew: Array, angle: Array) -> Array:
    """Rotations (T, 3, 3) followed by turns `angle` (T,) about a fixed axis (Rodrigues' formula)."""
    across = times(rotation, skew)
    out = times(across, skew)
    out *= (1 - np.cos(angle))[:, None, None]
    across *= np.sin(angle)[:, None, None]
    out += across
    out += rotation
    return out
