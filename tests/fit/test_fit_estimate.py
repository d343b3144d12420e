"""The estimator as a whole, on a filmed skeleton of which everything is known."""

import dataclasses
from types import ModuleType

import numpy as np
import pytest
from fit_scenes import FOCAL, IMAGE, LENS, filmed, squatting

from pase.analysis.quality import judge
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import PersonFacts
from pase.config import FitSettings
from pase.data import HALPE26, Keypoints2D, Motion
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import PersonInput
from pase.fit.keypoint_guess import _with_other_arms
from pase.fit.posture import arm_kinds
from pase.fit.problem import PersonModel, State
from pase.keypoint_sets import mirrored_order
from pase.series import spline
from pase.types import Array

Scene = tuple[Keypoints2D, Array, Array]

STATURE = 1.75


@pytest.fixture(scope="module")
def scene(model: PersonModel) -> Scene:
    """Keypoints with a pixel of noise of somebody of average proportions who bends the knees; q; shared."""
    time, q = squatting(model)
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = model.proportions.prior(height_m=STATURE).mean
    shared[model.layout.camera] = [0.08, 0.01, 1.3, np.log(FOCAL)]
    q[:, model.skeleton.coordinate_index("pelvis_ty")] -= model.positions(State(q, shared))[
        :, len(model.points) :, 1
    ].mean(1)
    return filmed(model, q, time, shared, noise_px=1.0), q, shared


@pytest.fixture(scope="module")
def motion(scene: Scene) -> Motion:
    """What the estimator makes of them."""
    motion = estimate_motion(PersonInput(scene[0], facts=PersonFacts(STATURE)), lens=LENS)
    assert motion is not None
    return motion


def angle_errors(q: Array, truth: Array, model: PersonModel, stems: tuple[str, ...]) -> Array:
    """Mean absolute errors in degrees of the coordinates of both sides."""
    names = [f"{stem}_{side}" for stem in stems for side in "rl"]
    columns = [model.skeleton.coordinate_index(name) for name in names]
    errors: Array = np.degrees(np.abs(q[:, columns] - truth[:, columns])).mean(0)
    return errors


def test_finds_the_angles(scene: Scene, motion: Motion, model: PersonModel) -> None:
    """Knees and ankles are followed within some degrees; hips less well, as no point tells the pelvis' tilt."""
    assert angle_errors(motion.q, scene[1], model, ("knee_angle", "ankle_angle")).max() < 4.0
    assert angle_errors(motion.q, scene[1], model, ("hip_flexion",)).max() < 12.0


def test_result_is_human(motion: Motion, model: PersonModel) -> None:
    """Right height, symmetric legs, feet on the floor, nothing out of range, upright."""
    names = motion.skeleton.body_names
    poses = Kinematics(motion.skeleton).pose(motion.q)
    origin = poses.origin
    low, high = motion.skeleton.bounds
    assert np.all(motion.q >= low - 1e-9) and np.all(motion.q <= high + 1e-9)
    assert motion.diagnostics.stature_m == pytest.approx(STATURE, abs=0.01)
    thigh = [
        np.linalg.norm(origin[:, names.index(f"femur_{s}")] - origin[:, names.index(f"tibia_{s}")], axis=-1)
        for s in "rl"
    ]
    assert 0.38 < thigh[0].mean() < 0.47
    assert thigh[0].mean() == pytest.approx(thigh[1].mean(), abs=0.005)
    heel = origin[:, names.index("calcn_r"), 1]
    assert np.all(np.abs(heel - 0.02) < 0.03)
    assert np.all(poses.rotation[:, names.index("torso"), 1, 1] > 0.8)


def test_world_starts_at_the_person(motion: Motion) -> None:
    """X points where the person faces, the origin is under the pelvis."""
    q = dict(zip(motion.skeleton.free_names, motion.q[0], strict=True))
    assert abs(q["pelvis_tx"]) < 1e-9 and abs(q["pelvis_tz"]) < 1e-9
    assert abs(np.degrees(q["pelvis_rotation"])) < 5.0


