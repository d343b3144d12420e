"""Walking and running: bouts of steps."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

from pase.analysis.body import Side
from pase.analysis.contact_times import at_turns
from pase.analysis.feet import Swing
from pase.analysis.stretch import Stretch
from pase.findings import Event

LEAST_PROGRESS_M = 0.5
"""A walker gets at least this far over the ground in a bout."""
LEAST_SPEED_M_S, LEAST_STEP_M = 0.35, 0.15
"""Least speed of a walk, or else least way on with every step in a straight line: patients walk at 0.2 m/s."""
MANY_STEPS = 6
STEPS_IN_A_ROW = 3
"""Least number of steps in a row that are a walk, even between steps that do not alternate."""
LEAST_STEP_SHARE, LEAST_USUAL_SHARE = 0.2, 0.3
"""A swing carries the foot at least this share of the leg's length, and of the usual way; else it is not a step."""
USUAL_SWING_S = 0.4
LEVEL_M = 0.005
LONGEST_PAUSE_S = 1.2
"""Longest time with both feet on the ground within one bout."""
CLEAR_DOUBLE_SUPPORT_S = 0.08
"""No runner is on both feet for so long, even with errors at both ends."""
FASTEST_WALK_M_S = 2.7
"""Hardly anybody walks faster."""
LEAST_RUN_STEP, LEAST_RUN_CADENCE = 0.5, 110.0
"""A runner's step is at least this share of the leg's length, in slow motion, too, or there are at least so many a
minute; who hops or skips to and fro with less dances or exercises."""
LEAST_FLIGHT_S, LONGEST_FLIGHT_S = 0.03, 0.4
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

    def swings_of(self, side: Side) -> list[Swing]:
        """Swings of one foot, in the order of time."""
        return [swing for swing in self.swings if swing.side == side]

    def events(self) -> list[Event]:
        """Foot strikes and toe-offs."""
        strikes = [Event(time, "foot_strike", side) for time, side in self.strikes]
        return sorted(strikes + [Event(time, "toe_off", side) for time, side in self.toe_offs])

    def retimed(self, stretch: Stretch) -> Self:
        """The same steps in another estimate of the motion, whose swings are those of this one in their order."""
        identities = {id(swing) for swing in self.still}
        swings = self.stretch.feet.swings if self.stretch.feet is not None else ()
        sample = stretch.feet.swings if stretch.feet is not None else ()
        steps = [other for swing, other in zip(swings, sample, strict=True) if id(swing) in identities]
        return replace(self, stretch=stretch, swings=tuple(at_turns(stretch, steps, self.running)))


def find_bouts(stretch: Stretch) -> list[Bout]:
    """Bouts of walking and running in a stretch."""
    feet, hips = stretch.feet, stretch.hips
    if feet is None or hips is None:
        return []
    ways = [float(np.hypot(s.travel[0], s.travel[2])) for s in feet.swings]
    limit = LEAST_STEP_SHARE * stretch.body.leg_length
    limit = max(limit, LEAST_USUAL_SHARE * float(np.median([way for way in ways if way > limit] or [0.0])))
    # A swing that the end of the recording cuts off has not got far yet.
    steps = [s for s, way in zip(feet.swings, ways, strict=True) if s.foot_strike is None or way > limit]
    unseen_strikes = feet.unseen_strikes
    groups: list[list[Swing]] = []
    for swing in steps:
        if groups and _follows(groups[-1], swing, unseen_strikes):
            groups[-1].append(swing)
        else:
            groups.append([swing])
    return [bout for group in groups for bout in _bouts(stretch, group)]


def _bouts(stretch: Stretch, swings: list[Swing]) -> list[Bout]:
    """The bouts in swings that follow each other: those in which the feet alternate without a break.

    A swing that was missed, or that is none, would make a step or a stride of two.
    """
    ends = [i for i, (a, b) in enumerate(pairwise(swings), 1) if not _alternate(a, b)]
    pieces = [swings[a:b] for a, b in pairwise([0, *ends, len(swings)]) if b - a > 1]
    if sum(len(piece) - 1 for piece in pieces) >= 0.6 * (len(swings) - 1) and _gets_on(stretch, swings):
        running = _runs(stretch, swings)
        if running and _hops(stretch, swings):
            return []
        return [_bout(stretch, piece, running) for piece in pieces]
    clear = [piece for piece in pieces if len(piece) >= STEPS_IN_A_ROW and _gets_on(stretch, piece)]
    kinds = [(piece, _runs(stretch, piece)) for piece in clear]
    return [_bout(stretch, piece, runs) for piece, runs in kinds if not (runs and _hops(stretch, piece))]


def _hops(stretch: Stretch, swings: list[Swing]) -> bool:
    """Whether steps with flights between them are shorter and rarer than those of anybody who runs."""
    if len(swings) < STEPS_IN_A_ROW:
        return False
    straight, along, _ = _ways(stretch, swings)
    step = max(straight, along) / len(swings)
    between = (swings[-1].middle - swings[0].middle) / (len(swings) - 1)
    return step < LEAST_RUN_STEP * stretch.body.leg_length and between > 60.0 / LEAST_RUN_CADENCE


