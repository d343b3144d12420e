import numpy as np
import pytest

from pase.analysis.measure import DEFINITIONS, Key, as_measures, averaged, definition


def test_the_mean_is_as_uncertain_as_one_repetition() -> None:
    values = averaged({Key("step_length", "right", i): 0.7 + 0.01 * i for i in (1, 2, 3)})
    rng = np.random.default_rng(0)
    draws = [
        averaged({Key("step_length", "right", i): 0.7 + rng.normal(0, 0.03) for i in (1, 2, 3)})
        for _ in range(400)
    ]
    mean = next(one for one in as_measures(values, draws) if one.repetition == 0)
    assert mean.value == pytest.approx(0.72)
    assert mean.sd == pytest.approx(0.03, rel=0.1)
    assert mean.count == 3
    assert mean.spread == pytest.approx(0.01)


def test_without_draws_there_are_no_error_bars() -> None:
    (one,) = as_measures({Key("cadence", "", 0): 110.0}, [])
    assert np.isnan(one.sd) and one.unit == "steps/min"


def test_every_measure_is_defined() -> None:
    assert all(told.meaning and told.digits >= 0 for told in DEFINITIONS.values())
    assert definition("knee_flexion_range").unit == "deg"
    assert definition("knee_flexion_speed").unit == "deg/s"
    with pytest.raises(KeyError):
        definition("step_lenght")
