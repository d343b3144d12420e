"""Key postures of everyday and exercise movements, sampled inside the joint ranges.

Angles in degrees by coordinate; a name without a side stands for both. Tilt is negative forwards.
"""

from dataclasses import dataclass, field

import numpy as np

Rng = np.random.Generator
Angles = dict[str, float]

TRUNK_SHARE, BENDING_SHARE, TURN_SHARE = 7.14, 10.8, 5.6
"""Angle by which the trunk flexes, bends aside and turns for one degree of the lumbar coordinate."""


@dataclass
class Foot:
    """Where a foot stands: metres from the middle of both and over the floor, degrees outwards and of heel lift."""

    forward: float = 0.0
    aside: float = 0.1
    outwards: float = 8.0
    heel_lift: float = 0.0
    free: bool = False
    raised: float = 0.0


@dataclass
class Key:
    """A key posture: wished angles, feet, and whether the weight is over them."""

    kind: str
    angles: Angles
    feet: dict[str, Foot] = field(default_factory=dict)
    balanced: bool = True
    pause_s: float = 0.0
    on_floor: bool = False
    """Rests on other parts than the feet: taken as it is, let down on the floor."""
    rests_on: tuple[str, ...] = ()
    """Bodies that lie on the floor: of many postures drawn, the one is taken whose bodies come nearest to it."""


def feet_apart(width: float, outwards: float, **changes: float) -> dict[str, Foot]:
    """Feet side by side, `width` metres apart and turned outwards; `changes` as of `Foot`."""
    return {s: Foot(0.0, width / 2, outwards, **changes) for s in "rl"}  # type: ignore[arg-type]


def leg_spread(width: float) -> float:
    """Degrees by which straight legs are spread when the feet stand `width` metres apart."""
    return float(np.degrees(np.arcsin(max(0.0, width / 2 - 0.09) / 0.88)))


def one_sided(arm: Angles, side: str) -> Angles:
    """The angles of an arm as those of the right (`r`) or left (`l`) one."""
    return {f"{name}_{side}": value for name, value in arm.items()}


def arms(rng: Rng) -> Angles:
    """Both arms: hanging, at work in front, raised, out to the sides, at the face or hips, or anything."""
    habit = rng.choice(
        ["hang", "front", "up", "side", "face", "hips", "folded", "any"],
        p=[0.24, 0.2, 0.1, 0.1, 0.08, 0.08, 0.08, 0.12],
    )
    both = rng.random() < 0.7
    out: Angles = {}
    shared = _arm(rng, str(habit))
    for side in "rl":
        own = (
            shared
            if both
            else _arm(rng, str(rng.choice(["hang", "front", "up", "side", "face", "hips", "any"])))
        )
        out |= {f"{name}_{side}": value + rng.normal(0, 5) for name, value in own.items()}
    return out


def hanging_arm(rng: Rng) -> Angles:
    """An arm that hangs."""
    return _arm(rng, "hang")


def _arm(rng: Rng, habit: str) -> Angles:
    u = rng.uniform
    spin = rng.normal(0, 20)
    table: dict[str, tuple[float, float, float, float]] = {
        "hang": (u(-5, 25), u(-10, 15), spin, u(5, 40)),
        "front": (u(50, 110), u(10, 60), u(-30, 50), u(0, 80)),
        "up": (u(130, 185), u(-30, 30), u(-40, 40), u(0, 60)),
        "side": (u(60, 110), u(-65, -20), u(-40, 60), u(0, 60)),
        "face": (u(20, 80), u(0, 60), u(0, 60), u(100, 145)),
        "hips": (u(15, 45), u(-60, -10), u(20, 90), u(70, 110)),
        "folded": (u(10, 45), u(10, 45), u(40, 80), u(85, 115)),
        "any": (u(-60, 180), u(-70, 70), u(-80, 120), u(0, 145)),
    }
    elevation, crossing, rotation, elbow = table[habit]
    return {
        "arm_elevation": elevation, "arm_crossing": crossing, "arm_rotation": rotation, "elbow_flex": elbow,
        "pro_sup": u(20, 160), "wrist_flex": rng.normal(0, 15),
    }  # fmt: skip


