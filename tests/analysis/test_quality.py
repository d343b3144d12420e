from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import gait, jump, posed
from pase.analysis import analysed
from pase.analysis.quality import (
    fast_motion_doubts,
    judge,
    largest_fall,
    missing_film_doubts,
    slow_motion_doubts,
    without_guesses,
    zoom_doubts,
)
from pase.analysis.stretch import stretches
from pase.data import Camera, CameraPath, Motion
from pase.diagnostics import FitDiagnostics, SolverDiagnostics
from pase.findings import Measure
from pase.movements import Movement


def measured(error_share: float, seen_share: float, frames: int = 60) -> Motion:
    """A motion whose landmarks miss by a share of the body's size, and of which a share of the landmarks is seen."""
    motion = posed(np.arange(frames) / 30)
    from pase.anatomy.kinematics import Kinematics

    points = Kinematics(motion.skeleton).positions(motion.q)
    size = float(np.median(np.ptp(points, axis=1).max(axis=1)))
    residual = np.full((frames, 20), error_share * size)
    residual[:, round(20 * seen_share) :] = np.nan
    return replace(motion, residual=residual, q_std=np.full_like(motion.q, np.radians(5)))


@pytest.mark.parametrize(
    ("error", "seen_share", "verdict"),
    [(0.006, 1.0, "good"), (0.012, 1.0, "good"), (0.015, 1.0, "check"), (0.025, 1.0, "do not use"),
     (0.006, 0.6, "check"), (0.006, 0.3, "do not use")],
)  # fmt: skip
def test_the_verdict_follows_error_and_sight(error: float, seen_share: float, verdict: str) -> None:
    quality = judge(measured(error, seen_share))
    assert quality.verdict == verdict
    assert quality.error_share == pytest.approx(error)
    assert quality.seen_share == pytest.approx(seen_share, abs=0.03)
    assert bool(quality.reasons) == (verdict != "good")


def test_a_fit_that_did_not_settle_is_to_be_checked() -> None:
    for solver in (SolverDiagnostics(converged=False), SolverDiagnostics(windows=2, windows_converged=1)):
        quality = judge(replace(measured(0.006, 1.0), diagnostics=FitDiagnostics(solver)))
        assert quality.verdict == "check" and "settled" in quality.reasons[0]


def reasons_of_held_knees(knee_deg: float, deviation_deg: float, frames: int) -> tuple[str, ...]:
    """What speaks against a person whose knees stay bent, with such deviations of all coordinates."""
    held = posed(np.arange(frames) / 30, knee_angle_r=knee_deg, knee_angle_l=knee_deg)
    return judge(replace(held, q_std=np.radians(deviation_deg) * np.ones_like(held.q))).reasons


@pytest.mark.parametrize(
    ("knee_deg", "deviation_deg", "frames", "alike"),
    [(2.0, 16.0, 60, True), (2.0, 16.0, 1, True), (2.0, 7.0, 60, False), (45.0, 8.0, 60, False),
     (90.0, 16.0, 60, False)],
)  # fmt: skip
def test_knees_that_may_be_straight_or_bent_are_to_be_checked(
    knee_deg: float, deviation_deg: float, frames: int, alike: bool
) -> None:
    reasons = reasons_of_held_knees(knee_deg, deviation_deg, frames)
    assert any("standing and crouching look alike" in reason for reason in reasons) == alike


@pytest.mark.parametrize(
    ("knee_deg", "deviation_deg", "frames", "doubtful"),
    [
        (50.0, 10.0, 60, True),
        (28.0, 9.0, 60, True),
        (50.0, 10.0, 1, False),
        (50.0, 5.0, 60, False),
        (95.0, 10.0, 60, False),
        (15.0, 10.0, 60, False),
    ],
)
def test_knees_that_stay_half_bent_in_a_view_from_the_front_may_be_those_of_who_sits(
    knee_deg: float, deviation_deg: float, frames: int, doubtful: bool
) -> None:
    reasons = reasons_of_held_knees(knee_deg, deviation_deg, frames)
    assert any("as hardly anybody stands" in reason for reason in reasons) == doubtful


