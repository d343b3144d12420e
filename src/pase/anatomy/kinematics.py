"""Forward kinematics and its analytic derivatives, for all frames of a motion at once.

The world position of a landmark is linear in the scale factors for given coordinates, and every coordinate
moves the bodies beyond its joint by a twist. Both derivatives therefore come out of the same pass down the
tree as the positions themselves: no finite differences, no automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pase.anatomy.coordinates import CoordinateMap
from pase.anatomy.joint_arrays import JointArrays, JointStep, product, turned
from pase.anatomy.model import Landmark, Skeleton
from pase.errors import InputError
from pase.types import Array, Indices


@dataclass(frozen=True, slots=True)
class BodyPoses:
    """Where every body is in the world: `x_world = rotation @ x_body + origin`."""

    rotation: Array
    """(T, B, 3, 3)."""
    origin: Array
    """(T, B, 3) metres."""


@dataclass(frozen=True)
class BodyDerivative:
    """How the landmarks of one body follow the free coordinates that move it."""

    landmarks: Indices
    """Their places among all."""
    columns: Indices
    """(c,) the coordinates."""
    twist: Array
    """(T, 6, c) velocity of the body by each: of a point x it is `angular × x + linear`, the former being first."""
    position: Array
    """(T, K, 3) of the landmarks, metres."""

    @cached_property
    def dq(self) -> Array:
        """(T, K, 3, c) derivatives of the positions."""
        x, y, z = (self.position[:, :, axis, None] for axis in range(3))
        a, b, c = (self.twist[:, None, axis] for axis in range(3))
        out = np.empty((*self.position.shape, len(self.columns)))
        out[:, :, 0] = b * z - c * y
        out[:, :, 1] = c * x - a * z
        out[:, :, 2] = a * y - b * x
        out += self.twist[:, None, 3:]
        return out


def wrenches(position: Array, outer: Array) -> Array:
    """(T, k, R, 6) what turns twists into derivatives of numbers by those by k points, `outer` (T, k, R, 3)."""
    out = np.empty((*outer.shape[:3], 6))
    x, y, z = (position[:, :, axis, None] for axis in range(3))
    a, b, c = (outer[..., axis] for axis in range(3))
    out[..., 0], out[..., 1], out[..., 2] = y * c - z * b, z * a - x * c, x * b - y * a
    out[..., 3:] = outer
    return out


@dataclass(frozen=True)
class LandmarkJacobian:
    """Landmark positions and their derivatives."""

    position: Array
    """(T, K, 3) world, metres."""
    bodies: tuple[BodyDerivative, ...]
    """Derivatives by the free coordinates: for each body by those that move it."""
    coordinates: int
    dsize: Array
    """(T, K, 3, P) by the P size parameters given as `scale_directions`."""
    dlocation: Array
    """(T, K, 3, 3) by the landmark's own location on its unscaled body."""

    @property
    def dq(self) -> Array:
        """(T, K, 3, n) by all free coordinates."""
        dq = np.zeros((*self.position.shape, self.coordinates))
        for body in self.bodies:
            dq[:, body.landmarks[:, None], :, body.columns] = np.moveaxis(body.dq, (1, 3), (0, 1))
        return dq


@dataclass(frozen=True, slots=True)
class Placement:
    """Some bodies of a skeleton in T postures, after the ground, which is body 0; derivatives start from it."""

    q: Array
    """(n, T) rad or m."""
    scale: Array
    """(B, 3) of all the skeleton's bodies."""
    step: JointStep
    rotation: Array
    """(3, 3, 1 + B, T)"""
    origin: Array
    """(3, 1 + B, T) metres."""
    centre: Array
    """(3, B, T) centres of the joints in the world."""

    def turned(self, bodies: slice | Indices, fixed: Array) -> Array:
        """(b, 3, P, T) vectors (b, 3, P) that are fixed to bodies, in the world."""
        return np.asarray(fixed.swapaxes(1, 2)[:, None] @ self.rotation[:, :, bodies].transpose(2, 0, 1, 3))


