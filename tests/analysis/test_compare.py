from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import squats
from pase.analysis import analyse
from pase.analysis.compare import Difference, differences
from pase.findings import Measure
from pase.view.answers import difference_cells


def difference(change: float, sd: float) -> Difference:
    first, second = (Measure("step_length", value, sd, "m", "right") for value in (0.70, 0.70 + change))
    return Difference(first, second)


def test_a_change_is_judged_by_its_error() -> None:
    certain, open_ = difference(0.06, 0.02), difference(0.06, 0.03)
    assert certain.sd == pytest.approx(0.02 * np.sqrt(2))
    assert certain.certain is True
    assert open_.certain is False
    assert (
        certain.sentence()
        == "Step length, right: 0.70 → 0.76 m, changed by +0.06 ± 0.06 m: more than the error"
    )
    assert difference(0.06, np.nan).certain is None
    assert difference(0.06, np.nan).sentence().endswith("changed by +0.06 m; its error is not known")
    assert "changed by +0.00 ±" in difference(-1e-6, 0.02).sentence()


@pytest.mark.parametrize(
    ("measure", "values", "sd", "expected"),
    [
        ("elbow_flexion_speed", (65.0, 70.0), 300.0, True),
        ("elbow_flexion_speed", (65.0, 70.0), 20.0, False),
        ("elbow_flexion_speed", (10.0, 1000.0), 300.0, False),
        ("knee_valgus_peak", (1.0, 2.0), 5.0, False),
        ("elbow_flexion_range", (14.0, 15.0), np.nan, False),
    ],
)
def test_ranges_and_speeds_below_their_error_are_not_compared(
    measure: str, values: tuple[float, float], sd: float, expected: bool
) -> None:
    first, second = (Measure(measure, value, sd, "deg/s", "left") for value in values)
    pair = Difference(first, second)
    assert pair.too_uncertain is expected
    assert ("too uncertain" in difference_cells(pair)[4]) is expected


def test_deeper_squats_differ_by_their_depth() -> None:
    pairs = differences(analyse(squats([80.0, 80.0])), analyse(squats([95.0, 95.0])))
    depth = next(pair for pair in pairs if pair.measure == "squat_depth")
    assert depth.change == pytest.approx(15, abs=1)
    assert depth.certain is None


def test_a_measure_has_its_sides_beside_each_other_in_the_order_of_the_definitions() -> None:
    names = (
        ("step_length", "right"),
        ("cadence", ""),
        ("knee_flexion_range", "right"),
        ("step_length", "left"),
    )
    measures = tuple(Measure(name, 1.0, 0.1, "", side) for name, side in (*names, ("walking_speed", "")))
    findings = replace(analyse(squats([80.0])), measures=measures)
    assert [(pair.measure, pair.first.side) for pair in differences(findings, findings)] == [
        ("walking_speed", ""),
        ("cadence", ""),
        ("step_length", "left"),
        ("step_length", "right"),
        ("knee_flexion_range", "right"),
    ]


def test_nothing_is_minus_zero() -> None:
    pair = Difference(*(Measure("stance_time_symmetry", value, 1.0, "%") for value in (-0.4, 3.0)))
    assert ": 0 → 3 %" in pair.sentence()
