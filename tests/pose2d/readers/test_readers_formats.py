"""Keypoint files of other programs: what is read must look like a person and be where the program says."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from walk import saved

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.keypoint_sets import KEYPOINT_SETS, guess_set, keypoint_set, to_halpe26
from pase.pose2d.readers import is_keypoint_file, read_keypoints
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.readers.trc import is_pixel_trc
from places import SAMPLES

CLIP = FootageFacts(image_size=(1768, 994))


def point(person: Keypoints2D, name: str, frame: int = 0) -> np.ndarray:
    return person.xy[frame, HALPE26.index(name)]


def assert_human(person: Keypoints2D, frame: int) -> None:
    """Upright, with the joints of a limb in a row and left beside right."""
    visible = {name for name in HALPE26 if np.isfinite(point(person, name, frame)).all()}
    height = np.ptp(person.xy[frame][np.isfinite(person.xy[frame]).all(-1)], axis=0).max()
    for upper, lower in (("Nose", "LHip"), ("LShoulder", "LHip"), ("RShoulder", "RHip"), ("RHip", "RAnkle")):
        if {upper, lower} <= visible:
            assert point(person, upper, frame)[1] < point(person, lower, frame)[1], (upper, lower)
    for left, right in (("LEye", "REye"), ("LHip", "RHip"), ("LHeel", "LBigToe"), ("RHeel", "RAnkle")):
        if {left, right} <= visible:
            gap = np.linalg.norm(point(person, left, frame) - point(person, right, frame))
            assert gap < 0.25 * height, (left, right)


@pytest.mark.parametrize(
    ("name", "persons", "length", "frame", "unknown"),
    [
        ("pose2sim/pose/cam01_json", None, 23, 20, set()),
        ("pose2sim/pose", None, 23, 20, set()),
        ("openpose_body25b", 2, 1, 0, set()),
        ("openpose_body25/clip_000000000000_keypoints.json", 1, 1, 0, {"Neck", "Head"}),
        ("openpose_coco18", 1, 1, 0, {"Neck", "Head", "LEar", "LBigToe", "RBigToe", "LHeel", "RHeel",
                                      "LSmallToe", "RSmallToe"}),
        ("sports2d_px_person00.trc", 1, 138, 120, {"LEye", "REye", "LEar", "REar"}),
        ("mediapipe.json", 1, 3, 0, {"Neck", "Head", "LSmallToe", "RSmallToe"}),
        ("mediapipe.csv", 1, 3, 0, {"Neck", "Head", "LSmallToe", "RSmallToe"}),
    ],
)  # fmt: skip
def test_real_files_hold_people(
    name: str, persons: int | None, length: int, frame: int, unknown: set[str]
) -> None:
    assert is_keypoint_file(SAMPLES / name)
    people = read_keypoints(SAMPLES / name, CLIP)
    assert persons is None or len(people) == persons
    person = people[0]
    assert person.names == HALPE26
    assert len(person) == length
    assert person.seen[frame]
    assert {n for n in HALPE26 if np.isnan(point(person, n, frame)).any()} == unknown
    for track in people:
        assert_human(track, int(np.flatnonzero(track.seen)[0]))


def test_pose2sims_numbers_come_out_as_they_are() -> None:
    file = SAMPLES / "pose2sim/pose/cam01_json/cam01_000021.json"
    people = read_keypoints(file.parent)
    written = json.loads(file.read_text(encoding="utf-8"))["people"]
    assert len(written) == sum(bool(person.seen[21]) for person in people)
    first = np.reshape(written[0]["pose_keypoints_2d"], (-1, 3))
    distances = [np.abs(person.xy[21] - first[:, :2]).max() for person in people if person.seen[21]]
    assert min(distances) == 0


def test_both_dumps_of_mediapipe_say_the_same() -> None:
    (from_json,), (from_csv,) = (
        read_keypoints(SAMPLES / f"mediapipe.{suffix}", CLIP) for suffix in ("json", "csv")
    )
    np.testing.assert_allclose(from_json.xy, from_csv.xy, atol=0.01)
    np.testing.assert_allclose(from_json.score, from_csv.score, atol=1e-5)
    dumped = json.loads((SAMPLES / "mediapipe.json").read_text(encoding="utf-8"))
    heel = dumped[1]["pose_landmarks"][0][29]
    assert point(from_json, "LHeel", 1) == pytest.approx([heel["x"] * 1768, heel["y"] * 994])
    assert from_json.time == pytest.approx([frame["timestamp_ms"] / 1000 for frame in dumped])


def test_shares_of_the_picture_need_its_size() -> None:
    with pytest.raises(InputError, match="shares of the picture.*--video"):
        read_keypoints(SAMPLES / "mediapipe.json")


@pytest.mark.parametrize("shape", ["lists", "bare", "frames", "javascript", "photo", "null"])
def test_mediapipe_dumps_of_other_shapes(shape: str, tmp_path: Path) -> None:
    dumped = json.loads((SAMPLES / "mediapipe.json").read_text(encoding="utf-8"))
    persons = [frame["pose_landmarks"][0] for frame in dumped]
    content: Any = {
        "lists": [[[p["x"], p["y"], p["z"], p["visibility"]] for p in person] for person in persons],
        "bare": persons,
        "frames": {"frames": dumped},
        "javascript": [{"landmarks": [person], "worldLandmarks": []} for person in persons],
        "photo": dumped[0],
        "null": [*persons[:2], None, []],
    }[shape]
    (person,) = read_keypoints(saved(tmp_path / "dump.json", content), CLIP)
    (wanted,) = read_keypoints(SAMPLES / "mediapipe.json", CLIP)
    np.testing.assert_allclose(person.xy[0], wanted.xy[0])
    assert len(person) == {"photo": 1, "null": 4}.get(shape, 3)


def test_sports2ds_pixels_are_told_from_its_metres() -> None:
    assert is_pixel_trc(SAMPLES / "sports2d_px_person00.trc")
    assert not is_pixel_trc(SAMPLES / "sports2d_m_person00.trc")
    with pytest.raises(InputError, match="in metres"):
        read_keypoints(SAMPLES / "sports2d_m_person00.trc")


def test_sports2ds_metres_are_landmarks_in_space() -> None:
    from pase.marker_files.trc import read_trc

    landmarks = read_trc(SAMPLES / "sports2d_m_person00.trc")
    assert set(landmarks.names) <= set(HALPE26)
    assert landmarks.time[0] == pytest.approx(4.0)
    height = landmarks.xyz[:, landmarks.names.index("Head"), 1]
    assert ((height > 1.2) & (height < 2.0)).all()


def test_the_videos_times_go_before_counting() -> None:
    times = np.cumsum(np.full(200, 0.04)) - 0.04
    recorded = FootageFacts((1768, 994), times)
    (person,) = read_keypoints(SAMPLES / "sports2d_px_person00.trc", recorded)
    assert len(person) == 200
    np.testing.assert_array_equal(person.time, times)
    with pytest.raises(InputError, match="use its own video"):
        read_keypoints(SAMPLES / "sports2d_px_person00.trc", FootageFacts(None, times[:50]))


def _coco(image: Any, points: np.ndarray, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": 1, "keypoints": points.ravel().tolist()} | more


@pytest.fixture
def body() -> np.ndarray:
    """A person of 26 points with scores, out of Pose2Sim's file."""
    file = SAMPLES / "pose2sim/pose/cam01_json/cam01_000020.json"
    people = json.loads(file.read_text(encoding="utf-8"))["people"]
    return np.reshape(people[0]["pose_keypoints_2d"], (-1, 3))


