"""Walking and running: bouts of steps, and what is measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from pase.analysis.body import SIDES, Side
from pase.analysis.contact_times import at_turns
from pase.analysis.feet import Swing
from pase.analysis.measure import Key, Values
from pase.analysis.stretch import Stretch
from pase.findings import Event
from pase.types import Array

Found = list[tuple[str, str, float]]
"""Values as measure, side, value."""

LEAST_PROGRESS_M = 0.5
"""Who walks gets so far over the ground, in all of a bout."""
LEAST_SPEED_M_S = 0.35
MANY_STEPS = 6
LEAST_STEP_SHARE = 0.2
"""A swing carries the foot at least this share of the leg's length forwards, or else it is no step of a walk."""
LEVEL_M = 0.005
LONGEST_PAUSE_S = 1.2
"""Between the steps of one bout no more time passes than this with both feet on the ground."""
LEAST_FLIGHT_S = 0.03
"""Running has a time without any foot on the ground in each step; errors of the times of contact are not one."""


@dataclass(frozen=True)
class Bout:
    """Steps that follow each other."""

    stretch: Stretch
    swings: tuple[Swing, ...]
    running: bool
    still: tuple[Swing, ...] = ()
    """The same swings as the feet have them, with ends at which the foot begins or ends to stand still."""

    @property
    def strikes(self) -> list[tuple[float, Side]]:
        """Foot strikes in the order of time."""
        return sorted((s.foot_strike, s.side) for s in self.swings if s.foot_strike is not None)

    @property
    def toe_offs(self) -> list[tuple[float, Side]]:
        """Toe-offs in the order of time."""
        return sorted((s.toe_off, s.side) for s in self.swings if s.toe_off is not None)

    @property
    def span(self) -> tuple[float, float]:
        """First and last event, seconds."""
        times = [time for time, _ in [*self.strikes, *self.toe_offs]]
        return min(times), max(times)

    def events(self) -> list[Event]:
        """Foot strikes and toe-offs."""
        strikes = [Event(time, "foot_strike", side) for time, side in self.strikes]
        return sorted(strikes + [Event(time, "toe_off", side) for time, side in self.toe_offs])


def find_bouts(stretch: Stretch) -> list[Bout]:
    """Bouts of walking and running in a stretch."""
    feet, hips = stretch.feet, stretch.hips
    if feet is None or hips is None:
        return []
    least = LEAST_STEP_SHARE * stretch.body.leg_length
    steps = [s for s in feet.swings if float(np.hypot(s.travel[0], s.travel[2])) > least]
    groups: list[list[Swing]] = []
    for swing in steps:
        if groups and _begin(swing) - max(_finish(s) for s in groups[-1]) < LONGEST_PAUSE_S:
            groups[-1].append(swing)
        else:
            groups.append([swing])
    return [bout for group in groups if (bout := _bout(stretch, group)) is not None]


def _bout(stretch: Stretch, swings: list[Swing]) -> Bout | None:
    """The bout of some swings, if both feet alternate in it and the person gets on."""
    alternating = sum(_alternate(a, b) for a, b in zip(swings[:-1], swings[1:], strict=True))
    if alternating < 1 or alternating < 0.6 * (len(swings) - 1):
        return None
    if not _gets_on(stretch, swings):
        return None
    running = _runs(stretch, swings, alternating)
    return Bout(stretch, tuple(at_turns(stretch, swings, running)), running, tuple(swings))


def _runs(stretch: Stretch, swings: list[Swing], alternating: int) -> bool:
    """Whether a person runs: the body is lowest over the standing foot; who walks vaults over it (Cavagna 1977).

    That holds however long the feet are estimated to be in the air. Where the body goes level, flights decide.
    """
    assert stretch.hips is not None
    complete = [s for s in swings if s.toe_off is not None and s.foot_strike is not None]
    rises = []
    for a, b in zip(complete[:-1], complete[1:], strict=True):
        if _alternate(a, b):
            over = [float(stretch.at(stretch.hips, moment)[1]) for moment in (a.middle, b.middle)]
            between = float(stretch.at(stretch.hips, 0.5 * (a.middle + b.middle))[1])
            rises.append(0.5 * sum(over) - between)
    if rises and abs(float(np.median(rises))) > LEVEL_M:
        return float(np.median(rises)) < 0
    return len(_flights(swings)) >= 0.5 * max(1, alternating)


