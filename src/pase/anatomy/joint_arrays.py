"""The joints of a skeleton side by side in arrays, so that all joints of one depth of the tree move at once.

Frames come last, `(3, 3, B, T)`: a product of many small matrices is then made of sums over long rows.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from pase.anatomy.coordinates import CoordinateMap
from pase.anatomy.functions import Function, affine
from pase.anatomy.joints import rotation_xyz, translation_scale_matrix
from pase.anatomy.model import Skeleton, TransformAxis
from pase.types import Array, Indices

SLOTS = 6
"""Axes of a joint: three rotations, one after the other, then three translations."""


@dataclass(frozen=True, slots=True)
class JointStep:
    """What the joints of B bodies do in T postures."""

    local: Array
    """(3, 3, B, T) orientation of each body in its parent."""
    centre: Array
    """(3, B, T) centre of each joint in the scaled parent, metres."""
    axes: Array
    """(3, 6, B, T) directions of the axes in the parent; of translations times their scale factor."""
    amounts: Array
    """(6, B, T) rad, and metres before they are scaled."""


def product(first: Array, second: Array) -> Array:
    """Matrices (i, j, B, T) times matrices (j, k, B, T)."""
    return np.asarray(np.einsum("ijbt,jkbt->ikbt", first, second))


def turned(first: Array, vectors: Array) -> Array:
    """Matrices (i, j, B, T) times vectors (j, B, T)."""
    return np.asarray(np.einsum("ijbt,jbt->ibt", first, vectors))


class AxisDrives:
    """How the axes (6, B) of joints follow the free coordinates.

    Parameters
    ----------
    joints
        The three rotations and three translations of each of B joints.
    """

    def __init__(self, joints: Sequence[Sequence[TransformAxis]], coordinates: CoordinateMap) -> None:
        shape = (SLOTS, len(joints))
        self.column = np.full(shape, -1)
        """(6, B) the free coordinate behind each axis; −1 for those that never move."""
        self._column = np.zeros(shape, np.intp)
        self._slope, self._intercept = np.zeros((*shape, 1)), np.zeros((*shape, 1))
        self._curved: list[tuple[int, int, Function]] = []
        for b, axes in enumerate(joints):
            for slot, axis in enumerate(axes):
                column, function = coordinates.drive(axis.coordinate, axis.function)
                line = affine(function)
                self.column[slot, b], self._column[slot, b] = column, max(column, 0)
                if line is None:
                    self._curved.append((slot, b, function))
                else:
                    self._slope[slot, b], self._intercept[slot, b] = line

    def amounts(self, q: Array) -> Array:
        """(6, B, T) for free coordinates (n, T)."""
        out = self._intercept + self._slope * q[self._column] if len(q) else self._resting(q)
        for slot, b, function in self._curved:
            out[slot, b] = function.value(q[self._column[slot, b]])
        return out

    def gains(self, q: Array) -> Array:
        """(6, B, T) derivatives of the amounts by the coordinate behind each axis."""
        out = np.broadcast_to(self._slope, (*self._column.shape, q.shape[1])).copy()
        for slot, b, function in self._curved:
            out[slot, b] = function.derivative(q[self._column[slot, b]])
        return out

    def _resting(self, q: Array) -> Array:
        return np.broadcast_to(self._intercept, (*self._column.shape, q.shape[1])).copy()


class JointArrays:
    """The joints of some bodies, in the order of their depth in the tree; the ground comes first as body 0.

    Parameters
    ----------
    bodies
        Their numbers among the skeleton's; with each all that carry it.
    """

    def __init__(self, skeleton: Skeleton, bodies: Sequence[int]) -> None:
        names = skeleton.body_names
        parent_of = [names.index(j.parent) if j.parent in names else -1 for j in skeleton.joints]
        depth: dict[int, int] = {-1: -1}
        for body in range(len(names)):
            depth[body] = depth[parent_of[body]] + 1
        self.bodies = np.array(sorted(bodies, key=lambda b: depth[b]), np.intp)
        """(B,) their numbers among the skeleton's."""
        self.place = {-1: 0} | {int(body): i + 1 for i, body in enumerate(self.bodies)}
        """Where each is here."""
        self.parent = np.array([self.place[parent_of[b]] for b in self.bodies], np.intp)
        """(B,) the place of each one's parent."""
        ends = np.searchsorted([depth[b] for b in self.bodies], range(max(depth.values(), default=-1) + 2))
        self.levels = [slice(a, b) for a, b in pairwise(ends.tolist()) if b > a]
        """Bodies of one depth, from the root outwards."""
        joints = [skeleton.joints[b] for b in self.bodies]
        self.drives = AxisDrives([(*j.rotations, *j.translations) for j in joints], CoordinateMap(skeleton))
        self._set_frames(skeleton)

    @classmethod
    def of(cls, skeleton: Skeleton, bodies: Sequence[int]) -> JointArrays:
        """The same, compiled once for a skeleton in all its sizes: these are no part of it."""
        return _compiled(_Structure(skeleton), tuple(bodies))

    def _set_frames(self, skeleton: Skeleton) -> None:
        joints = [skeleton.joints[b] for b in self.bodies]
        B = len(joints)
        base = np.array([rotation_xyz(j.parent_frame.orientation) for j in joints]).reshape(B, 3, 3)
        child = np.array([rotation_xyz(j.child_frame.orientation).T for j in joints]).reshape(B, 3, 3)
        axes = np.array([[a.axis for a in (*j.rotations, *j.translations)] for j in joints], float)
        axes = axes.reshape(B, SLOTS, 3)
        length = np.linalg.norm(axes[:, :3], axis=-1, keepdims=True)
        axes[:, :3] /= np.where(length > 0, length, 1.0)
        skews = np.cross(np.eye(3), axes[:, :3, None]).swapaxes(0, 1)
        turns = np.stack([np.broadcast_to(np.eye(3), skews.shape), skews, skews @ skews])
        # The frames of the joint on both bodies go with its first and its last turn.
        turns[:, 0], turns[:, 2] = base @ turns[:, 0], turns[:, 2] @ child
        self._turns = np.ascontiguousarray(turns.transpose(0, 1, 3, 4, 2))[..., None]
        self._axes = axes.transpose(1, 2, 0)
        self._fixed_axes = np.einsum("bij,bkj->ikb", base, axes)
        self.parent_translation = (
            np.array([j.parent_frame.translation for j in joints], float).reshape(B, 3).T
        )
        self.child_translation = np.array([j.child_frame.translation for j in joints], float).reshape(B, 3).T
        scales = [translation_scale_matrix(j) for j in joints]
        self.scale_weights = np.array([weights for weights, _ in scales]).reshape(B, 3, 3).transpose(1, 2, 0)
        """(3, 3, B) of the parent's scale factors in those of the translations."""
        self._scale_constant = np.array([constant for _, constant in scales]).reshape(B, 3).T

    def move(self, q: Array, parent_scale: Array) -> JointStep:
        """All joints for free coordinates (n, T) and scale factors (3, B) of the parents."""
        amounts = self.drives.amounts(q)
        B, T = amounts.shape[1:]
        angle = amounts[:3, None, None]
        still, across, back = self._turns
        first, second, third = still + np.sin(angle) * across + (1 - np.cos(angle)) * back
        first_two = product(first, second)
        axes = np.empty((3, SLOTS, B, T))
        axes[:, 0] = self._fixed_axes[:, 0, :, None]
        axes[:, 1] = np.einsum("ijbt,jb->ibt", first, self._axes[1])
        axes[:, 2] = np.einsum("ijbt,jb->ibt", first_two, self._axes[2])
        factors = np.einsum("kjb,jb->kb", self.scale_weights, parent_scale) + self._scale_constant
        axes[:, 3:] = (self._fixed_axes[:, 3:] * factors)[..., None]
        shift = np.einsum("ikbt,kbt->ibt", axes[:, 3:], amounts[3:])
        centre = (parent_scale * self.parent_translation)[..., None] + shift
        return JointStep(product(first_two, third), centre, axes, amounts)

    @property
    def shift_axes(self) -> Array:
        """(3, 3, B) directions of the three translations in the parent's axes."""
        return np.asarray(self._fixed_axes[:, 3:])

    def columns_of(self, body: int) -> dict[int, Indices]:
        """The free coordinates that move a body, from the root outwards, and the axes that each drives.

        Axes are numbered in an array (6, B).
        """
        chain: list[int] = []
        place = self.place[body]
        while place:
            chain.insert(0, place - 1)
            place = int(self.parent[place - 1])
        out: dict[int, list[int]] = {}
        for b in chain:
            for slot in range(SLOTS):
                if self.drives.column[slot, b] >= 0:
                    out.setdefault(int(self.drives.column[slot, b]), []).append(slot * len(self.bodies) + b)
        return {column: np.array(axes, np.intp) for column, axes in out.items()}


class _Structure:
    """A skeleton without its sizes, equal to those with the very same bodies, joints and coordinates."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self._parts = (skeleton.bodies, skeleton.joints, skeleton.coordinates, skeleton.couplers)

    def __hash__(self) -> int:
        return hash(tuple(map(id, self._parts)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Structure) and all(map(operator.is_, self._parts, other._parts))


@lru_cache(maxsize=32)
def _compiled(structure: _Structure, bodies: tuple[int, ...]) -> JointArrays:
    return JointArrays(structure.skeleton, bodies)
