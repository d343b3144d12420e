"""Key postures that are held or kept up with effort: balance, half squats, toes, steps, chairs of all heights."""

import numpy as np
from tools.train_lifter.exercises import both, pointing
from tools.train_lifter.postures import (
    BENDING_SHARE,
    TRUNK_SHARE,
    TURN_SHARE,
    Angles,
    Foot,
    Key,
    Rng,
    arms,
    feet_apart,
    one_sided,
    stand,
    upper_body,
)


def _arms_that_balance(rng: Rng) -> Angles:
    """Arms anywhere aside and up, most often not alike."""
    u = rng.uniform
    own = [pointing(u(5, 170), rng.normal(10, 25), u(0, 90), rng.normal(0, 35)) for _ in "rl"]
    alike = rng.random() < 0.3
    return one_sided(own[0], "r") | one_sided(own[0] if alike else own[1], "l")


def _trunk_that_balances(rng: Rng) -> Angles:
    """A trunk bent and turned to any side, the head often bowed to see the feet."""
    return upper_body(rng) | {
        "L5_S1_Flex_Ext": -rng.normal(8, 12) / TRUNK_SHARE,
        "L5_S1_Lat_Bending": rng.normal(0, 14) / BENDING_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 14) / TURN_SHARE,
        "neck_flexion": rng.normal(-15, 20),
    }  # fmt: skip


def on_one_leg(rng: Rng) -> Key:
    """Staggering on one leg: pelvis and trunk thrown to a side, the other leg out in any direction."""
    u = rng.uniform
    free, stance, side = ("r", "l", -1) if rng.random() < 0.5 else ("l", "r", 1)
    lean, tilt, knee = rng.normal(0, 13), rng.normal(-6, 10), abs(rng.normal(8, 10))
    legs: Angles = {
        "pelvis_list": lean, "pelvis_tilt": tilt, "pelvis_rotation": rng.normal(0, 10),
        f"hip_adduction_{stance}": -side * lean, f"hip_flexion_{stance}": 0.5 * knee - tilt,
        f"knee_angle_{stance}": knee, f"ankle_angle_{stance}": 0.5 * knee,
        f"hip_rotation_{stance}": rng.normal(0, 10),
        f"hip_flexion_{free}": u(-25, 60) - tilt, f"hip_adduction_{free}": side * lean + u(-45, 8),
        f"hip_rotation_{free}": rng.normal(-5, 15), f"knee_angle_{free}": u(2, 80), f"ankle_angle_{free}": u(-35, 15),
    }  # fmt: skip
    feet = {stance: Foot(0.0, u(0.0, 0.06), u(-5, 20)), free: Foot(free=True)}
    upper = _trunk_that_balances(rng) | _arms_that_balance(rng)
    return Key("balance", legs | upper, feet, pause_s=u(0, 0.5))


def tandem(rng: Rng) -> Key:
    """One foot before the other on a line or a beam, as in tests of balance."""
    u = rng.uniform
    front, rear = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    span, knee, lean = u(0.1, 0.28), abs(rng.normal(8, 8)), rng.normal(0, 6)
    legs: Angles = {
        "pelvis_list": lean, "pelvis_tilt": rng.normal(-3, 6), "pelvis_rotation": rng.normal(0, 8),
        f"hip_flexion_{front}": 0.5 * knee + 70 * span, f"knee_angle_{front}": knee,
        f"hip_flexion_{rear}": 0.5 * knee - 50 * span, f"knee_angle_{rear}": knee + u(0, 15),
        "hip_adduction_r": 6 - lean, "hip_adduction_l": 6 + lean,
    }  # fmt: skip
    feet = {
        front: Foot(span, rng.normal(0, 0.015), u(-5, 15)),
        rear: Foot(-span, rng.normal(0, 0.015), u(-5, 20), u(0, 25)),
    }
    upper = _trunk_that_balances(rng)
    upper |= _arms_that_balance(rng) if rng.random() < 0.7 else arms(rng)
    return Key("balance", legs | upper, feet, pause_s=u(0, 0.8))


def half_squat(rng: Rng) -> Key:
    """Knees bent by 20-65° and held: a crouch, a ready stance, an athlete who waits."""
    u = rng.uniform
    knee, lean = u(20, 65), u(0, 40)
    legs: Angles = {
        "pelvis_tilt": -lean, "hip_flexion": 0.55 * knee + lean + rng.normal(0, 4), "ankle_angle": 0.45 * knee,
        "hip_rotation": rng.normal(-6, 8),
    }  # fmt: skip
    width = u(0.08, 0.75)
    for s in "rl":
        legs |= {
            f"knee_angle_{s}": knee + rng.normal(0, 4),
            f"hip_adduction_{s}": -35 * width + rng.normal(0, 4),
        }
    lift = u(5, 25) if rng.random() < 0.2 else 0.0
    feet = feet_apart(width, u(-5, 35), heel_lift=lift)
    feet["r"].forward, feet["l"].forward = (x := rng.normal(0, 0.05)), -x
    return Key("half squat", legs | upper_body(rng, u(-5, 25)), feet, pause_s=u(0.3, 2.0))