AT_ONCE = 1024
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
        self._landmark_body = [skeleton.body_index(m.body) for m in self.landmarks]
        self._location = np.array([m.location for m in self.landmarks], float).reshape(-1, 3)

    @cached_property
    def _joints(self) -> JointArrays:
        return JointArrays.of(self.skeleton, range(len(self.skeleton.joints)))

    @cached_property
    def _carriers(self) -> JointArrays:
        """The bodies with landmarks and all that carry them."""
        names, carriers = self.skeleton.body_names, set[int]()
        for body in self._landmark_body:
            while body >= 0 and body not in carriers:
                carriers.add(body)
                parent = self.skeleton.joints[body].parent
                body = names.index(parent) if parent in names else -1
        return JointArrays.of(self.skeleton, sorted(carriers))

    @cached_property
    def _places(self) -> Indices:
        """(K,) where each landmark's body is among the carriers."""
        return np.array([self._carriers.place[body] for body in self._landmark_body], np.intp)

    @cached_property
    def _movers(self) -> Movers:
        return Movers.of(self._carriers, self._landmark_body)

    def coordinate_values(self, q: Array) -> Array:
        """(T, C) values of all the model's coordinates, dependent and locked ones too, from free `q` (T, n)."""
        return CoordinateMap(self.skeleton).values(self._checked(q))

    def pose(self, q: Array, scale: Array | None = None) -> BodyPoses:
        """Rotation and origin of every body for `q` (T, n) in rad or m and `scale` (B, 3)."""
        placement = self._placed(self._joints, q, scale)
        order = [self._joints.place[body] for body in range(len(self.skeleton.joints))]
        rotation = placement.rotation[:, :, order].transpose(3, 2, 0, 1)
        origin = placement.origin[:, order].transpose(2, 1, 0)
        return BodyPoses(np.ascontiguousarray(rotation), np.ascontiguousarray(origin))

    def root_pose(self, q: Array, scale: Array | None = None) -> tuple[Array, Array]:
        """Rotation (T, 3, 3) and origin (T, 3) of the first body alone, which carries all others; see `pose`."""
        placement = self._placed(JointArrays.of(self.skeleton, [0]), q, scale)
        return placement.rotation[:, :, 1].transpose(2, 0, 1), placement.origin[:, 1].T

    def placement(self, q: Array, scale: Array | None = None) -> Placement:
        """The skeleton in postures `q` (T, n), for `positions_in` and `jacobian_in`."""
        return self._placed(self._carriers, q, scale)

    def positions(self, q: Array, scale: Array | None = None, location: Array | None = None) -> Array:
        """(T, K, 3) world positions of the landmarks in metres; arguments as in `jacobian` and `positions_in`."""
        if len(q) > AT_ONCE:
            out = np.empty((len(q), len(self.landmarks), 3))
            for frames in pieces(len(q)):
                out[frames] = self.positions(q[frames], scale, location)
            return out
        return self.positions_in(self.placement(q, scale), location)

    def positions_in(self, placement: Placement, location: Array | None = None) -> Array:
        """(T, K, 3) landmarks in a placement, at their own places on the unscaled bodies or at `location` (K, 3)."""
        places = self._location if location is None else location
        local = places * placement.scale[self._landmark_body]
        turned_local = np.einsum("ijkt,kj->ikt", placement.rotation[:, :, self._places], local)
        positions = turned_local + placement.origin[:, self._places]
        return np.ascontiguousarray(positions.transpose(2, 1, 0))

    def jacobian(
        self, q: Array, scale: Array | None = None, scale_directions: Array | None = None
    ) -> LandmarkJacobian:
        """Landmark positions with their derivatives.

        Parameters
        ----------
        q
            (T, n) free coordinates, rad or m.
        scale
            (B, 3) scale factors; the skeleton's own when None.
        scale_directions
            (B, 3, P) derivative of the scale factors by P size parameters; none when omitted.
        """
        return self.jacobian_in(self.placement(q, scale), scale_directions)

    def jacobian_in(
        self, placement: Placement, scale_directions: Array | None = None, location: Array | None = None
    ) -> LandmarkJacobian:
        """Landmarks in a placement with their derivatives; arguments as in `jacobian` and `positions_in`."""
        position = self.positions_in(placement, location)
        bodies = self._movers.derivatives(self._carriers, placement, position)
        turns = placement.rotation[:, :, self._places].transpose(3, 2, 0, 1)
        dlocation = turns * placement.scale[self._landmark_body][:, None, :]
        dsize = np.zeros((*position.shape, 0))
        if scale_directions is not None:
            dsize = self._by_size(
                placement, scale_directions, self._location if location is None else location
            )
        n = len(self.skeleton.free_coordinates)
        return LandmarkJacobian(position, bodies, n, dsize, dlocation)

    def _checked(self, q: Array) -> Array:
        n = len(self.skeleton.free_coordinates)
        if q.ndim != 2 or q.shape[1] != n:
            raise InputError(f"q must have shape (frames, {n}), not {q.shape}")
        return q

    def _placed(self, joints: JointArrays, q: Array, scale: Array | None) -> Placement:
        """Go down the tree once, from depth to depth."""
        scale = self.skeleton.scale if scale is None else scale
        scales = np.ones((3, 1 + len(joints.bodies)))
        scales[:, 1:] = scale[joints.bodies].T
        q = np.ascontiguousarray(self._checked(q).T)
        step = joints.move(q, scales[:, joints.parent])
        child = scales[:, 1:] * joints.child_translation
        B, T = step.centre.shape[1:]
        rotation, origin, centre = np.empty((3, 3, 1 + B, T)), np.zeros((3, 1 + B, T)), np.empty((3, B, T))
        rotation[:, :, 0] = np.eye(3)[..., None]
        for level in joints.levels:
            parents, children = joints.parent[level], slice(level.start + 1, level.stop + 1)
            of_parent = rotation[:, :, parents]
            rotation[:, :, children] = product(of_parent, step.local[:, :, level])
            centre[:, level] = origin[:, parents] + turned(of_parent, step.centre[:, level])
            back = np.einsum("ijbt,jb->ibt", rotation[:, :, children], child[:, level])
            origin[:, children] = centre[:, level] - back
        return Placement(q, scale, step, rotation, origin, centre)

    def _by_size(self, placement: Placement, directions: Array, location: Array) -> Array:
        """(T, K, 3, P) derivatives of the landmarks by the size parameters."""
        joints, body = self._carriers, self._landmark_body
        P = directions.shape[-1]
        of_body = np.concatenate([np.zeros((1, 3, P)), directions[joints.bodies]])
        of_parent = of_body[joints.parent]
        origins = np.zeros((len(of_body), 3, P, placement.q.shape[1]))
        origins[1:] = placement.turned(joints.parent, joints.parent_translation.T[..., None] * of_parent)
        origins[1:] -= placement.turned(slice(1, None), joints.child_translation.T[..., None] * of_body[1:])
        growth = np.einsum("kjb,bjp->kbp", joints.scale_weights, of_parent)
        shift = placement.step.amounts[3:] * joints.shift_axes[..., None]
        for number, b in zip(*np.nonzero(growth.any(-1) & shift.any((0, -1))), strict=True):
            along = np.einsum("ijt,jt->it", placement.rotation[:, :, joints.parent[b]], shift[:, number, b])
            origins[1 + b] += along[:, None] * growth[number, b][:, None]
        for level in joints.levels:
            origins[level.start + 1 : level.stop + 1] += origins[joints.parent[level]]
        by_size = placement.turned(self._places, location[:, :, None] * directions[body])
        by_size += origins[self._places]
        return by_size.transpose(3, 0, 1, 2)


