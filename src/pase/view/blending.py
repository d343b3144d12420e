"""Lay drawn patches over pictures: in red, green and blue, or in the luma and chroma that video is stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pase.types import Image

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from pase.view.scene import Patch


_TO_YUV = np.array(
    [
        [0.18259, 0.61423, 0.06201, 16 / 255],
        [-0.10064, -0.33857, 0.43922, 128 / 255],
        [0.43922, -0.39894, -0.04027, 128 / 255],
        [0.0, 0.0, 0.0, 1.0],
    ],
    dtype=np.float32,
)
"""Colours times alpha, and alpha, to luma and chroma times alpha, and alpha, all from 0 to 255 (ITU-R BT.709, limited
range). The map is linear, so that blending before or after it comes to the same."""


def blend(image: Image, patch: Patch, opacity: float) -> None:
    """Lay a drawn patch over an (H, W, 3) picture, in place.

    `out = image · (1 - opacity · alpha) + opacity · color`, with colours already multiplied by alpha.
    """
    h, w = patch.rgba.shape[:2]
    target = image[patch.y : patch.y + h, patch.x : patch.x + w]
    covered = patch.rgba[..., 3] > 0
    rgba = patch.rgba[covered].astype(np.float32) * opacity
    target[covered] = target[covered] * (1 - rgba[:, 3:] / 255) + rgba[:, :3] + 0.5


def blend_frame(frame: VideoFrame, patch: Patch, opacity: float) -> None:
    """The same over a frame in `yuv420p` of BT.709, in place: no frame is turned into red, green, blue and back."""
    import cv2

    # Chroma has half the size, so the patch is grown to even places.
    left, top = patch.x % 2, patch.y % 2
    h, w = patch.rgba.shape[:2]
    right, bottom = (left + w) % 2, (top + h) % 2
    rgba = cv2.copyMakeBorder(patch.rgba, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    # In bytes throughout, which is several times as fast and at most two of 255 levels off.
    full = cv2.transform(rgba, _TO_YUV * np.float32(opacity))
    half = cv2.resize(full, (full.shape[1] // 2, full.shape[0] // 2), interpolation=cv2.INTER_AREA)
    x, y = patch.x - left, patch.y - top
    for plane, patches, channel in ((0, full, 0), (1, half, 1), (2, half, 2)):
        pixels = _plane(frame, plane)
        at_x, at_y = (x, y) if plane == 0 else (x // 2, y // 2)
        target = pixels[at_y : at_y + patches.shape[0], at_x : at_x + patches.shape[1]]
        cover = cv2.bitwise_not(cv2.extractChannel(patches, 3))
        cv2.add(cv2.multiply(target, cover, scale=1 / 255), cv2.extractChannel(patches, channel), dst=target)


def _plane(frame: VideoFrame, number: int) -> Image:
    """(H, W) pixels of a plane of a frame, not a copy."""
    plane = frame.planes[number]
    rows: Image = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size]
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]
