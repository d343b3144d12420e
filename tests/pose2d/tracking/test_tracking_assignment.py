"""Bodies of one frame are given to those whom they fit, and none to two."""

from dataclasses import replace

import numpy as np
from figures import Color, dress, figure
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pase.media.frames import Frame
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.appearance import clear_torsos, clothes_colours
from pase.pose2d.tracking.assignment import SAME_BODY, settle
from pase.pose2d.tracking.similarity import best_pairs, pose_similarity
from pase.pose2d.tracking.track import Track

RED, BLUE = (200, 40, 40), (40, 60, 190)
WALL = np.full((220, 640, 3), (230, 225, 210), dtype=np.uint8)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_the_best_pairs_of_few_are_those_of_scipy(rows: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    expected = zip(*linear_sum_assignment(values, maximize=True), strict=True)
    assert best_pairs(values) == [(int(row), int(column)) for row, column in expected]


def followed(pose: Pose, index: int = 0, time: float = 0.0) -> Track:
    """Somebody who was seen in one frame."""
    box = pose.box(0.3)
    assert box is not None
    track = Track(box, time)
    track.place(index, pose, box, time)
    track.active = True
    return track


def frame(*dressed: tuple[Pose, Color]) -> Frame:
    """The second frame, 1/30 s later, with some who wear one colour."""
    image = WALL.copy()
    for pose, color in dressed:
        dress(image, pose, color, color)
    return Frame(1, 1 / 30, image)


def test_who_stands_alone_keeps_what_was_found_in_the_own_crop_however_far_it_moved() -> None:
    far = figure(500.0)
    assert settle(frame(), [followed(figure(100.0))], {0: far}, []) == {0: far}


def test_one_body_in_two_crops_is_that_of_whom_it_continues_and_the_other_is_hidden() -> None:
    left, right = followed(figure(100.0)), followed(figure(130.0))
    body = figure(131.0)
    blurred = replace(figure(130.0), score=0.9 * body.score)
    assert settle(frame(), [left, right], {0: blurred, 1: body}, []) == {1: body}


def test_a_body_that_is_somebodys_already_is_nobody_elses() -> None:
    body = figure(100.0)
    assert settle(frame(), [followed(body)], {0: body}, [figure(101.0)]) == {}


def test_two_whose_crops_hold_the_bodies_of_one_another_are_put_right() -> None:
    left, right = followed(figure(100.0)), followed(figure(160.0))
    bodies = {0: figure(159.0), 1: figure(101.0)}
    assert settle(frame(), [left, right], bodies, []) == {0: bodies[1], 1: bodies[0]}


def test_clothes_tell_who_comes_out_from_behind() -> None:
    tracks = [followed(figure(200.0)), followed(figure(200.0))]
    for track, color in zip(tracks, (RED, BLUE), strict=True):
        shown = frame((figure(200.0), color))
        track.clothes = clothes_colours(shown.image, figure(200.0))
    body = figure(204.0)
    for number, color in enumerate((RED, BLUE)):
        assert settle(frame((body, color)), tracks, {0: body, 1: body}, []) == {number: body}


def test_somebody_new_keeps_the_own_body_but_not_that_of_another() -> None:
    old, new = followed(figure(100.0)), Track(np.array([120.0, 40.0, 170.0, 200.0]), 1 / 30)
    bodies = {0: figure(101.0), 1: figure(145.0)}
    assert settle(frame(), [old, new], bodies, []) == bodies
    assert settle(frame(), [old, new], {0: bodies[0], 1: bodies[0]}, []) == {0: bodies[0]}


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 600)), min_size=1, max_size=6))
def test_no_body_is_ever_given_to_two(places: list[tuple[float, float]]) -> None:
    tracks = [followed(figure(before)) for before, _ in places]
    placed = {number: figure(end) for number, (_, end) in enumerate(places)}
    given_to = settle(frame(), tracks, placed, [])
    settled = list(given_to.values())
    assert all(any(pose is body for body in placed.values()) for pose in settled)
    for number, pose in enumerate(settled):
        assert all(pose_similarity(pose, rival) < SAME_BODY for rival in settled[:number])


def test_trunks_before_one_another_are_not_clear() -> None:
    assert clear_torsos([figure(100.0), figure(108.0), figure(400.0)]) == [False, False, True]
    assert clear_torsos([]) == []
