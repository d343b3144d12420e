"""A person in motion before a camera, of whom everything is known."""

import numpy as np
import pytest

from pase.camera.angle_of_view import LensPrior
from pase.data import Keypoints2D
from pase.fit.camera import FilmCamera
from pase.fit.normal import NormalEquations
from pase.fit.posture import ROOT_TRANSLATION, posture
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.base import Term
from pase.types import Array

IMAGE = (1280, 720)
FOCAL = 1000.0
LENS = LensPrior(focal_length_px=FOCAL)


def check_gradient(term: Term, model: PersonModel, state: State) -> None:
    """The normal equations' gradient equals central differences of the cost, in all kinds of unknowns."""
    normal = NormalEquations(*state.q.shape, len(state.shared))
    normal.add(term.block(Linearization(model, state)))
    rng = np.random.default_rng(5)
    step = 1e-6
    for _ in range(6):
        dq, ds = rng.normal(size=state.q.shape), rng.normal(size=len(state.shared)) * 0.1
        ahead = term.cost(Linearization(model, State(state.q + step * dq, state.shared + step * ds)))
        behind = term.cost(Linearization(model, State(state.q - step * dq, state.shared - step * ds)))
        expected = float(np.sum(normal.gradient_q * dq) + normal.gradient_shared @ ds)
        assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=2e-4, abs=1e-5)


def standing(model: PersonModel, turn: float = 0.6) -> Array:
    """(n,) a slightly bent posture on the floor, 4 m before the camera."""
    q = posture(model.skeleton, {"hip_flexion": 20, "knee_angle": 30, "elbow_flex": 40, "ankle_angle": 10})
    q[model.skeleton.coordinate_index("pelvis_rotation")] = turn
    for name, value in zip(ROOT_TRANSLATION, (0.2, 0.9, -4.0), strict=True):
        q[model.skeleton.coordinate_index(name)] = value
    return q


def squatting(
    model: PersonModel, frames: int = 40, rate: float = 20.0, turn: float = 0.6
) -> tuple[Array, Array]:
    """Times (T,) and postures (T, n) of a person who bends the knees twice, feet in place."""
    time = np.arange(frames) / rate
    depth = 0.5 - 0.5 * np.cos(2 * np.pi * time)
    names = model.skeleton.coordinate_index
    q = np.tile(standing(model, turn), (frames, 1))
    for side in "rl":
        q[:, names(f"hip_flexion_{side}")] = np.radians(15 + 55 * depth)
        q[:, names(f"knee_angle_{side}")] = np.radians(20 + 65 * depth)
        q[:, names(f"ankle_angle_{side}")] = np.radians(5 + 20 * depth)
        q[:, names(f"arm_elevation_{side}")] = np.radians(15 + 30 * depth)
    q[:, names("pelvis_tilt")] = np.radians(-10 * depth)
    shared = np.zeros(model.layout.count)
    soles = model.positions(State(q, shared))[:, len(model.points) :]
    shift = soles.mean(1) - soles[:1].mean(1) * [1, 0, 1]
    for axis, name in enumerate(ROOT_TRANSLATION):
        q[:, names(name)] -= shift[:, axis]
    return time, q


def film_camera(model: PersonModel) -> FilmCamera:
    """The first camera of a model."""
    return FilmCamera(model.layout.camera, np.array(IMAGE) / 2.0, IMAGE)


def filmed(model: PersonModel, q: Array, time: Array, shared: Array, noise_px: float = 0.0) -> Keypoints2D:
    """The keypoints that the camera in `shared` sees."""
    camera = film_camera(model).at(shared)
    points = model.positions(State(q, shared))[:, : len(model.points)]
    xy = camera.project(points) + np.random.default_rng(3).normal(0, noise_px, (*points.shape[:2], 2))
    return Keypoints2D(xy, np.full(points.shape[:2], 0.8), time, IMAGE)
