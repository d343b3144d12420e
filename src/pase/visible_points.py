"""Which keypoints show something: inside the picture, of sufficient score, not on an edge of the crop."""

import numpy as np

from pase.data import Keypoints2D
from pase.keypoint_sets import USABLE_SCORE
from pase.types import Array, Mask

_LIMBS_M = (
    ("Hip", "Knee", 0.42), ("Knee", "Ankle", 0.41), ("Shoulder", "Elbow", 0.29), ("Elbow", "Wrist", 0.25),
    ("Shoulder", "Hip", 0.48),
)  # fmt: skip
"""Lengths between keypoints of an adult of 1.7 m."""

_EDGE_M, _EDGE_SCORE = 0.08, 0.6
"""Within this distance of the edge, points of a lower score lie outside the picture: detectors draw them on the
edge."""

_ON_EDGE_M = 0.02
"""A point this near to the edge, whatever its score, may lie beyond it."""

_ONE_LINE_M, _INVENTED_SCORE, _FEWEST_INVENTED = 0.01, 0.5, 6
"""A detector sees a crop around the person, and puts what lies beyond onto its last row. So many points within this
distance of the outermost one, all of a lower score than this, are such: with six a knee or a hip is among them, which
no foot on the floor lies level with."""


def pixels_per_metre(keypoints: Keypoints2D) -> Array:
    """(T,) size of the person in the picture, px/m for an adult of 1.7 m; from the least foreshortened limbs."""
    lengths = []
    for first, second, length in _LIMBS_M:
        for side in "LR":
            ends = [keypoints.names.index(side + end) for end in (first, second)]
            span = np.linalg.norm(keypoints.xy[:, ends[0]] - keypoints.xy[:, ends[1]], axis=-1)
            measured = (keypoints.score[:, ends].min(1) > USABLE_SCORE) & (span > 0)
            lengths.append(np.where(measured, span / length, np.nan))
    limbs = np.sort(lengths, axis=0)
    count = np.isfinite(limbs).sum(0)
    # The 80th percentile of each frame's limbs; NumPy's own for gaps goes frame by frame in Python.
    place = 0.8 * np.maximum(count - 1, 0)
    low, high = (
        np.take_along_axis(limbs, at.astype(int)[None], 0)[0] for at in (np.floor(place), np.ceil(place))
    )
    size = low + place % 1 * (high - low)
    typical = float(np.nanmedian(size)) if count.any() else 1.0
    filled = np.where(count > 0, size, typical)
    return np.clip(filled, 0.3 * typical, 3.0 * typical)


def usable(keypoints: Keypoints2D) -> Mask:
    """(T, K) whether a keypoint is inside the picture and of sufficient score, which is higher at the edge."""
    scale = pixels_per_metre(keypoints)[:, None]
    margin = _margin(keypoints)
    needed = np.where(margin < _EDGE_M * scale, _EDGE_SCORE, USABLE_SCORE)
    return np.asarray((margin >= 0) & (keypoints.score >= needed) & ~_on_last_row(keypoints, scale))


def on_edge(keypoints: Keypoints2D) -> Mask:
    """(T, K) whether a keypoint lies on the edge of the picture, so that the body's own point may be beyond it."""
    return np.asarray(_margin(keypoints) < _ON_EDGE_M * pixels_per_metre(keypoints)[:, None])


def _margin(keypoints: Keypoints2D) -> Array:
    """(T, K) px from the nearest edge of the picture; negative outside."""
    width, height = keypoints.image_size
    x, y = keypoints.xy[..., 0], keypoints.xy[..., 1]
    return np.minimum(np.minimum(x, width - x), np.minimum(y, height - y))


def _on_last_row(keypoints: Keypoints2D, scale: Array) -> Mask:
    """(T, K) points that a detector has put onto the last row or column of its crop."""
    detected = keypoints.score > 0
    x, y = keypoints.xy[..., 0], keypoints.xy[..., 1]
    out = np.zeros(detected.shape, bool)
    for outwards in (x, -x, y, -y):
        outwards = np.where(detected & np.isfinite(outwards), outwards, -np.inf)
        outermost = outwards.max(1, keepdims=True)
        level = (outwards >= outermost - _ONE_LINE_M * scale) & (keypoints.score < _INVENTED_SCORE) & detected
        out |= level & (level.sum(1, keepdims=True) >= _FEWEST_INVENTED)
    return out
