"""A camera that turns and zooms: its derivatives, and a person who comes out as before one that stands still."""

from dataclasses import replace

import numpy as np
import pytest
from fit_scenes import FOCAL, IMAGE, LENS, filmed, squatting

from pase.anatomy.default import default_skeleton
from pase.anatomy.proportions import PersonFacts
from pase.camera.angle_of_view import LensPrior
from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.stabilisation import steady_stretches
from pase.data import HALPE26, Keypoints2D
from pase.fit.camera import FilmCamera
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import CameraSetup, PersonInput, keypoint_set
from pase.fit.left_right_swaps import LIMBS, repair_keypoints
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.subject import SubjectOptions, keypoint_model, prepare_subject
from pase.lift.pase_lifter import PaseLifter
from pase.lift.turning_camera import lift_steadied
from pase.types import Array

RNG = np.random.default_rng(4)


def panned(time: Array, focal_px: float = FOCAL, degrees: float = 18.0) -> CameraMotion:
    """A pan to and fro with some tremor, and a slow zoom."""
    angles = np.stack(
        [0.01 * np.sin(9 * time), np.radians(degrees) * np.sin(2.5 * time), 0.02 * np.sin(7 * time)], 1
    )
    zoom = 1 + 0.2 * time / max(time[-1], 1e-9)
    R = rotation_of_vector(angles)
    zeros = np.zeros((len(time), 3))
    return CameraMotion(time, R, zoom, zeros + 2e-4, zeros[:, 0] + 1e-3, focal_px)


def seen_by(keypoints: Keypoints2D, motion: CameraMotion) -> Keypoints2D:
    """What a camera of that motion sees of keypoints filmed by one that stood still."""
    middle = np.array(keypoints.image_size) / 2
    rays = np.concatenate([(keypoints.xy - middle) / FOCAL, np.ones((*keypoints.score.shape, 1))], axis=-1)
    rays = rays @ motion.R_camera_reference.transpose(0, 2, 1)
    xy = FOCAL * motion.zoom[:, None, None] * rays[..., :2] / rays[..., 2:]
    return replace(keypoints, xy=xy + middle)


