"""Memory by the length of a recording: an hour has 108,000 frames, so every kilobyte a frame is 108 MB."""

import os
import pickle
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pase.analysis import analyse
from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.camera.angle_of_view import LensPrior
from pase.data import HALPE26, Draws, Keypoints2D, Motion
from pase.fit.film_trial import film_trial
from pase.fit.inputs import PersonInput
from pase.fit.problem import State
from pase.fit.schedule import SharedEstimate, WindowEnd, solve_windows
from pase.fit.solver import Solution, Status
from pase.fit.terms.lifted_depth import Depths
from pase.fit.trial import Trial
from pase.formats.bvh import write_bvh
from pase.formats.glb import write_glb
from pase.formats.mot import write_mot
from pase.formats.tables import write_angles_csv
from pase.formats.trc import write_landmarks_trc
from pase.lift.pase_lifter import PaseLifter
from pase.memory import give_back, reuse_freed
from pase.parallel import Helpers
from pase.pose2d.readers.alphapose_json import read_alphapose, write_alphapose
from pase.types import Array
from pase.view.plots import MOST_FRAMES
from pase.view.subject import Subject

SHORT, LONG = 128, 384
"""Lengths that are compared, in frames."""
DRAWS = 8
"""Motions drawn from the posterior of an hour."""
SOME_STRETCHES = 4
"""So many times as long recordings are of several stretches of the lifter."""


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done at once of a long recording is made so small that these are long."""
    monkeypatch.setattr("pase.anatomy.kinematics.AT_ONCE", 32)
    monkeypatch.setattr("pase.series._AT_ONCE", 32)
    monkeypatch.setattr("pase.files._PIECE", 1 << 14)
    monkeypatch.setattr("pase.lift.pase_lifter.STRETCH", 72)


def motion_of(frames: int) -> Motion:
    skeleton = default_skeleton().with_landmarks(keypoint_landmarks(HALPE26))
    q = np.tile(skeleton.default_q, (frames, 1)) + 0.01 * np.sin(np.arange(frames) / 9)[:, None]
    residual = np.ones((frames, len(HALPE26)))
    return Motion(skeleton, q, np.full_like(q, 0.01), np.arange(frames) / 30, None, residual, HALPE26)


def keypoints_of(frames: int) -> Keypoints2D:
    xy = np.random.default_rng(0).uniform(1, 700, (frames, 26, 2))
    return Keypoints2D(xy, np.full((frames, 26), 0.8), np.arange(frames) / 30, (720, 720), sigma=xy / 100)


def growth_kb(ready: Callable[[int], Callable[[], object]]) -> float:
    """Kilobytes by which the peak of some work grows with every frame.

    The work is made ready for a length, and done once before: what is kept for the next time is no growth.
    """
    peaks = []
    for frames in (SHORT, SHORT, LONG):
        work = ready(frames)
        tracemalloc.start()
        try:
            work()
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return (peaks[2] - peaks[1]) / (LONG - SHORT) / 1000


@pytest.mark.parametrize(
    ("write", "name", "most_kb"),
    [
        (write_mot, "motion.mot", 0.3),
        (write_landmarks_trc, "landmarks.trc", 2.2),
        (write_angles_csv, "angles.csv", 0.2),
        (write_bvh, "motion.bvh", 2.6),
        (write_glb, "skeleton.glb", 1.7),
    ],
)
def test_a_file_is_never_held_whole(
    tmp_path: Path, write: Callable[[Motion, Path], None], name: str, most_kb: float
) -> None:
    def ready(frames: int) -> Callable[[], object]:
        return partial(write, motion_of(frames), tmp_path / name)

    assert growth_kb(ready) < most_kb


def test_keypoints_are_written_and_read_item_by_item(tmp_path: Path) -> None:
    """Of a frame nothing is kept by the writer, and by the reader its numbers and those of the track: 2.6 kB."""

    def writer(frames: int) -> Callable[[], object]:
        return partial(write_alphapose, [keypoints_of(frames)], tmp_path / f"{frames}.json")

    def reader(frames: int) -> Callable[[], object]:
        return partial(read_alphapose, tmp_path / f"{frames}.json")

    assert growth_kb(writer) < 0.3
    assert growth_kb(reader) < 3.5


def test_the_lifter_keeps_what_it_found_alone() -> None:
    """42 landmarks with three deviations each, and those of what they share: 2.2 kB."""
    lifter = PaseLifter(threads=1)

    def ready(frames: int) -> Callable[[], object]:
        return partial(lifter, keypoints_of(SOME_STRETCHES * frames))

    assert growth_kb(ready) / SOME_STRETCHES < 2.9


def test_modes_of_depths_are_not_kept() -> None:
    """To know which depths there are takes 2 kB; the modes of all frames would take 4, and 14 to compute."""

    def ready(frames: int) -> Callable[[], object]:
        lifted = PaseLifter(threads=1)(keypoints_of(frames))
        return partial(Depths.of, lifted, lifted.names)

    assert growth_kb(ready) < 2.5


def test_windows_are_let_go_of_once_they_are_faded_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 42 coordinates the motion, its deviations and 8 drawn errors in 32 bits are kept: 2 kB."""
    monkeypatch.setattr("pase.fit.schedule.WINDOW_FRAMES", 60)
    monkeypatch.setattr("pase.fit.schedule.OVERLAP_FRAMES", 10)
    monkeypatch.setattr("pase.fit.schedule.MOST_DRAWS", DRAWS)

    def ready(frames: int) -> Callable[[], object]:
        trial, q, estimate = parts_of_a_fit(frames)
        return partial(solve_windows, trial, q, estimate, lambda _: None, Solved(0))

    assert growth_kb(ready) < 2.4


