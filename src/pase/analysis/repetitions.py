"""Where a movement repeats: excursions of a signal away from its rest and back."""

from dataclasses import dataclass

import numpy as np

from pase.series import peaks, smoothed
from pase.types import Array

AWAY, BACK = 0.6, 0.3
"""A repetition goes at least so far of the way between rest and the usual turn, and comes back so far."""
STARTS_AT, TURNS_AT = 0.10, 0.90
"""Start and end are where a tenth of the repetition's own way is gone; the turn is midway between the passages
of nine tenths, which noise moves less than the extreme itself."""
LEAST_TIME_S, SMOOTHING_S = 0.3, 0.05
ALIKE = 0.5
"""A repetition's way is at least this share of the usual one."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """One time there and back; seconds."""

    start: float
    turn: float
    end: float
    reached: float
    """When nine tenths of the way are gone for the first time."""
    whole: bool = True
    """Whether it came back before the recording ended; without, the end is that of the recording."""


def find_repetitions(
    time: Array, signal: Array, least_way: float, open_end: bool = False
) -> list[Repetition]:
    """Excursions of a signal from its low rest to a high turn and back, in the order of time.

    Parameters
    ----------
    time, signal
        (T,) seconds and the signal, finite.
    least_way
        Smaller excursions, in the signal's unit, do not count.
    open_end
        Whether one that has not come back when the recording ends counts.
    """
    if len(time) < 5:
        return []
    smooth = _smooth(time, signal)
    rest, turn = _rest_and_turn(smooth)
    if turn - rest < least_way:
        return []
    away, back = rest + AWAY * (turn - rest), rest + BACK * (turn - rest)
    repetitions = []
    for first, last in _excursions(smooth, away, back, open_end):
        repetition, way = _repetition(time, smooth, first, last, bool(smooth[last] < back))
        deep = way >= max(least_way, ALIKE * (turn - rest))
        if deep and repetition.end - repetition.start > LEAST_TIME_S:
            repetitions.append(repetition)
    return repetitions


def periodicity(time: Array, signal: Array) -> tuple[float, float]:
    """How alike a signal is to itself one period later (at most 1), and that period in seconds; 0, 0 for none."""
    step = float(np.median(np.diff(time)))
    even = np.interp(np.arange(time[0], time[-1], step), time, _smooth(time, signal))
    even = even - even.mean()
    n = len(even)
    if n < 8 or even.std() < 1e-9:
        return 0.0, 0.0
    spectrum = np.fft.rfft(even, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:n] / (even @ even)
    lags = np.arange(n)
    longest = n // 2
    unbiased = correlation[:longest] * n / (n - lags[:longest])
    negative = np.flatnonzero(unbiased < 0)
    if not len(negative):
        return 0.0, 0.0
    # Two periods later a signal is as alike as after one: the first of the high peaks is the period.
    high = peaks(unbiased, 0.9 * float(unbiased[negative[0] :].max()))
    later = high[high > negative[0]]
    if not len(later):
        return 0.0, 0.0
    return float(unbiased[later[0]]), float(later[0] * step)


def _smooth(time: Array, signal: Array) -> Array:
    step = float(np.median(np.diff(time)))
    return smoothed(signal, SMOOTHING_S / step)


def _rest_and_turn(signal: Array) -> tuple[float, float]:
    """Levels of rest and turn: means of the values below and above the middle, as two clusters."""
    low, high = np.percentile(signal, (2, 98))
    for _ in range(20):
        middle = 0.5 * (low + high)
        below, above = signal[signal < middle], signal[signal >= middle]
        if not len(below) or not len(above):
            break
        low, high = float(np.median(below)), float(np.percentile(above, 75))
    return float(low), float(high)


def _excursions(signal: Array, away: float, back: float, open_end: bool) -> list[tuple[int, int]]:
    """First and last frames beyond `away`, joined as long as the signal does not come `back`."""
    spans: list[tuple[int, int]] = []
    out = False
    for i, value in enumerate(signal):
        if not out and value > away:
            out, first = True, i
        elif out and value < back:
            out = False
            spans.append((first, i))
    if out and open_end:
        spans.append((first, len(signal) - 1))
    return [(first, last) for first, last in spans if (signal[:first] < back).any()]


def _repetition(time: Array, signal: Array, first: int, last: int, whole: bool) -> tuple[Repetition, float]:
    """The repetition around an excursion and its way; without coming back, it ends as the recording does."""
    peak = first + int(signal[first : last + 1].argmax())
    # From outside the excursion: a posture that is held trembles.
    before, after = _foot(signal, peak, first, -1), _foot(signal, peak, last, 1)
    top = float(signal[peak])

    def passage(foot: int, share: float) -> float:
        return _passage(time, signal, peak, foot, signal[foot] + share * (top - signal[foot]))

    start, reached = passage(before, STARTS_AT), passage(before, TURNS_AT)
    end, leaving = (passage(after, STARTS_AT), passage(after, TURNS_AT)) if whole else (time[-1], time[-1])
    way = top - max(float(signal[before]), float(signal[after]) if whole else -np.inf)
    return Repetition(start, 0.5 * (reached + leaving), float(end), reached, whole), way


def _foot(signal: Array, peak: int, edge: int, step: int) -> int:
    """The lowest frame beyond an edge of the excursion, before the signal rises again by a fifth of the way."""
    lowest = i = edge
    while 0 <= i + step < len(signal):
        i += step
        if signal[i] < signal[lowest]:
            lowest = i
        elif signal[i] - signal[lowest] > 0.2 * (signal[peak] - signal[lowest]):
            break
    return lowest


def _passage(time: Array, signal: Array, peak: int, foot: int, level: float) -> float:
    """Time of the passage of a level between a peak and its foot, the last one on the way from the peak."""
    step = 1 if foot > peak else -1
    path = np.arange(peak, foot + step, step)
    above = np.flatnonzero(signal[path] > level)
    i = int(above[-1]) if len(above) else 0
    inside, outside = path[i], path[min(i + 1, len(path) - 1)]
    rise = signal[inside] - signal[outside]
    share = (signal[inside] - level) / rise if rise > 1e-12 else 0.0
    return float(time[inside] + share * (time[outside] - time[inside]))
