"""A stretch of a recording in which the pose is known in all frames, as the measures read it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from pase.analysis.angles import all_angles
from pase.analysis.body import SIDES, BodyMotion, Side
from pase.analysis.feet import Feet, Swing, follow_feet
from pase.findings import angle_key
from pase.types import Array

LEAST_FRAMES = 4
LONGEST_GAP_S = 0.5
"""Frames further apart than this do not follow each other."""
SAME_EVENT_S = 0.15
"""An event of a motion drawn from the posterior is the estimate's own within this time."""


@dataclass(frozen=True)
class Stretch:
    """Frames that follow each other, with the feet."""

    body: BodyMotion
    feet: Feet | None

    @property
    def time(self) -> Array:
        """(T,) seconds."""
        return self.body.time

    @property
    def angles(self) -> dict[str, Array]:
        """(T,) radians by key; see `pase.analysis.angles.all_angles`."""
        return all_angles(self.body)

    @cached_property
    def hips(self) -> Array | None:
        """(T, 3) midway between the hips, over the ground, metres."""
        hips = self.body.middle("hip")
        return None if hips is None else self.over_ground(hips)

    @cached_property
    def hip_height(self) -> Array | None:
        """(T,) height of the hips above the lower ankle, metres: a foot that is lifted does not lower the hips."""
        hips, ankles = self.body.middle("hip"), [self.body.joint("ankle", side) for side in SIDES]
        heights = [ankle[:, 1] for ankle in ankles if ankle is not None]
        return None if hips is None or len(heights) < 2 else hips[:, 1] - np.minimum(*heights)

    @cached_property
    def center(self) -> Array | None:
        """(T, 3) centre of mass over the ground."""
        center = self.body.center
        return None if center is None else self.over_ground(center)

    def over_ground(self, points: Array) -> Array:
        """Points (T, 3) in the world as places on the ground, which a treadmill's belt carries along."""
        if self.feet is None:
            return points
        moved: Array = points - self.feet.ground_velocity * (self.time - self.feet.span[0])[:, None]
        return moved

    def at(self, values: Array, moment: float) -> Array:
        """Values (T, ...) at a moment, linear between the frames."""
        flat = values.reshape(len(values), -1)
        out = np.array([np.interp(moment, self.time, column) for column in flat.T])
        return out.reshape(values.shape[1:])

    def angle_at(self, name: str, side: Side | None, moment: float) -> float:
        """An angle at a moment, degrees; NaN where the model does not have it."""
        values = self.angles.get(angle_key(name, side))
        return np.nan if values is None else float(np.degrees(self.at(values, moment)))

    def angle_between(self, name: str, side: Side | None, start: float, end: float) -> Array:
        """An angle in the frames from start to end, degrees; empty where the model does not have it."""
        values = self.angles.get(angle_key(name, side))
        if values is None:
            return np.zeros(0)
        return np.asarray(np.degrees(values[(self.time >= start) & (self.time <= end)]))

    def largest_angle(self, name: str, side: Side | None, start: float, end: float) -> float:
        """The largest value of an angle from start to end, degrees; NaN where it is known in no frame of them."""
        values = self.angle_between(name, side, start, end)
        values = values[np.isfinite(values)]
        return float(values.max()) if len(values) else np.nan

    def arm_from_plumb(self, side: Side, moment: float) -> float:
        """Angle between the line from shoulder to wrist and the vertical, degrees; NaN where it is not known."""
        joints = self.body.joints(side, "shoulder", "wrist")
        if joints is None:
            return np.nan
        arm = self.at(joints[1] - joints[0], moment)
        return float(np.degrees(np.arccos(-arm[1] / np.linalg.norm(arm))))

    def outline(self) -> Self:
        """The same without the person's segments and the paths of the feet: times and swings alone."""
        feet = None if self.feet is None else replace(self.feet, tracks=())
        return replace(self, body=BodyMotion(self.time, {}, {}), feet=feet)

    def retimed(self, feet: Feet | None) -> Self:
        """This stretch with the swings of another estimate, each at its own time in this one where it has it."""
        if feet is None or self.feet is None:
            return replace(self, feet=feet)
        swings = tuple(_retimed(swing, self.feet.swings_of(swing.side)) for swing in feet.swings)
        return replace(self, feet=replace(self.feet, swings=swings))


def stretches(body: BodyMotion) -> Iterator[Stretch]:
    """The stretches of a recording that have enough frames, in the order of time."""
    finite = np.flatnonzero(body.known)
    if not len(finite):
        return
    gaps = (np.diff(finite) > 1) | (np.diff(body.time[finite]) > LONGEST_GAP_S)
    for frames in np.split(finite, np.flatnonzero(gaps) + 1):
        if len(frames) >= LEAST_FRAMES:
            piece = body.slice(slice(int(frames[0]), int(frames[-1]) + 1))
            yield Stretch(piece, follow_feet(piece))


def _retimed(swing: Swing, swings: list[Swing]) -> Swing:
    """A swing with the ends of the same swing in another estimate; its own ends where that has none."""

    def nearest(moment: float | None, ends: list[float | None]) -> float | None:
        near = [
            end for end in ends if end is not None and moment is not None and abs(end - moment) < SAME_EVENT_S
        ]
        return min(near, key=lambda end: abs(end - (moment or 0.0))) if near else moment

    return replace(
        swing,
        toe_off=nearest(swing.toe_off, [swing.toe_off for swing in swings]),
        foot_strike=nearest(swing.foot_strike, [swing.foot_strike for swing in swings]),
    )
