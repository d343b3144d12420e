"""What can be said of a recording seconds after the start: who is there, in what posture.

It is shown to the user who waits. The lifter looks at one frame, so everything is rough; no result uses it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from pase.camera.angle_of_view import LensPrior
from pase.data import Keypoints2D, Landmarks3D
from pase.keypoint_sets import SURE_SCORE
from pase.media.frames import Frame
from pase.types import Array, ImageSize, StepProgress

if TYPE_CHECKING:
    from pase.pose2d.keypoints import Pose

EVERY_S = 1.0
"""Seconds of work from one look to the next: each takes some 20 ms a person."""
MOST_PERSONS = 4
"""With more persons, only the largest are described."""
STRAIGHT_DEG, ACROSS_DEG = 40.0, 60.0
"""A segment hangs down up to the first tilt and lies across from the second."""


@dataclass(frozen=True)
class PersonLook:
    """One person at a first look."""

    pose: Pose
    side_view: Array
    """(26, 2) the keypoints seen from the person's left in the picture: px away from the camera and px down, from the
    hips."""
    posture: str
    """In a word or two."""


@dataclass(frozen=True)
class Look:
    """One frame with the first results about it."""

    frame: Frame
    persons: list[PersonLook]

    def sentence(self) -> str:
        """One line, as `2 persons: upright; lying`."""
        count = len(self.persons)
        postures = "; ".join(person.posture for person in self.persons[:MOST_PERSONS])
        ending = "; …" if count > MOST_PERSONS else ""
        return f"{count} {'person' if count == 1 else 'persons'}: {postures}{ending}"


@runtime_checkable
class Watcher(StepProgress, Protocol):
    """Progress that can also show first results."""

    @property
    def watching(self) -> bool:
        """Whether it does."""

    def show(self, look: Look) -> None:
        """Take a look at the newest frame in which somebody is."""


class FirstLook:
    """Describes the newest poses of a recording about once a second."""

    def __init__(self, watcher: Watcher, lens: LensPrior, image_size: ImageSize) -> None:
        from pase.lift.pase_lifter import PaseLifter

        self._lifter = PaseLifter(lens=lens)
        self._watcher, self._image_size = watcher, image_size
        self._next = 0.0

    def __call__(self, frame: Frame, poses: Sequence[Pose]) -> None:
        """Take the poses of everybody in a frame."""
        if poses and time.perf_counter() >= self._next:
            largest_first = sorted(poses, key=lambda pose: -float(np.ptp(pose.xy, axis=0).max()))
            persons = [self._described(pose) for pose in largest_first]
            self._watcher.show(Look(frame, persons))
            self._next = time.perf_counter() + EVERY_S

    def _described(self, pose: Pose) -> PersonLook:
        keypoints = Keypoints2D(pose.xy[None], pose.score[None], np.zeros(1), self._image_size)
        landmarks = self._lifter(keypoints)
        side_view = _px_per_stature(pose, landmarks) * seen_from_the_side(landmarks)[: len(pose.xy)]
        return PersonLook(pose, side_view, posture_in_words(landmarks))


def _px_per_stature(pose: Pose, landmarks: Landmarks3D) -> float:
    """Pixels for a stature at the person's distance; NaN where too little is seen."""
    sure = (pose.score >= SURE_SCORE) & np.isfinite(landmarks.xyz[0, : len(pose.xy), 0])
    if sure.sum() < 2:
        return float("nan")
    across = landmarks.xyz[0, : len(pose.xy), :2][sure]
    return float(np.sqrt(pose.xy[sure].var(0).sum() / across.var(0).sum()))


def seen_from_the_side(landmarks: Landmarks3D) -> Array:
    """(K, 2) horizontal distance away from the camera and way down, of landmarks of one frame with gravity."""
    assert landmarks.down is not None
    down = landmarks.down[0]
    away = np.array([0.0, 0.0, 1.0]) - down[2] * down
    return np.asarray(landmarks.xyz[0] @ np.stack([away / np.linalg.norm(away), down], axis=1))


def posture_in_words(landmarks: Landmarks3D) -> str:
    """The posture in landmarks of one frame, by the tilts of trunk, thighs and the line from neck to ankles."""
    assert landmarks.down is not None
    xyz = dict(zip(landmarks.names, landmarks.xyz[0], strict=True))

    def tilt_deg(upper: Array, lower: Array) -> float:
        along = (lower - upper) / np.linalg.norm(lower - upper)
        return float(np.degrees(np.arccos(np.clip(along @ landmarks.down[0], -1, 1))))  # type: ignore[index]

    trunk = tilt_deg(xyz["Neck"], xyz["Hip"])
    whole = tilt_deg(xyz["Neck"], (xyz["LAnkle"] + xyz["RAnkle"]) / 2)
    thighs = sorted(tilt_deg(xyz[f"{side}HipJoint"], xyz[f"{side}KneeJoint"]) for side in "LR")
    if trunk > ACROSS_DEG:
        return "lying" if whole > ACROSS_DEG else "bent over"
    if thighs[0] > ACROSS_DEG:
        return "sitting or squatting"
    return "upright" if thighs[1] <= STRAIGHT_DEG else "upright, legs bent"
