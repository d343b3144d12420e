"""When each foot stands and when it swings, from how the slowest point of the foot moves over the ground.

A foot on the ground turns about the point that carries it, so the slowest of heel, ball and toe stands still; in
the air all three fly. Contact begins where that slowest speed falls below a share of the swing's peak, and ends
where it rises above it. The share was set on contacts with force plates (20 N), 39 foot strikes in walking and 10 in
running, of four people: there the median differences are -12 and -7 ms (walking, foot strike and toe-off) and +9 and
+8 ms (running). The distance from the pelvis of Zeni et al. (2008) and accelerations in the manner of Hreljac and
Marshall (2000), as written anew for the comparison, were off by 17-95 ms on the median; the accelerations do not
survive the noise of a film.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from pase.analysis.body import SIDES, BodyMotion, Side
from pase.anatomy.pedals import on_pedals
from pase.series import nearest_rows, peaks, smoothed, spline, stretches_of
from pase.types import Array, Mask

GRID_HZ = 200.0
"""Rate at which the feet are followed: times are found between the frames."""
CONTACT_SHARE = 0.15
"""Contact where the slowest point of the foot is slower than this share of the swing's peak."""
SMOOTHING_S = 0.010
LEAST_SWING_M_S = 0.8
"""Peak speed of the heel in the slowest steps of old people is 1.5 m/s; a shuffle below this is not a step."""
LEAST_TRAVEL_M, LEAST_RISE_M = 0.12, 0.04
"""A swing carries the foot so far, or lifts all of it so high."""
LEAST_SWING_S = 0.15
"""No foot is carried through the air in less, not in a sprint; an estimate that jumps for a moment is not a step."""
LEAST_STANCE_S, LEAST_STANCE_SHARE = 0.035, 0.4
"""No foot stands for less, nor for less than this share of its usual time: an estimate that stops for a moment in
mid-swing is not a step."""
LEAST_SECONDS = 0.1
LEAST_CYCLE_S = 0.35
"""No foot steps more often."""
DESCENT_M = 0.004
"""A foot comes down on the ground: it was so much higher shortly before its strike."""
BEFORE_S = 0.08
ABOUT_S, NEAR_GROUND_M = 1.5, 0.04
"""A foot that is no higher than this above its lowest place within so long a time can be on the ground."""


@dataclass(frozen=True)
class FootTrack:
    """The heel, ball and toe of one foot on a fine, even grid of time."""

    side: Side
    time: Array
    """(N,) seconds."""
    points: Array
    """(N, 3, 3) heel, ball and toe tip over the ground, metres; the ground stands still in them."""
    slowest: Array
    """(N,) speed of the slowest of the three, m/s."""
    heel_speed: Array
    """(N,) m/s."""
    seen: Mask
    """(N,) whether the foot was seen, or is a guess."""

    @cached_property
    def lowest(self) -> Array:
        """(N,) height of the lowest of the three points."""
        low: Array = self.points[:, :, 1].min(axis=1)
        return low

    def seen_at(self, moment: float) -> bool:
        """Whether the foot was seen at a moment, or is a guess."""
        return bool(self.seen[nearest_rows(self.time, np.array([moment]))[0]])


@dataclass(frozen=True)
class Swing:
    """One time that a foot was in the air; None for an end that is outside of what was seen."""

    side: Side
    toe_off: float | None
    """Seconds."""
    foot_strike: float | None
    """Seconds."""
    travel: Array
    """(3,) way of the foot over the ground, metres."""

    @property
    def ends(self) -> list[float]:
        """Toe-off and foot strike, or the one that was seen, seconds."""
        return [end for end in (self.toe_off, self.foot_strike) if end is not None]

    @property
    def middle(self) -> float:
        """Seconds; of a swing with one end, that end."""
        return sum(self.ends) / len(self.ends)


