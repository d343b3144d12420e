"""Prominence: the subject of the footage is large, central, clear, and in the picture for long."""

import numpy as np

from pase.data import Keypoints2D
from pase.pose2d.tracking.track import prominence_of
from pase.series import usual_step
from pase.types import Array


def boxes_of(person: Keypoints2D) -> Array:
    """(T, 4) left, top, right, bottom of the keypoints in every frame, pixels; NaN where unseen."""
    boxes = np.full((len(person), 4), np.nan)
    visible = person.seen
    boxes[visible] = np.column_stack(
        [np.nanmin(person.xy[visible], axis=1), np.nanmax(person.xy[visible], axis=1)]
    )
    return boxes


def sizes_of(person: Keypoints2D) -> Array:
    """(T,) longer side of the person in every frame, pixels; NaN where unseen."""
    boxes = boxes_of(person)
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(1))


def frame_seconds(time: Array) -> float:
    """Typical seconds from frame to frame; a photo counts as one thirtieth."""
    return usual_step(time, 1 / 30)


def prominence(person: Keypoints2D, step_s: float | None = None) -> float:
    """Size times centrality times score, summed over the seconds in which the person is in the picture.

    Each frame counts as in `pase.pose2d.tracking.track.prominence_of`.
    `step_s` is the time from frame to frame; the typical one of the person's own frames when None.
    """
    frames = np.flatnonzero(person.seen)
    scores = np.nanmean(np.where(np.isfinite(person.xy[..., 0]), person.score, np.nan)[frames], axis=1)
    visible = prominence_of(boxes_of(person)[frames], scores, person.image_size)
    return float(np.sum(visible)) * (frame_seconds(person.time) if step_s is None else step_s)
