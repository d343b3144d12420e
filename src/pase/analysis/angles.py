"""Angles that people mean, read from the orientations of the segments: the same for every OpenSim model.

Signs and order follow the ISB's recommendations (Wu et al. 2002, 2005) and, for pelvis and trunk in space,
Baker (2001): flexion, dorsiflexion and leaning forward are positive; so are adduction, internal rotation and valgus
on either side; for the trunk each angle says which side is. Degrees in tables, radians here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pase.analysis.body import SIDES, UP, BodyMotion, Side, facing
from pase.findings import angle_key
from pase.types import Array

Compute = Callable[[BodyMotion, Side], Array | None]

LEAST_PROGRESS_M_S = 0.3
"""Slower, a person goes nowhere: a foot then points to the side against where the pelvis faces."""
PROGRESS_OVER_S = 0.6
LEAST_PROJECTED_SHARE = 0.3
"""An angle in a plane is unknown where less than this share of a segment lies in it: the segment points along the
line of sight there, as a runner's shank in the swing seen from the front, and any angle comes out."""


@dataclass(frozen=True)
class Angle:
    """An angle as people name it."""

    name: str
    """As in tables, for instance `knee_flexion`."""
    plain: str
    """As on a page, for instance `Knee flexion`."""
    isb: str
    """What the ISB's recommendations call it, with the axis."""
    positive: str
    """What a positive value means."""
    region: str
    """`legs`, `trunk` or `arms`."""
    sided: bool
    compute: Compute
    """(T,) radians from the segments; None where the model lacks one. The side is ignored where there is none."""


def all_angles(body: BodyMotion) -> dict[str, Array]:
    """Every angle that a body has: (T,) radians by key, in the order legs, trunk, arms; NaN where unknown."""
    if not body.angles:
        body.angles.update(_computed(body))
    return body.angles


def _computed(body: BodyMotion) -> dict[str, Array]:
    angles = {}
    for angle in ANGLES:
        for side in SIDES if angle.sided else SIDES[:1]:
            values = angle.compute(body, side)
            if values is not None:
                angles[angle_key(angle.name, side if angle.sided else None)] = values
    return angles


def angle_of(key: str) -> tuple[Angle, Side | None]:
    """The angle and side of a key such as `knee_flexion_r`.

    Raises
    ------
    KeyError
        When there is no such angle.
    """
    if key in BY_NAME and not BY_NAME[key].sided:
        return BY_NAME[key], None
    name, _, letter = key.rpartition("_")
    side: Side = "right" if letter == "r" else "left"
    return BY_NAME[name], side


def cardan_zxy(turn: Array) -> tuple[Array, Array, Array]:
    """Angles (T,) about Z, X, Y in turn, axes moving along: the joint angles of Grood and Suntay (1983)."""
    z = np.arctan2(-turn[:, 0, 1], turn[:, 1, 1])
    x = np.arcsin(np.clip(turn[:, 2, 1], -1, 1))
    y = np.arctan2(-turn[:, 2, 0], turn[:, 2, 2])
    return z, x, y


def cardan_yxz(turn: Array) -> tuple[Array, Array, Array]:
    """Angles (T,) about Y, X, Z in turn: heading, obliquity and tilt of a segment in space (Baker 2001)."""
    y = np.arctan2(turn[:, 0, 2], turn[:, 2, 2])
    x = np.arcsin(np.clip(-turn[:, 1, 2], -1, 1))
    z = np.arctan2(turn[:, 1, 0], turn[:, 1, 1])
    return y, x, z


def _joint(parent: str, child: str, axis: int, sign: float = 1.0, mirrored: bool = False) -> Compute:
    """An angle of a joint: axis 0, 1, 2 for Z, X, Y; mirrored for the left side where that means the same."""

    def compute(body: BodyMotion, side: Side) -> Array | None:
        sides = [None if name in ("pelvis", "torso", "head") else side for name in (parent, child)]
        upper, lower = body.segment(parent, sides[0]), body.segment(child, sides[1])
        if upper is None or lower is None:
            return None
        value = sign * cardan_zxy(np.swapaxes(upper, 1, 2) @ lower)[axis]
        return -value if mirrored and side == "left" else value

    return compute


def _in_space(segment: str, axis: int, sign: float) -> Compute:
    """An angle of a segment in space: axis 0, 1, 2 for heading, obliquity, tilt."""

    def compute(body: BodyMotion, side: Side) -> Array | None:
        turn = body.segment(segment)
        if turn is None:
            return None
        value: Array = sign * cardan_yxz(turn)[axis]
        if axis == 0:
            finite = np.isfinite(value)
            value[finite] = np.unwrap(value[finite])
        return value

    return compute


