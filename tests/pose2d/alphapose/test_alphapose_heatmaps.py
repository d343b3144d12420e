"""AlphaPose's crops, heatmap reading and pose suppression against the official numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from pase.pose2d.alphapose.heatmaps import (
    crop_box,
    crop_matrix,
    normalise_crop,
    read_heatmaps,
    warp_crop,
)
from pase.pose2d.alphapose.pose_nms import Candidates, merge_poses

PIXELS = 1e-3


@pytest.fixture(scope="module")
def crops(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "fastpose_preprocess.npz"))


@pytest.mark.parametrize("case", ["real", "wide", "offimage"])
def test_boxes_become_the_official_crops(case: str, crops: dict[str, np.ndarray]) -> None:
    crop = crop_box(crops[f"{case}_det_box_xyxy"])
    np.testing.assert_allclose(crop, crops[f"{case}_crop_box_xyxy"], atol=PIXELS)
    np.testing.assert_allclose(crop_matrix(crop), crops[f"{case}_affine_2x3"], atol=1e-4)
    picture = np.ascontiguousarray(crops["frame10_bgr_u8"][..., ::-1])
    pixels = warp_crop(picture, crop).astype(int)
    # OpenCV 5 resamples within one grey level of 4.x, which made the references.
    assert np.abs(pixels - crops[f"{case}_crop_u8_rgb_hwc"]).max() <= 1


def test_the_networks_input_is_the_official_one(crops: dict[str, np.ndarray]) -> None:
    tensor = normalise_crop(crops["real_crop_u8_rgb_hwc"])
    np.testing.assert_allclose(tensor, crops["real_input_tensor_float32"], atol=1e-7)


def test_a_black_crop_stays_finite() -> None:
    black = normalise_crop(np.zeros((256, 192, 3), dtype=np.uint8))
    np.testing.assert_allclose(black[:, 0, 0], [-0.406, -0.457, -0.480], rtol=1e-6)


def test_heatmaps_are_read_as_officially(reference: Path, crops: dict[str, np.ndarray]) -> None:
    wanted = np.load(reference / "fastpose_postprocess.npz")
    points, scores = read_heatmaps(wanted["heatmaps"], wanted["crop_box_xyxy"])
    np.testing.assert_allclose(points, wanted["coords"], atol=PIXELS)
    np.testing.assert_array_equal(scores, wanted["scores"][:, 0])
    points, scores = read_heatmaps(crops["real_heatmaps_synthetic_weights"], crops["real_crop_box_xyxy"])
    np.testing.assert_allclose(points, crops["real_coords_synthetic_weights"], atol=PIXELS)
    np.testing.assert_array_equal(scores, crops["real_scores_synthetic_weights"][:, 0])


def _candidates(poses: dict[str, np.ndarray], columns: slice) -> Candidates:
    return Candidates(
        poses["boxes_xyxy"][columns].astype(float),
        poses["keypoints"][columns].astype(float),
        poses["keypoint_scores"][columns, :, 0].astype(float),
    )


@pytest.mark.parametrize(("name", "columns"), [("out_json", slice(None)), ("single_out_json", slice(1))])
def test_poses_are_merged_as_officially(name: str, columns: slice, reference: Path) -> None:
    poses = dict(np.load(reference / "fastpose_posenms.npz"))
    merged = merge_poses(_candidates(poses, columns))
    wanted = json.loads(str(poses[name]))
    assert len(merged) == len(wanted)
    for pose, item in zip(merged, wanted, strict=True):
        official = np.reshape(item["keypoints"], (-1, 3))
        np.testing.assert_allclose(pose.points, official[:, :2], atol=PIXELS)
        np.testing.assert_allclose(pose.scores, official[:, 2], atol=1e-5)


def test_nobody_and_nothing_sure_give_no_person() -> None:
    empty = Candidates(np.zeros((0, 4)), np.zeros((0, 26, 2)), np.zeros((0, 26)))
    assert merge_poses(empty) == []
    box = np.array([[0.0, 0, 100, 200]])
    unsure = Candidates(box, np.random.default_rng(1).random((1, 26, 2)), np.full((1, 26), 0.1))
    assert merge_poses(unsure) == []
