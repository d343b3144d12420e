"""One walk of one person that files of every program tell, and what must come out of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import HALPE26
from pase.keypoint_sets import BLAZEPOSE33
from pase.pose2d.readers import read_keypoints
from pase.pose2d.readers.detection import FootageFacts

FRAMES, SIZE = 4, (1280, 720)
RECORDED = FootageFacts(SIZE, np.arange(FRAMES) / 25)

PLACES = {
    "Nose": (0, 0), "LEye": (6, -6), "REye": (-6, -6), "LEar": (12, -2), "REar": (-12, -2), "LShoulder": (40, 50),
    "RShoulder": (-40, 50), "LElbow": (55, 110), "RElbow": (-55, 110), "LWrist": (60, 165), "RWrist": (-60, 165),
    "LHip": (24, 180), "RHip": (-24, 180), "LKnee": (27, 270), "RKnee": (-27, 270), "LAnkle": (30, 360),
    "RAnkle": (-30, 360), "Head": (0, -25), "Neck": (0, 45), "Hip": (0, 180), "LBigToe": (42, 380),
    "RBigToe": (-42, 380), "LSmallToe": (48, 376), "RSmallToe": (-48, 376), "LHeel": (26, 372), "RHeel": (-26, 372),
}  # fmt: skip
"""A person who faces the camera, in pixels from the nose."""

NAMES = {"LBigToe": "left_foot_index", "RBigToe": "right_foot_index"}


def place(name: str, frame: int) -> tuple[float, float]:
    """Pixels of a point; those that Halpe does not have lie on the nose."""
    name = "Neck" if name == "MidShoulder" else name
    x, y = PLACES.get(name, (0, 0))
    return 500.0 + 10 * frame + x, 150.0 + y + frame


def points(names: tuple[str, ...], frame: int) -> list[list[float]]:
    return [[*place(name, frame), 0.9] for name in names]


def flat(names: tuple[str, ...], frame: int) -> list[float]:
    return [value for point in points(names, frame) for value in point]


def spoken(name: str) -> str:
    """`LKnee` as `left_knee`."""
    if name in NAMES:
        return NAMES[name]
    side = {"L": "left_", "R": "right_"}.get(name[0], "")
    return side + (name[1:] if side else name).lower()


def every(write: Callable[[int], Any]) -> list[Any]:
    return [write(frame) for frame in range(FRAMES)]


def shares(frame: int, *, keys: str = "xyzv") -> list[dict[str, float]]:
    x, y, z, v = ("X", "Y", "Z", "Visibility") if keys == "XYZV" else ("x", "y", "z", "visibility")
    return [{x: p / SIZE[0], y: q / SIZE[1], z: -0.1, v: s} for p, q, s in points(BLAZEPOSE33, frame)]


def table(rows: list[list[Any]], mark: str = ",") -> str:
    return "\n".join(mark.join(map(str, row)) for row in rows) + "\n"


def saved(path: Path, content: Any) -> Path:
    """Write a text as it is, anything else as JSON; give the path."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def assert_walk(path: Path, names: tuple[str, ...], skeleton: str | None = None) -> None:
    """One person in all frames, each point where it was written."""
    (person,) = read_keypoints(path, RECORDED, skeleton)
    assert len(person) == FRAMES and person.seen.all()
    for k, name in enumerate(HALPE26):
        wanted = [place(name, frame) for frame in range(FRAMES)]
        if name in names and not (name == "Neck" and "MidShoulder" in names):
            np.testing.assert_allclose(person.xy[:, k], wanted, atol=0.02, err_msg=name)
        elif name != "Hip":
            assert np.isnan(person.xy[:, k]).all(), name
