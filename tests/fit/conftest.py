"""A person model and some postures for the tests of the estimator."""

import numpy as np
import pytest
from fit_scenes import FOCAL, standing

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.proportions import load_proportions
from pase.data import HALPE26
from pase.fit.problem import PersonModel, State, sole_landmarks


@pytest.fixture(scope="session")
def model() -> PersonModel:
    """The default skeleton with all keypoints and soles."""
    skeleton = default_skeleton().with_landmarks(keypoint_landmarks(HALPE26))
    return PersonModel(skeleton, load_proportions(), HALPE26, sole_landmarks())


@pytest.fixture
def state(model: PersonModel) -> State:
    """Four random postures 4 m before the camera, of a person of random size."""
    rng = np.random.default_rng(7)
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = rng.normal(0, 0.05, model.layout.size.stop)
    shared[model.layout.camera] = [0.1, -0.05, 1.3, np.log(FOCAL)]
    shared[model.layout.offset] = rng.normal(0, 0.01, model.offsets.count)
    base = standing(model)
    return State(base + rng.normal(0, 0.1, (4, base.size)), shared)
