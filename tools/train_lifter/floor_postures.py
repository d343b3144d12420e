"""Key postures on the floor: lying with the knees up, bridges, sit-ups, push-ups, and yoga on hands and feet."""

import numpy as np
from tools.train_lifter.exercises import both, pointing
from tools.train_lifter.postures import TRUNK_SHARE, Angles, Key, Rng, upper_body

_SOLES = ("calcn_r", "calcn_l")
_HANDS = ("hand_r", "hand_l")
_TOES = ("toes_r", "toes_l")
_UPPER_ARM_M, _FOREARM_M, _SHOULDER_TO_TOES_M = 0.29, 0.33, 1.40
"""Lengths of the default skeleton; the forearm up to the palm."""


def _drawn_up(rng: Rng, thigh: tuple[float, float]) -> Angles:
    """Legs drawn up with flat soles, the thighs at an angle of that range to the floor."""
    legs: Angles = {}
    shared = rng.uniform(*thigh), rng.uniform(65, 130)
    for s in "rl":
        angle, knee = (x + rng.normal(0, 4) for x in shared)
        legs |= {
            f"hip_flexion_{s}": angle, f"knee_angle_{s}": knee, f"ankle_angle_{s}": knee - angle - 90,
            f"hip_adduction_{s}": rng.normal(-5, 5), f"hip_rotation_{s}": rng.normal(0, 6),
        }  # fmt: skip
    return legs


def _resting_arms(rng: Rng) -> Angles:
    """Along the trunk, on the belly, out on the floor, behind the head, or anywhere."""
    u = rng.uniform
    if rng.random() < 0.2:
        return {}
    arm = {
        "along": pointing(u(5, 35), u(-5, 20), abs(rng.normal(0, 15)), u(-20, 30)),
        "belly": pointing(u(10, 35), u(0, 50), u(60, 105), u(30, 70)),
        "out": pointing(u(50, 170), u(-8, 5), abs(rng.normal(0, 30)), rng.normal(-30, 30)),
        "head": pointing(u(100, 140), u(0, 25), u(110, 140), u(-60, -10)),
    }[str(rng.choice(["along", "belly", "out", "head"], p=[0.35, 0.25, 0.25, 0.15]))]
    return both(rng, arm, 6.0)


def knees_up(rng: Rng) -> Key:
    """On the back, the soles on the floor or the knees drawn to the chest; at times one leg straight or raised."""
    u = rng.uniform
    legs = _drawn_up(rng, (25, 75))
    rests_on: tuple[str, ...] = ("pelvis", "torso", *_SOLES)
    way = rng.random()
    if way < 0.3:
        side, foot = ("r", "calcn_l") if rng.random() < 0.5 else ("l", "calcn_r")
        raised = u(20, 90) if rng.random() < 0.5 else 0.0
        legs |= {
            f"hip_flexion_{side}": raised,
            f"knee_angle_{side}": u(0, 25),
            f"ankle_angle_{side}": u(-30, 0),
        }
        rests_on = ("pelvis", "torso", foot)
    elif way < 0.5:
        legs |= {f"hip_flexion_{s}": u(75, 120) for s in "rl"} | {f"ankle_angle_{s}": u(-35, 5) for s in "rl"}
        rests_on = ("pelvis", "torso")
    angles = {"pelvis_tilt": 90 + rng.normal(0, 4), "pelvis_list": rng.normal(0, 3)}
    upper = upper_body(rng, u(-5, 12)) | {"neck_flexion": rng.normal(-5, 10)} | _resting_arms(rng)
    return Key("lie", angles | legs | upper, on_floor=True, rests_on=rests_on, pause_s=u(0, 1.0))


def bridge(rng: Rng) -> Key:
    """Shoulders and soles on the floor, the hips raised."""
    lift = rng.uniform(8, 35)
    legs = _drawn_up(rng, (5, 45))
    legs |= {f"hip_flexion_{s}": legs[f"hip_flexion_{s}"] - lift for s in "rl"}
    angles = {"pelvis_tilt": 90 + lift, "neck_flexion": rng.uniform(-45, -10)}
    upper = upper_body(rng, rng.uniform(-5, 12)) | angles | _resting_arms(rng)
    return Key(
        "bridge", legs | upper, on_floor=True, rests_on=("torso", *_SOLES), pause_s=rng.uniform(0, 0.8)
    )


