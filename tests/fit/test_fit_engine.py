"""One engine for every measurement: sensors of different kinds, and several cameras, in one fit."""

from dataclasses import replace

import numpy as np
import pytest
from fit_scenes import FOCAL, IMAGE, check_gradient, filmed, squatting

from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import PersonFacts
from pase.camera.angle_of_view import LensPrior
from pase.data import Camera, Keypoints2D
from pase.errors import InputError
from pase.fit.camera import FilmCamera, camera_rotation
from pase.fit.estimate import Start, likeliest_start
from pase.fit.inputs import BodyPoint, CameraSetup, PointSet, keypoint_set
from pase.fit.keypoint_guess import anchor_frames, initial_motion, possible_rolls
from pase.fit.measurements import KeypointMeasurements, Measurements, PointMeasurements
from pase.fit.problem import Linearization, State
from pase.fit.schedule import COARSE_RATE_HZ, SharedEstimate, solve_passes, solve_windows, spread_frames
from pase.fit.solver import Solution, Status
from pase.fit.subject import PERSISTENCE, Subject, SubjectOptions, prepare_subject
from pase.fit.terms.reprojection import Reprojection
from pase.fit.trial import Trial
from pase.parallel import Helpers
from pase.series import thinned
from pase.types import Array

OPTIONS = SubjectOptions(PersonFacts(1.75), posture_rate_hz=6.0, weight=PERSISTENCE, soles=True)
LENS = LensPrior(focal_length_px=FOCAL)
TRUE_CAMERA = np.array([0.1, 0.0, 1.2, np.log(FOCAL)])
BONES = ("pelvis", "femur_r", "femur_l", "tibia_r", "tibia_l", "calcn_r", "calcn_l")
CLUSTER = PointSet(
    tuple(
        BodyPoint(Landmark(f"{bone}_{k}", bone, (0.05 * (k == 0), -0.08 * k, 0.05 * (k == 1))), 0.005)
        for bone in BONES
        for k in range(3)
    ),
    mirrored=0.0,
)
"""Three markers on each bone of pelvis and legs; none on trunk and arms."""


def solve(trial: Trial[Measurements], keypoints: KeypointMeasurements, shared: Array) -> tuple[Array, Array]:
    """The motion (T, n) and the shared unknowns (m,)."""
    q = initial_motion(trial, keypoints, shared)
    frames = spread_frames(thinned(trial.time, COARSE_RATE_HZ))
    estimate = solve_passes(trial, frames, State(q[frames], shared)).estimate()
    sequence = solve_windows(trial, q, estimate, lambda _: None, Helpers(0))
    return sequence.q, estimate.shared


def placed_at(unknowns: Array) -> Camera:
    """A camera with a heading and a place."""
    return FilmCamera(slice(0, 7), np.array(IMAGE) / 2.0, IMAGE).at(unknowns)


def truth(subject: Subject, cameras: list[Array]) -> tuple[Array, Array, Array]:
    """Times, postures and shared unknowns of somebody of average proportions who squats before cameras."""
    model = subject.model
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = model.proportions.prior(height_m=1.75).mean
    for camera, values in zip(model.layout.cameras, cameras, strict=True):
        shared[camera] = values
    time, q = squatting(model, frames=30)
    lowest = model.positions(State(q, shared))[:, len(model.points) :, 1].min()
    q[:, model.skeleton.coordinate_index("pelvis_ty")] -= lowest
    return time, q, shared


def seen_by(subject: Subject, number: int, q: Array, time: Array, shared: Array) -> Keypoints2D:
    """Keypoints with 3 px of noise that one of the cameras sees."""
    xy, _ = subject.cameras[number].project(keypoint_places(subject, q, shared), shared)
    xy = xy + np.random.default_rng(number).normal(0, 3.0, xy.shape)
    return Keypoints2D(xy, np.full(xy.shape[:2], 0.8), time, IMAGE)


