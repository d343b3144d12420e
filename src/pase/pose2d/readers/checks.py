"""Whether keypoints of a file can be those of a person in this picture, at these times, in one film."""

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np

from pase.errors import InputError
from pase.pose2d.readers.detection import Detection, FootageFacts, by_frame, known_points, pose_gap

log = logging.getLogger(__name__)

_SHARES_BELOW = 10.0
"""Coordinates that are all nearer to 0 are shares of the picture: nobody is so small in pixels."""
_LEAST_EXTENT_PX = 2.0
_MOST_OUTSIDE, _MARGIN = 0.2, 0.1
"""Share of the points that may lie outside the picture, and how far, as a share of its sides."""
_UNLIKE_GAP = 0.6
"""Distance from one picture's person to the nearest in the next, in sizes of the body, that no film has."""
_SAMPLES = 500
_NEARLY_ALL = 0.9
_AT_ORIGIN = 0.1
"""Distance of the middle of the hips from the origin, in distances of the hips, that no picture has throughout."""
_PER_CENT_ABOVE = 20.0
"""Scores are shares; those of heat maps and SimCC may be above 1, but not so far."""
_DOWNWARDS = (
    ("Nose", "Head", "LShoulder", "RShoulder", "MidShoulder"),
    ("LAnkle", "RAnkle", "LKnee", "RKnee"),
)
_STANDS = 0.4
"""Height of head and shoulders over the knees and ankles, in sizes of the body, of somebody upright."""


def to_pixels(
    detections: Sequence[Detection],
    facts: FootageFacts,
    path: Path,
    names: Sequence[str],
    *,
    centred: bool = False,
) -> None:
    """Bring coordinates that are shares of the picture to pixels, in place.

    Parameters
    ----------
    detections, facts, path
        The persons, facts about the footage, and the file, for messages.
    names
        Halpe's names of the points.
    centred
        Whether negative shares mean that they go from -1 to 1, as by OpenPose's `--keypoint_scale 4`, rather than
        that points lie outside the picture.

    Raises
    ------
    InputError
        When the size of the picture is unknown, or the points are in metres around the hips.
    """
    if _around_the_hips(detections, names):
        raise InputError(
            f"{path} holds points in metres around the hips, as MediaPipe's world landmarks, which do not show where "
            "the person is in the picture: give its other landmarks (pose_landmarks)"
        )
    visible = [known_points(d.points) for d in detections]
    visible_xy = [d.points[k, :2] for d, k in zip(detections, visible, strict=True) if k.any()]
    if not visible_xy or max(float(np.abs(xy).max()) for xy in visible_xy) >= _SHARES_BELOW:
        return
    if facts.image_size is None:
        raise InputError(f"{path} holds shares of the picture, not pixels: name the footage with --video")
    size = np.array(facts.image_size, float)
    negative = centred and min(float(xy.min()) for xy in visible_xy) < 0
    for detection, mask in zip(detections, visible, strict=True):
        share = detection.points[mask, :2]
        detection.points[mask, :2] = size * ((share + 1) / 2 if negative else share)


def _around_the_hips(detections: Sequence[Detection], names: Sequence[str]) -> bool:
    """Whether the middle of the hips is the origin in nearly all poses."""
    if not {"LHip", "RHip"} <= set(names):
        return False
    hips = np.array([d.points[[names.index("LHip"), names.index("RHip")], :2] for d in detections])
    apart = np.linalg.norm(hips[:, 0] - hips[:, 1], axis=1)
    offset = np.linalg.norm(hips.mean(axis=1), axis=1)
    measured = (hips != 0).any(axis=(1, 2))
    return bool(measured.any() and np.mean(offset[measured] < _AT_ORIGIN * apart[measured]) > _NEARLY_ALL)


def even_scores(detections: Sequence[Detection], path: Path) -> None:
    """Bring scores in per cent to shares, and take points as seen where a file has no score above 0, in place."""
    largest = max((float(np.nanmax(d.points[:, 2], initial=0.0)) for d in detections), default=0.0)
    if largest > _PER_CENT_ABOVE:
        log.warning("%s: its scores reach %.3g: they were taken as per cent", path.name, largest)
        for detection in detections:
            detection.points[:, 2] /= 100.0
    elif largest <= 0 and any((d.points[:, :2] != 0).any() for d in detections):
        log.warning("%s: all its scores are 0: its points were taken as sure ones", path.name)
        for detection in detections:
            detection.points[:, 2] = (detection.points[:, :2] != 0).any(axis=1)


def check_upright(detections: Sequence[Detection], names: Sequence[str], path: Path) -> None:
    """Warn of people who stand on their heads in nearly all poses: in their file y goes up, or the film is turned."""
    ends = [[names.index(name) for name in pair if name in names] for pair in _DOWNWARDS]
    if not all(ends):
        return
    upper, lower = (
        np.array([np.where(d.points[k, 2] > 0, d.points[k, 1], np.nan) for d in detections]) for k in ends
    )
    with catch_warnings():
        simplefilter("ignore")  # of poses that show neither
        down = np.nanmean(lower, axis=1) - np.nanmean(upper, axis=1)
        poses = [np.where(known_points(d.points)[:, None], d.points[:, :2], np.nan) for d in detections]
        sizes = np.array([(np.nanmax(p, axis=0) - np.nanmin(p, axis=0)).max() for p in poses])
    down = (down / np.maximum(sizes, 1e-9))[np.isfinite(down)]
    if len(down) and np.mean(down < -_STANDS) > _NEARLY_ALL:
        log.warning(
            "%s: the people are upside down in nearly all frames: right for handstands and the like; if its y goes "
            "up from the lower edge of the picture, turn it (y = height - y); if the film is upside down, name it "
            "with --video", path.name,
        )  # fmt: skip


def check_poses(detections: Sequence[Detection], facts: FootageFacts, path: Path) -> None:
    """Refuse what is no person, and warn of what does not fit the footage.

    Raises
    ------
    InputError
        When every person's points lie in one pixel.
    """
    extents, outside, count = [], 0, 0
    size = None if facts.image_size is None else np.array(facts.image_size, float)
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
        assert facts.image_size is not None
        width, height = facts.image_size
        log.warning(
            "%s: %d %% of the points lie outside the picture of %d × %d pixels: is it another film's, or turned?",
            path.name, round(100 * outside / count), width, height,
        )  # fmt: skip


def counted_from_zero(detections: Sequence[Detection], facts: FootageFacts) -> None:
    """Frames that a file counts from 1, or from any number, to as many as the video has become those from 0."""
    if facts.time is None or not detections:
        return
    first, last = min(d.frame for d in detections), max(d.frame for d in detections)
    if first >= 1 and last >= len(facts.time) == last - first + 1:
        for detection in detections:
            detection.frame -= first
    elif first >= 1 and last == len(facts.time):
        for detection in detections:
            detection.frame -= 1


def film_gap(detections: Sequence[Detection]) -> float:
    """Median distance of the nearest person from one picture to the next, in sizes of the body; 0 for one picture."""
    pairs = list(pairwise(by_frame(detections).values()))
    pairs = pairs[:: max(1, len(pairs) // _SAMPLES)]
    gaps = [min(pose_gap(new, old) for old in first for new in second) for first, second in pairs]
    return float(np.median(gaps)) if gaps else 0.0


def check_is_film(detections: Sequence[Detection], path: Path) -> None:
    """Refuse people of unrelated pictures, who would have to jump from one picture to the next.

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
