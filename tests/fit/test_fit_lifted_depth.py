"""The lifter's depths as a term of the estimator."""

from dataclasses import replace

import numpy as np
import pytest
from fit_scenes import check_gradient, film_camera

from pase.data import HALPE26, Keypoints2D, Landmarks3D
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.lifted_depth import LASTING_SHARE, Depths, LiftedDepth
from pase.fit.unsure_limbs import DOUBT, LIFTER_REACH_S, USUAL, moved_limbs, unseen_limbs
from pase.lift.shared_depth import MODES

WEIGHT = np.array([1.0, 0.7, 0.8, 1.0])


def seen(model: PersonModel, state: State) -> Landmarks3D:
    """What a perfect lifter says of the state: from the hip, in statures, in the camera's axes."""
    camera = film_camera(model).at(state.shared)
    points = camera.to_camera(model.positions(state)[:, : len(model.points)])
    hip = points[:, [HALPE26.index("Hip")]]
    stature = model.proportions.stature(state.shared[model.layout.size])
    ray = hip[:, 0] / np.linalg.norm(hip[:, 0], axis=-1, keepdims=True)
    sigma = np.full(points.shape[:2], 0.02)
    return Landmarks3D((points - hip) / stature, np.arange(4.0), HALPE26, "camera", sigma, 2 * sigma, ray)


def noisy(model: PersonModel, state: State) -> LiftedDepth:
    """A term whose residuals are some standard deviations, with a gap."""
    landmarks = seen(model, state)
    landmarks.xyz[:] += np.random.default_rng(4).normal(0, 0.05, landmarks.xyz.shape)
    landmarks.xyz[1, 3] = np.nan
    return LiftedDepth(Depths.of(landmarks, model.points), film_camera(model), WEIGHT)


def test_gradient_is_that_of_the_cost(model: PersonModel, state: State) -> None:
    check_gradient(noisy(model, state), model, state)


def test_a_perfect_lifter_costs_nothing_and_the_distance_does_not_count(
    model: PersonModel, state: State
) -> None:
    """No residual where the lifter is right, nor when the person steps back along the line of sight."""
    shared = state.shared.copy()
    shared[model.layout.camera][:2] = 0.0
    state = State(state.q, shared)
    landmarks = seen(model, state)
    term = LiftedDepth(Depths.of(landmarks, model.points), film_camera(model), WEIGHT)
    assert term.cost(Linearization(model, state)) == pytest.approx(0.0, abs=1e-12)
    assert landmarks.ray is not None
    away = state.q.copy()
    names = model.skeleton.coordinate_index
    away[:, [names("pelvis_tx"), names("pelvis_ty"), names("pelvis_tz")]] += landmarks.ray * [1, -1, -1]
    assert term.cost(Linearization(model, State(away, shared))) == pytest.approx(0.0, abs=1e-12)


def test_it_knows_a_bent_knee_forwards_from_backwards(model: PersonModel, state: State) -> None:
    """A leg turned away from the camera costs; in the picture alone it might look the same."""
    term = LiftedDepth(Depths.of(seen(model, state), model.points), film_camera(model), WEIGHT)
    q = state.q.copy()
    q[:, model.skeleton.coordinate_index("hip_flexion_r")] += 0.6
    assert term.cost(Linearization(model, State(q, state.shared))) > 2.0


def test_landmarks_that_the_lifter_does_not_give_do_not_count(model: PersonModel, state: State) -> None:
    """Seventeen joints will do."""
    landmarks = seen(model, state)
    joints = Landmarks3D(
        landmarks.xyz[:, 5:17], landmarks.time, HALPE26[5:17], "camera", None, None, landmarks.ray
    )
    depths = Depths.of(joints, model.points)
    assert np.isinf(depths.sigma[:, :5]).all() and np.isfinite(depths.sigma[:, 5:17]).all()
    assert LiftedDepth(depths, film_camera(model), WEIGHT).cost(Linearization(model, state)) == pytest.approx(
        0.0, abs=1e-12
    )


