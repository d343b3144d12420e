"""Whether keypoints of a file can be those of a person in this picture, at these times, in one film."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from pase.errors import InputError
from pase.pose2d.readers.detection import Detection, Recorded, by_frame, known_points, pose_gap

_log = logging.getLogger(__name__)

_SHARES_BELOW = 10.0
"""Coordinates that are all nearer to 0 are shares of the picture: nobody is so small in pixels."""
_LEAST_EXTENT_PX = 2.0
_MOST_OUTSIDE, _MARGIN = 0.2, 0.1
"""Share of the points that may lie outside the picture, and how far, as a share of its sides."""
_UNLIKE_GAP = 0.6
"""Distance from one picture's person to the nearest in the next, in sizes of the body, that no film has."""
_SAMPLES = 500


def to_pixels(
    detections: Sequence[Detection], recorded: Recorded, path: Path, *, centred: bool = False
) -> None:
    """Bring coordinates that are shares of the picture to pixels, in place.

    Parameters
    ----------
    centred
        Whether negative shares mean that they go from -1 to 1, as by OpenPose's `--keypoint_scale 4`, rather than
        that points lie outside the picture.

    Raises
    ------
    InputError
        When the size of the picture is not known.
    """
    visible = [known_points(d.points) for d in detections]
    visible_xy = [d.points[k, :2] for d, k in zip(detections, visible, strict=True) if k.any()]
    if not visible_xy or max(float(np.abs(xy).max()) for xy in visible_xy) >= _SHARES_BELOW:
        return
    if recorded.image_size is None:
        raise InputError(f"{path} holds shares of the picture, not pixels: name the footage with --video")
    size = np.array(recorded.image_size, float)
    negative = centred and min(float(xy.min()) for xy in visible_xy) < 0
    for detection, own in zip(detections, visible, strict=True):
        share = detection.points[own, :2]
        detection.points[own, :2] = size * ((share + 1) / 2 if negative else share)


def check_poses(detections: Sequence[Detection], recorded: Recorded, path: Path) -> None:
    """Refuse what is no person, and tell what does not fit the footage.

    Raises
    ------
    InputError
        When every person's points lie in one pixel.
    """
    extents, outside, count = [], 0, 0
    size = None if recorded.image_size is None else np.array(recorded.image_size, float)
    for detection in detections:
        xy = detection.points[known_points(detection.points), :2]
        if len(xy) > 1:
            extents.append(float(np.ptp(xy, axis=0).max()))
        if size is not None:
            outside += int(((xy < -_MARGIN * size) | (xy > (1 + _MARGIN) * size)).any(axis=1).sum())
            count += len(xy)
    if extents and max(extents) < _LEAST_EXTENT_PX:
        raise InputError(f"{path}: all points of a person lie in one pixel: that is nobody's pose")
    if count and outside > _MOST_OUTSIDE * count:
        assert recorded.image_size is not None
        width, height = recorded.image_size
        _log.warning(
            "%s: %d %% of the points lie outside the picture of %d × %d pixels: is it another film's, or turned?",
            path.name, round(100 * outside / count), width, height,
        )  # fmt: skip


def counted_from_zero(detections: Sequence[Detection], recorded: Recorded) -> None:
    """Frames that a file counts from 1 up to the number of the video's frames become those from 0, in place."""
    if recorded.time is None or not detections:
        return
    first, last = min(d.frame for d in detections), max(d.frame for d in detections)
    if first >= 1 and last == len(recorded.time):
        for detection in detections:
            detection.frame -= 1


def film_gap(detections: Sequence[Detection]) -> float:
    """Median distance of the nearest person from one picture to the next, in sizes of the body; 0 for one picture."""
    pairs = list(pairwise(by_frame(detections).values()))
    pairs = pairs[:: max(1, len(pairs) // _SAMPLES)]
    gaps = [min(pose_gap(new, old) for old in first for new in second) for first, second in pairs]
    return float(np.median(gaps)) if gaps else 0.0


def check_is_film(detections: Sequence[Detection], path: Path) -> None:
    """Refuse people of unrelated pictures, which no person moves from one to the other of.

    Raises
    ------
    InputError
        When no person of a picture is near one in the next.
    """
    if film_gap(detections) > _UNLIKE_GAP:
        raise InputError(
            f"{path} holds people of unrelated pictures, not of one film: give the keypoints of one picture or one "
            "film at a time"
        )
