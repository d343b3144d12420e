"""How the camera of a shot moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pase.data import check_shape
from pase.series import at_frames, nearest_rows
from pase.types import Array


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """How the camera of one shot moved, as the background shows: `x_t ∝ R_camera_reference[t] @ x_reference`."""

    time: Array
    """(T,) presentation times of the shot's frames in seconds."""
    R_camera_reference: Array
    """(T, 3, 3) turn of each frame relative to the reference view, camera axes (x right, y down, z forward)."""
    zoom: Array
    """(T,) focal length of each frame in units of the reference view's."""
    sigma_rad: Array
    """(T, 3) standard deviation of the turn about the camera's own axes, rad."""
    sigma_zoom: Array
    """(T,) standard deviation of the logarithm of the zoom."""
    focal_px: float
    """Focal length of the reference view in which the turns are measured, pixels."""
    focal_log_sigma: float | None = None
    """Standard deviation of its logarithm where it comes from the turns themselves; None where it is a guess."""
    kind: Literal["still", "turning", "travelling"] = "turning"
    """Whether the camera stands still, turns (and zooms) on the spot, or travels."""
    shot: int = 0
    """Number of the shot, from 0."""
    warnings: tuple[str, ...] = ()
    """Warnings for the user, one sentence each."""
    agreement: float = 1.0
    """Median share of the background's points that move together as that of a camera on one spot does."""
    if_carried: CameraMotion | None = None
    """The motion of a camera that goes from place to place, where the background leaves open whether it does: before
    a plain wall, to go along looks like a pan with a long lens. The feet decide."""

    def __post_init__(self) -> None:
        t = len(self.time)
        check_shape("CameraMotion", "R_camera_reference", self.R_camera_reference, (t, 3, 3))
        check_shape("CameraMotion", "zoom", self.zoom, (t,))
        check_shape("CameraMotion", "sigma_rad", self.sigma_rad, (t, 3))
        check_shape("CameraMotion", "sigma_zoom", self.sigma_zoom, (t,))

    @classmethod
    def still(cls, time: Array, focal_px: float, shot: int = 0) -> CameraMotion:
        """A camera that stands still in the frames (T,).

        Parameters
        ----------
        time
            (T,) presentation times in seconds.
        shot
            Number of the shot, from 0.
        """
        t = len(time)
        turns, ones, zeros = np.tile(np.eye(3), (t, 1, 1)), np.ones(t), np.zeros(t)
        return cls(time, turns, ones, np.zeros((t, 3)), zeros, focal_px, kind="still", shot=shot)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def roll_rad(self) -> Array:
        """(T,) turn about the line of sight, clockwise in the picture's axes, rad."""
        right = self.R_camera_reference[:, :, 0]
        return np.asarray(np.arctan2(right[:, 1], right[:, 0]))

    def slice(self, frames: slice | NDArray[Any]) -> CameraMotion:
        """The same motion in some of the frames only."""
        carried = None if self.if_carried is None else self.if_carried.slice(frames)
        names = ("time", "R_camera_reference", "zoom", "sigma_rad", "sigma_zoom")
        return replace(self, if_carried=carried, **at_frames(self, frames, *names))

    def at(self, time: Array) -> CameraMotion:
        """The motion in the frames shown at times (F,), each of which is the shot's frame next to it."""
        return self.slice(nearest_rows(self.time, time))
