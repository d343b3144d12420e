from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import gait
from pase.analysis.analyse import Segmentation, segment
from pase.analysis.body import BodyMotion
from pase.analysis.feet import FootTrack, _swings, follow_feet
from pase.analysis.gait import find_bouts
from pase.analysis.gait_measures import measure_bouts
from pase.analysis.measure import Key
from pase.analysis.quality import unseen_feet_doubts
from pase.analysis.stretch import stretches

WALK = {"speed": 1.26, "stride_s": 1.1, "stance_s": 0.68, "width_m": 0.16, "seconds": 6.0}
RUN = {"speed": 3.5, "stride_s": 0.7, "stance_s": 0.25, "width_m": 0.08, "seconds": 5.0}


def events(segmentation: Segmentation, name: str, side: str) -> np.ndarray:
    return np.array([e.time_s for e in segmentation.events() if (e.event, e.side) == (name, side)])


@pytest.mark.parametrize("rate_hz", [30.0, 60.0, 120.0])
@pytest.mark.parametrize(
    ("kind", "motion"),
    [
        ("walking", WALK),
        ("walking", {**WALK, "speed": 0.6, "stride_s": 1.6, "stance_s": 1.05}),
        ("walking", {**WALK, "speed": 1.9, "stride_s": 0.92, "stance_s": 0.54}),
        ("running", RUN),
        ("running", {**RUN, "speed": 5.0, "stride_s": 0.66, "stance_s": 0.2}),
        ("walking", {**WALK, "backward": True}),
        ("walking", {**WALK, "belt": True}),
        ("running", {**RUN, "belt": True}),
    ],
)
def test_events_come_when_the_feet_come_down_and_leave(kind: str, motion: dict, rate_hz: float) -> None:
    segmentation = segment(gait(**motion, rate_hz=rate_hz))
    assert segmentation.movement == kind
    for side, delay in (("right", 0.0), ("left", motion["stride_s"] / 2)):
        strikes = np.arange(0.2 + delay, motion["seconds"] - 0.1, motion["stride_s"])
        offs = strikes + motion["stance_s"]
        for name, expected in (("foot_strike", strikes[1:-1]), ("toe_off", offs[1:-2])):
            times = events(segmentation, name, side)
            for moment in expected:
                assert np.abs(times - moment).min() < 0.035, (name, side, moment)
        assert len(events(segmentation, "foot_strike", side)) <= len(strikes) + 1


def test_the_last_toe_off_counts_however_soon_the_recording_ends() -> None:
    # The right foot leaves at 0.2 + 2 * 1.1 + 0.68 = 3.08 s, and has not got far when all ends.
    segmentation = segment(gait(**{**WALK, "seconds": 3.2}, rate_hz=60.0))
    assert np.abs(events(segmentation, "toe_off", "right") - 3.08).min() < 0.035


@pytest.mark.parametrize("rate_hz", [30.0, 100.0])
@pytest.mark.parametrize("belt", [False, True])
def test_walking_is_measured_as_it_was_made(rate_hz: float, belt: bool) -> None:
    values = segment(gait(**WALK, rate_hz=rate_hz, belt=belt)).values()
    assert values[Key("walking_speed", "", 0)] == pytest.approx(1.26, rel=0.02)
    assert values[Key("cadence", "", 0)] == pytest.approx(120 / 1.1, rel=0.01)
    for side in ("right", "left"):
        assert values[Key("stride_length", side, 0)] == pytest.approx(1.26 * 1.1, abs=0.01)
        assert values[Key("step_length", side, 0)] == pytest.approx(1.26 * 0.55, abs=0.01)
        assert values[Key("step_width", side, 0)] == pytest.approx(0.16, abs=0.01)
        assert values[Key("stride_time", side, 0)] == pytest.approx(1.1, abs=0.01)
        assert values[Key("step_time", side, 0)] == pytest.approx(0.55, abs=0.01)
        assert values[Key("stance_time", side, 0)] == pytest.approx(0.68, abs=0.07)
        assert values[Key("swing_time", side, 0)] == pytest.approx(0.42, abs=0.07)
        assert values[Key("stance_share", side, 0)] == pytest.approx(100 * 0.68 / 1.1, abs=6)
        assert values[Key("double_support", side, 0)] == pytest.approx(100 * 2 * 0.13 / 1.1, abs=12)
        assert 0 < values[Key("foot_clearance", side, 0)] < 0.12
    for of in ("step_length", "step_time", "stance_time"):
        assert values[Key(f"{of}_symmetry", "", 0)] == pytest.approx(0, abs=3)


