"""Which body is whose in one frame, where persons are near one another.

Where two persons overlap, the keypoint network often reads one body in both crops. So poses that are one body are
counted once, and the bodies of such a group are given to those whom they fit best: by the keypoints of the frame
before, by the place where somebody hidden should be, and by the clothes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from pase.media.frames import Frame
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.appearance import clear_torsos, clothes_colours
from pase.pose2d.tracking.similarity import best_pairs, overlap, pose_similarity, reach_likeness
from pase.pose2d.tracking.track import Track
from pase.types import Array

SAME_BODY = 0.55
"""Similarity of two poses from which on they are one and the same body."""
NEAR_IOU = 0.05
"""Intersection over union of two boxes from which on their persons are near one another."""
_OWN_CROP = 0.12
"""What counts for a person when the body was found in that person's own crop."""
_REACH_WEIGHT = 0.5
"""Weight of the right place relative to the keypoints of the frame before, which are more reliable."""
_CLOTHES_WEIGHT, _USUALLY_ALIKE = 0.8, 0.5
"""What it counts that clothes are more alike, or less, than those of any two persons usually are."""
_LEAST_ALIKE = 0.4
"""Likeness of the clothes under which nobody is found again after having been hidden."""
_NEW = 0.25
"""How well any body fits somebody new."""
_LEAST_FIT = 0.3
"""A body that fits a person no better than this is not theirs."""


def settle(
    frame: Frame, tracks: Sequence[Track], poses: Mapping[int, Pose], settled_poses: Sequence[Pose]
) -> dict[int, Pose]:
    """The bodies of a frame, each given to one person at most.

    Parameters
    ----------
    tracks
        The persons whose keypoints were placed.
    poses
        What was found in their crops, by index into `tracks`.
    settled_poses
        Bodies of the frame that are somebody's already.

    Returns
    -------
    dict
        A pose by index into `tracks`; who has none is hidden.
    """
    bodies = _bodies(poses, settled_poses)
    if len(tracks) < 2:
        return bodies
    out: dict[int, Pose] = {}
    for group in _groups(frame.time, tracks, bodies):
        with_body = [number for number in group if number in bodies]
        if len(group) == 1:
            out |= {number: bodies[number] for number in with_body}
        elif with_body:
            clear = clear_torsos([bodies[number] for number in with_body])
            clothes = {
                number: clothes_colours(frame.image, bodies[number]) if is_clear else None
                for number, is_clear in zip(with_body, clear, strict=True)
            }
            fits = np.array(
                [[_fit(frame, tracks[n], bodies[b], clothes[b]) for b in with_body] for n in group]
            )
            fits += _OWN_CROP * (np.array(group)[:, None] == with_body)
            for row, column in best_pairs(fits):
                if fits[row, column] >= _LEAST_FIT:
                    out[group[row]] = bodies[with_body[column]]
    return out


def _bodies(poses: Mapping[int, Pose], settled_poses: Sequence[Pose]) -> dict[int, Pose]:
    """The poses that are bodies of their own; of several of one body the clearest."""
    bodies: dict[int, Pose] = {}
    for number in sorted(poses, key=lambda n: -poses[n].quality):
        pose = poses[number]
        if all(pose_similarity(pose, rival) < SAME_BODY for rival in (*bodies.values(), *settled_poses)):
            bodies[number] = pose
    return bodies


def _groups(time: float, tracks: Sequence[Track], bodies: Mapping[int, Pose]) -> list[list[int]]:
    """Indices of persons who are near one another, where they should be or by the bodies in their crops."""
    expected = [track.expected_box(time) for track in tracks]
    current = [_box(bodies[n]) if n in bodies else box for n, box in enumerate(expected)]
    boxes = np.array([expected, current]).reshape(2, -1, 4)
    near = (overlap(boxes[0], boxes[0]) > NEAR_IOU) | (overlap(boxes[1], boxes[1]) > NEAR_IOU)
    near |= overlap(boxes[0], boxes[1]) > NEAR_IOU
    near |= near.T | np.eye(len(near), dtype=bool)
    for _ in range(len(near).bit_length()):
        near = near @ near
    return [list(group) for group in dict.fromkeys(tuple(np.flatnonzero(row).tolist()) for row in near)]


def _fit(frame: Frame, track: Track, pose: Pose, colours: Array | None) -> float:
    """How well a body in such clothes fits a person, from about 0 to 1."""
    last, gap = track.last_pose(), max(0.0, frame.time - track.time)
    if last is None:
        return _NEW
    way = pose_similarity(last, pose, track.shift(frame.time)) / (1.0 + gap)
    place = _REACH_WEIGHT * reach_likeness(track.expected_box(frame.time), _box(pose), gap)
    comparable = track.clothes is not None and colours is not None
    alike = track.clothes_likeness(colours)
    if comparable and place > way and alike < _LEAST_ALIKE:
        return 0.0
    return max(way, place) + _CLOTHES_WEIGHT * (alike - _USUALLY_ALIKE if comparable else 0.0)


def _box(pose: Pose) -> Array:
    return np.concatenate([pose.xy.min(0), pose.xy.max(0)])
