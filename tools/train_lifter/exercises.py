"""Key postures of gymnastics, yoga, weights, boxing, throwing and dancing on the feet, and of sitting for long."""

from dataclasses import replace

import numpy as np
from tools.train_lifter.postures import (
    BENDING_SHARE,
    TRUNK_SHARE,
    TURN_SHARE,
    Angles,
    Foot,
    Key,
    Rng,
    feet_apart,
    leg_spread,
    one_sided,
    raised_arms,
    stand,
    upper_body,
)

_PLANE_RAD = np.radians(52.0)
"""How far the plane of the skeleton's arm elevation is turned forwards from the sides."""


def pointing(raised: float, forward: float, elbow: float = 5.0, rotation: float = 0.0) -> Angles:
    """An arm that points somewhere.

    Parameters
    ----------
    raised
        Degrees from hanging along the trunk; 90 is level.
    forward
        Degrees by which the plane it is raised in is turned from the side (0) to the front (90).
    elbow, rotation
        Degrees of bending the elbow and of turning the upper arm.
    """
    r, f = np.radians([raised, forward])
    ahead, up, aside = np.sin(r) * np.sin(f), -np.cos(r), np.sin(r) * np.cos(f)
    across = ahead * np.cos(_PLANE_RAD) - aside * np.sin(_PLANE_RAD)
    within = ahead * np.sin(_PLANE_RAD) + aside * np.cos(_PLANE_RAD)
    return {
        "arm_elevation": float(np.degrees(np.arctan2(within, -up))),
        "arm_crossing": float(np.degrees(np.arcsin(np.clip(across, -1, 1)))),
        "arm_rotation": rotation, "elbow_flex": elbow,
    }  # fmt: skip


def both(rng: Rng, arm: Angles, spread: float = 4.0) -> Angles:
    """The same for the right and the left arm, but for a few degrees."""
    return {f"{name}_{s}": value + rng.normal(0, spread) for s in "rl" for name, value in arm.items()}


def arms_aside(rng: Rng) -> Key:
    """Straight arms at any height to the sides, feet together or apart: jumping jacks, stars, signals."""
    key = stand(rng)
    raised = rng.choice([rng.uniform(0, 185), rng.normal(90, 6)], p=[0.6, 0.4])
    forward, rotation = rng.normal(0, 7), rng.normal(0, 35)
    elbow = abs(rng.normal(0, 10))
    arms = both(rng, pointing(raised, forward, elbow, rotation))
    if rng.random() < 0.2:
        left_arm = pointing(rng.uniform(0, 185), forward, elbow, rotation)
        arms |= one_sided(left_arm, "l")
    width = rng.uniform(0.06, 0.25) if rng.random() < 0.5 else rng.uniform(0.35, 1.0)
    spread = leg_spread(width)
    legs = {"hip_adduction_r": -spread, "hip_adduction_l": -spread}
    trunk = {
        "L5_S1_Flex_Ext": rng.normal(0, 4) / TRUNK_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 4) / TURN_SHARE,
    }
    feet = feet_apart(width, rng.uniform(-2, 30))
    return Key("arms aside", key.angles | arms | legs | trunk, feet, pause_s=rng.uniform(0, 0.8))


def tree(rng: Rng) -> Key:
    """On one leg, the other foot at its knee, or the other leg behind and the trunk forward; arms aside or up."""
    u = rng.uniform
    free, stance, sign = ("r", "l", 1) if rng.random() < 0.5 else ("l", "r", -1)
    tilt = rng.normal(0, 4)
    legs: Angles = {
        f"hip_flexion_{free}": u(40, 75), f"hip_adduction_{free}": u(-50, -20), f"hip_rotation_{free}": u(-50, -20),
        f"knee_angle_{free}": u(95, 140), f"ankle_angle_{free}": u(-35, 0),
    }  # fmt: skip
    if rng.random() < 0.3:
        tilt = u(-80, -20)
        legs = {
            f"hip_flexion_{free}": u(-15, 10),
            f"knee_angle_{free}": u(0, 20),
            f"ankle_angle_{free}": u(-40, 0),
        }
    legs |= {
        f"hip_flexion_{stance}": 3 - tilt, f"knee_angle_{stance}": u(2, 12), "pelvis_tilt": tilt,
        "pelvis_list": sign * rng.normal(0, 4),
    }  # fmt: skip
    arms = raised_arms(rng)
    if rng.random() < 0.7:
        arms = both(rng, pointing(u(70, 180), rng.normal(5, 12), abs(rng.normal(0, 15)), rng.normal(0, 30)))
    feet = {stance: Foot(0.0, 0.02, u(0, 15)), free: Foot(free=True)}
    return Key("tree", upper_body(rng) | legs | arms, feet, pause_s=u(0, 1.5))


