"""Walks and runs made on the skeleton, with foot strikes, toe-offs and footprints as they were chosen.

Each foot strikes with the heel (or, running, nearly flat), rolls over heel, sole, ball and toe without sliding, and
swings; the joints follow by least squares from usual angles over the stride (Winter 1991; Novacheck 1998). The share
of stance falls with speed as in Perry & Burnfield (2010) and Novacheck (1998); heels come down with 0.27 of the speed
forwards and 0.22 downwards, as 28 did on force plates (public motion of a lab, 1.3-1.4 m/s); those of runners, and
their toes, move about the contacts as ten did (two runners, 2 and 3 m/s).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline
from tools.train_lifter.postures import TRUNK_SHARE

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.fit.problem import sole_landmarks

Array = NDArray[np.float64]

WALKING = {
    "hip_flexion": {0: 30, 10: 27, 25: 14, 40: -2, 50: -10, 60: -3, 70: 16, 80: 28, 90: 32},
    "knee_angle": {0: 5, 12: 18, 25: 12, 40: 6, 50: 13, 60: 38, 72: 62, 82: 44, 92: 12},
    "ankle_angle": {0: 0, 6: -6, 20: 4, 40: 10, 48: 9, 55: -3, 62: -16, 75: -3, 86: 2},
}
RUNNING = {
    "hip_flexion": {0: 36, 12: 28, 25: 6, 33: -7, 42: -4, 60: 28, 75: 46, 90: 42},
    "knee_angle": {0: 14, 12: 40, 24: 26, 32: 20, 45: 60, 60: 96, 75: 72, 90: 24},
    "ankle_angle": {0: 6, 14: 24, 23: 8, 32: -20, 45: -10, 62: 0, 85: 4},
}
"""Usual angles in degrees by percent of the stride from foot strike."""

SPREAD_DEG = {
    "hip_flexion": 10.0, "knee_angle": 8.0, "ankle_angle": 12.0, "hip_adduction": 5.0, "hip_rotation": 8.0,
    "subtalar_angle": 8.0, "mtp_angle": 30.0, "pelvis_tx": 0.6, "pelvis_ty": 6.0, "pelvis_tz": 0.6,
}  # fmt: skip
"""How far the solution may stray from the usual angles; lengths in units of 17 mm."""
SOLE_M = 0.002
OUTWARDS_DEG = 7.0
HEEL_BEHIND_M = 0.19
"""In the middle of the stance the heel is so far behind the pelvis, whose origin is 7 cm ahead of the hips."""


@dataclass(frozen=True)
class Gait:
    """How somebody goes."""

    speed: float
    """m/s, along X."""
    cadence: float
    """Steps a minute."""
    width_m: float = 0.10
    """Between the heels, across the way."""
    unevenness_m: float = 0.0
    """A right step is so much longer, and a left one so much shorter, than their mean."""
    running: bool = False

    @property
    def stride_s(self) -> float:
        """From foot strike to foot strike."""
        return 120.0 / self.cadence

    @property
    def stance_share(self) -> float:
        """Share of the stride in which a foot is on the ground."""
        return 0.44 - 0.04 * self.speed if self.running else 0.70 - 0.065 * self.speed

    def strikes(self, side: str, seconds: float) -> Array:
        """Foot strikes in a recording of so many seconds, and those around it; the right foot begins at 0.2 s."""
        first = 0.2 + (0.0 if side == "right" else 0.5 * self.stride_s) - 3 * self.stride_s
        return np.arange(first, seconds + 3 * self.stride_s, self.stride_s)

    def toe_offs(self, side: str, seconds: float) -> Array:
        """Toe-offs, as `strikes`."""
        return self.strikes(side, seconds) + self.stance_share * self.stride_s


class Walker:
    """A person of some size who can be made to go.

    Parameters
    ----------
    scale
        (B, 3) scale factors of the default skeleton.
    """

    def __init__(self, scale: Array) -> None:
        self.skeleton = default_skeleton().scaled(scale)
        self._soles = Kinematics(self.skeleton, sole_landmarks())
        rest = self._soles.positions(self.skeleton.default_q[None])[0].reshape(2, 4, 3)
        ball = rest[:, 1:3].mean(1)
        self._heel = (ball - rest[:, 0])[:, 0]
        self._toe = (rest[:, 3] - ball)[:, 0]
        self._half = 0.5 * np.abs(rest[:, 2, 2] - rest[:, 1, 2])

    def go(self, gait: Gait, seconds: float, rate_hz: float, lean_deg: float = 7.0) -> tuple[Array, Array]:
        """Times (T,) and coordinates (T, n) in metres and radians."""
        time = np.arange(round(seconds * rate_hz)) / rate_hz
        feet = np.stack([self._foot(gait, side, time) for side in (0, 1)], axis=1)
        wish = self._wish(gait, time, lean_deg)
        names = self.skeleton.free_names
        spread = np.array(
            [np.radians(SPREAD_DEG.get(n.removesuffix("_r").removesuffix("_l"), 0.6)) for n in names]
        )
        q = self._solve(wish, spread, feet)
        height = names.index("pelvis_ty")
        swing = np.cos(4 * np.pi * ((time - 0.2) / gait.stride_s - 0.5 * gait.stance_share))
        rise = -0.04 if gait.running else 0.012 + 0.008 * gait.speed
        # Left to the legs alone the hips would fall onto each stiff leg as a compass does.
        wish[:, height] = q[:, height].mean() + rise * swing
        spread[height] = 0.012
        return time, self._solve(wish, spread, feet)

    def _solve(self, wish: Array, spread: Array, feet: Array) -> Array:
        """Coordinates near the wished ones with the soles (T, 2, 4, 3) where they shall be."""
        q, prior = wish.copy(), np.diag(spread**-2.0)
        low, high = self.skeleton.bounds
        for _ in range(12):
            at = self._soles.jacobian(q)
            J = at.dq.reshape(len(q), -1, q.shape[1]) / SOLE_M
            gap = (feet.reshape(at.position.shape) - at.position).reshape(len(q), -1) / SOLE_M
            Jt = J.transpose(0, 2, 1)
            right = (Jt @ gap[..., None])[..., 0] + (wish - q) / spread**2
            step = np.linalg.solve(Jt @ J + prior, right[..., None])[..., 0]
            q = np.clip(q + np.clip(step, -0.3, 0.3), low, high)
        return q

    def _wish(self, gait: Gait, time: Array, lean_deg: float) -> Array:
        names = self.skeleton.free_names
        wish = np.tile(self.skeleton.default_q, (len(time), 1))
        phase = (time - 0.2) / gait.stride_s
        stretch = 1.0 if gait.running else np.clip(gait.speed * gait.stride_s / 1.4, 0.5, 1.3)

        def put(name: str, degrees: Array | float) -> None:
            wish[:, names.index(name)] = np.radians(degrees)

        for side, delay in (("r", 0.0), ("l", 0.5)):
            for name, course in (RUNNING if gait.running else WALKING).items():
                gain = stretch if name == "hip_flexion" else 1.0
                put(f"{name}_{side}", gain * _periodic(course, phase - delay))
            swing = -np.cos(2 * np.pi * (phase - delay)) * (25 if gait.running else 16)
            put(f"arm_elevation_{side}", 4 + swing)
            put(f"arm_crossing_{side}", -3.0)
            put(f"elbow_flex_{side}", (85 if gait.running else 22) + 0.4 * swing)
            put(f"pro_sup_{side}", 90.0)
        turn = 5 * np.cos(2 * np.pi * phase)
        put("pelvis_rotation", turn)
        put("L5_S1_axial_rotation", -1.6 * turn / TRUNK_SHARE)
        put("pelvis_list", -4 * np.sin(2 * np.pi * phase))
        put("pelvis_tilt", 2.0)
        put("L5_S1_Flex_Ext", -(lean_deg + 2.0) / TRUNK_SHARE)
        wish[:, names.index("pelvis_tx")] += gait.speed * (time - 0.2) - 0.04
        wish[:, names.index("pelvis_tz")] += 0.02 * np.sin(2 * np.pi * phase)
        return wish

    def _foot(self, gait: Gait, side: int, time: Array) -> Array:
        """(T, 4, 3) points under a foot: heel, inner and outer ball, toe."""
        name = ("right", "left")[side]
        sign = 1.0 if side == 0 else -1.0
        heel, toe, stance = self._heel[side], self._toe[side], gait.stance_share * gait.stride_s
        out = np.empty((len(time), 4, 3))
        seconds = float(time[-1])
        for strike in gait.strikes(name, seconds):
            place = (
                gait.speed * (strike - 0.2 + 0.5 * stance) - HEEL_BEHIND_M + sign * 0.5 * gait.unevenness_m
            )
            since = time - strike + 1e-9
            on = (since >= 0) & (since < stance)
            out[on] = self._points(side, *_stance(gait, since[on] / stance, place, heel, toe))
            air = (since >= stance) & (since < gait.stride_s)
            if air.any():
                next_place = place + gait.speed * gait.stride_s
                share = (since[air] - stance) / (gait.stride_s - stance)
                out[air] = self._points(side, *_swing(gait, share, place, next_place, heel, toe))
        out[..., 2] += sign * 0.5 * gait.width_m
        return out

    def _points(self, side: int, ball: Array, pitch: Array, toe_pitch: Array) -> Array:
        """Points from the place of the ball (T, 2), and how much foot and toes point up (T,), radians."""
        sign = 1.0 if side == 0 else -1.0
        heel = ball - self._heel[side] * np.stack([np.cos(pitch), np.sin(pitch)], axis=1)
        toe = ball + self._toe[side] * np.stack([np.cos(toe_pitch), np.sin(toe_pitch)], axis=1)
        outwards = np.radians(OUTWARDS_DEG)
        points = np.zeros((len(ball), 4, 3))
        for i, (place, aside) in enumerate(((heel, 0.0), (ball, -1.0), (ball, 1.0), (toe, 0.0))):
            ahead = place[:, 0] - heel[:, 0]
            points[:, i, 0] = heel[:, 0] + np.cos(outwards) * ahead
            points[:, i, 1] = place[:, 1]
            points[:, i, 2] = sign * (np.sin(outwards) * ahead + aside * self._half[side])
        return points


def _periodic(course: dict[int, float], phase: Array) -> Array:
    knots = np.array([*course, 100]) / 100
    values = np.array([*course.values(), course[0]], float)
    return np.asarray(CubicSpline(knots, values, bc_type="periodic")(phase % 1.0))


def _strike_pitch(gait: Gait) -> float:
    return np.radians(16.0 if gait.running else np.clip(10 + 8 * gait.speed, 12, 24))


def _stance(gait: Gait, u: Array, place: float, heel: float, toe: float) -> tuple[Array, Array, Array]:
    """Ball (T, 2), pitch of foot and of toes at shares `u` of the stance; the heel strikes at `place`."""
    flat, rise, roll = (0.22, 0.40, 0.60) if gait.running else (0.16, 0.52, 0.88)
    first = _strike_pitch(gait)
    pitch = np.where(u < flat, first * (1 - u / flat) ** 2, 0.0)
    last = np.radians(55.0 if gait.running else np.clip(40 + 12 * gait.speed, 45, 62))
    share = (u - rise) / (1 - rise)
    late = 0.665 if gait.running else 0.3
    pitch = np.where(u > rise, -last * ((1 + late) * share**2 - late * share**4), pitch)
    bend = np.radians(20 if gait.running else 30)
    toe_pitch = np.where(u > roll, -bend * ((u - roll) / (1 - roll)) ** 2, np.maximum(pitch, 0.0))
    ball = np.stack(
        [place + heel * np.cos(np.maximum(pitch, 0)), heel * np.sin(np.maximum(pitch, 0))], axis=1
    )
    tip = place + heel + toe
    rolled = np.stack([tip - toe * np.cos(toe_pitch), -toe * np.sin(toe_pitch)], axis=1)
    return np.where((u > rise)[:, None], rolled, ball), pitch, toe_pitch


def _swing(
    gait: Gait, u: Array, place: float, following: float, heel: float, toe: float
) -> tuple[Array, Array, Array]:
    """As `_stance`, at shares `u` of the swing; it leaves as the stance ends and arrives at the next one's start."""
    stance, step = gait.stance_share * gait.stride_s, 1e-4
    swing = gait.stride_s - stance
    ends = [
        _stance(gait, np.array([1 - step, 1.0]), place, heel, toe),
        _stance(gait, np.array([0.0]), following, heel, toe),
    ]
    leave = np.array([*ends[0][0][1], ends[0][1][1], ends[0][2][1]])
    before = np.array([*ends[0][0][0], ends[0][1][0], ends[0][2][0]])
    arrive = np.array([*ends[1][0][0], ends[1][1][0], ends[1][2][0]])
    start = (leave - before) / (step * stance) * swing
    v = gait.speed
    end = (
        np.array([0.52 * v, -0.56 * v, -9.0, -9.0])
        if gait.running
        else np.array([0.27 * v, -0.22 * v, -2.0, -2.0])
    )
    times, places, speeds = [0.0, 1.0], [leave, arrive], [start, end * swing]
    if gait.running:
        times[1:1], places[1:1], between = _running_swing(v, swing, leave, arrive)
        speeds[1:1] = between
    course = np.asarray(CubicHermiteSpline(times, places, speeds)(u))
    course[:, 1] += 0.02 * np.sin(np.pi * u) ** 2
    return course[:, :2], course[:, 2], course[:, 3]


