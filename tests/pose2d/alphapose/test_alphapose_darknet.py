"""YOLOv3-SPP against the official numbers; Darknet's weights files, good and bad."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from pase.errors import ModelFileError
from pase.pose2d.alphapose.darknet import (
    INPUT_SIZE,
    YoloV3Detector,
    letterbox,
    pick_persons,
    read_darknet_weights,
)

HEADER = np.array([0, 2, 0, 0, 0], dtype="<i4")


@pytest.fixture(scope="module")
def picture(reference: Path) -> np.ndarray:
    return np.ascontiguousarray(np.load(reference / "fastpose_preprocess.npz")["frame10_bgr_u8"][..., ::-1])


@pytest.fixture(scope="module")
def wanted(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "yolov3spp_synthetic.npz"))


@pytest.fixture(scope="module")
def weights(wanted: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Darknet file filled by the references' rule."""
    pytest.importorskip("torch", reason="needs the extra 'torch'")
    from pase.pose2d.alphapose.yolov3 import layers

    def part(number: int, name: str) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"yolo.{number}.{name}".encode()))

    path = tmp_path_factory.mktemp("yolo") / "yolov3-spp.weights"
    with path.open("wb") as stream:
        stream.write(HEADER.tobytes())
        for i, layer in enumerate(layers()):
            if layer.kind != "convolution":
                continue
            n, shape = layer.outputs, (layer.outputs, layer.inputs, layer.size, layer.size)
            values = [0.1 * part(i, "bias").standard_normal(n)]
            if layer.normalised:
                values += [0.8 + 0.4 * part(i, "weight").random(n), 0.1 * part(i, "mean").standard_normal(n)]
                values += [0.5 + part(i, "var").random(n)]
            kernel = part(i, "conv").standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
            values += [kernel * (1 if layer.normalised else float(wanted["head_scale"]))]
            for value in values:
                stream.write(np.ascontiguousarray(value, dtype="<f4").tobytes())
    assert path.stat().st_size == 20 + 4 * int(wanted["n_floats"])
    return path


def test_a_picture_is_letterboxed_as_officially(picture: np.ndarray, wanted: dict[str, np.ndarray]) -> None:
    tensor = letterbox(picture)
    assert tensor.shape == (3, INPUT_SIZE, INPUT_SIZE)
    np.testing.assert_allclose(tensor[:, ::16, ::16], wanted["letterbox_sample_every16"], atol=1.01 / 255)
    sums = [tensor.sum(dtype=float), (tensor.astype(float) ** 2).sum()]
    np.testing.assert_allclose(sums, wanted["letterbox_checksum"], rtol=1e-4)


def test_letterboxes_of_odd_pictures_are_grey_around() -> None:
    tensor = letterbox(np.full((10, 400, 3), 255, dtype=np.uint8))
    assert tensor.shape == (3, INPUT_SIZE, INPUT_SIZE)
    assert np.allclose(tensor[:, [0, -1]], 128 / 255)
    assert tensor.max() == 1


def test_the_network_gives_the_official_boxes(
    weights: Path, picture: np.ndarray, wanted: dict[str, np.ndarray]
) -> None:
    boxes = YoloV3Detector(weights).predict(letterbox(picture)[None])[0]
    assert boxes.shape == (22743, 85)
    rows, official = boxes[wanted["rows"]], wanted["pred_zero_pad"]
    np.testing.assert_allclose(rows[:, :4], official[:, :4], rtol=1e-5, atol=2e-3)
    np.testing.assert_allclose(rows[:, 4:], official[:, 4:], atol=2e-5)


@pytest.mark.parametrize("case", ["sq", "land", "odd"])
def test_persons_are_picked_as_officially(case: str, reference: Path) -> None:
    official = np.load(reference / "yolo_postprocess.npz")
    width, height = (int(v) for v in official[f"size_wh_{case}"])
    boxes, scores = pick_persons(official["prediction"], (width, height))
    np.testing.assert_allclose(boxes, official[f"dets_{case}"][:, 1:5], atol=1e-3)
    np.testing.assert_allclose(scores, official[f"dets_{case}"][:, 5], atol=1e-6)


def test_an_empty_picture_has_no_persons() -> None:
    boxes, scores = pick_persons(np.zeros((10, 85), dtype=np.float32), (640, 480))
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_weights_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra 'torch'")
    from pase.pose2d.alphapose.yolov3 import layers

    def refused(content: bytes) -> str:
        path = tmp_path / "some.weights"
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            read_darknet_weights(path, layers())
        return str(caught.value)

    assert "ends before the weights of layer 1;" in refused(HEADER.tobytes() + bytes(4 * 1000))
    assert "YOLOv3-tiny" in refused(HEADER.tobytes() + bytes(4 * 8858734))
    assert "web page" in refused(b"<!DOCTYPE html><html>no such file</html>")
    assert "empty" in refused(b"")
    with pytest.raises(ModelFileError, match="does not exist"):
        read_darknet_weights(tmp_path / "none.weights", layers())