def keypoint_places(subject: Subject, q: Array, shared: Array) -> Array:
    """(T, 26, 3) m."""
    return subject.model.positions(State(q, shared))[:, :26]


def angle_error(subject: Subject, q: Array, true_q: Array, *stems: str) -> float:
    """Mean error of some joint angles in degrees."""
    columns = [i for i, name in enumerate(subject.model.skeleton.free_names) if name.startswith(stems)]
    return float(np.degrees(np.abs(q - true_q)[:, columns]).mean())


def test_keypoints_and_markers_in_one_fit() -> None:
    """Markers on the legs, keypoints of the whole body: legs as good as by markers, arms as good as by keypoints."""
    camera = np.array([*TRUE_CAMERA, 0.0, 0.0, 0.0])
    setup = CameraSetup(IMAGE, LENS, place=placed_at(camera + [0.01, 0.01, 0.03, 0.0, 0.01, 0.02, -0.02]))
    subject, shared = prepare_subject(default_skeleton(), [keypoint_set(), CLUSTER], [setup], OPTIONS)
    subject = replace(subject, floor=True)
    time, true_q, true = truth(subject, [camera])
    keypoints = KeypointMeasurements.of(seen_by(subject, 0, true_q, time, true), subject.cameras[0])
    xyz = subject.model.positions(State(true_q, true))[:, subject.model.columns(CLUSTER.names)]
    xyz = xyz + np.random.default_rng(5).normal(0, 0.003, xyz.shape)
    markers = PointMeasurements(CLUSTER.names, time, xyz, np.ones(len(CLUSTER.names)), 0.003)

    combined_trial, solution = solve(Trial.of(subject, [keypoints, markers]), keypoints, shared)
    film, _ = solve(Trial.of(subject, [keypoints]), keypoints, shared)
    legs, arms = ("hip_flexion", "hip_add", "knee_angle", "ankle_angle"), ("arm_elevation", "elbow_flex")
    assert angle_error(subject, combined_trial, true_q, *legs) < 1.5
    assert angle_error(subject, combined_trial, true_q, *legs) < 0.5 * angle_error(
        subject, film, true_q, *legs
    )
    assert angle_error(subject, combined_trial, true_q, *arms) < 10.0
    columns = subject.cameras[0].columns
    assert np.abs(solution - true)[columns].max() < 0.06


def test_key_frames_beside_a_gap_are_solved_from_all_starts() -> None:
    assert anchor_frames(np.arange(8) * 0.2).tolist() == [0, 3, 6, 7]
    assert anchor_frames(np.array([0.0, 0.2, 0.4, 0.6, 0.8, 3.0, 3.2, 3.4, 3.6])).tolist() == [
        0,
        3,
        4,
        5,
        6,
        8,
    ]
    assert anchor_frames(np.zeros(1)).tolist() == [0]


def test_postures_between_key_frames_are_as_right_as_from_all_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, shared = prepare_subject(
        default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS
    )
    time, true_q, true = truth(subject, [TRUE_CAMERA])
    keypoints = KeypointMeasurements.of(seen_by(subject, 0, true_q, time, true), subject.cameras[0])
    trial = Trial.of(subject, [keypoints])
    continued = initial_motion(trial, keypoints, shared)
    monkeypatch.setattr("pase.fit.keypoint_guess.ANCHOR_EVERY", 1)
    all_starts = initial_motion(trial, keypoints, shared)
    legs = ("hip_flexion", "hip_add", "knee_angle", "pelvis")
    errors = [angle_error(subject, q, true_q, *legs) for q in (continued, all_starts)]
    assert errors[0] < errors[1] + 0.3 < 10.0


