from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import Array, gait, jump, posed, squats
from pase.analysis import analyse
from pase.analysis.analyse import segment
from pase.analysis.body import BodyMotion
from pase.analysis.measure import Key
from pase.analysis.repetitions import find_repetitions, periodicity
from pase.data import Motion


@pytest.mark.parametrize("rate_hz", [30.0, 60.0, 120.0])
@pytest.mark.parametrize("height_m", [0.12, 0.3])
def test_a_jump_is_as_high_as_its_centre_of_mass_rises(height_m: float, rate_hz: float) -> None:
    segmentation = segment(jump(height_m=height_m, rate_hz=rate_hz))
    values = segmentation.values()
    flight = np.sqrt(8 * height_m / 9.81)
    assert segmentation.movement == "jump"
    assert [e.event for e in segmentation.events()] == ["flight_start", "landing"]
    assert values[Key("flight_time", "", 0)] == pytest.approx(flight, abs=0.045)
    assert values[Key("jump_height_flight_time", "", 0)] == pytest.approx(
        9.81 * values[Key("flight_time", "", 0)] ** 2 / 8
    )
    assert values[Key("jump_height", "", 0)] == pytest.approx(height_m, abs=0.05)
    assert values[Key("repetitions", "", 0)] == 1


def time_from_a_tenth_of_the_way_down(depths: list[float]) -> float:
    """Mean time from a tenth of the hips' way to the turn, from the true motion."""
    seconds = []
    for depth in depths:
        body = BodyMotion.of(squats([depth], rate_hz=1000.0))
        hips = body.middle("hip")
        assert hips is not None
        lowest = int(hips[:, 1].argmin())
        gone = (hips[0, 1] - hips[:lowest, 1]) / (hips[0, 1] - hips[lowest, 1])
        seconds.append(body.time[lowest] - body.time[np.searchsorted(gone, 0.1)])
    return float(np.mean(seconds))


def test_squats_are_counted_and_measured() -> None:
    result = analyse(squats([95.0, 80.0, 90.0]))
    assert result.movement == "squat"
    turns = [e.time_s for e in result.events if e.event == "repetition_turn"]
    assert turns == pytest.approx([0.5 + 1.25, 3.5 + 1.25, 6.5 + 1.25], abs=0.03)
    depths = [m.value for m in result.measures if m.measure == "squat_depth" and m.repetition]
    # The knee's axis moves: the angle between thigh and shank is 1-3° more than the coordinate.
    assert depths == pytest.approx([95, 80, 90], abs=3.5)
    down = time_from_a_tenth_of_the_way_down([95.0, 80.0, 90.0])
    for name, expected in (("time_down", down), ("time_up", down), ("repetition_time", 2 * down)):
        measure = result.measure(name)
        assert measure is not None
        assert measure.value == pytest.approx(expected, abs=0.03)
        assert measure.count == 3
    drop, lean, uneven = (result.measure(name) for name in ("hip_drop", "trunk_lean", "knee_asymmetry"))
    assert drop is not None and 0.15 < drop.value < 0.45
    # At rest the shoulders of the skeleton are 2.2° behind its hips.
    assert lean is not None and lean.value == pytest.approx(0.3 * 88.3 - 2.2, abs=1)
    assert uneven is not None and uneven.value == pytest.approx(0, abs=0.1)


def test_arm_raises_are_no_squats() -> None:
    time = np.arange(0, 9, 1 / 30)
    up = 60 * (1 - np.cos(2 * np.pi * time / 3))
    result = analyse(posed(time, arm_elevation_r=up, arm_elevation_l=up))
    assert result.movement == "arm_raise"
    peak = result.measure("arm_elevation_peak", "right")
    assert peak is not None and peak.value == pytest.approx(120, abs=3)
    assert len([e for e in result.events if e.event == "repetition_turn"]) == 3


def test_punches_are_no_arm_raises() -> None:
    time = np.arange(0, 2, 1 / 30)
    up = 40 * (1 - np.cos(2 * np.pi * time))
    assert analyse(posed(time, arm_elevation_l=up)).movement == "arm_raise"
    assert analyse(posed(time, arm_elevation_l=up, elbow_flex_l=120 - up)).movement == "other"