def _follows(swings: list[Swing], swing: Swing, unseen_strikes: list[float]) -> bool:
    """Whether a swing goes on with some swings: soon, and without a step between that nobody saw."""
    pause = swing.ends[0] - max(s.ends[-1] for s in swings)
    unseen = any(swings[0].ends[0] < moment < swing.ends[0] for moment in unseen_strikes)
    return pause < LONGEST_PAUSE_S and not unseen


def _bout(stretch: Stretch, swings: list[Swing], running: bool) -> Bout:
    return Bout(stretch, tuple(at_turns(stretch, swings, running)), running, tuple(swings))


def _runs(stretch: Stretch, swings: list[Swing]) -> bool:
    """Whether a person runs: the body is lowest over the standing foot; who walks vaults over it (Cavagna 1977).

    That holds however long the feet are estimated to be in the air, but for clear times on both feet. Nobody walks
    as fast as people run. Where the body goes level, flights decide: a runner has them both by the times at which the
    feet stand still and by a runner's times of contact, a walker has them by one of the two at most.
    """
    assert stretch.hips is not None
    pauses = [
        b.toe_off - a.foot_strike
        for a, b in pairwise(swings)
        if a.side != b.side and a.foot_strike is not None and b.toe_off is not None
    ]
    if pauses and float(np.median(pauses)) > CLEAR_DOUBLE_SUPPORT_S:
        return False
    straight, _, seconds = _ways(stretch, swings)
    if straight > FASTEST_WALK_M_S * seconds:
        return True
    complete = [s for s in swings if len(s.ends) == 2]
    rises = []
    for a, b in pairwise(complete):
        if _alternate(a, b):
            over = [float(stretch.at(stretch.hips, moment)[1]) for moment in (a.middle, b.middle)]
            between = float(stretch.at(stretch.hips, 0.5 * (a.middle + b.middle))[1])
            rises.append(0.5 * sum(over) - between)
    if rises and abs(float(np.median(rises))) > LEVEL_M:
        return float(np.median(rises)) < 0
    in_air = min(len(flights(swings)), len(flights(at_turns(stretch, swings, running=True))))
    return in_air >= 0.5 * max(1, len(swings) - 1)


def _gets_on(stretch: Stretch, swings: list[Swing]) -> bool:
    """Whether the steps carry the person somewhere: straight on, or, with many steps, along any way."""
    straight, along, seconds = _ways(stretch, swings)
    way = max(straight, along) if len(swings) >= MANY_STEPS else straight
    steady = straight > LEAST_STEP_M * len(swings)
    return way > LEAST_PROGRESS_M and (steady or way > LEAST_SPEED_M_S * seconds)


def _ways(stretch: Stretch, swings: list[Swing]) -> tuple[float, float, float]:
    """How far the hips get while some swings last, straight and along their path, in metres, and the seconds."""
    assert stretch.hips is not None
    start = max(swings[0].ends[0] - 0.2, stretch.time[0])
    end = min(max(swing.ends[-1] for swing in swings) + 0.2, stretch.time[-1])
    path = stretch.hips[(stretch.time >= start) & (stretch.time <= end)][:, [0, 2]]
    # Corners two steps apart leave out the sway from side to side.
    corners = path[:: max(1, len(path) // max(1, len(swings) // 2))]
    along = float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())
    return float(np.linalg.norm(path[-1] - path[0])), along, float(end - start)


def _alternate(a: Swing, b: Swing) -> bool:
    """Whether two swings are a step and the next: of different feet, and not at once as in a jump."""
    if a.side == b.side:
        return False
    durations = [s.ends[1] - s.ends[0] for s in (a, b) if len(s.ends) == 2]
    usual = float(np.mean(durations)) if durations else USUAL_SWING_S
    return _middle(b, usual) - _middle(a, usual) > 0.4 * usual


def _middle(swing: Swing, usual: float) -> float:
    """The middle of a swing; of one that an end of the recording cuts off as if it lasted as long as usual."""
    if swing.toe_off is None:
        return swing.middle - 0.5 * usual
    return swing.middle if swing.foot_strike is not None else swing.middle + 0.5 * usual


def flights(swings: list[Swing]) -> list[tuple[float, float]]:
    """Times at which both feet are in the air: toe-off of one foot before the other's foot strike."""
    in_air = []
    for swing in swings:
        for landing in swings:
            if swing.toe_off is None or landing.foot_strike is None or landing.side == swing.side:
                continue
            follows = landing.toe_off is None or landing.toe_off < swing.toe_off
            if follows and LEAST_FLIGHT_S < landing.foot_strike - swing.toe_off < LONGEST_FLIGHT_S:
                in_air.append((swing.toe_off, landing.foot_strike))
    return in_air
