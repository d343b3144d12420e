"""Walking made on the skeleton: slow to brisk, straight ahead or turning, knees as straight at contact as people's.

The angles of hips, knees and ankles over a stride are those of healthy adults (Winter 1991, Perry 1992) at a few
phases, varied from walker to walker. The foot on the floor stays where it is and carries the body over it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.corpus import FRAME_RATE_HZ
from tools.train_lifter.exercises import pointing
from tools.train_lifter.neck_shares import shared_out
from tools.train_lifter.postures import BENDING_SHARE, TRUNK_SHARE, TURN_SHARE, Angles, Rng, arms, hanging_arm
from tools.train_lifter.procedural import Planter

Array = NDArray[np.float64]

KIND = "walk"
_PHASE = np.array([0.0, 0.08, 0.14, 0.30, 0.42, 0.52, 0.62, 0.73, 0.87, 0.95, 1.0])
"""Shares of a stride from one contact of a heel to its next; the foot leaves the floor at 0.62."""
_TOE_OFF = 0.62
_HIP = np.array([28, 27, 24, 8, -5, -11, -3, 16, 30, 29, 28.0])
_KNEE = np.array([3, 10, 15, 8, 5, 15, 41, 60, 25, 3, 3.0])
_ANKLE = np.array([0, -5, -2, 6, 10, 6, -13, -4, 1, 1, 0.0])
_TOES = np.array([5, 0, 0, 0, 5, 22, 18, 2, 4, 6, 5.0])
"""Angles in degrees at these phases; knees 3° over a goniometer's zero; toes are positive upwards."""
_BALANCING = 1 / 3
"""Share of the walkers who walk along a line or a beam."""


def make_walks(planter: Planter, rng: Rng, count: int) -> list[tuple[str, Array]]:
    """Kind and coordinates (T, n) at 30 Hz of some walks, a third of them along a line or a beam."""
    return [(KIND, _walk(planter, rng, int(rng.integers(120, 260)))) for _ in range(count)]


def _walk(planter: Planter, rng: Rng, frames: int) -> Array:
    """One walk: the phase of the right leg, the angles, then the path of the root over the feet."""
    pace = rng.uniform(0.25, 1.15)
    stride_s = np.clip(1.05 + 0.75 * (1 - pace) + rng.normal(0, 0.08), 0.9, 2.2)
    time = np.arange(frames) / FRAME_RATE_HZ
    rate = 1 / stride_s * (1 + 0.05 * np.sin(2 * np.pi * time / rng.uniform(3, 8) + rng.uniform(0, 6)))
    phase = rng.random() + np.cumsum(rate) / FRAME_RATE_HZ
    course = _still(rng, frames)
    _legs(course, rng, phase, pace)
    _upper_body(course, rng, phase, pace)
    if rng.random() < _BALANCING:
        _keep_balance(course, rng, frames)
    q = np.repeat(planter.skeleton.default_q[None], frames, 0)
    for name, i in planter.coordinates.items():
        if name in course:
            q[:, i] = np.radians(course[name])
    turn = rng.normal(0, 25) if rng.random() < 0.5 else 0.0
    q[:, 0] += rng.uniform(-np.pi, np.pi) + np.radians(turn) * time
    low, high = planter.skeleton.bounds
    return carried(planter, np.clip(q, low, high), phase)


def _still(rng: Rng, frames: int) -> dict[str, Array]:
    """Arms, neck and trunk that are held, as (T,) degrees."""
    held: Angles = arms(rng)
    if rng.random() < 0.75:
        held = {f"{name}_{s}": value for s in "rl" for name, value in hanging_arm(rng).items()}
    held |= {
        "neck_flexion": rng.normal(0, 10), "neck_rotation": rng.normal(0, 12),
        "L5_S1_Flex_Ext": -rng.normal(3, 6) / TRUNK_SHARE, "L5_S1_Lat_Bending": rng.normal(0, 2) / BENDING_SHARE,
    }  # fmt: skip
    return {name: np.full(frames, value) for name, value in shared_out(held).items()}