def _gets_on(stretch: Stretch, swings: list[Swing]) -> bool:
    """Whether the steps carry the person somewhere: straight on, or, with many steps, along any way."""
    assert stretch.hips is not None
    start = max(_begin(swings[0]) - 0.2, stretch.time[0])
    end = min(max(_finish(swing) for swing in swings) + 0.2, stretch.time[-1])
    path = stretch.hips[(stretch.time >= start) & (stretch.time <= end)][:, [0, 2]]
    straight = float(np.linalg.norm(path[-1] - path[0]))
    # Corners two steps apart: the sway from side to side is no way.
    corners = path[:: max(1, len(path) // max(1, len(swings) // 2))]
    length = float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())
    way = max(straight, length) if len(swings) >= MANY_STEPS else straight
    return way > LEAST_PROGRESS_M and way > LEAST_SPEED_M_S * (end - start)


def _alternate(a: Swing, b: Swing) -> bool:
    """Whether two swings are a step and the next: of different feet, and not at once as in a jump."""
    if a.side == b.side:
        return False
    durations = [
        s.foot_strike - s.toe_off for s in (a, b) if s.foot_strike is not None and s.toe_off is not None
    ]
    usual = float(np.mean(durations)) if durations else 0.4
    return b.middle - a.middle > 0.4 * usual


def _begin(swing: Swing) -> float:
    moment = swing.toe_off if swing.toe_off is not None else swing.foot_strike
    assert moment is not None
    return moment


def _finish(swing: Swing) -> float:
    moment = swing.foot_strike if swing.foot_strike is not None else swing.toe_off
    assert moment is not None
    return moment


def _flights(swings: list[Swing]) -> list[tuple[float, float]]:
    """Times at which both feet are in the air: toe-off of one foot before the other's foot strike."""
    flights = []
    for swing in swings:
        opposite = [
            s
            for s in swings
            if s.side != swing.side and s.foot_strike is not None and swing.toe_off is not None
        ]
        for landing in opposite:
            assert landing.foot_strike is not None and swing.toe_off is not None
            flight = landing.foot_strike - swing.toe_off
            within = landing.toe_off is None or landing.toe_off < swing.toe_off
            if within and LEAST_FLIGHT_S < flight < 0.4:
                flights.append((swing.toe_off, landing.foot_strike))
    return flights


@dataclass(frozen=True)
class Print:
    """Where a foot stood: the place of its heel over the ground while the foot was flat."""

    side: Side
    strike: float | None
    off: float | None
    place: Array
    """(3,) metres."""

    @property
    def middle(self) -> float:
        """Seconds."""
        ends = [end for end in (self.strike, self.off) if end is not None]
        return sum(ends) / len(ends)


def footprints(bout: Bout) -> list[Print]:
    """Where the feet stood in a bout, in the order of time."""
    feet = bout.stretch.feet
    assert feet is not None
    prints = []
    for track in feet.tracks:
        swings = [swing for swing in bout.swings if swing.side == track.side]
        strikes = [None, *(swing.foot_strike for swing in swings)]
        offs = [*(swing.toe_off for swing in swings), None]
        for strike, off in zip(strikes, offs, strict=True):
            start = feet.span[0] if strike is None else strike
            end = feet.span[1] if off is None else off
            if end - start < 0.04 or (strike is None and off is None):
                continue
            # The heel rises in the second half of the stance; in the first tenth it still comes down.
            inside = (track.time >= start + 0.1 * (end - start)) & (track.time <= start + 0.5 * (end - start))
            if inside.any():
                prints.append(Print(track.side, strike, off, track.points[inside, 0].mean(axis=0)))
    return sorted(prints, key=lambda footprint: footprint.middle)


def measure_bouts(bouts: list[Bout]) -> Values:
    """Everything measured of bouts of one kind of gait; repetitions count on through all bouts."""
    values: Values = {}
    counts: dict[tuple[str, str], int] = {}

    def add(name: str, side: str, value: float) -> None:
        number = counts[name, side] = counts.get((name, side), 0) + 1
        values[Key(name, side, number)] = float(value)

    ways, seconds = 0.0, 0.0
    for bout in bouts:
        if not bout.strikes and not bout.toe_offs:
            continue  # a draw from the posterior may have lost all events of a short bout
        for name, side, value in [*_lengths(bout), *_times(bout), *_swing_phase(bout)]:
            add(name, side, value)
        if bout.running:
            for name, side, value in _running(bout):
                add(name, side, value)
        way, time = _way(bout)
        ways, seconds = ways + way, seconds + time
    running = bool(bouts) and bouts[0].running
    if seconds > 0:
        values[Key("running_speed" if running else "walking_speed", "", 0)] = ways / seconds
    values |= _cadence(values)
    for of in ("step_length", "step_time", "stance_time"):
        values |= _symmetry(values, of)
    return values


def _lengths(bout: Bout) -> Found:
    """Step and stride lengths and step widths, of every foot that comes down within the bout."""
    prints = footprints(bout)
    lengths: Found = []
    for i, this in enumerate(prints):
        before = prints[i - 1] if i and prints[i - 1].side != this.side else None
        same = next((p for p in reversed(prints[:i]) if p.side == this.side), None)
        if this.strike is None:
            continue
        if same is not None and i >= 2 and prints[i - 2] is same:
            lengths.append(("stride_length", this.side, float(np.hypot(*(this.place - same.place)[[0, 2]]))))
        if before is not None:
            along, across = _along_and_across(bout, before, this)
            lengths += [("step_length", this.side, along), ("step_width", this.side, across)]
    return lengths


def _along_and_across(bout: Bout, before: Print, this: Print) -> tuple[float, float]:
    """Parts of the way from one footprint to the other: along that of the hips, and across, to this foot's side."""
    stretch = bout.stretch
    assert stretch.hips is not None and this.strike is not None
    half = 0.5 * max(abs(this.middle - before.middle), 0.2)
    center = 0.5 * (this.middle + before.middle)
    # A whole stride takes the sway of the hips from side to side out of their way.
    ends = np.clip((center - 2 * half, center + 2 * half), stretch.time[0], stretch.time[-1])
    way = (stretch.at(stretch.hips, ends[1]) - stretch.at(stretch.hips, ends[0]))[[0, 2]]
    way = way / max(float(np.hypot(*way)), 1e-9)
    step = (this.place - before.place)[[0, 2]]
    heading = stretch.body.heading
    forward = 1.0 if heading is None else np.sign(stretch.at(heading, center)[[0, 2]] @ way) or 1.0
    right = (-way[1] * step[0] + way[0] * step[1]) * forward
    return float(step @ way), float(right if this.side == "right" else -right)


def _times(bout: Bout) -> Found:
    """Step, stride, stance and swing times, and shares of the stride."""
    times: Found = []
    strikes = bout.strikes
    for (before, previous_side), (this, side) in zip(strikes[:-1], strikes[1:], strict=True):
        if previous_side != side:
            times.append(("step_time", side, this - before))
    for side in SIDES:
        swings = [swing for swing in bout.swings if swing.side == side]
        times += _strides(swings, side, bout)
        for swing, following in zip_longest(swings, swings[1:]):
            if swing.toe_off is not None and swing.foot_strike is not None:
                times.append(("swing_time", side, swing.foot_strike - swing.toe_off))
            if swing.foot_strike is not None and following is not None and following.toe_off is not None:
                name = "contact_time" if bout.running else "stance_time"
                times.append((name, side, following.toe_off - swing.foot_strike))
    if bout.running:
        flights = [end - start for start, end in sorted(_flights(list(bout.swings)))]
        times += [("flight_time", "", flight) for flight in flights]
    return times


def _strides(swings: list[Swing], side: Side, bout: Bout) -> Found:
    strides: Found = []
    for this, following in zip(swings[:-1], swings[1:], strict=True):
        both_strike = this.foot_strike is not None and following.foot_strike is not None
        if both_strike and this.foot_strike is not None and following.foot_strike is not None:
            stride = following.foot_strike - this.foot_strike
        elif this.toe_off is not None and following.toe_off is not None:
            stride = following.toe_off - this.toe_off
        else:
            continue
        strides.append(("stride_time", side, stride))
        if this.foot_strike is not None and following.toe_off is not None:
            share = 100 * (following.toe_off - this.foot_strike) / stride
            strides.append(("duty_factor" if bout.running else "stance_share", side, share))
        if both_strike and not bout.running and this.foot_strike is not None:
            double = _double_support(bout, this.foot_strike, stride)
            if double is not None:
                strides.append(("double_support", side, double))
    return strides


def _double_support(bout: Bout, start: float, stride: float) -> float | None:
    """Share in percent of a stride in which both feet stand; None where a swing within it was not seen whole."""
    feet = bout.stretch.feet
    assert feet is not None
    inside = [s for s in bout.swings if start < s.middle < start + stride]
    if {s.side for s in inside} != set(SIDES) or any(
        s.toe_off is None or s.foot_strike is None for s in inside
    ):
        return None
    moments = np.linspace(start, start + stride, 400, endpoint=False)
    both = feet.in_contact("right", moments) & feet.in_contact("left", moments)
    return 100 * float(both.mean())


def _swing_phase(bout: Bout) -> Found:
    """Clearance of the ball of the foot in the middle half of every whole swing."""
    feet = bout.stretch.feet
    assert feet is not None
    clearances: Found = []
    for swing in bout.swings:
        if swing.toe_off is None or swing.foot_strike is None:
            continue
        track = next(track for track in feet.tracks if track.side == swing.side)
        quarter = 0.25 * (swing.foot_strike - swing.toe_off)
        middle = (track.time > swing.toe_off + quarter) & (track.time < swing.foot_strike - quarter)
        flat = (track.time > swing.foot_strike + 0.1) & (track.time < swing.foot_strike + 0.25)
        if middle.any() and flat.any():
            height = track.points[:, 1, 1]
            clearances.append(
                ("foot_clearance", swing.side, float(height[middle].min() - np.median(height[flat])))
            )
    return clearances


def _running(bout: Bout) -> Found:
    """Vertical oscillation of every step, and overstride of every foot strike."""
    stretch = bout.stretch
    values: Found = []
    strikes = bout.strikes
    if stretch.center is not None:
        for (start, a), (end, b) in zip(strikes[:-1], strikes[1:], strict=True):
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
    """How much longer the right is than the left, in percent of their mean; nothing where a side is not there."""
    means = []
    for side in SIDES:
        group = [value for key, value in values.items() if key.measure == of and key.side == side]
        if not group:
            return {}
        means.append(float(np.mean(group)))
    right, left = means
    return {Key(f"{of}_symmetry", "", 0): 200 * (right - left) / (right + left)}
