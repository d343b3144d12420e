"""What somebody wears tells people apart, and light and place do not matter much."""

from dataclasses import replace

import numpy as np
import pytest
from figures import Color, dress, figure
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pase.data import HALPE26
from pase.pose2d.keypoints import Pose
from pase.pose2d.tracking.appearance import clothes_colours, clothes_distance

RED, BLUE, GREEN, GREY = (200, 40, 40), (40, 60, 190), (40, 160, 60), (110, 110, 110)


def worn(
    shirt: Color, trousers: Color, x: float = 80.0, height: float = 120.0, light: float = 1.0
) -> np.ndarray:
    """The look of somebody in such clothes before a wall."""
    image = np.full((220, 320, 3), (230, 225, 210), dtype=np.uint8)
    pose = figure(x, height=height)
    dress(image, pose, shirt, trousers)
    colours = clothes_colours((image * light).astype(np.uint8), pose)
    assert colours is not None
    return colours


def test_a_look_holds_a_histogram_of_the_upper_and_of_the_lower_body() -> None:
    colours = worn(RED, BLUE)
    np.testing.assert_allclose(colours.sum(1), 1.0)
    assert (colours >= 0).all()
    swapped = worn(BLUE, RED)
    np.testing.assert_allclose(colours[0], swapped[1], atol=0.02)
    assert np.abs(colours - swapped).max() > 0.1


def test_the_same_clothes_are_known_elsewhere_nearer_and_in_other_light() -> None:
    clothes = worn(RED, BLUE)
    moved = worn(RED, BLUE, x=240.0, height=170.0)
    darker = worn(RED, BLUE, light=0.8)
    second = worn(GREEN, GREY)
    assert clothes_distance(clothes, moved) < 0.02
    assert clothes_distance(clothes, darker) < 0.5 * clothes_distance(clothes, second)


def test_each_half_of_the_clothes_counts() -> None:
    clothes, other_trousers, all_other = worn(RED, BLUE), worn(RED, GREEN), worn(GREY, GREEN)
    assert 0.1 < clothes_distance(clothes, other_trousers) < clothes_distance(clothes, all_other) <= 1.0


@pytest.mark.parametrize("name", ["LShoulder", "RHip", "LKnee"])
def test_clothes_of_which_a_corner_is_unsure_are_not_looked_at(name: str) -> None:
    pose = figure(80.0)
    score = pose.score.copy()
    score[HALPE26.index(name)] = 0.2
    assert clothes_colours(np.zeros((220, 320, 3), np.uint8), replace(pose, score=score)) is None


@pytest.mark.parametrize(
    "pose", [figure(80.0, height=8.0), figure(-400.0), figure(80.0, top=900.0)], ids=["tiny", "left", "below"]
)
def test_too_little_in_the_picture_gives_no_look(pose: Pose) -> None:
    assert clothes_colours(np.zeros((220, 320, 3), np.uint8), pose) is None


def test_somebody_seen_from_the_side_has_a_look_too() -> None:
    pose = figure(80.0)
    edge_on = replace(pose, xy=np.column_stack([np.full(len(pose.xy), 80.0), pose.xy[:, 1]]))
    image = np.zeros((220, 320, 3), np.uint8)
    dress(image, pose, RED, BLUE)
    colours = clothes_colours(image, edge_on)
    assert colours is not None
    assert clothes_distance(colours, worn(RED, BLUE)) < 0.1


histograms = arrays(float, (2, 24), elements=st.floats(1e-3, 1.0)).map(lambda h: h / h.sum(1, keepdims=True))


@given(histograms, histograms)
def test_the_distance_of_two_looks_is_a_distance(first: np.ndarray, second: np.ndarray) -> None:
    apart = clothes_distance(first, second)
    assert 0.0 <= apart <= 1.0
    assert apart == pytest.approx(clothes_distance(second, first))
    assert clothes_distance(first, first) == pytest.approx(0.0, abs=1e-7)


def test_nothing_in_common_is_one() -> None:
    first, second = np.zeros((2, 24)), np.zeros((2, 24))
    first[:, 0] = second[:, 1] = 1.0
    assert clothes_distance(first, second) == pytest.approx(1.0)
