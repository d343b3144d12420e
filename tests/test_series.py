import numpy as np
import pytest

from pase.series import peaks, smoothed, spline


def test_a_spline_goes_through_its_points_and_between_them() -> None:
    time = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.05, 60))
    values = np.stack([np.sin(4 * time), np.cos(3 * time)], axis=1)[:, None]
    at = np.linspace(time[3], time[-4], 200)
    between = spline(time, values, at)
    assert spline(time, values, time) == pytest.approx(values, abs=1e-12)
    assert between[:, 0, 0] == pytest.approx(np.sin(4 * at), abs=2e-4)


def test_smoothing_keeps_a_constant_and_the_mean_of_a_peak() -> None:
    assert smoothed(np.full(20, 3.0), 2.0) == pytest.approx(3.0)
    peak = np.zeros(41)
    peak[20] = 1.0
    assert smoothed(peak, 2.0).sum() == pytest.approx(1.0)
    assert smoothed(peak, 2.0)[20] == pytest.approx(1 / (2 * np.sqrt(2 * np.pi)), rel=0.01)


def test_peaks_are_high_and_apart() -> None:
    signal = np.array([0, 2, 0, 3, 0, 1, 0, 0, 5, 0.0])
    assert peaks(signal, 1.5).tolist() == [1, 3, 8]
    assert peaks(signal, 1.5, apart=3).tolist() == [3, 8]
