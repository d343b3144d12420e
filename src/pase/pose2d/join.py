"""Choose the main person, and join the pieces of that person's track that a loss has cut apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pase.pose2d.keypoints import Array, Pose
from pase.pose2d.track import Track

_LONGEST_GAP_SECONDS = 4.0
_REACH = 1.0
_REACH_A_SECOND = 1.5
_SIZE_RATIO = 1.6


def main_person(tracks: Sequence[Track], time: Array) -> dict[int, Pose]:
    """Poses by frame index of the person who was prominent for the longest.

    Parameters
    ----------
    tracks
        Everybody with at least one pose.
    time
        (T,) seconds of every frame.

    Returns
    -------
    dict
        The best track, with earlier and later ones that may be the same person: no frame in common, a short
        gap in time, and a place and size that the person could have reached within it.
    """
    pieces = [set(track.poses) for track in tracks]
    groups = [[number] for number in range(len(tracks))]
    for first, second in _joints(tracks, time):
        one = next(group for group in groups if first in group)
        other = next(group for group in groups if second in group)
        apart = all(pieces[a].isdisjoint(pieces[b]) for a in one for b in other)
        if one is not other and apart:
            one += other
            groups.remove(other)
    best = max(groups, key=lambda group: sum(tracks[number].total for number in group))
    return {index: pose for number in best for index, pose in tracks[number].poses.items()}


def _joints(tracks: Sequence[Track], time: Array) -> list[tuple[int, int]]:
    """Pairs of tracks of which the second may continue the first, the likeliest pair first."""
    found = []
    for one, before in enumerate(tracks):
        for other, after in enumerate(tracks):
            end, start = max(before.poses), min(after.poses)
            gap = float(time[start] - time[end])
            if one != other and 0 < gap <= _LONGEST_GAP_SECONDS:
                distance, ratio = _change(before.poses[end], after.poses[start])
                if distance <= _REACH + _REACH_A_SECOND * gap and ratio <= _SIZE_RATIO:
                    found.append((distance + gap, one, other))
    return [(one, other) for _, one, other in sorted(found)]


def _change(before: Pose, after: Pose) -> tuple[float, float]:
    """Distance between two poses in sizes of the larger, and the ratio of their sizes."""
    centres = [np.median(pose.xy, axis=0) for pose in (before, after)]
    sizes = [float(np.ptp(pose.xy, axis=0).max()) for pose in (before, after)]
    distance = float(np.linalg.norm(centres[1] - centres[0]))
    return distance / max(*sizes, 1e-9), max(sizes) / max(min(sizes), 1e-9)
