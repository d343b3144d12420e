"""Rotations, the graph of keyframes, the fit of a turn, and the file of a camera's motion."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pase.camera import travel
from pase.camera.epipolar import TravelFit
from pase.camera.files import read_camera_motions, write_camera_motions
from pase.camera.keyframes import KeyLink, adjust_turns
from pase.camera.matching import Match
from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.shot import ShotFollower
from pase.camera.travel import Judgement
from pase.camera.turn import NO_TURN, Turn, fit_turn
from pase.errors import InputError
from pase.types import Array

RNG = np.random.default_rng(0)


@settings(deadline=None)
@given(st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3))
def test_rotation_vectors_round_trip(vector: list[float]) -> None:
    assert vector_of_rotation(rotation_of_vector(np.array(vector))) == pytest.approx(vector, abs=1e-7)


def test_rotations_turn_by_the_right_hand() -> None:
    assert rotation_of_vector(np.array([0, 0, np.pi / 2])) @ [1, 0, 0] == pytest.approx([0, 1, 0])
    half = rotation_of_vector(np.array([np.pi, 0, 0]))
    assert np.abs(vector_of_rotation(half)) == pytest.approx([np.pi, 0, 0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", [0, 3])
def test_a_turn_of_points_that_do_not_agree_does_not_run_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(3, 12)
    directions = np.concatenate([rng.normal(size=(count, 2)), np.ones((count, 1))], axis=1)
    fit = fit_turn(directions, 3 * rng.normal(size=(count, 2)), NO_TURN, 1e-3)
    assert abs(float(fit.turn.log_zoom)) <= 1.5


@pytest.mark.parametrize("wild", [0.0, 0.35])
def test_a_turn_is_fitted_whatever_few_points_do(wild: float) -> None:
    truth = Turn(rotation_of_vector(np.array([0.02, -0.05, 0.01])), 0.03)
    directions = np.column_stack([RNG.uniform(-0.5, 0.5, (80, 2)), np.ones(80)])
    rays = truth.rays(directions) + RNG.normal(scale=1e-4, size=(80, 2))
    moved = RNG.random(80) < wild
    rays[moved] += RNG.uniform(-0.2, 0.2, (moved.sum(), 2))
    fit = fit_turn(directions, rays, NO_TURN, 1e-4)
    off = vector_of_rotation(fit.turn.R_camera_reference @ truth.R_camera_reference.T)
    assert np.abs(off).max() < 2e-4
    assert fit.turn.log_zoom == pytest.approx(0.03, abs=3e-4)
    sigma = np.sqrt(np.diag(fit.covariance)[:3])
    assert (np.abs(off) < 4 * sigma).all() and (sigma < 1e-4).all()
    assert not fit.agreeing[moved].any()


def test_closing_a_loop_shares_the_error_and_a_wrong_link_is_not_believed() -> None:
    truth = [rotation_of_vector(np.array([0.0, 0.2 * k, 0.02 * k])) for k in range(8)]
    covariance = np.diag([1e-6] * 4)

    def link(a: int, b: int, error: float) -> KeyLink:
        off = rotation_of_vector(RNG.normal(scale=error, size=3))
        return KeyLink(a, b, off @ truth[b] @ truth[a].T, 0.0, covariance)

    links = [link(k, k + 1, 1e-3) for k in range(7)] + [link(0, 4, 1e-4), link(4, 7, 1e-4)]
    links.append(KeyLink(2, 5, np.eye(3), 0.0, covariance))  # wrong
    turns, variance = adjust_turns([Turn(R @ rotation_of_vector(np.full(3, 0.01)), 0.0) if k else Turn(R, 0.0)
                                    for k, R in enumerate(truth)], links, np.ones(8))  # fmt: skip
    for turn, R in zip(turns, truth, strict=True):
        assert np.linalg.norm(vector_of_rotation(turn.R_camera_reference @ R.T)) < 4e-3
    assert (variance > 0).all() and variance[4].sum() < variance[0].sum()


def motions() -> list[CameraMotion]:
    time = np.array([0.0, 0.1, 0.25])
    R = rotation_of_vector(RNG.normal(scale=0.2, size=(3, 3)))
    turning = CameraMotion(
        time,
        R,
        np.array([1, 1.1, 1.2]),
        np.full((3, 3), 1e-3),
        np.full(3, 2e-3),
        800.0,
        0.05,
        "turning",
        1,
        ("a",),
    )
    return [CameraMotion.still(time, 700.0), turning]


def test_the_file_round_trips(tmp_path: Path) -> None:
    write_camera_motions(motions(), tmp_path / "motion.json")
    for again, motion in zip(read_camera_motions(tmp_path / "motion.json"), motions(), strict=True):
        assert (again.kind, again.shot, again.focal_px) == (motion.kind, motion.shot, motion.focal_px)
        assert (again.focal_log_sigma, again.warnings) == (motion.focal_log_sigma, motion.warnings)
        assert again.time == pytest.approx(motion.time)
        assert again.zoom == pytest.approx(motion.zoom)
    assert again.sigma_rad == pytest.approx(motion.sigma_rad)


def test_the_file_keeps_what_the_background_leaves_open(tmp_path: Path) -> None:
    turning = next(motion for motion in motions() if motion.kind == "turning")
    carried = replace(turning, kind="travelling", focal_px=700.0)
    write_camera_motions([replace(turning, if_carried=carried)], tmp_path / "motion.json")
    (again,) = read_camera_motions(tmp_path / "motion.json")
    assert again.if_carried is not None and again.if_carried.kind == "travelling"
    assert again.if_carried.focal_px == pytest.approx(700.0)
    assert again.slice(slice(0, 1)).if_carried is not None


@pytest.mark.parametrize(
    ("turn", "travel", "lens", "travels", "is_open"),
    [
        (0.98, 1.0, 1.0, False, False),
        (0.98, 1.0, 2.4, False, True),
        (0.88, 0.98, 1.2, False, True),
        (0.88, 0.90, 1.2, False, False),
        (0.5, 0.95, 1.0, True, True),
    ],
)
def test_a_way_along_a_wall_is_left_open(
    turn: float, travel: float, lens: float, travels: bool, is_open: bool
) -> None:
    judgement = Judgement(turn, travel)
    assert (judgement.travels, judgement.is_open(lens)) == (travels, is_open)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "no list 'shots'"),
        ('{"shots": [{"kind": "flying"}]}', "kind must be"),
        ('{"shots": [{"kind": "still", "time_s": [0, null], "focal_length_px": 5}]}', "time_s"),
        ('{"shots": [{"kind": "still", "time_s": [0], "focal_length_px": -5}]}', "positive"),
        ('{"shots": [{"kind": "turning", "time_s": [0], "focal_length_px": 5, "turn_rad": [[0, 0]]}]}', "turn_rad"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "motion.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        read_camera_motions(path)


def test_the_motion_at_other_times_is_that_of_the_next_frame() -> None:
    motion = motions()[1]
    assert motion.at(np.array([0.02, 0.24])).zoom == pytest.approx([1.0, 1.2])


def test_a_frame_whose_starts_all_go_wrong_is_fitted_from_its_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Far and flat things: a way along them looks like a turn with a way ahead."""
    along, ahead = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    wrong = rotation_of_vector(np.array([0, -0.13, 0]))

    def outcomes(
        _: ShotFollower, __: Sequence[Match], starts: tuple[Array, Array] | None = None
    ) -> TravelFit:
        cost = np.array([[10.0, 30.0], [37.0, 38.0], [10.0, 30.0]])
        R = np.tile(np.stack([np.eye(3), wrong]), (3, 1, 1, 1))
        direction = np.tile(np.stack([along, ahead]), (3, 1, 1))
        R[1], direction[1] = wrong, ahead
        if starts is not None:
            (R, direction), cost = starts, np.where((starts[1] @ along) > 0.9, 31.0, 37.0)
        return TravelFit(cost, R, np.tile(np.eye(3), (*cost.shape, 1, 1)), direction, np.ones(cost.shape))

    monkeypatch.setattr(travel, "_fit", outcomes)
    no_points = np.zeros(0, np.uint8), np.zeros((0, 2), np.int16), np.zeros(0, bool)
    matches = [Match(t, 0, NO_TURN, np.eye(4), *no_points) for t in (0.0, 0.1, 0.2)]
    fit = travel._continuous_fit(ShotFollower((8, 8), 8.0), matches, np.arange(3) / 10, np.zeros(3, int))
    assert np.allclose(fit.R, np.eye(3)) and np.allclose(fit.direction, along)
