"""Everything about a motion as named NumPy arrays in one file (`.npz`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.data import Motion
from pase.files import atomic_path


def write_npz(motion: Motion, path: str | Path) -> None:
    """Write a motion as NumPy arrays: times, coordinates, body poses, landmarks, camera.

    Angles are in radians, lengths in metres, the world is X forward, Y up, Z right; unknown values are NaN.
    `docs/files.md` lists the names and shapes. `numpy.load(path)` reads it, without pickles.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    skeleton = motion.skeleton
    kinematics = Kinematics(skeleton)
    poses = kinematics.pose(motion.q[motion.known])
    frames, bodies = len(motion), len(skeleton.bodies)
    rotation = np.full((frames, bodies, 3, 3), np.nan)
    origin = np.full((frames, bodies, 3), np.nan)
    points = np.full((frames, len(skeleton.landmarks), 3), np.nan)
    rotation[motion.known], origin[motion.known] = poses.rotation, poses.origin
    points[motion.known] = kinematics.positions(motion.q[motion.known])
    arrays = {
        "time": motion.time,
        "coordinate_names": np.array(skeleton.free_names),
        "coordinate_units": np.array(["rad" if angle else "m" for angle in skeleton.rotational]),
        "coordinate_ranges": np.array([c.range for c in skeleton.free_coordinates]).reshape(-1, 2),
        "q": motion.q,
        "q_std": motion.q_std,
        "body_names": np.array(skeleton.body_names),
        "body_scale": skeleton.scale,
        "body_rotation": rotation,
        "body_origin": origin,
        "landmark_names": np.array(skeleton.landmark_names, dtype=np.str_),
        "landmarks": points,
    }
    if motion.camera is not None:
        arrays |= {
            "camera_focal_length_px": np.array(motion.camera.focal_length_px),
            "camera_principal_point_px": np.array(motion.camera.principal_point),
            "camera_rotation": motion.camera.rotation,
            "camera_translation": motion.camera.translation,
            "camera_image_size": np.array(motion.camera.image_size),
        }
    if motion.camera is not None and motion.camera.path is not None:
        rows = motion.camera.path.at(motion.time)
        arrays |= {
            "camera_rotation_by_frame": rows.rotation,
            "camera_translation_by_frame": rows.translation,
            "camera_focal_length_px_by_frame": rows.focal_length_px,
        }
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
