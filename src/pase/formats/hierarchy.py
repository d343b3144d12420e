"""The pose of every body relative to its parent, for formats with a tree of nodes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pase.anatomy.kinematics import BodyPoses, Kinematics, pieces
from pase.anatomy.model import Skeleton
from pase.types import Array


@dataclass(frozen=True, slots=True)
class BodyTree:
    """Bodies relative to their parents: `x_parent = rotation @ x_body + translation`."""

    names: tuple[str, ...]
    """B body names."""
    parent: tuple[int, ...]
    """(B,) index of the parent body; -1 for a body that hangs on the ground."""
    rotation: Array
    """(T, B, 3, 3)."""
    translation: Array
    """(T, B, 3) metres."""

    def children(self, body: int) -> list[int]:
        """Indices of the bodies that hang on a body; on the ground for -1."""
        return [i for i, parent in enumerate(self.parent) if parent == body]


def body_tree(skeleton: Skeleton, q: Array, parents: Mapping[str, str] | None = None) -> BodyTree:
    """The bodies of a skeleton relative to their parents, for known `q` (T, n); see `relative_to`."""
    return relative_to(skeleton, Kinematics(skeleton, ()).pose(q), parents)


def relative_to(skeleton: Skeleton, poses: BodyPoses, parents: Mapping[str, str] | None = None) -> BodyTree:
    """Bodies in the world relative to their parents; `parents` names those that shall hang on another body."""
    names, parents = skeleton.body_names, parents or {}
    parent_names = [
        parents[body] if parents.get(body) in names else joint.parent
        for body, joint in zip(names, skeleton.joints, strict=True)
    ]
    parent = tuple(names.index(name) if name in names else -1 for name in parent_names)
    rotation, translation = poses.rotation.copy(), poses.origin.copy()
    for i, p in enumerate(parent):
        if p >= 0:
            back = poses.rotation[:, p].transpose(0, 2, 1)
            rotation[:, i] = back @ poses.rotation[:, i]
            away = poses.origin[:, i] - poses.origin[:, p]
            translation[:, i] = (back @ away[:, :, None])[:, :, 0]
    return BodyTree(names, parent, rotation, translation)


def body_trees(
    skeleton: Skeleton, q: Array, parents: Mapping[str, str] | None = None
) -> Iterator[tuple[slice, BodyTree]]:
    """`body_tree` of some thousand frames after the other, and which they are."""
    for frames in pieces(len(q)):
        yield frames, body_tree(skeleton, q[frames], parents)
