"""Motions with known answers, made by hand."""

import numpy as np
from numpy.typing import NDArray

from pase.analysis.body import BodyMotion
from pase.anatomy.default import default_skeleton
from pase.data import Motion

Array = NDArray[np.float64]

LEG_M, TOE_M = 0.85, 0.18


def smooth_step(share: Array) -> Array:
    """From 0 to 1 with velocity and acceleration zero at both ends."""
    x = np.clip(share, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x**2)


def foot(time: Array, stances: list[tuple[float, float, float]], z: float, lift_m: float) -> Array:
    """(T, 3) of a point that stands at x during each stance (start, end, x) and swings between them."""
    place = np.zeros((len(time), 3))
    place[:, 2] = z
    place[:, 0] = stances[0][2]
    for (_, off, before), (on, _, after) in zip(stances[:-1], stances[1:], strict=True):
        share = (time - off) / (on - off)
        place[:, 0] = np.where(time >= off, before + (after - before) * swing_share(share), place[:, 0])
        inside = (share > 0) & (share < 1)
        place[inside, 1] = lift_m * np.sin(np.pi * share[inside]) ** 2
    return place


def swing_share(share: Array) -> Array:
    """From 0 to 1, leaving and arriving fast, as a foot does."""
    x = np.clip(share, 0, 1)
    return np.asarray(x**2 * (3 - 2 * x))


def gait(
    *, speed: float, stride_s: float, stance_s: float, width_m: float, rate_hz: float, seconds: float,
    lift_m: float = 0.12, backward: bool = False, belt: bool = False, left_after_s: float | None = None,
    left_stance_s: float | None = None,
) -> BodyMotion:  # fmt: skip
    """Somebody who walks or runs along X with feet that stand still on the ground; left is half a stride later.

    Right foot strikes are at 0.2, 0.2 + stride, … seconds; on a `belt` the body stays and the ground moves.
    """
    time = np.arange(0, seconds, 1 / rate_hz)
    sign = -1.0 if backward else 1.0
    origin = {}
    after = stride_s / 2 if left_after_s is None else left_after_s
    for side, delay, z, stance in (
        ("r", 0.0, width_m / 2, stance_s), ("l", after, -width_m / 2, left_stance_s or stance_s),
    ):  # fmt: skip
        starts = np.arange(0.2 + delay - 2 * stride_s, seconds + 2 * stride_s, stride_s)
        stances = [(s, s + stance, sign * speed * (s + stance / 2)) for s in starts]
        heel = foot(time, stances, z, lift_m)
        origin |= {
            f"calcn_{side}": heel,
            f"toes_{side}": heel + [TOE_M, 0, 0],
            f"talus_{side}": heel + [0.05, 0.07, 0],
        }
        hip = np.stack([sign * speed * time, np.full_like(time, 0.92), np.full_like(time, z)], axis=1)
        origin |= {f"femur_{side}": hip, f"tibia_{side}": hip - [0, 0.43, 0]}
    if belt:
        back = np.stack([-sign * speed * time, 0 * time, 0 * time], axis=1)
        origin = {name: place + back for name, place in origin.items()}
    still = np.broadcast_to(np.eye(3), (len(time), 3, 3))
    rotation = {name: still for name in [*origin, "pelvis", "torso"]}
    pelvis = 0.5 * (origin["femur_r"] + origin["femur_l"])
    return BodyMotion(time, rotation, {**origin, "pelvis": pelvis, "torso": pelvis + [0, 0.2, 0]})


def jump(*, height_m: float, rate_hz: float) -> BodyMotion:
    """One jump from straight legs: in the air from 1 s on, as a body in free fall is."""
    flight = np.sqrt(8 * height_m / 9.81)
    time = np.arange(0, 2 + flight, 1 / rate_hz)
    since = np.clip(time - 1, 0, flight)
    up = 9.81 * flight / 2 * since - 9.81 / 2 * since**2
    rise = np.stack([0 * time, up, 0 * time], axis=1)
    origin = {}
    for side, z in (("r", 0.1), ("l", -0.1)):
        for name, place in (
            ("femur", [0, 0.92, z]), ("tibia", [0, 0.5, z]), ("talus", [0, 0.08, z]), ("calcn", [-0.05, 0.01, z]),
            ("toes", [0.13, 0.01, z]),
        ):  # fmt: skip
            origin[f"{name}_{side}"] = rise + place
    still = np.broadcast_to(np.eye(3), (len(time), 3, 3))
    names = [*origin, "pelvis", "torso"]
    center = rise + [0, 1.0, 0]
    return BodyMotion(time, {n: still for n in names}, {**origin, "pelvis": center, "torso": center}, center)


def posed(time: Array, **degrees: Array | float) -> Motion:
    """A motion of the default skeleton with some coordinates given in degrees, others at rest; no error bars."""
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (len(time), 1))
    for name, values in degrees.items():
        q[:, skeleton.coordinate_index(name)] = np.radians(values)
    return Motion(skeleton, q, np.full_like(q, np.nan), time)


def squats(
    depths_deg: list[float], *, rate_hz: float = 60.0, period_s: float = 2.5, pause_s: float = 0.5
) -> Motion:
    """Squats to some knee flexions, each down and up in `period_s`, with the feet under the body."""
    time = np.arange(0, pause_s + len(depths_deg) * (period_s + pause_s), 1 / rate_hz)
    knee = np.zeros_like(time)
    for i, depth in enumerate(depths_deg):
        share = np.clip((time - pause_s - i * (period_s + pause_s)) / period_s, 0, 1)
        knee += depth * np.sin(np.pi * share) ** 2
    legs = {
        f"{name}_{side}": gain * knee
        for side in "rl"
        for name, gain in (("knee_angle", 1.0), ("hip_flexion", 0.9), ("ankle_angle", 0.3))
    }
    motion = posed(time, pelvis_tilt=-0.3 * knee, **legs)
    # The feet stay where they are: the pelvis goes where the left and right ankle ask for.
    body = BodyMotion.of(motion)
    ankle = body.middle("ankle")
    assert ankle is not None
    for axis, name in enumerate(("pelvis_tx", "pelvis_ty", "pelvis_tz")):
        motion.q[:, motion.skeleton.coordinate_index(name)] += ankle[0, axis] - ankle[:, axis]
    return motion
