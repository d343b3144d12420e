"""The inputs on which earlier versions failed, with their right answers; markers are in tests/marker_files."""

import json
from pathlib import Path

import numpy as np
import pytest

from pase.batch.study import read_study
from pase.config import make_settings
from pase.media import Video, VideoWriter, open_media
from pase.pipeline.recording import find_people
from places import CASES, SHARED, needs_cases
from runs import QUICK

pytestmark = needs_cases


@pytest.mark.parametrize(
    ("file", "frames", "size"),
    [
        ("animated_webp/twelve.webp", 12, None),
        ("heic_with_exif/photo.heic", 1, (320, 200)),
        ("mjpeg_with_exif/camera.avi", 12, (160, 120)),
    ],
)
def test_footage_is_read_whole(file: str, frames: int, size: tuple[int, int] | None) -> None:
    with open_media(CASES / file) as media:
        times = [frame.time for frame in media.frames()]
        assert len(times) == frames and (np.diff(times) > 0).all()
        assert size is None or media.image_size == size


def test_batch_leaves_out(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes((CASES / "heic_with_exif/photo.heic").read_bytes())
    (tmp_path / "b.avi").write_bytes((CASES / "mjpeg_with_exif/camera.avi").read_bytes())
    (tmp_path / "c.webp").write_bytes((CASES / "animated_webp/twelve.webp").read_bytes())
    (tmp_path / "notes.txt").write_text("no film", encoding="utf-8")
    study = read_study(tmp_path)
    assert [trial.name for trial in study.trials] == ["a", "b", "c"]
    assert "notes.txt" in study.notes[0]


def test_rotation_lost(tmp_path: Path, networks: tuple[Path, Path], caplog: pytest.LogCaptureFixture) -> None:
    with Video(SHARED / "bench/dev/lab_squat/video.mp4") as video:
        height, width = video.image_size[0] // 2 & ~1, video.image_size[1] // 2 & ~1
        with VideoWriter(tmp_path / "side.mp4", (width, height), 15.0) as out:
            for frame in video.frames():
                if frame.time > 2.5:
                    break
                if frame.time >= 1.0 and frame.index % 4 == 0:
                    out.write(np.rot90(frame.image[::2, ::2])[:height, :width].copy(), frame.time - 1.0)
    recording = find_people(tmp_path / "side.mp4", make_settings({}))
    assert recording.source is not None and recording.source.rotate == 90
    assert any("on its side" in message or "turned" in message for message in caplog.messages)


def test_overlay_does_not_fit(tmp_path: Path) -> None:
    """Keypoints that no body can have: the skeleton stands beside them, and the verdict says so."""
    from pase.pipeline.stages import fit

    item = json.loads((CASES / "keypoints_dialects/reference_alphapose.json").read_text(encoding="utf-8"))[0]
    points = np.array(item["keypoints"]).reshape(-1, 3)
    span = np.ptp(points[:, 1])
    points[[7, 9], 0] += 0.6 * span
    points[[0, 1, 2, 3, 4, 17], 1] += 0.5 * span
    points[[8, 10], 1] -= 0.5 * span
    item["keypoints"] = points.ravel().tolist()
    (tmp_path / "keypoints.json").write_text(json.dumps([item]), encoding="utf-8")
    (person,) = fit(tmp_path / "keypoints.json", tmp_path / "out", make_settings(QUICK)).persons
    assert person["quality"] == "do not use"
    assert "the bones miss the body" in person["quality_reasons"][0]
