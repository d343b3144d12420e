"""Postures are of kinds: who stands is drawn to straight legs, who squats or lies is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from pase.fit.posture import posture, posture_kinds
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.posture_kinds import KindsPrior
from pase.fit.terms.prior import CameraPrior

MIRRORED = ("pelvis_list", "L5_S1_Lat_Bending", "L5_S1_axial_rotation")


def _at(model: PersonModel, *postures: dict[str, float]) -> Linearization:
    q = np.array([posture(model.skeleton, angles) for angles in postures])
    return Linearization(model, State(q, np.zeros(model.layout.count)), shared_free=False)


def _prior(model: PersonModel, frames: int) -> KindsPrior:
    return KindsPrior(posture_kinds(model.skeleton), np.ones(frames))


def _step(model: PersonModel, at: Linearization) -> np.ndarray:
    """(T, n) where the prior would have each posture go."""
    block = _prior(model, len(at.state.q)).block(at)
    J = block.dense(at.state.q.shape[1])[0]
    hessian = np.einsum("tri,trj->tij", J, J) + 1e-9 * np.eye(J.shape[2])
    gradient = np.einsum("tri,tr->ti", J, block.residual)
    return -np.linalg.solve(hessian, gradient[..., None])[..., 0]


STANDING = {"hip_flexion": 0.0, "knee_angle": 9.0, "ankle_angle": 5.0}
SQUATTING = {
    "hip_flexion": 92.0, "knee_angle": 104.0, "ankle_angle": 26.0, "pelvis_tilt": -18.0, "hip_adduction": -16.0,
    "L5_S1_Flex_Ext": -4.0,
}  # fmt: skip
LYING = {"pelvis_tilt": 88.0, "hip_flexion": 10.0, "knee_angle": 10.0, "ankle_angle": -15.0}


def test_who_stands_is_drawn_straight_and_who_squats_is_not(model: PersonModel) -> None:
    knee = model.skeleton.coordinate_index("knee_angle_r")
    standing, squatting = np.degrees(_step(model, _at(model, STANDING, SQUATTING))[:, knee])
    assert standing < -4.0
    assert abs(squatting) < 12.0


@pytest.mark.parametrize("angles", [SQUATTING, LYING, STANDING], ids=["squat", "lying", "standing"])
def test_no_kind_is_far_from_what_people_do(model: PersonModel, angles: dict[str, float]) -> None:
    """One Gaussian of all postures asks 38 for a reclining pelvis alone."""
    assert _prior(model, 1).costs(_at(model, angles))[0] < 14.0


def test_a_strange_posture_costs_less_than_its_square(model: PersonModel) -> None:
    listing = [{"pelvis_list": angle} for angle in (0.0, 35.0, 70.0)]
    none, half, full = _prior(model, 3).costs(_at(model, *listing))
    assert full - none < 2.0 * (half - none)


def test_left_and_right_are_alike(model: PersonModel) -> None:
    """The kinds as a whole are their own mirror image."""
    names = model.skeleton.free_names
    rng = np.random.default_rng(4)
    low, high = model.skeleton.bounds
    middle = posture(model.skeleton, {"hip_flexion": 30.0, "knee_angle": 40.0})
    q = np.clip(middle + 0.3 * rng.standard_normal((5, len(names))), low, high)
    mirrored = q.copy()
    for i, name in enumerate(names):
        twin = name[:-1] + {"r": "l", "l": "r"}[name[-1]] if name.endswith(("_r", "_l")) else name
        mirrored[:, i] = q[:, names.index(twin)] * (-1 if name in MIRRORED else 1)
    shared = np.zeros(model.layout.count)
    costs = [_prior(model, 5).costs(Linearization(model, State(x, shared), False)) for x in (q, mirrored)]
    np.testing.assert_allclose(costs[0], costs[1], rtol=2e-3)


def test_covariances_are_positive_definite(model: PersonModel) -> None:
    assert np.linalg.eigvalsh(posture_kinds(model.skeleton).covariance).min() > 0


def test_lying_is_likelier_than_a_camera_on_its_side(model: PersonModel) -> None:
    lying, standing = _prior(model, 2).costs(_at(model, LYING, STANDING))
    state = State(np.zeros((1, len(model.skeleton.free_names))), np.zeros(model.layout.count))
    level, rolled = state.shared.copy(), state.shared.copy()
    rolled[model.layout.camera][1] = np.pi / 2
    prior = CameraPrior(model.layout.camera, np.zeros(4), np.full(4, 0.02))
    costs = [prior.cost(Linearization(model, State(state.q, shared), False)) for shared in (level, rolled)]
    assert lying - standing < costs[1] - costs[0] < 9.0
