from dataclasses import replace

import numpy as np
import pytest

from analysis.motions import posed
from pase.analysis import analysed
from pase.analysis.quality import checked_times, judge, without_guesses
from pase.data import Motion
from pase.diagnostics import FitDiagnostics, SolverDiagnostics
from pase.findings import Measure, Quality
from pase.movements import Movement


def measured(error_share: float, seen: float, frames: int = 60) -> Motion:
    """A motion whose landmarks miss by a share of the body's size, and of which a share of the landmarks is seen."""
    motion = posed(np.arange(frames) / 30)
    from pase.anatomy.kinematics import Kinematics

    points = Kinematics(motion.skeleton).positions(motion.q)
    size = float(np.median(np.ptp(points, axis=1).max(axis=1)))
    residual = np.full((frames, 20), error_share * size)
    residual[:, round(20 * seen) :] = np.nan
    return replace(motion, residual=residual, q_std=np.full_like(motion.q, np.radians(5)))


@pytest.mark.parametrize(
    ("error", "seen", "verdict"),
    [(0.006, 1.0, "good"), (0.012, 1.0, "good"), (0.015, 1.0, "check"), (0.025, 1.0, "do not use"),
     (0.006, 0.6, "check"), (0.006, 0.3, "do not use")],
)  # fmt: skip
def test_the_verdict_follows_error_and_sight(error: float, seen: float, verdict: str) -> None:
    quality = judge(measured(error, seen))
    assert quality.verdict == verdict
    assert quality.error_share == pytest.approx(error)
    assert quality.seen_share == pytest.approx(seen, abs=0.03)
    assert bool(quality.reasons) == (verdict != "good")


def test_an_unsettled_fit_tells_something_where_it_fits_badly() -> None:
    unsettled = FitDiagnostics(SolverDiagnostics(converged=False))
    assert judge(replace(measured(0.006, 1.0), diagnostics=unsettled)).verdict == "good"
    assert judge(replace(measured(0.011, 1.0), diagnostics=unsettled)).verdict == "check"


def test_the_sizes_of_who_looks_like_a_child_are_to_be_checked() -> None:
    child = judge(replace(measured(0.006, 1.0), diagnostics=FitDiagnostics(child_stature_m=1.3)))
    assert child.verdict == "check" and "a child of 1.3 m" in child.reasons[0]


@pytest.mark.parametrize(
    ("movement", "measure", "value", "verdict"),
    [("running", "cadence", 86.0, "check"), ("running", "cadence", 165.0, "good"),
     ("walking", "cadence", 86.0, "good"), ("jump", "flight_time", 1.6, "check"),
     ("jump", "flight_time", 0.6, "good")],
)  # fmt: skip
def test_who_runs_or_jumps_in_slow_motion_is_to_be_checked(
    movement: Movement, measure: str, value: float, verdict: str
) -> None:
    quality = checked_times(Quality("good"), movement, [Measure(measure, value, 1.0, "")])
    assert quality.verdict == verdict
    assert any("--slow-motion" in reason for reason in quality.reasons) == (verdict == "check")
    assert (
        checked_times(Quality("do not use"), movement, [Measure(measure, value, 1.0, "")]).verdict
        == "do not use"
    )


def test_nothing_is_known_of_a_motion_without_measurements() -> None:
    assert judge(posed(np.arange(3) / 30)).verdict == "not known"


def test_who_has_left_the_picture_has_no_posture() -> None:
    motion = measured(0.006, 1.0)
    assert motion.residual is not None
    motion.residual[40:, 3:] = np.nan
    motion.residual[10:15, 3:] = np.nan
    kept = without_guesses(motion)
    assert np.isnan(kept.q[40:]).all() and np.isnan(kept.q_std[40:]).all()
    # A sixth of a second is bridged by the movement before and after.
    assert np.isfinite(kept.q[:40]).all()
    found = analysed(motion)
    assert "40 with a pose" in repr(found)
    assert len(repr(found)) < 200
