"""Which keypoints count: those that a detector invents on the edges of picture and crop do not."""

from dataclasses import replace

import numpy as np
import pytest

from pase.data import HALPE26, Keypoints2D
from pase.visible_points import on_edge, pixels_per_metre, usable

FEET = ("Ankle", "Heel", "BigToe", "SmallToe")


def standing(score: float = 0.8) -> Keypoints2D:
    """Somebody of 200 px a metre who stands in the middle of the picture."""
    xy = np.full((1, len(HALPE26), 2), [400.0, 120.0])
    heights = {"Shoulder": 150, "Elbow": 208, "Wrist": 258, "Hip": 246, "Knee": 330, "Ankle": 412}
    heights |= {"Heel": 420, "BigToe": 424, "SmallToe": 424}
    for side, x in (("L", 420.0), ("R", 380.0)):
        for name, y in heights.items():
            xy[0, HALPE26.index(side + name)] = [x, y]
    xy[0, HALPE26.index("Hip")] = [400.0, 246.0]
    return Keypoints2D(xy, np.full((1, len(HALPE26)), score), np.zeros(1), (800, 600))


def moved(keypoints: Keypoints2D, names: tuple[str, ...], y: float, score: float) -> Keypoints2D:
    """Points of both sides put onto one row."""
    xy, scores = keypoints.xy.copy(), keypoints.score.copy()
    rows = [HALPE26.index(side + name) for name in names for side in "LR"]
    xy[0, rows, 1], scores[0, rows] = y, score
    return replace(keypoints, xy=xy, score=scores)


def test_legs_drawn_on_the_last_row_of_the_crop_do_not_count() -> None:
    """A crop that ends at the thighs, wherever in the picture; the rest of the body counts."""
    legs = ("Knee", *FEET)
    cut = moved(standing(), legs, 300.0, 0.3)
    rows = [HALPE26.index(side + name) for name in legs for side in "LR"]
    assert not usable(cut)[0, rows].any()
    assert usable(cut)[0, np.setdiff1d(np.arange(len(HALPE26)), rows)].all()
    turned = replace(cut, xy=cut.xy[..., ::-1].copy(), image_size=(600, 800))
    assert np.array_equal(usable(turned), usable(cut))


@pytest.mark.parametrize("score", [0.3, 0.8])
def test_feet_on_the_floor_count(score: float) -> None:
    """Two feet that stand level are not on the last row of a crop, however unsure."""
    assert usable(moved(standing(), ("Heel", "BigToe"), 424.0, score)).all()


def test_a_point_on_the_edge_of_the_picture_may_lie_beyond_it() -> None:
    assert pixels_per_metre(standing())[0] == pytest.approx(200.0, rel=0.05)
    cut = replace(moved(standing(), ("Ankle",), 422.0, 0.7), image_size=(800, 425))
    ankle = HALPE26.index("LAnkle")
    assert usable(cut)[0, ankle] and on_edge(cut)[0, ankle] and not on_edge(standing()).any()
    assert not usable(moved(cut, ("Ankle",), 422.0, 0.5))[0, ankle]