@pytest.mark.parametrize("count", [17, 26, 133, 136])
def test_coco_results_of_several_sets(count: int, body: np.ndarray, tmp_path: Path) -> None:
    points = np.ones((count, 3))
    points[: min(count, 26)] = body[: min(count, 26)]
    (person,) = read_keypoints(saved(tmp_path / "r.json", [_coco(n, points, score=0.9) for n in (3, 4)]))
    assert person.seen.tolist() == [False, False, False, True, True]
    np.testing.assert_allclose(point(person, "RKnee", 3), body[14, :2])
    hip = (body[11, :2] + body[12, :2]) / 2
    if count in (17, 133):
        np.testing.assert_allclose(point(person, "Hip", 3), hip)
        assert np.isnan(point(person, "Neck", 3)).all()


def test_coco_annotations(body: np.ndarray, tmp_path: Path) -> None:
    points = body[:17].copy()
    points[:, 2] = 2
    points[3], points[4, 2] = 0, 1
    content = {
        "images": [{"id": 397133, "file_name": "b.jpg", "width": 640, "height": 480},
                   {"id": 37777, "file_name": "a.jpg", "width": 640, "height": 480}],
        "annotations": [_coco(397133, points, bbox=[0, 0, 1, 1]), {"image_id": 37777, "category_id": 2}],
        "categories": [{"id": 1, "name": "person"}],
    }  # fmt: skip
    (person,) = read_keypoints(saved(tmp_path / "a.json", content))
    assert person.image_size == (640, 480)
    assert person.seen.tolist() == [False, True]
    assert np.isnan(point(person, "LEar", 1)).all()
    assert person.score[1, [0, 3, 4]].tolist() == [1.0, 0.0, 0.5]


