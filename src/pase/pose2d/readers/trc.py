"""Marker files in pixels, as Sports2D writes them beside those in metres."""

from pathlib import Path

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.formats.trc import mean_rate
from pase.keypoint_sets import column_order
from pase.marker_files.trc import is_pixel_trc, read_trc
from pase.point_names import FEWEST_KNOWN
from pase.pose2d.readers.assemble import assemble
from pase.pose2d.readers.detection import Detection, FootageFacts


def read_pixel_trc(path: Path, facts: FootageFacts) -> list[Keypoints2D]:
    """Read one person's keypoints from a TRC file in pixels, x right and y down.

    Sports2D writes `m` as the unit even for pixels; what reaches beyond 50 is taken as pixels. The frame of a
    row is its time multiplied by the file's rate, so that a file of a part of the video stays in its place.
    Markers are matched by name, whatever the order; points without a score count as sure.
    """
    table = read_trc(path, pixels=True)
    columns = column_order(table.names, HALPE26)
    if sum(column is not None for column in columns) < FEWEST_KNOWN:
        raise InputError(f"{path}: too few markers are keypoints, whose names are: {', '.join(HALPE26)}")
    if not is_pixel_trc(path):
        raise InputError(f"{path} is in metres: landmarks in space, not keypoints in the picture")
    points = np.zeros((len(table.time), len(HALPE26), 3))
    for k, column in enumerate(columns):
        if column is not None:
            xy = table.xyz[:, column, :2]
            finite = np.isfinite(xy).all(1) & (xy != 0).any(1)
            points[finite, k, :2], points[finite, k, 2] = xy[finite], 1.0
    rate = facts.frame_rate or mean_rate(table.time)
    frames = np.round(table.time * rate).astype(int)
    persons = [Detection(int(f), p) for f, p in zip(frames, points, strict=True) if (p[:, 2] > 0).any()]
    return assemble(persons, FootageFacts(facts.image_size, facts.time, rate), path)
