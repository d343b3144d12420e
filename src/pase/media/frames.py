"""Upright RGB frames with their true times, as every recording gives them."""

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Protocol, Self

import numpy as np
from av.video.frame import VideoFrame

from pase.media.convert import Upright
from pase.media.footage import Footage, footage_of
from pase.types import Image, ImageSize

log = logging.getLogger(__name__)

FILM_DIAGONAL_MM = float(np.hypot(36.0, 24.0))
"""Diagonal of 35 mm film; equivalent focal lengths have the same diagonal angle of view (CIPA DCG-001)."""

FILM_FOCAL_SPREAD = 0.06
"""Spread of the logarithm of the focal length in a film's metadata: stabilisation crops up to a tenth, and the
film of a phone of 26 mm equivalent, calibrated, was 5 % wider than it should be."""


class Frame:
    """One shown picture of a recording.

    Parameters
    ----------
    index
        Number of the frame, from 0.
    time
        Presentation time in seconds, 0 at the first shown frame.
    picture
        The picture, or what makes it when it is first asked for: most frames of a film are not looked at.
    repeated
        Whether the picture only repeats the one before, so that it shows an earlier time.
    """

    __slots__ = ("_image", "_lock", "_upright", "index", "repeated", "time")

    def __init__(self, index: int, time: float, picture: Image | Upright, repeated: bool = False) -> None:
        self.index, self.time, self.repeated, self._lock = index, time, repeated, Lock()
        self._upright = None if isinstance(picture, np.ndarray) else picture
        self._image = picture if isinstance(picture, np.ndarray) else None

    @property
    def image(self) -> Image:
        """(H, W, 3) RGB, upright, square pixels; may be asked for by several threads."""
        with self._lock:
            if self._image is None:
                assert self._upright is not None
                self._image = self._upright.image()
            return self._image

    def forget_image(self) -> None:
        """Free the memory of `image`, which is made anew if it is asked for again; that of a picture is kept."""
        with self._lock:
            if self._upright is not None:
                self._image = None

    def for_encoder(self, size: ImageSize) -> VideoFrame:
        """The picture as `yuv420p` of some even width and height; as `rgb24` where the film has a high dynamic range.

        Much faster than by way of `image`; made anew at each call.
        """
        if self._upright is not None:
            return self._upright.for_encoder(size)
        picture = VideoFrame.from_ndarray(self.image, format="rgb24")
        return picture.reformat(*size, "yuv420p", dst_colorspace="ITU709", interpolation="AREA")


class FootageFile:
    """What all kinds of media share; they open their file at each reading, so that nothing stays open between."""

    def __init__(self, source: str | Path | Footage) -> None:
        self.footage = footage_of(source)
        self.path = self.footage.path
        self.warnings: list[str] = []

    def _warn(self, message: str) -> None:
        if message not in self.warnings:
            log.warning("%s", message)
            self.warnings.append(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing stays open between calls of `frames`."""


class Media(Protocol):
    """A video, or a photo as a video of one frame."""

    path: Path
    footage: Footage
    """The same, and how it is read."""
    image_size: ImageSize
    frame_rate: float
    """Mean frames per second as the file states it; the true times are in the frames. 0 for a photo."""
    duration: float
    """Seconds as the file states it; 0 where unknown."""
    frame_count_hint: int | None
    """Expected number of frames for a progress bar, or None."""
    focal_length_hint_px: float | None
    """Focal length in pixels from the file's metadata, or None."""
    metadata: dict[str, str]
    warnings: list[str]
    """Warnings for the user about the file, one sentence each; more may come while frames are read."""

    def frames(self) -> Iterator[Frame]:
        """Read all frames in order; each call starts again from the first."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *args: object) -> None: ...


def focal_length_px(equivalent_mm: float, image_size: ImageSize) -> float | None:
    """Focal length in pixels from the 35 mm film equivalent in millimetres; None if that is no real length.

    Source: CIPA DCG-001 (equal diagonal angle of view).
    """
    if not np.isfinite(equivalent_mm) or not 5.0 <= equivalent_mm <= 2000.0:
        return None
    return float(equivalent_mm / FILM_DIAGONAL_MM * np.hypot(*image_size))


def film_focal_length_px(equivalent_mm: float, image_size: ImageSize) -> float | None:
    """The same of a film, whose picture is as wide as the sensor (4:3) that the equivalent refers to.

    Stabilisation and the modes of some phones take more or less of the sensor: see `FILM_FOCAL_SPREAD`.
    """
    longer = max(image_size)
    return focal_length_px(equivalent_mm, (longer, round(0.75 * longer)))