def _running_swing(
    speed: float, swing: float, leave: Array, arrive: Array
) -> tuple[list[float], list[Array], list[Array]]:
    """Ball and pitches 40 and 80 ms after toe-off and before foot strike: shares of the swing, places, and speeds.

    As in ten contacts of two runners.
    """
    v, turning = speed, min(speed, 3.0)
    shares = [0.04 / swing, 0.08 / swing, 1 - 0.08 / swing, 1 - 0.04 / swing]
    places = [
        leave + np.array([0.0163 * v, 0.0163 * v, -0.148, -0.22]),
        leave + np.array([0.0477 * v, 0.0342 * v, -0.288, -0.44]),
        arrive + np.array([-0.104 * v, 0.0013 * v, -0.106 * turning, -0.106 * turning]),
        arrive + np.array([-0.036 * v, 0.0076 * v, 0.0, 0.0]),
    ]
    speeds = [
        np.array([0.585 * v, 0.46 * v, -3.05, -5.5]),
        np.array([0.985 * v, 0.39 * v, -3.0, -5.0]),
        np.array([2.1 * v, 0.20 * v, 4.0 * turning, 4.0 * turning]),
        np.array([1.3 * v, 0.02 * v, 1.2 * turning, 1.2 * turning]),
    ]
    return shares, places, [velocity * swing for velocity in speeds]
