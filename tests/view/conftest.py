import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.data import Camera, Motion
from pase.view.backend import probe_drawing


@pytest.fixture(scope="session", autouse=True)
def _drawing() -> None:
    backend = probe_drawing()
    if not backend.ok:
        pytest.skip(backend.message)


@pytest.fixture
def camera() -> Camera:
    """A tilted and rolled camera at some 4 m, with its principal point far from the middle of the picture."""
    position, target = np.array([3.8, 1.6, 1.1]), np.array([0.0, 0.9, 0.0])
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0.1, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(600.0, (350.0, 215.0), rotation, -rotation @ position, (640, 480))


@pytest.fixture
def still(camera: Camera) -> Motion:
    """A person who stands, in one frame."""
    skeleton = default_skeleton()
    q = skeleton.default_q[None]
    return Motion(skeleton, q, np.full_like(q, np.nan), np.zeros(1), camera)