def test_running_is_measured_as_it_was_made() -> None:
    values = segment(gait(**RUN, rate_hz=120.0)).values()
    assert values[Key("running_speed", "", 0)] == pytest.approx(3.5, rel=0.02)
    assert values[Key("cadence", "", 0)] == pytest.approx(120 / 0.7, rel=0.01)
    # These feet start from rest; real ones are pulled along, so that their speed tells toe-off better.
    assert values[Key("flight_time", "", 0)] == pytest.approx(0.1, abs=0.05)
    assert values[Key("vertical_oscillation", "", 0)] == pytest.approx(0, abs=1e-6)
    for side in ("right", "left"):
        assert values[Key("contact_time", side, 0)] == pytest.approx(0.25, abs=0.05)
        assert values[Key("duty_factor", side, 0)] == pytest.approx(100 * 0.25 / 0.7, abs=7)
        # The foot stands where the body is in the middle of the stance; the ankle is 5 cm ahead of the heel.
        assert values[Key("overstride", side, 0)] == pytest.approx(3.5 * 0.125 + 0.05, abs=0.09)


def test_an_uneven_gait_says_so() -> None:
    body = gait(**WALK, rate_hz=100.0)
    shift = np.array([0.1, 0.0, 0.0])
    for name in ("calcn_r", "toes_r", "talus_r"):
        body.origin[name][:] += shift
    values = segment(body).values()
    right, left = 1.26 * 0.55 + 0.1, 1.26 * 0.55 - 0.1
    assert values[Key("step_length", "right", 0)] == pytest.approx(right, abs=0.01)
    assert values[Key("step_length", "left", 0)] == pytest.approx(left, abs=0.01)
    expected = 200 * (right - left) / (right + left)
    assert values[Key("step_length_symmetry", "", 0)] == pytest.approx(expected, abs=1.5)


def test_who_stands_or_fidgets_makes_no_steps() -> None:
    rng = np.random.default_rng(1)
    body = gait(**{**WALK, "speed": 0.0}, rate_hz=60.0, lift_m=0.0)
    for place in body.origin.values():
        place += 0.003 * np.cumsum(rng.normal(0, 0.1, place.shape), axis=0)
    segmentation = segment(body)
    assert not segmentation.events()
    assert segmentation.movement in ("standing", "other")


def test_a_foot_that_jumps_for_a_moment_makes_no_step() -> None:
    body = gait(**WALK, rate_hz=60.0)
    before = events(segment(body), "foot_strike", "right")
    away = np.clip((body.time - 1.5) / 0.1, 0, 1) - np.clip((body.time - 1.7) / 0.1, 0, 1)
    for name in ("calcn_r", "toes_r", "talus_r"):
        body.origin[name][:] += np.stack([0.4 * away, 0.1 * away * (1 - away), 0 * away], axis=1)
    assert events(segment(body), "foot_strike", "right") == pytest.approx(before, abs=0.02)


def test_a_foot_that_halts_for_a_moment_in_its_swing_makes_one_step() -> None:
    body = gait(**WALK, rate_hz=60.0)
    before = segment(body).events()
    # For 30 ms of every swing the foot is where it was.
    swing = (body.time - 0.2 - 0.68) % 1.1
    held = np.where((swing > 0.2) & (swing < 0.23), body.time - (swing - 0.2), body.time)
    for name in ("calcn_r", "toes_r", "talus_r"):
        place = body.origin[name]
        place[:] = np.stack([np.interp(held, body.time, column) for column in place.T], axis=1)
    assert [e.time_s for e in segment(body).events()] == pytest.approx([e.time_s for e in before], abs=0.03)


def test_a_patient_walks_at_a_quarter_metre_a_second() -> None:
    slow = gait(speed=0.25, stride_s=1.8, stance_s=1.2, width_m=0.15, rate_hz=30.0, seconds=6)
    assert segment(slow).movement == "walking"


@pytest.mark.parametrize("seconds", [1.1, 1.3])
def test_two_strides_of_a_run_are_a_run(seconds: float) -> None:
    body = gait(**{**RUN, "seconds": seconds}, rate_hz=30.0)
    assert segment(body).movement == "running"


