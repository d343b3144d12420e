"""Points that stand for the segments of markerless systems (Theia3D), on segments and on the default skeleton.

A segment is a joint centre and axes there: x to the right, y forwards, z up. As points are what is fitted, each
axis that adds something is a point beside the centre: a knee's outside is how the thigh is turned.
"""

from typing import NamedTuple

from pase.anatomy.model import Landmark


class SegmentPoint(NamedTuple):
    """A point beside the centre of a segment, and where it is on the default skeleton."""

    centre: tuple[str, ...]
    """Segments; the point is counted from the middle of their centres."""
    axes: str
    """Segment along whose axes the point lies."""
    offset: tuple[float, float, float]
    """Metres along these axes."""
    body: str
    location: tuple[float, float, float]
    """Metres on the unscaled body."""
    spread_m: float
    """Standard deviation of the place from person to person, along each axis."""


_CENTRE_M, _AXIS_M, _SPINE_M = 0.010, 0.015, 0.030
_MIDDLE = {
    "Pelvis front": SegmentPoint(
        ("l_thigh", "r_thigh"), "pelvis", (0.0, 0.1, 0.0), "pelvis", (0.029, -0.066, 0.0), _AXIS_M
    ),
    "Pelvis top": SegmentPoint(
        ("l_thigh", "r_thigh"), "pelvis", (0.0, 0.0, 0.1), "pelvis", (-0.071, 0.034, 0.0), _AXIS_M
    ),
    "Torso": SegmentPoint(("torso",), "torso", (0.0, 0.0, 0.0), "torso", (0.03, 0.42, 0.0), _SPINE_M),
    "Torso front": SegmentPoint(("torso",), "torso", (0.0, 0.1, 0.0), "torso", (0.13, 0.42, 0.0), _SPINE_M),
    "Head": SegmentPoint(("head",), "head", (0.0, 0.0, 0.0), "head", (0.0, 0.0, 0.0), _SPINE_M),
    "Head front": SegmentPoint(("head",), "head", (0.0, 0.1, 0.0), "head", (0.1, 0.0, 0.0), _SPINE_M),
    "Head top": SegmentPoint(("head",), "head", (0.0, 0.0, 0.1), "head", (0.0, 0.1, 0.0), _SPINE_M),
}
_RIGHT = {
    "Hip": ("thigh", "thigh", (0.0, 0.0, 0.0), "femur", (0.0, 0.0, 0.0), _CENTRE_M),
    "Knee": ("shank", "shank", (0.0, 0.0, 0.0), "tibia", (0.0, 0.0, 0.0), _CENTRE_M),
    "Knee outside": ("shank", "thigh", (0.06, 0.0, 0.0), "femur", (0.0, -0.398, 0.058), _AXIS_M),
    "Ankle": ("foot", "foot", (0.0, 0.0, 0.0), "talus", (0.0, 0.0, 0.0), _CENTRE_M),
    "Ankle outside": ("foot", "shank", (0.06, 0.0, 0.0), "tibia", (0.0, -0.43, 0.06), _AXIS_M),
    "Toes": ("toes", "toes", (0.0, 0.0, 0.0), "calcn", (0.178, -0.002, 0.001), _AXIS_M),
    "Toes outside": ("toes", "foot", (0.06, 0.0, 0.0), "calcn", (0.178, -0.002, 0.061), _AXIS_M),
    "Toe tip": ("toes", "toes", (0.0, 0.05, 0.0), "toes", (0.05, 0.0, 0.0), _AXIS_M),
    "Shoulder": ("uarm", "uarm", (0.0, 0.0, 0.0), "humerus", (0.0, 0.0, 0.0), _CENTRE_M),
    "Elbow": ("larm", "larm", (0.0, 0.0, 0.0), "ulna", (0.0, 0.0, 0.0), _CENTRE_M),
    "Wrist": ("hand", "hand", (0.0, 0.0, 0.0), "hand", (0.0, 0.0, 0.0), _CENTRE_M),
}


def _sided(letter: str) -> dict[str, SegmentPoint]:
    sign = 1.0 if letter == "r" else -1.0
    return {
        f"{letter.upper()}{name}": SegmentPoint(
            (f"{letter}_{centre}",), f"{letter}_{axes}", (sign * x, y, z), f"{body}_{letter}",
            (place[0], place[1], sign * place[2]), spread,
        )
        for name, (centre, axes, (x, y, z), body, place, spread) in _RIGHT.items()
    }  # fmt: skip


SEGMENT_POINTS: dict[str, SegmentPoint] = {**_MIDDLE, **_sided("r"), **_sided("l")}
"""By name."""


def segment_landmarks() -> tuple[Landmark, ...]:
    """The points on the default skeleton."""
    return tuple(Landmark(name, point.body, point.location) for name, point in SEGMENT_POINTS.items())
