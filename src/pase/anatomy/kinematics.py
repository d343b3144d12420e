"""Forward kinematics and its analytic derivatives, for all frames of a motion at once.

The world position of a landmark is linear in the scale factors for given coordinates, and every coordinate
moves the bodies beyond its joint by a twist. Both derivatives therefore come out of the same pass down the
tree as the positions themselves: no finite differences, no automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pase.anatomy.coordinates import CoordinateMap
from pase.anatomy.functions import Constant
from pase.anatomy.joints import rotation_xyz, translation_scale_matrix
from pase.anatomy.model import Joint, Landmark, Skeleton, TransformAxis
from pase.errors import InputError
from pase.types import Array


@dataclass(frozen=True, slots=True)
class BodyPoses:
    """Where every body is in the world: `x_world = rotation @ x_body + origin`."""

    rotation: Array
    """(T, B, 3, 3)."""
    origin: Array
    """(T, B, 3) metres."""


@dataclass(frozen=True, slots=True)
class LandmarkJacobian:
    """Landmark positions and their derivatives."""

    position: Array
    """(T, K, 3) world, metres."""
    dq: Array
    """(T, K, 3, n) by the free coordinates."""
    dsize: Array
    """(T, K, 3, P) by the P size parameters given as `scale_directions`."""
    dlocation: Array
    """(T, K, 3, 3) by the landmark's own location on its unscaled body."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """A moving joint axis: its number in the joint, the axis itself and the coordinate that drives it."""

    order: int
    axis: TransformAxis
    coordinate: int


@dataclass(slots=True)
class _Twist:
    """Motion of one body by the free coordinates in `columns`: velocity of x is `angular × x + linear`."""

    columns: list[int]
    angular: list[Array]
    linear: list[Array]


AT_ONCE = 4096
"""Frames whose landmarks are placed at once: the poses of all bodies of an hour would fill the memory."""


def pieces(frames: int) -> Iterator[slice]:
    """Frames of a recording, `AT_ONCE` after the other."""
    return (slice(start, start + AT_ONCE) for start in range(0, frames, AT_ONCE))


