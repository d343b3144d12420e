import numpy as np
import pytest

from analysis.motions import squats
from pase.analysis import analyse
from pase.analysis.compare import Difference, differences
from pase.findings import Measure


def difference(change: float, sd: float) -> Difference:
    first, second = (Measure("step_length", value, sd, "m", "right") for value in (0.70, 0.70 + change))
    return Difference("step_length", "right", "m", first, second)


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
    assert "changed by +0.00 ±" in difference(-1e-6, 0.02).sentence()


def test_deeper_squats_differ_by_their_depth() -> None:
    found = differences(analyse(squats([80.0, 80.0])), analyse(squats([95.0, 95.0])))
    depth = next(one for one in found if one.measure == "squat_depth")
    assert depth.change == pytest.approx(15, abs=1)
    assert depth.certain is None
