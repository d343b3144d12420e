"""Curves over a cycle, 0 to 100 %: of a stride, or of a repetition from its start to its end."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pase.findings import Event, EventName, Findings
from pase.types import Array

PERCENT = np.linspace(0, 100, 101)
ENDS_OF_REPETITION = ("repetition_start", "repetition_end")
LEAST_SURE_SHARE = 0.8
"""A cycle with fewer sure frames of an angle is left out of its curve."""


@dataclass(frozen=True)
class CycleCurve:
    """An angle over the cycle, degrees at 0, 1, … 100 %."""

    mean: Array
    """(101,) mean over the cycles."""
    spread: Array
    """(101,) standard deviation between the cycles; zero for one alone."""
    sd: Array
    """(101,) standard deviation of the error, mean over the cycles; NaN where it is not known."""
    count: int
    """Cycles behind the curve."""


def cycles(findings: Findings, side: str) -> tuple[list[tuple[float, float]], str]:
    """Start and end of every cycle in seconds, and what begins it; strides of one side, or repetitions.

    Strides go from foot strike to foot strike, or from toe-off to toe-off if more of those were seen.
    """
    events = findings.events
    if findings.movement in ("walking", "running"):
        strikes = _following(events, "foot_strike", side)
        offs = _following(events, "toe_off", side)
        return (offs, "toe-off") if len(offs) > len(strikes) else (strikes, "foot strike")
    ends = [event for event in events if event.event in ENDS_OF_REPETITION]
    whole = [(a.time_s, b.time_s) for a, b in pairwise(ends) if (a.event, b.event) == ENDS_OF_REPETITION]
    return whole, "start"


def _following(events: tuple[Event, ...], name: EventName, side: str) -> list[tuple[float, float]]:
    """Times from one event to the next alike, but for pauses between bouts."""
    times = [event.time_s for event in events if (event.event, event.side) == (name, side)]
    pairs = list(zip(times[:-1], times[1:], strict=True))
    if not pairs:
        return []
    usual = float(np.median([end - start for start, end in pairs]))
    return [(start, end) for start, end in pairs if end - start < 1.5 * usual]


def cycle_curve(findings: Findings, key: str, side: str) -> CycleCurve | None:
    """The curve of an angle over the cycles of a side; None where there is no cycle in which it was seen."""
    table = findings.angles
    if key not in table.keys:
        return None
    i = table.keys.index(key)
    values, errors = [], []
    for start, end in cycles(findings, side)[0]:
        inside = (table.time >= start) & (table.time <= end) & np.isfinite(table.values[:, i])
        if inside.sum() < 4 or table.sure[inside, i].mean() < LEAST_SURE_SHARE:
            continue
        moments = start + PERCENT / 100 * (end - start)
        values.append(np.interp(moments, table.time[inside], table.values[inside, i]))
        errors.append(np.interp(moments, table.time[inside], table.sd[inside, i]))
    if not values:
        return None
    spread = np.std(values, axis=0, ddof=1) if len(values) > 1 else np.zeros(len(PERCENT))
    return CycleCurve(np.mean(values, axis=0), spread, np.mean(errors, axis=0), len(values))
