"""A treadmill's belt, and the ground as a camera sees it that goes along, are told by the feet."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from fit_scenes import FOCAL, LENS, filmed

from pase.anatomy.proportions import PersonFacts
from pase.camera.angle_of_view import LensPrior
from pase.camera.motion import CameraMotion
from pase.config import FitSettings
from pase.data import Keypoints2D
from pase.errors import InputError
from pase.fit.estimate import estimate_motion
from pase.fit.film_trial import film_trial
from pase.fit.floor_velocity import FloorPath, common_path
from pase.fit.inputs import PersonInput, keypoint_set
from pase.fit.moving_floor import (
    MovingFloor,
    belt_motion,
    find_moving_floor,
    ground_motion,
    stance_velocities,
)
from pase.fit.multi_person import estimate_motions
from pase.fit.posture import ROOT_TRANSLATION, posture
from pase.fit.problem import PersonModel, State
from pase.fit.subject import keypoint_model
from pase.types import Array

SPEED = 1.3


def steps(speed: float, frames: int = 120, rate: float = 30.0, noise_m: float = 0.004) -> tuple[Array, Array]:
    """Times (T,) and two foot points (T, 2, 3) of somebody who walks on the spot: in stance they go back."""
    time = np.arange(frames) / rate
    soles = np.zeros((frames, 2, 3))
    for foot, phase in enumerate((0.0, 0.5)):
        share = (time / 1.1 + phase) % 1.0
        stance = share < 0.6
        soles[:, foot, 0] = 1.1 * speed * np.where(stance, 0.3 - share, -0.3 + 1.5 * (share - 0.6))
        soles[:, foot, 1] = np.where(stance, 0.0, 0.12 * np.sin(np.pi * (share - 0.6) / 0.4))
    soles += np.random.default_rng(1).normal(scale=noise_m, size=soles.shape)
    return time, soles


@pytest.mark.parametrize("speed", [0.6, 1.4, 3.5])
def test_the_belt_is_as_fast_as_the_feet_in_stance(speed: float) -> None:
    time, soles = steps(speed)
    belt = belt_motion(
        stance_velocities(soles, np.ones(soles.shape[:2], bool), time), np.zeros((120, 2)), time
    )
    assert belt is not None
    assert belt.velocity == pytest.approx([-speed, 0.0], abs=0.03 * speed + 0.01)
    assert belt.sigma < 0.05


def test_who_walks_over_ground_is_on_no_belt() -> None:
    time, soles = steps(1.4)
    way = 1.4 * time
    soles[..., 0] += way[:, None]
    pelvis = np.stack([way, 0 * way], axis=1)
    assert belt_motion(stance_velocities(soles, np.ones(soles.shape[:2], bool), time), pelvis, time) is None


def test_who_stands_is_on_no_belt() -> None:
    time = np.arange(60) / 30
    soles = np.random.default_rng(0).normal(scale=0.01, size=(60, 2, 3))
    assert (
        belt_motion(stance_velocities(soles, np.ones((60, 2), bool), time), np.zeros((60, 2)), time) is None
    )


@pytest.mark.parametrize(
    ("sigma", "carried", "unsure"), [(0.03, False, False), (0.3, False, True), (0.3, True, False)]
)
def test_a_belt_of_unsure_speed_may_as_well_stand_still(sigma: float, carried: bool, unsure: bool) -> None:
    path = FloorPath.steady(np.arange(60) / 30, np.array([-1.0, 0.0]), sigma)
    assert MovingFloor(path, carried).is_unsure == unsure


def test_a_camera_that_goes_along_faster_and_slower_is_followed() -> None:
    time, soles = steps(1.0, frames=240)
    wobble = 0.4 * np.sin(1.2 * time)
    soles[..., 0] -= np.cumsum(wobble / 30)[:, None]
    velocity, sigma = ground_motion(stance_velocities(soles, np.ones(soles.shape[:2], bool), time), time)
    off = velocity[20:-20, 0] + 1.0 + wobble[20:-20]
    assert np.sqrt(np.square(off).mean()) < 0.15
    assert np.isfinite(sigma).all()


def walking(model: PersonModel, carried: bool) -> tuple[Array, Array]:
    """Times and postures (T, n) of a walk along X; on the spot for one who is carried by a belt."""
    time = np.arange(60) / 25.0
    names = model.skeleton.coordinate_index
    q = np.tile(posture(model.skeleton, {"elbow_flex": 40}), (len(time), 1))
    for side, phase in (("r", 0.0), ("l", 0.5)):
        share = (time / 1.1 + phase) % 1.0
        swing = np.clip((share - 0.6) / 0.4, 0, 1)
        q[:, names(f"hip_flexion_{side}")] = np.radians(
            np.where(share < 0.6, 25 - 70 * share, -17 + 42 * swing)
        )
        q[:, names(f"knee_angle_{side}")] = np.radians(8 + 62 * np.sin(np.pi * swing))
        q[:, names(f"ankle_angle_{side}")] = np.radians(
            np.where(share < 0.6, -5 + 25 * share, 10 - 15 * swing)
        )
    q[:, names("pelvis_rotation")] = 0.1
    for name, value in zip(ROOT_TRANSLATION, (-0.6, 0.9, -4.2), strict=True):
        q[:, names(name)] = value
    shared = np.zeros(model.layout.count)
    soles = model.positions(State(q, shared))[:, len(model.points) :]
    right = (time / 1.1) % 1.0 < 0.5
    stance = np.where(right[:, None, None], soles[:, :4], soles[:, 4:])
    q[:, names("pelvis_ty")] -= stance[..., 1].min(1)
    x = np.stack([soles[:, :4, 0].mean(1), soles[:, 4:, 0].mean(1)], 1)
    step = np.diff(x, axis=0)[np.arange(len(time) - 1), np.where(right[:-1], 0, 1)]
    way = np.concatenate([[0.0], -np.cumsum(step)])
    mean = way[-1] / time[-1] * time
    q[:, names("pelvis_tx")] += way - mean if carried else way
    return time, q


@pytest.fixture(scope="module")
def scene() -> tuple[PersonModel, Array, Keypoints2D, float, Array]:
    model = keypoint_model(keypoint_set())
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    time, q = walking(model, carried=True)
    _, over_ground = walking(model, carried=False)
    column = model.skeleton.coordinate_index("pelvis_tx")
    speed = float(np.ptp(over_ground[:, column] - q[:, column]) / time[-1])
    return model, time, filmed(model, q, time, shared, noise_px=1.5), speed, q


def test_feet_are_held_to_the_belt_of_a_treadmill(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:
    _, _, keypoints, speed, _ = scene
    motion = estimate_motion(PersonInput(keypoints, facts=PersonFacts(1.75)), lens=LENS)
    assert motion is not None and motion.diagnostics is not None
    floor = motion.diagnostics.floor
    assert floor is not None and floor.treadmill
    assert floor.speed_m_s == pytest.approx(speed, rel=0.06)
    assert any("treadmill" in text for text in motion.warnings)
    place = [motion.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    assert np.ptp(motion.q[:, place], axis=0).max() < 0.25 * speed * keypoints.time[-1]
    off = estimate_motion(
        PersonInput(keypoints, facts=PersonFacts(1.75)), FitSettings(belt_speed="off"), lens=LENS
    )
    assert off is not None and off.diagnostics is not None and off.diagnostics.floor is None
    by_hand = estimate_motion(
        PersonInput(keypoints, facts=PersonFacts(1.75)), FitSettings(belt_speed="1.25"), lens=LENS
    )
    assert by_hand is not None and by_hand.diagnostics is not None and by_hand.diagnostics.floor is not None
    assert by_hand.diagnostics.floor.speed_m_s == pytest.approx(1.25)


def test_feet_stand_on_a_floor_that_moves_as_on_one_that_stands(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:
    _, _, keypoints, _, _ = scene
    trial, _, shared = film_trial(PersonInput(keypoints), LensPrior(focal_length_px=FOCAL))
    _, over_ground = walking(trial.subject.model, carried=False)
    shift = np.stack([-9.0 * trial.time, np.zeros(len(trial.time))], 1)
    carried = over_ground.copy()
    carried[:, trial.subject.model.skeleton.coordinate_index("pelvis_tx")] += shift[:, 0]
    frames = np.arange(len(trial.time))
    standing = trial.contacts(frames, State(over_ground, shared)).planted
    assert standing.max() > 0.9
    moving = replace(trial, floor_shift=shift).contacts(frames, State(carried, shared)).planted
    np.testing.assert_allclose(moving, standing, atol=1e-9)


@pytest.mark.parametrize(("slope_deg", "on_feet"), [(0.0, True), (6.0, True), (25.0, False)])
def test_feet_stand_on_a_floor_that_seems_to_slope_a_little(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array], slope_deg: float, on_feet: bool
) -> None:
    _, _, keypoints, _, _ = scene
    trial, _, shared = film_trial(PersonInput(keypoints), LensPrior(focal_length_px=FOCAL))
    _, q = walking(trial.subject.model, carried=False)
    x, y = (trial.subject.model.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xy")
    q[:, y] += np.tan(np.radians(slope_deg)) * q[:, x]
    last = np.arange(len(q)) > 0.7 * len(q)
    planted = trial.contacts(np.arange(len(q)), State(q, shared)).planted[last].max(1)
    assert (np.mean(planted > 0.5) > 0.6) == on_feet


@pytest.mark.parametrize(
    ("kind", "agreement", "treadmill"),
    [("still", 0.6, False), ("turning", 0.65, True), ("turning", 0.4, False)],
)
def test_a_streaming_ground_is_no_treadmill(
    kind: Literal["still", "turning"], agreement: float, treadmill: bool,
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:  # fmt: skip
    model, time, keypoints, _, q = scene
    trial, _, shared = film_trial(
        PersonInput(keypoints, facts=PersonFacts(1.73)), LensPrior(focal_length_px=FOCAL)
    )
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    motion = replace(CameraMotion.still(time, FOCAL), kind=kind, agreement=agreement)
    floor = find_moving_floor(trial, np.arange(len(time)), State(q, shared), "auto", motion)
    assert floor is not None and floor.carried != treadmill


def test_a_camera_that_travels_beside_a_walker_goes_as_far(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:
    _, time, keypoints, speed, _ = scene
    travelling = replace(CameraMotion.still(time, FOCAL), kind="travelling")
    motion = estimate_motion(
        PersonInput(keypoints, facts=PersonFacts(1.75), camera_motion=travelling), lens=LENS
    )
    assert motion is not None and motion.camera is not None and motion.camera.path is not None
    place = [motion.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    way = float(np.linalg.norm(motion.q[-1, place] - motion.q[0, place]))
    assert way == pytest.approx(speed * time[-1], rel=0.08)
    path = motion.camera.path
    centre = -np.einsum("tji,tj->ti", path.rotation, path.translation)
    assert np.linalg.norm(centre[-1] - centre[0]) == pytest.approx(way, rel=0.15)
    assert motion.residual is not None and np.nanmedian(motion.residual) < 6.0


def test_a_wrong_belt_is_set_right_together_with_the_motion(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:
    model, time, keypoints, speed, q = scene
    lens = LensPrior(focal_length_px=FOCAL)
    trial, _, shared = film_trial(PersonInput(keypoints, facts=PersonFacts(1.73)), lens)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    wrong = MovingFloor(FloorPath.steady(time, np.array([-1.1 * speed, 0.05]), 0.1), carried=False)
    every = np.arange(len(time))
    floor, state = wrong.refined(trial, every, State(q, shared))
    # The legs swing along the heading of 0.1 rad, while the body stays.
    off = floor.path.velocity[0] + speed * np.array([np.cos(0.1), -np.sin(0.1)])
    assert np.abs(off[0]) < 0.04 * speed and np.abs(off[1]) < 0.1
    mean, sigma = floor.path.mean_speed
    assert mean == pytest.approx(speed, abs=4 * sigma) and 0.0 < sigma < 0.05
    assert np.abs(state.q - q).max() < 0.5
    belt = replace(wrong, by_user=True).refined(trial, every, State(q, shared))[0]
    assert belt.path is wrong.path


def test_a_path_at_knots_goes_as_far_as_its_velocities() -> None:
    time = np.linspace(0, 6, 181)
    velocity = np.stack([1 + 0.3 * np.sin(time), 0.1 * time], axis=1)
    path = FloorPath.changing(time, velocity, np.full(len(time), 0.2))
    way = np.concatenate([[[0, 0]], np.cumsum(0.5 * (velocity[1:] + velocity[:-1]) / 30, axis=0)])
    np.testing.assert_allclose(path.shift, way, atol=0.03)
    mean, sigma = path.mean_speed
    assert mean == pytest.approx(np.linalg.norm(velocity, axis=1).mean(), rel=0.02)
    assert 0.2 / np.sqrt(len(path.velocity)) < sigma < 0.1


def test_two_persons_before_a_travelling_camera_are_on_one_ground(
    scene: tuple[PersonModel, Array, Keypoints2D, float, Array],
) -> None:
    model, time, keypoints, speed, q = scene
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    names = model.skeleton.coordinate_index
    behind = q.copy()
    behind[:, [names("pelvis_tx"), names("pelvis_tz")]] += [0.6, -1.5]
    keypoints_behind = filmed(model, behind, time, shared, noise_px=1.5)
    travelling = replace(CameraMotion.still(time, FOCAL), kind="travelling")
    first, second = estimate_motions(
        [
            PersonInput(keypoints, facts=PersonFacts(1.73), camera_motion=travelling),
            PersonInput(keypoints_behind, camera_motion=travelling),
        ],
        LensPrior(focal_length_px=FOCAL),
    )
    assert first is not None and second is not None
    assert first.camera is not None and second.camera is not None
    assert first.camera.path is not None and second.camera.path is not None
    np.testing.assert_allclose(first.camera.path.translation, second.camera.path.translation, atol=1e-9)
    place = [names("pelvis_tx"), names("pelvis_tz")]
    for motion in (first, second):
        way = np.linalg.norm(motion.q[-1, place] - motion.q[0, place])
        assert way == pytest.approx(speed * time[-1], rel=0.1)


@pytest.mark.parametrize("carried", [True, False], ids=["goes along", "pans"])
def test_feet_decide_whether_the_camera_goes_along(
    carried: bool, scene: tuple[PersonModel, Array, Keypoints2D, float, Array]
) -> None:
    """Before a wall to go along looks like a pan with a long lens: only then the feet slide."""
    model, time, keypoints, speed, _ = scene
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    if not carried:
        keypoints = filmed(model, walking(model, carried=False)[1], time, shared, noise_px=1.5)
    still = CameraMotion.still(time, FOCAL)
    motion = estimate_motion(
        PersonInput(
            keypoints,
            facts=PersonFacts(1.73),
            camera_motion=replace(still, kind="turning", if_carried=replace(still, kind="travelling")),
        ),
        lens=LENS,
    )
    assert motion is not None and motion.diagnostics is not None
    floor = motion.diagnostics.floor
    assert (floor is not None and not floor.treadmill) == carried
    place = [motion.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    way = float(np.linalg.norm(motion.q[-1, place] - motion.q[0, place]))
    assert way == pytest.approx(speed * time[-1], rel=0.08)


def test_a_ground_told_by_several_is_surer() -> None:
    time = np.linspace(0.3, 3, 82)
    paths = [
        FloorPath.changing(t, np.tile([speed, 0.0], (len(t), 1)), np.full(len(t), sigma))
        for t, speed, sigma in ((time, 1.0, 0.1), (time + 2.0, 1.3, 0.2))
    ]
    common = common_path(paths)
    assert common.knots[[0, -1]] == pytest.approx([0.0, 5.0])
    middle = np.searchsorted(common.knots, 2.5)
    assert common.velocity[[0, middle, -1], 0] == pytest.approx([1.0, 1.06, 1.3])
    assert common.covariance[2 * middle, 2 * middle] < 0.1**2
    assert common.shift[0] == pytest.approx([0.0, 0.0])
    assert replace(common, time=time + 2.0).shift[0, 0] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("speed", ["fast", "-1", "2,5", ""])
def test_a_belt_speed_that_is_none_is_refused(speed: str) -> None:
    with pytest.raises(InputError, match="belt-speed must be auto, off"):
        FitSettings(belt_speed=speed)