def test_identities_of_a_collection_are_not_frames(body: np.ndarray, tmp_path: Path) -> None:
    items = [_coco(number, body[:17]) for number in (785, 397133, 581781)]
    (person,) = read_keypoints(saved(tmp_path / "r.json", items))
    assert len(person) == 3


def test_alphapose_files_of_other_sets_photos_and_untracked_persons(body: np.ndarray, tmp_path: Path) -> None:
    items = []
    for name in ("on_the_beach.jpg", "at_home.jpg"):
        for shift in (0, 500):
            moved = body[:17] + [shift, 0, 0]
            items.append(_coco(name, moved, idx=[0.0], score=2.8, box=[0, 0, 1, 1]))
    people = read_keypoints(saved(tmp_path / "a.json", items))
    assert [len(person) for person in people] == [2, 2]
    assert all(person.seen.all() for person in people)
    gap = people[1].xy - people[0].xy
    np.testing.assert_allclose(gap[:, 0], np.broadcast_to([500, 0], gap[:, 0].shape))


@pytest.mark.parametrize("scale", ["0..1", "-1..1"])
def test_openposes_shares_become_pixels(scale: str, tmp_path: Path) -> None:
    source = SAMPLES / "openpose_body25/clip_000000000000_keypoints.json"
    content = json.loads(source.read_text(encoding="utf-8"))
    points = np.reshape(content["people"][0]["pose_keypoints_2d"], (-1, 3))
    share = points[:, :2] / [1768, 994]
    points[:, :2] = share if scale == "0..1" else 2 * share - 1
    content["people"][0]["pose_keypoints_2d"] = points.ravel().tolist()
    (tmp_path / "0_keypoints.json").write_text(json.dumps(content), encoding="utf-8")
    (person,) = read_keypoints(tmp_path, CLIP)
    (wanted,) = read_keypoints(source, CLIP)
    np.testing.assert_allclose(person.xy, wanted.xy, atol=1e-9)
    with pytest.raises(InputError, match="--video"):
        read_keypoints(tmp_path)


def test_sets_of_as_many_points_are_told_apart_or_asked_for(tmp_path: Path) -> None:
    file = SAMPLES / "openpose_body25/clip_000000000000_keypoints.json"
    points = np.reshape(json.loads(file.read_text())["people"][0]["pose_keypoints_2d"], (1, -1, 3))
    assert guess_set(points, "f") == KEYPOINT_SETS["body25"]
    flipped = np.reshape(
        json.loads((SAMPLES / "openpose_body25b/cam01.0000.json").read_text())["people"][0][
            "pose_keypoints_2d"
        ],
        (1, -1, 3),
    )
    assert guess_set(flipped, "f") == KEYPOINT_SETS["body25b"]
    unclear = np.ones((1, 25, 3)) * np.random.default_rng(0).random((1, 25, 1))
    with pytest.raises(InputError, match="body25 or body25b: say which with --skeleton"):
        guess_set(unclear, "f")
    assert guess_set(unclear, "f", "BODY_25B") == KEYPOINT_SETS["body25b"]


