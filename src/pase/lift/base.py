"""The protocol of every 2D to 3D lifter, and what all lifters share."""

from dataclasses import replace
from typing import Protocol

import numpy as np

from pase.data import Keypoints2D, Landmarks3D
from pase.types import Progress


class Lifter(Protocol):
    """Turns one person's keypoints in the picture into landmarks in space.

    The landmarks are in camera axes (x right, y down, z forward) up to an unknown scale and place, which the
    estimator finds: no lifter of this kind can see how tall or how far away a person is.
    """

    def __call__(self, keypoints: Keypoints2D, progress: Progress | None = None) -> Landmarks3D:
        """Landmarks with a row for every frame of the keypoints; NaN where the person is unseen."""
        ...


_LIMBS = (
    ("Hip", "Knee", 0.234),
    ("Knee", "Ankle", 0.244),
    ("Shoulder", "Elbow", 0.155),
    ("Elbow", "Wrist", 0.144),
)
"""Distances between keypoints of an adult, in statures: those of the default skeleton."""


def in_statures(landmarks: Landmarks3D) -> Landmarks3D:
    """Landmarks of unknown scale as if the limbs were those of an average adult: in statures of the person.

    Sigmas are scaled along; landmarks without limbs have no scale and come out NaN.
    """
    names = landmarks.names
    lengths, usual = [], []
    for first, second, length in _LIMBS:
        for side in "LR":
            if side + first in names and side + second in names:
                ends = [landmarks.xyz[:, names.index(side + point)] for point in (first, second)]
                lengths.append(np.linalg.norm(ends[0] - ends[1], axis=-1))
                usual.append(length)
    total = np.sum(lengths, axis=0) if lengths else np.full(len(landmarks), np.nan)
    totals = total[np.isfinite(total)]
    scale = sum(usual) / float(np.median(totals)) if len(totals) and np.median(totals) > 0 else np.nan
    sigma, along = (None if s is None else scale * s for s in (landmarks.sigma, landmarks.sigma_along))
    return replace(landmarks, xyz=scale * landmarks.xyz, sigma=sigma, sigma_along=along)