@dataclass(frozen=True)
class Feet:
    """Both feet of a stretch of frames that follow each other."""

    tracks: tuple[FootTrack, ...]
    swings: tuple[Swing, ...]
    """Swings of both feet in the order of time; an end at which the foot was not seen is missing."""
    ground_velocity: Array
    """(3,) m/s: of the belt on a treadmill, else zero."""
    guessed: tuple[Swing, ...]
    """The same with the ends at which the foot was out of sight, and those swings that were out of sight."""

    @property
    def span(self) -> tuple[float, float]:
        """First and last time, seconds."""
        time = self.tracks[0].time
        return float(time[0]), float(time[-1])

    def swings_of(self, side: Side) -> list[Swing]:
        """Swings of one foot."""
        return [swing for swing in self.swings if swing.side == side]

    def stance(self, side: Side, strike: float | None, off: float | None) -> tuple[float, float]:
        """Start and end of a stance of which one end may be no step of a bout, or out of sight, seconds."""
        if strike is not None and off is not None:
            return strike, off
        start, end = self.span
        moved = [swing for swing in self.guessed if swing.side == side]
        if off is not None:
            start = max([start, *(s.foot_strike for s in moved if s.foot_strike and s.foot_strike < off)])
        if strike is not None:
            end = min([end, *(s.toe_off for s in moved if s.toe_off and s.toe_off > strike)])
        return (start if strike is None else strike), (end if off is None else off)

    @property
    def unseen_strikes(self) -> list[float]:
        """Moments at which a foot comes down by a guess alone, seconds; no step reaches across them."""
        ends = [(self.track(s.side), s.foot_strike) for s in self.guessed]
        return [strike for track, strike in ends if strike is not None and not track.seen_at(strike)]

    def track(self, side: Side) -> FootTrack:
        """The points of one foot."""
        return self.tracks[SIDES.index(side)]

    def sliding_and_stepping_m(self, direction: Array) -> tuple[float, float]:
        """How far both feet together slide over the floor along a direction (3,), and how far they step.

        A foot slides when it goes back by what it stepped forward, or gets anywhere between its steps; as on a
        treadmill.
        """
        sliding = 2 * abs(float(self.ground_velocity @ direction)) * (self.span[1] - self.span[0])
        stepping = 0.0
        for track in self.tracks:
            steps = np.array([swing.travel @ direction for swing in self.guessed if swing.side == track.side])
            forward, back = float(steps.clip(min=0).sum()), float(-steps.clip(max=0).sum())
            way = float((track.points[-1] - track.points[0]).mean(axis=0) @ direction)
            sliding += min(forward, back) + abs(way - (forward - back))
            stepping += max(forward, back)
        return sliding, stepping


def follow_feet(body: BodyMotion) -> Feet | None:
    """Follow both feet through at least four frames whose pose is known in all of them; None without feet."""
    if len(body) < 4 or not body.known.all() or any(body.joint("toe", side) is None for side in SIDES):
        return None
    time = np.arange(body.time[0], body.time[-1], 1 / max(GRID_HZ, body.rate_hz))
    if len(time) < GRID_HZ * LEAST_SECONDS:
        return None
    points = {side: _points(body, side, time) for side in SIDES}
    hips = _on_grid(body, body.middle("hip"), time)
    always = np.ones(len(body), bool)
    seen = {
        side: np.asarray(np.interp(time, body.time, body.feet_seen.get(side, always)) > 0.5) for side in SIDES
    }
    velocity = _ground_velocity(points, seen, hips, time)
    for feet in points.values():
        feet -= (velocity * (time - time[0])[:, None])[:, None]
    tracks = tuple(_track(side, time, points[side], seen[side]) for side in SIDES)
    guessed = [(track, swing) for track in tracks for swing in _swings(track)]
    swings = [swing for guess in guessed if (swing := _as_seen(*guess)).ends]
    in_order = tuple(sorted(swings, key=lambda swing: swing.middle))
    return Feet(tracks, in_order, velocity, tuple(swing for _, swing in guessed))


def _points(body: BodyMotion, side: Side, time: Array) -> Array:
    return _on_grid(body, np.stack(body.joints(side, "heel", "ball", "toe") or [], axis=1), time)


def _on_grid(body: BodyMotion, values: Array | None, time: Array) -> Array:
    """Values at other times; between uneven or few frames they are joined by a cubic spline."""
    if values is None:
        return np.full((len(time), 3), np.nan)
    return spline(body.time, values, time)


def _as_seen(track: FootTrack, swing: Swing) -> Swing:
    """A swing without the ends at which the foot was out of sight."""
    toe_off, foot_strike = (
        None if end is None or not track.seen_at(end) else end for end in (swing.toe_off, swing.foot_strike)
    )
    return replace(swing, toe_off=toe_off, foot_strike=foot_strike)


