# ruff: noqa: E501
"""Further files from the field: read, or refused with what to do; numbers that mean something else are told."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from walk import FRAMES, RECORDED, SIZE, assert_walk, every, flat, points, saved, shares, spoken, table

from pase.errors import InputError
from pase.keypoint_sets import BLAZEPOSE33, BODY25, COCO17, HALPE26
from pase.pose2d.readers import is_keypoint_file, program_of, read_keypoints
from pase.pose2d.readers.detection import FootageFacts


def moved(frame: int) -> list[list[float]]:
    """A second person, 300 px to the right."""
    return [[x + 300, y, s] for x, y, s in points(COCO17, frame)]


def assert_two(path: Path) -> None:
    first, second = read_keypoints(path, RECORDED)
    np.testing.assert_allclose(second.xy[:, 0] - first.xy[:, 0], np.broadcast_to([300, 0], (FRAMES, 2)))


def y_first(names: tuple[str, ...], frame: int) -> list[list[float]]:
    return [[y, x, s] for x, y, s in points(names, frame)]


def xy(names: tuple[str, ...], frame: int) -> list[list[float]]:
    return [point[:2] for point in points(names, frame)]


JSON: dict[str, tuple[Any, tuple[str, ...]]] = {
    "rtmlib": ({"keypoints": every(lambda f: [xy(HALPE26, f)]), "scores": every(lambda f: [[0.9] * 26])}, HALPE26),
    "rtmlib by frame": (every(lambda f: {"keypoints": [xy(HALPE26, f)], "scores": [[0.9] * 26]}), HALPE26),
    "easy_ViTPose": ({"keypoints": every(lambda f: {"0": y_first(COCO17, f)}), "skeleton": {str(k): spoken(n) for k, n in enumerate(COCO17)}}, COCO17),
    "detectron2": (every(lambda f: {"pred_keypoints": [points(COCO17, f)]}), COCO17),
    "roboflow": (every(lambda f: {"image": {"width": 1280, "height": 720}, "predictions": [{"class": "person", "confidence": 0.9, "keypoints": [{"x": x, "y": y, "confidence": s, "class": spoken(n)} for n, (x, y, s) in zip(COCO17, points(COCO17, f), strict=True)]}]}), COCO17),
    "by name of the frame": ({f"frame_{f:04d}": {"keypoints": points(COCO17, f)} for f in range(FRAMES)}, COCO17),
    "pairs": (every(lambda f: {"frame": f, "keypoints": [v for p in xy(COCO17, f) for v in p]}), COCO17),
}  # fmt: skip


@pytest.mark.parametrize("dialect", JSON)
def test_json(tmp_path: Path, dialect: str) -> None:
    content, names = JSON[dialect]
    assert_walk(saved(tmp_path / "a.json", content), names)
    (person,) = read_keypoints(tmp_path / "a.json", RECORDED)
    assert person.score.max() == (1.0 if dialect == "pairs" else 0.9)


def test_an_object_a_line(tmp_path: Path) -> None:
    text = "\n".join(json.dumps({"frame": f, "landmarks": shares(f)}) for f in range(FRAMES))
    (tmp_path / "a.jsonl").write_text(text + "\n")
    assert is_keypoint_file(tmp_path / "a.jsonl")
    assert_walk(tmp_path / "a.jsonl", BLAZEPOSE33)


def test_a_picture_of_two_persons_is_no_film(tmp_path: Path) -> None:
    persons = [{"class": "person", "confidence": 0.9, "keypoints": p} for p in (points(COCO17, 0), moved(0))]
    content = {"image": {"width": 1280, "height": 720}, "predictions": persons}
    people = read_keypoints(saved(tmp_path / "a.json", content), FootageFacts(SIZE))
    assert [len(person) for person in people] == [1, 1]


def test_persons_by_number_in_each_frame(tmp_path: Path) -> None:
    frames = {f"frame_{f}": {"person_1": {"keypoints": points(COCO17, f)}, "person_2": {"keypoints": moved(f)}} for f in range(FRAMES)}  # fmt: skip
    assert_two(saved(tmp_path / "a.json", frames))


def test_frames_of_each_person(tmp_path: Path) -> None:
    people = {"1": every(lambda f: {"frame": f, "keypoints": points(COCO17, f)}), "2": every(lambda f: {"frame": f, "keypoints": moved(f)})}  # fmt: skip
    assert_two(saved(tmp_path / "a.json", people))


def test_all_individuals_of_deeplabcut(tmp_path: Path) -> None:
    names, axes = [spoken(n) for n in COCO17], ["x", "y", "likelihood"]
    heads = [
        ["scorer", *["DLC"] * 105],
        ["individuals", *["a"] * 51, *["b"] * 51, *["single"] * 3],
        ["bodyparts", *[n for n in names for _ in axes] * 2, *["ball"] * 3],
        ["coords", *axes * 35],
    ]
    rows = every(lambda f: [f, *flat(COCO17, f), *(v for p in moved(f) for v in p), 1, 2, 0.5])
    assert_two(saved(tmp_path / "a.csv", table(heads + rows)))


@pytest.mark.parametrize("track", ["", " 3"])
def test_labels_of_yolo(tmp_path: Path, track: str) -> None:
    for f in range(FRAMES):
        cells = " ".join(f"{x / SIZE[0]:.6f} {y / SIZE[1]:.6f} {s}" for x, y, s in points(COCO17, f))
        (tmp_path / f"clip_{f + 1}.txt").write_text(f"0 0.5 0.5 0.1 0.8 {cells}{track}\n")
    assert is_keypoint_file(tmp_path) and "YOLO" in program_of(tmp_path)
    assert_walk(tmp_path, COCO17)


def test_notes_in_text_are_no_labels(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("1 2 3 4 5\nno labels\n")
    assert not is_keypoint_file(tmp_path) and not is_keypoint_file(tmp_path / "notes.txt")


_WIDE = [[f"{spoken(n)}_{a}" for n in COCO17 for a in ("x", "y", "score")], *every(lambda f: flat(COCO17, f))]


@pytest.mark.parametrize(
    "text",
    [
        table(_WIDE[1:]),
        "# made by a script\n" + table(_WIDE),
        "sep=;\n" + table(_WIDE, ";"),
        table([[f"{cell} (px)" for cell in _WIDE[0]], *_WIDE[1:]]),
        table([["place", *_WIDE[0]], *(["Köln", *row] for row in _WIDE[1:])]),
    ],
    ids=["no header", "comment", "sep", "units", "latin-1"],
)
def test_tables(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode("latin-1"))
    assert_walk(tmp_path / "a.csv", COCO17)
    (tmp_path / "a.tsv").write_bytes(text.replace(",", "\t").encode("utf-16"))
    assert is_keypoint_file(tmp_path / "a.tsv")
    assert_walk(tmp_path / "a.tsv", COCO17)


def test_words_of_spreadsheets_for_nothing(tmp_path: Path) -> None:
    rows = [list(row) for row in _WIDE]
    rows[2][0] = "#N/A"
    (person,) = read_keypoints(saved(tmp_path / "a.csv", table(rows)), RECORDED)
    assert np.isnan(person.xy[1, 0]).all() and np.isfinite(person.xy[[0, 2, 3], 0]).all()


def test_points_that_python_wrote_as_nan_are_unseen(tmp_path: Path) -> None:
    items = every(
        lambda f: {
            "image_id": f"{f}.jpg",
            "category_id": 1,
            "score": 1,
            "keypoints": [float("nan"), *flat(COCO17, f)[1:]],
        }
    )
    (person,) = read_keypoints(saved(tmp_path / "a.json", items), RECORDED)
    assert np.isnan(person.xy[:, 0]).all() and np.isfinite(person.xy[:, 1:17]).all()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.h5", b"\x89HDF\r\n\x1a\n", "HDF5, as DeepLabCut and SLEAP write: export it as .csv"),
        ("a.npy", b"\x93NUMPY\1\0", "NumPy: write it as .csv or .json"),
        ("a.pkl", pickle.dumps([1]), "may hold code"),
        ("a.json.gz", b"\x1f\x8b\x08", "gzip: unpack it"),
        ("a.xlsx", b"PK\x03\x04", "export it as .csv"),
        ("a.yml", b"%YAML:1.0\n", "--write_json"),
        ("a.json", b"<!DOCTYPE html>", "a web page"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("a.csv", b"\n\n", "is empty"),
    ],
)  # fmt: skip
def test_what_is_not_read_says_what_to_do(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_keypoints(tmp_path / name, RECORDED)


def test_metres_around_the_hips_are_no_picture(tmp_path: Path) -> None:
    def world(frame: int) -> list[dict[str, float]]:
        x0, y0 = 500 + 10 * frame, 330 + frame
        return [
            {"x": (x - x0) / 200, "y": (y - y0) / 200, "z": 0.1, "visibility": s}
            for x, y, s in points(BLAZEPOSE33, frame)
        ]

    with pytest.raises(InputError, match="metres around the hips"):
        read_keypoints(saved(tmp_path / "a.json", every(lambda f: {"landmarks": world(f)})), RECORDED)
    frames = every(lambda f: {"pose_world_landmarks": [world(f)], "pose_landmarks": [shares(f)]})
    assert_walk(saved(tmp_path / "b.json", frames), BLAZEPOSE33)


@pytest.mark.parametrize(("score", "words"), [(90.0, "as per cent"), (0.0, "all its scores are 0")])
def test_scores_that_are_no_shares_are_told(
    tmp_path: Path, score: float, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    items = every(
        lambda f: {
            "image_id": f"{f}.jpg",
            "category_id": 1,
            "score": 1,
            "keypoints": [score if k % 3 == 2 else v for k, v in enumerate(flat(COCO17, f))],
        }
    )
    (person,) = read_keypoints(saved(tmp_path / "a.json", items), RECORDED)
    assert person.score[:, :17].min() == (0.9 if score else 1.0) and words in caplog.text


def test_people_on_their_heads_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    up = every(lambda f: [[x, 720 - y, s] for x, y, s in points(COCO17, f)])
    read_keypoints(saved(tmp_path / "a.json", up), RECORDED)
    assert "y goes up" in caplog.text


def test_times_of_a_clock_count_from_the_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [["timestamp", *_WIDE[0]], *every(lambda f: [1_700_000_000_000 + 40 * f, *flat(COCO17, f)])]
    (person,) = read_keypoints(saved(tmp_path / "a.csv", table(rows)), FootageFacts(SIZE))
    np.testing.assert_allclose(person.time, 0.04 * np.arange(FRAMES), atol=1e-3)
    assert "those of a clock" in caplog.text


def test_numbers_that_go_on_from_another_film_are_those_of_this_one(tmp_path: Path) -> None:
    items = every(
        lambda f: {"image_id": 10_005 + f, "category_id": 1, "score": 1, "keypoints": flat(COCO17, f)}
    )
    assert_walk(saved(tmp_path / "a.json", items), COCO17)


def test_files_that_a_mac_adds_are_passed_over(tmp_path: Path) -> None:
    for f in range(FRAMES):
        content = {"version": 1.3, "people": [{"pose_keypoints_2d": flat(BODY25, f)}]}
        (tmp_path / f"v_{f}_keypoints.json").write_text(json.dumps(content))
        (tmp_path / f"._v_{f}_keypoints.json").write_bytes(b"\0\5\26\7")
    assert_walk(tmp_path, BODY25)