def upper_body(rng: Rng, flexion: float = 0.0) -> Angles:
    """Trunk, neck and arms; `flexion` of the trunk in degrees."""
    return arms(rng) | {
        "L5_S1_Flex_Ext": -(flexion + rng.normal(0, 6)) / TRUNK_SHARE,
        "L5_S1_Lat_Bending": rng.normal(0, 5) / BENDING_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 8) / TURN_SHARE,
        "neck_flexion": rng.normal(0, 15), "neck_bending": rng.normal(0, 7), "neck_rotation": rng.normal(0, 22),
    }  # fmt: skip


def stand(rng: Rng) -> Key:
    """Standing at ease, often for a while: both knees straight, or the weight on one leg and the other slack.

    The wish is 3° above what comes out once the weight is over the feet: 0-5°.
    """
    knees = {s: float(np.clip(rng.normal(5.0, 2.0), 2.0, 9.0)) for s in "rl"}
    feet = feet_apart(rng.uniform(0.08, 0.4), rng.uniform(-5, 25))
    feet["r"].forward, feet["l"].forward = (x := rng.normal(0, 0.02)), -x
    tilt = rng.normal(0, 4)
    legs: Angles = {"pelvis_tilt": tilt}
    if rng.random() < 0.2:
        slack = str(rng.choice(["r", "l"]))
        knees[slack] = rng.uniform(5, 30)
        feet[slack].forward += rng.uniform(0.0, 0.12)
        legs["pelvis_list"] = rng.normal(0, 4)
    for s, knee in knees.items():
        thigh = 0.55 * knee + rng.normal(0, 1.5)
        legs |= {f"hip_flexion_{s}": thigh - tilt, f"knee_angle_{s}": knee, f"ankle_angle_{s}": knee - thigh}
    pause = rng.uniform(0, 1.5) if rng.random() < 0.5 else 0.0
    return Key("stand", legs | upper_body(rng), feet, pause_s=pause)


def raised_arms(rng: Rng) -> Angles:
    """Both arms overhead, drawn back to the shoulders, or level to the sides or to front and rear."""
    u = rng.uniform
    way = rng.choice(["overhead", "shoulders", "level"], p=[0.55, 0.2, 0.25])
    elevation, crossing, elbow = {
        "overhead": (u(160, 190), rng.normal(-3, 10), abs(rng.normal(0, 20))),
        "shoulders": (u(35, 95), u(-60, 0), u(95, 145)),
        "level": (u(80, 105), u(-75, -30), u(0, 20)),
    }[str(way)]  # fmt: skip
    names = ("arm_elevation", "arm_crossing", "arm_rotation", "elbow_flex")
    shared = zip(names, (elevation, crossing, u(-30, 50), elbow), strict=True)
    return {f"{n}_{s}": value + rng.normal(0, 5) for n, value in shared for s in "rl"}


def press(rng: Rng) -> Key:
    """Standing with the arms overhead or on the way there."""
    key = stand(rng)
    trunk = {"L5_S1_Flex_Ext": rng.normal(4, 5) / TRUNK_SHARE, "neck_flexion": rng.normal(0, 15)}
    return Key("press", key.angles | raised_arms(rng) | trunk, key.feet, pause_s=key.pause_s)


def astride(rng: Rng) -> Key:
    """Feet far apart to the sides: both legs straight, or one bent and turned outwards as in yoga's warrior."""
    u = rng.uniform
    width = u(0.45, 1.25)
    spread = leg_spread(width)
    feet = feet_apart(width, u(0, 25))
    tilt = u(-12, 8)
    legs: Angles = {"pelvis_tilt": tilt}
    for s in "rl":
        legs |= {f"hip_flexion_{s}": 3 - tilt, f"hip_adduction_{s}": -spread, f"knee_angle_{s}": u(2, 8)}
    if rng.random() < 0.5:
        bent, sign = ("r", -1) if rng.random() < 0.5 else ("l", 1)
        knee, turned = u(25, 95), u(10, 85)
        legs |= {
            f"knee_angle_{bent}": knee, f"hip_flexion_{bent}": 0.6 * knee - tilt,
            f"hip_rotation_{bent}": -0.5 * turned, f"hip_adduction_{bent}": -spread - 0.15 * knee,
            "pelvis_rotation": sign * u(0, 0.4) * turned,
        }  # fmt: skip
        feet[bent].outwards = turned
        feet[bent].aside += 0.002 * knee
    upper = upper_body(rng, u(-5, 15))
    if rng.random() < 0.7:
        upper |= raised_arms(rng)
    return Key("astride", legs | upper, feet, balanced=False, pause_s=u(0, 1.5))


