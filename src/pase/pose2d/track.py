"""Follow persons from frame to frame by the last keypoints, confirmed by the detector now and then."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pase.config import Pose2DSettings
from pase.media.frames import Frame
from pase.pose2d.detector import Boxes, PersonDetector
from pase.pose2d.keypoints import KeypointNetwork, Pose

Array = NDArray[np.float64]

_SAME_PERSON_IOU = 0.25
_DUPLICATE_DISTANCE = 0.08
_JUMP = 0.35
_WEAK_QUALITY = 0.5
_MOST_UNCONFIRMED = 2
_CLEARLY_BETTER = 0.05
_CENTRE_WEIGHT = 2.0


@dataclass
class Track:
    """One person as far as followed."""

    box: Array
    """(4,) where the person was last, in pixels."""
    prominence: float
    """How much the person looks like the subject of the footage, in the last frame."""
    time: float
    """When the person was last seen, in seconds."""
    total: float = 0.0
    """Prominence summed over the frames with keypoints."""
    turn: int = 0
    """Quarter turns that bring the person upright."""
    active: bool = False
    """Whether keypoints are placed; others are followed by the detector alone."""
    unconfirmed: int = 0
    """How many times running the detector has not found the person."""
    poses: dict[int, Pose] = field(default_factory=dict)
    """Poses by frame index."""


def overlap(first: Boxes, second: Boxes) -> Array:
    """Intersection over union of every box (N, 4) with every box (M, 4): (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (first, second)]
    shared: Array = common / np.maximum(areas[0][:, None] + areas[1][None] - common, 1e-9)
    return shared


def prominence_of(box: Array, score: float, image_size: tuple[int, int]) -> float:
    """Size of a box times how central it is times its score: the subject is big, central and clear."""
    size = np.array(image_size, dtype=float)
    extent = np.clip(box[2:], 0, size) - np.clip(box[:2], 0, size)
    off_centre = ((box[:2] + box[2:]) / 2 - size / 2) / size
    area = max(float(np.prod(np.clip(extent, 0, None) / size)), 0.0)
    return float(np.sqrt(area) * np.exp(-_CENTRE_WEIGHT * (off_centre**2).sum()) * score)


class Tracker:
    """Follows the most prominent persons of a recording, frame by frame.

    The detector runs on a schedule and when somebody was lost. Everybody it finds is a track; keypoints are
    placed only on the tracks that may turn out to be the main person.

    Parameters
    ----------
    detector, network
        The networks.
    image_size
        Width and height of the frames.
    settings
        When to detect and whom to follow.
    """

    def __init__(
        self,
        detector: PersonDetector,
        network: KeypointNetwork,
        image_size: tuple[int, int],
        settings: Pose2DSettings,
    ) -> None:
        self._detector, self._network = detector, network
        self._image_size, self._settings = image_size, settings
        self._live: list[Track] = []
        self._detected_at = -np.inf
        self.tracks: list[Track] = []

    def add(self, frame: Frame) -> None:
        """Follow everybody into the next frame."""
        since = frame.time - self._detected_at
        detected = since >= self._settings.detect_every or (
            not self._everybody_found(frame.time) and since >= self._settings.search_every
        )
        if detected:
            self._detect(frame)
        lost = [track for track in self._live if track.active and not self._place(track, frame)]
        if lost and not detected and since >= self._settings.search_every:
            self._detect(frame)
            for track in lost:
                self._place(track, frame)
        self._drop_duplicates(frame)
        self._live = [t for t in self._live if frame.time - t.time <= self._patience(t)]

    def _patience(self, track: Track) -> float:
        """Seconds after which an unseen person is given up; the detector alone sees everybody only seldom."""
        return self._settings.lost_after + (0.0 if track.active else self._settings.detect_every)

    def _everybody_found(self, time: float) -> bool:
        active = [track for track in self._live if track.active]
        return bool(active) and all(time - track.time < self._settings.search_every for track in active)

    def _detect(self, frame: Frame) -> None:
        self._detected_at = frame.time
        boxes, scores = self._detector(frame.image)
        boxes, scores = (
            boxes[scores >= self._settings.least_box_score],
            scores[scores >= self._settings.least_box_score],
        )
        for track in self._live:
            track.unconfirmed += 1
        free = set(range(len(boxes)))
        if self._live and free:
            shared = overlap(np.array([track.box for track in self._live]), boxes)
            while shared.size and shared.max() >= _SAME_PERSON_IOU:
                which, found = (int(i) for i in np.unravel_index(shared.argmax(), shared.shape))
                shared[which, :], shared[:, found] = -1, -1
                free.discard(found)
                self._confirm(self._live[which], boxes[found], float(scores[found]), frame.time)
        for found in sorted(free):
            track = Track(boxes[found], 0.0, frame.time)
            self._confirm(track, boxes[found], float(scores[found]), frame.time)
            self._live.append(track)
            self.tracks.append(track)
        self._choose_active()

    def _confirm(self, track: Track, box: Array, score: float, time: float) -> None:
        track.box, track.unconfirmed = box, 0
        track.prominence = prominence_of(box, score, self._image_size)
        if not track.active:
            track.time = time

    def _choose_active(self) -> None:
        ranked = sorted(self._live, key=lambda track: -track.prominence)
        for rank, track in enumerate(ranked):
            rival = track.prominence >= self._settings.rival_share * ranked[0].prominence
            track.active = rank < self._settings.most_rivals and rival

    def _place(self, track: Track, frame: Frame) -> bool:
        """Place a person's keypoints; False when they are not where the person should be."""
        pose = self._best_pose(track, frame)
        box = pose.box(self._settings.least_point_score)
        doubtful = track.unconfirmed >= _MOST_UNCONFIRMED and pose.quality < _WEAK_QUALITY
        if box is None or doubtful or pose.quality < self._settings.least_quality or self._jumped(track, box):
            return False
        seconds = frame.time - track.time if track.poses else 0.0
        track.box, track.time, track.turn = box, frame.time, pose.turn
        track.poses[frame.index] = pose
        track.total += track.prominence * (seconds or 1e-3)
        return True

    def _best_pose(self, track: Track, frame: Frame) -> Pose:
        pose = self._network(frame.image, track.box, track.turn)
        if pose.quality >= _WEAK_QUALITY or not self._settings.try_turns:
            return pose
        for turn in range(4):
            if turn != track.turn:
                other = self._network(frame.image, track.box, turn)
                if other.quality > pose.quality + _CLEARLY_BETTER:
                    pose = other
        return pose

    def _jumped(self, track: Track, box: Array) -> bool:
        size = np.sqrt(np.prod(track.box[2:] - track.box[:2]))
        moved = np.abs((box[:2] + box[2:]) / 2 - (track.box[:2] + track.box[2:]) / 2).max()
        return bool(moved > _JUMP * size)

    def _drop_duplicates(self, frame: Frame) -> None:
        """Two tracks on the same body: the shorter one ends."""
        here = sorted((t for t in self._live if frame.index in t.poses), key=lambda t: -t.total)
        for number, track in enumerate(here):
            for other in here[:number]:
                mine, theirs = track.poses[frame.index].xy, other.poses[frame.index].xy
                size = np.sqrt(np.prod(other.box[2:] - other.box[:2]))
                if np.median(np.linalg.norm(mine - theirs, axis=-1)) < _DUPLICATE_DISTANCE * size:
                    del track.poses[frame.index]
                    self._live = [t for t in self._live if t is not track]
                    break
