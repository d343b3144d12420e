"""Drawn films of somebody who walks or runs through a room, by a camera that goes along, whose path is known.

The person is the default skeleton in a gait of `synthetic_gait.py`, whose feet do not slide. The room is
textured planes: floor, far wall, ceiling. The background is looked at as in `pase run`; the keypoints are those of
the skeleton with noise, as no detector knows a drawn person.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from benchmarks import synthetic_gait
from benchmarks.synthetic_gait import Gait
from numpy.typing import NDArray

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.proportions import PersonFacts
from pase.camera.angle_of_view import LensPrior
from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.camera.rotations import rotation_of_vector
from pase.data import HALPE26, Keypoints2D, Motion
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import PersonInput
from pase.lift.pase_lifter import PaseLifter
from pase.media import Frame
from pase.types import Array

SIZE, FOCAL_PX = (640, 360), 530.0
RATE_HZ, SECONDS = 30.0, 4.0
NOISE_PX = 1.0
CAMERA_HEIGHT_M = 1.4
_TEXELS_A_METRE = 60.0
_LIMBS = (
    ("LShoulder", "RShoulder"), ("LHip", "RHip"), ("Neck", "Hip"), ("Neck", "Head"),
    *((side + a, side + b) for side in "LR" for a, b in
      (("Shoulder", "Elbow"), ("Elbow", "Wrist"), ("Hip", "Knee"), ("Knee", "Ankle"), ("Heel", "BigToe"))),
)  # fmt: skip


_LEVEL = rotation_of_vector(np.array([[0.07, 0.0, 0.0]]))[0] @ np.diag([1.0, -1.0, -1.0])
"""`R_camera_world` of a camera that looks along −Z and a little down."""

WALK, RUN = Gait(1.3, 112.0), Gait(3.0, 165.0, running=True)


@dataclass(frozen=True)
class Walker:
    """Somebody who goes along X at Z = 0."""

    gait: Gait
    skeleton: Skeleton
    time: Array
    q: Array
    """(T, n)"""

    @property
    def stance(self) -> NDArray[np.bool_]:
        """(T, 2) whether the right and the left foot are on the floor."""
        length = self.gait.stance_share * self.gait.stride_s
        since = [self.time[:, None] - self.gait.strikes(side, SECONDS) for side in ("right", "left")]
        return np.stack([((s >= 0) & (s < length)).any(1) for s in since], axis=1)

    @property
    def way_m(self) -> float:
        """How far they go."""
        column = self.skeleton.coordinate_index("pelvis_tx")
        return float(self.q[-1, column] - self.q[0, column])

    @property
    def motion(self) -> Motion:
        """What they do."""
        return Motion(self.skeleton, self.q, np.full_like(self.q, np.nan), self.time)

    def points(self, names: tuple[str, ...]) -> Array:
        """(T, K, 3) keypoints in the world."""
        return Kinematics(self.skeleton, keypoint_landmarks(names)).positions(self.q)


def walker(gait: Gait) -> Walker:
    """Somebody of mean size who goes that way for `SECONDS`."""
    person = synthetic_gait.Walker(np.ones((len(default_skeleton().bodies), 3)))
    time, q = person.go(gait, SECONDS, RATE_HZ)
    column = person.skeleton.coordinate_index("pelvis_tx")
    q[:, column] -= q[0, column]
    return Walker(gait, person.skeleton, time, q)


@dataclass(frozen=True)
class CarriedCamera:
    """Where a camera was that somebody carried."""

    R_camera_world: Array
    """(T, 3, 3)"""
    centre: Array
    """(T, 3) m."""

    def pixels(self, points: Array) -> Array:
        """(T, K, 2) where it sees points (T, K, 3)."""
        p_camera = (points - self.centre[:, None]) @ self.R_camera_world.transpose(0, 2, 1)
        return FOCAL_PX * p_camera[..., :2] / p_camera[..., 2:] + np.array(SIZE) / 2


def carried_camera(person: Walker, beside_m: float, seed: int) -> CarriedCamera:
    """A camera in the hand of somebody who goes along at a distance, about as fast as the person."""
    rng, time = np.random.default_rng(seed), person.time
    way = person.way_m * time / time[-1]
    waves = [np.sin(2 * np.pi * (rate * time[:, None] + rng.uniform(0, 1, 3))) for rate in (0.4, 1.8)]
    turn = np.radians([0.6, 1.2, 0.5]) * waves[0] + np.radians([0.3, 0.3, 0.3]) * waves[1]
    sway = 0.10 * waves[0][:, :1] + 0.02 * waves[1][:, :1]
    centre = np.column_stack(
        [way + sway[:, 0], CAMERA_HEIGHT_M + 0.02 * waves[1][:, 1], np.full(len(time), beside_m)]
    )
    return CarriedCamera(rotation_of_vector(turn) @ _LEVEL, centre)


def standing_camera(person: Walker, beside_m: float) -> CarriedCamera:
    """A camera on a tripod beside somebody who stays on the spot."""
    frames = len(person.time)
    centre = np.array([0.0, CAMERA_HEIGHT_M, beside_m])
    return CarriedCamera(np.tile(_LEVEL, (frames, 1, 1)), np.tile(centre, (frames, 1)))


class Room:
    """A floor, a wall behind the person and a ceiling, with textures drawn by chance."""

    def __init__(self, wall_m: float, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        texture = np.full((1024, 1024), 128.0, np.float32)
        for scale in (4, 12, 40):
            noise = rng.normal(size=(1024 // scale + 2,) * 2).astype(np.float32)
            texture += 14 * cv2.resize(noise, (1024, 1024), interpolation=cv2.INTER_CUBIC)
        for _ in range(250):
            x, y, w, h = (*rng.integers(0, 1024, 2), *rng.integers(8, 70, 2))
            texture[y : y + h, x : x + w] += rng.uniform(-50, 50)
        sharp = np.clip(texture, 0, 255).astype(np.uint8)
        self._textures = [sharp, cv2.GaussianBlur(sharp, (0, 0), 2.0), cv2.GaussianBlur(sharp, (0, 0), 5.0)]
        self._planes = ((1, 0.0, 0.0), (2, -wall_m, 300.0), (1, 3.2, 700.0))
        x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
        self._rays = np.stack(
            [(x - SIZE[0] / 2) / FOCAL_PX, (y - SIZE[1] / 2) / FOCAL_PX, np.ones_like(x)], -1
        )
        self._rng = rng

    def picture(self, R_camera_world: Array, centre: Array, person_px: Array) -> NDArray[np.uint8]:
        """(H, W, 3) what a camera sees of the room and of a person's keypoints (K, 2)."""
        d = self._rays @ R_camera_world
        nearest, u, v = np.full(d.shape[:2], np.inf), np.zeros(d.shape[:2]), np.zeros(d.shape[:2])
        for axis, at, offset in self._planes:
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = (at - centre[axis]) / d[..., axis]
            hit = (distance > 0) & (distance < nearest)
            points = centre + np.where(hit, distance, 0.0)[..., None] * d
            first, second = (k for k in range(3) if k != axis)
            nearest = np.where(hit, distance, nearest)
            u = np.where(hit, _TEXELS_A_METRE * points[..., first] + offset, u)
            v = np.where(hit, _TEXELS_A_METRE * points[..., second] + 0.4 * offset, v)
        x, y = np.mod(u, 1024).astype(np.float32), np.mod(v, 1024).astype(np.float32)
        coarse = np.digitize(nearest * _TEXELS_A_METRE / FOCAL_PX, [1.5, 4.0])
        layers = [cv2.remap(t, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) for t in self._textures]
        grey = np.choose(coarse, layers).astype(float)
        for a, b in _LIMBS:
            ends = (tuple(map(int, person_px[HALPE26.index(name)])) for name in (a, b))
            cv2.line(grey, *ends, color=60.0 + 25.0 * (len(b) % 4), thickness=15)
        noisy = grey + self._rng.normal(scale=2.0, size=grey.shape)
        return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, -1)


