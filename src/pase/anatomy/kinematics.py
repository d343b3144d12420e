"""Forward kinematics and its analytic derivatives, for all frames of a motion at once.

The world position of a landmark is linear in the scale factors for given coordinates, and every coordinate
moves the bodies beyond its joint by a twist. Both derivatives therefore come out of the same pass down the
tree as the positions themselves: no finite differences, no automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pase.anatomy.coordinates import CoordinateMap
from pase.anatomy.joint_motion import CompiledJoint, Parent, Step, Twist, times
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


@dataclass(frozen=True, slots=True)
class BodyDerivative:
    """How the landmarks of one body follow the free coordinates that move it."""

    landmarks: Indices
    """Their places among all."""
    columns: Indices
    """(c,) the coordinates."""
    dq: Array
    """(T, K, 3, c)"""


@dataclass(frozen=True, slots=True)
class LandmarkJacobian:
    """Landmark positions and their derivatives."""

    position: Array
    """(T, K, 3) world, metres."""
    bodies: tuple[BodyDerivative, ...]
    """By the free coordinates, each body by those that move it."""
    coordinates: int
    """n"""
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
    """A skeleton in T postures, as far down the tree as landmarks need it: derivatives start from it."""

    values: Array
    """(T, C) of all coordinates."""
    slopes: Array
    """As `CoordinateMap.values` gives them."""
    scale: Array
    """(B, 3)"""
    poses: BodyPoses
    steps: Mapping[int, Step]
    """What each joint did, by its body."""


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
        self._joints = [CompiledJoint(j, skeleton) for j in skeleton.joints]
        self._landmark_body = [skeleton.body_index(m.body) for m in self.landmarks]
        self._carriers = self._ancestors(self._landmark_body)
        self._landmarks_of = {
            body: np.flatnonzero(np.array(self._landmark_body) == body)
            for body in dict.fromkeys(self._landmark_body)
        }
        self._location = np.array([m.location for m in self.landmarks], float).reshape(-1, 3)
        self._coordinates = CoordinateMap(skeleton)

    def coordinate_values(self, q: Array) -> Array:
        """(T, C) values of all the model's coordinates, dependent and locked ones too, from free `q` (T, n)."""
        return self._coordinates.values(self._checked(q))[0]

    def pose(self, q: Array, scale: Array | None = None) -> BodyPoses:
        """Rotation and origin of every body for `q` (T, n) in rad or m and `scale` (B, 3)."""
        return self._placed(q, scale, range(len(self._joints))).poses

    def root_pose(self, q: Array, scale: Array | None = None) -> tuple[Array, Array]:
        """Rotation (T, 3, 3) and origin (T, 3) of the first body alone, which carries all others; see `pose`."""
        poses = self._placed(q, scale, [0]).poses
        return poses.rotation[:, 0], poses.origin[:, 0]

    def placement(self, q: Array, scale: Array | None = None) -> Placement:
        """The skeleton in postures `q` (T, n), for `positions_in` and `jacobian_in`."""
        return self._placed(q, scale, self._carriers)

    def positions(self, q: Array, scale: Array | None = None, location: Array | None = None) -> Array:
        """(T, K, 3) world positions of the landmarks in metres; arguments as in `jacobian`."""
        if len(q) > AT_ONCE:
            out = np.empty((len(q), len(self.landmarks), 3))
            for frames in pieces(len(q)):
                out[frames] = self.positions(q[frames], scale, location)
            return out
        return self.positions_in(self.placement(q, scale), location)

    def positions_in(self, placement: Placement, location: Array | None = None) -> Array:
        """(T, K, 3) landmarks in a placement; `location` as in `jacobian`."""
        places, bodies = self._location if location is None else location, self._landmark_body
        local, poses = places * placement.scale[bodies], placement.poses
        turned = np.einsum("tkij,kj->tki", poses.rotation[:, bodies], local)
        return np.asarray(turned + poses.origin[:, bodies])

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
            (T, n) free coordinates, rad or m.
        scale
            (B, 3) scale factors; the skeleton's own when None.
        scale_directions
            (B, 3, P) derivative of the scale factors by P size parameters; none when omitted.
        location
            (K, 3) places of the landmarks on their unscaled bodies, metres; their own when None.
        """
        return self.jacobian_in(self.placement(q, scale), scale_directions, location)

    def jacobian_in(
        self, placement: Placement, scale_directions: Array | None = None, location: Array | None = None
    ) -> LandmarkJacobian:
        """Landmarks in a placement with their derivatives; arguments as in `jacobian`."""
        position, scale = self.positions_in(placement, location), placement.scale
        twists = self._twists(placement)
        bodies = []
        for body, landmarks in self._landmarks_of.items():
            twist = twists[body]
            dq = twist.of_points(position[:, landmarks])
            bodies.append(BodyDerivative(landmarks, np.array(twist.columns, np.intp), dq))
        turns = placement.poses.rotation[:, self._landmark_body]
        dlocation = turns * scale[self._landmark_body][:, None, :]
        dsize = np.zeros((*position.shape, 0))
        if scale_directions is not None:
            places = self._location if location is None else location
            by_size = self._origins_by_size(placement, scale_directions)
            moved = places[:, :, None] * scale_directions[self._landmark_body]
            dsize = np.stack([by_size[body] for body in self._landmark_body], axis=1) + turns @ moved
        n = len(self.skeleton.free_coordinates)
        return LandmarkJacobian(position, tuple(bodies), n, dsize, dlocation)

    def _checked(self, q: Array) -> Array:
        n = len(self.skeleton.free_coordinates)
        if q.ndim != 2 or q.shape[1] != n:
            raise InputError(f"q must have shape (frames, {n}), not {q.shape}")
        return q

    def _scale(self, scale: Array | None) -> Array:
        return self.skeleton.scale if scale is None else scale

    def _ancestors(self, bodies: Sequence[int]) -> list[int]:
        """The bodies and all that carry them, parents first."""
        ancestors: set[int] = set()
        for body in bodies:
            while body >= 0 and body not in ancestors:
                ancestors.add(body)
                body = self._parent[body]
        return sorted(ancestors)

    def _placed(self, q: Array, scale: Array | None, bodies: Sequence[int]) -> Placement:
        """Go down the tree once, to some bodies; the poses of the others are not filled in."""
        values, slopes = self._coordinates.values(self._checked(q))
        T, B, scale = len(values), len(self._joints), self._scale(scale)
        rotation, origin = np.empty((T, B, 3, 3)), np.empty((T, B, 3))
        steps: dict[int, Step] = {}
        ground = Parent(np.broadcast_to(np.eye(3), (T, 3, 3)), np.zeros((T, 3)), np.ones(3))
        for i in bodies:
            joint, p = self._joints[i], self._parent[i]
            parent = ground if p < 0 else Parent(rotation[:, p], origin[:, p], scale[p])
            steps[i] = step = joint.move(values, parent)
            rotation[:, i] = step.rotation
            origin[:, i] = step.origin - times(step.rotation, scale[i] * joint.child_translation)
        return Placement(values, slopes, scale, BodyPoses(rotation, origin), steps)

    def _twists(self, placement: Placement) -> dict[int, Twist]:
        """How each body follows the free coordinates."""
        values, slopes = placement.values, placement.slopes
        twists: dict[int, Twist] = {-1: Twist.none(len(values))}
        for i, step in placement.steps.items():
            twists[i] = self._joints[i].twist(step, values, slopes, twists[self._parent[i]])
        return twists

    def _origins_by_size(self, placement: Placement, directions: Array) -> dict[int, Array]:
        """(T, 3, P) derivative of each body's origin by the size parameters."""
        T, P = len(placement.values), directions.shape[-1]
        by_size: dict[int, Array] = {-1: np.zeros((T, 3, P))}
        for i, step in placement.steps.items():
            p = self._parent[i]
            rotation = placement.poses.rotation[:, p] if p >= 0 else np.broadcast_to(np.eye(3), (T, 3, 3))
            parent_directions = directions[p] if p >= 0 else np.zeros_like(directions[0])
            by_size[i] = self._joints[i].origin_by_size(
                step, by_size[p], rotation, parent_directions, directions[i]
            )
        return by_size
