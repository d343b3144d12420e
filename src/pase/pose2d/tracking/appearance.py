"""What a person wears, as a small histogram of colours: keeps two persons apart after they meet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26
from pase.pose2d.keypoints import Pose
from pase.types import Array, Image

_PARTS = (("LShoulder", "RShoulder", "LHip", "RHip"), ("LHip", "RHip", "LKnee", "RKnee"))
"""Corners of the clothes that are looked at: above and below the waist."""
_COLUMNS = [[HALPE26.index(name) for name in region] for region in _PARTS]
_LEAST_SCORE = 0.4
"""Score that each corner needs."""
_SAMPLES = 24
"""About how many pixels are looked at along each side."""
_CLEAR_SHARE = 0.25
"""Largest share of a trunk's box that may lie in another person's."""
_LEAST_SIDE_PX = 4
"""Shorter sides show too little."""
_TINTS, _LEVELS = 10, 8
"""Steps of each of the two opponent colours, and of lightness."""
_TINT_GAIN = 1.5
"""Clothes are paler than pure colours: the opponent colours are spread by this factor before they are counted."""
_SOFTNESS = 1.5
"""Steps over which a colour is spread to either side."""
_TINT_SHARE = 2 / 3
"""How much of the histogram is the opponent colours'; the rest is the lightness'."""


def clothes_colours(image: Image, pose: Pose) -> Array | None:
    """Colours of a person's clothes, or None where too little of them is in the picture.

    Returns
    -------
    Array
        (2, C) histograms of opponent colours of the upper and the lower body, each with the sum 1.
    """
    histograms = []
    for columns in _COLUMNS:
        if (pose.score[columns] < _LEAST_SCORE).any():
            return None
        patch = _patch(image, pose.xy[columns])
        if patch is None:
            return None
        histograms.append(_histogram(patch))
    return np.array(histograms)


def clothes_distance(first: Array, second: Array) -> float:
    """Hellinger distance of two such colours, 0 the same to 1 nothing in common; the mean of upper and lower body."""
    alike = np.sqrt(first * second).sum(-1)
    return float(np.sqrt(np.clip(1.0 - alike, 0.0, 1.0)).mean())


def clear_torsos(poses: Sequence[Pose]) -> list[bool]:
    """Whether each person's trunk is not before or behind another's, so that its clothes are its own."""
    boxes = np.array([_torso(pose) for pose in poses]).reshape(-1, 4)
    size = np.clip(
        np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
        - np.maximum(boxes[:, None, :2], boxes[None, :, :2]),
        0,
        None,
    )
    covered = size.prod(-1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(-1), 1e-9)[:, None]
    np.fill_diagonal(covered, 0.0)
    return [bool(share.max(initial=0.0) <= _CLEAR_SHARE) for share in covered]


def _torso(pose: Pose) -> Array:
    """Box (4,) of shoulders and hips; at least as wide as a body seen from the side."""
    corners = pose.xy[_COLUMNS[0]]
    low, high = corners.min(0), corners.max(0)
    room = np.array([max(0.0, 0.4 * (high[1] - low[1]) - (high[0] - low[0])) / 2, 0.0])
    return np.concatenate([low - room, high + room])


def _patch(image: Image, corners: Array) -> NDArray[np.float64] | None:
    """(N, 3) colours from the inner part of the box around some points."""
    low, high = corners.min(0), corners.max(0)
    # Seen from the side the corners lie on one line: the body is still about half as deep as long.
    room = np.maximum(0.0, 0.4 * max(high - low) - (high - low)) / 2
    low, high = low - room, high + room
    inset = 0.15 * (high - low)
    size = np.array(image.shape[1::-1])
    left, top = np.clip(np.ceil(low + inset), 0, size - 1).astype(int)
    right, bottom = np.clip(np.floor(high - inset), 0, size - 1).astype(int) + 1
    if right - left < _LEAST_SIDE_PX or bottom - top < _LEAST_SIDE_PX:
        return None
    step = max(1, (bottom - top) // _SAMPLES), max(1, (right - left) // _SAMPLES)
    return np.asarray(image[top : bottom : step[0], left : right : step[1]].reshape(-1, 3), dtype=float)


def _histogram(colors: Array) -> Array:
    """Histogram (C,) of red-green with blue-yellow, which light changes less, and of lightness; softened."""
    red, green, blue = colors.T
    tints = 128 + _TINT_GAIN * np.stack([red - green, 0.5 * (red + green) - blue])
    first, second = (_memberships(tint, _TINTS) for tint in tints)
    light = _memberships((red + green + blue) / 3, _LEVELS).sum(0)
    tint = first.T @ second
    return np.concatenate([_TINT_SHARE * tint.ravel(), (1 - _TINT_SHARE) * light]) / len(colors)


def _memberships(values: Array, steps: int) -> Array:
    """(N, steps) how much values from 0 to 255 belong to each step, and to its neighbours, as light changes them."""
    place = np.clip(values / 256, 0, 1 - 1e-9) * (steps - 1)
    near = np.clip(1.0 - np.abs(place[:, None] - np.arange(steps)) / _SOFTNESS, 0.0, None)
    return np.asarray(near / near.sum(1, keepdims=True))