def followed_film(person: Walker, camera: CarriedCamera, room: Room) -> CameraMotion:
    """How the background of the drawn film says that the camera moved."""
    pixels = camera.pixels(person.points(HALPE26))
    follower = CameraFollower(SIZE, FOCAL_PX)
    for i, time in enumerate(person.time):
        picture = room.picture(camera.R_camera_world[i], camera.centre[i], pixels[i])
        box = np.array([[*pixels[i].min(0) - 8, *pixels[i].max(0) + 8]])
        follower.look(Frame(i, float(time), picture), box)
    return follower.motions(person.time)[0]


def estimated(person: Walker, camera: CarriedCamera, motion: CameraMotion, seed: int) -> Motion:
    """The person as estimated from noisy keypoints and the measured motion of the camera."""
    xy = camera.pixels(person.points(HALPE26))
    xy += np.random.default_rng(seed).normal(scale=NOISE_PX, size=xy.shape)
    keypoints = Keypoints2D(xy, np.full(xy.shape[:2], 0.8), person.time, SIZE)
    landmarks = PaseLifter(lens=LensPrior(FOCAL_PX))(keypoints)
    out = estimate_motion(
        PersonInput(keypoints, landmarks=landmarks, facts=PersonFacts(1.73), camera_motion=motion),
        lens=LensPrior(focal_length_px=FOCAL_PX),
    )
    assert out is not None
    return out


def skating_m_s(person: Walker, motion: Motion) -> float:
    """Mean speed over the floor of heels that stand, in the middle of the person's stance, in a motion."""
    points = [motion.skeleton.landmark_names.index(name) for name in ("RHeel", "LHeel")]
    heels = Kinematics(motion.skeleton).positions(motion.q)[:, points]
    speed = np.linalg.norm(np.gradient(heels[..., [0, 2]], person.time, axis=0), axis=-1)
    inside = person.stance.copy()
    for shift in (1, 2, 3):
        inside[shift:] &= person.stance[:-shift]
        inside[:-shift] &= person.stance[shift:]
    return float(speed[inside].mean())


def on_a_treadmill(person: Walker) -> Walker:
    """The same person kept on the spot by a belt of steady speed."""
    q = person.q.copy()
    column = person.skeleton.coordinate_index("pelvis_tx")
    q[:, column] -= person.way_m * person.time / person.time[-1]
    return replace(person, q=q)
