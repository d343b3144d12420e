"""FastPose against the official network's numbers, and its way through a recording."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pase.errors import ModelFileError
from pase.media.frames import Frame
from pase.pose2d.alphapose.heatmaps import crop_box, normalise_crop, warp_crop
from pase.pose2d.alphapose.pipeline import FastPoseNetwork, detect_everyone

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")


pytestmark = pytest.mark.usefixtures("one_torch_thread")
State = Callable[[str], dict[str, Any]]
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def state(synthetic_state: State) -> dict[str, Any]:
    return synthetic_state("fastpose_halpe26")


@pytest.fixture(scope="module")
def checkpoint(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fastpose") / "halpe26_fast_res50_256x192.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> FastPoseNetwork:
    return FastPoseNetwork(checkpoint)


@pytest.fixture(scope="module")
def official(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "fastpose_random.npz"))


@pytest.fixture(scope="module")
def crops(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "fastpose_preprocess.npz"))


def test_names_shapes_and_order_are_the_official_ones(state: dict[str, Any]) -> None:
    from pase.pose2d.alphapose.fastpose import FastPose

    with torch.device("meta"):
        network_state = FastPose().state_dict()
    assert list(network_state) == list(state)
    assert [v.shape for v in network_state.values()] == [v.shape for v in state.values()]


def test_stages_are_the_official_ones(state: dict[str, Any], official: dict[str, Any]) -> None:
    from pase.pose2d.alphapose.fastpose import FastPose

    with torch.device("meta"):
        plain = FastPose()
    plain.load_state_dict(state, assign=True)
    outputs: dict[str, np.ndarray] = {}
    modules = {"conv1": plain.preact.conv1, "layer1.0.se": plain.preact.layer1[0]}
    modules |= {f"layer{i}": plain.preact.get_submodule(f"layer{i}") for i in range(1, 5)}
    modules |= {"duc1": plain.duc1, "duc2": plain.duc2}
    for name, module in modules.items():
        module.register_forward_hook(
            lambda _m, _i, out, name=name: outputs.__setitem__(name, out.numpy().copy())
        )
    with torch.inference_mode():
        plain.eval()(torch.from_numpy(official["input"]))
    for name, out in outputs.items():
        height, width = out.shape[2:]
        sample = out[:, :8, :: max(1, height // 8), :: max(1, width // 6)]
        wanted = official[f"{name}__slice"]
        if name == "layer1.0.se":
            wanted = np.maximum(wanted, 0)  # the reference holds the block's sum before its activation
        np.testing.assert_allclose(sample, wanted, atol=TOLERANCE, err_msg=name)


def test_heatmaps_are_the_official_ones(
    network: FastPoseNetwork, official: dict[str, Any], crops: dict[str, Any]
) -> None:
    np.testing.assert_allclose(
        network.heatmaps(official["input"]), official["heatmaps"], rtol=0, atol=TOLERANCE
    )
    crop = crops["real_input_tensor_float32"][None]
    wanted = crops["real_heatmaps_synthetic_weights"][None]
    np.testing.assert_allclose(network.heatmaps(crop), wanted, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duc1.bn.bias": None}, "lacks 'duc1.bn.bias'; it seems to be AlphaPose FastPose with 26 keypoints"),
        ({"conv_out.weight": (17, 128, 3, 3)}, "it seems to be AlphaPose FastPose with 17 keypoints"),
        ({"preact.fc.weight": (10, 2048)}, "has 'preact.fc.weight', which the network has not"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    change: dict[str, Any], message: str, state: dict[str, Any], tmp_path: Path
) -> None:
    changed = dict(state)
    for name, shape in change.items():
        if shape is None:
            del changed[name]
        else:
            changed[name] = torch.zeros(shape)
    torch.save(changed, tmp_path / "bad.pth")
    with pytest.raises(ModelFileError, match=message):
        FastPoseNetwork(tmp_path / "bad.pth")


class _Boxes:
    """A detector that finds the given boxes in every frame."""

    def __init__(self, boxes: list[np.ndarray]) -> None:
        self.boxes = np.array(boxes, dtype=float).reshape(-1, 4)

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.boxes, np.full(len(self.boxes), 0.9)


def test_a_recording_goes_through_in_batches(network: FastPoseNetwork, crops: dict[str, Any]) -> None:
    picture = np.ascontiguousarray(crops["frame10_bgr_u8"][..., ::-1])
    box = crops["real_det_box_xyxy"]
    frames = [Frame(i, i / 30, picture) for i in range(3)]
    (person,) = detect_everyone(frames, (1080, 1080), _Boxes([box]), network)
    assert person.seen.all()
    assert person.image_size == (1080, 1080)
    single = network.heatmaps(normalise_crop(warp_crop(picture, crop_box(box)))[None])
    assert single.shape == (1, 26, 64, 48)
    np.testing.assert_allclose(np.ptp(person.xy, axis=0), 0, atol=1e-3)
    # With OpenCV 4 the crop and hence the points are the official ones; 5 resamples by a grey level differently.
    distance = np.linalg.norm(person.xy[0] - crops["real_coords_synthetic_weights"], axis=1)
    assert np.median(distance) < 1e-3


def test_nobody_is_a_legal_answer(network: FastPoseNetwork) -> None:
    frames = [Frame(0, 0.0, np.zeros((48, 64, 3), dtype=np.uint8))]
    assert detect_everyone(frames, (64, 48), _Boxes([]), network) == []


def test_the_published_file_follows_the_published_rules(reference: Path) -> None:
    """Undoing the crop puts the original system's keypoints on quarters of a heatmap pixel."""
    items = json.loads(
        (reference.parent / "original_system/alphapose-results.json").read_text(encoding="utf-8")
    )
    for item in [item for item in items if len(item["idx"]) == 1 and not isinstance(item["idx"][0], list)]:
        x, y, width, height = item["box"]
        left, top, right, _ = crop_box(np.array([x, y, x + width, y + height]))
        points = np.reshape(item["keypoints"], (-1, 3))[:, :2]
        quarters = 4 * (points - [left, top]) * 48 / (right - left)
        np.testing.assert_allclose(quarters, np.round(quarters), atol=2e-3)