def test_two_cameras_in_one_fit() -> None:
    """In a photo, a second camera from the side tells the depth of the limbs."""
    side = np.array([0.05, 0.02, 1.4, np.log(FOCAL), -0.9, 3.0, -1.5])
    wrong = np.array([0.02, -0.015, 0.04, 0.0, 0.015, 0.04, -0.03])
    setups = [CameraSetup(IMAGE, LENS), CameraSetup(IMAGE, LENS, place=placed_at(side + wrong))]
    options = replace(OPTIONS, weight=1.0)
    subject, shared = prepare_subject(default_skeleton(), [keypoint_set()], setups, options)
    subject = replace(subject, floor=True)
    time, true_q, true = truth(subject, [TRUE_CAMERA, side])
    time, true_q = time[:1], true_q[12:13]
    shared[subject.model.layout.size] = true[subject.model.layout.size]
    shared[subject.cameras[0].columns] = TRUE_CAMERA
    front, beside = (
        KeypointMeasurements.of(seen_by(subject, i, true_q, time, true), subject.cameras[i]) for i in range(2)
    )

    places = keypoint_places(subject, true_q, true)
    errors = []
    for measured in ([front], [front, beside]):
        q, solution = solve(Trial.of(subject, measured), front, shared)
        off = keypoint_places(subject, q, solution) - places
        errors.append(np.linalg.norm(off - off.mean(1, keepdims=True), axis=-1).mean())
    assert errors[1] < 0.85 * errors[0]
    assert errors[1] < 0.02
    assert np.linalg.norm((solution - true)[subject.cameras[1].columns]) < 0.1


def test_two_sets_may_not_put_one_name_at_two_places() -> None:
    wrong = PointSet((BodyPoint(Landmark("LKnee", "femur_l", (0.3, 0.0, 0.0)), 0.01),), mirrored=0.0)
    with pytest.raises(InputError, match="LKnee"):
        prepare_subject(default_skeleton(), [keypoint_set(), wrong])


def test_the_sides_of_a_detector_s_points_are_alike_but_not_the_same() -> None:
    """One knee drawn off its place is dear, both alike are less so; a point of the middle stays near the middle."""
    subject, _ = prepare_subject(default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS)
    model, offsets = subject.model, subject.priors.offsets
    assert offsets is not None

    def cost(**places: tuple[float, float, float]) -> float:
        shared = np.zeros(model.layout.count)
        for name, place in places.items():
            first = model.layout.offset.start + 3 * model.points.index(name)
            shared[first : first + 3] = place
        state = State(model.skeleton.default_q[None], shared)
        return float(offsets.costs(Linearization(model, state, False)).sum())

    symmetric = cost(RKnee=(0.01, 0.0, 0.01), LKnee=(0.01, 0.0, -0.01))
    assert symmetric < cost(RKnee=(0.01, 0.0, 0.01)) < cost(RKnee=(0.01, 0.0, 0.01), LKnee=(-0.01, 0.0, 0.01))
    assert cost(Nose=(0.0, 0.0, 0.01)) > 2 * cost(Nose=(0.01, 0.0, 0.0))


def test_nobody_stands_on_their_feet_who_lies_or_sits() -> None:
    """Feet of a standing person are planted, those of the same person on the back, as still and as low, are not; a
    seated person's feet stand, but a seat may carry the weight."""
    subject, shared = prepare_subject(
        default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS
    )
    time, q = squatting(subject.model)
    lying = q.copy()
    lying[:, subject.model.skeleton.coordinate_index("pelvis_tilt")] += np.pi / 2
    keypoints = filmed(subject.model, q, time, shared)
    trial = Trial.of(subject, [KeypointMeasurements.of(keypoints, subject.cameras[0])])
    frames = np.arange(len(time))
    assert trial.contacts(frames, State(q, shared)).planted.mean() > 0.8
    assert trial.contacts(frames, State(lying, shared)).planted.max() < 0.1
    seated = q.copy()
    for name, degrees in (("hip_flexion", 85), ("knee_angle", 85)):
        for side in "rl":
            seated[:, subject.model.skeleton.coordinate_index(f"{name}_{side}")] = np.radians(degrees)
    seated[:, subject.model.skeleton.coordinate_index("pelvis_tilt")] = 0.0
    assert trial.contacts(frames, State(q, shared)).on_feet[0] == 1.0
    assert trial.contacts(frames, State(seated, shared)).on_feet.max() < 0.1


