"""Which frames are measured: few where movement is slow, all where it is fast or people meet."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from pase.keypoint_sets import SURE_SCORE
from pase.media.frames import Frame
from pase.pose2d.between import third_derivative
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.assignment import SAME_BODY
from pase.pose2d.tracking.lookahead import Job
from pase.pose2d.tracking.similarity import box_size, pose_similarity
from pase.pose2d.tracking.track import Track
from pase.pose2d.tracking.tracker import Tracker
from pase.types import Array

SLOW_S, USUAL_S = 1 / 10, 1 / 15
"""Seconds between the looks of the tracker where everybody moves slowly, is clearly seen and away from others, and
otherwise: a detector's errors last longer."""
FINE_S = 1 / 30
"""Seconds between measured frames where somebody is new or fast; never less than one frame."""
MOST_MISSED, MOST_MISSED_SLOW = 4.0, 2.0
"""Standard deviations of a keypoint by which the parabola through three looks may miss the one between them, the
detector's own error included: usually, and at the slow rate. Curves through all looks miss what is between them by a
fifth of that. Fifteen looks a second miss walks by 1.5 to 3 and runs of 3 m/s by 3 to 9; ten a second miss slow
squats by 0.8 to 2."""
_SLOW = 1.2
"""Up to this miss a movement is slow."""
_SUDDEN, _OF_MOST = 2.0, 2 / 3
"""A movement changes suddenly, as at an impact, where its third derivative changes by the first factor from look to
look. Curves err more there, so only the second share of the usual miss is allowed."""
_BODY_SIGMA = 0.012
"""Spread of a keypoint about its place on the bone, as a share of the person's longer side (20 mm of 1.7 m)."""
_CLEAR_QUALITY = 0.5
"""Mean score of a pose from which it is taken without the tracker's further checks."""
_GOES_ON = 0.4
"""Similarity of the poses of one body in two looks: less than within a picture, as it moves meanwhile."""
_BACK_S = 2.3
"""Seconds before a person was found in which they are looked for: the detector may have run two seconds before."""
_SETTLED = 4
"""Number of measured frames that show how somebody moves."""
_MOST_BYTES = 256 * 10**6
"""Memory for the frames that wait."""
_MOST_BEGUN = 8
"""Persons in frames of gaps that wait for the second thread."""
_IN_USE = 3
"""Number of last measured frames that keep their pictures, which other threads may still need."""
_WAITING_STEPS = 4
"""From one look to the next but so many frames wait: for the look ahead, and in gaps."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Two measured frames and the ones between, of which some may still have to be measured."""

    start: Frame
    between: list[Frame]
    end: Frame


@dataclass(slots=True)
class _Course:
    """A person's last measured poses."""

    looks: deque[tuple[float, Pose]] = field(default_factory=lambda: deque(maxlen=4))
    jerks: deque[float] = field(default_factory=lambda: deque([np.inf], maxlen=2))
    """Third derivative around the second and third last look, in standard deviations a second cubed."""
    traced: bool = False
    """Whether the person was looked for in the frames before."""

    @property
    def is_slow(self) -> bool:
        """Whether the last looks were more than enough to show the movement."""
        step_s = (self.looks[-1][0] - self.looks[0][0]) / max(len(self.looks) - 1, 1)
        return max(self.jerks) * step_s**3 / 3 <= _SLOW


