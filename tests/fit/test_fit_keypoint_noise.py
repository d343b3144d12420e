"""How much a keypoint is worth: the ear behind the cheek less than the other, frames between looks nothing."""

from dataclasses import replace

import numpy as np
import pytest

from pase.data import HALPE26, Keypoints2D
from pase.fit.keypoint_noise import (
    INFORMATION_RATE_HZ,
    PHOTO_SPREAD,
    frame_weights,
    head_points,
    keypoint_sigma,
    measurement_gap,
)


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


@pytest.mark.parametrize(
    ("turn_deg", "counts"), [(0, True), (70, True), (110, True), (150, False), (180, False)]
)
def test_a_face_that_is_turned_away_does_not_count(turn_deg: float, counts: bool) -> None:
    person = head_seen_from(turn_deg)
    trunk = {"LShoulder": (400, 500), "RShoulder": (600, 500), "LHip": (430, 980), "RHip": (570, 980)}
    for name, place in trunk.items():
        person.xy[0, HALPE26.index(name)], person.score[0, HALPE26.index(name)] = place, 0.9
    of_face, of_ears = (
        [HALPE26.index(n) for n in names] for names in (("Nose", "LEye", "REye"), ("LEar", "REar"))
    )
    sigma = keypoint_sigma(person)[0]
    assert (np.isfinite(sigma[of_face]) == counts).all() and np.isfinite(sigma[of_ears]).all()


def test_points_of_the_head_are_known_better_beside_one_another() -> None:
    rows, share = head_points(HALPE26)
    assert [HALPE26[row] for row in rows] == ["Nose", "LEye", "REye", "LEar", "REar", "Head"]
    assert ((share > 0) & (share <= 1)).all()
    assert len(head_points(("LHip", "RHip"))[0]) == 0


@pytest.mark.parametrize(("y", "score", "counts"), [(980, 0.5, False), (980, 0.8, True), (800, 0.5, True)])
def test_unsure_points_at_the_edge_of_the_picture_lie_beyond_it(y: float, score: float, counts: bool) -> None:
    person = head_seen_from(0)
    ankle = HALPE26.index("LAnkle")
    person.xy[0, ankle], person.score[0, ankle] = [570, y], score
    assert np.isfinite(keypoint_sigma(person)[0, ankle]) == counts


@pytest.mark.parametrize(("hip", "knee", "counts"), [(0.1, 0.3, False), (0.1, 0.6, True), (0.5, 0.3, True)])
def test_unsure_points_of_a_photo_need_the_joint_before_them(hip: float, knee: float, counts: bool) -> None:
    person = head_seen_from(0)
    for name, score, y in (("RHip", hip, 700), ("RKnee", knee, 800), ("RAnkle", 0.3, 900)):
        person.xy[0, HALPE26.index(name)], person.score[0, HALPE26.index(name)] = [430, y], score
    beyond = [HALPE26.index(name) for name in ("RKnee", "RAnkle")]
    assert (np.isfinite(keypoint_sigma(person)[0, beyond]) == counts).all()
    film = replace(person, xy=person.xy.repeat(2, 0), score=person.score.repeat(2, 0), time=np.arange(2.0))
    assert np.isfinite(keypoint_sigma(film)[:, beyond]).all()


def test_unsure_points_count_by_the_fourth_power_of_their_score() -> None:
    film = keypoints(30.0, None)
    sure, unsure = (keypoint_sigma(replace(film, score=np.full_like(film.score, s)))[0] for s in (0.8, 0.4))
    assert unsure == pytest.approx(4 * sure)
    assert keypoint_sigma(film.slice(slice(0, 1)))[0] == pytest.approx(PHOTO_SPREAD * keypoint_sigma(film)[0])


def keypoints(rate: float, measured: np.ndarray | None) -> Keypoints2D:
    time = np.arange(120) / rate
    xy = np.tile(np.linspace(10, 90, 26)[:, None], (120, 1, 2))
    return Keypoints2D(xy, np.ones((120, 26)), time, (100, 100), measured=measured)


@pytest.mark.parametrize("rate", [15.0, 30.0, 60.0, 240.0])
def test_no_more_than_30_frames_a_second_count(rate: float) -> None:
    weight = frame_weights(np.arange(120) / rate)
    np.testing.assert_allclose(weight, min(1.0, INFORMATION_RATE_HZ / rate))


@pytest.mark.parametrize(
    ("rate", "every", "looks_a_second"), [(60, 4, 15), (60, 2, 30), (60, 1, 30), (30, 2, 15)]
)
def test_frames_between_looks_add_nothing(rate: float, every: int, looks_a_second: float) -> None:
    person = keypoints(rate, np.arange(120) % every == 0)
    weight = frame_weights(person.time, measurement_gap(person))
    np.testing.assert_allclose(weight[8:-8], looks_a_second / rate)


@pytest.mark.parametrize("gap_s", [None, np.full(120, 4 / 60)])
def test_frames_that_stand_for_others_count_as_much_as_these(gap_s: np.ndarray | None) -> None:
    """Knots at every fourth frame of 60 a second carry together what all frames carry."""
    time = np.arange(120) / 60
    knots = np.arange(0, 120, 4)
    weight = frame_weights(time[knots], None if gap_s is None else gap_s[knots], np.full(len(knots), 4.0))
    assert weight.sum() == pytest.approx(frame_weights(time, gap_s).sum())


def test_where_all_frames_are_looked_at_it_is_as_if_nothing_were_told() -> None:
    assert measurement_gap(keypoints(60, None)) is None
    assert measurement_gap(keypoints(60, np.ones(120, bool))) is None


def test_parts_of_keypoints_know_their_looks() -> None:
    person = keypoints(60, np.arange(120) % 3 == 0)
    piece = person.slice(slice(30, 40))
    np.testing.assert_array_equal(piece.measured, np.arange(30, 40) % 3 == 0)
    back = piece.over(person.time)
    assert back.measured is not None
    assert back.measured[:30].all() and not back.measured[31]
    assert replace(piece, measured=None).over(person.time).measured is None
