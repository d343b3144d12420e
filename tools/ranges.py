"""Ranges of motion that `build_skeleton.py` gives the default skeleton's coordinates, each with its source.

They are the ranges of healthy, athletic adults in everyday and sporting movement: the larger of the cited
means, widened where a coordinate also stands for joints that the skeleton does not have (the thorax in the
lumbar bend, the shoulder girdle in the arm). Signs are those of the coordinates.
"""

from dataclasses import dataclass

from pase.errors import InputError

AAOS = "AAOS, Joint Motion: Method of Measuring and Recording, 1965"
NORKIN = "Norkin & White, Measurement of Joint Motion, 5th ed., 2016"
ROAAS = "Roaas & Andersson, Acta Orthop Scand 53:205-208, 1982"
KAPANDJI = "Kapandji, The Physiology of the Joints, 6th ed., 2008"
ORDWAY = "Ordway et al., Spine 24:240-247, 1999 (head pushed forwards and drawn back)"
PANJABI = "White & Panjabi, Clinical Biomechanics of the Spine, 2nd ed., 1990"
HEMMERICH = "Hemmerich et al., J Orthop Res 24:770-781, 2006 (squatting, kneeling)"
BENNELL = "Bennell et al., Aust J Physiother 44:175-180, 1998 (weight-bearing lunge)"
UPPER_NECK = "Panjabi et al., Spine 13:726-730, 1988"
WORLD = "no anatomical limit: where and how the whole person is turned"

TURN_LIMIT_DEG = 20 * 360.0
"""How far a person may turn about in one recording before the heading would have to be unwound."""

PLACE_LIMIT_M = 1000.0
"""How far a person may be from where the world begins."""


@dataclass(frozen=True)
class Range:
    """A range of motion in degrees (metres for displacements) and where it is from."""

    low: float
    high: float
    source: str
    clamped: bool = True
    """Whether OpenSim shall hold the coordinate in the range too."""


def _spine(low: float, high: float, sum_of_shares: float, source: str) -> Range:
    """Range of the L5-S1 coordinate from that of the whole trunk, which its couplers share out."""
    return Range(low / sum_of_shares, high / sum_of_shares, source)


FLEXION_SHARES = 1 + 1.8571 + 1.6429 + 1.1429 + 0.9286 + 0.5714
BENDING_SHARES = 1 + 1.33 + 2.4314 + 2.4314 + 2.0392 + 1.549
ROTATION_SHARES = 1 + 1.0625 + 1.0625 + 0.875 + 0.8125 + 0.75
"""Trunk angle from sacrum to thorax for one unit of the L5-S1 coordinate: sums of the coupler slopes."""

RANGES: dict[str, Range] = {
    "pelvis_rotation": Range(-TURN_LIMIT_DEG, TURN_LIMIT_DEG, WORLD, clamped=False),
    "pelvis_list": Range(-85, 85, "short of the lock of the Euler angles at 90° (lying on the side)"),
    "pelvis_tilt": Range(-TURN_LIMIT_DEG, TURN_LIMIT_DEG, WORLD, clamped=False),
    "pelvis_tx": Range(-PLACE_LIMIT_M, PLACE_LIMIT_M, WORLD, clamped=False),
    "pelvis_ty": Range(-100, 100, WORLD, clamped=False),
    "pelvis_tz": Range(-PLACE_LIMIT_M, PLACE_LIMIT_M, WORLD, clamped=False),
    # Flexion +
    "hip_flexion": Range(-35, 145, f"flexion {HEMMERICH}; extension {KAPANDJI}"),
    "hip_adduction": Range(-60, 40, f"adduction {AAOS}, 30°; abduction {KAPANDJI}"),
    # Internal +
    "hip_rotation": Range(-60, 50, f"external {KAPANDJI}; internal {ROAAS}"),
    "knee_angle": Range(-5, 155, f"flexion {HEMMERICH}; hyperextension {NORKIN}"),
    # Dorsiflexion +
    "ankle_angle": Range(-55, 40, f"plantarflexion {AAOS}, 50°; dorsiflexion {BENNELL}"),
    # Inversion +
    "subtalar_angle": Range(-20, 35, f"{AAOS}: inversion 35°, eversion 15°"),
    # Toes down +
    "mtp_angle": Range(-70, 40, f"{AAOS}: extension 70°, flexion 45°"),
    # Extension +
    "L5_S1_Flex_Ext": _spine(-80, 30, FLEXION_SHARES, f"lumbar and lower thoracic spine: {PANJABI}"),
    # To the right +
    "L5_S1_Lat_Bending": _spine(-40, 40, BENDING_SHARES, f"lumbar and thoracic spine: {PANJABI}"),
    # To the left +
    "L5_S1_axial_rotation": _spine(-45, 45, ROTATION_SHARES, f"lumbar and thoracic spine: {PANJABI}"),
    # Extension +; the lower neck is C2 to T1, the upper one the skull to C2
    "lower_neck_flexion": Range(-50, 45, f"{PANJABI}: 91° in all"),
    "lower_neck_bending": Range(-40, 40, f"{AAOS}, less the upper neck's"),
    "neck_rotation": Range(-80, 80, f"{AAOS}"),
    "upper_neck_flexion": Range(-20, 35, f"{UPPER_NECK}: flexion 15°, extension 32°; {ORDWAY}"),
    "upper_neck_bending": Range(-12, 12, f"{UPPER_NECK}"),
    # Up and outwards +; 60° of extension is -53° here, overhead is 180°
    "arm_elevation": Range(-70, 190, f"{AAOS}: flexion and abduction 180°, extension 60°"),
    # Across the chest +; at shoulder height -70° is 20° behind the side and 80° is 130° of adduction
    "arm_crossing": Range(-80, 80, f"{NORKIN}: horizontal adduction 135°; short of the lock at 90°"),
    # Internal +; with the arm straight out to the side the forearm points forward at 50°
    "arm_rotation": Range(
        -95, 145, f"{AAOS}: internal 70°, external 90° at 90° abduction; with the scapula's tilt"
    ),
    "elbow_flex": Range(0, 150, f"{AAOS}"),
    # Pronation +; 0 is fully supinated, 90° has the thumb forward
    "pro_sup": Range(0, 175, f"{KAPANDJI}: supination 90°, pronation 85°"),
    # Palmar +
    "wrist_flex": Range(-70, 80, f"{AAOS}: flexion 80°, extension 70°"),
    # Ulnar +
    "wrist_dev": Range(-25, 35, f"{AAOS}: radial 20°, ulnar 30°; {ROAAS}"),
}
"""By coordinate; those of the limbs stand for both sides."""


def range_of(coordinate: str) -> Range:
    """The range of a free coordinate of the default skeleton; the error lists the known ones."""
    side = coordinate.removesuffix("_r").removesuffix("_l")
    for name in (coordinate, side):
        if name in RANGES:
            return RANGES[name]
    raise InputError(f"no range for coordinate '{coordinate}'; known are: {', '.join(RANGES)}")
