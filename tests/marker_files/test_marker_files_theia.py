"""C3D files of Theia3D: a pose a segment, and no markers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.segment_points import SEGMENT_POINTS, segment_landmarks
from pase.errors import InputError
from pase.marker_files import read_markers
from pase.types import Array

pytest.importorskip("ezc3d", reason="needs the extra 'c3d'")

WRITE = """
import sys
import ezc3d
import numpy as np

content, file = np.load(sys.argv[1]), ezc3d.c3d()
file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
file["parameters"]["POINT"]["RATE"]["value"] = [50]
file["data"]["points"] = np.zeros((4, 0, 5))
if len(content["labels"]):
    file.add_parameter("ROTATION", "RATE", [50])
    file.add_parameter("ROTATION", "LABELS", [str(label) for label in content["labels"]])
    file["data"]["rotations"] = content["poses"]
file.write(sys.argv[2])
"""

SEGMENTS = {
    "pelvis": "pelvis", "torso": "torso", "head": "head", "thigh": "femur", "shank": "tibia", "foot": "talus",
    "toes": "calcn", "uarm": "humerus", "larm": "ulna", "hand": "hand",
}  # fmt: skip
"""Bodies on which the segments are; the centre of the toes is where they begin."""
POSTURE = {"hip_flexion_r": 0.5, "knee_angle_r": 0.6, "hip_rotation_l": 0.3, "elbow_flex_l": 1.0}


def poses(q: Array) -> dict[str, Array]:
    """(T, 4, 4) of each segment as Theia has it, x right, y forwards, z up, metres."""
    skeleton, centres = (
        default_skeleton(),
        {p.centre[0]: n for n, p in SEGMENT_POINTS.items() if not any(p.offset)},
    )
    points = dict(
        zip(
            SEGMENT_POINTS,
            np.moveaxis(Kinematics(skeleton, segment_landmarks()).positions(q), 1, 0),
            strict=True,
        )
    )
    bodies, out = Kinematics(skeleton, ()).pose(q), {}
    for segment, body in SEGMENTS.items():
        middle = segment in ("pelvis", "torso", "head")
        for side in ("",) if middle else ("l", "r"):
            name, index = (segment, body) if middle else (f"{side}_{segment}", f"{body}_{side}")
            b = skeleton.body_index(index)
            pose = np.tile(np.eye(4), (len(q), 1, 1))
            pose[:, :3, :3] = bodies.rotation[:, b][:, :, [2, 0, 1]]
            pose[:, :3, 3] = points[centres[name]] if name in centres else bodies.origin[:, b]
            out[name] = pose
    return out


def written(path: Path, segments: dict[str, Array]) -> Path:
    """A C3D with poses in millimetres, made by another process: beside opensim ezc3d cannot write."""
    stacked = np.array(list(segments.values())).reshape(-1, 5, 4, 4).transpose(2, 3, 0, 1).copy()
    stacked[:3, 3] *= 1000
    content = path.with_suffix(".npz")
    np.savez(content, poses=stacked, labels=np.array([f"{name}_4X4" for name in segments], dtype=str))
    subprocess.run([sys.executable, "-c", WRITE, str(content), str(path)], check=True)
    return path


def test_segments_become_points_where_the_skeleton_has_them(tmp_path: Path) -> None:
    skeleton = default_skeleton()
    q = np.tile(skeleton.standing_q, (5, 1))
    for name, value in POSTURE.items():
        q[:, skeleton.coordinate_index(name)] = np.linspace(0, value, 5)
    segments = poses(q)
    data = read_markers(written(tmp_path / "a.c3d", segments))
    assert data.names == tuple(SEGMENT_POINTS) and data.time[-1] == pytest.approx(4 / 50)
    wanted = Kinematics(skeleton, segment_landmarks()).positions(q)
    assert np.linalg.norm(data.xyz - wanted, axis=-1).max() < 0.015


def test_unknown_segments_and_no_markers_are_told(tmp_path: Path) -> None:
    pose = {"bat": np.tile(np.eye(4), (5, 1, 1))}
    with pytest.raises(InputError, match="segments of unknown names: bat"):
        read_markers(written(tmp_path / "a.c3d", pose))
    with pytest.raises(InputError, match="has no markers"):
        read_markers(written(tmp_path / "b.c3d", {}))