def test_camera_sees_the_skeleton_where_the_points_are(scene: Scene, motion: Motion) -> None:
    """The camera of the result projects the landmarks onto the keypoints, within a few pixels."""
    assert motion.camera is not None and motion.residual is not None
    columns = [motion.skeleton.landmark_index(name) for name in HALPE26]
    pixels = motion.camera.project(Kinematics(motion.skeleton).positions(motion.q)[:, columns])
    distance = np.linalg.norm(pixels - scene[0].xy, axis=-1)
    np.testing.assert_allclose(distance, motion.residual, atol=1e-6)
    assert distance.mean() < 4.0


def test_deviations_are_finite_and_larger_where_less_is_seen(motion: Motion) -> None:
    """Every coordinate has a standard deviation; a subtalar angle is known worse than a knee."""
    deviation = dict(zip(motion.skeleton.free_names, motion.q_std.mean(0), strict=True))
    assert np.all(np.isfinite(motion.q_std)) and np.all(motion.q_std > 0)
    assert deviation["subtalar_angle_r"] > deviation["knee_angle_r"]


def test_bones_have_deviations_and_percentiles(motion: Motion) -> None:
    """A tall person's long bones are longer than most people's, known to about a centimetre."""
    bones = motion.diagnostics.bones
    assert {"femur_r", "tibia_l", "humerus_r", "hip_width", "foot_l"} <= set(bones)
    assert 0.002 < (bones["femur_r"].length_sd_m or 0.0) < 0.02
    assert 55 < (bones["femur_r"].percentile or 0.0) < 99
    assert motion.diagnostics.scale_sd == 0.0


def test_mirrored_picture_gives_the_mirrored_motion(scene: Scene, motion: Motion, mirror: ModuleType) -> None:
    """Left and right of the picture exchanged: left and right of the angles exchanged."""
    keypoints = scene[0]
    xy = keypoints.xy[:, mirrored_order(HALPE26)] * [-1, 1] + [IMAGE[0], 0]
    mirrored = estimate_motion(
        PersonInput(dataclasses.replace(keypoints, xy=xy), facts=PersonFacts(STATURE)), lens=LENS
    )
    assert mirrored is not None
    back = mirror.mirror_table(motion.skeleton)(mirrored.q)
    rotations = [i for i, c in enumerate(motion.skeleton.free_coordinates) if c.motion == "rotational"]
    assert np.degrees(np.abs(back - motion.q))[:, rotations].mean() < 1.0


def test_reversed_film_gives_the_reversed_motion(scene: Scene, motion: Motion) -> None:
    """Frames in the opposite order: the same postures in the opposite order."""
    keypoints = scene[0]
    backwards = dataclasses.replace(keypoints, xy=keypoints.xy[::-1], score=keypoints.score[::-1])
    backward_motion = estimate_motion(PersonInput(backwards, facts=PersonFacts(STATURE)), lens=LENS)
    assert backward_motion is not None
    joints = [
        i
        for i, c in enumerate(motion.skeleton.free_coordinates)
        if c.motion == "rotational" and not c.name.startswith("pelvis")
    ]
    assert np.degrees(np.abs(backward_motion.q[::-1] - motion.q))[:, joints].mean() < 1.0


def test_taller_person_in_a_larger_world(scene: Scene, motion: Motion) -> None:
    """The same picture with another height: every bone grows with it, the angles stay."""
    taller = estimate_motion(PersonInput(scene[0], facts=PersonFacts(STATURE * 1.1)), lens=LENS)
    assert taller is not None
    femur = motion.skeleton.body_index("femur_r")
    ratio = taller.skeleton.scale[femur, 1] / motion.skeleton.scale[femur, 1]
    assert ratio == pytest.approx(1.1, abs=0.04)
    rotations = [i for i, c in enumerate(motion.skeleton.free_coordinates) if c.motion == "rotational"]
    assert np.degrees(np.abs(taller.q - motion.q))[:, rotations].mean() < 3.0


def test_without_a_height_the_scale_is_assumed(scene: Scene) -> None:
    """A mean person is taken, and the user is told."""
    motion = estimate_motion(PersonInput(scene[0].slice(slice(0, 10))))
    assert motion is not None
    assert any("scale is assumed" in w and "--height" in w for w in motion.warnings)
    stature, femur = motion.diagnostics.stature_m or 0.0, motion.diagnostics.bones["femur_r"]
    assert 1.5 < stature < 1.9
    assert motion.diagnostics.scale_sd == pytest.approx(0.092 / 1.69, rel=0.03)
    assert (femur.length_sd_m or 0.0) > 0.054 * 0.25 * stature


