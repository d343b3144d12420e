"""One person followed through the picture: position, motion and clothes."""

from dataclasses import dataclass, field

import numpy as np

from pase.keypoint_sets import SURE_SCORE
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.appearance import clothes_distance
from pase.pose2d.tracking.similarity import box_size, centre_of
from pase.types import Array, ImageSize

_CENTRE_WEIGHT = 2.0
"""How quickly prominence falls with the square of the distance from the middle, in widths and heights."""
_COAST_S = 0.5
"""Seconds for which an unseen person is expected to keep moving."""
_VELOCITY_MEMORY_S = 0.15
"""Time constant with which the velocity follows the newest step."""
_NEWEST_SHARE = 0.2
"""Share of the newest colours in what is remembered of the clothes."""
_FASTEST = 4.0
"""Largest expected speed, in body sizes a second."""


@dataclass(eq=False)
class Track:
    """One person, followed up to the newest frame."""

    box: Array
    """(4,) where the person was last, in pixels."""
    time: float
    """When the person was last seen, in seconds."""
    shot: int = 0
    """Number of the shot, from 0: a new one begins at every cut."""
    prominence: float = 0.0
    """How much the person looks like the subject of the footage, when last found by the detector."""
    faint: bool = False
    """Whether the detector was not sure of the person when it was first found."""
    turn: int = 0
    """Quarter turns that bring the person upright."""
    turns_tried: float = -np.inf
    """When other quarter turns were last tried, in seconds."""
    turns_rest: float = 0.0
    """Seconds until they are tried again: longer each time that none was better."""
    active: bool = False
    """Whether keypoints are placed; others are followed by the detector alone."""
    unconfirmed: int = 0
    """How many times in a row the detector has missed the person."""
    velocity: Array = field(default_factory=lambda: np.zeros(2))
    """(2,) px/s."""
    clothes: Array | None = None
    """Colours of the clothes; see `pase.pose2d.tracking.appearance.clothes_colours`."""
    clothes_time: float = -np.inf
    """When these were last seen, in seconds."""
    poses: dict[int, Pose] = field(default_factory=dict)
    """Poses by frame index, in order, of the frames that were followed."""
    between: dict[int, Pose] = field(default_factory=dict)
    """Poses by frame index of other frames, in any order."""
    detections: list[tuple[float, float]] = field(default_factory=list)
    """Time (s) and size (px) of every time the detector found the person."""
    first_place: Array = field(init=False)
    """(2,) px where the person was first."""

    def __post_init__(self) -> None:
        self.first_place = centre_of(self.box)

    def shift(self, time: float) -> Array:
        """(2,) px by which the person is expected to have moved until a time; less and less sure of it."""
        gap = max(0.0, time - self.time)
        return self.velocity * min(gap, _COAST_S)

    def expected_box(self, time: float) -> Array:
        """(4,) where the person should be at a time."""
        return (self.box.reshape(2, 2) + self.shift(time)).ravel()

    def last_pose(self) -> Pose | None:
        """The pose of the last frame in which there is one."""
        return self.poses[next(reversed(self.poses))] if self.poses else None

    def move(self, box: Array, time: float, step: Array) -> None:
        """Note where the person is now, `step` (2,) px from where it was seen before."""
        gap = time - self.time
        if gap > 0:
            share = 1.0 - np.exp(-gap / _VELOCITY_MEMORY_S)
            limit = _FASTEST * box_size(box)
            self.velocity = np.clip(self.velocity + share * (step / gap - self.velocity), -limit, limit)
        self.box, self.time = box, time

    def place(self, index: int, pose: Pose, box: Array, time: float) -> None:
        """Note the person's pose in a frame."""
        last = self.last_pose()
        step = np.zeros(2) if last is None else centre_of(box) - centre_of(self.box)
        if last is not None:
            sure = np.minimum(last.score, pose.score) >= SURE_SCORE
            if sure.any():
                step = np.median(pose.xy[sure] - last.xy[sure], axis=0)
        self.move(box, time, step)
        self.turn = pose.turn
        self.poses[index] = pose

    def note_clothes(self, clothes: Array, time: float) -> None:
        """Note what the person wears."""
        before = clothes if self.clothes is None else self.clothes
        self.clothes = before + _NEWEST_SHARE * (clothes - before)
        self.clothes_time = time

    def clothes_likeness(self, clothes: Array | None) -> float:
        """How alike the person's clothes are to others, from 0 to 1; 0.5 where either is unknown."""
        if self.clothes is None or clothes is None:
            return 0.5
        return 1.0 - clothes_distance(self.clothes, clothes)


def prominence_of(boxes: Array, scores: Array, image_size: ImageSize) -> Array:
    """Size of boxes (N, 4) times how central they are times scores (N,): the subject is big, central and clear."""
    size = np.array(image_size, dtype=float)
    extent = np.clip(boxes[:, 2:], 0, size) - np.clip(boxes[:, :2], 0, size)
    off_centre = ((boxes[:, :2] + boxes[:, 2:]) / 2 - size / 2) / size
    area = np.prod(np.clip(extent, 0, None) / size, axis=1)
    return np.asarray(np.sqrt(area) * np.exp(-_CENTRE_WEIGHT * (off_centre**2).sum(1)) * scores)