def test_an_error_that_lasts_costs_nothing_once_it_is_known(model: PersonModel, state: State) -> None:
    points = model.points
    lasting = PersonModel(model.skeleton, model.proportions, points, model.soles, depths=len(points))
    landmarks, error = seen(model, state), np.random.default_rng(1).normal(0, 0.03, len(points))
    assert landmarks.ray is not None
    landmarks.xyz[:] += error[:, None] * landmarks.ray[:, None]
    term = LiftedDepth(Depths.of(landmarks, points), film_camera(model), WEIGHT)
    costs = [
        term.cost(Linearization(lasting, State(state.q, np.append(state.shared, off))))
        for off in (0 * error, -error)
    ]
    assert costs[0] > 3.0 and costs[1] == pytest.approx(0.0, abs=1e-12)
    check_gradient(term, lasting, State(state.q, np.append(state.shared, 0.5 * error)))


def test_lasting_errors_are_as_large_as_the_lifter_says(
    model: PersonModel, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points of which it says little may be off by more; errors that go together stay together."""
    head = np.where(np.array(MODES) == "head", 0.1, 0.0)
    landmarks = replace(seen(model, state), sigma_shared=np.tile(head, (4, 1)))
    depths = Depths.of(landmarks, model.points)
    nose, eye, hip = (model.points.index(name) for name in ("Nose", "LEye", "LHip"))
    depths.sigma[:, nose] = np.inf
    depths.sigma[:, hip] *= 2
    covariance = depths.lasting()
    assert covariance[nose, nose] == pytest.approx(LASTING_SHARE * 1.01)
    assert covariance[hip, hip] == pytest.approx(LASTING_SHARE * np.square(depths.sigma[0, hip]))
    assert covariance[nose, eye] == pytest.approx(LASTING_SHARE * 0.01)
    assert covariance[nose, hip] == pytest.approx(0.0)
    monkeypatch.setattr("pase.anatomy.kinematics.AT_ONCE", 3)
    np.testing.assert_allclose(depths.lasting(), covariance, rtol=1e-12)


def test_a_limb_that_the_lifter_moves_has_unsure_depths(model: PersonModel, state: State) -> None:
    """A knee that is drawn elsewhere than its keypoint takes the foot along; the other leg stays sure."""
    first = State(state.q[:1], state.shared)
    camera = film_camera(model)
    pixels = camera.project(model.positions(first)[:, : len(model.points)], first.shared)[0]
    score = np.full((1, len(HALPE26)), 0.9)
    keypoints = Keypoints2D(pixels, score, np.zeros(1), (1280, 720))
    lifted = seen(model, state).slice(slice(0, 1))
    names = (*HALPE26, "LKneeJoint", "RKneeJoint")
    assert moved_limbs(keypoints, lifted, camera, first.shared, names) == pytest.approx(0.0)

    lifted.xyz[0, HALPE26.index("LKnee"), 1] += 0.2
    unsure = dict(zip(names, moved_limbs(keypoints, lifted, camera, first.shared, names)[0], strict=True))
    moved = {"LKnee", "LKneeJoint", "LAnkle", "LHeel", "LBigToe", "LSmallToe"}
    assert {name for name, more in unsure.items() if more > 0} == moved
    assert unsure["LHeel"] == unsure["LKneeJoint"] == pytest.approx(DOUBT * (0.2 - USUAL), abs=0.05)


def test_limbs_of_which_nothing_is_seen_for_a_while() -> None:
    """A hidden knee over a visible foot is known, as is a foot that was seen a moment ago."""
    time = np.array([0.0, 0.9 * LIFTER_REACH_S, 3.0 * LIFTER_REACH_S])
    points = (*HALPE26, "LKneeJoint", "LToeJoint", "LHipJoint")
    visible = np.ones((3, len(HALPE26)), bool)
    assert not unseen_limbs(HALPE26, visible, time, points).any()
    for point in ("Ankle", "Heel", "BigToe", "SmallToe"):
        visible[1:, HALPE26.index("L" + point)] = False
    hidden = unseen_limbs(HALPE26, visible, time, points)
    feet = {"LAnkle", "LHeel", "LBigToe", "LSmallToe", "LToeJoint"}
    assert not hidden[:2].any() and {p for p, h in zip(points, hidden[2], strict=True) if h} == feet
    visible[:, HALPE26.index("LKnee")] = False
    hidden = unseen_limbs(HALPE26, visible, time, points)
    assert {p for p, h in zip(points, hidden[2], strict=True) if h} == feet | {"LKnee", "LKneeJoint"}