def triangle(rng: Rng) -> Key:
    """Legs wide and straight, the trunk bent to one side, the arms in one line."""
    u = rng.uniform
    width, sign = u(0.6, 1.2), float(rng.choice([-1, 1]))
    spread = leg_spread(width)
    lean, tilt = sign * u(5, 35), u(-20, 8)
    legs: Angles = {"pelvis_list": lean, "pelvis_tilt": tilt}
    for s, side in (("r", 1), ("l", -1)):
        legs |= {
            f"hip_adduction_{s}": -spread - side * lean, f"knee_angle_{s}": u(2, 8), f"hip_flexion_{s}": 3 - tilt,
        }  # fmt: skip
    arms = both(rng, pointing(u(75, 105), rng.normal(0, 8), abs(rng.normal(0, 8)), rng.normal(0, 30)))
    trunk = {"L5_S1_Lat_Bending": np.sign(lean) * u(5, 35) / BENDING_SHARE}
    feet = feet_apart(width, u(0, 30))
    return Key("astride", upper_body(rng) | legs | arms | trunk, feet, balanced=False, pause_s=u(0, 1.5))


def side_bend(rng: Rng) -> Key:
    """Standing, the trunk bent to a side or turned, one arm over the head, the other at the hip or hanging."""
    key = stand(rng)
    sign = float(rng.choice([-1, 1]))
    up, down = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    over = pointing(rng.uniform(120, 185), rng.normal(5, 10), abs(rng.normal(0, 25)), rng.normal(0, 25))
    arms = one_sided(over, up)
    if rng.random() < 0.5:
        hanging = pointing(rng.uniform(0, 25), rng.uniform(0, 40), abs(rng.normal(0, 10)))
        arms |= one_sided(hanging, down)
    trunk = {
        "L5_S1_Lat_Bending": sign * rng.uniform(5, 35) / BENDING_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 12) / TURN_SHARE,
    }
    return replace(key, kind="side bend", angles=upper_body(rng) | key.angles | arms | trunk)


def _bent_over(rng: Rng) -> tuple[Angles, float]:
    """Legs and trunk of somebody who holds a weight before the shins or thighs, and the lean of the upper trunk."""
    tilt, flexion = -rng.uniform(10, 65), rng.uniform(0, 20)
    knee = rng.uniform(5, 75)
    legs = {
        "pelvis_tilt": tilt, "hip_flexion": 0.5 * knee - tilt, "knee_angle": knee, "ankle_angle": 0.4 * knee,
        "L5_S1_Flex_Ext": -flexion / TRUNK_SHARE, "neck_flexion": rng.normal(-15, 15),
        "neck_rotation": rng.normal(0, 8),
    }  # fmt: skip
    return legs, flexion - tilt


def deadlift(rng: Rng) -> Key:
    """Trunk forward, back straight, the arms hanging straight down to a bar or a bell."""
    legs, lean = _bent_over(rng)
    arms = pointing(lean + rng.normal(3, 5), rng.uniform(65, 95), abs(rng.normal(0, 5)), rng.normal(20, 20))
    feet = feet_apart(rng.uniform(0.12, 0.6), rng.uniform(0, 25))
    return Key("deadlift", legs | both(rng, arms), feet, pause_s=rng.uniform(0, 0.4))


def row(rng: Rng) -> Key:
    """Trunk forward, elbows bent and drawn back beside the trunk, or on the way there."""
    legs, lean = _bent_over(rng)
    pull = rng.uniform(0, 1)
    raised = (1 - pull) * lean - pull * rng.uniform(0, 45)
    arms = pointing(raised, rng.uniform(50, 90), pull * rng.uniform(70, 115), rng.normal(0, 20))
    feet = feet_apart(rng.uniform(0.12, 0.5), rng.uniform(0, 20))
    return Key("deadlift", legs | both(rng, arms), feet)


def _fighting_feet(rng: Rng, front: str) -> tuple[Angles, dict[str, Foot]]:
    """Legs in a stride, weight between them, and where the feet stand."""
    rear = "l" if front == "r" else "r"
    span, knee = rng.uniform(0.08, 0.3), rng.uniform(5, 40)
    legs = {
        f"hip_flexion_{front}": 0.5 * knee + 80 * span, f"knee_angle_{front}": knee, f"knee_angle_{rear}": knee + 5,
        f"hip_flexion_{rear}": 0.5 * knee - 60 * span, "ankle_angle": 0.4 * knee, "pelvis_tilt": rng.uniform(-12, 4),
    }  # fmt: skip
    feet = {
        front: Foot(span, rng.uniform(0.06, 0.16), rng.uniform(0, 15)),
        rear: Foot(-span, rng.uniform(0.06, 0.2), rng.uniform(10, 60), rng.uniform(0, 30)),
    }
    return legs, feet


def punch(rng: Rng) -> Key:
    """A boxer: both fists at the face, or one arm stretched forwards and the trunk turned with it."""
    u = rng.uniform
    legs, feet = _fighting_feet(rng, str(rng.choice(["r", "l"])))
    guard = pointing(u(15, 55), u(50, 85), u(105, 140), u(10, 50))
    arms = both(rng, guard, 8.0)
    turn = rng.normal(0, 8)
    if rng.random() < 0.65:
        side = str(rng.choice(["r", "l"]))
        hit = pointing(u(70, 105), u(60, 110), abs(rng.normal(0, 20)), u(-10, 50))
        arms |= one_sided(hit, side)
        turn = (1 if side == "r" else -1) * u(5, 40)
    trunk = {"L5_S1_axial_rotation": turn / TURN_SHARE, "L5_S1_Flex_Ext": -u(0, 15) / TRUNK_SHARE}
    return Key("punch", upper_body(rng) | legs | arms | trunk, feet)


