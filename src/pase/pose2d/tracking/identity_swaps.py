"""Whether two persons who met in the picture were mistaken for one another.

While two people cover each other the network often reads one body in both crops. Afterwards each of the two
tracks goes on with one of the two persons, not always with its own. The clothes decide, and where these are alike,
the paths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pase.media.frames import Frame
from pase.pose2d.tracking.appearance import clothes_colours, clothes_distance
from pase.pose2d.tracking.similarity import box_size, centre_of, overlap
from pase.pose2d.tracking.track import Track
from pase.types import Array

_MEET, _PART = 0.15, 0.05
"""Intersection over union of two boxes from which on persons meet, and under which they have parted."""
_CLEAR_CLOTHES = 0.25
"""How much better the exchanged clothes must fit, summed over both persons."""
_CLEAR_PATH = 0.6
"""Body sizes by which the exchanged paths must fit better, where the clothes are alike and one was hidden."""
_LONGEST_PATH_S = 2.0
"""Longest time for which persons are expected to have moved on as before they met."""
_LONGEST_S = 6.0
"""Persons who have not parted after this time are judged by what has been seen so far."""


@dataclass
class _Encounter:
    """Two persons from when they met."""

    first: Track
    second: Track
    time: float
    centres: tuple[Array, Array]
    velocities: tuple[Array, Array]
    closest: int
    """Frame in which they covered each other most."""
    shared: float
    hidden: bool = False
    """Whether one of them was not seen for a while."""


class Encounters:
    """Watches who meets whom, and mends the tracks of those who were mistaken for one another."""

    def __init__(self) -> None:
        self._open: dict[tuple[Track, Track], _Encounter] = {}

    def watch(self, frame: Frame, tracks: Sequence[Track]) -> None:
        """Take note of a frame, after everybody in it was placed."""
        boxes = np.array([track.expected_box(frame.time) for track in tracks]).reshape(-1, 4)
        shared = overlap(boxes, boxes)
        for i, first in enumerate(tracks):
            for j in range(i):
                if shared[i, j] >= _MEET:
                    self._meet(frame, tracks[j], first, float(shared[i, j]))
        alone = {t: not (np.delete(shared[i], i) >= _PART).any() for i, t in enumerate(tracks)}
        for key, meeting in list(self._open.items()):
            pair = (meeting.first, meeting.second)
            free = [t for t in pair if frame.index in t.poses and alone.get(t, False)]
            absent = [t for t in pair if t not in alone]
            if len(free) + len(absent) == 2 or frame.time - meeting.time > _LONGEST_S:
                del self._open[key]
                if free:
                    _mend(frame, meeting, free)

    def _meet(self, frame: Frame, first: Track, second: Track, shared: float) -> None:
        key = (first, second)
        meeting = self._open.get(key)
        if meeting is None:
            centres = (centre_of(first.expected_box(frame.time)), centre_of(second.expected_box(frame.time)))
            velocities = (first.velocity.copy(), second.velocity.copy())
            meeting = _Encounter(first, second, frame.time, centres, velocities, frame.index, shared)
            self._open[key] = meeting
        if shared > meeting.shared:
            meeting.closest, meeting.shared = frame.index, shared
        meeting.hidden |= frame.index not in first.poses or frame.index not in second.poses


def _mend(frame: Frame, meeting: _Encounter, free: Sequence[Track]) -> None:
    """Exchange what two tracks hold since they were closest, where they are better exchanged."""
    first, second = meeting.first, meeting.second
    fresh = {t: clothes_colours(frame.image, t.poses[frame.index]) for t in free}
    gain = _clothes_gain(first, second, fresh)
    if abs(gain) < _CLEAR_CLOTHES and meeting.hidden and len(free) == 2:
        gain = _CLEAR_CLOTHES * _path_gain(frame, meeting) / _CLEAR_PATH
    if gain >= _CLEAR_CLOTHES:
        exchange(first, second, meeting.closest)


def _clothes_gain(first: Track, second: Track, fresh: dict[Track, Array | None]) -> float:
    """How much better the clothes fit when the two are exchanged; 0 where they are alike or unseen."""
    if first.clothes is None or second.clothes is None:
        return 0.0
    gain = 0.0
    for track, rival in ((first, second), (second, first)):
        colours = fresh.get(track)
        if colours is not None and track.clothes is not None and rival.clothes is not None:
            gain += clothes_distance(track.clothes, colours) - clothes_distance(rival.clothes, colours)
    return gain


def _path_gain(frame: Frame, meeting: _Encounter) -> float:
    """How much nearer the two are to where they were going when they are exchanged, in body sizes."""
    span = min(frame.time - meeting.time, _LONGEST_PATH_S)
    expected = [c + span * v for c, v in zip(meeting.centres, meeting.velocities, strict=True)]
    centres = [centre_of(track.box) for track in (meeting.first, meeting.second)]
    size = max(box_size(meeting.first.box), box_size(meeting.second.box))
    straight = sum(np.linalg.norm(e - h) for e, h in zip(expected, centres, strict=True))
    crossed = sum(np.linalg.norm(e - h) for e, h in zip(expected, reversed(centres), strict=True))
    return float(straight - crossed) / size


def exchange(first: Track, second: Track, start: int) -> None:
    """Exchange all that two tracks hold from a frame on, and where they are now."""
    for name in ("poses", "between"):
        earlier = [{i: p for i, p in getattr(t, name).items() if i < start} for t in (first, second)]
        later = [{i: p for i, p in getattr(t, name).items() if i >= start} for t in (first, second)]
        setattr(first, name, earlier[0] | later[1])
        setattr(second, name, earlier[1] | later[0])
    followed = ("box", "time", "active", "unconfirmed", "velocity", "prominence")
    for name in (*followed, "turn", "turns_tried", "turns_rest"):
        of_first, of_second = getattr(first, name), getattr(second, name)
        setattr(first, name, of_second)
        setattr(second, name, of_first)
