"""Points along one kinematic chain follow the same few coordinates: derivatives are kept for these alone.

A keypoint depends on 6 to 17 of 42 coordinates. The points of a term are put together in chains, each from the root
to the end of a limb, so that the products of derivatives are small and dense; a pair of points that measure one
another (see `PairHabit`) is a chain of its own, with the coordinates of both.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from pase.anatomy.kinematics import LandmarkJacobian, wrenches
from pase.types import Array, Indices

Structure = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
"""Landmarks of each body, and the coordinates that move it, from the root outwards."""

Runs = tuple[tuple[slice, slice], ...]
"""Coordinates that follow one another, as slices: where they are among all, and among those of a chain."""


@dataclass(frozen=True)
class BodyPoints:
    """The points of one body in a chain."""

    body: int
    """Number of the body among those with landmarks."""
    landmarks: Indices
    """The points among the body's landmarks."""
    rows: slice
    """The points among those of the chain."""
    columns: slice | Indices
    """The body's coordinates among those of the chain."""


@dataclass(frozen=True)
class Chain:
    """Points that follow the same coordinates."""

    points: Indices
    """(P,) their places among the points of a term."""
    landmarks: Indices
    """(P,) their places among all landmarks."""
    columns: Indices
    """(c,) the coordinates."""
    bodies: tuple[BodyPoints, ...]
    runs: Runs
    paired: bool = False
    """Whether it is a pair of points, each of which also depends on the other's coordinates."""

    def derivative(self, of_landmarks: LandmarkJacobian, outer: Array | None = None) -> Array:
        """(T, P, R, c) derivatives of the points, or of numbers whose derivatives by the points are `outer`.

        Parameters
        ----------
        of_landmarks
            Positions and derivatives of all landmarks.
        outer
            (T, P, R, 3) derivatives by each of the points; the points themselves (R = 3) when None.
        """
        T, P = len(of_landmarks.position), len(self.points)
        R = 3 if outer is None else outer.shape[2]
        out = np.zeros((T, P, R, len(self.columns)))
        pull = None if outer is None else wrenches(of_landmarks.position[:, self.landmarks], outer)
        for part in self.bodies:
            body = of_landmarks.bodies[part.body]
            if pull is not None:
                flat = pull[:, part.rows].reshape(T, -1, 6) @ body.twist
                dq = flat.reshape(T, -1, R, len(body.columns))
            else:
                dq = body.dq if len(part.landmarks) == len(body.landmarks) else body.dq[:, part.landmarks]
            out[:, part.rows, :, part.columns] = dq
        return out

    def rows(self, count: int) -> Indices:
        """(P R,) rows of a term that has `count` rows for each of its points."""
        return (self.points[:, None] * count + np.arange(count)).ravel()


@lru_cache(maxsize=64)
def find_chains(
    structure: Structure, points: tuple[int, ...], partner: tuple[int, ...] | None = None
) -> tuple[Chain, ...]:
    """The chains of some landmarks, as few as their order from the root allows.

    Parameters
    ----------
    structure
        The skeleton's bodies with landmarks.
    points
        (K,) the landmarks that a term is of.
    partner
        (K,) the other one of each point's pair; itself where there is none.
    """
    body_of = {landmark: number for number, (landmarks, _) in enumerate(structure) for landmark in landmarks}
    alone = [k for k in range(len(points)) if partner is None or partner[k] == k]
    pairs = [(k, twin) for k, twin in enumerate(partner or ()) if twin > k]
    bodies: dict[int, list[int]] = {}
    for k in alone:
        bodies.setdefault(body_of[points[k]], []).append(k)
    members: list[tuple[tuple[int, ...], list[int]]] = []
    for body in sorted(bodies, key=lambda b: -len(structure[b][1])):
        path = structure[body][1]
        fitting = next((m for m in members if m[0][: len(path)] == path), None)
        if fitting is None:
            fitting = (path, [])
            members.append(fitting)
        fitting[1].extend(bodies[body])
    chains = [_chain(structure, points, columns, places, body_of) for columns, places in members]
    for first, second in pairs:
        path, twin = (structure[body_of[points[k]]][1] for k in (first, second))
        columns = (*path, *(c for c in twin if c not in path))
        chains.append(_chain(structure, points, columns, [first, second], body_of, paired=True))
    return tuple(chains)


def _chain(
    structure: Structure,
    points: tuple[int, ...],
    columns: tuple[int, ...],
    places: list[int],
    body_of: dict[int, int],
    *,
    paired: bool = False,
) -> Chain:
    bodies: list[BodyPoints] = []
    order: list[int] = []
    for body in dict.fromkeys(body_of[points[k]] for k in places):
        numbers = [k for k in places if body_of[points[k]] == body]
        landmarks, moving = structure[body]
        at = [columns.index(c) for c in moving]
        in_order = at == list(range(len(at)))
        bodies.append(
            BodyPoints(
                body,
                np.array([landmarks.index(points[k]) for k in numbers], np.intp),
                slice(len(order), len(order) + len(numbers)),
                slice(0, len(at)) if in_order else np.array(at, np.intp),
            )
        )
        order += numbers
    place = np.array(columns, np.intp)
    of_points = np.array([points[k] for k in order], np.intp)
    return Chain(np.array(order, np.intp), of_points, place, tuple(bodies), runs_of(place), paired)


def runs_of(columns: Indices) -> Runs:
    """Coordinates that follow one another, as slices: where they are among all, and among the chain's."""
    starts = [0, *(np.flatnonzero(np.diff(columns) != 1) + 1).tolist(), len(columns)]
    return tuple(
        (slice(int(columns[a]), int(columns[a]) + b - a), slice(a, b)) for a, b in pairwise(starts) if b > a
    )
