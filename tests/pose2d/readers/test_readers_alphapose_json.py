"""AlphaPose files: ours come back as they were, those of others are understood, bad ones are told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.pose2d.readers.alphapose_json import read_alphapose, write_alphapose
from pase.pose2d.readers.detection import FootageFacts
from places import shared


def person(seed: int, frames: int = 12, unseen: tuple[int, ...] = (), track_id: int = 1) -> Keypoints2D:
    rng = np.random.default_rng(seed)
    xy, score = rng.uniform(1, 700, (frames, 26, 2)), rng.uniform(0.1, 1, (frames, 26))
    sigma = rng.uniform(0.2, 5, (frames, 26, 2))
    for array in (xy, sigma):
        array[list(unseen)] = np.nan
        array[1 % frames, 3] = np.nan
    score[list(unseen)] = 0
    score[1 % frames, 3] = 0
    time = np.concatenate([[0.0], np.cumsum(np.random.default_rng(5).uniform(0.01, 0.05, frames - 1))])
    return Keypoints2D(xy, score, time, (720, 1280), sigma=sigma, track_id=track_id)


def assert_same(first: Keypoints2D, second: Keypoints2D) -> None:
    for name in ("xy", "score", "time", "sigma"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True), name
    assert (first.image_size, first.track_id, first.names) == (
        second.image_size,
        second.track_id,
        second.names,
    )


@settings(max_examples=25)
@given(st.integers(0, 1000), st.sets(st.integers(0, 9), max_size=9))
def test_our_files_come_back_exactly(tmp_path_factory: Any, seed: int, unseen: set[int]) -> None:
    path = tmp_path_factory.mktemp("keypoints") / "keypoints.json"
    written = [person(seed, 10, tuple(unseen)), person(seed + 1, 10, (0, 9), track_id=2)]
    write_alphapose(written, path)
    for first, second in zip(written, read_alphapose(path), strict=True):
        assert_same(first, second)


def test_the_shot_comes_back(tmp_path: Path) -> None:
    people = [person(1), replace(person(2, track_id=2), shot=3)]
    write_alphapose(people, tmp_path / "keypoints.json")
    assert [person.shot for person in read_alphapose(tmp_path / "keypoints.json")] == [0, 3]


def test_frames_that_were_not_looked_at_come_back(tmp_path: Path) -> None:
    measured = np.array([True, False, False, True])
    track = replace(person(1, 4), measured=measured)
    write_alphapose([track], tmp_path / "k.json")
    (back,) = read_alphapose(tmp_path / "k.json")
    np.testing.assert_array_equal(back.measured, measured)
    write_alphapose([track.slice(measured)], tmp_path / "all.json")
    assert read_alphapose(tmp_path / "all.json")[0].measured is None


def test_nobody_and_one_photo(tmp_path: Path) -> None:
    write_alphapose([], tmp_path / "nobody.json")
    assert json.loads((tmp_path / "nobody.json").read_text()) == []
    assert read_alphapose(tmp_path / "nobody.json") == []
    write_alphapose([person(0, 1)], tmp_path / "photo.json")
    assert_same(read_alphapose(tmp_path / "photo.json")[0], person(0, 1))


def test_items_have_the_keys_of_alphapose(tmp_path: Path) -> None:
    write_alphapose([person(0)], tmp_path / "k.json")
    for frame, item in enumerate(json.loads((tmp_path / "k.json").read_text())):
        assert item["image_id"] == f"{frame}.jpg"
        assert (item["category_id"], item["idx"], len(item["keypoints"]), len(item["box"])) == (1, 1, 78, 4)
        assert 0 < item["score"] <= 1


def test_the_original_systems_file() -> None:
    path = shared("fixtures/original_system/alphapose-results.json")
    (track,) = read_alphapose(path, FootageFacts((1080, 1080), frame_rate=30))
    assert (len(track), track.track_id, track.image_size) == (61, 1, (1080, 1080))
    assert track.seen.all()
    assert track.time == pytest.approx(np.arange(61) / 30)
    assert track.xy[0, 0] == pytest.approx([458.691, 189.086], abs=1e-3)
    assert (track.xy[:, 17, 1] < track.xy[:, 20, 1]).all()


def item(frame: int, shift: float = 0.0, **changes: Any) -> dict[str, Any]:
    points = np.column_stack([np.arange(26) * 10 + shift, np.arange(26) * 5, np.full(26, 0.8)])
    base = {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": points.ravel().tolist(), "score": 2.5}
    return {key: value for key, value in (base | {"idx": 1} | changes).items() if value is not ...}


def read_items(folder: Path, items: Any) -> list[Keypoints2D]:
    path = folder / "items.json"
    path.write_text(items if isinstance(items, str) else json.dumps(items))
    return read_alphapose(path)


@pytest.mark.parametrize("number", [3, 3.0, [3.0], [[3.0], [3.0]]])
def test_a_person_number_in_any_wrapping(tmp_path: Path, number: Any) -> None:
    (track,) = read_items(tmp_path, [item(0, idx=number), item(2, idx=3)])
    assert track.track_id == 3
    assert track.seen.tolist() == [True, False, True]


def test_persons_without_numbers_are_followed_by_nearness(tmp_path: Path) -> None:
    items = []
    for frame in range(5):
        records = [item(frame, 3 * frame, idx=...), item(frame, 900 - 3 * frame, idx=...)]
        items += records if frame % 2 else records[::-1]
    first, second = read_items(tmp_path, items)
    assert {first.track_id, second.track_id} == {1, 2}
    assert sorted([first.xy[0, 0, 0], second.xy[0, 0, 0]]) == [0, 900]
    for track in (first, second):
        assert np.abs(np.diff(track.xy[:, 0, 0])).max() == 3


@pytest.mark.parametrize("names", ["0007.png", "frame_0007.jpg", "clip2_0007.jpg", 7])
def test_frame_numbers_in_any_name(tmp_path: Path, names: Any) -> None:
    (track,) = read_items(tmp_path, [item(0), item(7, image_id=names)])
    assert len(track) == 8
    assert track.seen[[0, 7]].all()
    assert not track.seen[1:7].any()


def test_a_single_picture_is_frame_zero_whatever_its_name(tmp_path: Path) -> None:
    (track,) = read_items(tmp_path, [item(0, image_id="IMG_4711.jpg")])
    assert len(track) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{broken", "not a JSON list"),
        ({"version": "0.1"}, "not a JSON list"),
        ([5], "item 0"),
        ([item(0), item(1, keypoints=[1, 2, 3])], "item 1.*78 numbers"),
        ([item(0, keypoints=["1"] * 78)], "78 numbers"),
        ([item(0, idx="first")], "idx"),
        ([item(0, time="now")], "time"),
        ([item(0), item(123456789)], "number them"),
        ([item(0, times=[0.0, 0.0]), item(1)], "do not increase"),
        ([item(0, times=[0.0]), item(1)], "frame times"),
    ],
)
def test_bad_files_are_told_in_one_line(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_items(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_alphapose(tmp_path / "absent.json")
