"""What is measured of walking and running: lengths by footprints, times by foot strikes and toe-offs."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np

from pase.analysis.body import SIDES, Side
from pase.analysis.feet import Swing
from pase.analysis.gait import LONGEST_PAUSE_S, Bout, flights
from pase.analysis.measure import Key, Values
from pase.series import spline
from pase.types import Array

LEAST_STEPS_A_SIDE = 2
"""Fewer say nothing about symmetry: the steps of one side differ, too."""
MOST_MOVED_M = 0.3
"""A heel moves by less while its foot stands, that of an estimate that slides included."""
Measured = list[tuple[str, str, float]]
"""Values as measure, side, value."""


@dataclass(frozen=True)
class Footprint:
    """Where a foot stood: the places of heel and ankle over the ground while the foot was flat."""

    side: Side
    strike: float | None
    off: float | None
    heel: Array
    """(3,) metres."""
    ankle: Array
    """(3,) metres."""

    @property
    def middle(self) -> float:
        """Seconds."""
        ends = [end for end in (self.strike, self.off) if end is not None]
        return sum(ends) / len(ends)


def footprints(bout: Bout) -> list[Footprint]:
    """Where the feet stood in a bout, in the order of time."""
    feet = bout.stretch.feet
    assert feet is not None
    prints = []
    for track in feet.tracks:
        ankle = bout.stretch.body.joint("ankle", track.side)
        assert ankle is not None
        ankle = spline(bout.stretch.time, bout.stretch.over_ground(ankle), track.time)
        swings = bout.swings_of(track.side)
        strikes = [None, *(swing.foot_strike for swing in swings)]
        offs = [*(swing.toe_off for swing in swings), None]
        for strike, off in zip(strikes, offs, strict=True):
            if strike is None and off is None:
                continue
            start, end = feet.stance(track.side, strike, off)
            if end - start < 0.04:
                continue
            # The heel rises in the second half of the stance; in the first tenth it still comes down.
            inside = (track.time >= start + 0.1 * (end - start)) & (track.time <= start + 0.5 * (end - start))
            inside &= track.seen
            # A foot that gets on meanwhile has taken a step that was missed.
            places = track.points[inside, 0]
            if inside.any() and np.ptp(places[:, [0, 2]], axis=0).max() < MOST_MOVED_M:
                heel = places.mean(axis=0)
                prints.append(Footprint(track.side, strike, off, heel, ankle[inside].mean(axis=0)))
    return sorted(prints, key=lambda footprint: footprint.middle)


def measure_bouts(bouts: list[Bout]) -> Values:
    """Everything measured of bouts of one kind of gait; repetitions count on through all bouts."""
    values: Values = {}
    counts: Counter[tuple[str, str]] = Counter()
    ways, seconds = 0.0, 0.0
    for bout in bouts:
        if not bout.strikes and not bout.toe_offs:
            continue  # a draw from the posterior may have lost all events of a short bout
        running_alone = _running(bout) if bout.running else []
        for name, side, value in [*_lengths(bout), *_times(bout), *_swing_phase(bout), *running_alone]:
            counts[name, side] += 1
            values[Key(name, side, counts[name, side])] = float(value)
        way, time = _way(bout)
        ways, seconds = ways + way, seconds + time
    running = bool(bouts) and bouts[0].running
    if seconds > 0:
        values[Key("running_speed" if running else "walking_speed", "", 0)] = ways / seconds
    values |= _cadence(values)
    for of in ("step_length", "step_time", "stance_time"):
        values |= _symmetry(values, of)
    return values


def _lengths(bout: Bout) -> Measured:
    """Step and stride lengths and step widths, of every foot that comes down within the bout."""
    prints = footprints(bout)
    lengths: Measured = []
    for i, footprint in enumerate(prints):
        before = prints[i - 1] if i and prints[i - 1].side != footprint.side else None
        previous = next((p for p in reversed(prints[:i]) if p.side == footprint.side), None)
        # The last foot of a person who comes to a halt is only put beside the other.
        pause = bout.stretch.time[-1] - footprint.middle
        halts = footprint is prints[-1] and footprint.off is None and pause > LONGEST_PAUSE_S
        if footprint.strike is None or halts:
            continue
        if previous is not None and i >= 2 and prints[i - 2] is previous:
            lengths.append(
                ("stride_length", footprint.side, float(np.hypot(*(footprint.heel - previous.heel)[[0, 2]])))
            )
        if before is not None:
            along, across = _along_and_across(bout, before, footprint)
            lengths += [("step_length", footprint.side, along), ("step_width", footprint.side, across)]
    return lengths


def _along_and_across(bout: Bout, before: Footprint, footprint: Footprint) -> tuple[float, float]:
    """From one footprint to the other: heels along the way of the hips, ankles across it to this foot's side.

    How far a foot is turned out is hard to see, and shifts its heel more than its ankle.
    """
    stretch = bout.stretch
    assert stretch.hips is not None and footprint.strike is not None
    half = 0.5 * max(abs(footprint.middle - before.middle), 0.2)
    center = 0.5 * (footprint.middle + before.middle)
    # A whole stride takes the sway of the hips from side to side out of their way.
    ends = np.clip((center - 2 * half, center + 2 * half), stretch.time[0], stretch.time[-1])
    way = (stretch.at(stretch.hips, ends[1]) - stretch.at(stretch.hips, ends[0]))[[0, 2]]
    way = way / max(float(np.hypot(*way)), 1e-9)
    step, apart = (footprint.heel - before.heel)[[0, 2]], (footprint.ankle - before.ankle)[[0, 2]]
    heading = stretch.body.heading
    forward = 1.0 if heading is None else np.sign(stretch.at(heading, center)[[0, 2]] @ way) or 1.0
    right = (-way[1] * apart[0] + way[0] * apart[1]) * forward
    return float(step @ way), float(right if footprint.side == "right" else -right)


def _times(bout: Bout) -> Measured:
    """Step, stride, stance and swing times, and shares of the stride."""
    times: Measured = []
    strikes = bout.strikes
    for (before, previous_side), (strike, side) in pairwise(strikes):
        if previous_side != side:
            times.append(("step_time", side, strike - before))
    for side in SIDES:
        swings = bout.swings_of(side)
        times += _strides(swings, side, bout)
        for swing, following in zip_longest(swings, swings[1:]):
            if swing.toe_off is not None and swing.foot_strike is not None:
                times.append(("swing_time", side, swing.foot_strike - swing.toe_off))
            if swing.foot_strike is not None and following is not None and following.toe_off is not None:
                name = "contact_time" if bout.running else "stance_time"
                times.append((name, side, following.toe_off - swing.foot_strike))
    if bout.running:
        times += [("flight_time", "", end - start) for start, end in sorted(flights(list(bout.swings)))]
    return times


def _strides(swings: list[Swing], side: Side, bout: Bout) -> Measured:
    strides: Measured = []
    for swing, following in pairwise(swings):
        strike, next_strike, next_off = swing.foot_strike, following.foot_strike, following.toe_off
        if strike is not None and next_strike is not None:
            stride = next_strike - strike
        elif swing.toe_off is not None and next_off is not None:
            stride = next_off - swing.toe_off
        else:
            continue
        if stride <= 0:
            continue
        strides.append(("stride_time", side, stride))
        if strike is None:
            continue
        if next_off is not None:
            name = "duty_factor" if bout.running else "stance_share"
            strides.append((name, side, 100 * (next_off - strike) / stride))
        double = None if next_strike is None or bout.running else _double_support(bout, strike, stride)
        if double is not None:
            strides.append(("double_support", side, double))
    return strides


def _double_support(bout: Bout, start: float, stride: float) -> float | None:
    """Share in percent of a stride in which both feet stand; None where a swing within it was not seen whole."""
    inside = [s for s in bout.swings if start < s.middle < start + stride]
    if {s.side for s in inside} != set(SIDES):
        return None
    swinging = 0.0
    for swing in inside:
        if swing.toe_off is None or swing.foot_strike is None:
            return None
        swinging += swing.foot_strike - swing.toe_off
    return 100 * (1 - swinging / stride)


def _swing_phase(bout: Bout) -> Measured:
    """Clearance of the ball of the foot in the middle half of every whole swing."""
    feet = bout.stretch.feet
    assert feet is not None
    clearances: Measured = []
    for swing in bout.swings:
        if swing.toe_off is None or swing.foot_strike is None:
            continue
        track = feet.track(swing.side)
        quarter = 0.25 * (swing.foot_strike - swing.toe_off)
        middle = (track.time > swing.toe_off + quarter) & (track.time < swing.foot_strike - quarter)
        flat = (track.time > swing.foot_strike + 0.1) & (track.time < swing.foot_strike + 0.25)
        if middle.any() and flat.any():
            height = track.points[:, 1, 1]
            clearances.append(
                ("foot_clearance", swing.side, float(height[middle].min() - np.median(height[flat])))
            )
    return clearances


def _running(bout: Bout) -> Measured:
    """Vertical oscillation of every step, and overstride of every foot strike."""
    stretch = bout.stretch
    values: Measured = []
    strikes = bout.strikes
    if stretch.center is not None:
        for (start, a), (end, b) in pairwise(strikes):
            height = stretch.center[(stretch.time >= start) & (stretch.time <= end), 1]
            if a != b and len(height) > 3:
                values.append(("vertical_oscillation", "", float(np.ptp(height))))
    for strike, side in strikes:
        ankle, hips = stretch.body.joint("ankle", side), stretch.body.middle("hip")
        heading = stretch.body.heading
        if ankle is not None and hips is not None and heading is not None:
            ahead = stretch.at(ankle - hips, strike) @ stretch.at(heading, strike)
            values.append(("overstride", side, float(ahead)))
    return values


def _way(bout: Bout) -> tuple[float, float]:
    """Way of the hips over the ground and the time for it, over whole steps where there are any."""
    stretch = bout.stretch
    assert stretch.hips is not None
    moments = [time for time, _ in bout.strikes]
    offs = [time for time, _ in bout.toe_offs]
    # A mean over half steps would weigh the faster or the slower part of the step more.
    if len(moments) < 2:
        moments = offs if len(offs) >= 2 else list(bout.span)
    places = np.array([stretch.at(stretch.hips, moment)[[0, 2]] for moment in moments])
    chords = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return float(chords.sum()), float(moments[-1] - moments[0])


def _cadence(values: Values) -> Values:
    strides = [value for key, value in values.items() if key.measure == "stride_time"]
    steps = [value for key, value in values.items() if key.measure == "step_time"]
    if strides:
        return {Key("cadence", "", 0): 120 / float(np.mean(strides))}
    return {Key("cadence", "", 0): 60 / float(np.mean(steps))} if steps else {}


def _symmetry(values: Values, of: str) -> Values:
    """How much longer the right is than the left, in percent of their mean; one step does not make a mean."""
    means = []
    for side in SIDES:
        group = [value for key, value in values.items() if key.measure == of and key.side == side]
        if len(group) < LEAST_STEPS_A_SIDE:
            return {}
        means.append(float(np.mean(group)))
    right, left = means
    return {Key(f"{of}_symmetry", "", 0): 200 * (right - left) / (right + left)}
