"""Focal lengths from angles of view, and what is known of a lens before the film is looked at."""

from dataclasses import dataclass

import numpy as np

from pase.types import ImageSize

DEFAULT_FOV_DEG = 67.0
"""Angle of view along the picture's longer side of an unknown camera: that of a phone's main camera. Those of 24 to
26 mm equivalent have 72 to 67° over the whole width of their sensor (4:3); stabilised film is up to a tenth narrower.
One of 26 mm was measured by calibration to film 70°."""
FOCAL_SPREAD, KNOWN_FOCAL_SPREAD = 0.15, 0.02
"""Standard deviation of the log focal length of an unknown camera, and where it or the angle of view is given: data
sheets are off by that."""


@dataclass(frozen=True)
class LensPrior:
    """Prior of the camera's focal length; that of an unknown camera without `focal_length_px`."""

    focal_length_px: float | None = None
    focal_log_sigma: float = KNOWN_FOCAL_SPREAD
    """Standard deviation of the logarithm of `focal_length_px`."""
    measured_px: float | None = None
    """Focal length measured from a turn of the camera; combined with the values above."""
    measured_log_sigma: float = 0.0
    """Standard deviation of the logarithm of `measured_px`."""

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm of the focal length, without `measured_px`."""
        return FOCAL_SPREAD if self.focal_length_px is None else self.focal_log_sigma


def focal_length_of_view(image_size: ImageSize, fov_deg: float | None = None) -> float:
    """Focal length in px of a camera with such an angle of view.

    Parameters
    ----------
    fov_deg
        Angle of view along the longer side, degrees; the usual one when None.
    """
    half = np.radians(DEFAULT_FOV_DEG if fov_deg is None else fov_deg) / 2
    return max(*image_size, 1) / 2 / float(np.tan(half))