def _velocity(points: Array, time: Array) -> Array:
    """(N, 3, 3) m/s, point by point: those of an hour fill 0.16 GB each."""
    step, velocity = time[1] - time[0], np.empty_like(points)
    for k in range(points.shape[1]):
        velocity[:, k] = np.gradient(smoothed(points[:, k], SMOOTHING_S / step), step, axis=0)
    return velocity


def _track(side: Side, time: Array, points: Array, seen: Mask) -> FootTrack:
    speeds = np.linalg.norm(_velocity(points, time), axis=2)
    return FootTrack(side, time, points, speeds.min(axis=1), speeds[:, 0], seen)


def _ground_velocity(points: dict[Side, Array], seen: dict[Side, Mask], hips: Array, time: Array) -> Array:
    """(3,) velocity of a treadmill's belt in the world, or zero: what feet do that are low while the body stays.

    A belt carries both feet alike, straight back, at more than 0.4 m/s, and the hips do not keep up with it.
    """
    if on_pedals(np.stack([feet.mean(axis=1) for feet in points.values()], axis=1)):
        return np.zeros(3)
    carried = []
    for side, feet in points.items():
        velocity, height = _velocity(feet, time), feet[:, :, 1]
        low = (height < np.percentile(height, 30, axis=0)) & (np.abs(velocity[:, :, 1]) < 0.3)
        low &= seen[side][:, None]
        if low.sum() < 5:
            return np.zeros(3)
        carried.append(_mode(velocity[low] * np.array([1.0, 0.0, 1.0])))
    belt: Array = np.mean(carried, axis=0)
    speed = float(np.linalg.norm(belt))
    drift = (hips[-1] - hips[0]) / (time[-1] - time[0])
    apart = float(np.linalg.norm(carried[0] - carried[1]))
    if speed < 0.4 or apart > 0.3 * speed or float(np.linalg.norm(drift[[0, 2]])) > 0.4 * speed:
        return np.zeros(3)
    return belt


def _mode(velocities: Array) -> Array:
    """(3,) where velocities (M, 3) lie closest together, by mean shift from their median."""
    center: Array = np.median(velocities, axis=0)
    for width in (0.6, 0.3, 0.15, 0.15, 0.15):
        weight = np.exp(-0.5 * (np.linalg.norm(velocities - center, axis=1) / width) ** 2) + 1e-12
        center = weight @ velocities / weight.sum()
    return center


@dataclass(slots=True)
class _Airborne:
    """A stretch of the grid in which all of the foot moves; None for an end that was not seen."""

    peak: int
    """Where the heel is fastest."""
    off: float | None
    on: float | None
    leaves: bool
    """Whether it begins on the ground."""
    lands: bool
    """Whether it ends on the ground."""


def _swings(track: FootTrack) -> list[Swing]:
    """Swings of a foot; a foot that is held still in the air, or turns back in it, is in one swing all the time."""
    step = track.time[1] - track.time[0]
    stretches = _joined(track, _airborne(track), LEAST_STANCE_S / step)
    stances = [b.off - a.on for a, b in pairwise(stretches) if a.on is not None and b.off is not None]
    brief = LEAST_STANCE_SHARE * float(np.median(stances)) if stances else 0.0
    joined = _joined(track, stretches, brief, LEAST_SWING_S / step)
    swings = [_swing(track, stretch) for stretch in joined]
    return [swing for swing in swings if swing is not None]


def _joined(
    track: FootTrack, stretches: list[_Airborne], brief: float, shortest: float = 0.0
) -> list[_Airborne]:
    """The stretches with those joined between which the foot stands too briefly, or is in the air; grid steps."""
    joined: list[_Airborne] = []
    for following in stretches:
        last = joined[-1] if joined else None
        if last is not None and (
            _stands_between(last, following, shortest) < brief or not (last.lands or following.leaves)
        ):
            peak = max(last.peak, following.peak, key=lambda i: track.heel_speed[i])
            joined[-1] = _Airborne(peak, last.off, following.on, last.leaves, following.lands)
        else:
            joined.append(following)
    return joined


def _stands_between(first: _Airborne, second: _Airborne, shortest: float) -> float:
    """Grid steps for which a foot stands between two stretches; infinite beside one too short for a swing."""
    if first.on is None or second.off is None:
        return np.inf
    lengths = [a.on - a.off for a in (first, second) if a.on is not None and a.off is not None]
    return np.inf if lengths and min(lengths) < shortest else second.off - first.on


