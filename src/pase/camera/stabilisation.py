"""Keypoints as if the camera had stood still.

What looks at the paths of keypoints over many frames takes the camera to stand still: the lifter, and the repair of
exchanged sides and stray points. They get what one view, held for a while, would have seen. A pan too wide for one
picture is cut into stretches, each with a view of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.rotations import mean_rotation
from pase.data import Keypoints2D
from pase.types import Array, Indices

FARTHEST_TURN_RAD = np.radians(40.0)
"""Frames that look farther than this from a view get another one: perspective stretches the edges of wide pictures,
and the lifter has learnt from people within the view of a lens."""
WIDEST = np.tan(np.radians(75.0))
"""Distance from the middle of a view, in focal lengths, beyond which points are left out of it."""
_AROUND_S = 1.0
"""Frames so shortly before and after a stretch are shown with it: paths have no ends at its ends then."""


@dataclass(frozen=True, slots=True)
class SteadyStretch:
    """Frames that look about the same way, as the camera would have filmed them had it been held."""

    keypoints: Keypoints2D
    """The person in F frames, in a picture wide enough for all; its middle is the principal point."""
    R_camera_view: Array
    """(F, 3, 3) turn of each frame's camera beside the held view."""
    frames: Indices
    """(F,) which frames of the recording these are."""
    inner: slice
    """Which of the frames no other stretch has; the rest continue the paths at both ends."""


def steady_stretches(keypoints: Keypoints2D, motion: CameraMotion) -> Iterator[SteadyStretch]:
    """A recording cut into stretches before a camera that is held: a single one unless it turns far."""
    time = keypoints.time
    for first, end, R_view_reference in _held_views(motion, 0, len(motion)):
        start, stop = np.searchsorted(time, [time[first] - _AROUND_S, time[end - 1] + _AROUND_S], "left")
        around = np.arange(min(start, first), max(stop, end))
        of_stretch = motion.slice(around)
        R = of_stretch.R_camera_reference @ R_view_reference.T
        held = _held(keypoints.slice(around), replace(of_stretch, R_camera_reference=R))
        yield SteadyStretch(held, R, around, slice(first - around[0], end - around[0]))


def _held_views(motion: CameraMotion, first: int, end: int) -> Iterator[tuple[int, int, Array]]:
    """Stretches [first, end) whose frames look about the same way, and the view (3, 3) that is held in each."""
    if first == end:
        return
    R = motion.R_camera_reference[first:end]
    R_view = np.eye(3) if end - first == len(motion) else mean_rotation(R)
    if end - first == 1 or (R[:, 2] @ R_view[2]).min() > np.cos(FARTHEST_TURN_RAD):
        yield first, end, R_view
        return
    middle = (first + end) // 2
    yield from _held_views(motion, first, middle)
    yield from _held_views(motion, middle, end)


def _held(keypoints: Keypoints2D, motion: CameraMotion) -> Keypoints2D:
    """Keypoints as the reference view of a motion in the same frames sees them, those far outside of it left out."""
    middle = np.array(keypoints.image_size) / 2
    plane = (keypoints.xy - middle) / (motion.focal_px * motion.zoom[:, None, None])
    rays = np.concatenate([plane, np.ones((*plane.shape[:2], 1))], axis=-1) @ motion.R_camera_reference
    with np.errstate(divide="ignore", invalid="ignore"):
        plane = rays[..., :2] / rays[..., 2:]
        inside = (rays[..., 2] > 0) & (np.abs(plane) <= WIDEST).all(-1)
    xy = motion.focal_px * np.where(inside[..., None], plane, np.nan)
    score = np.where(inside | ~np.isfinite(keypoints.xy).all(-1), keypoints.score, 0.0)
    wide = np.maximum(np.nanmax(np.abs(xy), axis=(0, 1), initial=0.0) - middle, 0.0)
    width, height = (
        int(side + 2 * np.ceil(margin + 1)) for side, margin in zip(keypoints.image_size, wide, strict=True)
    )
    return replace(keypoints, xy=xy + np.array([width, height]) / 2, score=score, image_size=(width, height))