@pytest.mark.parametrize(("motion", "movement"), [(WALK, "walking"), (RUN, "running")])
def test_feet_that_start_early_and_stop_late_make_no_walk_a_run(motion: dict, movement: str) -> None:
    """Times at which a foot stands still are less certain than those at which it is farthest ahead or behind."""
    (stretch,) = stretches(gait(**{**motion, "seconds": 1.2}, rate_hz=60.0))
    assert stretch.feet is not None
    swings = tuple(
        replace(
            swing,
            toe_off=None if swing.toe_off is None else swing.toe_off - 0.1,
            foot_strike=None if swing.foot_strike is None else swing.foot_strike + 0.1,
        )
        for swing in stretch.feet.swings
    )
    (bout,) = find_bouts(replace(stretch, feet=replace(stretch.feet, swings=swings)))
    assert bout.running == (movement == "running")


def test_feet_stand_between_strike_and_toe_off() -> None:
    feet = follow_feet(gait(**WALK, rate_hz=60.0))
    assert feet is not None
    first, second = feet.swings_of("right")[1:3]
    stance = (first.foot_strike, second.toe_off)
    assert stance == pytest.approx((0.2 + 1.1, 0.2 + 1.1 + 0.68), abs=0.03)


def test_draws_keep_the_steps_and_move_their_times() -> None:
    body = gait(**WALK, rate_hz=60.0)
    segmentation = segment(body)
    later = replace(body, time=body.time + 0.02)
    moved = segmentation.retimed(later)
    before, after = ([e.time_s for e in estimate.events()] for estimate in (segmentation, moved))
    assert len(before) == len(after)
    assert np.subtract(after, before) == pytest.approx(0.02, abs=0.005)
    assert moved.values().keys() == segmentation.values().keys()


def test_one_foot_out_of_sight_is_no_failure() -> None:
    body = gait(**WALK, rate_hz=60.0)
    for name in ("calcn_l", "toes_l", "talus_l"):
        body.origin[name][:] = body.origin[name][:1]
    assert segment(body, "walking").values() is not None


def test_the_steps_before_a_halt_do_not_end_after_it() -> None:
    body = gait(**WALK, rate_hz=60.0)
    halt = int(np.searchsorted(body.time, 3.56))  # both feet on the ground
    frames = np.r_[0:halt, np.full(200, halt), halt : len(body)]
    halted = replace(body.slice(frames), time=np.arange(len(frames)) / 60.0)
    values = segment(halted).values()
    for side in ("right", "left"):
        steps = [v for k, v in values.items() if (k.measure, k.side) == ("step_length", side)]
        assert steps == pytest.approx([1.26 * 0.55] * len(steps), abs=0.03)


def test_a_walk_counts_beside_steps_that_do_not_alternate() -> None:
    stretch = next(stretches(gait(**WALK, rate_hz=60.0)))
    assert stretch.feet is not None
    hops = [swing for swing in stretch.feet.swings if swing.middle < 2.5 or swing.side == "right"]
    (bout,) = find_bouts(replace(stretch, feet=replace(stretch.feet, swings=tuple(hops))))
    assert bout.span[1] < 3.2 and len(bout.swings) >= 3


@pytest.mark.parametrize("start_s", [0.44, 0.46, 0.48, 0.5])
def test_no_event_lies_before_the_recording(start_s: float) -> None:
    body = gait(**RUN, rate_hz=60.0)  # the right foot leaves at 0.45 s
    later = body.slice(body.time >= start_s)
    times = [e.time_s for e in segment(later).events()]
    assert times and min(times) >= later.time[0]


def test_a_foot_that_jumps_and_slows_down_in_mid_swing_does_not_land() -> None:
    time = np.arange(0, 3, 0.005)
    speed = np.zeros(len(time))
    for start in (0.3, 1.1, 1.9):
        speed += 8 * np.sin(np.pi * np.clip((time - start) / 0.4, 0, 1))
    # The estimate jumps at 1.3 s, and is slow for a moment after it.
    speed = np.interp(time, (1.28, 1.3, 1.32, 1.34, 1.36), (0, 10, 0, -6.3, 0)) + speed
    points = np.zeros((len(time), 3, 3))
    points[:, :, 0] = np.cumsum(speed * 0.005)[:, None]
    points[:, :, 1] = 0.1 * np.square(speed / 8)[:, None]
    track = FootTrack("right", time, points, speed, speed, np.ones(len(time), bool))
    ends = [(swing.toe_off, swing.foot_strike) for swing in _swings(track)]
    assert np.array(ends) == pytest.approx(np.array([(0.3, 0.7), (1.1, 1.5), (1.9, 2.3)]), abs=0.05)


