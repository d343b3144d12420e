"""Made people: a figure of 26 keypoints standing upright, and a picture of its clothes."""

import numpy as np

from pase.data import HALPE26
from pase.pose2d.keypoints import Pose

Color = tuple[int, int, int]

_HEIGHT = {
    "Head": 0.0, "Nose": 0.08, "Eye": 0.06, "Ear": 0.07, "Neck": 0.18, "Shoulder": 0.2, "Elbow": 0.35,
    "Wrist": 0.48, "Hip": 0.5, "Knee": 0.73, "Ankle": 0.95, "BigToe": 1.0, "SmallToe": 1.0, "Heel": 0.98,
}  # fmt: skip
_ACROSS = {"LShoulder": 0.11, "RShoulder": -0.11, "LHip": 0.08, "RHip": -0.08}


def figure(x: float, top: float = 30.0, height: float = 120.0, score: float = 0.9) -> Pose:
    """The pose of somebody whose middle is at `x` and whose head is at `top`, all in pixels."""
    places = [(_ACROSS.get(name, 0.0), _HEIGHT[name if name in _HEIGHT else name[1:]]) for name in HALPE26]
    xy = [x, top] + height * np.array(places)
    return Pose(xy, np.full(len(xy), score), np.ones_like(xy))


def dress(image: np.ndarray, pose: Pose, shirt: Color, trousers: Color) -> None:
    """Paint the clothes of a figure into a picture."""
    xy = dict(zip(HALPE26, np.round(pose.xy).astype(int), strict=True))
    left, right = xy["RShoulder"][0] - 4, xy["LShoulder"][0] + 5
    shoulder, hip, foot = (xy[name][1] for name in ("LShoulder", "LHip", "LAnkle"))
    image[hip:foot, max(left, 0) : right] = trousers
    image[shoulder:hip, max(left, 0) : right] = shirt
