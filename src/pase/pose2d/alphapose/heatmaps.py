"""AlphaPose's crops of boxes, and its reading of keypoints from heatmaps.

The constants and roundings are those of AlphaPose's own inference, checked against its outputs.
"""

import numpy as np

from pase.types import Array, Array32, Image

CROP_SIZE = (192, 256)
"""Width and height of FastPose's input."""
_PADDING = np.float32(1.25)
_MEAN = np.array([0.406, 0.457, 0.480], dtype=np.float32)
"""Taken off red, green and blue in this order, as AlphaPose does."""
_QUARTER = 0.25


def crop_box(box: Array) -> Array32:
    """Box (4,) of a person's crop around a detection: 3:4, a quarter larger, not cut to the picture."""
    corners = np.asarray(box, dtype=np.float32)
    centre = (corners[:2] + corners[2:]) * np.float32(0.5)
    width, height = corners[2:] - corners[:2]
    aspect = np.float32(CROP_SIZE[0] / CROP_SIZE[1])
    if width > aspect * height:
        height = width / aspect
    else:
        width = height * aspect
    half = np.array([width, height], dtype=np.float32) * _PADDING / 2
    return np.concatenate([centre - half, centre + half])


def crop_matrix(crop: Array32) -> Array:
    """Affine map (2, 3) from the picture to the crop; pixel centres are whole numbers on both sides."""
    centre = (crop[:2].astype(float) + crop[2:]) / 2
    scale = CROP_SIZE[0] / float(crop[2] - crop[0])
    return np.column_stack([scale * np.eye(2), np.array(CROP_SIZE) / 2 - scale * centre])


def warp_crop(image: Image, crop: Array32) -> Image:
    """The crop (256, 192, 3) of a picture, black beyond its edges."""
    import cv2

    return np.asarray(cv2.warpAffine(image, crop_matrix(crop), CROP_SIZE, flags=cv2.INTER_LINEAR), np.uint8)


def normalise_crop(crop: Image) -> Array32:
    """The network's input (3, 256, 192) of a crop (256, 192, 3)."""
    values = crop.transpose(2, 0, 1).astype(np.float32)
    if values.max() > 1:
        values /= 255
    return np.ascontiguousarray(values - _MEAN[:, None, None])


def read_heatmaps(heatmaps: Array32, crop: Array32 | Array) -> tuple[Array32, Array32]:
    """Keypoints of one person.

    Parameters
    ----------
    heatmaps
        (K, H, W).
    crop
        (4,) box of the crop in the picture.

    Returns
    -------
    tuple
        (K, 2) pixels in the picture, and (K,) heights of the peaks, neither cut to 0 nor to 1. Where a peak is
        not above 0 the point is the crop's upper left corner.
    """
    points, height, width = heatmaps.shape
    flat = heatmaps.reshape(points, -1)
    peak = flat.argmax(1)
    score = flat[np.arange(points), peak]
    position = np.stack([peak % width, peak // width], axis=1) * (score > 0)[:, None]
    x, y = position.T
    inner = (x > 1) & (x < width - 1) & (y > 1) & (y < height - 1)
    shifted = position.astype(np.float32)
    k, x, y = np.flatnonzero(inner), x[inner], y[inner]
    shifted[k, 0] += _QUARTER * np.sign(heatmaps[k, y, x + 1] - heatmaps[k, y, x - 1])
    shifted[k, 1] += _QUARTER * np.sign(heatmaps[k, y + 1, x] - heatmaps[k, y - 1, x])
    left, top, right, bottom = np.asarray(crop, dtype=float)
    scale = (right - left) / width
    origin = np.array([left, (top + bottom) / 2 - scale * height / 2])
    return (origin + scale * shifted).astype(np.float32), score
