"""The tracker alone, with networks that always answer the same."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from pase.config import Pose2DSettings
from pase.media import Frame
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.tracker import Tracker
from pase.types import Array


class HardToRead:
    """A keypoint network that is never sure, whichever way a crop is turned."""

    def __init__(self) -> None:
        self.turned = 0

    def __call__(self, image: NDArray[np.uint8], boxes: Array, turns: Sequence[int]) -> list[Pose]:
        self.turned += sum(turn != 0 for turn in turns)
        body = np.random.default_rng(1).uniform([45, 15], [85, 105], (26, 2))
        return [Pose(body, np.full(26, 0.45), np.ones((26, 2)), turn) for turn in turns]


def test_who_stays_hard_to_read_is_turned_less_and_less_often() -> None:
    picture = np.random.default_rng(2).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    network = HardToRead()
    tracker = Tracker(
        cast(Any, lambda _: (np.array([[40.0, 10.0, 90.0, 110.0]]), np.array([0.9]))),
        cast(Any, network),
        (160, 120),
        Pose2DSettings(),
    )
    for index in range(90):
        tracker.add(Frame(index, index / 30, picture))
    (track,) = tracker.tracks
    assert len(track.poses) == 90
    # At 0, 0.1, 0.3, 0.7, 1.5 and 2.5 s, three ways each; ten times a second it would be 90.
    assert network.turned == 18


class OneBody:
    """A keypoint network that reads the same body in every crop, and notes the crops' boxes."""

    body = np.random.default_rng(1).uniform([45, 15], [85, 105], (26, 2))

    def __init__(self) -> None:
        self.boxes: list[Array] = []

    def __call__(self, image: NDArray[np.uint8], boxes: Array, turns: Sequence[int]) -> list[Pose]:
        self.boxes += [*boxes]
        return [Pose(self.body, np.full(26, 0.9), np.ones((26, 2)), turn) for turn in turns]


@pytest.mark.parametrize(("height", "stays"), [(110.0, True), (160.0, False)])
def test_crops_stay_as_they_are_unless_the_detector_sees_another_size(height: float, stays: bool) -> None:
    picture = np.random.default_rng(2).integers(0, 255, (220, 160, 3)).astype(np.uint8)
    network = OneBody()
    tracker = Tracker(
        cast(Any, lambda _: (np.array([[38.0, 5.0, 92.0, 5.0 + height]]), np.array([0.9]))),
        cast(Any, network),
        (160, 220),
        Pose2DSettings(),
    )
    for index in range(90):
        tracker.add(Frame(index, index / 30, picture))
    differ = [not np.allclose(box, network.boxes[1], atol=0.5) for box in network.boxes[1:]]
    assert any(differ) != stays
