"""Lifting a person who was filmed by a camera that turns, as if it had stood still.

A lifter looks at many frames at once and takes the camera to stand still in them. So it is given the keypoints as the
shot's reference view would have seen them, and what it says is turned back into the axes of each frame's camera.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.steadied import steadied_keypoints
from pase.data import Keypoints2D, Landmarks3D
from pase.lift.base import Lifter
from pase.types import Array, Progress


def lift_steadied(
    lifter: Lifter, keypoints: Keypoints2D, motion: CameraMotion, progress: Progress | None = None
) -> Landmarks3D:
    """Landmarks in the axes of each frame's camera, lifted as if the camera had stood still.

    Parameters
    ----------
    lifter
        One that knows the motion's focal length.
    keypoints
        Of one person.
    motion
        Of the camera in that shot.
    progress
        Of the lifter.
    """
    motion = motion.at(keypoints.time)
    steadied = steadied_keypoints(keypoints, motion)
    if steadied is None:
        return lifter(keypoints, progress)
    lifted = lifter(steadied, progress)
    R = motion.R_camera_reference

    def turned(vectors: Array | None) -> Array | None:
        return None if vectors is None else np.asarray((vectors[:, None] @ R.transpose(0, 2, 1))[:, 0])

    xyz = np.asarray(lifted.xyz @ R.transpose(0, 2, 1))
    return replace(lifted, xyz=xyz, ray=turned(lifted.ray), down=turned(lifted.down))
