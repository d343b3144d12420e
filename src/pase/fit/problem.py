"""The unknowns of one person's motion, and the positions and derivatives that the residual terms need.

The unknowns are the free coordinates of every frame, `q (T, n)`, and the shared ones, `shared (m,)`, that hold
for the whole recording: log scale factors of the body, the camera, and where the detector's points sit on
their bones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np

from pase.anatomy.kinematics import Kinematics, LandmarkJacobian, Placement
from pase.anatomy.model import Landmark, Skeleton
from pase.anatomy.proportions import Proportions
from pase.fit.chains import Chain, Structure, find_chains
from pase.lift.points import JOINT_BODIES
from pase.types import Array, Indices

SOLE_THICKNESS_M = 0.010
"""Skin and shoe between the lowest bone of the foot and the floor; a barefoot heel pad is 13-18 mm thick when
unloaded and about half that when stood on (Prichasuk 1994)."""


@dataclass(frozen=True)
class State:
    """A value for every unknown."""

    q: Array
    """(T, n) rad or m."""
    shared: Array
    """(m,) in the order of `Layout`."""


@dataclass(frozen=True)
class Layout:
    """Where each group of shared unknowns sits in `shared`."""

    size: slice
    cameras: tuple[slice, ...]
    offset: slice
    depth: slice
    """Errors of a lifter's depths that are the same in all frames, statures."""
    count: int

    @classmethod
    def of(cls, size: int, cameras: Sequence[int], offset: int, depth: int = 0) -> Self:
        """Layout for so many sizes, unknowns of each camera, landmark offsets and lasting errors of depths."""
        ends = np.cumsum([size, *cameras, offset, depth]).tolist()
        *slices, offsets, depths = (slice(start, end) for start, end in pairwise(ends))
        return cls(slice(0, size), tuple(slices), offsets, depths, ends[-1])

    @property
    def camera(self) -> slice:
        """The unknowns of the first camera."""
        return self.cameras[0]


@dataclass(frozen=True)
class Offsets:
    """Displacements of K measured points on their bodies, the same in all frames, as a function of c unknowns."""

    matrix: Array
    """(K, 3, c) displacement of each point, metres, by the unknowns."""

    @classmethod
    def free(cls, points: int, held: bool = False) -> Self:
        """Every point displaced on its own, as markers are; no unknowns when `held`."""
        columns = 0 if held else 3 * points
        return cls(np.eye(3 * points)[:, :columns].reshape(points, 3, columns))

    @classmethod
    def mirrored(cls, names: Sequence[str]) -> Self:
        """The same displacement on both sides, mirrored; points of the middle stay in the middle plane.

        Where a detector sees "hip" or "ankle" depends on how its training pictures were labelled. It is 15-29 mm off
        the joint centre, the same in all frames.
        """
        columns: list[dict[tuple[int, int], float]] = []
        for k, name in enumerate(names):
            if name.startswith("R") and f"L{name[1:]}" in names:
                twin = names.index(f"L{name[1:]}")
                columns += [{(k, axis): 1.0, (twin, axis): -1.0 if axis == 2 else 1.0} for axis in range(3)]
            elif not (name.startswith("L") and f"R{name[1:]}" in names):
                columns += [{(k, axis): 1.0} for axis in range(2)]
        matrix = np.zeros((len(names), 3, len(columns)))
        for column, entries in enumerate(columns):
            for (k, axis), sign in entries.items():
                matrix[k, axis, column] = sign
        return cls(matrix)

    @classmethod
    def joined(cls, sets: Sequence[Self]) -> Self:
        """The displacements of several sets of points, one after the other."""
        matrix = np.zeros((sum(len(p.matrix) for p in sets), 3, sum(p.count for p in sets)))
        row = column = 0
        for p in sets:
            matrix[row : row + len(p.matrix), :, column : column + p.count] = p.matrix
            row, column = row + len(p.matrix), column + p.count
        return cls(matrix)

    @property
    def count(self) -> int:
        """Number of unknown displacements."""
        return int(self.matrix.shape[-1])

    def spread(self, by_point: Sequence[float]) -> Array:
        """(count,) standard deviation of each displacement from that of each point, metres."""
        largest: Array = np.max(
            np.abs(self.matrix) * np.asarray(by_point)[:, None, None], axis=(0, 1), initial=0.0
        )
        return largest


