"""The lifter that ships with the package, on a person whose motion is known."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.camera.angle_of_view import LensPrior
from pase.data import HALPE26, Keypoints2D, Landmarks3D
from pase.errors import InputError, ModelFileError
from pase.lift.features import KNOWN, centred
from pase.lift.pase_lifter import PaseLifter, _courses
from pase.lift.points import MIRRORED, POINTS
from pase.lift.segment_lengths import SEGMENTS, USUAL_LENGTHS, segment_lengths
from pase.lift.shared_depth import errors_by_mode
from pase.types import Array

SIZE = (1280, 720)
FOCAL = 1000.0
STATURE = 1.75


def bending_knees(frames: int = 60, rate: float = 30.0) -> tuple[Array, Array]:
    """Times and points (T, 26, 3), in camera axes, of a person who bends the knees 4 m before a level camera."""
    time = np.arange(frames) / rate
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (frames, 1))
    bend = 0.5 - 0.5 * np.cos(2 * np.pi * time / 2.0)
    names = skeleton.coordinate_index
    for s in "rl":
        q[:, names(f"hip_flexion_{s}")] = np.radians(10 + 70 * bend)
        q[:, names(f"knee_angle_{s}")] = np.radians(15 + 80 * bend)
        q[:, names(f"ankle_angle_{s}")] = np.radians(5 + 22 * bend)
        q[:, names(f"arm_elevation_{s}")] = np.radians(10 + 70 * bend)
        q[:, names(f"elbow_flex_{s}")] = np.radians(20)
    q[:, names("pelvis_tilt")] = np.radians(-20 * bend)
    q[:, names("pelvis_rotation")] = 0.8 - np.pi / 2
    world = Kinematics(skeleton, keypoint_landmarks(HALPE26)).positions(q)
    feet = world[:, 20:26].mean(1, keepdims=True)
    world = world - feet + feet[:1]
    return time, world * [1, -1, -1] + [0.2, 1.1, 4.0]


def keypoints_of(points: Array, time: Array) -> Keypoints2D:
    xy = FOCAL * points[..., :2] / points[..., 2:] + np.array(SIZE) / 2
    xy = xy + np.random.default_rng(2).normal(0, 1.0, xy.shape)
    return Keypoints2D(xy, np.full(xy.shape[:2], 0.8), time, SIZE)


def error_mm(landmarks: Landmarks3D, points: Array) -> Array:
    """(T,) mean error in millimetres."""
    true = points - points[:, [HALPE26.index("Hip")]]
    return np.asarray(1e3 * np.linalg.norm(STATURE * landmarks.xyz[:, :26] - true, axis=-1).mean(1))


@pytest.fixture(scope="module")
def lifter() -> PaseLifter:
    return PaseLifter(lens=LensPrior(FOCAL), threads=1)


def test_a_known_motion_is_found(lifter: PaseLifter) -> None:
    """Some centimetres, the depth of knees and elbows on the right side, and gravity where it is."""
    time, points = bending_knees()
    landmarks = lifter(keypoints_of(points, time))
    assert error_mm(landmarks, points).mean() < 60
    knee, hip, ankle = (HALPE26.index(n) for n in ("RKnee", "RHip", "RAnkle"))
    deep = slice(20, 40)
    true = points[deep, knee, 2] - 0.5 * (points[deep, hip, 2] + points[deep, ankle, 2])
    xyz = landmarks.xyz
    bend = xyz[deep, knee, 2] - 0.5 * (xyz[deep, hip, 2] + xyz[deep, ankle, 2])
    assert np.mean(true * bend > 0) > 0.9
    assert landmarks.down is not None
    assert np.degrees(np.arccos(landmarks.down[:, 1])).max() < 15
    np.testing.assert_allclose(np.linalg.norm(landmarks.down, axis=-1), 1, atol=1e-9)


def test_sigma_is_positive_and_larger_along_the_ray(lifter: PaseLifter) -> None:
    """Depth is the harder part; the ray points at the person."""
    time, points = bending_knees()
    landmarks = lifter(keypoints_of(points, time))
    assert landmarks.sigma is not None and landmarks.sigma_along is not None and landmarks.ray is not None
    not_hip = [i for i in range(len(POINTS)) if i != POINTS.index("Hip")]
    assert (landmarks.sigma > 0).all() and (landmarks.sigma_along > 0).all()
    assert np.median(landmarks.sigma_along[:, not_hip]) > np.median(landmarks.sigma[:, not_hip])
    towards = points.mean(1) / np.linalg.norm(points.mean(1), axis=-1, keepdims=True)
    assert (landmarks.ray * towards).sum(-1).min() > 0.99


def test_mirrored_keypoints_give_a_mirrored_person(lifter: PaseLifter) -> None:
    """Exactly, since both are averaged."""
    time, points = bending_knees(40)
    keypoints = keypoints_of(points, time)
    twin = np.array(MIRRORED[:26])
    xy = keypoints.xy[:, twin] * [-1, 1] + [SIZE[0], 0]
    mirrored = Keypoints2D(xy, keypoints.score[:, twin], time, SIZE)
    straight, mirror_image = lifter(keypoints).xyz, lifter(mirrored).xyz
    np.testing.assert_allclose(mirror_image[:, np.array(MIRRORED)] * [-1, 1, 1], straight, atol=2e-5)


def test_a_photo_is_lifted(lifter: PaseLifter) -> None:
    """One frame will do; it is less sure of itself than a film."""
    time, points = bending_knees()
    photo = lifter(keypoints_of(points[30:31], time[:1]))
    assert photo.xyz.shape == (1, len(POINTS), 3)
    assert error_mm(photo, points[30:31]).mean() < 110
    film = lifter(keypoints_of(points, time))
    assert photo.sigma_along is not None and film.sigma_along is not None
    assert np.median(photo.sigma_along) > np.median(film.sigma_along)


@pytest.mark.parametrize("rate", [12.5, 25.0, 60.0, 120.0])
def test_the_frame_rate_hardly_matters(lifter: PaseLifter, rate: float) -> None:
    """Every frame of a film of any rate gets its own landmarks, about as good."""
    time, points = bending_knees(int(2 * rate), rate)
    lifted = lifter(keypoints_of(points, time))
    assert lifted.xyz.shape[0] == len(time) and np.isfinite(lifted.xyz).all()
    assert error_mm(lifted, points).mean() < 65


def test_a_rolled_camera_rolls_the_person(lifter: PaseLifter) -> None:
    """Six degrees of roll turn the landmarks by about as much and change little else."""
    time, points = bending_knees(40)
    angle = np.radians(6.0)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    level, rolled = lifter(keypoints_of(points, time)), lifter(keypoints_of(points @ turn.T, time))
    assert 1e3 * STATURE * np.linalg.norm(rolled.xyz @ turn - level.xyz, axis=-1).mean() < 30


def test_what_is_unseen_does_no_harm(lifter: PaseLifter) -> None:
    """NaN points are filled in; frames without a person stay NaN; an unseen leg is less sure than a seen one."""
    time, points = bending_knees()
    keypoints = keypoints_of(points, time)
    legs = [HALPE26.index(f"R{joint}") for joint in ("Ankle", "BigToe", "SmallToe", "Heel")]
    keypoints.xy[:, legs] = np.nan
    keypoints.score[:, legs] = 0.0
    keypoints.xy[20:25] = np.nan
    keypoints.score[20:25] = 0.0
    landmarks = lifter(keypoints)
    visible = np.ones(len(time), bool)
    visible[20:25] = False
    assert np.isnan(landmarks.xyz[~visible]).all() and np.isfinite(landmarks.xyz[visible]).all()
    assert landmarks.sigma is not None
    assert (
        landmarks.sigma[visible][:, legs[0]].mean()
        > landmarks.sigma[visible][:, HALPE26.index("LAnkle")].mean()
    )
    empty = Keypoints2D(np.full((3, 26, 2), np.nan), np.zeros((3, 26)), time[:3], SIZE)
    assert np.isnan(lifter(empty).xyz).all()


def test_long_recordings_have_no_seams(lifter: PaseLifter) -> None:
    """Windows are blended: the landmarks move no more from frame to frame at their ends than elsewhere."""
    time, points = bending_knees(200)
    step = np.linalg.norm(np.diff(lifter(keypoints_of(points, time)).xyz, axis=0), axis=-1).mean(1)
    assert step.max() < 3 * np.percentile(step, 90)


def test_what_is_known_of_lens_and_lengths_narrows_the_depth(lifter: PaseLifter) -> None:
    """A known lens and known lengths make it surer, a guessed lens less sure; an unknown segment is refused."""
    time, points = bending_knees()
    keypoints = keypoints_of(points, time)
    lengths = segment_lengths(default_skeleton(), STATURE)
    informed = PaseLifter(
        lens=LensPrior(FOCAL, 0.01),
        lengths={name: (length, 0.003) for name, length in lengths.items()},
        threads=1,
    )(keypoints)
    guessed = PaseLifter(lens=LensPrior(FOCAL, 0.25), threads=1)(keypoints)
    spread = [
        np.median(x.sigma_along) for x in (informed, lifter(keypoints), guessed) if x.sigma_along is not None
    ]
    assert spread[0] < spread[1] < spread[2]
    assert error_mm(informed, points).mean() < 60
    with pytest.raises(InputError, match="no segment 'tail'"):
        PaseLifter(lengths={"tail": (0.1, 0.1)})


def test_depths_go_wrong_together_in_part(lifter: PaseLifter) -> None:
    """The deviation along the ray is made of each point's own and of the shared modes, but for the common shift."""
    time, points = bending_knees(20)
    landmarks = lifter(keypoints_of(points, time))
    assert (
        landmarks.sigma_own is not None
        and landmarks.sigma_shared is not None
        and landmarks.sigma_along is not None
    )
    modes = errors_by_mode(landmarks)
    shift = landmarks.sigma_shared[:, :1]
    squares = landmarks.sigma_own**2 + np.square(modes).sum(-1) + shift**2
    np.testing.assert_allclose(np.sqrt(squares), landmarks.sigma_along, rtol=1e-6)
    assert np.median(np.square(modes).sum(-1) / landmarks.sigma_along**2) > 0.2