def test_the_floor_can_be_left_out(scene: Scene, model: PersonModel) -> None:
    """Without a floor no term speaks of it, and the motion is found all the same."""
    motion = estimate_motion(
        PersonInput(scene[0], facts=PersonFacts(STATURE)), FitSettings(floor=False), lens=LENS
    )
    assert motion is not None
    assert not {"floor", "contact height", "contact velocity", "balance"} & set(
        motion.diagnostics.cost_by_term
    )
    assert angle_errors(motion.q, scene[1], model, ("knee_angle",)).max() < 6.0


def test_feet_that_stay_off_the_floor_are_told_of(motion: Motion, model: PersonModel) -> None:
    time, q = squatting(model, frames=60)
    q[:, model.skeleton.coordinate_index("pelvis_ty")] += 0.5 * np.clip(2 * (time - 0.5), 0, 1)
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    climbed = estimate_motion(PersonInput(filmed(model, q, time, shared), facts=PersonFacts(1.75)), lens=LENS)
    assert climbed is not None
    assert any("off the floor" in text for text in climbed.warnings)
    assert climbed.diagnostics.off_floor_m == pytest.approx(0.5, abs=0.15)
    assert "check" in judge(climbed).verdict and any(
        "off the floor" in text for text in judge(climbed).reasons
    )
    assert not any("off the floor" in text for text in motion.warnings)


def test_legs_raised_from_the_floor_are_not_feet_that_stay_off_it(model: PersonModel) -> None:
    """Somebody who lies on the back and holds the legs up."""
    time, q = squatting(model, frames=60)
    posture = {"pelvis_tilt": 90.0, "hip_flexion_r": 60.0, "hip_flexion_l": 60.0}
    posture |= {"knee_angle_r": 5.0, "knee_angle_l": 5.0}
    q[:] = q[0]
    for name, degrees in posture.items():
        q[:, model.skeleton.coordinate_index(name)] = np.radians(degrees)
    q[:, model.skeleton.coordinate_index("pelvis_ty")] = 0.15
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.3, np.log(FOCAL)]
    raised = estimate_motion(PersonInput(filmed(model, q, time, shared), facts=PersonFacts(1.75)), lens=LENS)
    assert raised is not None
    feet = Kinematics(model.skeleton, ()).pose(raised.q).origin[:, model.skeleton.body_index("calcn_r"), 1]
    assert feet.min() > 0.3, "the legs stay up"
    assert not any("off the floor" in text for text in raised.warnings)


def test_smoother_on_demand(scene: Scene, motion: Motion) -> None:
    """A larger smoothness gives smaller accelerations."""
    smoother = estimate_motion(
        PersonInput(scene[0], facts=PersonFacts(STATURE)), FitSettings(smoothness=5.0), lens=LENS
    )
    assert smoother is not None
    assert np.abs(np.diff(smoother.q, 2, axis=0)).mean() < 0.9 * np.abs(np.diff(motion.q, 2, axis=0)).mean()


def test_one_frame_is_enough(scene: Scene) -> None:
    """A photo is a video of one frame."""
    motion = estimate_motion(PersonInput(scene[0].slice(slice(0, 1)), facts=PersonFacts(STATURE)))
    assert motion is not None and motion.q.shape[0] == 1
    assert np.all(np.isfinite(motion.q)) and np.all(np.isfinite(motion.q_std))


def test_a_photo_tries_every_way_to_hold_the_arms(model: PersonModel) -> None:
    arms, skeleton = arm_kinds(model.skeleton), model.skeleton
    candidates = np.tile(skeleton.default_q, (1, 4, 1)) + np.arange(4)[None, :, None] * 0.01
    tried = _with_other_arms(skeleton, candidates, arms, ("_r", "_l"))
    assert (tried[:, :4] == candidates).all(), "the candidates are kept"
    elbows = [skeleton.coordinate_index(f"elbow_flex_{side}") for side in "rl"]
    body = np.setdiff1d(np.arange(len(skeleton.free_names)), [*arms.columns, *elbows])
    assert (tried[0, 4:, body] == candidates[0, 0, body][:, None]).all(), "the best one's body stays"
    ways = {tuple(q) for q in np.round(tried[0, 4:][:, [*arms.columns, *elbows]], 6)}
    assert len(ways) == 2 * len(arms.mean), "straight and bent"
    left = [i for i, name in enumerate(skeleton.free_names) if name.endswith("_l")]
    of_right = _with_other_arms(skeleton, candidates, arms, ("_r",))
    assert (of_right[0, 4:, left] == candidates[0, 0, left][:, None]).all(), "an unseen arm stays"


