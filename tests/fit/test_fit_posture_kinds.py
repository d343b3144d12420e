"""Postures are of kinds: who stands is drawn to straight legs, who squats or lies is left alone."""

import numpy as np
import pytest

from pase.fit.posture import arm_kinds, posture, posture_kinds
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.posture_kinds import KindsPrior
from pase.fit.terms.prior import CameraPrior

MIRRORED = ("pelvis_list", "L5_S1_Lat_Bending", "L5_S1_axial_rotation")


def _at(model: PersonModel, *postures: dict[str, float]) -> Linearization:
    q = np.array([posture(model.skeleton, angles) for angles in postures])
    return Linearization(model, State(q, np.zeros(model.layout.count)), shared_free=False)


def _prior(model: PersonModel, frames: int) -> KindsPrior:
    return KindsPrior(posture_kinds(model.skeleton), np.ones(frames))


def _arms(model: PersonModel, frames: int) -> KindsPrior:
    return KindsPrior(arm_kinds(model.skeleton), np.ones(frames), "arms")


def _step(prior: KindsPrior, at: Linearization) -> np.ndarray:
    """(T, n) where the prior would have each posture go."""
    block = prior.block(at)
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
    standing, squatting = np.degrees(_step(_prior(model, 2), _at(model, STANDING, SQUATTING))[:, knee])
    assert standing < -4.0
    assert abs(squatting) < 12.0


@pytest.mark.parametrize("angles", [SQUATTING, LYING, STANDING], ids=["squat", "lying", "standing"])
def test_no_kind_is_far_from_what_people_do(model: PersonModel, angles: dict[str, float]) -> None:
    """One Gaussian of all postures asks 38 for a reclining pelvis alone."""
    assert _prior(model, 1).costs(_at(model, angles))[0] < 14.0


def test_standing_counts_as_much_as_squats(model: PersonModel) -> None:
    """It is one Gaussian of many, squats are four."""
    share = posture_kinds(model.skeleton).share
    assert share[0] == pytest.approx(4.0 * share[1:].mean(), rel=1e-3)


def test_a_strange_posture_costs_less_than_its_square(model: PersonModel) -> None:
    listing = [{"pelvis_list": angle} for angle in (0.0, 35.0, 70.0)]
    zero, half, full = _prior(model, 3).costs(_at(model, *listing))
    assert full - zero < 2.0 * (half - zero)


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


def test_arms_out_to_the_sides_stay_there(model: PersonModel) -> None:
    """An arm straight to the side crosses by −50°, as the plane of its elevation lies 50° in front of the side."""
    aside = {"arm_elevation": 90.0, "arm_crossing": -50.0}
    (step,) = _step(_arms(model, 1), _at(model, aside))
    for side in "rl":
        assert abs(np.degrees(step[model.skeleton.coordinate_index(f"arm_crossing_{side}")])) < 12.0


def test_arms_are_likelier_alike_than_one_forwards_and_one_aside(model: PersonModel) -> None:
    aside, forwards = (
        {"arm_elevation": 90.0, "arm_crossing": crossing, "arm_rotation": -20.0} for crossing in (-45.0, 20.0)
    )
    at = _at(model, aside, forwards)
    at.state.q[1] = np.where(
        [name.endswith("_l") for name in model.skeleton.free_names], at.state.q[0], at.state.q[1]
    )
    alike, apart = _arms(model, 2).costs(at)
    assert apart - alike > 3.0


def test_covariances_are_positive_definite(model: PersonModel) -> None:
    for kinds in (posture_kinds(model.skeleton), arm_kinds(model.skeleton)):
        assert np.linalg.eigvalsh(kinds.covariance).min() > 0


def test_lying_is_likelier_than_a_camera_on_its_side(model: PersonModel) -> None:
    lying, standing = _prior(model, 2).costs(_at(model, LYING, STANDING))
    state = State(np.zeros((1, len(model.skeleton.free_names))), np.zeros(model.layout.count))
    level, rolled = state.shared.copy(), state.shared.copy()
    rolled[model.layout.camera][1] = np.pi / 2
    prior = CameraPrior(model.layout.camera, np.zeros(4), np.full(4, 0.02))
    costs = [prior.cost(Linearization(model, State(state.q, shared), False)) for shared in (level, rolled)]
    assert lying - standing < costs[1] - costs[0] < 9.0