def test_the_default_skeleton_has_usual_lengths() -> None:
    """Every segment is within 12 % of what the network takes for usual."""
    from pase.anatomy.proportions import load_proportions

    proportions = load_proportions()
    stature = proportions.stature(np.zeros(len(proportions.groups)))
    lengths = segment_lengths(default_skeleton(), stature)
    assert list(lengths) == list(SEGMENTS)
    np.testing.assert_allclose(list(lengths.values()), USUAL_LENGTHS, rtol=0.12)


def test_other_keypoints_and_files_are_refused(lifter: PaseLifter, tmp_path: Path) -> None:
    """With a line that says what to do."""
    with pytest.raises(InputError, match="26 Halpe"):
        lifter(Keypoints2D.empty((10, 10), HALPE26[:17]))
    (tmp_path / "no.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelFileError, match="not a lifter network"):
        PaseLifter(tmp_path / "no.onnx")(keypoints_of(*reversed(bending_knees(3))))


def test_the_centre_is_straight_ahead() -> None:
    """The rays of the torso are turned about the axis of the virtual camera, wherever the person stands."""
    rays = np.full((1, 2, 26, 2), [0.4, -0.2], np.float32)
    features = centred(
        rays, np.full((1, 2, 26), 0.8, np.float32), np.ones((1, 2), np.float32), np.zeros(KNOWN)
    )
    np.testing.assert_allclose(features.features[0, :, :52], 0, atol=1e-3)
    ahead = np.array([0.4, -0.2, 1.0]) / np.linalg.norm([0.4, -0.2, 1.0])
    np.testing.assert_allclose(features.rotation[0, 0] @ ahead, [0, 0, 1], atol=1e-6)


def test_every_frame_is_in_one_course() -> None:
    """At 120 Hz there are eight courses of 15 Hz; at 5 Hz one that is refined three times."""
    courses = _courses(np.arange(50) / 120)
    assert len(courses) == 8
    assert sorted(np.concatenate([index for index, _ in courses])) == list(range(50))
    assert [refine for _, refine in _courses(np.arange(20) / 5)] == [3]


@pytest.mark.parametrize("rate", [30.0, 5.0])
def test_a_long_recording_is_lifted_in_stretches_as_if_whole(
    lifter: PaseLifter, monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    time, points = bending_knees(250, rate)
    at_once = lifter(keypoints_of(points, time))
    monkeypatch.setattr("pase.lift.pase_lifter.STRETCH", 72)
    piecewise = lifter(keypoints_of(points, time))
    assert at_once.sigma is not None and piecewise.sigma is not None
    np.testing.assert_allclose(piecewise.xyz, at_once.xyz, atol=1e-5)
    np.testing.assert_allclose(piecewise.sigma, at_once.sigma, atol=1e-5)


def test_the_record_is_that_of_the_weights() -> None:
    """The training record beside the weights names their checksum; the file is small."""
    weights = files("pase.assets").joinpath("lifter.onnx").read_bytes()
    record = json.loads(files("pase.assets").joinpath("lifter.json").read_text("utf-8"))
    assert record["sha256"] == hashlib.sha256(weights).hexdigest()
    assert len(weights) < 16e6
