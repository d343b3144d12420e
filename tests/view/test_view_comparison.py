"""Recordings side by side: one time line, one place, and the page of a comparison."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import check_picture
from scipy.spatial.transform import Rotation

from analysis.motions import squats
from browser import screenshot
from pase.analysis import analysed
from pase.analysis.body import BodyMotion
from pase.data import Motion
from pase.view.comparison import PAGE, SKELETONS, synchronised, write_comparison


def turned(motion: Motion, degrees: float, x: float) -> Motion:
    """The same motion by somebody who faces elsewhere and stands elsewhere."""
    q, turn = motion.q.copy(), np.radians(degrees)
    index = motion.skeleton.coordinate_index
    root = [index(f"pelvis_t{axis}") for axis in "xyz"]
    q[:, index("pelvis_rotation")] += turn
    q[:, root] = q[:, root] @ Rotation.from_euler("y", turn).as_matrix().T + [x, 0, 0]
    return replace(motion, q=q)


def knees(motion: Motion) -> np.ndarray:
    return np.degrees(motion.q[:, motion.skeleton.coordinate_index("knee_angle_r")])


def test_repetitions_begin_turn_and_end_together() -> None:
    slow, fast = squats([90.0, 90.0], period_s=3.0), squats([60.0, 60.0, 60.0], period_s=2.0)
    pair = synchronised([analysed(slow), analysed(fast)], ["slow", "fast"])
    assert pair.on == "cycle"
    first, second = (subject.motion for subject in pair.subjects)
    assert [subject.name for subject in pair.subjects] == ["slow", "fast"]
    assert second.time == pytest.approx(first.time)
    # At every moment both have gone the same share of their way.
    assert knees(second) / 60 == pytest.approx(knees(first) / 90, abs=0.03)


def test_angles_and_events_are_on_the_common_time_line() -> None:
    slow, fast = squats([90.0, 90.0], period_s=3.0), squats([60.0, 60.0, 60.0], period_s=2.0)
    pair = synchronised([analysed(slow), analysed(fast)], ["slow", "fast"])
    first, second = (subject.motion.findings for subject in pair.subjects)
    assert first is not None and second is not None
    column = second.angles.column("knee_flexion_r")
    assert second.angles.values[:, column] == pytest.approx(knees(pair.subjects[1].motion), abs=2.0)
    turns = [[e.time_s for e in f.events if e.event == "repetition_turn"] for f in (first, second)]
    assert len(turns[0]) == 2 and turns[1] == pytest.approx(turns[0], abs=0.1)


def test_everybody_faces_and_stands_as_the_first_does() -> None:
    motion = analysed(squats([80.0]))
    pair = synchronised([motion, turned(motion, 100.0, 2.5)], ["a", "b"])
    first, second = pair.subjects
    assert first.placement is not None and second.placement is not None
    bodies = [BodyMotion.of(subject.motion) for subject in pair.subjects]
    place, goal = bodies[1].middle("hip"), bodies[0].middle("hip")
    assert place is not None and goal is not None
    moved = place @ Rotation.from_euler("y", second.placement.yaw).as_matrix().T + second.placement.shift
    assert moved == pytest.approx(goal, abs=1e-6)
    assert first.placement.beside == pytest.approx([0, 0, 0])
    assert np.linalg.norm(second.placement.beside) == pytest.approx(1.0)


def test_unlike_movements_begin_together() -> None:
    long, short = squats([80.0, 80.0]), squats([80.0])
    pair = synchronised([long, short], ["a", "b"])
    assert pair.on == "time"
    finite = pair.subjects[1].motion.known
    assert finite.sum() == len(short)
    assert finite[: len(short)].all()


def compared(folder: Path) -> Path:
    """The page of two sets of squats, the second deeper."""
    names = ("before <1>", "after")
    motions = [analysed(squats([depth, depth])) for depth in (80.0, 95.0)]
    recordings = [
        (name, m, m.findings) for name, m in zip(names, motions, strict=True) if m.findings is not None
    ]
    return write_comparison(recordings, folder)


def test_the_page_tells_what_changed(tmp_path: Path) -> None:
    page = compared(tmp_path)
    assert page == tmp_path / PAGE
    text = page.read_text(encoding="utf-8")
    assert "before &lt;1&gt;" in text
    assert "Squat depth, °" in text and "<td>+15</td>" in text
    assert text.count("<polyline") == 12
    assert (tmp_path / SKELETONS).stat().st_size > 100_000
    assert f'src="{SKELETONS}"' in text


def test_the_page_looks_as_it_did(tmp_path: Path) -> None:
    # Skeletons are drawn by the graphics card, and have a test of their own.
    shot = screenshot(compared(tmp_path), hidden=".skeletons")
    check_picture("comparison", shot)


def test_what_was_not_seen_stays_unseen() -> None:
    first, second = squats([90.0, 90.0], period_s=3.0), squats([90.0, 90.0], period_s=2.0)
    visible = np.ones((len(second), len(second.skeleton.bodies)), bool)
    visible[: len(second) // 2, second.skeleton.body_index("femur_l")] = False
    pair = synchronised([analysed(first), analysed(replace(second, seen=visible))], ["a", "b"])
    moved = pair.subjects[1].motion.seen
    assert moved is not None and len(moved) == len(pair.subjects[1].motion)
    assert 0.4 < moved[:, second.skeleton.body_index("femur_l")].mean() < 0.6 and moved.sum(
        axis=0
    ).max() == len(moved)