def test_the_seated_do_not_make_a_camera_seem_tilted() -> None:
    """Feet before the chair are no slant of the picture, nor is who lies; a whole body aslant is."""
    subject, shared = prepare_subject(
        default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS
    )
    time, q = squatting(subject.model)
    keypoints = filmed(subject.model, q, time, shared)

    def rolls(slope_of_trunk: float, slope_of_legs: float) -> list[float]:
        xy, index = keypoints.xy.copy(), keypoints.names.index
        xy[:, index("Neck")] = [600.0, 200.0]
        for side in "LR":
            xy[:, index(f"{side}Hip")] = [600.0 - 150 * slope_of_trunk, 350.0]
            xy[:, index(f"{side}Ankle")] = [600.0 - 300 * slope_of_legs, 500.0]
        return possible_rolls(KeypointMeasurements.of(replace(keypoints, xy=xy), subject.cameras[0]))

    assert rolls(0.02, 0.5) == [0.0]
    assert rolls(2.5, 2.5) == [0.0]  # a push-up
    assert rolls(0.5, 0.5) == [0.0, pytest.approx(0.5 * np.arctan(0.5)), pytest.approx(np.arctan(0.5))]


def test_a_tilted_camera_must_let_people_stand() -> None:
    def start(cost: float, balance: float) -> Start:
        solution = Solution(State(np.zeros((1, 1)), np.zeros(1)), cost, (), 0.0, Status.CONVERGED, 1)
        estimate = SharedEstimate(
            np.zeros(1), None, np.arange(1), np.zeros((1, 1)), solution, {"balance": balance}
        )
        return Start(np.zeros((1, 1)), estimate, None, False, ())

    level, unbalanced, standing = start(90.0, 4.0), start(70.0, 28.0), start(80.0, 1.0)
    assert likeliest_start([level, unbalanced]) is level
    assert likeliest_start([level, unbalanced, standing]) is standing


def test_a_camera_that_turns_and_zooms_is_asked_at_its_frames() -> None:
    """Derivatives of the pixels by all unknowns, and frames that are taken, for a camera with known turns."""
    subject, _ = prepare_subject(default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS)
    time, q, shared = truth(subject, [TRUE_CAMERA])
    rng = np.random.default_rng(2)
    turns = np.array([camera_rotation(*rng.normal(0, 0.1, 2))[0] @ np.diag([1.0, -1.0, -1.0]) for _ in time])
    camera = replace(subject.cameras[0], R_camera_reference=turns, zoom=rng.uniform(0.8, 1.3, len(time)))
    still = filmed(subject.model, q, time, shared).xy[:, :26]
    frames = np.array([3, 3, 11])
    keypoints = KeypointMeasurements(
        keypoint_set().names, time, still, np.full(still.shape[:2], 40.0), camera
    ).take(frames)
    term, *_ = keypoints.terms(subject.model)
    assert isinstance(term, Reprojection)
    check_gradient(term, subject.model, State(q[frames], shared))


def test_keypoints_of_a_film_repeat_their_neighbours() -> None:
    """After a first solution a frame counts half; for standard deviations it counts in full."""
    subject, shared = prepare_subject(
        default_skeleton(), [keypoint_set()], [CameraSetup(IMAGE, LENS)], OPTIONS
    )
    time, frames = np.arange(4) / 30, np.arange(4)
    seen = Keypoints2D(np.full((4, 26, 2), 300.0), np.full((4, 26), 0.8), time, IMAGE)
    first = KeypointMeasurements.of(seen, subject.cameras[0])
    q = np.tile(subject.model.skeleton.default_q, (4, 1))
    later = first.as_scattered(subject.model, frames, State(q, shared)).repeating()
    terms = [m.terms(subject.model)[0] for m in (first, later, later.independent())]
    assert [float(term._weight[0, 0]) for term in terms if isinstance(term, Reprojection)] == [1.0, 0.5, 1.0]
