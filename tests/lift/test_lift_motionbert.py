"""MotionBERT against the official network's numbers; its checkpoints, good and bad."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pase.data import Keypoints2D
from pase.errors import InputError, ModelFileError
from pase.keypoint_sets import H36M17
from pase.lift.motionbert import MotionBert, clips
from pase.pose2d.readers.alphapose_json import read_alphapose
from pase.pose2d.readers.detection import FootageFacts

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")


pytestmark = pytest.mark.usefixtures("one_torch_thread")
State = Callable[[str], dict[str, Any]]
NETWORK_TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def checkpoint(synthetic_state: State, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A file of the official structure: trained in parallel, with a NumPy scalar beside the parameters."""
    folder, paths = tmp_path_factory.mktemp("checkpoints"), {}

    def path(variant: str) -> Path:
        if variant not in paths:
            state = {f"module.{k}": v for k, v in synthetic_state(f"motionbert_{variant}").items()}
            content = {
                "epoch": 60,
                "lr": 2e-4,
                "optimizer": {},
                "model_pos": state,
                "min_loss": np.float64(37.5),
            }
            torch.save(content, folder / f"{variant}.bin")
            paths[variant] = folder / f"{variant}.bin"
        return paths[variant]

    return path


@pytest.fixture(scope="module")
def lite(checkpoint: Callable[[str], Path]) -> MotionBert:
    return MotionBert(checkpoint("lite"), overlap=0)


@pytest.fixture(scope="module")
def inputs(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "motionbert_lite_random.npz"))


@pytest.fixture(scope="module")
def wild(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "motionbert_lite_wild.npz"))


