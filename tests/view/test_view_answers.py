"""What an analysis found, in the words of a page."""

from dataclasses import replace

import pytest

from analysis.motions import squats
from pase.analysis import analyse
from pase.findings import Measure
from pase.view.answers import measure_row, movement_text


@pytest.mark.parametrize(("sd", "text"), [(0.02, "0.10 ± 0.02"), (0.03, "not measurable")])
def test_a_width_is_not_told_with_a_larger_error_than_people_differ_by(sd: float, text: str) -> None:
    width = Measure("step_width", 0.1, sd, "m", "right")
    row = measure_row(replace(analyse(squats([80.0])), measures=(width,)), "step_width")
    assert row is not None and row.right == text


def test_a_movement_that_repeats_is_told_with_the_angle_that_does() -> None:
    findings = replace(analyse(squats([80.0])), movement="periodic", signal="knee_flexion_r")
    assert movement_text(findings) == "A movement that repeats (knee flexion, right)"
    assert movement_text(replace(findings, signal="trunk_flexion", movement_given=True)) == (
        "A movement that repeats (trunk flexion), as named by the user"
    )
