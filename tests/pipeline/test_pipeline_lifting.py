"""The original system's three steps through the command line, and runs that start from keypoints."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pase.camera.angle_of_view import FOCAL_SPREAD, KNOWN_FOCAL_SPREAD, focal_length_of_view
from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector
from pase.cli import main
from pase.config import CameraSettings, Settings
from pase.data import Keypoints2D
from pase.marker_files.trc import read_trc
from pase.media.frames import FILM_FOCAL_SPREAD
from pase.pipeline.lifting import lens_of_turn, lift_people
from pase.pipeline.recording import Recording
from pase.pose2d.readers.alphapose_json import read_alphapose
from places import SAMPLES, shared

State = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def weights(synthetic_state: State, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Checkpoints filled by the references' rule."""
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    folder = tmp_path_factory.mktemp("weights")

    def path(name: str) -> Path:
        if not (folder / name).exists():
            torch.save(synthetic_state(name), folder / name)
        return folder / name

    return path


def test_the_published_keypoints_lift_to_the_official_landmarks(
    weights: Callable[[str], Path], reference: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    keypoints = reference.parent / "original_system/alphapose-results.json"
    output = tmp_path / "landmarks.npz"
    words = ["lift", str(keypoints), "--backend", "motionbert", "--weights", str(weights("motionbert_lite"))]
    assert main([*words, "-o", str(output)]) == 0
    wanted = np.load(reference / "motionbert_lite_wild.npz")["scale_final"]
    np.testing.assert_allclose(np.load(output)["xyz"], wanted, rtol=0, atol=1e-4)
    assert "exists already" in refused(*words, "-o", output)
    assert main([*words, "-o", str(tmp_path / "landmarks.trc")]) == 0
    turned = read_trc(tmp_path / "landmarks.trc")
    np.testing.assert_allclose(turned.xyz, wanted * [1, -1, -1], rtol=0, atol=1e-4)
    (tmp_path / "other.bin").write_bytes(b"<html>")
    line = refused(*words[:-1], tmp_path / "other.bin", "-o", tmp_path / "x.npz")
    assert "it seems to be a web page" in line


def test_everybody_gets_a_file(weights: Callable[[str], Path], tmp_path: Path) -> None:
    source, output = SAMPLES / "openpose_body25b", tmp_path / "landmarks.npz"
    words = ["lift", str(source), "--backend", "motionbert", "--weights", str(weights("motionbert_lite"))]
    assert main([*words, "-o", str(output)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["landmarks.npz", "landmarks_2.npz"]
    first, second = (np.load(path)["xyz"] for path in sorted(tmp_path.iterdir()))
    assert first.shape == second.shape == (1, 17, 3)
    assert np.abs(first - second).max() > 0.01


def test_alphapose_writes_everyones_keypoints(
    weights: Callable[[str], Path], networks: tuple[Path, Path], tmp_path: Path
) -> None:
    film = shared("media/tennis.mp4")
    from pase.media import open_media, write_image

    with open_media(film) as video:
        frame = next(iter(video.frames()))
    write_image(tmp_path / "first.png", frame.image)
    output = tmp_path / "keypoints.json"
    words = ["pose2d", str(tmp_path / "first.png"), "-o", str(output), "--backend", "alphapose"]
    assert main([*words, "--weights", str(weights("fastpose_halpe26"))]) == 0
    people = read_alphapose(output)
    assert people
    assert people[0].image_size == (1080, 1080)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pose2d", "{photo}", "-o", "{out}", "--backend", "alphapose"], "name halpe26_fast_res50_256x192.pth"),
        (["pose2d", "{photo}", "-o", "{out}", "--backend", "alphapose", "--weights", "w", "--detector",
          "yolov3-spp"], "name yolov3-spp.weights"),
        (["pose2d", "{photo}", "-o", "{out}", "--backend", "openpose"], "must be one of rtmpose, alphapose"),
        (["lift", "{json}", "-o", "l.npz", "--backend", "none"], "name the lifter"),
        (["lift", "{json}", "-o", "l.npz", "--backend", "motionbert"], "name best_epoch.bin"),
        (["lift", "{json}", "-o", "l.npz", "--backend", "motionbert", "--weights", "none.bin"], "none.bin"),
        (["lift", "{json}", "-o", "l.txt", "--backend", "motionbert"], "name a .trc or .npz"),
        (["lift", "{json}", "-o", "l.npz", "--backend", "mediapipe"], "name the footage with --video"),
        (["run", "{json}", "-o", "{out}", "--skeleton", "hand"], "no skeleton 'hand'"),
        (["fit", "{json}", "-o", "{out}", "--skeleton", "coco17"], "has 26 points a person, but coco17 has 17"),
        (["run", "{metres}", "-o", "{out}"], "holds markers in space"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_in_one_line(
    words: list[str], message: str, empty_photo: Path, folder: Path, refused: Callable[..., str]
) -> None:
    places = {"{photo}": empty_photo, "{out}": folder / "out", "{json}": SAMPLES / "pose2sim/pose/cam01_json",
              "{metres}": SAMPLES / "sports2d_m_person00.trc"}  # fmt: skip
    line = refused(*(places.get(word, word) for word in words))
    if "PyTorch" not in line:
        assert message in line
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_the_original_systems_file_becomes_a_finished_skeleton(tmp_path: Path) -> None:
    keypoints = shared("fixtures/original_system/alphapose-results.json")
    video, output = shared("media/tennis.mp4"), tmp_path / "out"
    words = ["run", str(keypoints), "--video", str(video), "-o", str(output), "--height", "1.8"]
    assert main([*words, "--no-overlay"]) == 0
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert report["source"]["frames"] == 61
    assert report["mean_reprojection_error_px"] < 30
    files = {p.name for p in (output / "person_1").iterdir()}
    assert files >= {"skeleton.osim", "motion.mot", "landmarks.trc"}
    assert not (output / "overlay.mp4").exists()


@pytest.mark.parametrize(("seen", "followed"), [(slice(10, 40), slice(0, 40)), (slice(0, 40), slice(10, 40))])
def test_each_frame_is_steadied_by_the_turn_of_the_camera_in_that_frame(seen: slice, followed: slice) -> None:
    """A person comes in late, or is followed through a cut before which the camera's motion is another."""
    time, rng = np.arange(40) / 20, np.random.default_rng(2)
    pan = np.stack([np.zeros(40), np.radians(60) * np.sin(3 * time), np.zeros(40)], 1)
    motion = replace(
        CameraMotion.still(time, 900.0), R_camera_reference=rotation_of_vector(pan), kind="turning"
    )
    xy = 300 + 20 * rng.normal(size=(26, 2)) + 40 * np.sin(5 * time)[:, None, None]
    person = Keypoints2D(xy, np.ones((40, 26)), time, (1280, 720)).slice(seen)
    lifted = []
    for turns in (motion.slice(followed), motion.slice(followed).at(person.time)):
        recording = Recording([person], 40, (1280, 720), camera_motions=[turns])
        (landmarks,) = lift_people(recording, Settings())
        assert landmarks is not None
        lifted.append(landmarks.xyz)
    np.testing.assert_allclose(lifted[0], lifted[1])


def test_the_angle_of_view_is_that_of_the_picture_between_black_bars() -> None:
    recording = Recording([], 100, (1280, 720), picture_size=(405, 720))
    portrait = Recording([], 100, (405, 720), picture_size=(405, 720))
    for camera in (CameraSettings(), CameraSettings(fov_deg=70.0)):
        assert recording.lens(camera) == portrait.lens(camera)
        assert recording.lens(camera).focal_length_px == focal_length_of_view((405, 720), camera.fov_deg)
    assert recording.lens(CameraSettings(focal_length_px=900.0)).focal_length_px == 900.0
    assert recording.facts()["picture_size"] == [405, 720]
    assert "picture_size" not in portrait.facts()


def test_the_lifter_is_told_how_well_the_lens_is_known() -> None:
    """A film's tag is surer than a guess and less sure than the user; a turning camera's guess stays a guess."""
    recording = Recording([], 100, (1280, 720), focal_length_px=1000.0)
    unknown = CameraSettings()
    assert recording.lens(unknown).spread == FILM_FOCAL_SPREAD
    assert replace(recording, frames=1).lens(unknown).spread == KNOWN_FOCAL_SPREAD
    assert recording.lens(CameraSettings(fov_deg=70.0)).spread == KNOWN_FOCAL_SPREAD
    guess = replace(recording, focal_length_px=None).lens(unknown)
    assert guess.spread == FOCAL_SPREAD
    motion = CameraMotion.still(np.arange(3.0), 1100.0)
    for sigma, spread in ((None, FOCAL_SPREAD), (0.04, 0.04)):
        turned = lens_of_turn(guess, replace(motion, focal_log_sigma=sigma))
        assert (turned.focal_length_px, turned.spread) == (1100.0, spread)