def test_motions_from_the_posterior_are_analysed_one_by_one() -> None:
    """Segments, feet at 200 Hz and angles of one motion, and the angles of 8 drawn ones in 32 bits: 5 kB."""

    def ready(frames: int) -> Callable[[], object]:
        motion = motion_of(frames)
        q = np.repeat(motion.q[None].astype(np.float32), DRAWS, axis=0)
        scale = np.repeat(motion.skeleton.scale[None].astype(np.float32), DRAWS, axis=0)
        return partial(analyse, replace(motion, draws=Draws(q, scale)))

    assert growth_kb(ready) < 6.5


def test_a_process_gets_its_window_of_a_recording_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent with each window must not grow with the recording: the time would grow with its square."""
    monkeypatch.setattr("pase.fit.schedule.WINDOW_FRAMES", 60)
    monkeypatch.setattr("pase.fit.schedule.OVERLAP_FRAMES", 10)
    sent = [sizes_sent(frames) for frames in (SHORT, LONG)]
    assert len(sent[1]) > 2 * len(sent[0])
    assert max(sent[1]) < 1.1 * max(sent[0])


def sizes_sent(frames: int) -> list[int]:
    """Bytes of every window of a recording as it is sent to a process."""
    trial, q, estimate = parts_of_a_fit(frames)
    helpers = Solved(0)
    solve_windows(trial, q, estimate, lambda _: None, helpers)
    return helpers.sizes


def parts_of_a_fit(frames: int) -> tuple[Trial[Any], Array, SharedEstimate]:
    """A person, a first guess and the shared unknowns."""
    trial, _, shared = film_trial(PersonInput(keypoints_of(frames)), LensPrior())
    q = np.tile(trial.subject.model.skeleton.default_q, (frames, 1))
    key_frames = np.arange(5)
    solution = Solution(State(q[key_frames], shared), 0.0, (), 0.0, Status.CONVERGED, 0)
    return trial, q, SharedEstimate(shared, np.eye(len(shared)), key_frames, q[key_frames], solution, {})


class Solved(Helpers):
    """In place of solved windows their first guess."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.sizes: list[int] = []

    def in_turn(self, function: Any, jobs: Sequence[Any], progress: Any = None, part: Any = None) -> Any:
        for job in jobs:
            window = part(job)
            self.sizes.append(len(pickle.dumps((function, window))))
            yield (
                window.q,
                window.q,
                np.zeros((len(window.shared_errors), *window.q.shape), np.float32),
                WindowEnd(True, 0),
            )


def test_plots_get_the_frames_that_they_draw() -> None:
    motion = Subject("Person 1", motion_of(MOST_FRAMES + 1)).thinned(MOST_FRAMES).motion
    assert len(motion) == len(motion.q) == len(motion.q_std) == MOST_FRAMES // 2 + 1
    assert motion.residual is not None and len(motion.residual) == len(motion)


@pytest.mark.skipif(sys.platform != "linux", reason="only GNU's C library can")
def test_what_was_freed_is_given_back() -> None:
    """Of 60 MB of small arrays every thousandth stays, and keeps the rest from being given back by itself."""
    pinned = [np.ones(60) for _ in range(120_000)][::1000]
    before = resident_mb()
    give_back()
    assert resident_mb() < before - 30
    assert len(pinned) == 120


@pytest.mark.skipif(sys.platform != "linux", reason="only GNU's C library can")
def test_arrays_lie_where_others_were_freed() -> None:
    """Otherwise each round would fetch 32 MB from the system again."""
    import resource

    def fetched_pages() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    reuse_freed()
    rounds = []
    for _ in range(10):
        before = fetched_pages()
        arrays = [np.ones(10**6) for _ in range(4)]
        rounds.append(fetched_pages() - before)
        del arrays
    assert sum(rounds[1:]) < max(rounds[0], 40)


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
