"""A second look at the faces of a photo, in larger crops.

A crop of a whole person shows the face with some twenty pixels, and a photo has no other frames to
average. The networks are trained on upper bodies, too: in a crop of one, nose, eyes and ears are seen twice as large.
Limbs gain nothing from it: they need the whole body around them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pase.data import HALPE26
from pase.keypoint_sets import SURE_SCORE
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.types import Array, Image

_HEAD = [HALPE26.index(name) for name in ("Nose", "LEye", "REye", "LEar", "REar", "Head")]
_UPPER_BODY = [
    *_HEAD,
    *(HALPE26.index(side + name) for name in ("Shoulder", "Elbow", "Hip") for side in "LR"),
    HALPE26.index("Neck"),
]
_FEWEST = 5
"""Least number of clear points of an upper body."""
_FARTHEST = 0.08
"""How far a point may move, in sizes of the person; beyond it is another person's."""
_LEAST_GAIN = 0.8
"""An upper body nearly as large as the visible person is not looked at again."""


def with_closer_look(network: KeypointNetwork, image: Image, poses: Sequence[Pose]) -> list[Pose]:
    """The poses, with the points of the head from a crop of the upper body."""
    boxes = {number: box for number, pose in enumerate(poses) if (box := _upper_body(pose)) is not None}
    closer = network(
        image, np.array([*boxes.values()]).reshape(-1, 4), [poses[number].turn for number in boxes]
    )
    looks = dict(zip(boxes, closer, strict=True))
    return [_merged(pose, looks[number]) if number in looks else pose for number, pose in enumerate(poses)]


def _upper_body(pose: Pose) -> Array | None:
    """Box (4,) of the upper body; None where it is hardly visible or as large as the person."""
    sure = pose.score >= SURE_SCORE
    points = pose.xy[_UPPER_BODY][sure[_UPPER_BODY]]
    if len(points) < _FEWEST:
        return None
    low, high = points.min(0), points.max(0)
    return np.concatenate([low, high]) if (high - low).max() < _LEAST_GAIN * _size(pose) else None


def _merged(pose: Pose, look: Pose) -> Pose:
    """The pose with those points of the head that a closer look shows clearly and at about the same place."""
    better = np.zeros(len(pose.score), bool)
    better[_HEAD] = True
    better &= np.linalg.norm(look.xy - pose.xy, axis=-1) <= _FARTHEST * _size(pose)
    better &= look.score >= SURE_SCORE
    return replace(
        pose,
        xy=np.where(better[:, None], look.xy, pose.xy),
        score=np.where(better, look.score, pose.score),
        sigma=np.where(better[:, None], look.sigma, pose.sigma),
    )


def _size(pose: Pose) -> float:
    """The longer side of the clear points of a person, px."""
    return float(np.ptp(pose.xy[pose.score >= SURE_SCORE], axis=0).max())
