"""What the estimator is given of a person and of the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pase.data import Keypoints2D, Landmarks3D

if TYPE_CHECKING:
    from pase.fit.sizes import Sizes


@dataclass(frozen=True)
class PersonInput:
    """One person as filmed, and what is known of them."""

    keypoints: Keypoints2D
    """In all frames of the recording."""
    landmarks: Landmarks3D | None = None
    """What a lifter tells of the person in the same frames: camera axes, statures, with sigma."""
    height_m: float | None = None
    mass_kg: float | None = None
    sizes: Sizes | None = None
    """From other recordings: then they are held."""


@dataclass(frozen=True)
class LensPrior:
    """What is known of the camera's lens; the focal length goes first."""

    fov_deg: float | None = None
    """Angle of view along the picture's longer side."""
    focal_length_px: float | None = None