def knee_valgus(body: BodyMotion, side: Side) -> Array | None:
    """(T,) angle between thigh and shank as seen from the front, radians; positive where the knee points inward.

    The frontal-plane projection angle of Willson and Davis (2008), in the plane that faces as the pelvis does. It is
    unknown in a knee bent by more than 90°: the thigh then points to the front or outward, whatever the knee does.
    """
    leg, heading = body.joints(side, "hip", "knee", "ankle"), body.heading
    if leg is None or heading is None:
        return None
    hip, knee, ankle = leg
    outward = np.cross(heading, UP) * (1 if side == "right" else -1)
    thigh, shank = (_angle_within(segment, -UP, outward) for segment in (knee - hip, ankle - knee))
    valgus: Array = (shank - thigh + np.pi) % (2 * np.pi) - np.pi
    valgus[np.sum((knee - hip) * (ankle - knee), axis=1) < 0] = np.nan
    return valgus


def foot_progression(body: BodyMotion, side: Side) -> Array | None:
    """(T,) angle of the foot's long axis to the way that the person goes, radians; toes outward are positive.

    Below 0.3 m/s a person stands, and it is the angle to where the pelvis faces.
    """
    ends, way = body.joints(side, "heel", "ball"), progression(body)
    if ends is None or way is None:
        return None
    foot = ends[1] - ends[0]
    outward = np.cross(way, UP) * (1 if side == "right" else -1)
    return _angle_within(foot, way, outward)


def progression(body: BodyMotion) -> Array | None:
    """(T, 3) horizontal unit vector along the way of the person, to the side that they face when walking backward."""
    hips, heading = body.middle("hip"), body.heading
    if hips is None or heading is None:
        return None
    if len(body) < 2:
        return heading
    half = 0.5 * PROGRESS_OVER_S
    moved = np.empty_like(hips)
    for i in (0, 2):
        later, earlier = (
            np.interp(body.time + shift, body.time[body.known], hips[body.known, i])
            if body.known.any()
            else np.nan
            for shift in (half, -half)
        )
        moved[:, i] = later - earlier
    moved[:, 1] = 0.0
    span = np.minimum(body.time + half, body.time[-1]) - np.maximum(body.time - half, body.time[0])
    speed = np.linalg.norm(moved, axis=1) / np.maximum(span, 1e-9)
    ahead = np.sign((moved * heading).sum(axis=1))[:, None] * moved
    unit = ahead / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    way: Array = np.where((speed > LEAST_PROGRESS_M_S)[:, None], unit, heading)
    return way


def shoulder_elevation(body: BodyMotion, side: Side) -> Array | None:
    """(T,) angle between the upper arm and the trunk's long axis, radians; 0 where the arm hangs along the trunk."""
    arm, trunk = _upper_arm(body, side), body.segment("torso")
    if arm is None or trunk is None:
        return None
    down = -trunk[:, :, 1]
    # By the tangent, which is exact also where the angle is small.
    elevation: Array = np.arctan2(np.linalg.norm(np.cross(arm, down), axis=1), (arm * down).sum(axis=1))
    return elevation


def arm_swing(body: BodyMotion, side: Side) -> Array | None:
    """(T,) angle of the upper arm to the vertical, seen from the side of the trunk, radians; forward is positive."""
    arm, trunk = _upper_arm(body, side), body.segment("torso")
    if arm is None or trunk is None:
        return None
    return _angle_in_plane(arm, -UP, facing(trunk))


def _angle_in_plane(segment: Array, zero: Array, positive: Array) -> Array:
    """(T,) angle of segments (T, 3) in the plane of two unit vectors, from the first to the second, radians.

    NaN where too little of the segment lies in the plane; see `LEAST_PROJECTED_SHARE`.
    """
    along, aside = (segment * zero).sum(axis=1), (segment * positive).sum(axis=1)
    clear = np.hypot(along, aside) > LEAST_PROJECTED_SHARE * np.linalg.norm(segment, axis=1)
    angle: Array = np.where(clear, np.arctan2(aside, along), np.nan)
    return angle


def _angle_within(segment: Array, zero: Array, positive: Array) -> Array:
    """As `_angle_in_plane`, but NaN beyond a quarter turn: a foot that is lifted until it points backward, or a shank
    that points up, is turned about another axis."""
    angle = _angle_in_plane(segment, zero, positive)
    within: Array = np.where(np.abs(angle) < 0.5 * np.pi, angle, np.nan)
    return within


def trunk_lean_forward(body: BodyMotion, side: Side) -> Array | None:
    """(T,) angle to the vertical of the line from the hips to the shoulders, seen from the trunk's side, radians.

    The thorax's own tilt hangs on where the spine bends, which nobody sees from outside: two skeletons whose hips and
    shoulders agree differ in it by 10° and more in a squat.
    """
    trunk, line = body.segment("torso"), _trunk_line(body)
    if trunk is None or line is None:
        return None
    return _angle_in_plane(line, UP, facing(trunk))


