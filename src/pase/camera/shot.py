"""The background of one shot, measured frame by frame against keyframes."""

from dataclasses import dataclass, field

import numpy as np

from pase.camera.matching import FEWEST_POINTS, PLACE_PX, Keyframe, Match, PictureMatcher
from pase.camera.pictures import SmallPicture
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.turn import NO_TURN, Turn, turned_by
from pase.types import Array, ImageSize

_LEFT_OF_KEY = 0.45
"""Least share of a keyframe's points in a frame; with fewer, another keyframe is looked for."""
_NEARER = 0.7
"""How much closer in direction another keyframe must be to replace the active one."""
SYSTEMATIC_RAD = 2e-4
"""Error of a turn that does not shrink with the number of points: lens distortion, rolling shutter."""
_LOST_S = 0.3
"""Seconds without a measured direction after which a picture of unknown direction becomes a keyframe."""
_LOST_RAD = 0.2
"""Standard deviations of a keyframe that only its time connects with the others."""
_TRIED_KEYS = 2
_REACH = 0.5
"""Largest distance of a keyframe that is tried, as a share of the picture."""
_STEADY_S = 0.1
"""Seconds between frames within which a camera is expected to go on turning as before."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two keyframes that one frame was measured against; the second may be that frame itself."""

    first: Match
    second: int
    second_match: Match | None
    """None where the frame became the second keyframe."""


