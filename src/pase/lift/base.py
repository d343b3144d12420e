"""What every 2D to 3D lifter is, and what all of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from pase.data import Keypoints2D, Landmarks3D
from pase.errors import InputError

Progress = Callable[[int, int | None], None]
"""Called with the frames done and how many there are, or None while that is unknown."""


class Lifter(Protocol):
    """Turns one person's keypoints in the picture into landmarks in space.

    The landmarks are in camera axes (x right, y down, z forward) up to an unknown scale and place, which the
    estimator finds: no lifter of this kind can know how big or how far away a person is.
    """

    def __call__(self, keypoints: Keypoints2D, progress: Progress | None = None) -> Landmarks3D:
        """Landmarks with a row for every frame of the keypoints; NaN where the person is unseen."""
        ...


def root_relative(landmarks: Landmarks3D, root: str = "Hip") -> Landmarks3D:
    """The same landmarks measured from one of them in every frame.

    Raises
    ------
    InputError
        When there is no landmark of that name.
    """
    if root not in landmarks.names:
        raise InputError(f"no landmark '{root}'; there are: {', '.join(landmarks.names)}")
    centre = landmarks.xyz[:, [landmarks.names.index(root)]]
    return replace(landmarks, xyz=np.asarray(landmarks.xyz - centre))
