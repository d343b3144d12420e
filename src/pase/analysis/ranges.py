"""Ranges of motion and reach: what can be measured of any movement."""

import numpy as np

from pase.analysis.angles import angle_of
from pase.analysis.body import SIDES, BodyMotion
from pase.analysis.measure import Key, Values
from pase.findings import AngleTable
from pase.types import Mask

LEAST_SURE_SHARE = 0.1
"""Extremes of an angle that was seen in fewer of the frames are not given."""
GROUND_WITHIN_M = 0.15
"""If a person is on the ground, the heels come at least this near to it."""
LEAST_UPRIGHT = 0.5
"""Cosine of the lean of the trunk from which somebody lies or is on the hands, and does not reach."""


def measure_ranges(table: AngleTable) -> Values:
    """Least and largest value, range and largest speed of every angle, in its sure frames only."""
    out: Values = {}
    for i, key in enumerate(table.keys):
        angle, side = angle_of(key)
        frames = table.sure[:, i] & np.isfinite(table.values[:, i])
        if frames.sum() < max(1.0, LEAST_SURE_SHARE * len(frames)) or angle.name == "pelvis_heading":
            continue
        column = table.values[frames, i]
        low, high = float(column.min()), float(column.max())
        ends = {"_min": low, "_max": high, "_range": high - low} if len(column) > 1 else {"_max": high}
        moving = np.abs(table.speed[frames, i])
        if np.isfinite(moving).any() and len(column) > 2:
            ends["_speed"] = float(np.nanmax(moving))
        out |= {Key(angle.name + ending, side or "", 0): value for ending, value in ends.items()}
    return out


def measure_reach(body: BodyMotion) -> Values:
    """How high and how far ahead of the ankles each wrist gets while the trunk is upright."""
    out: Values = {}
    upright, ankles, heading = _upright(body), body.middle("ankle"), body.heading
    for side in SIDES:
        wrist = body.joint("wrist", side)
        if wrist is None or not np.isfinite(wrist[upright]).any():
            continue
        if _on_the_ground(body, upright):
            out[Key("reach_height", side, 0)] = float(np.nanmax(wrist[upright, 1]))
        if ankles is not None and heading is not None:
            ahead = ((wrist - ankles) * heading)[upright].sum(axis=1)
            out[Key("reach_forward", side, 0)] = float(np.nanmax(ahead))
    return out


def _upright(body: BodyMotion) -> Mask:
    """(T,) frames in which the trunk is nearer to the vertical than lying; all of them where it is not known."""
    hips, shoulders = body.middle("hip"), body.middle("shoulder")
    if hips is None or shoulders is None:
        return np.ones(len(body), bool)
    trunk = shoulders - hips
    return np.asarray(trunk[:, 1] > LEAST_UPRIGHT * np.linalg.norm(trunk, axis=1))


def _on_the_ground(body: BodyMotion, frames: Mask) -> bool:
    """Whether feet were seen in the frames and come near the ground; else nobody knows how high it is there."""
    heels = [heel[frames, 1] for side in SIDES if (heel := body.joint("heel", side)) is not None]
    return len(heels) == len(SIDES) and abs(float(np.nanpercentile(np.minimum(*heels), 5))) < GROUND_WITHIN_M