class Kinematics:
    """A skeleton compiled to arrays.

    Parameters
    ----------
    skeleton
        The model; its `scale` is the default scale of every method.
    landmarks
        The K landmarks to follow; those of the skeleton when None.
    """

    def __init__(self, skeleton: Skeleton, landmarks: Sequence[Landmark] | None = None) -> None:
        self.skeleton = skeleton
        self.landmarks = tuple(skeleton.landmarks if landmarks is None else landmarks)
        names = skeleton.body_names
        self._parent = [names.index(j.parent) if j.parent in names else -1 for j in skeleton.joints]
        self._joints = [_CompiledJoint(j, skeleton) for j in skeleton.joints]
        self._landmark_body = [skeleton.body_index(m.body) for m in self.landmarks]
        self._carriers = self._ancestors(self._landmark_body)
        self._location = np.array([m.location for m in self.landmarks], float).reshape(-1, 3)
        self._coordinates = CoordinateMap(skeleton)

    def coordinate_values(self, q: Array) -> Array:
        """(T, C) values of all the model's coordinates, dependent and locked ones too, from free `q` (T, n)."""
        return self._coordinates.values(self._checked(q))[0]

    def pose(self, q: Array, scale: Array | None = None) -> BodyPoses:
        """Rotation and origin of every body for `q` (T, n) in rad or m and `scale` (B, 3)."""
        values, _ = self._coordinates.values(self._checked(q))
        return self._pass(values, self._scale(scale), range(len(self._joints)))[0]

    def positions(self, q: Array, scale: Array | None = None, location: Array | None = None) -> Array:
        """(T, K, 3) world positions of the landmarks in metres.

        `location` (K, 3) replaces the landmarks' own places on their bodies.
        """
        if len(q) > AT_ONCE:
            out = np.empty((len(q), len(self.landmarks), 3))
            for frames in pieces(len(q)):
                out[frames] = self.positions(q[frames], scale, location)
            return out
        scale = self._scale(scale)
        values, _ = self._coordinates.values(self._checked(q))
        return self._place(self._pass(values, scale, self._carriers)[0], scale, location)

    def jacobian(
        self,
        q: Array,
        scale: Array | None = None,
        scale_directions: Array | None = None,
        location: Array | None = None,
    ) -> LandmarkJacobian:
        """Landmark positions with their derivatives.

        Parameters
        ----------
        q
            (T, n) free coordinates.
        scale
            (B, 3) scale factors.
        scale_directions
            (B, 3, P) derivative of the scale factors by P size parameters; none when omitted.
        location
            (K, 3) places of the landmarks on their unscaled bodies, metres.
        """
        scale = self._scale(scale)
        if scale_directions is None:
            scale_directions = np.zeros((*scale.shape, 0))
        values, slopes = self._coordinates.values(self._checked(q))
        poses, twists, origin_by_size = self._pass(values, scale, self._carriers, slopes, scale_directions)
        position = self._place(poses, scale, location)
        places = self._location if location is None else location
        T, K = position.shape[:2]
        dq = np.zeros((T, K, 3, q.shape[1]))
        dsize = np.empty((T, K, 3, scale_directions.shape[-1]))
        stacked = {
            body: (np.stack(twists[body].angular), np.stack(twists[body].linear))
            for body in set(self._landmark_body)
            if twists[body].columns
        }
        for k, body in enumerate(self._landmark_body):
            twist = twists[body]
            if twist.columns:
                moved = _cross(stacked[body][0], position[:, k]) + stacked[body][1]
                dq[:, k, :, twist.columns] = moved
            dsize[:, k] = origin_by_size[body] + poses.rotation[:, body] @ (
                places[k][:, None] * scale_directions[body]
            )
        dlocation = poses.rotation[:, self._landmark_body] * scale[self._landmark_body][:, None, :]
        return LandmarkJacobian(position, dq, dsize, dlocation)

    def _checked(self, q: Array) -> Array:
        n = len(self.skeleton.free_coordinates)
        if q.ndim != 2 or q.shape[1] != n:
            raise InputError(f"q must have shape (frames, {n}), not {q.shape}")
        return q

    def _scale(self, scale: Array | None) -> Array:
        return self.skeleton.scale if scale is None else scale

    def _place(self, poses: BodyPoses, scale: Array, location: Array | None) -> Array:
        places = self._location if location is None else location
        bodies = self._landmark_body
        local = places * scale[bodies]
        placed: Array = np.einsum("tkij,kj->tki", poses.rotation[:, bodies], local) + poses.origin[:, bodies]
        return placed

    def _ancestors(self, bodies: Sequence[int]) -> list[int]:
        """The bodies and all that carry them, parents first."""
        ancestors: set[int] = set()
        for body in bodies:
            while body >= 0 and body not in ancestors:
                ancestors.add(body)
                body = self._parent[body]
        return sorted(ancestors)

    def _pass(
        self,
        values: Array,
        scale: Array,
        bodies: Sequence[int],
        slopes: Array | None = None,
        scale_directions: Array | None = None,
    ) -> tuple[BodyPoses, dict[int, _Twist], dict[int, Array]]:
        """Go down the tree once, to some bodies; the poses of the others are not filled in.

        Twists and derivatives by size, by body, come only when `slopes` and `scale_directions` are given.
        """
        T, B = len(values), len(self._joints)
        rotation = np.empty((T, B, 3, 3))
        origin = np.empty((T, B, 3))
        twists: dict[int, _Twist] = {}
        by_size: dict[int, Array] = {}
        ground = _Parent(np.broadcast_to(np.eye(3), (T, 3, 3)), np.zeros((T, 3)), np.ones(3))
        if slopes is not None and scale_directions is not None:
            ground.directions = np.zeros_like(scale_directions[0])
            ground.by_size = np.zeros((T, 3, scale_directions.shape[-1]))
        for i in bodies:
            joint, p = self._joints[i], self._parent[i]
            parent = ground if p < 0 else _Parent(rotation[:, p], origin[:, p], scale[p])
            step = joint.move(values, parent)
            rotation[:, i] = step.rotation
            origin[:, i] = step.origin - _times(step.rotation, scale[i] * joint.child_translation)
            if slopes is None or scale_directions is None:
                continue
            if p >= 0:
                parent.directions, parent.by_size = scale_directions[p], by_size[p]
            twists[i] = joint.twist(step, values, slopes, twists[p] if p >= 0 else _Twist([], [], []))
            by_size[i] = joint.origin_by_size(step, parent, scale_directions[i])
        return BodyPoses(rotation, origin), twists, by_size


