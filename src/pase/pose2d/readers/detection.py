"""One person in one frame as the readers return it, and facts about the footage."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.types import Array, ImageSize


@dataclass(slots=True)
class Detection:
    """One person in one frame."""

    frame: int
    """Index of the frame, from 0."""
    points: Array
    """(K, 3) x, y in pixels and score; all 0 or not finite where unseen."""
    person: int | None = None
    """The person's number, if the file has one."""
    sigma: Array | None = None
    """(K, 2) standard deviation in pixels, if the file has one."""
    time: float | None = None
    """Seconds, if the file has times."""
    shot: int = 0
    measured: bool = True
    """Whether the frame was looked at; else the points lie between those around it."""


@dataclass(frozen=True, slots=True)
class FootageFacts:
    """Facts about the footage of a keypoint file that do not come from the file."""

    image_size: ImageSize | None = None
    time: Array | None = None
    """(T,) seconds of every frame."""
    frame_rate: float | None = None
    """Frames a second, where there are no times."""


def by_frame(detections: Iterable[Detection]) -> dict[int, list[Detection]]:
    """Everybody in each frame, in the order of the frames."""
    frames: dict[int, list[Detection]] = {}
    for detection in sorted(detections, key=lambda d: d.frame):
        frames.setdefault(detection.frame, []).append(detection)
    return frames


def known_points(points: Array) -> NDArray[np.bool_]:
    """(K,) which points (K, 3) of x, y, score were seen."""
    return np.asarray(np.isfinite(points).all(-1) & (points != 0.0).any(-1))


def pose_gap(new: Detection, old: Detection) -> float:
    """Median distance of two poses over the size of the later one; without common points they are apart."""
    common = known_points(new.points) & known_points(old.points)
    if not common.any():
        return np.inf
    size = max(float(np.ptp(new.points[known_points(new.points), :2], axis=0).max()), 1e-9)
    return float(np.median(np.linalg.norm(new.points[common, :2] - old.points[common, :2], axis=1))) / size