def squat(rng: Rng) -> Key:
    """From a shallow knee bend to a deep squat, on the heels or the balls."""
    depth = rng.uniform(0.2, 1.0)
    lean = rng.uniform(5, 45) * depth
    width = rng.uniform(0.15, 0.65)
    legs = {
        "hip_flexion": 20 + 85 * depth + rng.normal(0, 6), "knee_angle": 15 + 115 * depth + rng.normal(0, 6),
        "ankle_angle": 8 + 25 * depth, "pelvis_tilt": -lean, "hip_adduction": -35 * width + rng.normal(0, 4),
        "hip_rotation": rng.normal(-8, 8),
    }  # fmt: skip
    lift = rng.uniform(5, 40) if rng.random() < 0.15 else 0.0
    return Key(
        "squat",
        legs | upper_body(rng, rng.uniform(0, 25)),
        feet_apart(width, rng.uniform(0, 40), heel_lift=lift),
    )


def sit(rng: Rng) -> Key:
    """Seated on something knee-high, upright, leaning back or forward, the knees together or apart."""
    tilt = rng.uniform(-25, 22)
    legs = {
        "hip_flexion": 88 - 0.8 * tilt + rng.normal(0, 8), "knee_angle": rng.uniform(60, 118),
        "ankle_angle": rng.uniform(-10, 18), "pelvis_tilt": tilt, "hip_adduction": rng.uniform(-25, 5),
    }  # fmt: skip
    feet = feet_apart(rng.uniform(0.08, 0.5), rng.uniform(-5, 30))
    return Key(
        "sit", legs | upper_body(rng, rng.uniform(-5, 30)), feet, balanced=False, pause_s=rng.uniform(0, 1.5)
    )


def rise(rng: Rng) -> Key:
    """The moment of leaving the chair: trunk far forward, weight over the feet."""
    tilt = rng.uniform(-50, -20)
    legs = {
        "hip_flexion": 75 - tilt * 0.7,
        "knee_angle": rng.uniform(75, 105),
        "ankle_angle": rng.uniform(10, 28),
        "pelvis_tilt": tilt,
    }
    return Key(
        "rise",
        legs | upper_body(rng, rng.uniform(5, 30)),
        feet_apart(rng.uniform(0.1, 0.45), rng.uniform(0, 20)),
    )


def lunge(rng: Rng) -> Key:
    """One foot far in front, the rear heel lifted; or far aside with one knee bent."""
    front, rear = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    depth = rng.uniform(0.25, 1.0)
    if rng.random() < 0.25:
        legs = {
            f"hip_flexion_{front}": 20 + 70 * depth, f"knee_angle_{front}": 20 + 85 * depth,
            f"hip_adduction_{front}": -20.0, f"hip_flexion_{rear}": 20 + 10 * depth,
            f"knee_angle_{rear}": 5.0, f"hip_adduction_{rear}": -35.0, "pelvis_tilt": rng.uniform(-30, 0),
        }  # fmt: skip
        return Key("lunge", legs | upper_body(rng), feet_apart(rng.uniform(0.6, 1.1), rng.uniform(0, 30)))
    legs = {
        f"hip_flexion_{front}": 20 + 75 * depth, f"knee_angle_{front}": 15 + 85 * depth, f"ankle_angle_{front}": 10.0,
        f"hip_flexion_{rear}": rng.uniform(-15, 10), f"knee_angle_{rear}": 15 + 80 * depth,
        f"ankle_angle_{rear}": 10.0, "pelvis_tilt": rng.uniform(-20, 5),
    }  # fmt: skip
    span = rng.uniform(0.25, 0.55)
    feet = {
        front: Foot(span, rng.uniform(0.03, 0.15), 5.0),
        rear: Foot(-span, rng.uniform(0.03, 0.15), 5.0, rng.uniform(15, 60)),
    }
    return Key("lunge", legs | upper_body(rng), feet)


