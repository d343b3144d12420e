"""The unknowns of one person's motion, and everything the residual terms want to know about them.

The unknowns are the free coordinates of every frame, `q (T, n)`, and the shared ones, `shared (m,)`, that hold
for the whole recording: log scale factors of the body, the camera, and where the detector's points sit on
their bones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.kinematics import Kinematics, LandmarkJacobian
from pase.anatomy.model import Landmark, Skeleton
from pase.anatomy.proportions import Proportions

Array = NDArray[np.float64]

CAMERA_UNKNOWNS = ("pitch", "roll", "height", "log_focal_length")
"""Shared unknowns of the camera: rad (down is positive), rad, m above the floor, log px."""

SOLE_THICKNESS_M = 0.010
"""Skin and shoe between the lowest bone of the foot and the floor; a barefoot heel pad is 13-18 mm thick when
unloaded and about half that when stood on (Prichasuk 1994)."""


@dataclass(frozen=True)
class State:
    """One value of all unknowns."""

    q: Array
    """(T, n) rad or m."""
    shared: Array
    """(m,) in the order of `Layout`."""


@dataclass(frozen=True)
class Layout:
    """Where each group of shared unknowns sits in `shared`."""

    size: slice
    camera: slice
    offset: slice
    count: int

    @classmethod
    def of(cls, size: int, offset: int, camera_unknowns: int = len(CAMERA_UNKNOWNS)) -> Layout:
        """Layout for `size` body size parameters and `offset` landmark offsets, with or without a camera."""
        camera = size + camera_unknowns
        return cls(slice(0, size), slice(size, camera), slice(camera, camera + offset), camera + offset)


class Offsets(Protocol):
    """Shared displacements of the measured points on their bodies."""

    matrix: Array
    """(K, 3, c) displacement of each point, metres, by c unknowns."""

    @property
    def count(self) -> int:
        """Number of unknown displacements."""
        ...


class FreeOffsets:
    """Every point displaced on its own, as markers are that somebody stuck on; or none of them.

    Parameters
    ----------
    points
        Number of points; 0 unknowns with `held`.
    held
        True leaves all points where the model has them.
    """

    def __init__(self, points: int, held: bool = False) -> None:
        columns = 0 if held else 3 * points
        self.matrix = np.eye(3 * points)[:, :columns].reshape(points, 3, columns)

    @property
    def count(self) -> int:
        """Number of unknown displacements."""
        return int(self.matrix.shape[-1])


class LandmarkOffsets:
    """Where the measured points really sit: a displacement on the body, the same on both sides, mirrored.

    A detector's "hip" or "ankle" is a habit of those who labelled its training pictures, off the joint centre
    by 15-29 mm in a way that is the same in all frames.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        columns: list[dict[tuple[int, int], float]] = []
        for k, name in enumerate(names):
            if name.startswith("R") and f"L{name[1:]}" in names:
                twin = names.index(f"L{name[1:]}")
                columns += [{(k, axis): 1.0, (twin, axis): -1.0 if axis == 2 else 1.0} for axis in range(3)]
            elif not (name.startswith("L") and f"R{name[1:]}" in names):
                columns += [{(k, axis): 1.0} for axis in range(2)]
        self.matrix = np.zeros((len(names), 3, len(columns)))
        for column, entries in enumerate(columns):
            for (k, axis), sign in entries.items():
                self.matrix[k, axis, column] = sign

    @property
    def count(self) -> int:
        """Number of unknown displacements."""
        return int(self.matrix.shape[-1])

    def spread(self, by_point: Sequence[float]) -> Array:
        """(count,) standard deviation of each displacement from that of each point, metres."""
        largest: Array = np.max(np.abs(self.matrix) * np.asarray(by_point)[:, None, None], axis=(0, 1))
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
    camera
        False when the points were measured in space: then there are no unknowns of a camera.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        proportions: Proportions,
        points: tuple[str, ...],
        soles: tuple[Landmark, ...],
        offsets: Offsets | None = None,
        camera: bool = True,
    ) -> None:
        self.skeleton = skeleton
        self.proportions = proportions
        self.points = points
        self.soles = soles
        landmarks = [skeleton.landmarks[skeleton.landmark_index(p)] for p in points]
        self.kinematics = Kinematics(skeleton, [*landmarks, *soles])
        self._location = np.array([m.location for m in self.kinematics.landmarks], float).reshape(-1, 3)
        self.offsets: Offsets = LandmarkOffsets(points) if offsets is None else offsets
        self.scale_matrix = proportions.matrix(skeleton.body_names)
        unknowns = len(CAMERA_UNKNOWNS) if camera else 0
        self.layout = Layout.of(self.scale_matrix.shape[-1], self.offsets.count, unknowns)
        self._offset_matrix = np.zeros((len(self._location), 3, self.offsets.count))
        self._offset_matrix[: len(points)] = self.offsets.matrix

    def scale(self, shared: Array) -> Array:
        """(B, 3) scale factors of the bodies."""
        factors: Array = self.skeleton.scale * np.exp(self.scale_matrix @ shared[self.layout.size])
        return factors

    def location(self, shared: Array) -> Array:
        """(K + S, 3) places of the landmarks on their unscaled bodies, metres."""
        places: Array = self._location + self._offset_matrix @ shared[self.layout.offset]
        return places

    def positions(self, state: State) -> Array:
        """(T, K + S, 3) landmark positions in the world, metres."""
        return self.kinematics.positions(state.q, self.scale(state.shared), self.location(state.shared))

    def jacobian(self, state: State, shared_free: bool) -> tuple[LandmarkJacobian, Array | None]:
        """Positions with derivatives by q, and by all shared unknowns (T, K + S, 3, m) unless they are held."""
        scale = self.scale(state.shared)
        if not shared_free:
            return self.kinematics.jacobian(state.q, scale, location=self.location(state.shared)), None
        directions = scale[:, :, None] * self.scale_matrix
        jac = self.kinematics.jacobian(state.q, scale, directions, self.location(state.shared))
        dshared = np.zeros((*jac.position.shape, self.layout.count))
        dshared[..., self.layout.size] = jac.dsize
        dshared[..., self.layout.offset] = jac.dlocation @ self._offset_matrix
        return jac, dshared

    def personal_skeleton(self, shared: Array) -> Skeleton:
        """The person's own skeleton: scaled bodies, landmarks where this detector sees them."""
        places = self.location(shared)
        fitted = {
            name: Landmark(name, self.kinematics.landmarks[k].body, (*map(float, places[k]),))  # type: ignore[arg-type]
            for k, name in enumerate(self.points)
        }
        landmarks = [fitted.get(m.name, m) for m in self.skeleton.landmarks]
        return self.skeleton.with_landmarks(landmarks).scaled(self.scale(shared))


