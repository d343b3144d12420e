# ruff: noqa: E501
"""One walk as every program writes it: the same persons come out, or one line says what was seen instead."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from walk import FRAMES, RECORDED, SIZE, assert_walk, every, flat, points, saved, shares, spoken, table

from pase.data import HALPE26
from pase.errors import InputError
from pase.keypoint_sets import BLAZEPOSE33, BODY25, COCO17, COCO18, CROWDPOSE14, LSP14, MPI15, MPII16
from pase.point_names import halpe_name, halpe_names
from pase.pose2d.readers import read_keypoints
from pase.pose2d.readers.detection import FootageFacts
from places import CASES, needs_cases


def _named(frame: int) -> list[dict[str, Any]]:
    return [
        {"x": x, "y": y, "score": s, "name": spoken(n)}
        for n, (x, y, s) in zip(COCO17, points(COCO17, frame), strict=True)
    ]


def _ultralytics(frame: int, scale: tuple[float, float] = (1, 1)) -> list[dict[str, Any]]:
    x, y, visible = (list(column) for column in zip(*points(COCO17, frame), strict=True))
    keypoints = {"x": [v / scale[0] for v in x], "y": [v / scale[1] for v in y], "visible": visible}
    box = {"x1": 0, "y1": 0, "x2": 1, "y2": 1}
    return [{"name": "person", "class": 0, "confidence": 0.9, "box": box, "keypoints": keypoints}]


def _mmpose(frame: int, names: tuple[str, ...] = HALPE26) -> dict[str, Any]:
    xy = [point[:2] for point in points(names, frame)]
    return {
        "frame_id": frame,
        "instances": [{"keypoints": xy, "keypoint_scores": [0.9] * len(xy), "bbox": [[0, 0, 1, 1]]}],
    }


JSON: dict[str, tuple[Any, tuple[str, ...]]] = {
    "mmpose inferencer": (every(_mmpose), HALPE26),
    "mmpose demo": (
        {"meta_info": {"dataset_name": "mpii", "keypoint_id2name": {str(k): spoken(n) for k, n in enumerate(MPII16)}},
         "instance_info": [_mmpose(f, MPII16) | {"frame_id": f + 1} for f in range(FRAMES)]},
        MPII16,
    ),
    "alphapose tracked": ({f"{f}.jpg": [{"keypoints": flat(COCO17, f), "scores": 2.9, "idx": 1}] for f in range(FRAMES)}, COCO17),
    "alphapose open": ({f"{f}.jpg": {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": flat(COCO18, f)}]} for f in range(FRAMES)}, COCO18),
    "alphapose cmu": ({f"{f}.jpg": {"version": "AlphaPose v0.3", "bodies": [{"joints": flat(COCO18, f)}]} for f in range(FRAMES)}, COCO18),
    "ultralytics": (every(_ultralytics), COCO17),
    "ultralytics normalised": (every(lambda f: _ultralytics(f, SIZE)), COCO17),
    "tfjs": (every(lambda f: [{"score": 0.8, "keypoints": _named(f)}]), COCO17),
    "tfjs one pose per frame": (every(lambda f: {"score": 0.8, "keypoints": _named(f)}), COCO17),
    "tfjs in frames": ({"fps": 25, "frames": every(lambda f: {"timestamp": f / 25, "poses": [{"keypoints": _named(f)}]})}, COCO17),
    "posenet": (every(lambda f: [{"keypoints": [{"score": 0.9, "part": n[:1].lower() + "".join(w.title() for w in n.split("_"))[1:], "position": {"x": x, "y": y}} for n, (x, y, _) in zip(map(spoken, COCO17), points(COCO17, f), strict=True)]}]), COCO17),
    "mediapipe capitals": (every(lambda f: shares(f, keys="XYZV")), BLAZEPOSE33),
    "mediapipe lists": (every(lambda f: [[p["x"], p["y"], p["z"], p["visibility"]] for p in shares(f)]), BLAZEPOSE33),
    "mediapipe without visibility": (every(lambda f: [[p["x"], p["y"], p["z"]] for p in shares(f)]), BLAZEPOSE33),
    "mediapipe by frame": ({str(f): {"landmarks": shares(f)} for f in range(FRAMES)}, BLAZEPOSE33),
    "points by name": (every(lambda f: {spoken(n): {"x": x, "y": y, "confidence": s} for n, (x, y, s) in zip(COCO17, points(COCO17, f), strict=True)}), COCO17),
    "lists by name": ({"frames": every(lambda f: {"keypoints": {n: p for n, p in zip(COCO17, points(COCO17, f), strict=True)}})}, COCO17),
    "flat numbers": (every(lambda f: flat(COCO17, f)), COCO17),
    "lsp": (every(lambda f: {"people": [{"pose_keypoints_2d": flat(LSP14, f)}]}), LSP14),
    "coco of another set": (
        {"images": [{"id": 100 + f, "file_name": f"v_{f:04d}.jpg", "width": 1280, "height": 720} for f in range(FRAMES)],
         "annotations": [{"image_id": 100 + f, "category_id": 1, "track_id": 7, "keypoints": [v if k % 3 < 2 else 2 for k, v in enumerate(flat(MPII16, f))]} for f in range(FRAMES)],
         "categories": [{"id": 1, "name": "person", "keypoints": [spoken(n) for n in MPII16]}]},
        MPII16,
    ),
}  # fmt: skip

FOLDERS: dict[str, tuple[Callable[[int], Any], tuple[str, ...]]] = {
    "openpose": (lambda f: {"version": 1.3, "people": [{"pose_keypoints_2d": flat(BODY25, f)}]}, BODY25),
    "openpose 1.0": (lambda f: {"version": 1.0, "people": [{"pose_keypoints": flat(COCO18, f)}]}, COCO18),
    "openpose 0.1": (lambda f: {"version": 0.1, "bodies": [{"joints": flat(COCO18, f)}]}, COCO18),
    "openpose mpi": (lambda f: {"version": 1.1, "people": [{"pose_keypoints_2d": flat(MPI15, f)}]}, MPI15),
    "easymocap": (
        lambda f: {"filename": f"images/1/{f:06d}.jpg", "height": 720, "width": 1280,
                   "annots": [{"bbox": [0, 0, 1, 1, 1], "personID": 0, "keypoints": points(BODY25, f)}]},
        BODY25,
    ),
    "mmpose": (lambda f: _mmpose(f)["instances"], HALPE26),
}  # fmt: skip


def _wide(first: int, extra: list[Any], heads: list[str]) -> list[list[Any]]:
    rows: list[list[Any]] = [heads + [f"{a}{k + first}" for k in range(33) for a in "xyzv"]]
    for f in range(FRAMES):
        rows.append(extra + [v for p in shares(f) for v in p.values()])
    return rows


TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mediapipe from 0": (table(_wide(0, [], [])), BLAZEPOSE33),
    "mediapipe from 1 with a class": (table(_wide(1, ["walk"], ["class"])), BLAZEPOSE33),
    "semicolons and decimal commas": (
        table(_wide(0, [], []), ";").replace(".", ","), BLAZEPOSE33),
    "names": (
        table([["frame", *(f"{spoken(n)}_{a}" for n in COCO17 for a in ("x", "y", "score"))],
                *every(lambda f: [f, *flat(COCO17, f)])]), COCO17),
    "axis first": (
        table([[f"{a}_{spoken(n)}" for n in COCO17 for a in ("x", "y", "conf")], *every(lambda f: flat(COCO17, f))]),
        COCO17),
    "a row per point": (
        table([["frame", "timestamp", "landmark", "x", "y", "visibility"],
                *([f, f / 25, spoken(n), x, y, s] for f in range(FRAMES)
                  for n, (x, y, s) in zip(COCO17, points(COCO17, f), strict=True))]), COCO17),
    "a row per numbered point": (
        table([["frame", "landmark_id", "x", "y", "z", "visibility"],
                *([f, k, *p.values()] for f in range(FRAMES) for k, p in enumerate(shares(f)))]), BLAZEPOSE33),
    "deeplabcut": (
        table([["scorer", *["DLC_resnet50"] * 51], ["bodyparts", *(spoken(n) for n in COCO17 for _ in range(3))],
                ["coords", *["x", "y", "likelihood"] * 17], *every(lambda f: [f, *flat(COCO17, f)])]), COCO17),
    "sleap": (
        table([["track", "frame_idx", "instance.score",
                 *(f"{spoken(n)}.{a}" for n in COCO17 for a in ("x", "y", "score"))],
                *every(lambda f: ["track_0", f, 0.9, *flat(COCO17, f)])]), COCO17),
}  # fmt: skip


@pytest.mark.parametrize("dialect", JSON)
def test_json(tmp_path: Path, dialect: str) -> None:
    content, names = JSON[dialect]
    assert_walk(saved(tmp_path / "keypoints.json", content), names)


@pytest.mark.parametrize("dialect", FOLDERS)
def test_folders_with_a_file_a_frame(tmp_path: Path, dialect: str) -> None:
    write, names = FOLDERS[dialect]
    for frame in range(FRAMES):
        (tmp_path / f"clip_{frame:06d}.json").write_text(json.dumps(write(frame)))
    assert_walk(tmp_path, names)


@pytest.mark.parametrize("dialect", TABLES)
def test_tables(tmp_path: Path, dialect: str) -> None:
    text, names = TABLES[dialect]
    (tmp_path / "keypoints.csv").write_text(text)
    assert_walk(tmp_path / "keypoints.csv", names)


def test_what_nobody_knows_can_be_told(tmp_path: Path) -> None:
    columns = [f"{a}:{k}" for k in range(17) for a in ("u", "w")]
    rows = [columns, *every(lambda f: [v for p in points(COCO17, f) for v in p[:2]])]
    with pytest.raises(InputError, match=r"its columns are: u:0, w:0.*TOML file"):
        read_keypoints(saved(tmp_path / "a.csv", table(rows)), RECORDED)
    lines = [f'{spoken(n)} = ["u:{k}", "w:{k}"]' for k, n in enumerate(COCO17)]
    (tmp_path / "a.toml").write_text("[columns]\n" + "\n".join(lines))
    assert_walk(tmp_path / "a.csv", COCO17, str(tmp_path / "a.toml"))
    order = tuple(np.random.default_rng(0).permutation(COCO17))
    (tmp_path / "b.json").write_text(json.dumps(every(lambda f: flat(order, f))))
    (tmp_path / "b.toml").write_text(f"points = {json.dumps([spoken(n) for n in order])}")
    assert_walk(tmp_path / "b.json", COCO17, str(tmp_path / "b.toml"))


def test_sets_that_cannot_be_told_apart_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="crowdpose14 or lsp14: say which with --skeleton"):
        read_keypoints(saved(tmp_path / "a.json", every(lambda f: [flat(CROWDPOSE14, f)])), RECORDED)
    assert_walk(tmp_path / "a.json", CROWDPOSE14, "crowdpose14")


def test_several_people_with_numbers(tmp_path: Path) -> None:
    records = every(
        lambda f: [
            {"id": 4, "keypoints": _named(f)},
            {"id": 9, "keypoints": [p | {"x": p["x"] + 300} for p in _named(f)]},
        ]
    )
    frames = [records[0], records[1][::-1], records[2], records[3][::-1]]
    first, second = read_keypoints(saved(tmp_path / "a.json", frames), RECORDED)
    np.testing.assert_allclose(second.xy[:, 0] - first.xy[:, 0], np.broadcast_to([300, 0], (FRAMES, 2)))


def test_the_persons_of_one_picture_are_no_frames(tmp_path: Path) -> None:
    persons = [{"keypoints": [[x + shift, y] for x, y, _ in points(COCO17, 0)], "keypoint_scores": [0.9] * 17, "bbox": [0, 0, 1, 1]}
               for shift in (0, 300)]  # fmt: skip
    people = read_keypoints(saved(tmp_path / "a.json", persons), FootageFacts(SIZE))
    assert [len(person) for person in people] == [1, 1]


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([(640, 480), (500, 333), (640, 480), (640, 480)], "several sizes"),
        ([(640, 480)] * 4, "far apart|unrelated"),
    ],
)
def test_unrelated_pictures_are_no_film(tmp_path: Path, sizes: list[tuple[int, int]], words: str) -> None:
    rng = np.random.default_rng(2)
    numbers = [785, 1296, 40083, 397133]
    keypoints = [
        np.array(points(COCO17, 0)) * [s, s, 2] + [*rng.uniform(-400, 100, 2), 0] for s in (0.5, 0.9, 0.6, 1)
    ]
    content = {
        "images": [{"id": n, "file_name": f"{n:012d}.jpg", "width": w, "height": h} for n, (w, h) in zip(numbers, sizes, strict=True)],
        "annotations": [{"image_id": n, "category_id": 1, "keypoints": k.ravel().tolist()} for n, k in zip(numbers, keypoints, strict=True)],
    }  # fmt: skip
    with pytest.raises(InputError, match=words):
        read_keypoints(saved(tmp_path / "a.json", content))
    with pytest.raises(InputError, match="far apart|unrelated"):
        read_keypoints(saved(tmp_path / "r.json", content["annotations"]))


def test_all_points_in_one_pixel_are_nobody(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in one pixel"):
        read_keypoints(saved(tmp_path / "a.json", every(lambda f: [300.0, 200.0, 0.9] * 17)), RECORDED)


def test_points_of_a_larger_film_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_keypoints(
            saved(tmp_path / "a.json", every(lambda f: flat(COCO17, f))),
            FootageFacts((320, 180), RECORDED.time),
        )
    assert "lie outside the picture of 320 × 180" in caplog.text


def test_times_in_milliseconds_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = {"frames": every(lambda f: {"timestamp": 40 * f, "poses": [{"keypoints": _named(f)}]})}
    (person,) = read_keypoints(saved(tmp_path / "a.json", content), FootageFacts(SIZE))
    np.testing.assert_allclose(np.diff(person.time), 0.04)
    assert "milliseconds" in caplog.text


def test_an_animal_is_no_person(tmp_path: Path) -> None:
    names = ["L_Eye", "R_Eye", "Nose", "Neck", "Root of tail", "L_Shoulder", "L_Elbow", "L_F_Paw", "R_Shoulder",
             "R_Elbow", "R_F_Paw", "L_Hip", "L_Knee", "L_B_Paw", "R_Hip", "R_Knee", "R_B_Paw"]  # fmt: skip
    content = {"images": [{"id": 1, "file_name": "1.jpg", "width": 640, "height": 480}],
               "annotations": [{"image_id": 1, "category_id": 1, "keypoints": [50.0, 60.0, 2] * 17}],
               "categories": [{"id": 1, "keypoints": names}]}  # fmt: skip
    with pytest.raises(InputError, match="no person's .Root of tail"):
        read_keypoints(saved(tmp_path / "a.json", content))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("left_knee", "LKnee"), ("LKnee", "LKnee"), ("knee_l", "LKnee"), ("LEFT KNEE", "LKnee"), ("leftKnee", "LKnee"),
     ("L_Knee", "LKnee"), ("lknee", "LKnee"), ("Knee.L", "LKnee"), ("right_ear", "REar"), ("rear", "REar"),
     ("left_foot_index", "LBigToe"), ("RBigToe", "RBigToe"), ("ankle1", "RAnkle"), ("mid_hip", "Hip"),
     ("head_top", "Head"), ("left_eye_inner", None), ("thorax", None), ("sternum", None), ("mouth_left", None)],
)  # fmt: skip
def test_names_of_points(name: str, expected: str | None) -> None:
    assert halpe_name(name) == expected


def test_of_two_toes_the_first_is_taken() -> None:
    names = ["nose", "left_hip", "left_knee", "left_ankle", "left_big_toe", "left_toe"]
    assert halpe_names(names, "f")[4:] == ("LBigToe", "Point5")


@needs_cases
def test_cases() -> None:
    folder, recorded = CASES / "keypoints_dialects", FootageFacts(SIZE, np.arange(40) / 50)
    (wanted,) = read_keypoints(folder / "reference_alphapose.json", recorded)
    files = [*folder.glob("*.json"), *folder.glob("mediapipe*.csv"), folder / "openpose_version_1_0"]
    for file in files:
        (person,) = read_keypoints(file, recorded)
        assert len(person) == 40 and person.seen.all(), file
        assert np.nanmax(np.abs(person.xy - wanted.xy)) < 2.0, file
    with pytest.raises(InputError, match="several sizes"):
        read_keypoints(CASES / "coco_unrelated_pictures/annotations.json")