class PersonModel:
    """The default skeleton with unknown size: landmarks as a function of the state.

    Parameters
    ----------
    skeleton
        The generic model; the size parameters are factors on its own scale.
    proportions
        How size parameters scale its bodies.
    points
        Names of the measured landmarks, K of them.
    soles
        Landmarks under the feet that can touch the floor, appended after the measured ones.
    offsets
        Displacements of the points; those of a detector's keypoints when None.
    cameras
        How many unknowns each camera has; none when all points were measured in space.
    depths
        Number of a lifter's depths that have an error common to all frames.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        proportions: Proportions,
        points: tuple[str, ...],
        soles: tuple[Landmark, ...],
        offsets: Offsets | None = None,
        cameras: Sequence[int] = (4,),
        depths: int = 0,
    ) -> None:
        self.skeleton = skeleton
        self.proportions = proportions
        self.points = points
        self.soles = soles
        landmarks = [skeleton.landmarks[skeleton.landmark_index(p)] for p in points]
        self.kinematics = Kinematics(skeleton, [*landmarks, *soles])
        self._location = np.array([m.location for m in self.kinematics.landmarks], float).reshape(-1, 3)
        self.offsets = Offsets.mirrored(points) if offsets is None else offsets
        self.scale_matrix = proportions.matrix(skeleton.body_names)
        self.layout = Layout.of(self.scale_matrix.shape[-1], cameras, self.offsets.count, depths)
        self._offset_matrix = np.zeros((len(self._location), 3, self.offsets.count))
        self._offset_matrix[: len(points)] = self.offsets.matrix
        self._displaced = np.asarray(self._offset_matrix.any(1))

    def columns(self, names: Sequence[str]) -> slice | Indices:
        """Where some measured points are among all landmarks: a slice where they follow one another."""
        index = np.array([self.points.index(name) for name in names], dtype=np.intp)
        if len(index) and np.array_equal(index, np.arange(index[0], index[0] + len(index))):
            return slice(int(index[0]), int(index[0]) + len(index))
        return index

    def scale(self, shared: Array) -> Array:
        """(B, 3) scale factors of the bodies."""
        return self.skeleton.scale * np.exp(self.scale_matrix @ shared[self.layout.size])

    def location(self, shared: Array) -> Array:
        """(K + S, 3) places of the landmarks on their unscaled bodies, metres."""
        return self._location + self._offset_matrix @ shared[self.layout.offset]

    def positions(self, state: State) -> Array:
        """(T, K + S, 3) landmark positions in the world, metres."""
        return self.kinematics.positions(state.q, self.scale(state.shared), self.location(state.shared))

    def placement(self, state: State) -> Placement:
        """The bodies in all postures, for `jacobian` and for the positions of the landmarks."""
        return self.kinematics.placement(state.q, self.scale(state.shared))

    def jacobian(self, state: State, placement: Placement, shared_free: bool) -> LandmarkJacobian:
        """Positions with derivatives by q, and by the sizes unless the shared unknowns are held."""
        directions = placement.scale[:, :, None] * self.scale_matrix if shared_free else None
        return self.kinematics.jacobian_in(placement, directions, self.location(state.shared))

    def place_columns(self, landmarks: Indices) -> Indices:
        """The shared unknowns that displace some landmarks on their bodies."""
        moving = np.flatnonzero(self._displaced[landmarks].any(0))
        return np.asarray(self.layout.offset.start + moving, np.intp)

    def displacements(self, landmarks: Indices, columns: Indices) -> Array:
        """(k, 3, c) displacements of k landmarks by some of the shared unknowns."""
        return self._offset_matrix[landmarks][..., columns - self.layout.offset.start]

    def personal_skeleton(self, shared: Array) -> Skeleton:
        """The person's own skeleton: scaled bodies, landmarks where this detector sees them."""
        places = self.location(shared)
        fitted = {
            name: Landmark(name, self.kinematics.landmarks[k].body, (*map(float, places[k]),))  # type: ignore[arg-type]
            for k, name in enumerate(self.points)
        }
        # Joint centres are the skeleton's own: it needs no landmarks there.
        landmarks = [fitted.get(m.name, m) for m in self.skeleton.landmarks if m.name not in JOINT_BODIES]
        return self.skeleton.with_landmarks(landmarks).scaled(self.scale(shared))


