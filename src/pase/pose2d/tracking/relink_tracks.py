"""Join the pieces of a person's track that were cut apart when the person was lost or left the picture."""

from collections.abc import Mapping, Sequence

import numpy as np

from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.similarity import assign
from pase.pose2d.tracking.track import Track
from pase.types import Array

_SHORT_GAP_S = 4.0
"""Seconds after which a person's path no longer predicts their place: then the clothes decide."""
_LONG_GAP_S = 60.0
"""Seconds after which nobody is recognised again."""
_REACH, _REACH_A_SECOND = 1.0, 1.5
"""Body sizes by which a person may have moved in a gap, plus this many for each of its seconds."""
_SIZE_RATIO = 1.6
"""Factor by which a person's size may have changed."""
_SIZE_OVER_S = 1.0
"""Seconds over which a size is the median: somebody who crouches before a jump is half as long as in the air."""
_LEAST_ALIKE = 0.4
"""Likeness of the clothes below which it is somebody else."""
_AMONG_OTHERS, _ALIKE_AMONG_OTHERS = 0.5, 0.55
"""Share of the reach, and least likeness of the clothes, where others are within reach."""
_SURELY_ALIKE = 0.7
"""Likeness from which on it is the same person after a long absence, if nobody else is as alike."""
_CLEARLY_MORE = 0.15
"""How much more alike the clothes must be than those of the next best."""

_Spans = Mapping[Track, tuple[int, int]]
"""First and last frame of each track."""


def join_pieces(tracks: Sequence[Track], time: Array) -> list[list[Track]]:
    """Tracks of the same person put together.

    A later piece continues an earlier one of the same shot when, after up to four seconds, place and size are
    within reach and the clothes, where they were seen, are alike; and after up to a minute when the clothes
    are very alike and nobody else's are.
    """
    # Frames to which somebody was followed back or forward count.
    frames = {track: [*track.poses, *track.between] for track in tracks}
    spans = {track: (min(numbers), max(numbers)) for track, numbers in frames.items()}
    likeness = np.array([[_continues(earlier, later, time, spans) for later in tracks] for earlier in tracks])
    following = dict(assign(likeness.reshape(len(tracks), len(tracks)), 1e-6))
    later = set(following.values())
    persons = []
    for start in range(len(tracks)):
        if start not in later:
            chain = [start]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            persons.append([tracks[number] for number in chain])
    return _rejoined(persons, time, spans)


def _continues(before: Track, after: Track, time: Array, spans: _Spans) -> float:
    """How likely the second track continues the first after a short gap, from 0 to 1."""
    end, start = spans[before][1], spans[after][0]
    gap = float(time[start] - time[end])
    if before.shot != after.shot or not 0 < gap <= _SHORT_GAP_S:
        return 0.0
    sizes = _usual_size(before, end, time), _usual_size(after, start, time)
    distance = _distance(before, end, after, start) / max(*sizes, 1e-9)
    ratio = max(sizes) / max(min(sizes), 1e-9)
    comparable = before.clothes is not None and after.clothes is not None
    alike = before.clothes_likeness(after.clothes)
    if ratio > _SIZE_RATIO or (comparable and alike < _LEAST_ALIKE):
        return 0.0
    reach = _REACH + _REACH_A_SECOND * gap
    bystanders = (t for t in spans if t is not before and t is not after)
    if any(_distance(t, start, after, start) < reach * max(sizes) for t in bystanders):
        # With others about it may as well be one of them who was hidden.
        reach *= _AMONG_OTHERS
        if comparable and alike < _ALIKE_AMONG_OTHERS:
            return 0.0
    return max(0.0, 1.0 - distance / reach) * (1.0 - 0.5 * gap / _SHORT_GAP_S) * (0.5 + 0.5 * alike)


def _rejoined(persons: list[list[Track]], time: Array, spans: _Spans) -> list[list[Track]]:
    """Persons who came back after a longer absence put together with who they were before."""
    persons = sorted(persons, key=lambda pieces: spans[pieces[0]][0])
    out: list[list[Track]] = []
    for pieces in persons:
        alike = [(_returns(earlier, pieces, time, spans), number) for number, earlier in enumerate(out)]
        ranked = sorted(alike, reverse=True)
        clear = len(ranked) < 2 or ranked[0][0] - ranked[1][0] >= _CLEARLY_MORE
        if ranked and ranked[0][0] >= _SURELY_ALIKE and clear:
            out[ranked[0][1]] += pieces
        else:
            out.append(list(pieces))
    return out


def _returns(before: Sequence[Track], after: Sequence[Track], time: Array, spans: _Spans) -> float:
    """Likeness of the clothes of somebody who left and somebody who came; 0 when it cannot be the same person."""
    end, start = spans[before[-1]][1], spans[after[0]][0]
    gap = float(time[start] - time[end])
    if before[-1].shot != after[0].shot or not 0 < gap <= _LONG_GAP_S:
        return 0.0
    if before[-1].clothes is None or after[0].clothes is None:
        return 0.0
    return before[-1].clothes_likeness(after[0].clothes)


def _pose(track: Track, frame: int) -> Pose | None:
    return track.poses.get(frame) or track.between.get(frame)


def _distance(a: Track, frame_a: int, b: Track, frame_b: int) -> float:
    """Distance between the middles of two poses, px; infinite where there is none."""
    poses = _pose(a, frame_a), _pose(b, frame_b)
    middles = [np.median(pose.xy, axis=0) for pose in poses if pose is not None]
    return float(np.linalg.norm(middles[1] - middles[0])) if len(middles) == 2 else np.inf


def _usual_size(track: Track, frame: int, time: Array) -> float:
    """Median size of a person around a frame, px."""
    poses = track.poses | track.between
    near = (pose for i, pose in poses.items() if abs(time[i] - time[frame]) <= _SIZE_OVER_S)
    return float(np.median([np.ptp(pose.xy, axis=0).max() for pose in near]))