def bend(rng: Rng) -> Key:
    """Bending down to the floor or a table, the knees straight or bent."""
    tilt, knees = rng.uniform(-75, -15), rng.uniform(0, 60)
    legs = {
        "hip_flexion": 15 - tilt + 0.6 * knees,
        "knee_angle": knees,
        "ankle_angle": 0.3 * knees,
        "pelvis_tilt": tilt,
    }
    upper = upper_body(rng, rng.uniform(5, 55))
    if rng.random() < 0.6:
        for s in "rl":
            upper |= {
                f"arm_elevation_{s}": rng.uniform(40, 100),
                f"arm_crossing_{s}": rng.uniform(20, 50),
                f"elbow_flex_{s}": rng.uniform(0, 40),
            }
    feet = feet_apart(rng.uniform(0.1, 0.5), rng.uniform(0, 25))
    feet["r"].forward, feet["l"].forward = (x := rng.normal(0, 0.08)), -x
    return Key("bend", legs | upper, feet)


def reach(rng: Rng) -> Key:
    """Reaching with one or both arms, the trunk bent and turned along."""
    upper = upper_body(rng, rng.uniform(-15, 25)) | {
        "L5_S1_Lat_Bending": rng.normal(0, 16) / BENDING_SHARE,
        "L5_S1_axial_rotation": rng.normal(0, 22) / TURN_SHARE,
    }
    side = rng.choice(["r", "l"])
    upper |= {
        f"arm_elevation_{side}": rng.uniform(60, 175),
        f"arm_crossing_{side}": rng.uniform(-60, 60),
        f"elbow_flex_{side}": rng.uniform(0, 30),
    }
    legs = {
        "hip_flexion": rng.uniform(0, 25),
        "knee_angle": rng.uniform(0, 30),
        "pelvis_tilt": rng.uniform(-15, 5),
    }
    feet = feet_apart(
        rng.uniform(0.1, 0.5), rng.uniform(0, 20), heel_lift=rng.uniform(0, 35) if rng.random() < 0.2 else 0.0
    )
    feet["r"].forward, feet["l"].forward = (x := rng.normal(0, 0.12)), -x
    return Key("reach", legs | upper, feet)


def kick(rng: Rng) -> Key:
    """One leg in the air: a kick, a raised knee, a heel to the buttocks, a leg aside."""
    free, stance = ("r", "l") if rng.random() < 0.5 else ("l", "r")
    way = rng.choice(["front", "knee", "back", "aside"])
    hip, knee = {
        "front": (rng.uniform(15, 100), rng.uniform(0, 45)), "knee": (rng.uniform(40, 110), rng.uniform(60, 125)),
        "back": (rng.uniform(-28, 15), rng.uniform(20, 130)), "aside": (rng.uniform(-10, 30), rng.uniform(0, 40)),
    }[str(way)]  # fmt: skip
    legs = {
        f"hip_flexion_{free}": hip, f"knee_angle_{free}": knee, f"ankle_angle_{free}": rng.uniform(-35, 15),
        f"hip_adduction_{free}": rng.uniform(-50, -15) if way == "aside" else rng.normal(-3, 6),
        f"hip_rotation_{free}": rng.normal(0, 12),
        f"hip_flexion_{stance}": rng.uniform(0, 15), f"knee_angle_{stance}": rng.uniform(0, 25),
        "pelvis_tilt": rng.uniform(-15, 15), "pelvis_list": rng.normal(0, 5),
    }  # fmt: skip
    feet = {stance: Foot(0.0, rng.uniform(0.0, 0.1), 5.0), free: Foot(free=True)}
    return Key("kick" if way != "knee" else "step", legs | upper_body(rng, rng.uniform(-10, 15)), feet)