def trunk_lean_side(body: BodyMotion, side: Side) -> Array | None:
    """(T,) how far the line from the hips to the shoulders is out of the plane in which the trunk faces, radians."""
    trunk, line = body.segment("torso"), _trunk_line(body)
    if trunk is None or line is None:
        return None
    aside = (line * np.cross(facing(trunk), UP)).sum(axis=1) / np.linalg.norm(line, axis=1)
    lean: Array = np.arcsin(np.clip(aside, -1, 1))
    return lean


def _trunk_line(body: BodyMotion) -> Array | None:
    """(T, 3) from midway between the hips to midway between the shoulders, metres."""
    hips, shoulders = body.middle("hip"), body.middle("shoulder")
    return None if hips is None or shoulders is None else shoulders - hips


def _upper_arm(body: BodyMotion, side: Side) -> Array | None:
    ends = body.joints(side, "shoulder", "elbow")
    return None if ends is None else ends[1] - ends[0]


ANGLES = (
    Angle("hip_flexion", "Hip flexion", "hip, e1 (pelvis Z)", "thigh forward",
          "legs", True, _joint("pelvis", "femur", 0)),
    Angle("hip_adduction", "Hip adduction", "hip, e2 (floating)", "thigh inward",
          "legs", True, _joint("pelvis", "femur", 1, mirrored=True)),
    Angle("hip_rotation", "Hip rotation", "hip, e3 (femur Y)", "internal",
          "legs", True, _joint("pelvis", "femur", 2, mirrored=True)),
    Angle("knee_flexion", "Knee flexion", "knee, e1 (femur Z)", "bent",
          "legs", True, _joint("femur", "tibia", 0, -1)),
    Angle("knee_valgus", "Knee valgus, seen from the front", "none: projection on the frontal plane", "knee inward",
          "legs", True, knee_valgus),
    Angle("ankle_dorsiflexion", "Ankle dorsiflexion", "ankle complex, e1 (tibia Z)", "toes up",
          "legs", True, _joint("tibia", "calcn", 0)),
    Angle("ankle_inversion", "Ankle inversion", "ankle complex, e2 (floating)", "sole inward",
          "legs", True, _joint("tibia", "calcn", 1, mirrored=True)),
    Angle("foot_progression", "Foot progression", "none: foot to the line of progression", "toes outward",
          "legs", True, foot_progression),
    Angle("pelvis_tilt_forward", "Pelvic tilt", "pelvis in space, tilt", "forward",
          "trunk", False, _in_space("pelvis", 2, -1)),
    Angle("pelvis_obliquity", "Pelvic obliquity", "pelvis in space, obliquity", "right side down",
          "trunk", False, _in_space("pelvis", 1, 1)),
    Angle("pelvis_heading", "Pelvic rotation", "pelvis in space, rotation", "turned to the left",
          "trunk", False, _in_space("pelvis", 0, 1)),
    Angle("trunk_flexion", "Trunk flexion", "thorax to pelvis, e1 (pelvis Z)", "forward",
          "trunk", False, _joint("pelvis", "torso", 0, -1)),
    Angle("trunk_bending", "Trunk bending", "thorax to pelvis, e2 (floating)", "to the right",
          "trunk", False, _joint("pelvis", "torso", 1)),
    Angle("trunk_rotation", "Trunk rotation", "thorax to pelvis, e3 (thorax Y)", "to the left",
          "trunk", False, _joint("pelvis", "torso", 2)),
    Angle("trunk_lean_forward", "Trunk lean forward", "none: hips to shoulders against the vertical", "forward",
          "trunk", False, trunk_lean_forward),
    Angle("trunk_lean_side", "Trunk lean sideways", "none: hips to shoulders against the vertical", "to the right",
          "trunk", False, trunk_lean_side),
    Angle("head_flexion", "Head flexion", "head to thorax, e1 (thorax Z)", "looking down",
          "trunk", False, _joint("torso", "head", 0, -1)),
    Angle("head_bending", "Head bending", "head to thorax, e2 (floating)", "to the right",
          "trunk", False, _joint("torso", "head", 1)),
    Angle("head_rotation", "Head rotation", "head to thorax, e3 (head Y)", "to the left",
          "trunk", False, _joint("torso", "head", 2)),
    Angle("shoulder_elevation", "Shoulder elevation", "thoracohumeral elevation", "arm up",
          "arms", True, shoulder_elevation),
    Angle("arm_swing", "Arm swing", "none: upper arm to the vertical", "arm forward",
          "arms", True, arm_swing),
    Angle("elbow_flexion", "Elbow flexion", "elbow, e1 (humerus Z)", "bent",
          "arms", True, _joint("humerus", "ulna", 0)),
)  # fmt: skip
"""Every angle, legs first, then trunk, then arms."""

BY_NAME: Mapping[str, Angle] = {angle.name: angle for angle in ANGLES}