class Sampler:
    """Shows a tracker those frames that it needs, and places keypoints in others where movement is fast.

    The tracker looks at 10 frames a second while everybody moves slowly, and at 15 while somebody moves faster, is
    lost, hidden, hard to read or near others. When it has looked a little further, frames between are measured too,
    where the keypoints do not go along a parabola. What is not measured, pictures that repeat those before among it,
    is left to `pase.pose2d.between`.

    Parameters
    ----------
    every_s
        Seconds between measured frames; None lets the movement decide.
    """

    def __init__(self, tracker: Tracker, every_s: float | None = None) -> None:
        self._tracker, self._every_s = tracker, every_s
        self._waiting: deque[Frame] = deque()
        self._gaps: deque[_Gap] = deque()
        self._begun: deque[tuple[Frame, Track, Pose, Job[Pose]]] = deque()
        """What is measured in gaps on the second thread: frame, person, expected pose; and what is found."""
        self._past: deque[Frame] = deque()
        self._last: Frame | None = None
        self._expected: Frame | None = None
        """The frame that was to be next at the last look."""
        self._courses: dict[Track, _Course] = {}
        self.repeated = 0
        """Frames so far that repeat the one before and are not looked at."""
        self.measured_frames: set[int] = set()
        """Indices of the frames that the tracker looked at."""

    def add(self, frame: Frame) -> None:
        """Take the next frame of the recording."""
        self._waiting.append(frame)
        self.repeated += frame.repeated
        while True:
            candidate = self._next()
            following = None if candidate is None else self._due(candidate)
            if candidate is None or following is None:
                return
            self._look(candidate, following)

    def finish(self) -> None:
        """Look at the end of the recording, of which the last frame is looked at in any case."""
        while self._waiting:
            candidate = self._next() or self._waiting[-1]
            self._look(candidate, self._due(candidate))
        self._measure_gaps(None)
        self._collect(0)

    def _next(self) -> Frame | None:
        """The frame to look at next: one that a network works on already, unless somebody was lost meanwhile."""
        last, expected = self._last, self._expected
        begun = expected is not None and self._tracker.has_begun(expected)
        return expected if begun and last is not None and self._tracker.calm(last) else self._due(last)

    def _due(self, last: Frame | None) -> Frame | None:
        """The first frame that waits and is to be looked at after another; None while it is not here."""
        if last is None:
            return self._waiting[0] if self._waiting else None
        # Half a millisecond: times of frames are rounded.
        due = last.time + self._step_s(last) - 5e-4
        later = (frame for frame in self._waiting if frame.time >= due and frame.index > last.index)
        return next((frame for frame in later if not frame.repeated), None)

    def _step_s(self, last: Frame) -> float:
        """Seconds to the next look; fewer where so many frames would not fit into the memory."""
        if self._every_s is not None:
            return self._every_s
        courses = [self._courses.get(track) for track in self._tracker.active()]
        slow = bool(courses) and all(course is not None and course.is_slow for course in courses)
        calm = self._last is not None and self._tracker.calm(self._last)
        step_s = SLOW_S if slow and calm else USUAL_S
        frame_s = last.time / last.index if last.index else USUAL_S
        return min(step_s, frame_s * max(1, _MOST_BYTES // (_WAITING_STEPS * last.image.nbytes)))

    def _look(self, candidate: Frame, following: Frame | None) -> None:
        """Let the tracker look at a frame, or at all up to it where there is a cut before it."""
        between = []
        while self._waiting and self._waiting[0].index <= candidate.index:
            between.append(self._waiting.popleft())
        between.pop()
        if between and self._tracker.shots.changes(candidate.image):
            for frame in (*between, candidate):
                self._track(frame, None)
        else:
            for frame in between:
                self._tracker.skip(frame)
            if self._last is not None and between:
                self._gaps.append(_Gap(self._last, between, candidate))
            self._track(candidate, following)
        self._measure_gaps(candidate)

    def _track(self, frame: Frame, following: Frame | None) -> None:
        self._tracker.add(frame, following)
        self._last, self._expected = frame, following
        self.measured_frames.add(frame.index)
        if self._every_s is not None:
            return
        if not self._past or frame.time - self._past[-1].time >= FINE_S - 5e-4:
            self._past.append(frame)
        if len(self._past) > _IN_USE:
            self._past[-1 - _IN_USE].forget_image()
        most_frames = max(1, _MOST_BYTES // (2 * frame.image.nbytes))
        while len(self._past) > most_frames or frame.time - self._past[0].time > _BACK_S:
            self._past.popleft()
        for track in self._tracker.active():
            if frame.index in track.poses:
                self._note(track, frame.time, track.poses[frame.index])

    def _note(self, track: Track, time: float, pose: Pose) -> None:
        """Note how somebody moves; somebody new is looked for in the frames before."""
        course = self._courses.setdefault(track, _Course())
        course.looks.append((time, pose))
        if len(course.looks) < _SETTLED:
            return
        course.jerks.append(_jerk(course.looks))
        if not course.traced:
            course.traced = True
            self._trace_back(track, _velocity(*islice(course.looks, 2)))

    def _measure_gaps(self, last: Frame | None) -> None:
        """Measure what is needed in the gaps that end before a look; in all of them at the end of the recording."""
        while self._gaps and (last is None or self._gaps[0].end.index < last.index):
            gap = self._gaps.popleft()
            if self._every_s is None:
                self._measure(gap)

    def _measure(self, gap: _Gap) -> None:
        # Somebody long gone is not checked again in every gap of a long recording.
        courses = {t: c for t, c in self._courses.items() if gap.start.time - t.time < _BACK_S}
        self._courses = courses
        for track in courses:
            first, last = (track.poses.get(frame.index) for frame in (gap.start, gap.end))
            if first is not None and last is not None:
                for frame in _needed(gap, courses[track].jerks):
                    share = (frame.time - gap.start.time) / (gap.end.time - gap.start.time)
                    expected = _mixed(first, last, share)
                    job = self._tracker.place_beside(frame, _whole(expected), expected.turn)
                    self._begun.append((frame, track, expected, job))
            elif first is not None:
                self._extend(track, gap.between, first, gap.start.time)
            elif last is not None:
                self._extend(track, gap.between[::-1], last, gap.end.time)
        self._collect(_MOST_BEGUN)

    def _collect(self, limit: int) -> None:
        """Take what was measured on the second thread, the oldest first, until at most so many are left."""
        while len(self._begun) > limit:
            frame, track, expected, job = self._begun.popleft()
            pose = job.result()
            # What is not that body is left out.
            if pose.quality >= _CLEAR_QUALITY and pose_similarity(pose, expected) >= SAME_BODY:
                track.between[frame.index] = pose

    def _trace_back(self, track: Track, velocity: Array) -> None:
        """Follow somebody new back to the frame in which they appeared."""
        first = next(iter(track.poses))
        start = self._tracker.cuts[-1] if self._tracker.cuts else -np.inf
        earlier = [frame for frame in self._past if frame.index <= first and frame.time >= start]
        if len(earlier) > 1 and earlier[-1].index == first:
            self._extend(track, earlier[-2::-1], track.poses[first], earlier[-1].time, velocity)

    def _extend(
        self, track: Track, frames: Iterable[Frame], pose: Pose, time: float, velocity: Array | None = None
    ) -> None:
        """Follow somebody from where they were seen through the given frames in turn, until they are lost."""
        velocity = np.zeros(2) if velocity is None else velocity
        for frame in frames:
            if frame.repeated:
                continue
            step = velocity * (frame.time - time)
            crop = (frame, _whole(pose) + np.tile(step, 2), track.turn)
            fresh = self._tracker.place(*crop)
            rivals = (t.poses[frame.index] for t in self._tracker.tracks if frame.index in t.poses)
            continues = fresh.quality >= _CLEAR_QUALITY and pose_similarity(pose, fresh, step) >= _GOES_ON
            if not continues or any(pose_similarity(rival, fresh) >= SAME_BODY for rival in rivals):
                return
            track.between[frame.index] = fresh
            velocity = _velocity((time, pose), (frame.time, fresh))
            pose, time = fresh, frame.time


def _velocity(first: tuple[float, Pose], second: tuple[float, Pose]) -> Array:
    """(2,) px/s of a body between two looks, each with its time."""
    return np.asarray(np.median(second[1].xy - first[1].xy, axis=0) / (second[0] - first[0]))


def _jerk(looks: Sequence[tuple[float, Pose]]) -> float:
    """Third derivative at the last look but one, in standard deviations a second cubed, of the quickest keypoint."""
    times, poses = zip(*looks, strict=True)
    at = poses[2]
    sigma = np.hypot(at.sigma.mean(-1), _BODY_SIGMA * box_size(_whole(at)))
    telling = np.min([pose.score for pose in poses], axis=0) >= SURE_SCORE
    third = third_derivative(np.stack([pose.xy for pose in poses]), np.array(times))
    return float((np.linalg.norm(third, axis=-1) / sigma)[telling].max(initial=0.0))


def _needed(gap: _Gap, jerks: Sequence[float]) -> list[Frame]:
    """The frames of a gap that are to be measured, by the last third derivatives: none, or at least the fine rate.

    What seems just too quick for the looks is quicker still, as they are too few to show it.
    """
    frames, largest = [gap.start, *gap.between, gap.end], max(jerks)
    gap_s = gap.end.time - gap.start.time
    most_missed = MOST_MISSED if gap_s < (SLOW_S + USUAL_S) / 2 else MOST_MISSED_SLOW
    most_missed *= _OF_MOST if largest > _SUDDEN * min(jerks) else 1.0
    spacing_s = FINE_S if np.isinf(largest) else (3 * most_missed / max(largest, 1e-9)) ** (1 / 3)
    if spacing_s >= gap_s:
        return []
    steps = int(np.ceil(gap_s / min(spacing_s, FINE_S) - 0.05))
    places = np.linspace(0, len(frames) - 1, min(steps, len(frames) - 1) + 1)
    picks = [frames[place] for place in np.round(places).astype(int)[1:-1]]
    return [frame for frame in picks if not frame.repeated]


def _mixed(first: Pose, last: Pose, share: float) -> Pose:
    """A pose between two."""
    score = np.minimum(first.score, last.score)
    return Pose(first.xy + share * (last.xy - first.xy), score, first.sigma, last.turn)


def _whole(pose: Pose) -> Array:
    """Box (4,) around the keypoints of a pose that are sure, or around all where these are few."""
    box = pose.box(SURE_SCORE)
    return np.concatenate([pose.xy.min(0), pose.xy.max(0)]) if box is None else box