class Linearization:
    """A state as the residual terms see it; positions and derivatives are computed once, when first asked for.

    Parameters
    ----------
    model
        The person's model.
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
    def _derivatives(self) -> tuple[LandmarkJacobian, Array | None]:
        return self.model.jacobian(self.state, self.shared_free)

    @cached_property
    def positions(self) -> Array:
        """(T, K + S, 3) landmarks in the world, metres."""
        if "_derivatives" in self.__dict__:
            return self._derivatives[0].position
        return self.model.positions(self.state)

    @property
    def dq(self) -> Array:
        """(T, K + S, 3, n) derivative of the positions by q."""
        return self._derivatives[0].dq

    @property
    def dshared(self) -> Array | None:
        """(T, K + S, 3, m) derivative of the positions by the shared unknowns; None when they are held."""
        return self._derivatives[1]

    @property
    def measured(self) -> slice:
        """The measured landmarks among all."""
        return slice(0, len(self.model.points))

    @property
    def soles(self) -> slice:
        """The points under the feet among all."""
        return slice(len(self.model.points), len(self.model.points) + len(self.model.soles))


_HEEL, _BALL, _TOE = (0.010, -0.010), (0.165, -0.011), (0.060, -0.010)


def sole_landmarks() -> tuple[Landmark, ...]:
    """Points of the default skeleton that touch the floor: heel, inner and outer ball, toe tip of both feet."""
    points = []
    for side, sign in (("r", 1.0), ("l", -1.0)):
        for part, body, (x, y), z in (
            ("heel", "calcn", _HEEL, 0.0),
            ("ball_inner", "calcn", _BALL, -0.025),
            ("ball_outer", "calcn", _BALL, 0.035),
            ("toe", "toes", _TOE, 0.0),
        ):
            place = (x, y - SOLE_THICKNESS_M, sign * z)
            points.append(Landmark(f"sole_{part}_{side}", f"{body}_{side}", place))
    return tuple(points)