def on_toes(rng: Rng) -> Key:
    """On the balls of the feet with straight legs: calf raises, ballet; feet together, apart or turned out."""
    u = rng.uniform
    key = stand(rng)
    width, lift = u(0.04, 0.5), u(20, 62)
    legs = key.angles | {"mtp_angle": -0.9 * lift} | arms(rng)
    for s in "rl":
        legs[f"knee_angle_{s}"], legs[f"ankle_angle_{s}"] = u(0, 8), -lift
    if rng.random() < 0.5:
        legs |= both(rng, pointing(u(20, 180), u(-5, 70), u(5, 50), rng.normal(0, 30)))
    feet = feet_apart(width, u(0, 60), heel_lift=lift)
    return Key("on toes", legs, feet, pause_s=u(0, 1.2))


def pointed(rng: Rng) -> Key:
    """On one leg, flat or on the toes, the other raised anywhere with its foot pointed."""
    u = rng.uniform
    free, stance = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    lift = u(15, 60) if rng.random() < 0.5 else 0.0
    tilt = rng.normal(-3, 8)
    legs: Angles = {
        f"hip_flexion_{stance}": 2 - tilt, f"knee_angle_{stance}": u(0, 8), f"ankle_angle_{stance}": -lift,
        f"hip_rotation_{stance}": u(-40, 5), "pelvis_tilt": tilt, "pelvis_list": rng.normal(0, 6),
        f"hip_flexion_{free}": u(-25, 115), f"hip_adduction_{free}": u(-50, 10), f"hip_rotation_{free}": u(-50, 10),
        f"knee_angle_{free}": u(0, 12) if rng.random() < 0.6 else u(20, 130), f"ankle_angle_{free}": u(-52, -25),
        f"mtp_angle_{free}": u(-10, 25), f"mtp_angle_{stance}": -0.9 * lift,
    }  # fmt: skip
    upper = upper_body(rng) | both(rng, pointing(u(20, 180), u(-10, 70), u(5, 60), rng.normal(0, 30)), 8.0)
    feet = {stance: Foot(0.0, 0.03, u(0, 60), heel_lift=lift), free: Foot(free=True)}
    return Key("pointed", legs | upper, feet, pause_s=u(0, 0.8))


def on_step(rng: Rng) -> Key:
    """One foot on a step, a kerb or a box, the weight on either."""
    u = rng.uniform
    upper_foot, lower = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    height, reach = u(0.1, 0.45), u(0.15, 0.4)
    bent, tilt = np.degrees(2.1 * height) + 45 * height + u(5, 30), u(-25, 3)
    legs: Angles = {
        f"hip_flexion_{upper_foot}": 0.75 * bent - tilt, f"knee_angle_{upper_foot}": bent,
        f"ankle_angle_{upper_foot}": 0.25 * bent, f"hip_flexion_{lower}": u(-12, 12) - tilt,
        f"knee_angle_{lower}": u(2, 35), f"ankle_angle_{lower}": u(-15, 15), "pelvis_tilt": tilt,
        "pelvis_list": rng.normal(0, 4),
    }  # fmt: skip
    feet = {
        upper_foot: Foot(reach, u(0.04, 0.14), u(-5, 20), raised=height),
        lower: Foot(-u(0.0, 0.15), u(0.04, 0.14), u(-5, 20), u(0, 45)),
    }
    return Key(
        "step", legs | upper_body(rng, u(-5, 20)), feet, balanced=rng.random() < 0.7, pause_s=u(0, 0.5)
    )


def chair(rng: Rng) -> Key:
    """Seated on anything from a low stool to a bar stool, each foot near or far, under the seat or before it."""
    u = rng.uniform
    tilt, alike = u(-35, 22), rng.random() < 0.6
    thigh = rng.normal(0, 9)
    shared = u(25, 125)
    legs: Angles = {"pelvis_tilt": tilt}
    feet: dict[str, Foot] = {}
    width, outwards = u(0.08, 0.6), u(-5, 35)
    for s in "rl":
        knee = shared + rng.normal(0, 4) if alike else u(25, 125)
        flat = (90 - thigh) - knee
        legs |= {
            f"hip_flexion_{s}": 90 + thigh - tilt + rng.normal(0, 3), f"knee_angle_{s}": knee,
            f"ankle_angle_{s}": float(np.clip(-0.6 * flat, -30, 22)), f"hip_adduction_{s}": -30 * width + u(-8, 8),
            f"hip_rotation_{s}": rng.normal(0, 8),
        }  # fmt: skip
        lift = float(np.clip(knee - 100, 0, 30)) * rng.random()
        feet[s] = Foot(0.42 * np.sin(np.radians(90 - knee)), width / 2, outwards, heel_lift=lift)
    upper = upper_body(rng, u(-8, 30))
    return Key("sit", legs | upper, feet, balanced=False, pause_s=u(0.3, 2.0))
