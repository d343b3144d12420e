"""Who is at rest on outstretched legs stands straight; who crouches, sits or moves is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from fit_scenes import standing

from pase.fit.contact import Contacts, resting_probability
from pase.fit.posture import resting_leg
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.resting import Resting

TIME = np.arange(30) / 15.0
STANDING_M = 0.92


def _path(height_m: float, speed_m_s: float) -> np.ndarray:
    return np.stack([speed_m_s * TIME, np.full(len(TIME), height_m), np.zeros(len(TIME))], axis=1)


@pytest.mark.parametrize(
    ("height_m", "speed_m_s", "low", "high"),
    [
        (0.92, 0.02, 0.9, 1.0),
        (0.92, 0.5, 0.0, 0.1),
        (0.45, 0.0, 0.0, 0.2),
        (0.15, 0.0, 0.0, 0.01),
    ],
    ids=["stands", "walks", "sits", "lies"],
)
def test_rest_is_told_from_height_and_speed(
    height_m: float, speed_m_s: float, low: float, high: float
) -> None:
    resting = resting_probability(_path(height_m, speed_m_s), TIME, STANDING_M)
    assert ((resting >= low) & (resting <= high)).all()


def test_rest_does_not_flicker_when_somebody_slows_down() -> None:
    speed = np.linspace(0.6, 0.0, len(TIME))
    path = np.stack([np.cumsum(speed) / 15, np.full(len(TIME), 0.92), np.zeros(len(TIME))], axis=1)
    resting = resting_probability(path, TIME, STANDING_M)
    assert np.abs(np.diff(resting)).max() < 0.25
    assert resting[0] < 0.1 < 0.9 < resting[-1]


def test_a_photo_says_half() -> None:
    assert resting_probability(np.array([[0.0, 0.92, -4.0]]), np.zeros(1), STANDING_M)[0] == pytest.approx(
        0.5, abs=0.03
    )


def test_the_pull_is_to_straight_knees_and_fades_in_a_squat(model: PersonModel) -> None:
    names = model.skeleton.free_names
    knee = names.index("knee_angle_r")
    q = np.tile(standing(model), (3, 1))
    q[:, knee] = np.radians([2.0, 14.0, 100.0])
    at = Linearization(model, State(q, np.zeros(model.layout.count)), shared_free=False)
    term = Resting("leg", resting_leg("r"), names, np.ones(3))
    block = term.block(at)
    gradient = (block.dq[0][:, :, knee] * block.residual).sum(1)
    assert gradient[0] == pytest.approx(0.0, abs=1e-9)
    assert gradient[1] > 20.0
    assert gradient[2] < 0.05 * gradient[1]


def test_contacts_of_some_frames() -> None:
    contacts = Contacts(np.arange(8.0).reshape(4, 2), np.arange(4.0)).take(np.array([3, 1]))
    assert contacts.planted.tolist() == [[6.0, 7.0], [2.0, 3.0]]
    assert contacts.resting.tolist() == [3.0, 1.0]