@dataclass
class ShotFollower:
    """Follows the background of a shot; `look` is to be called with its frames, about in order."""

    image_size: ImageSize
    focal_px: float
    """A guess of the focal length: turns are measured with it, and again when a better one is available."""
    keys: list[Keyframe] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    """Times of frames in which the background shows nothing."""

    def __post_init__(self) -> None:
        self._active = 0
        self._before: tuple[SmallPicture, Array] | None = None
        self._velocity = np.zeros(3)
        self._matcher = PictureMatcher(self.image_size, self.focal_px)

    def look(self, time: float, picture: SmallPicture, boxes: Array) -> None:
        """Measure one frame; persons are in boxes (N, 4), in pixels of the frame."""
        if not self.keys:
            self._add_key(picture, boxes, NO_TURN)
            self.matches.append(_match_of_keyframe(time, 0, NO_TURN))
            self._before = (picture, boxes)
            return
        expected = self._expected(time)
        match, share = self._matcher.match(time, self.keys[self._active], picture, boxes, expected)
        if match is None or share < _LEFT_OF_KEY or self._nearer_key(match.turn) is not None:
            match = self._other_key(time, picture, boxes, match, expected)
        if match is None:
            self.lost.append(time)
            self._velocity = np.zeros(3)
            return
        self._note(match)
        self._before = (picture, boxes)

    def stands_still(self, time: float, picture: SmallPicture, boxes: Array, most_px: float) -> bool:
        """Look at a frame, and take note of it if the camera has moved by no more than `most_px` since the last."""
        if not self.keys:
            return False
        match, share = self._matcher.match(
            time, self.keys[self._active], picture, boxes, self.matches[-1].turn
        )
        if (
            match is None
            or share < _LEFT_OF_KEY
            or self.distance_px(match.turn, self.matches[-1].turn) > most_px
        ):
            return False
        self._note(match)
        self._before = (picture, boxes)
        return True

    def moved_px(self) -> float:
        """How far the middle of the last picture is from that of the one before, in pixels of the small picture."""
        if len(self.matches) < 2:
            return 0.0
        return self.distance_px(self.matches[-1].turn, self.matches[-2].turn)

    def distance_px(self, a: Turn, b: Turn) -> float:
        """Pixels of the small picture by which two turns move its middle or, by zoom and roll, its edge."""
        sideways, roll, zoom = turned_by(a, b)
        pixels = np.hypot(self.focal_px * sideways, 0.5 * max(self.image_size) * np.hypot(roll, zoom))
        return float(pixels / self.keys[0].picture.pixel)

    def _expected(self, time: float) -> Turn:
        """Expected turn of a picture, continued from the last ones."""
        last = self.matches[-1]
        ahead = rotation_of_vector(self._velocity * (time - last.time))
        return Turn(ahead @ last.turn.R_camera_reference, last.turn.log_zoom)

    def _note(self, match: Match) -> None:
        self._velocity, last = np.zeros(3), self.matches[-1]
        if 0 < match.time - last.time < _STEADY_S:
            step = match.turn.R_camera_reference @ last.turn.R_camera_reference.T
            self._velocity = vector_of_rotation(step) / (match.time - last.time)
        self.matches.append(match)

    def rays_of(self, match: Match) -> tuple[Array, Array]:
        """Rays (N, 2) of a frame's points in its keyframe and in the frame, in guessed focal lengths."""
        key = self.keys[match.key]
        return key.rays[match.point_numbers], self._matcher.rays(
            key.picture, match.places * np.float32(PLACE_PX)
        )

    def _add_key(self, picture: SmallPicture, boxes: Array, turn: Turn) -> int:
        points, ovals = self._matcher.corners(picture, boxes)
        alive = np.ones(len(points), bool)
        self.keys.append(
            Keyframe(len(self.keys), picture, points, self._matcher.rays(picture, points), turn, alive, ovals)
        )
        self._active = len(self.keys) - 1
        return self._active

    def _nearer_key(self, turn: Turn) -> int | None:
        """A keyframe that looks much more in the direction of a turn than the active one does."""
        nearest = min(range(len(self.keys)), key=lambda n: self.distance_px(turn, self.keys[n].turn))
        if nearest == self._active:
            return None
        distance, of_active = (self.distance_px(turn, self.keys[n].turn) for n in (nearest, self._active))
        return nearest if distance < _NEARER * of_active - 2 else None

    def _other_key(
        self, time: float, picture: SmallPicture, boxes: Array, match: Match | None, expected: Turn
    ) -> Match | None:
        """Continue with an earlier keyframe that shows the same, or else make a new one."""
        about = expected if match is None else match.turn
        distances = {
            n: self.distance_px(about, key.turn) for n, key in enumerate(self.keys) if n != self._active
        }
        for number in sorted(distances, key=lambda n: distances[n])[:_TRIED_KEYS]:
            if distances[number] > _REACH * max(picture.grey.shape):
                break
            again, share = self._matcher.match(time, self.keys[number], picture, boxes, about)
            if again is not None and share >= _LEFT_OF_KEY:
                if match is not None:
                    self.links.append(Link(match, number, again))
                self._active = number
                return again
        if match is not None:
            number = self._add_key(picture, boxes, match.turn)
            self.links.append(Link(match, number, None))
            return match
        return self._key_before(time, picture, boxes, expected)

    def _key_before(self, time: float, picture: SmallPicture, boxes: Array, expected: Turn) -> Match | None:
        """When too little of all keyframes is left, the picture before this one becomes the next keyframe."""
        if self._before is None:
            return self._key_of_its_own(time, picture, boxes, expected)
        last = self.matches[-1]
        number = self._add_key(*self._before, last.turn)
        self.links.append(Link(last, number, None))
        self._before = None
        return self._matcher.match(time, self.keys[number], picture, boxes, expected)[0]

    def _key_of_its_own(
        self, time: float, picture: SmallPicture, boxes: Array, expected: Turn
    ) -> Match | None:
        """A keyframe without a link to earlier ones: its direction is a guess."""
        if time - self.matches[-1].time < _LOST_S:
            return None
        before = self._active
        number = self._add_key(picture, boxes, expected)
        if len(self.keys[number].points) < FEWEST_POINTS:
            self.keys.pop()
            self._active = before
            return None
        guess = _match_of_keyframe(time, before, expected, _LOST_RAD)
        self.links.append(Link(guess, number, None))
        return _match_of_keyframe(time, number, expected)


def _match_of_keyframe(time: float, key: int, turn: Turn, sigma: float = SYSTEMATIC_RAD) -> Match:
    """A frame without points: a keyframe itself, or one whose turn is a guess."""
    no_points = np.zeros(0, np.uint8), np.zeros((0, 2), np.int16), np.zeros(0, bool)
    return Match(time, key, turn, np.diag([sigma**2] * 4), *no_points)
