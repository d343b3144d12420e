"""Keypoints written as other programs write them, and read back."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from pase.data import HALPE26, Keypoints2D
from pase.errors import OutputError
from pase.pose2d.readers import program_of, read_keypoints
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.writers import write_coco, write_keypoints_as, write_openpose

SAMPLES = Path(__file__).parent / "samples"


def people(frames: int = 4) -> list[Keypoints2D]:
    """Two persons side by side; the second is not in the first picture, and shows no left wrist."""
    rng, out = np.random.default_rng(3), []
    upright = {"Nose": 0, "Shoulder": 60, "Elbow": 110, "Wrist": 150, "Hip": 160, "Knee": 240, "Ankle": 320}
    for number, x in enumerate((200.0, 500.0), 1):
        xy = np.zeros((frames, 26, 2))
        for k, name in enumerate(HALPE26):
            side = {"L": 20.0, "R": -20.0}.get(name[0], 0.0) if name[1:] in upright else 0.0
            xy[:, k] = [x + side, 100.0 + upright.get(name.lstrip("LR"), 10.0 * k)]
        xy += rng.normal(0, 3, xy.shape)
        score = np.full((frames, 26), 0.8)
        if number == 2:
            score[0], score[:, 9] = 0.0, 0.0
            xy[score == 0] = np.nan
        out.append(Keypoints2D(xy, score, np.arange(frames) / 25, (800, 600), track_id=number))
    return out


@pytest.mark.parametrize(("kind", "name"), [("openpose", "walk"), ("coco", "walk.json")])
def test_what_is_written_is_read_back(kind: str, name: str, tmp_path: Path) -> None:
    tracks = people()
    write_keypoints_as(kind, tracks, tmp_path / name)
    again = read_keypoints(tmp_path / name, FootageFacts(time=tracks[0].time, image_size=(800, 600)))
    assert kind in program_of(tmp_path / name).lower()
    assert len(again) == 2
    for track, read_back in zip(tracks, again, strict=True):
        common = [k for k, point in enumerate(HALPE26) if point[1:] in ("Knee", "Wrist", "Shoulder")]
        np.testing.assert_allclose(read_back.xy[:, common], track.xy[:, common], atol=0.006)
        assert (read_back.seen == track.seen).all()


def test_openpose_has_a_file_a_frame_and_the_middle_of_the_shoulders(tmp_path: Path) -> None:
    tracks = people()
    write_openpose(tracks, tmp_path / "walk")
    files = sorted(path.name for path in (tmp_path / "walk").iterdir())
    assert files[0] == "walk_000000000000_keypoints.json" and len(files) == 4
    first = json.loads((tmp_path / "walk" / files[0]).read_text(encoding="utf-8"))
    assert [person["person_id"] for person in first["people"]] == [[1]]
    neck = first["people"][0]["pose_keypoints_2d"][3:5]
    np.testing.assert_allclose(neck, tracks[0].xy[0, [5, 6]].mean(axis=0), atol=0.001)
    with pytest.raises(OutputError, match="exists already"):
        write_openpose(tracks, tmp_path / "walk")


def test_coco_says_which_points_are_labelled(tmp_path: Path) -> None:
    write_coco(people(), tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [image["time_s"] for image in content["images"]] == [0.0, 0.04, 0.08, 0.12]
    assert len(content["annotations"]) == 7
    second = [a for a in content["annotations"] if a["track_id"] == 2][0]
    assert second["keypoints"][27:30] == [0.0, 0.0, 0] and second["num_keypoints"] == 16
    write_coco([], tmp_path / "none.json")
    assert json.loads((tmp_path / "none.json").read_text(encoding="utf-8"))["annotations"] == []


@pytest.mark.parametrize(
    ("sample", "program"),
    [
        ("openpose_body25", "OpenPose"),
        ("mediapipe.json", "MediaPipe"),
        ("mediapipe.csv", "MediaPipe"),
        ("sports2d_px_person00.trc", "Sports2D"),
    ],
)
def test_the_program_is_recognised(sample: str, program: str) -> None:
    assert program in program_of(SAMPLES / sample)


def test_times_that_nobody_told_are_assumed_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_openpose(people(), tmp_path / "walk")
    with caplog.at_level(logging.WARNING, "pase"):
        (first, _) = read_keypoints(tmp_path / "walk")
    assert first.time[1] == pytest.approx(1 / 30)
    assert any("has no times: 30 frames a second are assumed" in message for message in caplog.messages)
    caplog.clear()
    (first, _) = read_keypoints(tmp_path / "walk", FootageFacts(frame_rate=50.0))
    assert first.time[1] == pytest.approx(0.02)
    assert not any("no times" in message for message in caplog.messages)