def _airborne(track: FootTrack) -> list[_Airborne]:
    """Stretches in which even the slowest point of the foot moves, found from their peaks."""
    usual = _usual_peak(track)
    stretches: list[_Airborne] = []
    for first, peak, end in _peaks(track, usual):
        level = CONTACT_SHARE * max(float(track.heel_speed[peak]), usual)
        if track.slowest[peak] < level or (stretches and peak < (stretches[-1].on or np.inf)):
            continue
        off, on = (_passage(track.slowest, peak, still, level) for still in (first - 1, end))
        leaves, lands = _leaves_and_lands(track, *_grid_span(track, off, on))
        stretches.append(_Airborne(peak, off, on, off is not None and leaves, on is not None and lands))
    return stretches


def _grid_span(track: FootTrack, off: float | None, on: float | None) -> tuple[int, int]:
    """The grid points on the ground before and after a stretch; the ends of the track where it has none."""
    return 0 if off is None else int(off), len(track.time) - 1 if on is None else int(on) + 1


def _leaves_and_lands(track: FootTrack, a: int, b: int) -> tuple[bool, bool]:
    """Whether a foot rose from the ground at grid point `a` and came down on it at `b`.

    A foot can be still in the air, at the top of a jump or of a leg that is held up; there it is higher than it is
    about that time, and does not come from above.
    """
    low, step = track.lowest, track.time[1] - track.time[0]
    reach, about = max(1, round(BEFORE_S / step)), round(ABOUT_S / step)
    near = [float(low[max(0, i - about) : i + about].min()) + NEAR_GROUND_M for i in (a, b)]
    leaves = low[a] < near[0] or float(low[a + 1 : min(b, a + reach) + 1].max()) > low[a] + DESCENT_M
    lands = low[b] < near[1] or float(low[max(a, b - reach) : b].max()) > low[b] + DESCENT_M
    return bool(leaves), bool(lands)


def _peaks(track: FootTrack, usual: float) -> list[tuple[int, int, int]]:
    """Times in which all of the foot moves: their first grid point, that of the fastest heel, and the next."""
    fast = track.slowest > CONTACT_SHARE * usual
    fastest = [(a, int(a + track.heel_speed[a:b].argmax()), b) for a, b in stretches_of(fast)]
    return [times for times in fastest if track.heel_speed[times[1]] > LEAST_SWING_M_S]


def _usual_peak(track: FootTrack) -> float:
    """Median of the peaks of the heel's speed, m/s."""
    apart = round(LEAST_CYCLE_S / (track.time[1] - track.time[0]))
    fastest = peaks(track.heel_speed, LEAST_SWING_M_S, apart)
    return float(np.median(track.heel_speed[fastest])) if len(fastest) else LEAST_SWING_M_S


def _passage(speed: Array, peak: int, still: int, level: float) -> float | None:
    """Place between grid points at which the speed last falls below a level, on the way from a peak to a still point.

    An estimate that stops for a moment in mid-swing has not come to the ground. None where the still point lies
    outside.
    """
    step = 1 if still > peak else -1
    path = speed[np.clip(np.arange(peak, still + step, step), 0, len(speed) - 1)]
    i = int(np.flatnonzero(path >= level)[-1]) + 1
    if i >= len(path):
        return None
    return peak + step * (i - 1 + float((path[i - 1] - level) / max(path[i - 1] - path[i], 1e-9)))


def _swing(track: FootTrack, airborne: _Airborne) -> Swing | None:
    """A stretch as a swing, if the foot got anywhere by it."""
    off, on = airborne.off, airborne.on
    step = track.time[1] - track.time[0]
    a, b = _grid_span(track, off, on)
    travel = track.points[b].mean(axis=0) - track.points[a].mean(axis=0)
    rise = float(track.lowest[a : b + 1].max() - max(track.lowest[a], track.lowest[b]))
    brief = off is not None and on is not None and (on - off) * step < LEAST_SWING_S
    still = float(np.hypot(travel[0], travel[2])) < LEAST_TRAVEL_M and rise < LEAST_RISE_M
    if brief or still or not (airborne.leaves or airborne.lands):
        return None
    toe_off, foot_strike = (
        None if end is None or not grounded else float(track.time[0] + end * step)
        for end, grounded in ((off, airborne.leaves), (on, airborne.lands))
    )
    return Swing(track.side, toe_off, foot_strike, travel)
