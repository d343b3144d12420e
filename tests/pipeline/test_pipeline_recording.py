"""Keypoints that come from Python or a file in place of footage."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pase
from pase.config import Settings
from pase.data import Keypoints2D
from pase.errors import InputError
from pase.keypoint_sets import COCO17
from pase.pipeline.recording import recording_of
from pase.pose2d.readers.alphapose_json import write_alphapose

PLACES = (
    (50, 10), (52, 8), (48, 8), (54, 9), (46, 9), (60, 25), (40, 25), (63, 42), (37, 42), (64, 58), (36, 58),
    (56, 60), (44, 60), (56, 82), (44, 82), (56, 105), (44, 105),
)  # fmt: skip
"""Somebody who stands before the camera, COCO's points in pixels."""


def person(names: tuple[str, ...] = COCO17, frames: int = 3) -> Keypoints2D:
    xy = np.tile(np.array(PLACES, float), (frames, 1, 1))
    return Keypoints2D(xy, np.full(xy.shape[:2], 0.9), np.arange(frames) / 30, (100, 120), names)


NAMED = tuple(
    name.replace("L", "left_", 1) if name.startswith("L") else name.replace("R", "right_", 1)
    for name in COCO17
)


@pytest.mark.parametrize("names", [COCO17, tuple(name.lower() for name in NAMED)])
def test_points_of_any_set_become_halpe_points(names: tuple[str, ...]) -> None:
    recording = recording_of(person(names), Settings())
    (main,) = recording.people
    assert (recording.frames, recording.image_size) == (3, (100, 120))
    assert main.xy[0, main.names.index("LKnee")] == pytest.approx((56, 82))
    assert main.xy[0, main.names.index("Hip")] == pytest.approx((50, 60))
    assert np.isnan(main.xy[:, main.names.index("LHeel")]).all()


def test_a_file_of_keypoints_holds_the_same(tmp_path: Path) -> None:
    recording = recording_of([person()], Settings())
    write_alphapose(recording.people, tmp_path / "keypoints.json")
    (again,) = recording_of(tmp_path / "keypoints.json", Settings()).people
    np.testing.assert_allclose(again.xy, recording.people[0].xy)


def test_a_motion_is_estimated_from_arrays() -> None:
    (motion,) = pase.estimate([person(frames=1)], height_m=1.7)
    assert motion.known.all() and motion.camera is not None
    assert motion.camera.image_size == (100, 120)


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([person(tuple(f"p{k}" for k in range(17)))], "no person's"),
        ([replace(person(), time=np.array([0.0, 0.2, 0.1]))], "must increase"),
        ([person(), replace(person(), image_size=(50, 50))], "those of one recording"),
        ([person(), replace(person(), time=np.arange(3) / 25)], "those of one recording"),
    ],
)
def test_what_cannot_be_meant_is_refused(people: list[Keypoints2D], message: str) -> None:
    with pytest.raises(InputError, match=message):
        recording_of(people, Settings())


def test_nobody_is_an_empty_recording() -> None:
    assert recording_of([], Settings()).people == []
    assert pase.estimate([]) == []
