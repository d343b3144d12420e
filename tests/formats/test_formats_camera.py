import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pase.data import Camera, CameraPath
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
    with pytest.raises(InputError, match="is not JSON"):
        read_camera(path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="is not JSON"):
        read_camera(path)
    for text in ("[]", '{"rotation": 1}'):
        path.write_text(text)
        with pytest.raises(InputError, match="no 'focal_length_px'"):
            read_camera(path)


def moving() -> Camera:
    random = np.random.default_rng(0)
    turns = Rotation.from_rotvec(random.normal(size=(4, 3))).as_matrix()
    path = CameraPath(
        np.array([0.0, 0.04, 0.1, 0.2]),
        turns,
        random.normal(size=(4, 3)),
        np.array([1200.0, 1210, 1220, 1250]),
    )
    return Camera(
        1200.0, CAMERA.principal_point, path.rotation[0], path.translation[0], CAMERA.image_size, path
    )  # fmt: skip


def test_a_moving_camera_has_a_row_for_each_frame(tmp_path: Path) -> None:
    camera = moving()
    write_camera(camera, tmp_path / "camera.json")
    read = read_camera(tmp_path / "camera.json")
    assert camera.path is not None and read.path is not None
    np.testing.assert_allclose(read.path.rotation, camera.path.rotation, atol=1e-8)
    np.testing.assert_allclose(read.path.translation, camera.path.translation, atol=1e-6)
    points = np.array([[[0.3, 1.0, 0.2]]] * 2)
    np.testing.assert_allclose(
        read.project(points, np.array([0.05, 0.21])), camera.project(points, np.array([0.04, 0.2])), rtol=1e-4
    )
    third = camera.at(0.11)
    assert third.focal_length_px == 1220 and third.path is None
    np.testing.assert_allclose(third.project(points[0]), camera.project(points[:1], np.array([0.1]))[0])
    old = {
        key: value
        for key, value in json.loads((tmp_path / "camera.json").read_text()).items()
        if key != "frames"
    }
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert read_camera(tmp_path / "old.json").path is None


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"time_s": 0.2}, "time_s of frames must increase"),
        ({"focal_length_px": -1}, "focal_length_px be positive"),
        ({"rotation": np.diag([1, 1, -1]).tolist()}, "not a rotation matrix"),
        ({"translation": None}, "translation must be 3 finite"),
    ],
)
def test_refuses_rows_of_no_camera(tmp_path: Path, row: dict[str, Any], error: str) -> None:
    path = tmp_path / "camera.json"
    write_camera(moving(), path)
    content = json.loads(path.read_text())
    content["frames"][1] |= row
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=error):
        read_camera(path)