@pytest.mark.parametrize(("missing_s", "is_doubtful"), [(0.0, False), (0.3, True)])
def test_a_walker_who_is_elsewhere_at_once_was_cut(missing_s: float, is_doubtful: bool) -> None:
    whole = gait(speed=1.4, stride_s=1.1, stance_s=0.66, width_m=0.1, rate_hz=60, seconds=4)
    frames = np.flatnonzero((whole.time < 2.0) | (whole.time >= 2.0 + missing_s))
    pieces = replace(
        whole,
        time=whole.time[: len(frames)],
        rotation={name: turns[frames] for name, turns in whole.rotation.items()},
        origin={name: places[frames] for name, places in whole.origin.items()},
        mass_center=None if whole.mass_center is None else whole.mass_center[frames],
    )
    doubts = missing_film_doubts(list(stretches(pieces)))
    assert bool(doubts) == is_doubtful
    assert all("cut the film there" in doubt for doubt in doubts)


def test_who_jumps_is_not_elsewhere_at_once() -> None:
    assert not missing_film_doubts(list(stretches(jump(height_m=0.5, rate_hz=60))))


def test_the_sizes_of_who_looks_like_a_child_are_to_be_checked() -> None:
    child = judge(replace(measured(0.006, 1.0), diagnostics=FitDiagnostics(child_stature_m=1.3)))
    assert child.verdict == "check" and "a child of 1.3 m" in child.reasons[0]


@pytest.mark.parametrize(
    ("movement", "measure", "value", "sd", "verdict"),
    [("running", "cadence", 86.0, 5.0, "check"), ("running", "cadence", 165.0, 5.0, "good"),
     ("running", "cadence", 105.0, 5.0, "good"), ("walking", "cadence", 86.0, 5.0, "good"),
     ("jump", "flight_time", 1.6, 0.1, "check"), ("jump", "flight_time", 0.6, 0.1, "good"),
     ("walking", "swing_time", 1.7, 0.1, "check"), ("walking", "swing_time", 0.7, 0.1, "good"),
     ("walking", "swing_time", 1.04, 0.1, "good"), ("walking", "swing_time", 1.7, np.nan, "check")],
)  # fmt: skip
def test_who_moves_in_slow_motion_is_to_be_checked(
    movement: Movement, measure: str, value: float, sd: float, verdict: str
) -> None:
    doubts = slow_motion_doubts(movement, [Measure(measure, value, sd, "")])
    quality = judge(measured(0.006, 1.0), doubts)
    assert quality.verdict == verdict
    assert any("--slow-motion" in reason for reason in quality.reasons) == (verdict == "check")
    assert judge(measured(0.025, 1.0), doubts).verdict == "do not use"


@pytest.mark.parametrize(("slower", "is_doubtful"), [(1.0, False), (1.3, False), (2.0, True), (4.0, True)])
def test_long_steps_at_a_slow_cadence_are_those_of_slow_motion(slower: float, is_doubtful: bool) -> None:
    speed, cadence = 1.3 / slower, 115 / slower
    measures = [Measure("walking_speed", speed, 0.05, ""), Measure("cadence", cadence, 2.0, "")]
    doubts = slow_motion_doubts("walking", measures)
    assert bool(doubts) == is_doubtful
    assert all("steps of 0.68 m" in doubt for doubt in doubts)


@pytest.mark.parametrize(("faster", "is_doubtful"), [(1.0, False), (2.0, True)])
def test_who_falls_faster_than_gravity_is_in_a_film_sped_up(faster: float, is_doubtful: bool) -> None:
    landing = jump(height_m=0.3, rate_hz=60)
    body = replace(landing, time=landing.time / faster)
    doubts = fast_motion_doubts("jump", [], largest_fall([*stretches(body)]))
    assert bool(doubts) == is_doubtful
    assert all("more than gravity" in doubt for doubt in doubts)


def test_falls_of_children_and_off_the_floor_say_nothing_of_the_speed_of_a_film() -> None:
    time = np.arange(90) / 60
    motion = posed(time)
    root = motion.skeleton.coordinate_index("pelvis_ty")
    q = motion.q.copy()
    q[:, root] += np.clip(0.8 - 10.0 * np.clip(time - 0.5, 0, None) ** 2, 0, None)
    dropped = replace(motion, q=q)
    climbed = replace(dropped, diagnostics=replace(dropped.diagnostics, off_floor_m=2.1))
    small = replace(dropped, diagnostics=replace(dropped.diagnostics, child_stature_m=1.1))
    reasons = [" ".join(analysed(case).findings.quality.reasons) for case in (dropped, climbed, small)]
    assert "more than gravity" in reasons[0]
    assert "more than gravity" not in reasons[1]
    assert "more than gravity" not in reasons[2]


