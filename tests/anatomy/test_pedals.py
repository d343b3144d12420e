"""Feet on pedals go round opposite each other; feet that walk, run or step on the spot do not."""

import numpy as np
import pytest

from pase.anatomy.pedals import on_pedals

TIME = np.arange(0, 5, 0.05)


def feet(forward_m: float, lift_m: float, stance: float) -> np.ndarray:
    """(T, 2, 3) of feet that go back on the ground for a share of the cycle, and forward in the air."""
    both = np.zeros((len(TIME), 2, 3))
    for foot, (phase, aside) in enumerate(((0.0, 0.1), (0.5, -0.1))):
        share = (TIME / 0.9 + phase) % 1.0
        swing = np.clip((share - stance) / (1 - stance), 0, 1)
        both[:, foot, 0] = forward_m * np.where(share < stance, 0.5 - share / stance, swing - 0.5)
        both[:, foot, 1] = lift_m * np.sin(np.pi * swing)
        both[:, foot, 2] = aside
    return both


@pytest.mark.parametrize("apart_m", [0.0, 0.15])
def test_feet_on_pedals_go_round_opposite_each_other(apart_m: float) -> None:
    turn = 2 * np.pi * TIME[:, None] / 0.9 + np.array([0, np.pi])
    aside = np.broadcast_to(apart_m * np.array([0.5, -0.5]), turn.shape)
    around = np.stack([0.17 * np.cos(turn), 0.17 * np.sin(turn), aside], axis=2)
    noise = np.random.default_rng(0).normal(scale=0.01, size=around.shape)
    assert on_pedals(around + noise)


@pytest.mark.parametrize(
    ("forward_m", "lift_m", "stance"),
    [(0.6, 0.12, 0.62), (0.9, 0.4, 0.35), (0.15, 0.4, 0.5), (0.0, 0.3, 0.5)],
)
def test_feet_that_walk_run_or_step_on_the_spot_are_on_no_pedals(
    forward_m: float, lift_m: float, stance: float
) -> None:
    assert not on_pedals(feet(forward_m, lift_m, stance))


def test_feet_that_stand_are_on_no_pedals() -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=(100, 2, 3))
    assert not on_pedals(noise)
