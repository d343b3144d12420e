"""A camera that turns and zooms: its derivatives, and a person who comes out as before one that stands still."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fit_scenes import FOCAL, IMAGE, filmed, squatting

from pase.anatomy.default import default_skeleton
from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector, vector_of_rotation
from pase.camera.steadied import filmed_keypoints, steadied_keypoints
from pase.data import Keypoints2D
from pase.fit.camera import FilmCamera
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import CameraSetup, keypoint_set
from pase.fit.problem import Linearization, State
from pase.fit.subject import SubjectOptions, keypoint_model, prepare_subject
from pase.types import Array

RNG = np.random.default_rng(4)


def panned(time: Array, focal_px: float = FOCAL, degrees: float = 18.0) -> CameraMotion:
    """A pan to and fro with some tremor, and a slow zoom."""
    angles = np.stack(
        [0.01 * np.sin(9 * time), np.radians(degrees) * np.sin(2.5 * time), 0.02 * np.sin(7 * time)], 1
    )
    zoom = 1 + 0.2 * time / max(time[-1], 1e-9)
    R = rotation_of_vector(angles)
    none = np.zeros((len(time), 3))
    return CameraMotion(time, R, zoom, none + 2e-4, none[:, 0] + 1e-3, focal_px)


def seen_by(keypoints: Keypoints2D, motion: CameraMotion) -> Keypoints2D:
    """What a camera of that motion sees of keypoints filmed by one that stood still."""
    return filmed_keypoints(keypoints, replace(motion, focal_px=FOCAL), keypoints.image_size)


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
        told = replace(motion, R_camera_reference=R, focal_px=focal_px)
    else:
        told = motion
    moving = seen_by(still, motion)
    assert np.abs(moving.xy - still.xy).max() > 200
    first, second = (
        estimate_motion(keypoints, height_m=1.75, focal_length_px=FOCAL, camera_motion=of)
        for keypoints, of in ((still, None), (moving, told))
    )
    assert first is not None and second is not None
    angles = [first.skeleton.coordinate_index(n) for n in ("knee_angle_r", "hip_flexion_l", "ankle_angle_r")]
    assert np.degrees(np.abs(first.q[:, angles] - second.q[:, angles])).mean() < 1.0
    place = [first.skeleton.coordinate_index(f"pelvis_t{axis}") for axis in "xz"]
    assert np.abs(np.ptp(second.q[:, place], axis=0) - np.ptp(first.q[:, place], axis=0)).max() < 0.05
    assert second.camera is not None and second.camera.path is not None
    assert second.residual is not None
    assert np.nanmedian(second.residual) < 6.0


def test_steadied_keypoints_come_back() -> None:
    time = np.linspace(0, 1, 8)
    xy = RNG.uniform(100, 600, (8, 26, 2))
    xy[2, 3] = np.nan
    keypoints = Keypoints2D(xy, np.ones((8, 26)), time, IMAGE)
    motion = panned(time)
    steadied = steadied_keypoints(keypoints, motion)
    assert steadied is not None
    seen = np.isfinite(steadied.xy).all(-1)
    assert (steadied.xy[seen] >= 0).all() and (steadied.xy[seen] <= steadied.image_size).all()
    np.testing.assert_allclose(filmed_keypoints(steadied, motion, IMAGE).xy, xy, atol=1e-6)
    assert steadied_keypoints(keypoints, panned(time, degrees=80.0)) is None


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
