"""Faces of a photo are looked at again in a crop of the upper body."""

from dataclasses import replace

import numpy as np
import pytest

from pase.data import HALPE26
from pase.pose2d.closer_look import with_closer_look
from pase.pose2d.keypoints import Pose

IMAGE = np.zeros((400, 400, 3), np.uint8)
HEAD = [HALPE26.index(n) for n in ("Nose", "LEye", "REye", "LEar", "REar", "Head")]


class Network:
    """Gives the poses that it was made with, and keeps what it was asked."""

    def __init__(self, *poses: Pose) -> None:
        self.poses, self.boxes, self.turns = poses, np.zeros((0, 4)), [0]

    def __call__(self, image: np.ndarray, boxes: np.ndarray, turns: list[int]) -> list[Pose]:
        self.boxes, self.turns = boxes, turns
        return list(self.poses[: len(boxes)])


def standing() -> Pose:
    """Head at the top, feet 300 px lower."""
    y = {"Shoulder": 60, "Elbow": 110, "Wrist": 150, "Hip": 160, "Knee": 230, "Ankle": 300, "Neck": 55}
    height = [
        y.get(name.lstrip("LR"), y.get(name, 310 if name[-3:] in ("Toe", "eel") else 20)) for name in HALPE26
    ]
    xy = np.stack([np.linspace(180, 220, len(HALPE26)), np.array(height, float)], axis=1)
    return Pose(xy, np.full(len(HALPE26), 0.8), np.full((len(HALPE26), 2), 2.0), turn=1)


def test_only_points_of_the_head_are_taken_from_it() -> None:
    pose = standing()
    look = Pose(pose.xy + 5.0, pose.score + 0.1, pose.sigma / 2)
    network = Network(look)
    (merged,) = with_closer_look(network, IMAGE, [pose])
    below = np.setdiff1d(np.arange(len(HALPE26)), HEAD)
    assert (merged.xy[HEAD] == look.xy[HEAD]).all()
    assert (merged.sigma[HEAD] == 1.0).all()
    assert (merged.xy[below] == pose.xy[below]).all()
    assert network.turns == [1] == [merged.turn]
    assert network.boxes[0, 3] == pytest.approx(160)  # down to the hips


def test_points_far_off_or_unclear_stay() -> None:
    pose = standing()
    look = replace(pose, xy=pose.xy + [0.0, 2.0], score=pose.score.copy())
    look.xy[HEAD[0]] += 100.0
    look.score[HEAD[1]] = 0.1
    (merged,) = with_closer_look(Network(look), IMAGE, [pose])
    assert (merged.xy[HEAD[:2]] == pose.xy[HEAD[:2]]).all()
    assert (merged.xy[HEAD[2:]] == look.xy[HEAD[2:]]).all()


def test_of_whom_the_upper_body_is_all_there_is_nothing_nearer() -> None:
    bust, empty = standing(), standing()
    bust.score[bust.xy[:, 1] > 165] = 0.1
    empty.score[:] = 0.1
    network = Network()
    first, second = with_closer_look(network, IMAGE, [bust, empty])
    assert first is bust
    assert second is empty
    assert len(network.boxes) == 0