def test_whoever_bends_the_knees_in_the_air_does_not_squat() -> None:
    motion = squats([95.0])
    assert analyse(motion).movement == "squat"
    rise = 0.5 * np.clip(motion.time / 0.5, 0, 1) + 1e-3 * motion.time
    motion.q[:, motion.skeleton.coordinate_index("pelvis_ty")] += rise
    assert analyse(motion).movement == "other"


def moved(motion: Motion, **degrees: Array) -> Motion:
    """A motion with degrees added to some coordinates."""
    q = motion.q.copy()
    for name, added in degrees.items():
        q[:, motion.skeleton.coordinate_index(name)] += np.radians(added)
    return replace(motion, q=q)


def test_jumping_jacks_are_no_squats_and_not_counted_by_the_knees() -> None:
    """The knees bend twice in each of them: with the feet apart and together."""
    for jacks in (2, 4):
        bends = squats([60.0] * (2 * jacks), period_s=0.8, pause_s=0.2)
        apart = 0.5 * (1 - np.cos(np.pi * np.clip(bends.time - 0.1, 0, 2 * jacks)))
        assert analyse(bends).movement == "squat"
        legs = {f"hip_adduction_{side}": -25 * apart for side in "rl"}
        arms = {f"arm_elevation_{side}": 120 * apart for side in "rl"}
        result = analyse(moved(bends, **legs, **arms))
        assert result.movement == ("other" if jacks == 2 else "periodic")
        counted = result.measure("repetitions")
        assert counted is None if jacks == 2 else counted is not None and counted.value == jacks


@pytest.mark.parametrize("lean", [1.2, -0.9])
def test_who_leans_over_more_than_the_knees_bend_or_back_does_not_squat(lean: float) -> None:
    down = squats([56.0, 56.0])
    knee = np.degrees(down.q[:, down.skeleton.coordinate_index("knee_angle_r")])
    assert analyse(down).movement == "squat"
    leaning = moved(down, pelvis_tilt=-lean * knee, hip_flexion_r=lean * knee, hip_flexion_l=lean * knee)
    assert analyse(leaning).movement == "other"
    assert analyse(leaning, "squat").movement == "squat"


@pytest.mark.parametrize(
    ("lean", "arms", "movement"), [(0.5, 0.6, "periodic"), (0.3, 0.5, "squat"), (0.5, 1.4, "squat")]
)
def test_who_leans_over_a_load_that_hangs_from_the_arms_lifts_it(
    lean: float, arms: float, movement: str
) -> None:
    """As in a deadlift; who squats leans less, or holds the arms out for balance, a bar, or the own shoulders."""
    down = squats([65.0, 65.0, 65.0])
    knee = np.degrees(down.q[:, down.skeleton.coordinate_index("knee_angle_r")])
    added = {"hip_flexion": lean * knee, "arm_elevation": arms * knee, "arm_crossing": 20.0 + 0.0 * knee}
    sides = {f"{name}_{side}": degrees for name, degrees in added.items() for side in "rl"}
    leaning = moved(down, pelvis_tilt=-lean * knee, **sides)
    assert analyse(leaning).movement == movement
    assert analyse(leaning, "squat").movement == "squat"


@pytest.mark.parametrize(("speed_m_s", "movement"), [(0.0, "lunge"), (3.0, "other")])
def test_a_kick_out_of_a_run_is_no_lunge(speed_m_s: float, movement: str) -> None:
    time = np.arange(0, 3, 1 / 60)
    bend = np.sin(np.pi * np.clip((time - 0.5) / 2, 0, 1)) ** 2
    legs = {"hip_flexion_r": 50, "knee_angle_r": 70, "hip_flexion_l": -25, "knee_angle_l": 40}
    motion = posed(time, **{name: degrees * bend for name, degrees in legs.items()})
    motion.q[:, motion.skeleton.coordinate_index("pelvis_tx")] += speed_m_s * time
    assert analyse(motion).movement == movement


