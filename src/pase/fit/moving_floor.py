"""A floor that moves under the person: a treadmill's belt, or the ground as a travelling camera sees it.

In the world that a camera carries with it the ground moves backwards as the camera goes forwards. Both are found
from the feet: in stance the lowest points of a foot move with the floor. They are looked at in a motion that was
solved without a floor, which would hold them where they are.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from pase.anatomy.pedals import on_pedals
from pase.camera.motion import CameraMotion
from pase.fit.floor_velocity import FloorPath, stepped
from pase.fit.posture import ROOT_ROTATION, ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.trial import Trial
from pase.series import evenly_spread
from pase.types import Array, Indices, Mask

LEAST_SPEED_M_S = 0.3
"""A slower belt cannot be distinguished from feet that slip in the estimate."""

_POINTS_OF_A_STEP = 6.0
"""Points of one foot in neighbouring frames, which are wrong alike."""
LEAST_AGREEMENT = {"still": 0.75, "turning": 0.5}
"""Where less of the background than this moves together while the feet go back, the camera travels:
the ground streams by. Before a treadmill everything but the belt stands still; a camera that turns loses a third of
the points anyway (real pans keep 66 to 71 %, a runner's streaming ground 55 % and less)."""
_LOW_M = 0.06
"""A point this far above the lowest one is about as likely lifted as not."""
_STEP_M_S = 0.25
"""Scatter of a foot's velocity in stance about the floor's, from the detector's noise."""
_ALIKE_M_S = 0.5
"""Samples within this distance of the floor's velocity are taken to be of feet in stance."""
_CLEARER = 2.0
"""The floor is taken to move when this many times as many steps move with it as stand still."""
_SURE = 5.0
"""Least speed of a belt in its standard deviations."""
_STAYS = 0.35
"""On a treadmill the pelvis moves by less than this share of the belt's way."""
_SPAN_S = 0.1
"""Velocities are measured between places this far apart in time: over less the detector's noise hides them."""
_LONGEST_STEP_S = 0.16
_ROUNDS = 30
_FEWEST = 6
_STEPS = 3
"""Steps in which the floor is solved together with everything else."""
_SMOOTHING_S = 0.5
"""Time over which a travelling camera's velocity changes."""


@dataclass(frozen=True)
class StanceVelocities:
    """How the lowest points under the feet move."""

    time: Array
    """(S,) seconds."""
    velocity: Array
    """(S, 2) m/s along X and Z."""
    weight: Array
    """(S,) probability, from its height alone, that it is a foot in stance."""


@dataclass(frozen=True)
class FloorMotion:
    """The velocity of the floor."""

    velocity: Array
    """(2,) m/s along X and Z."""
    sigma: float
    """Its standard deviation along each axis, m/s."""
    share: float
    """Share of the steps that move with it."""

    @property
    def speed(self) -> float:
        """m/s"""
        return float(np.linalg.norm(self.velocity))


def stance_velocities(soles: Array, visible: Mask, time: Array) -> StanceVelocities:
    """Velocities of the lowest points under the feet, from frame to frame.

    Parameters
    ----------
    soles
        (T, S, 3) points under both feet in the world, metres.
    visible
        (T, S) whether the foot was seen.
    time
        (T,) seconds.
    """
    apart = max(1, round(_SPAN_S / max(float(np.median(np.diff(time))), 1e-6))) if len(time) > 1 else 1
    height, step = soles[..., 1], time[apart:] - time[:-apart]
    floor = np.percentile(height.min(1), 10)
    low = 1.0 / (1.0 + (np.maximum(height - floor, 0.0) / _LOW_M) ** 4) * visible
    usable = (step > 0) & (step < _LONGEST_STEP_S)
    pairs = low[apart:] * low[:-apart] * usable[:, None]
    flat = soles[..., [0, 2]]
    velocity = (flat[apart:] - flat[:-apart]) / np.maximum(step, 1e-6)[:, None, None]
    middle = np.broadcast_to(0.5 * (time[apart:] + time[:-apart])[:, None], pairs.shape)
    counts = pairs > 0.05
    return StanceVelocities(middle[counts], velocity[counts], pairs[counts])


def belt_motion(steps: StanceVelocities, pelvis: Array, time: Array) -> FloorMotion | None:
    """The velocity of a treadmill's belt; None where the floor stands still or nobody walks on it.

    Parameters
    ----------
    pelvis
        (T, 2) where the pelvis is along X and Z, metres.
    time
        (T,) seconds.
    """
    if steps.weight.sum() < _FEWEST or time[-1] - time[0] <= 0:
        return None
    floor_motion = _common_velocity(steps)
    still = _support(steps, np.zeros(2))
    if floor_motion.speed < LEAST_SPEED_M_S or floor_motion.share < _CLEARER * still:
        return None
    drift = np.linalg.norm(np.polyfit(time - time[0], pelvis, 1)[0])
    return floor_motion if drift < _STAYS * floor_motion.speed else None


def ground_motion(steps: StanceVelocities, time: Array) -> tuple[Array, Array]:
    """The velocity (T, 2) of the ground at times (T,) as a travelling camera sees it, and its deviation (T,).

    Between steps, and in the flight of a run, it is interpolated from the steps before and after.
    """
    if steps.weight.sum() < _FEWEST:
        return np.zeros((len(time), 2)), np.full(len(time), np.inf)
    common = _common_velocity(steps)
    velocity, sigma = np.tile(common.velocity, (len(time), 1)), np.full(len(time), common.sigma)
    for _ in range(3):
        at_steps = np.stack([np.interp(steps.time, time, velocity[:, k]) for k in range(2)], axis=1)
        off = np.square(steps.velocity - at_steps).sum(1)
        alike = steps.weight / np.square(1 + off / _ALIKE_M_S**2)
        near = np.exp(-0.5 * np.square((time[:, None] - steps.time) / _SMOOTHING_S)) * alike
        # A little of the common velocity keeps times without steps at it.
        total = near.sum(1) + 0.5
        velocity = (near @ steps.velocity + 0.5 * common.velocity) / total[:, None]
        sigma = _STEP_M_S / np.sqrt(total)
    return velocity, sigma


def _support(steps: StanceVelocities, velocity: Array) -> float:
    """Share of the steps that move with a velocity."""
    off = np.square(steps.velocity - velocity).sum(1)
    return float((steps.weight * np.exp(-0.5 * off / _STEP_M_S**2)).sum() / steps.weight.sum())


def _common_velocity(steps: StanceVelocities) -> FloorMotion:
    """The velocity about which most samples lie (mean shift from several starts), and how sure it is."""
    order = np.argsort(steps.velocity[:, 0])
    picks = order[evenly_spread(len(order), 25)]
    best = np.zeros(2)
    for start in (np.zeros(2), *steps.velocity[picks]):
        velocity = start
        for _ in range(_ROUNDS):
            near = steps.weight * np.exp(-0.5 * np.square(steps.velocity - velocity).sum(1) / _STEP_M_S**2)
            if near.sum() < 1e-9:
                break
            velocity = near @ steps.velocity / near.sum()
        if _support(steps, velocity) > _support(steps, best):
            best = velocity
    near = steps.weight * (np.linalg.norm(steps.velocity - best, axis=1) < _ALIKE_M_S)
    mean = near @ steps.velocity / max(float(near.sum()), 1e-9)
    spread = np.sqrt(
        (near[:, None] * np.square(steps.velocity - mean)).sum() / max(2 * float(near.sum()), 1e-9)
    )
    independent = max(float(near.sum()) / _POINTS_OF_A_STEP, 1.0)
    return FloorMotion(mean, float(spread / np.sqrt(independent)), float(_support(steps, best)))


@dataclass(frozen=True)
class MovingFloor:
    """The motion of the floor in the estimator's world."""

    path: FloorPath
    carried: bool
    """True if the camera travels over a ground that stands still; False for a treadmill."""
    by_user: bool = False

    @property
    def is_unsure(self) -> bool:
        """Whether it is a belt that may as well stand still, as under somebody whose feet are half hidden."""
        speed, sigma = self.path.mean_speed
        return not (self.carried or self.by_user) and speed < _SURE * sigma

    def refined(self, trial: Trial[Any], frames: Indices, state: State) -> tuple[Self, State]:
        """The floor solved together with everything else, from a motion (of `frames`) that was solved for it."""
        floor = self
        for _ in range(0 if self.by_user else _STEPS):
            on_floor = replace(trial, floor_shift=floor.path.shift)
            problem = on_floor.problem(frames, on_floor.contacts(frames, state))
            path, state = stepped(problem, state, floor.path, frames)
            floor = replace(floor, path=path)
        return floor, state


def feet_slide(trial: Trial[Any], frames: Indices, loose: State) -> bool:
    """Whether the feet in stance move alike over the floor, in a motion (of `frames`) solved without any."""
    if not trial.subject.floor or len(frames) < 3:
        return False
    steps = stance_velocities(trial.soles(loose), trial.feet_visible(frames), trial.time[frames])
    if steps.weight.sum() < _FEWEST:
        return False
    common = _common_velocity(steps)
    return common.speed > LEAST_SPEED_M_S and common.share > _CLEARER * _support(steps, np.zeros(2))


def find_moving_floor(
    trial: Trial[Any], frames: Indices, loose: State, belt: str, motion: CameraMotion | None
) -> MovingFloor | None:
    """The moving floor under a motion that was solved without any floor; None where the floor stands still.

    Parameters
    ----------
    frames, loose
        (F,) frames in which the motion was solved, and its state in them.
    belt
        `auto`, `off`, or the speed of a treadmill in m/s.
    motion
        How the camera moved: one that travels is carried along.
    """
    travels = motion is not None and motion.kind == "travelling"
    if not trial.subject.floor or len(frames) < 3 or (belt == "off" and not travels):
        return None
    time, skeleton = trial.time, trial.subject.model.skeleton
    soles = trial.soles(loose)
    steps = stance_velocities(soles, trial.feet_visible(frames), time[frames])
    if travels:
        return MovingFloor(FloorPath.changing(time, *ground_motion(steps, time)), carried=True)
    columns = [skeleton.coordinate_index(ROOT_TRANSLATION[axis]) for axis in (0, 2)]
    pedals = on_pedals(soles.reshape(len(soles), 2, -1, 3).mean(2))
    floor_motion = None if pedals else belt_motion(steps, loose.q[:, columns], time[frames])
    if belt != "auto":
        heading = loose.q[:, skeleton.coordinate_index(ROOT_ROTATION[0])]
        backwards = -np.array([np.cos(heading).mean(), -np.sin(heading).mean()])
        direction = backwards if floor_motion is None else floor_motion.velocity
        velocity = float(belt) * direction / max(float(np.linalg.norm(direction)), 1e-9)
        floor_motion = FloorMotion(velocity, 0.0, 1.0)
    if floor_motion is None:
        return None
    path = FloorPath.steady(time, floor_motion.velocity, floor_motion.sigma)
    carried = belt == "auto" and motion is not None and motion.agreement < LEAST_AGREEMENT[motion.kind]
    return MovingFloor(path, carried, by_user=belt != "auto")
