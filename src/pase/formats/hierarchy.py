"""The pose of every body relative to its parent, for formats with a tree of nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pase.anatomy.kinematics import Kinematics, pieces
from pase.anatomy.model import Skeleton
from pase.types import Array


@dataclass(frozen=True, slots=True)
class BodyTree:
    """Bodies relative to their parents: `x_parent = rotation @ x_body + translation`."""

    names: tuple[str, ...]
    """B body names, parents before their children."""
    parent: tuple[int, ...]
    """(B,) index of the parent body; -1 for a body that hangs on the ground."""
    rotation: Array
    """(T, B, 3, 3)."""
    translation: Array
    """(T, B, 3) metres."""

    def children(self, body: int) -> list[int]:
        """Indices of the bodies that hang on a body; on the ground for -1."""
        return [i for i, parent in enumerate(self.parent) if parent == body]


def body_tree(skeleton: Skeleton, q: Array) -> BodyTree:
    """The bodies of a skeleton relative to their parents, for known `q` (T, n)."""
    names = skeleton.body_names
    parent = tuple(names.index(j.parent) if j.parent in names else -1 for j in skeleton.joints)
    poses = Kinematics(skeleton, ()).pose(q)
    rotation, translation = poses.rotation.copy(), poses.origin.copy()
    for i, p in enumerate(parent):
        if p >= 0:
            back = poses.rotation[:, p].transpose(0, 2, 1)
            rotation[:, i] = back @ poses.rotation[:, i]
            away = poses.origin[:, i] - poses.origin[:, p]
            translation[:, i] = (back @ away[:, :, None])[:, :, 0]
    return BodyTree(names, parent, rotation, translation)


def body_trees(skeleton: Skeleton, q: Array) -> Iterator[tuple[slice, BodyTree]]:
    """`body_tree` of some thousand frames after the other, and which they are."""
    for frames in pieces(len(q)):
        yield frames, body_tree(skeleton, q[frames])
