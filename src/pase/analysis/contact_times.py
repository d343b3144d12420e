"""Moments of contact of a gait, from where the foot turns about beside the body.

The moment at which a foot is farthest ahead of the hips (foot strike), or behind them (toe-off), is where its speed
passes that of the body, on the steepest part of its way: noise and smoothing hardly move it, while the moment at
which the foot stands still in an estimate of a film comes some 50 ms late. The foot comes down after it has turned
about, and leaves the ground before: by a share of the stride that force plates tell (Zeni et al. 2008 give the
moments themselves; the shares were set on force plates, 39 foot strikes in walking and 14 in running of five people).
A foot strike, and a runner's toe-off, is between that moment and the one at which the foot begins or ends to stand
still: each errs where the other does not. In walking the toe rolls off too slowly for the second.
"""

from dataclasses import replace

import numpy as np

from pase.analysis.feet import FootTrack, Swing
from pase.analysis.stretch import Stretch
from pase.series import smoothed, spline
from pase.types import Array

STRIKE_AFTER = 0.035
"""Foot strike after the foot was farthest ahead, as a share of the stride; longer (10 %) in a sprint."""
TOE_OFF_BEFORE = {False: 0.015, True: 0.11}
"""Toe-off before the foot is farthest behind, as a share of the stride, in walking and in running."""
STRIKE_STILL, TOE_OFF_STILL = 1 / 3, {False: 0.0, True: 0.5}
"""Weight of the moment at which the foot begins or ends to stand still."""
USUAL_STRIDE_S = {False: 1.1, True: 0.72}
WITHIN_S = 0.12
"""The turn lies so near to the moment at which the foot begins or ends to stand still."""
SMOOTHING_S = 0.015


def at_turns(stretch: Stretch, swings: list[Swing], running: bool) -> list[Swing]:
    """The swings of a bout with their ends where the foot turns about, in the order of time.

    Parameters
    ----------
    stretch
        The frames around.
    swings
        Swings whose ends are those of standing still.
    """
    feet, hips = stretch.feet, stretch.hips
    assert feet is not None and hips is not None
    stride = _usual_stride(swings, running)
    out = []
    for swing in swings:
        track = feet.track(swing.side)
        ahead = _ahead(stretch, track, hips)
        toe_off, strike = swing.toe_off, swing.foot_strike
        middle = swing.middle if len(swing.ends) == 2 else None
        if strike is not None:
            turn = _turn(track.time, ahead[0], middle or strike - 2 * WITHIN_S, strike + WITHIN_S)
            after = None if turn is None else turn + STRIKE_AFTER * stride
            strike = strike if after is None else _weighted(after, strike, STRIKE_STILL)
        if toe_off is not None:
            turn = _turn(track.time, -ahead[1], toe_off - WITHIN_S, middle or toe_off + 2 * WITHIN_S)
            before = None if turn is None else turn - TOE_OFF_BEFORE[running] * stride
            toe_off = toe_off if before is None else _weighted(before, toe_off, TOE_OFF_STILL[running])
        if strike is not None and toe_off is not None and toe_off < track.time[0]:
            toe_off = None  # before the recording
        out.append(replace(swing, toe_off=toe_off, foot_strike=strike))
    return sorted(out, key=lambda phase: phase.middle)


def _weighted(turned: float, still: float, share: float) -> float:
    return (1 - share) * turned + share * still


def _usual_stride(swings: list[Swing], running: bool) -> float:
    """Median time from toe-off to toe-off, or strike to strike, of the same foot, seconds."""
    times = []
    for side in ("right", "left"):
        of_side = [swing for swing in swings if swing.side == side]
        for ends in ([s.toe_off for s in of_side], [s.foot_strike for s in of_side]):
            times += [
                b - a for a, b in zip(ends[:-1], ends[1:], strict=True) if a is not None and b is not None
            ]
    return float(np.median(times)) if times else USUAL_STRIDE_S[running]


def _ahead(stretch: Stretch, track: FootTrack, hips: Array) -> tuple[Array, Array]:
    """(N,) how far heel and toe are ahead of the hips along the way of these, metres."""
    center = spline(stretch.time, hips, track.time)
    step = track.time[1] - track.time[0]
    # Averaged over a whole stride, the sway of the hips from side to side cancels.
    way = np.gradient(smoothed(center, 0.3 / step), step, axis=0) * np.array([1.0, 0.0, 1.0])
    unit = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    heel, toe = (
        ((smoothed(track.points[:, i], SMOOTHING_S / step) - center) * unit).sum(axis=1) for i in (0, 2)
    )
    return heel, toe


def _turn(time: Array, ahead: Array, start: float, end: float) -> float | None:
    """The moment between start and end at which a value is largest; None where the maximum is at an end."""
    inside = np.flatnonzero((time >= start) & (time <= end))
    if len(inside) < 3:
        return None
    i = int(inside[ahead[inside].argmax()])
    if i in (inside[0], inside[-1]):
        return None
    a, b, c = ahead[i - 1 : i + 2]
    bend = a - 2 * b + c
    return float(time[i] + (0.5 * (a - c) / bend if bend < 0 else 0.0) * (time[1] - time[0]))