def test_two_feet_that_swing_at_once_are_no_steps() -> None:
    stretch = next(stretches(gait(**WALK, rate_hz=60.0)))
    assert stretch.feet is not None
    first, *later_swings = stretch.feet.swings
    feet = (first, replace(first, side="left" if first.side == "right" else "right"), *later_swings[1:])
    (bout,) = find_bouts(replace(stretch, feet=replace(stretch.feet, swings=feet)))
    assert first not in bout.still and len(bout.still) > 5


def test_one_step_of_each_foot_is_no_symmetry() -> None:
    short, long = (segment(gait(**{**WALK, "seconds": s}, rate_hz=60.0)).values() for s in (1.7, 4.0))
    assert Key("step_length_symmetry", "", 0) in long
    assert Key("step_length", "left", 0) in short and Key("step_length_symmetry", "", 0) not in short


def test_nobody_walks_at_the_speed_of_a_run() -> None:
    assert segment(gait(**{**RUN, "stance_s": 0.36}, rate_hz=120.0)).movement == "running"


def test_the_foot_that_is_put_beside_the_other_at_a_halt_is_no_step() -> None:
    body = gait(**WALK, rate_hz=60.0)
    halt = int(np.searchsorted(body.time, 3.56))
    halted = body.slice(np.minimum(np.arange(len(body) + 60), halt))
    halted = replace(halted, time=np.arange(len(halted)) / 60.0)
    strikes = [e for e in segment(halted).events() if e.event == "foot_strike"]
    steps = [k for k in segment(halted).values() if k.measure == "step_length" and k.repetition]
    assert len(steps) == len(strikes) - 1


def _out_of_sight(body: BodyMotion, side: str, start: float, end: float) -> BodyMotion:
    seen = (body.time < start) | (body.time > end)
    return replace(body, feet_seen={**body.feet_seen, side: seen})


@pytest.mark.parametrize("motion", [WALK, RUN])
def test_steps_count_only_while_the_foot_is_in_sight(motion: dict) -> None:
    body = gait(**motion, rate_hz=60.0)
    in_sight, out_of_sight = segment(body), segment(_out_of_sight(body, "left", 2.0, 3.5))
    assert out_of_sight.movement == in_sight.movement
    left = [e.time_s for e in out_of_sight.events() if e.side == "left"]
    assert left
    assert not [moment for moment in left if 2.05 < moment < 3.45]
    of_whole = in_sight.events()
    for e in out_of_sight.events():
        near = [abs(e.time_s - w.time_s) for w in of_whole if (w.event, w.side) == (e.event, e.side)]
        assert min(near) < 0.01
    # No step reaches across one that nobody saw.
    for name in ("step_time", "stride_time", "step_length", "stride_length"):
        longest = max(v for k, v in out_of_sight.values().items() if k.measure == name and k.repetition)
        assert longest < 1.1 * in_sight.values()[Key(name, "right", 0)], name


@pytest.mark.parametrize(("speed", "movement"), [(0.35, "other"), (1.2, "running")])
def test_short_and_rare_steps_with_flights_are_of_exercises_long_ones_of_a_run_in_slow_motion(
    speed: float, movement: str
) -> None:
    body = gait(speed=speed, stride_s=1.6, stance_s=0.65, width_m=0.1, rate_hz=60, seconds=6)
    assert (segment(body).movement == "running") == (movement == "running")


def test_nobody_walks_or_runs_by_a_guess_of_the_feet() -> None:
    body = gait(**RUN, rate_hz=60.0)
    for side in ("left", "right"):
        body = _out_of_sight(body, side, 0.0, 9.0)
    segmentation = segment(body)
    assert segmentation.movement not in ("walking", "running", "jump")
    assert not segmentation.events()
    assert unseen_feet_doubts(body)
    assert not unseen_feet_doubts(gait(**RUN, rate_hz=60.0))


def test_a_step_that_was_missed_makes_no_long_one() -> None:
    """Where a foot stood is not known from a time in which it got on."""
    walk = next(stretches(gait(speed=1.2, stride_s=1.1, stance_s=0.68, width_m=0.1, rate_hz=60, seconds=6)))
    assert walk.feet is not None
    missed = walk.feet.swings_of("right")[1]
    swings, guessed = (
        tuple(s for s in kind if s.side != "right" or s.middle != missed.middle)
        for kind in (walk.feet.swings, walk.feet.guessed)
    )
    bouts = find_bouts(replace(walk, feet=replace(walk.feet, swings=swings, guessed=guessed)))
    for key, value in measure_bouts(bouts).items():
        if key.measure in ("step_length", "stride_length"):
            assert value == pytest.approx(0.66 if key.measure == "step_length" else 1.32, abs=0.05)
