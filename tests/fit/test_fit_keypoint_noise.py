"""How much a keypoint is worth: the ear behind the cheek less than the other."""

from __future__ import annotations

import numpy as np
import pytest

from pase.data import HALPE26, Keypoints2D
from pase.fit.keypoint_noise import head_points, keypoint_sigma


def head_seen_from(turn_deg: float) -> Keypoints2D:
    """A head of 1 px a mm that looks into the camera, turned to its left, and a trunk."""
    face = {"Nose": (115, 0), "LEye": (82, 31), "REye": (82, -31), "LEar": (0, 75), "REar": (0, -75)}
    xy = np.full((1, len(HALPE26), 2), np.nan)
    turn = np.radians(turn_deg)
    for name, (forward, left) in face.items():
        xy[0, HALPE26.index(name)] = [500 + left * np.cos(turn) + forward * np.sin(turn), 300]
    for name, place in {"LShoulder": (600, 500), "RShoulder": (400, 500), "LHip": (570, 980)}.items():
        xy[0, HALPE26.index(name)] = place
    score = np.where(np.isfinite(xy[..., 0]), 0.9, 0.0)
    return Keypoints2D(xy, score, np.zeros(1), (1000, 1000))


@pytest.mark.parametrize(("turn_deg", "factor"), [(0, 1.0), (10, 1.0), (40, 4.0), (60, 4.0)])
def test_the_far_ear_of_a_turned_head_is_uncertain(turn_deg: float, factor: float) -> None:
    left, right = (HALPE26.index(name) for name in ("LEar", "REar"))
    for sign, far, near in ((1, left, right), (-1, right, left)):
        sigma = keypoint_sigma(head_seen_from(sign * turn_deg))[0]
        assert sigma[far] == pytest.approx(factor * sigma[near])


def test_points_of_the_head_are_known_better_beside_one_another() -> None:
    rows, share = head_points(HALPE26)
    assert [HALPE26[row] for row in rows] == ["Nose", "LEye", "REye", "LEar", "REar", "Head"]
    assert ((share > 0) & (share <= 1)).all()
    assert len(head_points(("LHip", "RHip"))[0]) == 0