def throw(rng: Rng) -> Key:
    """An arm drawn back beside the head, or let go forwards and down, in a stride."""
    u = rng.uniform
    side, opposite = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    legs, feet = _fighting_feet(rng, opposite)
    sign = 1 if side == "r" else -1
    if rng.random() < 0.5:
        arm, turn = pointing(u(80, 120), u(-25, 15), u(60, 120), u(-85, -30)), -sign * u(0, 40)
    else:
        arm, turn = pointing(u(50, 150), u(60, 110), u(0, 40), u(-20, 50)), sign * u(0, 40)
    arms = one_sided(arm, side)
    if rng.random() < 0.5:
        aim = pointing(u(60, 110), u(20, 90), u(0, 50), u(-20, 40))
        arms |= one_sided(aim, opposite)
    trunk = {
        "L5_S1_axial_rotation": turn / TURN_SHARE,
        "L5_S1_Lat_Bending": rng.normal(0, 10) / BENDING_SHARE,
    }
    return Key("throw", upper_body(rng) | legs | arms | trunk, feet)


def dance(rng: Rng) -> Key:
    """Hips aside and turned, a knee slack, arms in any pose, often aside or up."""
    u = rng.uniform
    knees = {s: u(3, 40) for s in "rl"}
    legs: Angles = {
        "pelvis_list": rng.normal(0, 8), "pelvis_rotation": rng.normal(0, 15), "pelvis_tilt": rng.normal(-4, 7),
    }  # fmt: skip
    for s, knee in knees.items():
        legs |= {
            f"knee_angle_{s}": knee, f"hip_flexion_{s}": 0.55 * knee, f"ankle_angle_{s}": 0.45 * knee,
            f"hip_rotation_{s}": rng.normal(-8, 10),
        }  # fmt: skip
    trunk = {
        "L5_S1_Lat_Bending": rng.normal(0, 14) / BENDING_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 18) / TURN_SHARE,
    }
    arms: Angles = {}
    if rng.random() < 0.6:
        arms = both(rng, pointing(u(20, 180), u(-25, 90), u(0, 110), u(-60, 60)), 15.0)
    feet = feet_apart(u(0.1, 0.6), u(0, 35), heel_lift=u(0, 40) if rng.random() < 0.3 else 0.0)
    feet["r"].forward, feet["l"].forward = (x := rng.normal(0, 0.1)), -x
    return Key("dance", upper_body(rng) | trunk | legs | arms, feet)


def sit_at_ease(rng: Rng) -> Key:
    """Seated for long: legs side by side, stretched or crossed; hands in the lap, on the rests, or gesturing."""
    u = rng.uniform
    tilt = u(-15, 25)
    flexion = u(-5, 20) + 0.5 * max(0.0, tilt)
    legs: Angles = {
        "pelvis_tilt": tilt, "hip_flexion": 90 - tilt + rng.normal(0, 5), "knee_angle": u(70, 105),
        "hip_adduction": u(-18, 4), "ankle_angle": u(-10, 10), "hip_rotation": rng.normal(0, 6),
    }  # fmt: skip
    feet = feet_apart(u(0.08, 0.4), u(-5, 25))
    upper, lower = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    way = rng.choice(["beside", "stretched", "over", "ankle on knee"], p=[0.4, 0.2, 0.25, 0.15])
    if way == "stretched":
        legs |= {"knee_angle": u(20, 65), "ankle_angle": u(-25, 5)}
        feet["r"].forward = feet["l"].forward = 0.2
    elif way == "over":
        legs |= {
            f"hip_flexion_{upper}": 102 - tilt, f"hip_adduction_{upper}": u(10, 22),
            f"knee_angle_{upper}": u(70, 100), f"hip_adduction_{lower}": u(-3, 6), f"ankle_angle_{upper}": u(-35, 0),
        }  # fmt: skip
        feet[upper] = Foot(free=True)
    elif way == "ankle on knee":
        legs |= {
            f"hip_flexion_{upper}": 95 - tilt, f"hip_adduction_{upper}": u(-35, -20),
            f"hip_rotation_{upper}": u(-58, -40), f"knee_angle_{upper}": u(90, 115),
        }  # fmt: skip
        feet[upper] = Foot(free=True)
    trunk = upper_body(rng, flexion)
    if rng.random() < 0.75:
        lap = pointing(u(12, 45), u(40, 85), u(40, 95), u(10, 55))
        rests = pointing(u(5, 25), u(10, 60), u(70, 100), u(-10, 20))
        trunk |= both(rng, lap if rng.random() < 0.7 else rests, 6.0)
    pause = u(0.3, 2.0)
    return Key("sit", legs | trunk, feet, balanced=False, pause_s=pause)
