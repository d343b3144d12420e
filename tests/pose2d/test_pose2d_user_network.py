"""Networks of the user: SimCC outputs of any set of points and size, named by a file or by rtmlib's folder."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pase.data import HALPE26
from pase.errors import ModelFileError
from pase.keypoint_sets import KEYPOINT_SETS
from pase.models import cached
from pase.networks.onnx import noted_networks
from pase.pose2d.keypoints import KeypointNetwork, crop_transform
from pase.pose2d.user_network import find_network

onnx = pytest.importorskip("onnx", reason="networks for these tests are built with onnx (extra 'dev')")

IMAGE = np.zeros((480, 640, 3), np.uint8)
BOX = np.array([[100.0, 50.0, 300.0, 450.0]])


def peaks(points: int, size: int, offset: float) -> np.ndarray:
    """(points,) where each point is drawn, in pixels of the crop."""
    return offset + np.linspace(0.2, 0.7, points) * size


def write_network(path: Path, points: int, crop: tuple[int, int], batch: int | str = "batch") -> Path:
    """A SimCC network that draws its points at `peaks` whatever it sees, with peaks 0.9 high."""
    width, height = crop
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    nodes, constants = [], []
    for name, size, offset in (("simcc_x", width, 0.0), ("simcc_y", height, 5.0)):
        gap = np.arange(2 * size)[None, None] - 2 * peaks(points, size, offset)[None, :, None]
        values = (0.9 * np.exp(-(gap**2) / 72)).astype(np.float32)
        constants.append(onnx.numpy_helper.from_array(values, f"{name}_values"))
        nodes.append(helper.make_node("Add", ["nothing", f"{name}_values"], [name]))
    constants += [
        onnx.numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
    ]
    mean = helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=1)
    first = [mean, helper.make_node("Mul", ["mean", "zero"], ["zeros"])]
    first.append(helper.make_node("Squeeze", ["zeros", "last"], ["nothing"]))
    constants.append(onnx.numpy_helper.from_array(np.array([3], np.int64), "last"))
    graph = helper.make_graph(
        [*first, *nodes],
        "simcc",
        [helper.make_tensor_value_info("input", single, [batch, 3, height, width])],
        [
            helper.make_tensor_value_info(name, single, [batch, points, 2 * size])
            for name, size in (("simcc_x", width), ("simcc_y", height))
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize("name", ["halpe26", "coco17", "coco133", "halpe136"])
@pytest.mark.parametrize("crop", [(192, 256), (288, 384)])
@pytest.mark.parametrize("batch", ["batch", 1])
def test_points_of_any_set_become_those_of_halpe26(
    name: str, crop: tuple[int, int], batch: int | str, tmp_path: Path
) -> None:
    names = KEYPOINT_SETS[name]
    network = KeypointNetwork(write_network(tmp_path / "own.onnx", len(names), crop, batch))
    first, second = network(IMAGE, np.repeat(BOX, 2, axis=0), [0, 2])
    matrix = crop_transform(BOX[0], crop)
    for row, point in enumerate(HALPE26):
        if point not in names:
            continue
        column = names.index(point)
        in_crop = [peaks(len(names), size, offset)[column] for size, offset in zip(crop, (0, 5), strict=True)]
        assert matrix @ [*first.xy[row], 1] == pytest.approx(in_crop, abs=0.05)
        assert first.score[row] == pytest.approx(0.9, abs=0.01)
    assert np.abs(second.xy - first.xy).max() > 10  # the crop was turned
    assert first.quality == pytest.approx(0.9, abs=0.01)


def test_points_that_a_network_does_not_know_do_not_count(tmp_path: Path) -> None:
    (pose,) = KeypointNetwork(write_network(tmp_path / "coco.onnx", 17, (192, 256)))(IMAGE, BOX, [0])
    unknown = [HALPE26.index(n) for n in ("Neck", "Head", "LBigToe", "RHeel")]
    assert (pose.score[unknown] == 0).all()
    assert np.isnan(pose.sigma[unknown]).all()
    assert np.isfinite(pose.xy).all()
    hip, hips = HALPE26.index("Hip"), [HALPE26.index("LHip"), HALPE26.index("RHip")]
    assert pose.xy[hip] == pytest.approx(pose.xy[hips].mean(0))
    assert pose.score[hip] > 0.8


def test_our_own_network_under_another_name_gives_the_same(tmp_path: Path) -> None:
    store_file = cached("rtmpose-s")
    if store_file is None:
        pytest.skip("the keypoint network is not in the cache")
    copy = tmp_path / "mine.onnx"
    shutil.copy(store_file, copy)
    image = np.random.default_rng(0).integers(0, 255, IMAGE.shape, dtype=np.uint8)
    with noted_networks() as noted:
        (a,), (b,) = (KeypointNetwork(path)(image, BOX, [0]) for path in (store_file, find_network(copy)))
    assert (a.xy == b.xy).all()
    assert (a.score == b.score).all()
    assert noted[0].sha256 == noted[1].sha256 != ""


def test_networks_of_rtmlib_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    names = [
        "rtmpose-m_halpe26-256x192.onnx",
        "rtmpose-x_halpe26-384x288.onnx",
        "rtmpose-x_body7-384x288.onnx",
    ]
    for name in names:
        (folder / name).write_bytes(b"")
    assert find_network(Path("rtmpose-m")) == folder / names[0]
    assert find_network(Path("rtmpose-x_halpe26-384x288.onnx")) == folder / names[1]
    with pytest.raises(ModelFileError, match=r"several .* rtmpose-x_body7"):
        find_network(Path("rtmpose-x"))
    with pytest.raises(ModelFileError, match=r"no network in rtmlib's folder,.*rtmpose-m_halpe26"):
        find_network(Path("rtmpose-l"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "fast_res50.pth"
    checkpoint.write_bytes(b"x")
    with pytest.raises(ModelFileError, match="pose2d.backend alphapose"):
        find_network(checkpoint)
    with pytest.raises(ModelFileError, match="places 21 points"):
        KeypointNetwork(write_network(tmp_path / "hand.onnx", 21, (256, 256)))
    detector = cached("yolox-tiny")
    if detector is not None:
        with pytest.raises(ModelFileError, match="SimCC"):
            KeypointNetwork(detector)
