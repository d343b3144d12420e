"""Run the networks on two frames at once, one core each: faster than both cores on one frame at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from pase.media.frames import Frame
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.pose2d.tracking.similarity import same_view
from pase.pose2d.tracking.track import Track
from pase.types import Array

Result = TypeVar("Result")

LEAST_OVERLAP = 0.85
"""A pose placed early counts when its crop and the right one have so much in common: they are apart by less than the
room around a person in a crop."""
LEAST_QUALITY = 0.5
"""A less sure one is placed again, in the right box."""


@dataclass(frozen=True, slots=True)
class _EarlyPose:
    track: Track
    box: Array
    turn: int
    pose: Pose


class SecondThread:
    """Works beside the thread that follows people, which lends a hand where it would wait."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "pase-pose")
        self._queued: deque[Job[Any]] = deque()

    def submit(self, work: Callable[[], Result]) -> Job[Result]:
        """Let the second thread do something when it has done what was submitted before."""
        while self._queued and self._queued[0].begun:
            self._queued.popleft()
        job = Job(self, work, self._pool)
        self._queued.append(job)
        return job

    def lend_a_hand(self) -> bool:
        """Do the first work that nobody has begun; False where there is none."""
        while self._queued:
            if self._queued.popleft().begin():
                return True
        return False


class Job(Generic[Result]):
    """Work that is done once, by whichever thread comes first."""

    def __init__(self, thread: SecondThread, work: Callable[[], Result], pool: ThreadPoolExecutor) -> None:
        self._thread, self._work = thread, [work]
        self._beside = pool.submit(self._once)
        self._results: list[Result] = []

    def _once(self) -> Result:
        """Do it, and let go of it and the pictures that it needs."""
        return self._work.pop()()

    @property
    def begun(self) -> bool:
        """Whether one of the threads is at it, or it is done."""
        return bool(self._results) or self._beside.running() or self._beside.done()

    def begin(self) -> bool:
        """Do it in this thread unless the other one has begun."""
        if self._results or not self._beside.cancel():
            return False
        self._results.append(self._once())
        return True

    def result(self) -> Result:
        """What the work gives; other work is done meanwhile."""
        self.begin()
        while not self._results and not self._beside.done() and self._thread.lend_a_hand():
            pass
        return self._results[0] if self._results else self._beside.result()


class PairedNetwork:
    """Places keypoints in a frame and at the same time, early, in the one that follows.

    The same velocity predicts where a person will be in the following frame. When its turn comes, a pose placed
    early counts if its box was right, and is placed again otherwise: what comes out depends on the pictures alone,
    never on which of the two threads was faster.
    """

    def __init__(self, network: KeypointNetwork) -> None:
        self._network = network
        self.beside = SecondThread()
        self._early: tuple[int, Job[list[_EarlyPose]]] | None = None
        """Index of a frame, and the poses placed early in it."""
        self._before: int | None = None
        """Index of the frame in which persons were followed last."""

    def __call__(self, frame: Frame, boxes: Array, turns: Sequence[int]) -> list[Pose]:
        """Place keypoints in one frame alone; see `KeypointNetwork`."""
        return self._network(frame.image, boxes, turns) if len(boxes) else []

    def has_begun(self, frame: Frame) -> bool:
        """Whether poses are placed early in a frame."""
        return self._early is not None and self._early[0] == frame.index

    def follow(self, frame: Frame, following: Frame | None, tracks: Sequence[Track]) -> list[Pose]:
        """The poses of persons in a frame, each in the box where the person should be."""
        boxes = np.array([track.expected_box(frame.time) for track in tracks]).reshape(-1, 4)
        early = self._placed_early(frame)
        before, self._before = self._before, frame.index
        poses_or_none = [self._usable(early, track, box) for track, box in zip(tracks, boxes, strict=True)]
        missing = [number for number, pose in enumerate(poses_or_none) if pose is None]
        if not missing:
            return [pose for pose in poses_or_none if pose is not None]
        last = frame.index - 1 if before is None else before
        steady = [track for track in tracks if _steady(track, last)]
        if following is not None and steady:
            self._place_early(following, steady)
        poses = iter(self(frame, boxes[missing], [tracks[number].turn for number in missing]))
        return [next(poses) if pose is None else pose for pose in poses_or_none]

    def _placed_early(self, frame: Frame) -> list[_EarlyPose]:
        if self._early is None or not self.has_begun(frame):
            return []
        poses, self._early = self._early[1], None
        return poses.result()

    def _place_early(self, frame: Frame, tracks: Sequence[Track]) -> None:
        boxes = np.array([track.expected_box(frame.time) for track in tracks])
        turns = [track.turn for track in tracks]

        def place() -> list[_EarlyPose]:
            poses = self(frame, boxes, turns)
            return [_EarlyPose(*early) for early in zip(tracks, boxes, turns, poses, strict=True)]

        self._early = frame.index, self.beside.submit(place)

    def _usable(self, early: Sequence[_EarlyPose], track: Track, box: Array) -> Pose | None:
        """The pose that was placed early, where it was clear and in about the right box."""
        for guess in early:
            if guess.track is track and guess.turn == track.turn and guess.pose.quality >= LEAST_QUALITY:
                return guess.pose if same_view(guess.box, box, guess.turn) >= LEAST_OVERLAP else None
        return None


def _steady(track: Track, before: int) -> bool:
    """Whether a person was clearly seen in the frame before, so that a pose placed early has a chance to count."""
    last = track.poses.get(before)
    return last is not None and last.quality >= LEAST_QUALITY