def _agree(network: MotionBert, inputs: np.ndarray, wanted: np.ndarray) -> None:
    with torch.inference_mode():
        out = network._network(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(out, wanted, rtol=0, atol=NETWORK_TOLERANCE)


@pytest.mark.parametrize("variant", ["lite", "full"])
def test_names_shapes_and_order_are_the_official_ones(variant: str, synthetic_state: State) -> None:
    from pase.lift.dstformer import DSTformer

    with torch.device("meta"):
        network = DSTformer(*{"lite": (256, 4), "full": (512, 2)}[variant])
    official = synthetic_state(f"motionbert_{variant}")
    state = network.state_dict()
    assert list(state) == list(official)
    assert [v.shape for v in state.values()] == [v.shape for v in official.values()]


def test_the_rule_fills_the_tensors_as_the_references_were(
    synthetic_state: State, inputs: dict[str, Any]
) -> None:
    state = synthetic_state("motionbert_lite")
    for name, probe in zip(inputs["probe_names"], inputs["probe_first4"], strict=True):
        values = state[str(name)].ravel().numpy()
        picked = values[[0, 1, -2, -1]] if len(values) > 3 else np.append(values, 0)
        np.testing.assert_allclose(picked, probe, rtol=1e-6)


@pytest.mark.parametrize("case", ["a", "b", "c"])
def test_lite_gives_the_official_numbers(case: str, lite: MotionBert, inputs: dict[str, np.ndarray]) -> None:
    assert lite.variant == "lite"
    _agree(lite, inputs[f"in_{case}"], inputs[f"out_{case}"])


def test_its_representation_is_the_official_one(lite: MotionBert, inputs: dict[str, np.ndarray]) -> None:
    with torch.inference_mode():
        features = lite._network.represent(torch.from_numpy(inputs["in_c"])).numpy()
    np.testing.assert_allclose(features, inputs["rep_c_float16"], atol=6e-4)


def test_inner_activations_are_the_official_ones(
    lite: MotionBert, inputs: dict[str, Any], reference: Path
) -> None:
    wanted = dict(np.load(reference / "motionbert_lite_activations.npz"))
    outputs: dict[str, np.ndarray] = {}
    modules = dict(lite._network.named_modules())
    names = {k.replace("st0.", "blocks_st.0.") if k.startswith("st0.") else k: k for k in wanted}
    hooks = [
        modules[name].register_forward_hook(
            lambda _m, _i, out, key=key: outputs.__setitem__(key, out.numpy())
        )
        for name, key in names.items()
        if name in modules and name != "joints_embed"
    ]
    with torch.inference_mode():
        lite._network(torch.from_numpy(inputs["in_c"]))
    for hook in hooks:
        hook.remove()
    assert len(outputs) == len(wanted) - 2
    for key, out in outputs.items():
        sample = out[0, [0, 1, 13, 26]][:, [0, 9, 16]][..., :64]
        np.testing.assert_allclose(
            sample, wanted[key], atol=NETWORK_TOLERANCE * max(1, abs(wanted[key]).max())
        )


def test_the_epsilon_of_the_normalisations(synthetic_state: State, inputs: dict[str, Any], reference: Path,
                                           tmp_path: Path) -> None:  # fmt: skip
    state = synthetic_state("motionbert_lite")
    for name in ("joints_embed.weight", "joints_embed.bias", "pos_embed", "temp_embed"):
        state[name] = state[name] * 0.005
    torch.save(state, tmp_path / "small.bin")
    wanted = np.load(reference / "motionbert_lite_epsprobe.npz")["out_c"]
    _agree(MotionBert(tmp_path / "small.bin"), inputs["in_c"], wanted)


def test_full_gives_the_official_numbers(
    checkpoint: Callable[[str], Path], inputs: dict[str, Any], wild: dict[str, Any], reference: Path
) -> None:
    wanted = np.load(reference / "motionbert_full_random.npz")
    network = MotionBert(checkpoint("full"))
    _agree(network, inputs["in_b"], wanted["out_b"])
    _agree(network, inputs["in_c"], wanted["out_c"])
    rooted = np.load(reference / "motionbert_full_rootrel.npz")["wild_scale_final"]
    out = network.predict(wild["scale_input"])
    np.testing.assert_allclose(out[:, 1:], rooted[:, 1:], rtol=0, atol=NETWORK_TOLERANCE)
    np.testing.assert_allclose(out, wanted["wild_scale_final"], rtol=0, atol=NETWORK_TOLERANCE)


@pytest.mark.parametrize("case", ["scale", "pixel", "pixel16x9"])
def test_footage_lifts_to_the_official_numbers(
    case: str, lite: MotionBert, wild: dict[str, np.ndarray]
) -> None:
    final = lite.predict(wild[f"{case}_input"])
    np.testing.assert_allclose(final, wild[f"{case}_final"], rtol=0, atol=NETWORK_TOLERANCE)


def test_short_clips_without_overlap_are_cut_as_published(
    checkpoint: Callable[[str], Path], wild: dict[str, np.ndarray]
) -> None:
    network = MotionBert(checkpoint("lite"), clip_length=27, overlap=0)
    final = network.predict(wild["scale_input"])
    np.testing.assert_allclose(final, wild["clip27_final"], rtol=0, atol=NETWORK_TOLERANCE)


def test_from_the_published_keypoint_file_to_landmarks(
    lite: MotionBert, wild: dict[str, np.ndarray], reference: Path
) -> None:
    file = reference.parent / "original_system/alphapose-results.json"
    (person,) = read_alphapose(file, FootageFacts((1080, 1080)))
    landmarks = lite(person)
    assert (landmarks.names, landmarks.frame) == (H36M17, "camera")
    np.testing.assert_allclose(landmarks.xyz, wild["scale_final"], rtol=0, atol=1e-4)


def test_unseen_frames_come_out_unknown_and_leave_the_others_alone(
    lite: MotionBert, wild: dict[str, np.ndarray]
) -> None:
    halpe = wild["halpe26"]
    gap = np.ones(70, dtype=bool)
    gap[20:29] = False
    xy, score = np.full((70, 26, 2), np.nan), np.zeros((70, 26))
    xy[gap], score[gap] = halpe[..., :2], halpe[..., 2]
    reports: list[tuple[int, int | None]] = []
    keypoints = Keypoints2D(xy, score, np.arange(70) / 30, (1080, 1080))
    landmarks = lite(keypoints, lambda done, total: reports.append((done, total)))
    assert np.isnan(landmarks.xyz[~gap]).all()
    np.testing.assert_allclose(landmarks.xyz[gap], wild["scale_final"], rtol=0, atol=1e-4)
    assert reports == [(61, 61)]
    assert len(lite(Keypoints2D.empty())) == 0


def test_a_long_recording_has_no_jump_between_clips(
    checkpoint: Callable[[str], Path], wild: dict[str, np.ndarray]
) -> None:
    joints = wild["scale_input"]
    cut = MotionBert(checkpoint("lite"), clip_length=27, overlap=0).predict(joints)
    blended = MotionBert(checkpoint("lite"), clip_length=27, overlap=13).predict(joints)
    steps = [np.abs(np.diff(out[:, 1:], axis=0)).max((1, 2)) for out in (cut, blended)]
    assert steps[1][[26, 53]].max() < steps[0][[26, 53]].max()
    assert np.isfinite(blended).all()


@pytest.mark.parametrize(
    ("count", "length", "overlap"), [(0, 9, 3), (1, 9, 3), (9, 9, 3), (10, 9, 3), (40, 9, 0)]
)
def test_clips_cover_every_frame(count: int, length: int, overlap: int) -> None:
    covered = np.zeros(count)
    for start, stop in clips(count, length, overlap):
        assert 0 <= start < stop <= count
        assert stop - start <= length
        covered[start:stop] += 1
    assert (covered > 0).all()


def test_a_checkpoint_of_an_old_numpy_is_read(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    old = tmp_path / "old.bin"
    with zipfile.ZipFile(checkpoint("lite")) as source, zipfile.ZipFile(old, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in data
                data = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            target.writestr(entry, data)
    assert MotionBert(old).variant == "lite"


class _Attack:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch hacked",)


def _broken(state: dict[str, Any], how: str) -> Any:
    match how:
        case "missing":
            del state["blocks_ts.3.mlp_t.fc1.bias"]
        case "extra":
            state["head.extra"] = torch.zeros(2)
        case "shape":
            state["norm.weight"] = torch.zeros(7)
        case "nan":
            state["norm.weight"] = torch.full((256,), np.nan)
        case "code":
            state = {"model_pos": state, "min_loss": _Attack()}
        case "other":
            return {
                "preact.conv1.weight": torch.zeros(64, 3, 7, 7),
                "conv_out.weight": torch.zeros(26, 128, 3, 3),
            }
        case "strange":
            return {"model_pos": {"a": 1}}
    return state


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("missing", "lacks 'blocks_ts.3.mlp_t.fc1.bias'; it seems to be MotionBERT lite"),
        ("extra", "has 'head.extra', which the network has not"),
        ("shape", r"'norm.weight' has shape \(7,\), not \(256,\)"),
        ("nan", "'norm.weight' has values that are not finite"),
        ("code", "would run code"),
        ("other", "it seems to be AlphaPose FastPose with 26 keypoints"),
        ("strange", "no parameters of a network"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    how: str, message: str, synthetic_state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(_broken(synthetic_state("motionbert_lite"), how), tmp_path / "bad.bin")
    with pytest.raises(ModelFileError, match=message):
        MotionBert(tmp_path / "bad.bin")
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "a web page"),
        (np.array([0, 2, 0, 0, 0, 7], "<i4").tobytes(), "Darknet weights"),
        (b"PK\x03\x04 cut off", "zip archive"),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(content)
    with pytest.raises(ModelFileError, match=message):
        MotionBert(tmp_path / "weights.bin")
    with pytest.raises(ModelFileError, match="does not exist"):
        MotionBert(tmp_path / "none.bin")


def test_other_keypoints_and_clips_are_refused(lite: MotionBert, checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="26 Halpe"):
        lite(Keypoints2D.empty(names=("Nose",)))
    with pytest.raises(InputError, match="at most 243"):
        MotionBert(checkpoint("lite"), clip_length=244)


def test_the_genuine_checkpoint_gives_the_genuine_result(wild: dict[str, np.ndarray]) -> None:
    weights = os.environ.get("PASE_TEST_MOTIONBERT")
    if not weights:
        pytest.skip("name the official best_epoch.bin (lite) in PASE_TEST_MOTIONBERT")
    final = MotionBert(weights).predict(wild["scale_input"])
    np.testing.assert_allclose(final, wild["real_checkpoint_X3D"], rtol=0, atol=2e-3)


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, pase, pase.pipeline, pase.lift.motionbert; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
