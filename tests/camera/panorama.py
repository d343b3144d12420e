"""Films of a textured surrounding by a virtual camera whose turns are known, with a person who walks through it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]


@dataclass
class Panorama:
    """A cylinder about the camera with a texture drawn by chance."""

    seed: int = 0
    size: tuple[int, int] = (480, 270)
    focal_px: float = 390.0
    person: float = 0.25
    """Width of the person in the picture, as a share of it; 0 for nobody."""
    texture: Picture = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        height, width = 600, 3200
        texture = np.full((height, width), 128.0, np.float32)
        for scale in (3, 9, 36):
            noise = rng.normal(size=(height // scale + 2, width // scale + 2)).astype(np.float32)
            texture += 12 * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in range(700):
            x, y = rng.integers(0, width), rng.integers(0, height)
            w, h = rng.integers(6, 50, 2)
            texture[y : y + h, x : x + w] += rng.uniform(-60, 60)
        self.texture = np.clip(texture, 0, 255).astype(np.uint8)
        self._rng = rng
        x, y = np.meshgrid(np.arange(self.size[0]), np.arange(self.size[1]))
        middle = np.array(self.size) / 2
        self._rays = np.stack([x - middle[0], y - middle[1]], -1).astype(np.float64)

    def picture(self, R_camera_reference: Array, zoom: float = 1.0) -> Picture:
        """(H, W) grey picture by a camera that is turned and zoomed."""
        rays = np.concatenate([self._rays / (self.focal_px * zoom), np.ones((*self._rays.shape[:2], 1))], -1)
        d = rays @ R_camera_reference  # = R^T ray
        height, width = self.texture.shape
        per_rad = width / (2 * np.pi)
        x = (np.arctan2(d[..., 0], d[..., 2]) * per_rad + width / 2).astype(np.float32)
        y = (d[..., 1] / np.hypot(d[..., 0], d[..., 2]) * per_rad + height / 2).astype(np.float32)
        return np.asarray(
            cv2.remap(self.texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
        )

    def frame(self, time: float, R_camera_reference: Array, zoom: float = 1.0) -> tuple[Picture, Array]:
        """(H, W, 3) frame with noise and a person who swings about the middle, and their box (1, 4)."""
        grey = self.picture(R_camera_reference, zoom)
        boxes = np.zeros((0, 4))
        if self.person:
            width, height = self.size
            x = width * (0.5 + 0.1 * np.sin(2 * time))
            half = 0.5 * self.person * width
            top, bottom = 0.1 * height, 0.95 * height
            axes = (round(half), round((bottom - top) / 2))
            body = np.asarray(self.texture[:height, :width])
            mask = np.zeros(grey.shape, np.uint8)
            cv2.ellipse(mask, (round(x), round((top + bottom) / 2)), axes, 0, 0, 360, 255, -1)
            moved = np.roll(body, (round(40 * time), round(x)), (0, 1))
            grey = np.where(mask > 0, moved, grey)
            boxes = np.array([[x - half, top, x + half, bottom]])
        noisy = grey + self._rng.normal(scale=2.0, size=grey.shape)
        return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, -1), boxes


def yaw_pitch_roll(yaw: Array, pitch: Array, roll: Array) -> Array:
    """(T, 3, 3) turns of a camera that first yaws to the right, then looks down, then rolls; rad."""
    ones, zeros = np.ones_like(yaw), np.zeros_like(yaw)
    c, s = np.cos(yaw), np.sin(yaw)
    Ry = np.array([[c, zeros, -s], [zeros, ones, zeros], [s, zeros, c]]).transpose(2, 0, 1)
    c, s = np.cos(pitch), np.sin(pitch)
    Rx = np.array([[ones, zeros, zeros], [zeros, c, -s], [zeros, s, c]]).transpose(2, 0, 1)
    c, s = np.cos(roll), np.sin(roll)
    Rz = np.array([[c, -s, zeros], [s, c, zeros], [zeros, zeros, ones]]).transpose(2, 0, 1)
    turns: Array = Rz @ Rx @ Ry
    return turns


def film(
    panorama: Panorama, time: Array, R: Array, zoom: Array | None = None,
    drawn_over: Callable[[int, Picture], Picture] | None = None,
) -> list[tuple[Picture, Array]]:  # fmt: skip
    """All frames with the person's boxes; `drawn_over` may change each picture last."""
    zoom = np.ones(len(time)) if zoom is None else zoom
    frames = [panorama.frame(t, turn, z) for t, turn, z in zip(time, R, zoom, strict=True)]
    return [(drawn_over(i, p) if drawn_over else p, box) for i, (p, box) in enumerate(frames)]


class Room(Panorama):
    """A room of textured walls, floor and ceiling instead of a far surrounding: near things move more."""

    def place(self, R_camera_reference: Array, centre: Array) -> Picture:
        """(H, W) grey picture by a camera at a place in the room, metres, y down; the floor is at 1.4 m."""
        rays = np.concatenate([self._rays / self.focal_px, np.ones((*self._rays.shape[:2], 1))], -1)
        d = rays @ R_camera_reference
        nearest = np.full(d.shape[:2], np.inf)
        u, v = np.zeros_like(nearest), np.zeros_like(nearest)
        for axis, at, (first, second), shift in (
            (1, 1.4, (0, 2), 0.0), (1, -1.6, (0, 2), 300.0), (2, 6.5, (0, 1), 900.0),
            (0, 14.0, (2, 1), 1500.0), (0, -14.0, (2, 1), 2100.0),
        ):  # fmt: skip
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = (at - centre[axis]) / d[..., axis]
            hit = (distance > 0) & (distance < nearest)
            nearest = np.where(hit, distance, nearest)
            points = centre + np.where(np.isfinite(distance), distance, 0.0)[..., None] * d
            u = np.where(hit, 90 * points[..., first] + shift, u)
            v = np.where(hit, 90 * points[..., second] + 0.4 * shift, v)
        height, width = self.texture.shape
        x, y = (np.mod(u, width).astype(np.float32), np.mod(v, height).astype(np.float32))
        return np.asarray(
            cv2.remap(self.texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.uint8
        )
