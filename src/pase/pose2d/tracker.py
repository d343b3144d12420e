"""Follow persons from frame to frame by the last keypoints, confirmed by the detector now and then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pase.config import Pose2DSettings
from pase.media.frames import Frame
from pase.pose2d.appearance import look
from pase.pose2d.detector import PersonDetector
from pase.pose2d.encounters import Encounters
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.pose2d.paired import PairedNetwork
from pase.pose2d.shots import Shots
from pase.pose2d.similarity import assign, box_size, overlap, pose_similarity, reach_likeness
from pase.pose2d.steadiness import Steadiness
from pase.pose2d.track import Track, centre_of, prominence_of

Array = NDArray[np.float64]

_SAME_PERSON_IOU = 0.25
_SAME_BODY = 0.7
"""Similarity of two poses from which on they are one and the same body."""
_OTHER_BODY = 0.25
"""By so much two poses must fit their persons better when exchanged."""
_JUMP = 0.35
_WEAK_QUALITY = 0.5
_MOST_UNCONFIRMED = 2
_CLEARLY_BETTER = 0.05
_LOOK_EVERY_S = 0.2
_ALONE_IOU = 0.05
_KEPT_SIZE = 0.7
"""Who is followed already may become smaller than others would have to be, by this factor."""


class Tracker:
    """Follows the persons of a recording, frame by frame.

    The detector runs on a schedule and when somebody was lost. Everybody it finds is a track; keypoints are
    placed on those who are large enough and not too many, or, when the main person alone is wanted, on those
    who may turn out to be it.

    Parameters
    ----------
    detector, network
        The networks.
    image_size
        Width and height of the frames.
    settings
        When to detect and whom to follow.
    wanted
        (2,) pixel of the first frame at which somebody stands who is to be followed in any case.
    """

    def __init__(
        self,
        detector: PersonDetector,
        network: KeypointNetwork,
        image_size: tuple[int, int],
        settings: Pose2DSettings,
        wanted: Array | None = None,
    ) -> None:
        self._detector, self._network = detector, PairedNetwork(network)
        self._image_size, self._settings = image_size, settings
        self._wanted, self._wanted_track = wanted, Track(np.zeros(4), 0.0)
        self._live: list[Track] = []
        self._detected_at = -np.inf
        self._wait = settings.search_every
        """Seconds until the next search for some of many; it grows while they stay hidden behind others."""
        self._encounters = Encounters()
        self.shots, self.steadiness = Shots(), Steadiness()
        self.cuts: list[float] = []
        """Times (s) at which a new shot begins."""
        self.tracks: list[Track] = []
        """Everybody so far, also those who are gone."""

    def add(self, frame: Frame, following: Frame | None = None) -> None:
        """Follow everybody into the next frame; the one that follows it, if it is there, makes that faster."""
        seen = self.shots.look(frame.image)
        if seen == "blank":
            return
        if seen == "cut":
            self._live, self._detected_at, self._encounters = [], -np.inf, Encounters()
            self.steadiness.cut()
            self.cuts.append(frame.time)
        since = frame.time - self._detected_at
        detected = since >= self._settings.detect_every or (
            not self._active() and since >= self._settings.search_every
        )
        if detected:
            self._detect(frame)
        lost = self._follow(frame, self._active(), following)
        if lost and not detected and since >= self._wait:
            self._detect(frame)
            placed = [track for track in self._active() if frame.index not in track.poses]
            lost = self._follow(frame, placed)
            self._wait = min(2 * self._wait, self._settings.detect_every)
        if not lost or len(lost) == len(self._active()):
            self._wait = self._settings.search_every
        self._encounters.watch(frame, self._active())
        self._look(frame)
        self.steadiness.look(frame, np.array([t.expected_box(frame.time) for t in self._live]).reshape(-1, 4))
        self._live = [t for t in self._live if frame.time - t.time <= self._patience(t)]

    def _active(self) -> list[Track]:
        return [track for track in self._live if track.active]

    def _patience(self, track: Track) -> float:
        """Seconds after which an unseen person is given up; the detector alone sees everybody only seldom."""
        return self._settings.lost_after + (0.0 if track.active else self._settings.detect_every)

    def _detect(self, frame: Frame) -> None:
        first, self._detected_at = self._detected_at == -np.inf and not self.tracks, frame.time
        boxes, scores = self._detector(frame.image)
        sure = scores >= self._settings.least_box_score
        boxes, scores = boxes[sure], scores[sure]
        for track in self._live:
            track.unconfirmed += 1
        free = set(range(len(boxes)))
        for which, found in assign(self._likeness(boxes, frame.time), _SAME_PERSON_IOU):
            free.discard(found)
            self._confirm(self._live[which], boxes[found], float(scores[found]), frame.time)
        for found in sorted(free):
            track = Track(boxes[found], frame.time, len(self.cuts))
            self._confirm(track, boxes[found], float(scores[found]), frame.time)
            self._live.append(track)
            self.tracks.append(track)
        if first and self._wanted is not None and len(boxes):
            self._wanted_track = min(self._live, key=lambda t: _outside(t.box, self._wanted))
        self._choose_active()

    def _likeness(self, boxes: Array, time: float) -> Array:
        """(N, M) how well each person who is followed could be in each box."""
        expected = np.array([track.expected_box(time) for track in self._live]).reshape(-1, 4)
        likeness = overlap(expected, boxes)
        for row, track in enumerate(self._live):
            gap = time - track.time
            if not track.active or gap > self._settings.search_every:
                reach = [0.5 * reach_likeness(expected[row], box, gap) for box in boxes]
                likeness[row] = np.maximum(likeness[row], reach)
        return likeness

    def _confirm(self, track: Track, box: Array, score: float, time: float) -> None:
        if not track.active:
            track.move(box, time, centre_of(box) - centre_of(track.box))
        track.box, track.unconfirmed = box, 0
        track.prominence = prominence_of(box, score, self._image_size)
        track.found.append((time, box_size(box)))

    def _choose_active(self) -> None:
        ranked = sorted(self._live, key=lambda track: -track.prominence)
        for rank, track in enumerate(ranked):
            if self._settings.person == "main":
                rival = track.prominence >= self._settings.rival_share * ranked[0].prominence
                track.active = rank < self._settings.most_rivals and rival
            else:
                kept = _KEPT_SIZE if track.active else 1.0
                least = kept * self._settings.least_size * max(self._image_size)
                large = rank == 0 or box_size(track.box) >= least
                track.active = large and rank < self._settings.most_persons
            track.active |= track is self._wanted_track

    def _follow(self, frame: Frame, tracks: Sequence[Track], following: Frame | None = None) -> list[Track]:
        """Place the keypoints of persons; returns those who are not where they should be."""
        poses = self._best_poses(frame, tracks, following)
        placed: dict[int, Pose] = {}
        for number, (track, pose) in enumerate(zip(tracks, poses, strict=True)):
            if self._is_person(track, pose, frame.time):
                placed[number] = pose
        placed = self._contested(frame, tracks, placed)
        for number, pose in placed.items():
            box = pose.box(self._settings.least_point_score)
            if box is not None:
                tracks[number].place(frame.index, pose, box, frame.time)
        return [track for number, track in enumerate(tracks) if number not in placed]

    def _best_poses(self, frame: Frame, tracks: Sequence[Track], following: Frame | None) -> list[Pose]:
        """The poses in everybody's crops; of who is hard to read also in crops turned sideways and upside down."""
        poses = self._network.follow(frame, following, tracks)
        if not self._settings.try_turns:
            return poses
        trials = []
        for number, (track, pose) in enumerate(zip(tracks, poses, strict=True)):
            rested = frame.time - track.turns_tried >= self._settings.search_every
            if pose.quality < _WEAK_QUALITY and rested:
                track.turns_tried = frame.time
                trials += [(number, turn) for turn in range(4) if turn != track.turn]
        if not trials:
            return poses
        boxes = np.array([tracks[number].expected_box(frame.time) for number, _ in trials])
        turned = self._network(frame, boxes, [turn for _, turn in trials])
        for (number, _), pose in zip(trials, turned, strict=True):
            if pose.quality > poses[number].quality + _CLEARLY_BETTER:
                poses[number] = pose
        return poses

    def _is_person(self, track: Track, pose: Pose, time: float) -> bool:
        box = pose.box(self._settings.least_point_score)
        if box is None or pose.quality < self._settings.least_quality:
            return False
        if track.unconfirmed >= _MOST_UNCONFIRMED and pose.quality < _WEAK_QUALITY:
            return False
        expected = track.expected_box(time)
        size = np.sqrt(np.prod(expected[2:] - expected[:2]))
        return bool(np.abs(centre_of(box) - centre_of(expected)).max() <= _JUMP * size)

    def _contested(self, frame: Frame, tracks: Sequence[Track], placed: dict[int, Pose]) -> dict[int, Pose]:
        """Poses by person when no body is given to two: to the one whom it continues best.

        Somebody just found who has no body of his own was none; he is forgotten. So is, by and by, whoever
        was hidden for long.
        """
        others = [t for t in self._active() if frame.index in t.poses and t not in tracks]
        numbers = sorted(placed, key=lambda n: -_claim(tracks[n], placed[n], frame.time))
        kept: dict[int, Pose] = {}
        for number in numbers:
            pose = placed[number]
            rivals = [*kept.values(), *(t.poses[frame.index] for t in others)]
            if any(pose_similarity(pose, rival) >= _SAME_BODY for rival in rivals):
                if not tracks[number].poses:
                    self._forget(tracks[number])
            else:
                kept[number] = pose
        return _exchanged(tracks, kept, frame.time)

    def _forget(self, track: Track) -> None:
        self._live = [t for t in self._live if t is not track]
        self.tracks = [t for t in self.tracks if t is not track]

    def _look(self, frame: Frame) -> None:
        """Take note of what persons wear who stand alone."""
        here = self._active()
        boxes = np.array([track.expected_box(frame.time) for track in here]).reshape(-1, 4)
        shared = overlap(boxes, boxes)
        for number, track in enumerate(here):
            alone = not (np.delete(shared[number], number) >= _ALONE_IOU).any()
            due = frame.time - track.looked >= _LOOK_EVERY_S
            if frame.index in track.poses and due and (alone or track.look is None):
                seen = look(frame.image, track.poses[frame.index])
                if seen is not None:
                    track.remember(seen, frame.time)


