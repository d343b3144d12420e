"""Jumps made on the skeleton: dip, take-off, flight under gravity, landing; from the floor or down from a box.

Stance is solved with the feet where they stand, as in `procedural.py`; in the air the body turns from the posture
of take-off to that of landing, and its root flies a parabola between the two.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.chains import POSTURES
from tools.train_lifter.corpus import FRAME_RATE_HZ
from tools.train_lifter.postures import Foot, Key, Rng, arms
from tools.train_lifter.procedural import Planter, minimum_jerk, over_feet

Array = NDArray[np.float64]

GRAVITY = 9.81
KIND = "jump"


@dataclass(frozen=True)
class _Moment:
    """A key posture, where it stands, and how the body comes to it from the one before."""

    key: Key
    origin: Array
    heading: float
    seconds: float = 0.0
    """Duration of the way here on the feet; 0 at the start and after a flight."""
    profile: str = "human"
    """Course of the way here: human (minimum jerk), drive (ever faster) or brake (ever slower)."""
    rise_m: float | None = None
    """How high the body flies on the way here; None when the feet stay on the floor."""


def make_jumps(planter: Planter, rng: Rng, count: int) -> list[tuple[str, Array]]:
    """Kind and coordinates (T, n) at 30 Hz of some jumps."""
    plans = [_plan(rng) for _ in range(count)]
    moments = [m for plan in plans for m in plan]
    feet = np.array([_feet(planter, m) for m in moments])
    wishes = [planter.wish(m.key, rng, m.heading, m.origin) for m in moments]
    wishes = np.array([over_feet(planter, w, f) for w, f in zip(wishes, feet, strict=True)])
    balanced = np.array([float(m.key.balanced) for m in moments])
    posed = planter.solve(wishes, feet, balanced, 25)
    stood = planter.soles(posed)
    out, first = [], 0
    for plan in plans:
        keys = slice(first, first + len(plan))
        first += len(plan)
        out.append((KIND, _performed(planter, rng, plan, posed[keys], stood[keys])))
    return out


def _plan(rng: Rng) -> list[_Moment]:
    """Dip and jump one to three times, or drop from a box first."""
    heading, origin = float(rng.uniform(-np.pi, np.pi)), np.zeros(3)
    forward = np.array([np.cos(heading), 0.0, -np.sin(heading)])
    keys = _keys(rng)
    u = rng.uniform
    plan: list[_Moment] = []
    if rng.random() < 0.35:
        box = np.array([0.0, u(0.12, 0.5), 0.0])
        plan.append(_Moment(keys["stand"], box, heading))
        origin = forward * u(0.2, 0.6)
        plan.append(_Moment(keys["touch"], origin, heading, rise_m=u(0.01, 0.06)))
        plan.append(_Moment(keys["dip"], origin, heading, u(0.15, 0.35), "brake"))
    else:
        plan.append(_Moment(keys["stand"], origin, heading))
        plan.append(_Moment(keys["dip"], origin, heading, u(0.3, 0.9)))
    for _ in range(int(rng.integers(1, 4))):
        plan.append(_Moment(keys["off"], origin, heading, u(0.2, 0.4), "drive"))
        if rng.random() < 0.4:
            origin = origin + forward * u(-0.2, 1.0)
        plan.append(_Moment(keys["touch"], origin, heading, rise_m=u(0.04, 0.45)))
        plan.append(_Moment(keys["dip"], origin, heading, u(0.15, 0.4), "brake"))
    plan.append(_Moment(keys["stand"], origin, heading, u(0.4, 1.2)))
    return plan


def _keys(rng: Rng) -> dict[str, Key]:
    """Postures of one person's jumps: standing, dipped, at take-off and at touch-down."""
    u = rng.uniform
    width, outwards = u(0.12, 0.45), u(-5, 25)
    dip = POSTURES["squat"](rng)
    stand = POSTURES["stand"](rng)
    off = {
        "hip_flexion": u(0, 15),
        "knee_angle": u(0, 15),
        "ankle_angle": u(-40, -20),
        "pelvis_tilt": u(-12, 5),
    }
    touch = {
        "hip_flexion": u(10, 45),
        "knee_angle": u(8, 40),
        "ankle_angle": u(-30, 0),
        "pelvis_tilt": u(-20, 0),
    }
    keys = {
        "stand": stand, "dip": dip,
        "off": Key(KIND, stand.angles | off | arms(rng), {}, balanced=False),
        "touch": Key(KIND, stand.angles | touch | arms(rng), {}, balanced=False),
    }  # fmt: skip
    lift = {"stand": 0.0, "dip": 0.0, "off": u(30, 55), "touch": u(5, 40)}
    held = arms(rng) if rng.random() < 0.4 else {}
    return {
        name: replace(
            key,
            angles=key.angles | held,
            feet={s: Foot(0.0, width / 2, outwards, lift[name]) for s in "rl"},
        )
        for name, key in keys.items()
    }


def _feet(planter: Planter, moment: _Moment) -> Array:
    """(2, 4, 3) points under the feet."""
    places = [planter.place(k, moment.key.feet[s], moment.heading, moment.origin) for k, s in enumerate("rl")]
    return np.array(places)


def _performed(planter: Planter, rng: Rng, plan: list[_Moment], posed: Array, stood: Array) -> Array:
    """(T, n) the whole jump."""
    pieces = [posed[:1]]
    for i in range(1, len(plan)):
        moment = plan[i]
        if moment.rise_m is not None:
            pieces.append(_flight(planter, rng, posed[i - 1], posed[i], moment.rise_m))
            continue
        u = np.arange(1, max(2, round(moment.seconds * FRAME_RATE_HZ)) + 1)
        s = _course(u / u[-1], moment.profile)
        wishes = posed[i - 1] + s[:, None] * (posed[i] - posed[i - 1])
        feet = stood[i - 1] + s[:, None, None, None] * (stood[i] - stood[i - 1])
        pieces.append(planter.solve(wishes, feet, np.zeros(len(s)), 5))
    q = gaussian_filter1d(np.concatenate(pieces), 0.7, axis=0, mode="nearest")
    return np.clip(q, *planter.skeleton.bounds)


def _course(u: Array, profile: str) -> Array:
    if profile == "drive":
        return np.asarray(u**1.8)
    if profile == "brake":
        return np.asarray(1 - (1 - u) ** 1.8)
    return minimum_jerk(u)


def _flight(planter: Planter, rng: Rng, start: Array, end: Array, rise_m: float) -> Array:
    """(F, n) postures in the air, the last that of landing."""
    drop = start[4] - end[4]
    up = np.sqrt(2 * GRAVITY * rise_m)
    down = np.sqrt(2 * GRAVITY * max(rise_m + drop, 0.01))
    seconds = (up + down) / GRAVITY
    u = np.arange(1, max(2, round(seconds * FRAME_RATE_HZ)) + 1)
    u = u / u[-1]
    q = start + minimum_jerk(u)[:, None] * (end - start)
    q[:, 3:6] = start[3:6] + u[:, None] * (end[3:6] - start[3:6])
    q[:, 4] += GRAVITY / 2 * seconds**2 * u * (1 - u)
    tuck = np.sin(np.pi * u) * np.radians(rng.uniform(0, 70) if rng.random() < 0.35 else rng.uniform(0, 12))
    for side in "rl":
        q[:, planter.coordinates[f"hip_flexion_{side}"]] += 0.8 * tuck
        q[:, planter.coordinates[f"knee_angle_{side}"]] += tuck
    return q
