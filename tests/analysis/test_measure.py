from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import squats
from pase.analysis.analyse import analyse
from pase.analysis.measure import DEFINITIONS, Key, as_measures, averaged, definition
from pase.data import Draws


def test_the_mean_is_as_uncertain_as_one_repetition() -> None:
    values = averaged({Key("step_length", "right", i): 0.7 + 0.01 * i for i in (1, 2, 3)})
    rng = np.random.default_rng(0)
    draws = [
        averaged({Key("step_length", "right", i): 0.7 + 0.01 * i + rng.normal(0, 0.03) for i in (1, 2, 3)})
        for _ in range(400)
    ]
    mean = next(measure for measure in as_measures(values, draws) if measure.repetition == 0)
    assert mean.value == pytest.approx(0.72)
    assert mean.sd == pytest.approx(0.03, rel=0.1)
    assert mean.count == 3
    assert mean.spread == pytest.approx(0.01)


def test_a_bias_of_the_draws_is_part_of_the_error() -> None:
    # The range of a noisy angle is larger than that of the angle: in the draws as in the estimate.
    key = Key("knee_flexion_range", "left", 0)
    (measure,) = as_measures({key: 60.0}, [{key: 63.0}, {key: 65.0}, {key: 64.0}])
    assert measure.sd == pytest.approx(np.sqrt((9 + 25 + 16) / 3))


def test_symmetry_is_as_uncertain_as_the_sides() -> None:
    sides = {Key("step_length", side, 0): 0.7 for side in ("right", "left")}
    values = {**sides, Key("step_length_symmetry", "", 0): 0.0}

    def sd(errors: list[tuple[float, float]]) -> float:
        draws = [
            {
                **{key: 0.7 + e for key, e in zip(sides, pair, strict=True)},
                Key("step_length_symmetry", "", 0): 0.0,
            }
            for pair in errors
        ]
        return next(
            measure.sd for measure in as_measures(values, draws) if measure.measure == "step_length_symmetry"
        )

    # What one side has too much, the other lacks: 200 · 2 · 0.03 / 1.4 per cent.
    assert sd([(0.03, -0.03), (-0.03, 0.03), (0.03, -0.03)]) == pytest.approx(
        np.hypot(200 * 2 * 0.03 / 1.4, 5)
    )
    # A belt's speed makes both too long.
    assert sd([(0.3, 0.3), (-0.3, -0.3), (0.3, 0.3)]) == pytest.approx(5)


@pytest.mark.parametrize(
    ("measure", "value", "sd"),
    [
        ("step_length", 0.70, 0.035),
        ("walking_speed", 1.2, 0.06),
        ("squat_depth", 90.0, 0.0),
    ],
)
def test_lengths_and_speeds_are_as_uncertain_as_an_assumed_size(
    measure: str, value: float, sd: float
) -> None:
    values = {Key(measure, "", 0): value}
    (without,), (assumed,) = (as_measures(values, [values] * 4, scale) for scale in (0.0, 0.05))
    assert assumed.sd == pytest.approx(np.hypot(without.sd, sd))


@pytest.mark.parametrize(("of", "both"), [("step_time", 2.0), ("stance_time", np.sqrt(2))])
def test_symmetry_of_times_is_as_uncertain_as_the_contacts_of_one_foot(of: str, both: float) -> None:
    # A foot whose strikes are found late makes one side's steps too long and the other's too short by as much.
    values = {Key(of, side, 0): 0.5 for side in ("right", "left")} | {Key(f"{of}_symmetry", "", 0): 0.0}
    symmetry = next(
        measure for measure in as_measures(values, [values] * 4) if measure.measure == f"{of}_symmetry"
    )
    assert symmetry.sd == pytest.approx(200 * both * 0.015 / 1.0)


def test_a_height_by_flight_time_is_as_uncertain_as_the_time() -> None:
    def heights(of_flight_s: float) -> dict[Key, float]:
        height_m = 9.80665 * of_flight_s**2 / 8
        return {Key("flight_time", "", 0): of_flight_s, Key("jump_height_flight_time", "", 0): height_m}

    duration, height = as_measures(heights(0.5), [heights(0.5)] * 4, scale_sd=0.05)
    late = heights(0.5 + duration.sd)[Key("jump_height_flight_time", "", 0)]
    assert duration.sd > 0.01
    assert height.sd == pytest.approx(late - height.value, rel=0.05)


def test_without_draws_there_are_no_error_bars() -> None:
    (measure,) = as_measures({Key("cadence", "", 0): 110.0}, [])
    assert np.isnan(measure.sd) and measure.unit == "steps/min"


def test_every_measure_is_defined() -> None:
    assert all(entry.meaning and entry.digits >= 0 for entry in DEFINITIONS.values())
    assert definition("knee_flexion_range").unit == "deg"
    assert definition("knee_flexion_speed").unit == "deg/s"
    with pytest.raises(KeyError):
        definition("step_lenght")


def test_who_was_out_of_the_picture_for_a_while_has_error_bars_all_the_same() -> None:
    motion = squats([90.0, 90.0, 90.0])
    errors = np.radians(np.random.default_rng(0).normal(0, 5, 20))
    q = np.tile(motion.q, (20, 1, 1))
    for knee in ("knee_angle_r", "knee_angle_l"):
        q[:, :, motion.skeleton.coordinate_index(knee)] += errors[:, None]
    draws = Draws(q.astype(np.float32), np.ones((20, len(motion.skeleton.bodies), 3), np.float32))
    away = (motion.time > 3.5) & (motion.time < 6.0)
    partly_seen = replace(motion, q=np.where(away[:, None], np.nan, motion.q), draws=draws)
    depths = [
        measure
        for measure in analyse(partly_seen).measures
        if measure.measure == "squat_depth" and measure.repetition
    ]
    assert [measure.sd for measure in depths] == pytest.approx([5.0, 5.0], rel=0.4)