def _claim(track: Track, pose: Pose, time: float) -> float:
    """How much a pose continues a person's last one, from 0 to 1; later ones after longer gaps claim less."""
    last = track.last_pose()
    if last is None:
        return 0.0
    gap = max(0.0, time - track.time)
    return pose_similarity(last, pose, track.shift(time)) / (1.0 + gap)


def _exchanged(tracks: Sequence[Track], placed: dict[int, Pose], time: float) -> dict[int, Pose]:
    """The poses given to those whom they continue best, where two near persons are clearly exchanged."""
    out = dict(placed)
    numbers = [n for n in placed if tracks[n].poses]
    boxes = np.array([tracks[n].expected_box(time) for n in numbers]).reshape(-1, 4)
    for i, j in zip(*np.nonzero(np.triu(overlap(boxes, boxes), 1) > _ALONE_IOU), strict=True):
        one, other = numbers[i], numbers[j]
        straight = _claim(tracks[one], out[one], time) + _claim(tracks[other], out[other], time)
        crossed = _claim(tracks[one], out[other], time) + _claim(tracks[other], out[one], time)
        if crossed > straight + _OTHER_BODY:
            out[one], out[other] = out[other], out[one]
    return out


def _outside(box: Array, point: Array | None) -> float:
    """How far a point is outside a box, in box sizes; inside, how far from its middle, less one."""
    if point is None:
        return 0.0
    beyond = np.maximum(np.maximum(box[:2] - point, point - box[2:]), 0.0)
    distance = float(np.linalg.norm(beyond)) / box_size(box)
    return distance if distance else float(np.linalg.norm(point - centre_of(box))) / box_size(box) - 1.0
