"""The world that the user gets: origin on the floor under the person's first position, X where they face."""

from dataclasses import replace

import numpy as np

from pase.anatomy.model import Skeleton
from pase.data import Camera
from pase.fit.posture import ROOT_ROTATION, ROOT_TRANSLATION
from pase.types import Array

World = tuple[float, Array]
"""Heading (rad) and origin (3,) of the user's world in the estimator's."""

_START_S = 1.0


def facing_forward(skeleton: Skeleton, q: Array, time: Array) -> World:
    """Heading (rad) and floor position (3,) from which the person starts: a mean over the first second."""
    start = time - time[0] <= _START_S
    heading = q[start, skeleton.coordinate_index(ROOT_ROTATION[0])]
    angle = float(np.angle(np.mean(np.exp(1j * heading))))
    origin = q[0, [skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]].copy()
    origin[1] = 0.0
    return angle, origin


def moved_motion(skeleton: Skeleton, q: Array, heading: float, origin: Array) -> Array:
    """The same motion (T, n) in a world whose X axis points along `heading` and whose origin is `origin`."""
    q = q.copy()
    translation = [skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]
    turn = skeleton.coordinate_index(ROOT_ROTATION[0])
    q[:, translation] = (q[:, translation] - origin) @ _about_vertical(heading)
    q[:, turn] -= heading
    q[:, turn] -= 2 * np.pi * np.round(np.median(q[:, turn]) / (2 * np.pi))
    return q


def moved_camera(camera: Camera, heading: float, origin: Array) -> Camera:
    """The same camera in that world."""
    turn, path = _about_vertical(heading), camera.path
    if path is not None:
        path = replace(
            path, rotation=path.rotation @ turn, translation=path.translation + path.rotation @ origin
        )
    translation = camera.translation + camera.rotation @ origin
    return replace(camera, rotation=camera.rotation @ turn, translation=translation, path=path)


def _about_vertical(angle: float) -> Array:
    """(3, 3) rotation about Y that turns X to where a person of that heading faces."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
