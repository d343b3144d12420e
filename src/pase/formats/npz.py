"""Everything about a motion as named NumPy arrays in one file (`.npz`)."""

from pathlib import Path

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.data import Camera, Motion
from pase.files import atomic_path
from pase.types import Array


def write_npz(motion: Motion, path: str | Path) -> None:
    """Write a motion as NumPy arrays: times, coordinates, body poses, landmarks, camera.

    Angles are in radians, lengths in metres, the world is X forward, Y up, Z right; unknown values are NaN.
    `docs/files.md` lists the names and shapes. `numpy.load(path)` reads it, without pickles.
    """
    skeleton = motion.skeleton
    kinematics, q = Kinematics(skeleton), motion.q[motion.known]
    poses = kinematics.pose(q)

    def in_all_frames(rows: Array) -> Array:
        out = np.full((len(motion), *rows.shape[1:]), np.nan)
        out[motion.known] = rows
        return out

    arrays = {
        "time": motion.time,
        "coordinate_names": np.array(skeleton.free_names),
        "coordinate_units": np.array(["rad" if angle else "m" for angle in skeleton.rotational]),
        "coordinate_ranges": np.array([c.range for c in skeleton.free_coordinates]).reshape(-1, 2),
        "q": motion.q,
        "q_std": motion.q_std,
        "body_names": np.array(skeleton.body_names),
        "body_scale": skeleton.scale,
        "body_rotation": in_all_frames(poses.rotation),
        "body_origin": in_all_frames(poses.origin),
        "landmark_names": np.array(skeleton.landmark_names, dtype=np.str_),
        "landmarks": in_all_frames(kinematics.positions(q)),
    }
    if motion.camera is not None:
        arrays |= _camera_arrays(motion.camera, motion.time)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def _camera_arrays(camera: Camera, time: Array) -> dict[str, Array]:
    arrays = {
        "camera_focal_length_px": np.array(camera.focal_length_px),
        "camera_principal_point_px": np.array(camera.principal_point),
        "camera_rotation": camera.rotation,
        "camera_translation": camera.translation,
        "camera_image_size": np.array(camera.image_size),
    }
    if camera.path is None:
        return arrays
    rows = camera.path.at(time)
    return arrays | {
        "camera_rotation_by_frame": rows.rotation,
        "camera_translation_by_frame": rows.translation,
        "camera_focal_length_px_by_frame": rows.focal_length_px,
    }
