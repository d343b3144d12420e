"""Poses placed a frame early count only where they would have come out anyhow."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from pase.media.frames import Frame
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.lookahead import PairedNetwork, SecondThread
from pase.pose2d.tracking.track import Track

BOX = np.array([10.0, 10.0, 60.0, 110.0])


class Network:
    """Answers with points spread over the box it is given, and notes which pictures it was given."""

    def __init__(self, quality: float = 0.9) -> None:
        self.quality = quality
        self.asked: list[int] = []

    def __call__(self, image: np.ndarray, boxes: np.ndarray, turns: Sequence[int]) -> list[Pose]:
        self.asked.append(int(image[0, 0, 0]))
        share = np.linspace(0, 1, 26)[:, None]
        return [
            Pose(box[:2] + share * (box[2:] - box[:2]), np.full(26, self.quality), np.ones((26, 2)), turn)
            for box, turn in zip(boxes, turns, strict=True)
        ]


def frame(index: int) -> Frame:
    return Frame(index, index / 30, np.full((2, 2, 3), index, np.uint8))


def followed(network: Network) -> tuple[PairedNetwork, Track]:
    track = Track(BOX.copy(), 0.0)
    track.poses[0] = network(frame(0).image, BOX[None], [0])[0]
    network.asked.clear()
    return PairedNetwork(network), track  # type: ignore[arg-type]


def test_two_frames_are_done_at_once_and_the_second_not_again() -> None:
    network = Network()
    paired, track = followed(network)
    first = paired.follow(frame(1), frame(2), [track])
    second = paired.follow(frame(2), frame(3), [track])
    assert sorted(network.asked) == [1, 2]
    np.testing.assert_array_equal(first[0].xy, second[0].xy)


@pytest.mark.parametrize("change", ["moved", "turned", "other"])
def test_where_the_box_was_wrong_the_pose_is_placed_again(change: str) -> None:
    network = Network()
    paired, track = followed(network)
    paired.follow(frame(1), frame(2), [track])
    if change == "moved":
        track.box = BOX + 30.0
    elif change == "turned":
        track.turn = 1
    else:
        track = Track(BOX.copy(), 0.0)
    (pose,) = paired.follow(frame(2), None, [track])
    assert network.asked.count(2) == 2
    np.testing.assert_allclose(pose.xy[0], track.box[:2])


def test_unsure_poses_are_not_placed_early() -> None:
    network = Network(quality=0.4)
    paired, track = followed(network)
    paired.follow(frame(1), frame(2), [track])
    assert network.asked == [1]


def test_nobody_asks_nothing() -> None:
    network = Network()
    paired, _ = followed(network)
    assert paired.follow(frame(1), frame(2), []) == []
    assert network.asked == []


def test_who_would_wait_does_what_is_queued_and_nothing_is_done_twice() -> None:
    thread, hold, done = SecondThread(), threading.Event(), []

    def work(number: int) -> int:
        done.append((number, threading.current_thread() is threading.main_thread()))
        if number == 3:
            hold.set()
        return number

    begun = threading.Event()

    def wait_for_the_third() -> int:
        begun.set()
        hold.wait(10)
        return 0

    first = thread.submit(wait_for_the_third)
    begun.wait(10)
    jobs = [thread.submit(lambda number=number: work(number)) for number in (1, 2, 3)]  # type: ignore[misc]
    assert first.result() == 0, "the queued work is done here, or the first would wait for ever"
    assert [job.result() for job in jobs] == [1, 2, 3]
    assert done == [(1, True), (2, True), (3, True)]


def test_what_work_raises_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> int:
        raise ValueError("no picture")

    job = SecondThread().submit(fail)
    with pytest.raises(ValueError, match="no picture"):
        job.result()