def test_a_fall_from_a_wall_or_beside_a_gap_says_nothing_of_the_speed_of_a_film() -> None:
    sped_up = jump(height_m=0.3, rate_hz=60)
    on_wall = {name: origin + np.array([0, 2.0, 0]) for name, origin in sped_up.origin.items()}
    high = stretches(replace(sped_up, time=sped_up.time / 2, origin=on_wall))
    assert not fast_motion_doubts("jump", [], largest_fall([*high]))
    whole = jump(height_m=0.6, rate_hz=60)
    frames = np.flatnonzero((whole.time < 1.1) | (whole.time > 1.5))
    assert whole.mass_center is not None
    lost = replace(
        whole,
        time=whole.time[frames],
        rotation={name: turns[frames] for name, turns in whole.rotation.items()},
        origin={name: places[frames] for name, places in whole.origin.items()},
        mass_center=whole.mass_center[frames],
    )
    assert not fast_motion_doubts("jump", [], largest_fall([*stretches(lost)]))


def test_nobody_walks_with_two_hundred_steps_a_minute() -> None:
    for cadence, is_doubtful in ((150.0, False), (220.0, True)):
        assert bool(fast_motion_doubts("walking", [Measure("cadence", cadence, 5.0, "")], 0.0)) == is_doubtful


@pytest.mark.parametrize(
    ("cadence", "speed_m_s", "is_doubtful"), [(236, 3.2, True), (180, 3.2, False), (270, 9.5, False)]
)
def test_only_sprinters_run_with_many_steps_a_minute(
    cadence: float, speed_m_s: float, is_doubtful: bool
) -> None:
    measures = [Measure("cadence", cadence, 5.0, ""), Measure("running_speed", speed_m_s, 0.2, "")]
    assert bool(fast_motion_doubts("running", measures, 0.0)) == is_doubtful


@pytest.mark.parametrize(
    ("belt", "zoom", "sideways", "is_doubtful"),
    [(True, 1.1, False, True), (False, 1.1, False, False), (True, 1.0, False, False), (True, 1.1, True, False)],
)  # fmt: skip
def test_feet_that_slide_along_the_line_of_sight_of_a_zoom_are_to_be_checked(
    belt: bool, zoom: float, sideways: bool, is_doubtful: bool
) -> None:
    walk = gait(speed=1.2, stride_s=1.1, stance_s=0.66, width_m=0.1, rate_hz=60, seconds=3, belt=belt)
    frames = len(walk.time)
    along_x = np.array([[0.0, 0, 1], [0, -1, 0], [1, 0, 0]])
    along_z = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
    rotation = np.tile(along_z if sideways else along_x, (frames, 1, 1))
    path = CameraPath(walk.time, rotation, np.zeros((frames, 3)), np.linspace(1000, 1000 * zoom, frames))
    camera = Camera(1000.0, (500.0, 500.0), rotation[0], np.zeros(3), (1000, 1000), path)
    doubts = zoom_doubts(camera, list(stretches(walk)))
    assert bool(doubts) == is_doubtful
    assert all("taken for a zoom" in doubt for doubt in doubts)


def test_the_size_of_who_walks_on_is_that_beside_a_camera_that_goes_along() -> None:
    still = measured(0.006, 1.0)
    frames = len(still)
    place = np.tile([0.0, 1.0, 5.0], (frames, 1))
    rotation = np.tile(np.diag([1.0, -1, -1]), (frames, 1, 1))
    camera = Camera(1000.0, (500.0, 500.0), rotation[0], place[0], (1000, 1000))
    q = still.q.copy()
    q[:, still.skeleton.coordinate_index("pelvis_tz")] -= np.linspace(0, 20, frames)
    place[:, 2] -= np.linspace(0, 20, frames)
    path = CameraPath(still.time, rotation, place, np.full(frames, 1000.0))
    carried = replace(still, q=q, camera=replace(camera, path=path))
    assert judge(carried).error_share == pytest.approx(judge(replace(still, camera=camera)).error_share)


def test_nothing_is_known_of_a_motion_without_measurements() -> None:
    assert judge(posed(np.arange(3) / 30)).verdict == "not known"


def test_who_has_left_the_picture_has_no_posture() -> None:
    motion = measured(0.006, 1.0)
    assert motion.residual is not None
    motion.residual[40:, 3:] = np.nan
    motion.residual[10:15, 3:] = np.nan
    without_absence = without_guesses(motion)
    assert np.isnan(without_absence.q[40:]).all() and np.isnan(without_absence.q_std[40:]).all()
    # A sixth of a second is bridged by the movement before and after.
    assert np.isfinite(without_absence.q[:40]).all()
    findings = analysed(motion)
    assert "40 with a pose" in repr(findings)
    assert len(repr(findings)) < 200
