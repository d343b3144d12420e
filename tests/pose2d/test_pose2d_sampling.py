"""Which frames are looked at, with networks that know where everybody is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import Akima1DInterpolator

from pase.config import Pose2DSettings
from pase.errors import InputError
from pase.media import Frame
from pase.pose2d.between import fill_between, third_derivative
from pase.pose2d.keypoints import Pose
from pase.pose2d.sampling import Sampler
from pase.pose2d.tracking.similarity import overlap
from pase.pose2d.tracking.tracker import Tracker
from pase.types import Array

SIZE = (160, 120)
BODY = np.random.default_rng(1).uniform([0, 0], [40, 90], (26, 2))
RATE = 60


@dataclass
class Scene:
    """One person in a film of 60 frames a second, whose number is the first pixel; both networks in one."""

    place: Callable[[float], float | None]
    """Seconds → px from the left; None where the person is not there."""
    top: Callable[[float], float] = lambda _: 15.0
    """Seconds → px from above."""
    crops: int = 0
    repeats_every: int | None = None
    """One picture in so many is that of the frame before."""

    def frame(self, index: int) -> Frame:
        picture = np.random.default_rng(2).integers(0, 255, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
        repeated = self.repeats_every is not None and index % self.repeats_every == self.repeats_every - 1
        picture[0, 0, 0] = index - repeated
        return Frame(index, index / RATE, picture, repeated)

    def body(self, image: NDArray[np.uint8]) -> Array | None:
        time = int(image[0, 0, 0]) / RATE
        left = self.place(time)
        return None if left is None else BODY + [left, self.top(time)]

    def detect(self, image: NDArray[np.uint8]) -> tuple[Array, Array]:
        body = self.body(image)
        if body is None:
            return np.zeros((0, 4)), np.zeros(0)
        return np.concatenate([body.min(0), body.max(0)])[None], np.array([0.9])

    def __call__(self, image: NDArray[np.uint8], boxes: Array, turns: Sequence[int]) -> list[Pose]:
        self.crops += len(boxes)
        body = self.body(image)
        poses = []
        for box in boxes:
            bounds = np.zeros(4) if body is None else np.concatenate([body.min(0), body.max(0)])
            overlaps = overlap(bounds[None], box[None])[0, 0] > 0.3
            xy = body if overlaps and body is not None else np.tile(box[:2], (26, 1))
            poses.append(Pose(xy, np.full(26, 0.9 if overlaps else 0.1), np.full((26, 2), 0.5)))
        return poses

    def sampled(self, frames: int, every: str = "auto") -> tuple[Tracker, Sampler]:
        settings = Pose2DSettings(every=every)
        tracker = Tracker(cast(Any, self.detect), cast(Any, self), SIZE, settings)
        sampler = Sampler(tracker, None if every == "auto" else float(every))
        for index in range(frames):
            sampler.add(self.frame(index))
        sampler.finish()
        return tracker, sampler


def measured(tracker: Tracker) -> set[int]:
    return {index for track in tracker.tracks for index in (*track.poses, *track.between)}


def test_of_slow_movement_few_frames_are_looked_at_and_the_last_one() -> None:
    scene = Scene(lambda t: 30.0 + 20.0 * t)
    tracker, sampler = scene.sampled(120)
    assert len(tracker.tracks) == 1
    assert {0, 119} <= sampler.measured_frames
    assert 119 / 6 <= len(measured(tracker)) < 0.25 * 120
    assert scene.crops < 0.35 * 120


def test_of_fast_movement_many_are() -> None:
    slow, quick, fast = (
        len(measured(Scene(lambda t, f=hz: 50.0 + 12.0 * np.sin(2 * np.pi * f * t)).sampled(120)[0]))  # type: ignore[misc]
        for hz in (0.4, 2.5, 5.0)
    )
    assert slow < 0.3 * 120 < 0.4 * 120 < quick < fast


def test_a_jumper_stays_the_same_person_and_take_off_and_landing_are_measured() -> None:
    def top(time: float) -> float:
        """In the air from 1.0 to 1.5 s, as gravity has it for a body 90 px high."""
        flight = time - 1.0
        return 25.0 - max(0.0, 0.5 * 520.0 * flight * (0.5 - flight))

    tracker, _ = Scene(lambda t: 60.0, top).sampled(150)
    (track,) = tracker.tracks
    poses = track.poses | track.between
    for start, end in ((0.98, 1.08), (1.42, 1.52)):
        assert len([i for i in poses if start <= i / RATE <= end]) >= 3
    for index, pose in poses.items():
        assert pose.xy[:, 1].min() == pytest.approx(BODY[:, 1].min() + top(index / RATE))


def test_who_comes_in_is_followed_back_to_the_first_frame_with_them() -> None:
    present = range(20, 150)
    scene = Scene(lambda t: 10.0 + 15.0 * t if round(t * RATE) in present else None)
    found_late = Pose2DSettings(search_every=0.5)
    tracker = Tracker(cast(Any, scene.detect), cast(Any, scene), SIZE, found_late)
    sampler = Sampler(tracker)
    for index in range(150):
        sampler.add(scene.frame(index))
    sampler.finish()
    (track,) = tracker.tracks
    assert min(track.poses) >= 28, "the detector is late"
    assert min(measured(tracker)) - 20 <= 3


def test_who_leaves_is_followed_to_the_last_frame_with_them() -> None:
    scene = Scene(lambda t: 30.0 + 20.0 * t if t * RATE < 62.5 else None)
    tracker, _ = scene.sampled(120)
    assert max(measured(tracker)) == 62


class Pair(Scene):
    """Two persons who stand so near one another that their boxes overlap."""

    def detect(self, image: NDArray[np.uint8]) -> tuple[Array, Array]:
        (box,), _ = super().detect(image)
        return np.array([box, box + [25, 0, 25, 0]]), np.array([0.9, 0.8])

    def __call__(self, image: NDArray[np.uint8], boxes: Array, turns: Sequence[int]) -> list[Pose]:
        left = [pose.xy[:, 0].min() for pose in super().__call__(image, boxes, turns)]
        moved = [25.0 * (box[[0, 2]].mean() > x + 32) for x, box in zip(left, boxes, strict=True)]
        return [Pose(BODY + [x + m - BODY[:, 0].min(), 15.0], np.full(26, 0.9), np.full((26, 2), 0.5))
                for x, m in zip(left, moved, strict=True)]  # fmt: skip


def test_persons_near_one_another_are_looked_at_at_the_usual_rate_though_they_move_slowly() -> None:
    tracker, sampler = Pair(lambda t: 40.0).sampled(121)
    assert len(tracker.tracks) == 2
    assert sorted(sampler.measured_frames) == list(range(0, 121, 4))


def test_seconds_are_kept_whatever_the_movement() -> None:
    _, sampler = Scene(lambda t: 50.0 + 12.0 * np.sin(15.0 * t)).sampled(61, "0.1")
    assert sorted(sampler.measured_frames) == list(range(0, 61, 6))


def test_repeated_pictures_are_not_looked_at() -> None:
    scene = Scene(lambda t: 50.0 + 12.0 * np.sin(2 * np.pi * 5.0 * t), repeats_every=5)
    tracker, sampler = scene.sampled(119)
    (track,) = tracker.tracks
    assert sampler.repeated == 23
    assert not [index for index in (*track.poses, *track.between) if index % 5 == 4]
    assert len(measured(tracker)) > 0.45 * 119


def test_frames_are_kept_for_a_moment_only() -> None:
    scene = Scene(lambda t: 30.0)
    tracker = Tracker(cast(Any, scene.detect), cast(Any, scene), SIZE, Pose2DSettings())
    sampler = Sampler(tracker)
    for index in range(240):
        sampler.add(scene.frame(index))
        held = {f.index for f in (*sampler._waiting, *sampler._past)}
        held |= {f.index for gap in sampler._gaps for f in gap.between}
        assert len(held) < 0.8 * RATE


@pytest.mark.parametrize("every", ["some", "-1", "0.1 s", ""])
def test_other_words_are_refused(every: str) -> None:
    with pytest.raises(InputError, match="auto, all, or seconds"):
        Pose2DSettings(every=every)


def test_the_third_derivative_of_a_cubic_is_exact() -> None:
    times = np.array([0.0, 0.1, 0.25, 0.3])
    places = np.stack([2.0 * times**3 - times, 5.0 * times**2], axis=1)
    np.testing.assert_allclose(third_derivative(places, times), [12.0, 0.0], atol=1e-9)


def test_between_measurements_a_curve_is_followed_and_what_is_unseen_stays_so() -> None:
    time = np.arange(61) / 60
    truth = np.stack([100 + 30 * np.sin(4 * time), 50 + 20 * np.cos(4 * time)], axis=1)[:, None]
    unmeasured = np.arange(61) % 4 > 0
    xy = np.where(unmeasured[:, None, None], np.nan, np.concatenate([truth, truth], axis=1))
    xy[20, 1] = np.nan
    sigma, score = np.ones((61, 2, 2)), np.where(unmeasured[:, None], 0.0, 0.8) * np.ones(2)
    fill_between(xy, sigma, score, time, unmeasured)
    assert np.abs(xy[:, 0] - truth[:, 0]).max() < 0.5
    np.testing.assert_allclose(score[:, 0], 0.8)
    assert np.isnan(xy[17:24, 1]).all()
    assert np.isfinite(xy[24:, 1]).all()


@pytest.mark.parametrize("count", [2, 3, 4, 12])
def test_places_between_lie_on_the_modified_akima_curve(count: int) -> None:
    rng = np.random.default_rng(count)
    time = np.linspace(0.0, 1.0, 60)
    measured = np.sort(rng.choice(np.arange(1, 59), count, replace=False))
    unmeasured = ~np.isin(np.arange(60), measured)
    xy = np.full((60, 1, 2), np.nan)
    xy[measured, 0] = 100 * rng.normal(size=(count, 2))
    curve = Akima1DInterpolator(time[measured], xy[measured, 0], method="makima")
    inside = slice(measured[0], measured[-1] + 1)
    fill_between(xy, np.ones((60, 1, 2)), np.ones((60, 1)), time, unmeasured)
    np.testing.assert_allclose(xy[inside, 0], curve(time[inside]), atol=1e-9)