def test_gaps_are_bridged(scene: Scene, motion: Motion) -> None:
    """Frames without keypoints in the middle come out between their neighbours, and less certain."""
    xy, score = scene[0].xy.copy(), scene[0].score.copy()
    xy[14:18], score[14:18] = np.nan, 0.0
    bridged = estimate_motion(
        PersonInput(dataclasses.replace(scene[0], xy=xy, score=score), facts=PersonFacts(STATURE)), lens=LENS
    )
    assert bridged is not None and len(bridged) == len(motion)
    knee = bridged.skeleton.coordinate_index("knee_angle_r")
    assert np.degrees(np.abs(bridged.q[14:18, knee] - motion.q[14:18, knee])).max() < 15.0
    assert bridged.q_std[15, knee] > motion.q_std[15, knee]
    assert bridged.residual is not None and np.isnan(bridged.residual[15]).all()


def test_nobody_gives_none() -> None:
    """No frames, or no points, is no motion and no error."""
    assert estimate_motion(PersonInput(Keypoints2D.empty())) is None
    empty = Keypoints2D(np.full((3, 26, 2), np.nan), np.zeros((3, 26)), np.arange(3.0), IMAGE)
    assert estimate_motion(PersonInput(empty)) is None


def test_the_cost_is_told_by_term(motion: Motion) -> None:
    """Every term of the cost is named in the report, and its share is a number."""
    costs = motion.diagnostics.cost_by_term
    assert {"reprojection", "pose prior", "smoothness", "floor", "balance", "proportions", "camera"} <= set(
        costs
    )
    assert all(cost >= 0 for cost in costs.values())


def test_frames_between_the_measured_ones_follow_them(scene: Scene, motion: Motion) -> None:
    """A motion that is solved at every second frame is nearly that of all frames."""
    keypoints, frames = scene[0], np.arange(0, len(scene[0]), 2)
    xy = spline(keypoints.time[frames], keypoints.xy[frames], keypoints.time)
    sampled = dataclasses.replace(keypoints, xy=xy, measured=np.isin(np.arange(len(xy)), frames))
    every_second = estimate_motion(PersonInput(sampled, facts=PersonFacts(STATURE)), lens=LENS)
    assert every_second is not None and every_second.q_std.shape == motion.q_std.shape
    rotations = [i for i, c in enumerate(motion.skeleton.free_coordinates) if c.motion == "rotational"]
    assert np.degrees(np.abs(every_second.q - motion.q))[:, rotations].mean() < 1.5


def test_windows_have_no_seams(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording solved in overlapping windows differs little from the same solved in one piece."""
    from pase.fit import schedule

    at_once = estimate_motion(PersonInput(scene[0], facts=PersonFacts(STATURE)), lens=LENS)
    monkeypatch.setattr(schedule, "WINDOW_FRAMES", 32)
    monkeypatch.setattr(schedule, "OVERLAP_FRAMES", 24)
    in_windows = estimate_motion(PersonInput(scene[0], facts=PersonFacts(STATURE)), lens=LENS)
    assert at_once is not None and in_windows is not None
    assert in_windows.diagnostics.solver.windows > 1
    rotations = [i for i, c in enumerate(at_once.skeleton.free_coordinates) if c.motion == "rotational"]
    shifts = [i for i, c in enumerate(at_once.skeleton.free_coordinates) if c.motion == "translational"]
    difference = in_windows.q - at_once.q
    assert np.degrees(np.abs(difference))[:, rotations].max() < 1.0
    jumps = np.abs(np.diff(difference, axis=0))
    assert np.degrees(jumps)[:, rotations].max() < 0.25
    assert jumps[:, shifts].max() < 0.0005
