"""One person, one camera and one detector at a time, as arrays, for benchmarks that film random people."""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from tools.train_lifter.camera import world_to_camera
from tools.train_lifter.dice import Dice
from tools.train_lifter.noise import detect
from tools.train_lifter.points import Bodies, default_stature, draw_bodies

Array = NDArray[np.float64]


class Body:
    """A random person: stature in metres, scale factors (B, 3), and where a detector sees the keypoints."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._bodies: Bodies = draw_bodies(_dice(rng), 1)
        self.stature = float(self._bodies.stature)
        self.scale: Array = self._bodies.scale[0].double().numpy()

    @classmethod
    def adult(cls, rng: np.random.Generator) -> Self:
        """A random adult."""
        while True:
            body = cls(rng)
            if body.stature > 1.45:
                return body

    def points(self, q: Array) -> Array:
        """(T, P, 3) points of a motion `q` (T, n) of the default skeleton, in statures."""
        points: Array = self._bodies.points(torch.tensor(q[None], dtype=torch.float32))[0].double().numpy()
        return points

    def sized(self, q: Array) -> Array:
        """Coordinates (T, n) with the root's way as long as a person of this stature goes it."""
        q = q.copy()
        q[:, 3:6] *= self.stature / default_stature()
        return q


def camera_rotation(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3) world → camera, as `tools.train_lifter.camera.world_to_camera`."""
    rotation: Array = (
        world_to_camera(*(torch.tensor([float(a)]) for a in (yaw, pitch, roll)))[0].double().numpy()
    )
    return rotation


def aimed(
    middle: Array,
    bearing: float,
    away: float,
    height: float,
    off: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> tuple[Array, Array]:
    """`R_camera_world`, and place, of a camera that looks at `middle` but for yaw, pitch and roll `off`."""
    place = middle + away * np.array([np.cos(bearing), 0, -np.sin(bearing)])
    place[1] = height
    look = middle - place
    yaw, pitch = np.arctan2(look[0], look[2]), np.arctan2(-look[1], away)
    return camera_rotation(yaw + off[0], pitch + off[1], off[2]), place


def detected(rng: np.random.Generator, points: Array, stature: float, half: Array) -> tuple[Array, Array]:
    """Rays (T, 26, 2) and scores (T, 26) of points (T, P, 3) in camera axes and statures; `half` the picture (2,)."""
    arrays = (points[None], np.array([stature]), half[None])
    rays, score = detect(_dice(rng), *(torch.tensor(x, dtype=torch.float32) for x in arrays))
    return rays[0].double().numpy(), score[0].double().numpy()


def _dice(rng: np.random.Generator) -> Dice:
    return Dice(int(rng.integers(2**31)))