@dataclass(frozen=True)
class Movers:
    """Which axes move the landmarks of each body, and by which coordinate.

    Every coordinate moves a body by a twist, the sum of those of the axes that it drives on the way to the body.
    """

    landmarks: tuple[Indices, ...]
    """For each body, the places of its landmarks among all."""
    columns: tuple[Indices, ...]
    """For each body, (c,) the free coordinates that move it."""
    twists: tuple[Indices, ...]
    """For each body, (c,) the numbers of its twists among the distinct ones."""
    axes: Indices
    """The axes of all distinct twists, twist by twist, numbered as in `JointArrays.columns_of`."""
    starts: Indices
    """Where in `axes` each distinct twist begins."""

    @classmethod
    def of(cls, joints: JointArrays, landmark_body: Sequence[int]) -> Movers:
        """The movers of landmarks, whose bodies are given by number."""
        distinct: dict[tuple[int, ...], int] = {}
        landmarks, columns, twists = [], [], []
        for body in dict.fromkeys(landmark_body):
            moving = joints.columns_of(body)
            numbers = [distinct.setdefault(tuple(axes.tolist()), len(distinct)) for axes in moving.values()]
            landmarks.append(np.flatnonzero(np.array(landmark_body) == body))
            columns.append(np.array([*moving], np.intp))
            twists.append(np.array(numbers, np.intp))
        axes = np.array([axis for together in distinct for axis in together], np.intp)
        starts = np.cumsum([0, *(len(together) for together in distinct)])[:-1]
        return cls(tuple(landmarks), tuple(columns), tuple(twists), axes, np.array(starts, np.intp))

    def derivatives(
        self, joints: JointArrays, placement: Placement, position: Array
    ) -> tuple[BodyDerivative, ...]:
        """How the landmarks at `position` (T, K, 3) follow the coordinates that move their bodies."""
        twist = self._twists(joints, placement)
        return tuple(
            BodyDerivative(landmarks, columns, np.take(twist, twists, axis=2), position[:, landmarks])
            for landmarks, columns, twists in zip(self.landmarks, self.columns, self.twists, strict=True)
        )

    def _twists(self, joints: JointArrays, placement: Placement) -> Array:
        """(T, 6, V) all distinct twists."""
        slot, body = np.unravel_index(self.axes, joints.drives.column.shape)
        gain = joints.drives.gains(placement.q)[slot, body]
        of_parent = placement.rotation[:, :, joints.parent[body]]
        direction = turned(of_parent, placement.step.axes[:, slot, body]) * gain
        x, y, z = placement.centre[:, body]
        a, b, c = direction
        out = np.zeros((6, *direction.shape[1:]))
        out[:3], out[3:] = direction, [b * -z + c * y, c * -x + a * z, a * -y + b * x]
        slides = slot >= 3
        out[:3, slides], out[3:, slides] = 0.0, direction[:, slides]
        if len(self.starts) < len(self.axes):
            out = np.add.reduceat(out, self.starts, axis=1)
        return np.ascontiguousarray(out.transpose(2, 0, 1))
