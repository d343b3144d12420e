"""Where the 26 Halpe keypoints of a detector sit on the bones of the default skeleton.

A detector's "hip" or "shoulder" is a habit of those who labelled its training pictures, not a joint centre.
The places of the points from shoulder to foot were measured for RTMPose on clips of two adults filmed together
with a marker-based reference (`tools/measure_keypoints.py`): camera and places were solved for so that the
reference's bodies project onto the detected points, the same place for both persons and, mirrored, both sides.
The points of the head are those of a living face before this skull, on its own axes and divided by the mean scale
of adults: pupils 63 mm apart on heads 151 mm wide (ANSUR II), the tip of the nose 30 mm before the bone (20 mm over
10 mm of lip, Zhuang & Bradtmiller 2005), the middle of the ear just behind the ear canal. The neck's (the throat)
lies between where it is drawn on 51 people in photos, higher, and on the two adults.
"""

from typing import NamedTuple

from pase.anatomy.model import Landmark


class Place(NamedTuple):
    """Where one keypoint sits; the left one is the mirror image."""

    body: str
    """Body, without its side where it has one."""
    location: tuple[float, float, float]
    """Metres on the unscaled body of the right side."""
    spread_m: float
    """Standard deviation from person to person, metres along each axis."""


PLACES: dict[str, Place] = {
    "Nose": Place("head", (0.130, 0.012, 0.0), 0.006),
    "Eye": Place("head", (0.097, 0.046, 0.036), 0.004),
    "Ear": Place("head", (-0.002, 0.024, 0.087), 0.006),
    "Head": Place("head", (0.016, 0.164, 0.0), 0.020),
    "Neck": Place("torso", (0.000, 0.420, 0.0), 0.020),
    "Shoulder": Place("scapula", (0.003, -0.016, -0.032), 0.020),
    "Elbow": Place("humerus", (0.024, -0.283, -0.020), 0.015),
    "Wrist": Place("radius", (-0.013, -0.230, 0.008), 0.015),
    "Hip": Place("pelvis", (-0.054, -0.040, 0.090), 0.020),
    "Knee": Place("femur", (0.003, -0.374, -0.006), 0.015),
    "Ankle": Place("tibia", (-0.004, -0.402, 0.005), 0.012),
    "BigToe": Place("toes", (0.032, 0.000, -0.012), 0.012),
    "SmallToe": Place("toes", (-0.006, -0.004, 0.040), 0.012),
    "Heel": Place("calcn", (0.004, 0.018, -0.004), 0.012),
}
"""By keypoint, without its side."""

_ONE_OF_TWO = {"scapula", "humerus", "radius", "femur", "tibia", "toes", "calcn"}


def keypoint_place(name: str) -> Place:
    """The place of a keypoint by its full name, `LKnee` or `Hip` (the point midway between the hips)."""
    side = name[0] if name[0] in "LR" and name[1:] in PLACES else ""
    body, (x, y, z), spread = PLACES[name[1:] if side else name]
    if body in _ONE_OF_TWO:
        body = f"{body}_{side.lower()}"
    return Place(body, (x, y, z * {"L": -1.0, "R": 1.0, "": 0.0}[side]), spread)


def keypoint_landmarks(names: tuple[str, ...]) -> tuple[Landmark, ...]:
    """Landmarks of the default skeleton for Halpe keypoints."""
    return tuple(Landmark(name, *keypoint_place(name)[:2]) for name in names)
