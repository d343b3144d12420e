"""Mapping, normalisation and mirroring against the numbers of MotionBERT's own inference."""

from pathlib import Path

import numpy as np
import pytest

from pase.keypoint_sets import H36M17
from pase.lift.h36m import (
    h36m_from_halpe26,
    mirrored,
    normalise_by_box,
)


@pytest.fixture(scope="module")
def wild(reference: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference / "motionbert_lite_wild.npz"))


def test_joints_are_taken_from_halpe_points_as_published(wild: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(h36m_from_halpe26(wild["halpe26"]), wild["h36m_before_norm"])


def test_the_box_of_the_whole_sequence_is_the_unit(wild: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(normalise_by_box(wild["h36m_before_norm"]), wild["scale_input"], atol=1e-7)


@pytest.mark.parametrize("case", ["edge", "few"])
def test_joints_unseen_or_too_few(wild: dict[str, np.ndarray], case: str) -> None:
    out = normalise_by_box(wild[f"crop_{case}_in"])
    np.testing.assert_allclose(out, wild[f"crop_{case}_out"], atol=1e-7)


def test_a_mirror_twice_changes_nothing_and_exchanges_sides() -> None:
    joints = np.random.default_rng(1).normal(size=(4, 17, 3)).astype(np.float32)
    np.testing.assert_array_equal(mirrored(mirrored(joints)), joints)
    left, right = H36M17.index("LKnee"), H36M17.index("RKnee")
    np.testing.assert_array_equal(mirrored(joints)[:, left], joints[:, right] * [-1, 1, 1])
