"""Follow persons from frame to frame by their last keypoints; the detector confirms them at intervals."""

from collections.abc import Callable, Sequence

import numpy as np

from pase.camera.follower import CameraFollower
from pase.config import Pose2DSettings
from pase.media.frames import Frame
from pase.pose2d.detector import Boxes, PersonDetector
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.pose2d.scene_cuts import Shots
from pase.pose2d.tracking.appearance import clear_torsos, clothes_colours
from pase.pose2d.tracking.assignment import NEAR_IOU, settle
from pase.pose2d.tracking.identity_swaps import Encounters
from pase.pose2d.tracking.lookahead import Job, PairedNetwork
from pase.pose2d.tracking.similarity import (
    assign,
    box_size,
    centre_of,
    outside,
    overlap,
    reach_likeness,
    same_view,
)
from pase.pose2d.tracking.surroundings import Surroundings
from pase.pose2d.tracking.track import Track, prominence_of
from pase.types import Array, ImageSize

_SAME_PERSON_IOU = 0.25
"""Least likeness of a person's expected box and one of the detector that is taken for the same person."""
_SURELY_SAME_IOU = 0.45
"""The same for somebody near others, whose box may be another's."""
_SAME_VIEW = 0.6
"""The box around somebody's keypoints stays where the crops of it and of the detector's box have so much in common:
the detector's has wider margins, and poses placed early would be placed again whenever it has looked."""
_CROWD = 2
"""With at least this many certain persons, further ones are looked for among the detector's less certain boxes."""
_FAINT_SHARE = 0.5
"""From this share of the score of a sure box; a person found so must show a clear body of their own at once."""
_JUMP = 0.35
"""Sizes of the expected box by which its middle may be missed in one frame."""
_WEAK_QUALITY = 0.5
"""Quality of a pose below which other turns of the crop are tried, and a doubtful person is dropped."""
_MOST_UNCONFIRMED = 2
"""A person is doubtful after the detector has missed them this many times in a row."""
_CLEARLY_BETTER = 0.05
"""How much better the quality of a turned crop's pose must be to replace the upright one."""
_SOON_FOUND_S = 0.3
"""Whoever is lost for longer has left or is behind something, and when found again is followed back: until then not
every frame needs to be looked at."""
_CLOTHES_EVERY_S = 0.2
"""How often a person's clothes are looked at."""
_AT_REST = 2.0
"""Factor on the detector's interval while nobody is doubtful and nothing changes outside of the persons' boxes."""
_LOST_AFTER_S = 0.7
"""Seconds after which a person who is not found again is given up."""
_LEAST_QUALITY = _LEAST_POINT_SCORE = 0.3
"""Least mean score of the keypoints of a visible person, and of a keypoint that shows where they will be next."""
_MOST_RIVALS, _RIVAL_SHARE = 3, 0.6
"""When the main person alone is wanted: how many candidates are followed, and their least share of the most prominent
person's prominence."""
_KEPT_SIZE = 0.7
"""Somebody who is followed already may be smaller than the least size of others, by this factor."""