def sit_up(rng: Rng) -> Key:
    """Knees up, the trunk curled or on the way to sitting; arms behind the head, crossed, or stretched forwards."""
    u = rng.uniform
    up = u(0, 80)
    legs = _drawn_up(rng, (30, 70))
    legs |= {f"hip_flexion_{s}": legs[f"hip_flexion_{s}"] + up for s in "rl"}
    arm = {
        "head": pointing(u(80, 130), u(0, 50), u(110, 140), u(-50, 0)),
        "crossed": pointing(u(20, 50), u(60, 110), u(90, 125), u(40, 80)),
        "forwards": pointing(u(50, 110), u(70, 95), abs(rng.normal(0, 15)), u(-10, 40)),
    }[str(rng.choice(["head", "crossed", "forwards"]))]
    upper = upper_body(rng, u(10, 55)) | {"neck_flexion": u(-40, 5)} | both(rng, arm, 6.0)
    return Key(
        "sit on floor", legs | upper | {"pelvis_tilt": 90 - up}, on_floor=True, rests_on=("pelvis", *_SOLES)
    )


def push_up(rng: Rng) -> Key:
    """A straight body on hands and toes, the elbows straight or bent."""
    u = rng.uniform
    elbow = u(0, 115) if rng.random() < 0.6 else u(0, 10)
    e = np.radians(elbow)
    reach = np.sqrt(_UPPER_ARM_M**2 + _FOREARM_M**2 + 2 * _UPPER_ARM_M * _FOREARM_M * np.cos(e))
    incline = float(np.degrees(np.arcsin((reach - 0.06) / _SHOULDER_TO_TOES_M)))
    back = float(np.degrees(np.arcsin(_FOREARM_M * np.sin(e) / reach)))
    sag = rng.normal(0, 6)
    arms = pointing(90 - incline - back + rng.normal(0, 6), u(45, 85), elbow, u(-20, 40))
    legs: Angles = {
        "pelvis_tilt": -(90 - incline) + sag, "hip_flexion": 4 - sag, "knee_angle": u(0, 10), "ankle_angle": u(0, 25),
        "mtp_angle": -40.0, "hip_adduction": u(-12, 0),
    }  # fmt: skip
    upper = upper_body(rng, u(-8, 8)) | {"neck_flexion": u(0, 35)} | both(rng, arms)
    return Key("push-up", legs | upper, on_floor=True, rests_on=(*_HANDS, *_TOES), pause_s=u(0, 0.6))


def downward_dog(rng: Rng) -> Key:
    """Hands and feet on the floor, the hips the highest."""
    u = rng.uniform
    down = u(15, 60)
    legs: Angles = {
        "pelvis_tilt": -90 - down, "hip_flexion": u(65, 120), "knee_angle": u(0, 25), "ankle_angle": u(0, 30),
        "hip_adduction": u(-12, 0),
    }  # fmt: skip
    arms = pointing(u(145, 180), u(50, 90), abs(rng.normal(0, 8)), rng.normal(0, 25))
    upper = upper_body(rng, u(-10, 15)) | {"neck_flexion": u(-25, 15)} | both(rng, arms)
    return Key("on hands", legs | upper, on_floor=True, rests_on=(*_HANDS, *_SOLES), pause_s=u(0, 1.0))


def cobra(rng: Rng) -> Key:
    """On the front, the chest raised on the arms."""
    u = rng.uniform
    up, arch = u(0, 25), u(5, 28)
    arms = pointing(90 - up - arch - u(0, 30), u(50, 85), u(10, 100), u(-20, 30))
    legs: Angles = {
        "pelvis_tilt": -88 + up, "hip_flexion": -up, "knee_angle": u(0, 8), "ankle_angle": u(-50, -25),
        "hip_adduction": u(-10, 0), "L5_S1_Flex_Ext": arch / TRUNK_SHARE,
    }  # fmt: skip
    upper = upper_body(rng) | {"neck_flexion": u(0, 35)} | both(rng, arms)
    return Key(
        "on hands", upper | legs, on_floor=True, rests_on=(*_HANDS, "tibia_r", "tibia_l"), pause_s=u(0, 1.0)
    )