def test_derivatives_by_the_unknowns_are_those_of_finite_differences() -> None:
    time = np.linspace(0, 1, 5)
    camera = FilmCamera(slice(0, 4), np.array([640.0, 360.0]), IMAGE).following(panned(time, 900.0))
    shared = np.array([0.1, 0.03, 1.4, np.log(1050.0)])
    points = RNG.normal(scale=0.5, size=(5, 3, 3)) + [0, 1, -5]
    pixels, depth = camera.project(points, shared)
    by_point, by_camera = camera.pixel_derivatives(points, shared, pixels, depth)
    for column in range(4):
        step = np.zeros(4)
        step[column] = 1e-6
        ends = [camera.project(points, shared + sign * step)[0] for sign in (1, -1)]
        np.testing.assert_allclose(by_camera[..., column], (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-3)
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-6
        ends = [camera.project(points + sign * step, shared)[0] for sign in (1, -1)]
        np.testing.assert_allclose(by_point[..., axis], (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-3)
    for column, derivative in camera.rotation_derivatives(shared):
        step = np.zeros(4)
        step[column] = 1e-6
        ends = [camera.rotation(shared + sign * step) for sign in (1, -1)]
        np.testing.assert_allclose(
            derivative, np.broadcast_to((ends[0] - ends[1]) / 2e-6, derivative.shape), atol=1e-6
        )


def test_what_was_measured_is_a_shift_in_pixels_whatever_the_focal_length() -> None:
    motion = panned(np.linspace(0, 1, 6), FOCAL, degrees=4.0)
    camera = FilmCamera(slice(0, 4), np.array([640.0, 360.0]), IMAGE).following(motion)
    far = np.array([[[0.3, 1.2, -40.0]]] * 6)
    paths = [camera.project(far, np.array([0.0, 0.0, 1.3, np.log(f)]))[0] for f in (FOCAL, 1.2 * FOCAL)]
    moved = [path - path[:1] for path in paths]
    zoom = motion.zoom[:, None, None] / motion.zoom[0]
    np.testing.assert_allclose(moved[0] - moved[1], 0, atol=6.0 * zoom.max())
    assert np.abs(moved[0]).max() > 60


@pytest.mark.parametrize("focal_px", [FOCAL, 0.87 * FOCAL], ids=["true lens", "lens guessed wrong"])
def test_a_person_before_a_camera_that_turns_comes_out_as_before_one_that_stands(focal_px: float) -> None:
    model = keypoint_model(keypoint_set())
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.08, 0.0, 1.4, np.log(FOCAL)]
    time, q = squatting(model)
    still = filmed(model, q, time, shared, noise_px=1.0)
    motion = panned(time)
    if focal_px != FOCAL:
        turn = np.array([FOCAL / focal_px, FOCAL / focal_px, 1.0])
        R = rotation_of_vector(vector_of_rotation(motion.R_camera_reference) * turn)
        from_outside = replace(motion, R_camera_reference=R, focal_px=focal_px)
    else:
        from_outside = motion
    moving = seen_by(still, motion)
    assert np.abs(moving.xy - still.xy).max() > 200
    first, second = (
        estimate_motion(PersonInput(keypoints, facts=PersonFacts(1.75), camera_motion=of), lens=LENS)
        for keypoints, of in ((still, None), (moving, from_outside))
    )
    assert first is not None and second is not None
    angles = [first.skeleton.coordinate_index(n) for n in ("knee_angle_r", "hip_flexion_l", "ankle_angle_r")]
    assert np.degrees(np.abs(first.q[:, angles] - second.q[:, angles])).mean() < 1.0
    place = [first.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    assert np.abs(np.ptp(second.q[:, place], axis=0) - np.ptp(first.q[:, place], axis=0)).max() < 0.05
    assert second.camera is not None and second.camera.path is not None
    assert second.residual is not None
    assert np.nanmedian(second.residual) < 6.0


def test_a_held_view_sees_what_a_still_camera_would_have_filmed() -> None:
    time = np.linspace(0, 1, 8)
    xy = RNG.uniform(100, 600, (8, 26, 2))
    xy[2, 3] = np.nan
    still = Keypoints2D(xy, np.ones((8, 26)), time, IMAGE)
    (stretch,) = steady_stretches(seen_by(still, panned(time)), panned(time))
    held, finite = stretch.keypoints, np.isfinite(xy).all(-1)
    assert (held.xy[finite] >= 0).all() and (held.xy[finite] <= held.image_size).all()
    np.testing.assert_allclose(held.xy - np.array(held.image_size) / 2, xy - np.array(IMAGE) / 2, atol=1e-6)


def walk_past(model: PersonModel) -> tuple[CameraMotion, Keypoints2D, Array, Array]:
    """Somebody who goes 8 m past a camera, 2.3 m from it, and is panned along with by 120 degrees."""
    frames = 72
    time = np.arange(frames) / 24.0
    _, squats = squatting(model, frames, rate=24.0, turn=0.0)
    q = squats.copy()
    columns = [model.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    q[:, columns] = np.stack([np.linspace(-4.0, 4.0, frames), np.full(frames, -2.3)], 1)
    yaw = np.arctan2(q[:, columns[0]], -q[:, columns[1]])
    zeros = np.zeros(frames)
    R = rotation_of_vector(np.stack([zeros, -yaw, zeros], 1))
    motion = CameraMotion(time, R, zeros + 1, np.zeros((frames, 3)) + 2e-4, zeros + 1e-3, FOCAL)
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.0, 0.0, 1.2, np.log(FOCAL)]
    camera = FilmCamera(model.layout.camera, np.array(IMAGE) / 2.0, IMAGE).following(motion)
    xy, _ = camera.project(model.positions(State(q, shared))[:, : len(model.points)], shared)
    xy += np.random.default_rng(3).normal(0, 1.0, xy.shape)
    return motion, Keypoints2D(xy, np.full(xy.shape[:2], 0.8), time, IMAGE), q, shared


def test_a_pan_of_120_degrees_is_lifted_and_repaired_like_a_short_one() -> None:
    model = keypoint_model(keypoint_set())
    motion, keypoints, q, shared = walk_past(model)
    assert np.degrees(np.ptp(vector_of_rotation(motion.R_camera_reference)[:, 1])) == pytest.approx(
        120, abs=1
    )
    stretches = list(steady_stretches(keypoints, motion))
    assert len(stretches) > 1
    assert [int(f) for s in stretches for f in s.frames[s.inner]] == list(range(len(motion)))
    swapped, frames = keypoints.xy.copy(), [4, 20, 36, 37, 68]
    legs = [[keypoints.names.index(side + point) for point in LIMBS["legs"]] for side in "LR"]
    swapped[np.ix_(frames, legs[0])] = keypoints.xy[np.ix_(frames, legs[1])]
    swapped[np.ix_(frames, legs[1])] = keypoints.xy[np.ix_(frames, legs[0])]
    repaired = repair_keypoints(replace(keypoints, xy=swapped), motion)
    assert list(np.flatnonzero(repaired.exchanged["legs"])) == frames
    np.testing.assert_allclose(repaired.keypoints.xy, keypoints.xy)

    lifted = lift_steadied(PaseLifter(lens=LensPrior(FOCAL)), keypoints, motion)
    camera = FilmCamera(model.layout.camera, np.array(IMAGE) / 2.0, IMAGE).following(motion)
    points = model.positions(State(q, shared))[:, : len(HALPE26)]
    true_m = (points - points[:, [HALPE26.index("Hip")]]) @ camera.rotation(shared).transpose(0, 2, 1)
    assert np.linalg.norm(1.73 * lifted.xyz[:, : len(HALPE26)] - true_m, axis=-1).mean() < 0.035


@pytest.mark.parametrize(("wander_deg", "roll_deg"), [(0.0, 1.2), (0.6, 3.0), (1.2, 5.0)])
def test_a_camera_that_wavers_is_believed_to_be_off_level(wander_deg: float, roll_deg: float) -> None:
    setup = CameraSetup(IMAGE, roll_wander_rad=np.radians(wander_deg))
    options = SubjectOptions(weight=5.0)
    subject, shared = prepare_subject(default_skeleton(), [keypoint_set()], [setup], options)
    prior, columns = subject.priors.cameras[0], subject.model.layout.camera
    q = subject.posture.mean[None]

    def cost(degrees: float) -> float:
        shared[columns][1] = np.radians(degrees)
        return prior.cost(Linearization(subject.model, State(q, shared)))

    half_width = [cost(roll_deg) - cost(0.0), cost(3 * roll_deg) - cost(0.0)]
    assert 1.0 < half_width[0] < 6.0
    assert half_width[1] > 2.0 * half_width[0]
