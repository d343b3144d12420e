"""Keypoints as if the camera had stood still, and back again.

What looks at the paths of keypoints over many frames takes the camera to stand still: who lifts them, and who tells
exchanged sides and stray points by their paths. They are given what the shot's reference view would have seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pase.camera.motion import CameraMotion
from pase.data import Keypoints2D

WIDEST = np.tan(np.radians(60.0))
"""A view this far from the reference's middle cannot be told in its picture any more: distance in focal lengths."""


def steadied_keypoints(keypoints: Keypoints2D, motion: CameraMotion) -> Keypoints2D | None:
    """Keypoints as the reference view of a motion would have seen them, in a picture wide enough for all of them.

    The middle of the picture stays the principal point. None where the camera turns too far for one picture.

    Parameters
    ----------
    keypoints
        One person in T frames.
    motion
        The camera's in the same frames.
    """
    middle = np.array(keypoints.image_size) / 2
    plane = (keypoints.xy - middle) / (motion.focal_px * motion.zoom[:, None, None])
    rays = np.concatenate([plane, np.ones((*plane.shape[:2], 1))], axis=-1) @ motion.R_camera_reference
    finite = np.isfinite(keypoints.xy).all(-1)
    if (rays[..., 2][finite] <= 0).any():
        return None
    plane = rays[..., :2] / rays[..., 2:]
    if np.abs(plane[finite]).max(initial=0.0) > WIDEST:
        return None
    xy = motion.focal_px * plane
    wide = np.maximum(np.abs(xy[finite]).max(axis=0, initial=0.0) - middle, 0.0)
    room = np.ceil(wide + 1).astype(int)
    width, height = (int(side + 2 * more) for side, more in zip(keypoints.image_size, room, strict=True))
    return replace(keypoints, xy=xy + np.array([width, height]) / 2, image_size=(width, height))


def filmed_keypoints(steadied: Keypoints2D, motion: CameraMotion, image_size: tuple[int, int]) -> Keypoints2D:
    """The keypoints in the frames themselves of which `steadied_keypoints` made the steadied ones.

    Parameters
    ----------
    steadied
        One person in T frames, as the reference view sees them.
    motion
        The camera's in the same frames.
    image_size
        Of the frames.
    """
    plane = (steadied.xy - np.array(steadied.image_size) / 2) / motion.focal_px
    rays = np.concatenate([plane, np.ones((*plane.shape[:2], 1))], axis=-1)
    rays = rays @ motion.R_camera_reference.transpose(0, 2, 1)
    xy = motion.focal_px * motion.zoom[:, None, None] * rays[..., :2] / rays[..., 2:]
    return replace(steadied, xy=xy + np.array(image_size) / 2, image_size=image_size)