@dataclass(slots=True)
class _Parent:
    """The parent body of a joint during the pass."""

    rotation: Array
    origin: Array
    scale: Array
    directions: Array | None = None
    by_size: Array | None = None


@dataclass(slots=True)
class _Step:
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


class _CompiledJoint:
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

    def move(self, values: Array, parent: _Parent) -> _Step:
        """Centre of the joint and orientation of the child body, with the world directions of its axes."""
        T = len(values)
        base = _times(parent.rotation, self.parent_rotation)
        turned, before = base, []
        for i, (transform, moving) in enumerate(zip(self.rotations, self.turns, strict=True)):
            if moving is None and _is_zero(transform):
                continue
            if moving is not None:
                before.append(_times(turned, self.axes[i]))
            turned = _turned(turned, self.skews[i], _evaluate(transform, moving, values, T))
        scale = self.scale_weights @ parent.scale + self.scale_constant
        displacement = np.zeros((T, 3))
        along, shift = [], []
        for i, (transform, moving) in enumerate(zip(self.translations, self.shifts, strict=True)):
            amount = _evaluate(transform, moving, values, T)
            shift.append(amount)
            displacement += (scale[i] * amount)[:, None] * self.directions[i]
            if moving is not None:
                along.append(scale[i] * _times(base, self.directions[i]))
        origin = parent.origin + _times(parent.rotation, parent.scale * self.parent_translation)
        if displacement.any():
            origin = origin + np.einsum("tij,tj->ti", base, displacement)
        return _Step(base, before, along, shift, origin, _times(turned, self.child_rotation.T))

    def twist(self, step: _Step, values: Array, slopes: Array, parent: _Twist) -> _Twist:
        """The child's twist by the free coordinates: the parent's, and what this joint's own axes add."""
        columns = list(parent.columns)
        angular, linear = list(parent.angular), list(parent.linear)

        def add(column: int, turn: Array, slide: Array) -> None:
            if column in columns:
                j = columns.index(column)
                angular[j], linear[j] = angular[j] + turn, linear[j] + slide
            else:
                columns.append(column)
                angular.append(turn)
                linear.append(slide)

        for moving, direction in zip([m for m in self.turns if m], step.before, strict=True):
            for column, gain in _gains(moving, values, slopes):
                turn = gain[:, None] * direction
                add(column, turn, -_cross(turn, step.origin))
        for moving, direction in zip([m for m in self.shifts if m], step.along, strict=True):
            for column, gain in _gains(moving, values, slopes):
                add(column, np.zeros_like(direction), gain[:, None] * direction)
        return _Twist(columns, angular, linear)

    def origin_by_size(self, step: _Step, parent: _Parent, directions: Array) -> Array:
        """(T, 3, P) derivative of the child body's origin by the size parameters."""
        assert parent.directions is not None and parent.by_size is not None
        out = parent.by_size + parent.rotation @ (self.parent_translation[:, None] * parent.directions)
        for i, amount in enumerate(step.shift):
            if np.any(self.scale_weights[i]) and np.any(amount):
                along = amount[:, None] * (step.base @ self.directions[i])
                out = out + along[:, :, None] * (self.scale_weights[i] @ parent.directions)
        moved: Array = out - step.rotation @ (self.child_translation[:, None] * directions)
        return moved


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


def _cross(a: Array, b: Array) -> Array:
    """Cross product of (T, 3) arrays; numpy's own is several times slower on small arrays."""
    out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


def _times(rotation: Array, fixed: Array) -> Array:
    """Rotations (T, 3, 3) times one matrix (3, 3) or vector (3,): one product instead of T small ones."""
    product: Array = (rotation.reshape(-1, 3) @ fixed).reshape(rotation.shape[: fixed.ndim + 1])
    return product


def _skew(axis: Array) -> Array:
    """(3, 3) matrix of the cross product with the unit vector along `axis`."""
    x, y, z = axis / np.linalg.norm(axis)
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def _turned(rotation: Array, skew: Array, angle: Array) -> Array:
    """Rotations (T, 3, 3) followed by turns `angle` (T,) about a fixed axis (Rodrigues' formula)."""
    across = _times(rotation, skew)
    out = _times(across, skew)
    out *= (1 - np.cos(angle))[:, None, None]
    across *= np.sin(angle)[:, None, None]
    out += across
    out += rotation
    return out