def _legs(course: dict[str, Array], rng: Rng, phase: Array, pace: float) -> None:
    """Hips, knees, ankles and pelvis; small steps swing the thigh less and bend the loaded knee less."""
    tilt = rng.normal(-2, 3)
    swing = (0.45 + 0.6 * pace) * rng.normal(1, 0.08)
    loading, lift = (
        np.clip(pace * rng.normal(1, 0.3), 0, 1.4),
        np.clip(rng.normal(0.75 + 0.3 * pace, 0.1), 0.5, 1.2),
    )
    knee = _KNEE.copy()
    knee[[1, 2, 3]] = knee[[0, 4, 4]] + loading * (knee[[1, 2, 3]] - knee[[0, 4, 4]])
    knee[6:9] *= lift
    crouch = abs(rng.normal(0, 8)) if rng.random() < 0.2 else 0.0
    lean = rng.normal(0, 2, 3)
    for k, s in enumerate("rl"):
        at = (phase + 0.5 * k + rng.normal(0, 0.01)) % 1.0
        bent, hip, ankle, toes = (
            _periodic(values, at) for values in (knee, swing * (_HIP - 9) + 2, _ANKLE, _TOES)
        )
        course[f"knee_angle_{s}"] = bent + lean[0] + crouch
        course[f"hip_flexion_{s}"] = hip + lean[1] - tilt + 0.6 * crouch
        course[f"ankle_angle_{s}"] = (0.6 + 0.4 * pace) * ankle + lean[2] + 0.4 * crouch
        course[f"mtp_angle_{s}"] = -toes * swing
        course[f"hip_adduction_{s}"] = rng.normal(-3, 2) + 4 * np.sin(2 * np.pi * at)
        course[f"hip_rotation_{s}"] = rng.normal(-5, 5) + 0 * at
    turn = 2 * np.pi * phase
    course["pelvis_tilt"] = tilt + rng.normal(0, 1) * np.sin(2 * turn)
    course["pelvis_list"] = rng.normal(0, 1.5) - 4 * pace * np.sin(turn)
    course["pelvis_rotation"] = rng.uniform(1, 7) * pace * np.cos(turn)


def _upper_body(course: dict[str, Array], rng: Rng, phase: Array, pace: float) -> None:
    """Arms that swing against the legs, and a trunk that turns against the pelvis."""
    amount = rng.uniform(2, 22) * pace * (rng.random() < 0.8)
    for s, sign in (("r", -1), ("l", 1)):
        swing = sign * np.cos(2 * np.pi * phase + rng.normal(0, 0.2))
        course[f"arm_elevation_{s}"] = course[f"arm_elevation_{s}"] + amount * swing
        course[f"elbow_flex_{s}"] = course[f"elbow_flex_{s}"] + 0.4 * amount * (1 + swing)
    course["L5_S1_axial_rotation"] = rng.normal(0, 2) / TURN_SHARE - course["pelvis_rotation"] / TURN_SHARE


def _keep_balance(course: dict[str, Array], rng: Rng, frames: int) -> None:
    """Feet in one line, pelvis and trunk swaying from side to side, arms out and moving, the head bowed."""

    def sway(spread: float) -> Array:
        noise = gaussian_filter1d(rng.normal(size=frames), rng.uniform(8, 18), mode="wrap")
        return np.asarray(spread * noise / noise.std())

    amount = rng.uniform(0.3, 1.5)
    lean = sway(6 * amount)
    course["pelvis_list"] = course["pelvis_list"] + lean
    bending = rng.uniform(-1, 0.5) * lean + sway(6 * amount)
    course["L5_S1_Lat_Bending"] = course["L5_S1_Lat_Bending"] + bending / BENDING_SHARE
    course["L5_S1_Flex_Ext"] = course["L5_S1_Flex_Ext"] - (rng.normal(5, 8) + sway(4 * amount)) / TRUNK_SHARE
    course["L5_S1_axial_rotation"] = course["L5_S1_axial_rotation"] + sway(6 * amount) / TURN_SHARE
    for name, angle in shared_out({"neck_flexion": rng.normal(-18, 12)}).items():
        course[name] = course[name] + angle
    for s, side in (("r", 1), ("l", -1)):
        arm = pointing(rng.uniform(10, 110), rng.normal(10, 25), abs(rng.normal(0, 35)), rng.normal(0, 30))
        course |= {f"{name}_{s}": angle + sway(14 * amount) for name, angle in arm.items()}
        course[f"hip_adduction_{s}"] = course[f"hip_adduction_{s}"] + rng.uniform(4, 9) - side * lean


def _periodic(values: Array, at: Array) -> Array:
    """A smooth stride through the values at `_PHASE`, at phases `at`."""
    closed = np.append(values[:-1], values[0])
    return np.asarray(CubicSpline(_PHASE, closed, bc_type="periodic")(at))


def carried(planter: Planter, q: Array, phase: Array) -> Array:
    """The motion with its root moved so that the foot that bears the weight stays where it is, on the floor."""
    at = (phase[:, None] + 0.5 * np.arange(2)) % 1.0
    bears = np.clip(np.minimum(at / 0.12, (_TOE_OFF - at) / 0.12), 1e-3, 1.0)
    soles = planter.soles(q) - q[:, None, None, 3:6]
    floor = (bears * soles[..., 1].min(2)).sum(1) / bears.sum(1)
    height = soles[..., 1] - soles[..., 1].min(2, keepdims=True)
    weight = bears[..., None] * np.exp(-height / 0.008)
    weight = np.sqrt(weight[1:] * weight[:-1])[..., None]
    step = -(weight * np.diff(soles, axis=0)).sum((1, 2)) / weight.sum((1, 2))
    q = q.copy()
    for axis in (3, 5):
        q[:, axis] = gaussian_filter1d(np.cumsum(np.append(0.0, step[:, axis - 3])), 2.0, mode="nearest")
    q[:, 4] = gaussian_filter1d(-floor, 1.0, mode="nearest")
    return q
