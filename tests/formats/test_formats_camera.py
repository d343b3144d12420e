import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pase.data import Camera
from pase.errors import InputError
from pase.formats.camera import read_camera, write_camera

CAMERA = Camera(
    1234.5678901234567,
    (639.5, 361.25),
    Rotation.from_rotvec([2.9, 0.1, -0.3]).as_matrix(),
    np.array([0.1, 1 / 3, 4.5]),
    (1280, 720),
)


def test_round_trip_is_exact(tmp_path: Path) -> None:
    write_camera(CAMERA, tmp_path / "camera.json")
    read = read_camera(tmp_path / "camera.json")
    assert read.focal_length_px == CAMERA.focal_length_px
    assert read.principal_point == CAMERA.principal_point and read.image_size == CAMERA.image_size
    np.testing.assert_array_equal(read.rotation, CAMERA.rotation)
    np.testing.assert_array_equal(read.translation, CAMERA.translation)


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("focal_length_px", -3, "focal_length_px must be positive"),
        ("focal_length_px", "wide", "focal_length_px must be one finite number"),
        ("focal_length_px", None, "focal_length_px must be one"),
        ("principal_point_px", [1, 2, 3], "principal_point_px must be 2 finite"),
        ("rotation", [[1, 0, 0], [0, 1, 0]], "rotation must be 3 × 3"),
        ("rotation", [[1, 0, 0], [0, 1, 0], [0, 0, -1]], "not a rotation matrix"),
        ("rotation", [[2, 0, 0], [0, 2, 0], [0, 0, 2]], "not a rotation matrix"),
        ("rotation", [[1, 0, 0], [0, 1], [0, 0, 1]], "rotation must be 3 × 3"),
        ("translation", [0, 0, float("nan")], "translation must be 3 finite"),
        ("image_size", [1280.5, 720], "whole numbers"),
        ("image_size", [0, 720], "whole numbers"),
    ],
)
def test_refuses_what_is_no_camera(tmp_path: Path, key: str, value: Any, error: str) -> None:
    path = tmp_path / "camera.json"
    write_camera(CAMERA, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(InputError, match=error):
        read_camera(path)


def test_refuses_what_is_no_file_of_a_camera(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    with pytest.raises(InputError, match="does not exist"):
        read_camera(path)
    path.write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        read_camera(path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="is no JSON"):
        read_camera(path)
    for text in ("[]", '{"rotation": 1}'):
        path.write_text(text)
        with pytest.raises(InputError, match="no 'focal_length_px'"):
            read_camera(path)