@dataclass(frozen=True)
class SharedDerivative:
    """Derivatives by some of the shared unknowns: all sizes and cameras, and the places of a few points.

    Those by the cameras are zero until a term adds them.
    """

    columns: Indices
    """(p,) the unknowns."""
    values: Array
    """(T, ..., p)"""


class Linearization:
    """A state with its positions and derivatives, for the residual terms; computed once, on first use.

    Parameters
    ----------
    state
        Value of the unknowns.
    shared_free
        False when the shared unknowns are held: then no derivative by them is computed.
    """

    def __init__(self, model: PersonModel, state: State, shared_free: bool = True) -> None:
        self.model = model
        self.state = state
        self.shared_free = shared_free

    @cached_property
    def _placement(self) -> Placement:
        return self.model.placement(self.state)

    @cached_property
    def of_landmarks(self) -> LandmarkJacobian:
        """Derivatives of the positions by the coordinates that move them, and by the sizes."""
        return self.model.jacobian(self.state, self._placement, self.shared_free)

    @cached_property
    def positions(self) -> Array:
        """(T, K + S, 3) landmarks in the world, metres."""
        return self.model.kinematics.positions_in(self._placement, self.model.location(self.state.shared))

    @property
    def dq(self) -> Array:
        """(T, K + S, 3, n) derivative of the positions by q."""
        return self.of_landmarks.dq

    def chains(self, points: slice | Indices, partner: Indices | None = None) -> tuple[Chain, ...]:
        """Some of the points (K,) in chains that follow the same coordinates; see `find_chains`."""
        landmarks = np.arange(self.positions.shape[1])[points]
        twins = None if partner is None else tuple(partner.tolist())
        return find_chains(self._structure, tuple(landmarks.tolist()), twins)

    @cached_property
    def _structure(self) -> Structure:
        return tuple(
            (tuple(b.landmarks.tolist()), tuple(b.columns.tolist())) for b in self.of_landmarks.bodies
        )

    def by_shared(self, landmarks: Indices, outer: Array | None = None) -> SharedDerivative | None:
        """Derivatives by the shared unknowns that move some landmarks; None when they are held.

        Parameters
        ----------
        landmarks
            (k,) their places among all.
        outer
            (T, k, R, 3) derivatives of R numbers by each of them; the landmarks themselves when None.
        """
        if not self.shared_free:
            return None
        jac, layout = self.of_landmarks, self.model.layout
        places = self.model.place_columns(landmarks)
        columns = np.concatenate([np.arange(layout.offset.start), places])
        by_size, by_place = jac.dsize[:, landmarks], jac.dlocation[:, landmarks]
        if outer is not None:
            by_size, by_place = outer @ by_size, outer @ by_place
        values = np.zeros((*by_size.shape[:3], len(columns)))
        values[..., layout.size] = by_size
        values[..., layout.offset.start :] = by_place @ self.model.displacements(landmarks, places)
        return SharedDerivative(columns, values)

    @cached_property
    def dshared(self) -> Array | None:
        """(T, K + S, 3, m) derivative of the positions by the shared unknowns; None when they are held."""
        by_shared = self.by_shared(np.arange(self.positions.shape[1]))
        if by_shared is None:
            return None
        dshared = np.zeros((*self.positions.shape, self.model.layout.count))
        dshared[..., by_shared.columns] = by_shared.values
        return dshared

    @property
    def soles(self) -> slice:
        """The points under the feet among all."""
        return slice(len(self.model.points), len(self.model.points) + len(self.model.soles))


_HEEL, _BALL, _TOE = (0.010, -0.010), (0.165, -0.011), (0.060, -0.010)


def sole_landmarks() -> tuple[Landmark, ...]:
    """Points of the default skeleton that touch the floor: heel, inner and outer ball, toe tip of both feet."""
    points = []
    for side, sign in (("r", 1.0), ("l", -1.0)):
        for place_name, body, (x, y), z in (
            ("heel", "calcn", _HEEL, 0.0),
            ("ball_inner", "calcn", _BALL, -0.025),
            ("ball_outer", "calcn", _BALL, 0.035),
            ("toe", "toes", _TOE, 0.0),
        ):
            place = (x, y - SOLE_THICKNESS_M, sign * z)
            points.append(Landmark(f"sole_{place_name}_{side}", f"{body}_{side}", place))
    return tuple(points)