def test_unknown_sets_are_told() -> None:
    with pytest.raises(InputError, match=r"21 points a person, .* halpe26 \(26\), coco17 \(17\)"):
        guess_set(np.ones((1, 21, 3)), "hands.json")
    with pytest.raises(InputError, match="no skeleton 'mpii'; there are: halpe26, coco17"):
        keypoint_set("mpii")
    with pytest.raises(InputError, match="has 26 points a person, but coco17 has 17"):
        guess_set(np.ones((1, 26, 3)), "f.json", "coco17")


def test_conversion_keeps_uncertainty_and_unseen_points() -> None:
    xy = np.random.default_rng(1).random((2, 17, 2)) * 100
    xy[0, 11] = np.nan
    score = np.where(np.isfinite(xy).all(-1), 0.9, 0.0)
    coco = Keypoints2D(xy, score, np.arange(2.0), (100, 100), KEYPOINT_SETS["coco17"], np.ones((2, 17, 2)))
    halpe = to_halpe26(coco)
    hip = HALPE26.index("Hip")
    assert np.isnan(halpe.xy[0, hip]).all()
    assert halpe.score[:, hip].tolist() == [0.0, 0.9]
    assert halpe.sigma is not None
    assert halpe.sigma[1, hip] == pytest.approx(np.full(2, np.sqrt(0.5)))
    assert to_halpe26(halpe) is halpe


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{broken", "not JSON"),
        ("a.json", '{"version": 1}', "an object with the keys version; understood are: JSON of AlphaPose"),
        ("a.json", '{"people": [{"pose_keypoints_2d": [1, 2]}]}', "an object with the keys people"),
        ("a.json", '{"people": 5}', "an object with the keys people"),
        ("a.json", '[{"pose_landmarks": [[1, 2]]}]', "a list of 1, each an object with the keys pose_landmarks"),
        ("a.json", '{"annotations": [{"image_id": "x", "keypoints": [1, 2, 3]}]}', "item 0"),
        ("a.csv", "frame,x0,y0\n0,1,2\n", "landmark 1 .left_eye_inner."),
        ("a.csv", "frame,nose_x,nose_y,l_eye_x,l_eye_y,r_eye_x,r_eye_y,l_hip_x,l_hip_y,r_hip_x,r_hip_y\n0,one,"
         "1,1,1,1,1,1,1,1,1\n", "numbers only"),
        ("a.csv", "frame,x0,y0\n0,1\n", "as many cells"),
        ("a.trc", "this is none\n", "not a TRC"),
        ("a.trc", "NumMarkers\tUnits\n1\tpx\nFrame#\tTime\tSternum\n\t\tX1\tY1\tZ1\n1\t0\t5\t5\t0\n", "too few"),
    ],
)  # fmt: skip
def test_bad_files_are_told_in_one_line(name: str, content: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_keypoints(saved(tmp_path / name, content))
    assert "\n" not in str(caught.value)


def test_folders_without_or_with_too_many_cameras(tmp_path: Path) -> None:
    assert not is_keypoint_file(tmp_path)
    with pytest.raises(InputError, match="no JSON files"):
        read_keypoints(tmp_path)
    for camera in ("cam01_json", "cam02_json"):
        shutil.copytree(SAMPLES / "pose2sim/pose/cam01_json", tmp_path / "pose" / camera)
    with pytest.raises(InputError, match="several cameras: name one of cam01_json, cam02_json"):
        read_keypoints(tmp_path / "pose")
    shutil.copy(SAMPLES / "openpose_body25/clip_000000000000_keypoints.json", tmp_path / "pose/cam01_json")
    with pytest.raises(InputError, match="mixes persons of 25 and 26 points"):
        read_keypoints(tmp_path / "pose/cam01_json")
    with pytest.raises(InputError, match="does not exist"):
        read_keypoints(tmp_path / "none.json")
    (tmp_path / "0.json").write_text('{"people": []}', encoding="utf-8")
    assert read_keypoints(tmp_path / "0.json") == []