def kneel(rng: Rng) -> Key:
    """On one or both knees, upright or on the heels."""
    way = rng.choice(["both", "one", "heels"])
    if way == "one":
        up, down = ("r", "l") if rng.random() < 0.5 else ("l", "r")
        legs = {
            f"hip_flexion_{up}": rng.uniform(75, 110), f"knee_angle_{up}": rng.uniform(75, 110),
            f"ankle_angle_{up}": rng.uniform(-5, 20),
            f"hip_flexion_{down}": rng.uniform(-15, 15), f"knee_angle_{down}": rng.uniform(80, 110),
            f"ankle_angle_{down}": rng.uniform(-40, 25),
        }  # fmt: skip
    elif way == "both":
        legs = {
            "hip_flexion": rng.uniform(-10, 35),
            "knee_angle": rng.uniform(80, 110),
            "ankle_angle": rng.uniform(-50, 20),
        }
    else:
        legs = {
            "hip_flexion": rng.uniform(60, 110),
            "knee_angle": rng.uniform(135, 153),
            "ankle_angle": rng.uniform(-50, -20),
        }
    legs |= {"pelvis_tilt": rng.uniform(-25, 8), "hip_adduction": rng.normal(-6, 5)}
    return Key("kneel", legs | upper_body(rng, rng.uniform(-5, 25)), on_floor=True, pause_s=rng.uniform(0, 1))


def sit_on_floor(rng: Rng) -> Key:
    """On the floor, legs stretched, drawn up or crossed."""
    way = rng.choice(["long", "drawn", "crossed"])
    legs = {
        "long": {"hip_flexion": 85.0, "knee_angle": rng.uniform(0, 40), "hip_adduction": rng.uniform(-35, 0)},
        "drawn": {"hip_flexion": 110.0, "knee_angle": rng.uniform(80, 130), "hip_adduction": rng.uniform(-20, 0)},
        "crossed": {"hip_flexion": 95.0, "knee_angle": rng.uniform(110, 135), "hip_adduction": -38.0,
                    "hip_rotation": -45.0},
    }[str(way)]  # fmt: skip
    tilt = rng.uniform(-10, 30)
    legs |= {"pelvis_tilt": tilt, "hip_flexion": legs["hip_flexion"] - tilt + rng.normal(0, 6)}
    return Key(
        "sit on floor", legs | upper_body(rng, rng.uniform(0, 35)), on_floor=True, pause_s=rng.uniform(0, 1.5)
    )


def lie(rng: Rng) -> Key:
    """On the back, the front or a side; legs straight or drawn up."""
    way = str(rng.choice(["back", "front", "side"]))
    u = rng.uniform
    legs = {
        "hip_flexion": abs(rng.normal(0, 12)),
        "knee_angle": abs(rng.normal(0, 15)),
        "ankle_angle": u(-40, 0),
    }
    if way == "back" and rng.random() < 0.6:
        legs = {"hip_flexion": u(30, 100), "knee_angle": u(40, 120), "ankle_angle": u(-30, 10)}
    elif way == "side":
        legs = {"hip_flexion": u(0, 80), "knee_angle": u(10, 110), "ankle_angle": u(-30, 5)}
    legs |= {"pelvis_tilt": {"back": 90.0, "front": -88.0, "side": 0.0}[way] + rng.normal(0, 4)}
    legs |= {
        "pelvis_list": (
            float(rng.choice([-82, 82])) + rng.normal(0, 2.5) if way == "side" else rng.normal(0, 6)
        )
    }
    return Key("lie", legs | upper_body(rng, u(-10, 15)), on_floor=True, pause_s=u(0, 1.5))


def on_hands(rng: Rng) -> Key:
    """On hands and knees, a plank or a push-up."""
    u = rng.uniform
    plank = rng.random() < 0.5
    tilt = u(-88, -62)
    legs = {"hip_flexion": 85 + u(-20, 20), "knee_angle": u(75, 105), "ankle_angle": u(-50, 0)}
    if plank:
        legs = {"hip_flexion": u(-5, 25), "knee_angle": u(0, 15), "ankle_angle": u(0, 25), "mtp_angle": -40.0}
    upper = upper_body(rng, u(-10, 20)) | {"neck_flexion": u(0, 45)}
    elbow = u(0, 90) if plank else u(0, 30)
    for s in "rl":
        upper |= {f"arm_elevation_{s}": u(65, 100), f"arm_crossing_{s}": u(10, 50), f"elbow_flex_{s}": elbow}
    rests_on = ("hand_r", "hand_l", *(("toes_r", "toes_l") if plank else ("tibia_r", "tibia_l")))
    return Key("on hands", legs | upper | {"pelvis_tilt": tilt}, on_floor=True, rests_on=rests_on)
