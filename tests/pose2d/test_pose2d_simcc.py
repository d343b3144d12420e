"""Positions between the bins, and an uncertainty that tells sharp from broad and double peaks."""

import numpy as np
import pytest

from pase.pose2d.keypoints import crop_transform
from pase.pose2d.simcc import decode_simcc

BINS = np.arange(384)


def peak(centre: float, height: float = 0.9, width: float = 5.0) -> np.ndarray:
    return (height * np.exp(-((BINS - centre) ** 2) / (2 * width**2))).astype(np.float32)


@pytest.mark.parametrize("centre", [30.0, 100.25, 200.5, 317.8])
@pytest.mark.parametrize("height", [0.5, 0.9])
def test_position_lies_between_the_bins(centre: float, height: float) -> None:
    position, top, _ = decode_simcc(peak(centre, height))
    assert position == pytest.approx(centre, abs=0.05)
    assert top == pytest.approx(height, rel=0.01)


def test_a_peak_at_the_edge_stays_in_the_crop() -> None:
    position, _, sigma = decode_simcc(peak(0.0))
    assert 0 <= position < 2
    assert sigma > 0


def test_uncertainty_grows_with_width_lowness_and_doubt() -> None:
    double = np.maximum(peak(100), peak(180, 0.85))
    shapes = [peak(100, 0.95, 4), peak(100, 0.9, 6), peak(100, 0.6, 9), double]
    sigmas = [float(decode_simcc(shape)[2]) for shape in shapes]
    assert sigmas == sorted(sigmas)
    assert 0.2 < sigmas[0] < 2
    assert sigmas[-1] > 10


def test_many_points_at_once_equal_each_alone() -> None:
    stack = np.stack([peak(50), peak(80, 0.3), peak(200.4, 0.7, 8)]).reshape(3, 1, -1)
    together = decode_simcc(stack)
    for row in range(3):
        alone = decode_simcc(stack[row, 0])
        assert [float(a) for a in alone] == pytest.approx([float(t[row, 0]) for t in together])


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("box", [[10, 20, 60, 220], [-30, 50, 300, 90], [5.5, 5.5, 6, 6]])
def test_the_crop_keeps_shape_and_holds_the_padded_box(box: list[float], turn: int) -> None:
    matrix = crop_transform(np.array(box, dtype=float), (192, 256), turn)
    linear = matrix[:, :2]
    scale = np.linalg.norm(linear[:, 0])
    assert linear @ linear.T == pytest.approx(scale**2 * np.eye(2), abs=1e-9)
    assert np.linalg.det(linear) > 0
    centre = (np.array(box[:2]) + box[2:]) / 2
    assert matrix @ [*centre, 1] == pytest.approx([96, 128])
    corners = np.array([[x, y, 1] for x in box[::2] for y in box[1::2]])
    inside = corners @ matrix.T
    assert (inside >= -1e-9).all()
    assert (inside <= np.array([192, 256]) + 1e-9).all()


def test_quarter_turns_are_clockwise() -> None:
    matrix = crop_transform(np.array([0.0, 0.0, 100.0, 100.0]), (192, 256), 1)
    top, right = matrix @ [50, 0, 1], matrix @ [100, 50, 1]
    assert top[0] > 96
    assert right[1] > 128