def test_squats_beside_a_longer_walk_are_named() -> None:
    walk = gait(speed=1.2, stride_s=1.1, stance_s=0.68, width_m=0.1, rate_hz=60, seconds=8)
    down = BodyMotion.of(squats([95.0, 95.0]))
    rotation, origin = (
        {name: np.concatenate([walking[name], squatting[name]]) for name in walking.keys() & squatting.keys()}
        for walking, squatting in ((walk.rotation, down.rotation), (walk.origin, down.origin))
    )
    segmentation = segment(BodyMotion(np.concatenate([walk.time, 10.0 + down.time]), rotation, origin))
    assert (segmentation.movement, segmentation.other_movements) == ("walking", ("squat",))
    assert segment(walk).other_movements == ()


def test_any_angle_that_repeats_is_told() -> None:
    time = np.arange(0, 10, 1 / 30)
    bend = 45 * (1 - np.cos(2 * np.pi * time / 2))
    result = analyse(posed(time, elbow_flex_r=bend))
    assert result.movement == "periodic"
    assert result.signal == "elbow_flexion_r"
    seconds = result.measure("repetition_time")
    assert seconds is not None and seconds.count == 5


def test_one_gesture_is_no_exercise() -> None:
    time = np.arange(0, 4, 1 / 30)
    once = 80 * np.exp(-0.5 * ((time - 2) / 0.3) ** 2)
    result = analyse(posed(time, elbow_flex_r=once, hip_flexion_r=0.3 * once))
    assert result.movement == "other"
    assert not result.events
    largest = result.measure("hip_flexion_max", "right")
    assert largest is not None and largest.value == pytest.approx(24, abs=0.5)


def test_the_user_has_the_last_word() -> None:
    body = gait(speed=1.2, stride_s=1.1, stance_s=0.68, width_m=0.1, rate_hz=60, seconds=4)
    assert segment(body, "other").events() == []
    assert segment(body, "running").movement == "running"


def test_repetitions_start_and_end_at_a_tenth_of_the_way() -> None:
    time = np.arange(0, 6, 0.01)
    signal = np.where((time > 1) & (time < 3), np.minimum(time - 1, 3 - time), 0.0)
    signal += np.where((time > 3.5) & (time < 5.5), np.minimum(time - 3.5, 5.5 - time), 0.0)
    repetitions = find_repetitions(time, signal, 0.5)
    assert [repetition.start for repetition in repetitions] == pytest.approx([1.1, 3.6], abs=0.02)
    assert [repetition.turn for repetition in repetitions] == pytest.approx([2.0, 4.5], abs=0.02)
    assert [repetition.end for repetition in repetitions] == pytest.approx([2.9, 5.4], abs=0.02)
    assert find_repetitions(time, signal, 1.5) == []


def test_a_posture_that_trembles_while_it_is_held_is_one_repetition() -> None:
    time = np.arange(0, 4, 1 / 15)
    held = np.interp(time, [0, 0.6, 1.2, 2.4, 3.0, 4.0], [5, 5, 120, 120, 5, 5])
    tremble = 2.0 * np.sin(2 * np.pi * 1.9 * time)
    (repetition,) = find_repetitions(time, held + tremble, 50.0)
    assert repetition.start == pytest.approx(0.66, abs=0.05) and repetition.end == pytest.approx(
        2.94, abs=0.05
    )


def test_a_period_is_found() -> None:
    time = np.arange(0, 10, 0.02)
    likeness, period = periodicity(time, np.sin(2 * np.pi * time / 1.7))
    assert likeness > 0.95
    assert period == pytest.approx(1.7, abs=0.03)
    assert periodicity(time, time)[0] < 0.6


def test_frames_without_a_pose_are_skipped() -> None:
    motion = squats([90.0, 90.0])
    motion.q[:20] = np.nan
    body = BodyMotion.of(motion)
    assert np.isnan(body.origin["pelvis"][:20]).all()
    assert len([e for e in analyse(motion).events if e.event == "repetition_turn"]) == 2