class Tracker:
    """Follows the persons of a recording, frame by frame.

    The detector runs on a schedule and when somebody was lost. Everybody it finds is a track; keypoints are
    placed on those who are large enough and not too many, or, when the main person alone is wanted, on those
    who may turn out to be it.

    Parameters
    ----------
    camera
        Shown every frame with the places of all persons, and every cut.
    look
        Shown every frame that is looked at, with the poses in it.
    """

    def __init__(
        self,
        detector: PersonDetector,
        network: KeypointNetwork,
        image_size: ImageSize,
        settings: Pose2DSettings,
        camera: CameraFollower | None = None,
        look: Callable[[Frame, Sequence[Pose]], None] | None = None,
    ) -> None:
        self._detector, self._network = detector, PairedNetwork(network)
        self._image_size, self._settings = image_size, settings
        self._wanted = Track(np.zeros(4), 0.0)
        """Whoever stands at the pixel that the user names, and is followed in any case."""
        self._live: list[Track] = []
        self._detected_at = -np.inf
        self._surroundings, self._detect_after = Surroundings(image_size), settings.detect_every
        self._early: tuple[int, Job[tuple[Boxes, Array]]] | None = None
        """Index of a frame, and what the detector sees in it."""
        self._wait = settings.search_every
        """Seconds until the next search for some of many; it grows while they stay hidden behind others."""
        self._encounters = Encounters()
        self.shots, self._camera, self._show = Shots(), camera, look
        self.cuts: list[float] = []
        """Times (s) at which a new shot begins."""
        self.tracks: list[Track] = []
        """Everybody so far, also those who are gone."""

    def add(self, frame: Frame, following: Frame | None = None) -> None:
        """Follow everybody into the next frame; the one that follows it, if it is there, makes that faster."""
        content = self.shots.look(frame.image)
        if content == "blank":
            return
        if content == "cut":
            self._live, self._detected_at, self._encounters = [], -np.inf, Encounters()
            if self._camera is not None:
                self._camera.cut()
            self.cuts.append(frame.time)
        since = frame.time - self._detected_at
        self._detect_after = self._seconds_to_detection(frame)
        detected = since >= self._detect_after
        if detected:
            self._detect(frame)
        self._detect_early(following)
        without_pose = self._follow(frame, self.active(), following)
        if without_pose and not detected and since >= self._wait:
            self._detect(frame)
            to_place = [track for track in self.active() if frame.index not in track.poses]
            without_pose = self._follow(frame, to_place)
            self._wait = min(2 * self._wait, self._settings.detect_every)
        if not without_pose or len(without_pose) == len(self.active()):
            self._wait = self._settings.search_every
        self._encounters.watch(frame, self.active())
        self._note_clothes(frame)
        if self._camera is not None:
            self._camera.look(frame, self._expected(frame.time))
        if self._show is not None:
            self._show(frame, [t.poses[frame.index] for t in self.active() if frame.index in t.poses])
        # The detector alone sees everybody only seldom.
        patience = {True: _LOST_AFTER_S, False: _LOST_AFTER_S + self._settings.detect_every}
        self._live = [t for t in self._live if frame.time - t.time <= patience[t.active]]

    def calm(self, frame: Frame) -> bool:
        """Whether everybody who is followed, but for who is lost for long, was clearly seen in the newest frame, away
        from others."""
        recent = [track for track in self.active() if frame.time - track.time <= _SOON_FOUND_S]
        poses = [track.poses.get(frame.index) for track in recent]
        clear = all(pose is not None and pose.quality >= _WEAK_QUALITY for pose in poses)
        return clear and not self._crowded(frame.time)

    def has_begun(self, frame: Frame) -> bool:
        """Whether poses are placed early in a frame that is still to come."""
        return self._network.has_begun(frame)

    def skip(self, frame: Frame) -> None:
        """Pass on a frame that is not measured, so that the camera's motion can be."""
        if self._camera is not None:
            self._camera.look(frame, self._expected(frame.time))

    def place(self, frame: Frame, box: Array, turn: int) -> Pose:
        """Place keypoints in a box (4,) without following anybody."""
        (pose,) = self._network(frame, box[None], [turn])
        return pose

    def place_beside(self, frame: Frame, box: Array, turn: int) -> Job[Pose]:
        """The same on the second thread."""
        return self._network.beside.submit(lambda: self.place(frame, box, turn))

    def _expected(self, time: float) -> Array:
        """(N, 4) boxes of everybody at a time."""
        return np.array([track.expected_box(time) for track in self._live]).reshape(-1, 4)

    def _crowded(self, time: float) -> list[Track]:
        """Persons so near to others that keypoints alone may go over to somebody else."""
        active = self.active()
        if len(active) < 2:
            return []
        boxes = np.array([track.expected_box(time) for track in active])
        near = (overlap(boxes, boxes) > NEAR_IOU).sum(1) > 1
        return [track for track, crowded in zip(active, near, strict=True) if crowded]

    def active(self) -> list[Track]:
        """Persons on whom keypoints are placed."""
        return [track for track in self._live if track.active]

    def _seconds_to_detection(self, frame: Frame) -> float:
        """Seconds from the last look of the detector to the next, as things are in a frame."""
        if not self.active() or self._crowded(frame.time):
            return self._settings.search_every
        certain = all(track.active and track.unconfirmed == 0 for track in self._live)
        rests = self._settings.every == "auto" and certain
        if rests and not self._surroundings.changed(self.shots.small, self._expected(frame.time)):
            return _AT_REST * self._settings.detect_every
        return self._settings.detect_every

    def _detect_early(self, following: Frame | None) -> None:
        """Let the detector look on the second thread at the frame that follows, where it probably has to."""
        wait = max(self._detect_after, self._settings.detect_every)
        if following is not None and following.time - self._detected_at >= wait:
            job = self._network.beside.submit(lambda: self._detector(following.image))
            self._early = following.index, job

    def _detect(self, frame: Frame) -> None:
        first, self._detected_at = self._detected_at == -np.inf and not self.tracks, frame.time
        early = self._early if self._early is not None and self._early[0] == frame.index else None
        boxes, scores = self._detector(frame.image) if early is None else early[1].result()
        least_score = self._settings.least_box_score
        crowd = self._settings.person != "main" and (scores >= least_score).sum() >= _CROWD
        levels = (least_score, _FAINT_SHARE * least_score) if crowd else (least_score,)
        for track in self._live:
            track.unconfirmed += 1
        missing, above = list(self._live), np.inf
        for level in levels:
            at_level = np.flatnonzero((scores >= level) & (scores < above))
            missing = self._recognise(frame.time, missing, boxes[at_level], scores[at_level])
            above = level
        sure = [track for track in self._live if not track.faint]
        if first and sure and (pixel := self._settings.pixel) is not None:
            self._wanted = min(sure, key=lambda track: _distance(track.box, np.array(pixel)))
        self._choose_active()
        for track in self._live:
            if track.faint and not track.poses and not track.active:
                self._forget(track)
        self._surroundings.note(self.shots.small, self._expected(frame.time))

    def _recognise(self, time: float, candidates: list[Track], boxes: Array, scores: Array) -> list[Track]:
        """Find persons again, and new ones, in boxes of the detector; returns who was not found.

        Where some are near one another, a box that is not clearly somebody's is looked into as if it were a new
        person's: if its body turns out to be another's, it is given to that one.
        """
        likeness = self._likeness(candidates, boxes, time)
        pairs = dict(assign(likeness, _SAME_PERSON_IOU))
        for number, box in pairs.items():
            self._confirm(candidates[number], boxes[box], float(scores[box]), time)
        for box in sorted(set(range(len(boxes))) - set(pairs.values())):
            track = Track(boxes[box], time, len(self.cuts))
            track.faint = bool(scores[box] < self._settings.least_box_score)
            self._confirm(track, boxes[box], float(scores[box]), time)
            self._live.append(track)
            self.tracks.append(track)
        return [track for number, track in enumerate(candidates) if number not in pairs]

    def _likeness(self, tracks: Sequence[Track], boxes: Array, time: float) -> Array:
        """(N, M) how well each person who is followed could be in each box."""
        expected = np.array([track.expected_box(time) for track in tracks]).reshape(-1, 4)
        likeness, crowded = overlap(expected, boxes), self._crowded(time)
        for row, track in enumerate(tracks):
            gap = time - track.time
            if track in crowded:
                likeness[row, likeness[row] < _SURELY_SAME_IOU] = 0.0
            elif not track.active or gap > self._settings.search_every:
                reach = [0.5 * reach_likeness(expected[row], box, gap) for box in boxes]
                likeness[row] = np.maximum(likeness[row], reach)
        return likeness

    def _confirm(self, track: Track, box: Array, score: float, time: float) -> None:
        if not track.active:
            track.move(box, time, centre_of(box) - centre_of(track.box))
        if not track.poses or same_view(track.expected_box(time), box, track.turn) < _SAME_VIEW:
            track.box = box
        track.unconfirmed = 0
        track.prominence = float(prominence_of(box[None], np.array([score]), self._image_size)[0])
        track.detections.append((time, box_size(box)))

    def _choose_active(self) -> None:
        ranked = sorted(self._live, key=lambda track: -track.prominence)
        for rank, track in enumerate(ranked):
            if self._settings.person == "main":
                rival = track.prominence >= _RIVAL_SHARE * ranked[0].prominence
                track.active = rank < _MOST_RIVALS and rival
            else:
                size_factor = _KEPT_SIZE if track.active else 1.0
                least_px = size_factor * self._settings.least_size * max(self._image_size)
                large = rank == 0 or box_size(track.box) >= least_px
                track.active = large and rank < self._settings.most_persons
            track.active |= track is self._wanted

    def _follow(self, frame: Frame, tracks: Sequence[Track], following: Frame | None = None) -> list[Track]:
        """Place the keypoints of persons; returns those who are not where they should be."""
        poses = self._best_poses(frame, tracks, following)
        placed: dict[int, Pose] = {}
        for number, (track, pose) in enumerate(zip(tracks, poses, strict=True)):
            if self._is_person(track, pose, frame.time):
                placed[number] = pose
        settled_poses = [t.poses[frame.index] for t in self.active() if frame.index in t.poses]
        settled = settle(frame, tracks, placed, settled_poses)
        for number, pose in settled.items():
            box = pose.box(_LEAST_POINT_SCORE)
            if box is not None:
                tracks[number].place(frame.index, pose, box, frame.time)
        for number, track in enumerate(tracks):
            # Somebody just found who has no body of their own, or was faint and shows none, was nobody.
            if not track.poses and (number in placed or track.faint):
                self._forget(track)
        return [track for number, track in enumerate(tracks) if number not in settled]

    def _best_poses(self, frame: Frame, tracks: Sequence[Track], following: Frame | None) -> list[Pose]:
        """The poses in everybody's crops; of who is hard to read also in crops turned sideways and upside down."""
        poses = self._network.follow(frame, following, tracks)
        if not self._settings.try_turns:
            return poses
        trials, shortest = [], self._settings.search_every
        for number, (track, pose) in enumerate(zip(tracks, poses, strict=True)):
            if pose.quality >= _WEAK_QUALITY:
                track.turns_rest = shortest
            elif frame.time - track.turns_tried >= max(shortest, track.turns_rest):
                track.turns_tried = frame.time
                track.turns_rest = max(shortest, min(2 * track.turns_rest, self._settings.detect_every))
                trials += [(number, turn) for turn in range(4) if turn != track.turn]
        if not trials:
            return poses
        boxes = np.array([tracks[number].expected_box(frame.time) for number, _ in trials])
        turned = self._network(frame, boxes, [turn for _, turn in trials])
        for (number, _), pose in zip(trials, turned, strict=True):
            if pose.quality > poses[number].quality + _CLEARLY_BETTER:
                poses[number] = pose
                tracks[number].turns_rest = shortest
        return poses

    def _is_person(self, track: Track, pose: Pose, time: float) -> bool:
        box = pose.box(_LEAST_POINT_SCORE)
        if box is None or pose.quality < _LEAST_QUALITY:
            return False
        doubtful = track.unconfirmed >= _MOST_UNCONFIRMED or (track.faint and not track.poses)
        if doubtful and pose.quality < _WEAK_QUALITY:
            return False
        expected = track.expected_box(time)
        size = np.sqrt(np.prod(expected[2:] - expected[:2]))
        return bool(np.abs(centre_of(box) - centre_of(expected)).max() <= _JUMP * size)

    def _forget(self, track: Track) -> None:
        self._live = [t for t in self._live if t is not track]
        self.tracks = [t for t in self.tracks if t is not track]

    def _note_clothes(self, frame: Frame) -> None:
        """Take note of what persons wear whose trunks are clear of others'."""
        visible = [track for track in self.active() if frame.index in track.poses]
        clear = clear_torsos([track.poses[frame.index] for track in visible])
        for track, is_clear in zip(visible, clear, strict=True):
            if is_clear and frame.time - track.clothes_time >= _CLOTHES_EVERY_S:
                colours = clothes_colours(frame.image, track.poses[frame.index])
                if colours is not None:
                    track.note_clothes(colours, frame.time)


def _distance(box: Array, point: Array) -> float:
    """How far a point is outside a box, in box sizes; inside, how far from its middle, less one."""
    distance = outside(box, point) / box_size(box)
    return distance if distance else float(np.linalg.norm(point - centre_of(box))) / box_size(box) - 1.0
