from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import check_picture, read_pictures

from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.config import ViewSettings
from pase.data import HALPE26, Camera, Keypoints2D, Motion
from pase.media import write_image
from pase.view.lines import LineRenderer
from pase.view.overlay import draw_overlay
from pase.view.scene import Renderer

GREY = 60


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_image(tmp_path / "grey.png", np.full((480, 640, 3), GREY, np.uint8))
    return tmp_path / "grey.png"


def drawn(photo: Path, motion: Motion, keypoints: Sequence[Keypoints2D] = (), **look: object) -> np.ndarray:
    output = photo.parent / "out.png"
    draw_overlay(photo, [motion], output, ViewSettings(**look), keypoints=keypoints)
    return read_pictures(output)[1][0]


def changed(image: np.ndarray, ground: float = GREY) -> np.ndarray:
    return np.abs(image - ground).max(axis=2) > 20


def test_every_style_draws_in_the_same_place(photo: Path, still: Motion) -> None:
    bones, xray, lines = (changed(drawn(photo, still, style=style)) for style in ("bones", "xray", "lines"))
    assert (bones & xray).sum() > 0.9 * xray.sum() > 0
    near = np.zeros_like(bones)
    for dy in range(-6, 7):
        for dx in range(-6, 7):
            near |= np.roll(bones, (dy, dx), (0, 1))
    assert (lines & near).sum() > 0.75 * lines.sum() > 100


def test_xray_lets_bones_shine_through_each_other(still: Motion, camera: Camera) -> None:
    poses = Kinematics(still.skeleton, ()).pose(still.q)
    pose = BodyPoses(poses.rotation[0], poses.origin[0])
    with Renderer([still.skeleton], camera, "xray") as renderer:
        patch = renderer.draw_patch([pose])
    assert patch is not None
    alpha = patch.rgba[..., 3].astype(int)
    assert 0 < alpha[alpha > 0].min() < 60 and alpha.max() > 150
    assert (patch.rgba[..., :3].max(axis=2) <= alpha + 1).all()
    of_one_color = patch.rgba[alpha > 100, :3] / alpha[alpha > 100, None]
    np.testing.assert_allclose(
        of_one_color, np.broadcast_to([0.86, 0.94, 1.0], of_one_color.shape), atol=0.03
    )


def test_beside_and_alone(photo: Path, still: Motion) -> None:
    beside, alone = drawn(photo, still, layout="beside"), drawn(photo, still, layout="alone")
    assert beside.shape == (480, 1280, 3) and alone.shape == (480, 640, 3)
    np.testing.assert_array_equal(beside[:, :640], read_pictures(photo)[1][0])
    np.testing.assert_array_equal(beside[:, 640:], alone)
    assert 0 < (alone.max(axis=2) > 120).mean() < 0.2


def test_points_are_where_the_keypoints_are(photo: Path, still: Motion) -> None:
    xy = np.full((1, 26, 2), np.nan)
    xy[0, 5], xy[0, 6] = (100, 50), (200, 60)
    keypoints = Keypoints2D(xy, np.where(np.isfinite(xy[..., 0]), 0.9, 0.0), np.zeros(1), (640, 480), HALPE26)
    far = replace(still, q=np.full_like(still.q, np.nan))
    image = drawn(photo, far, keypoints=[keypoints])
    spots = changed(image)
    assert spots[50, 100] and spots[60, 200] and spots.sum() < 200
    left, right = image[50, 100], image[60, 200]
    assert left[2] > left[0] and right[0] > right[2]


def test_lines_behind_the_camera_are_not_drawn(still: Motion, camera: Camera) -> None:
    poses = Kinematics(still.skeleton, ()).pose(still.q)
    away = replace(camera, translation=camera.translation - np.array([0, 0, 10.0]))
    lines = LineRenderer([still.skeleton], away)
    assert lines.draw_patch([BodyPoses(poses.rotation[0], poses.origin[0])]) is None


@pytest.mark.parametrize("style", ["bones", "xray", "lines"])
def test_styles_look_as_they_did(photo: Path, still: Motion, style: str) -> None:
    check_picture(f"overlay_{style}", drawn(photo, still, style=style)[60:420, 180:540], tolerance=4.0)
