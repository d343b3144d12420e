"""Measurements of a person, in one form for every kind of sensor.

A fit combines any number of `Measurements` of the same frames. Each names the points of the body that it shows, says
which of them were seen, and gives the terms of the cost for the frames it is taken at. A new sensor is a new class
here; nothing else changes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from pase.camera.motion import CameraMotion
from pase.data import Keypoints2D
from pase.fit.camera import FilmCamera
from pase.fit.keypoint_noise import (
    INFORMATION_RATE_HZ,
    frame_weights,
    head_points,
    keypoint_sigma,
    measurement_gap,
    pair_habit,
    scatter,
)
from pase.fit.problem import PersonModel, State
from pase.fit.terms.base import Term
from pase.fit.terms.head_turn import HeadTurn
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.lifted_depth import Depths, LiftedDepth
from pase.fit.terms.reprojection import Reprojection
from pase.fit.terms.shaken import ShakenReprojection
from pase.series import at_frames
from pase.types import Array, Indices, Mask

UNSURE_SHARE = 0.1
"""An error of the camera's turn is neglected when it moves keypoints by less than this share of their own error."""

KEYPOINT_SHARE = 0.5
"""Share of a keypoint's information that neighbouring frames do not repeat: a detector's errors last for a tenth to a
quarter of a second, and it looks 10 to 30 times a second. With 0.5 in place of 1, 88 synthetic films come out 0.07°
and 1.7 mm better, two lab clips and four views of one person alike; with 0.25 knees of held crouches get worse.
Standard deviations count lasting errors on their own (`independent`)."""

LIFTER_RATE_HZ = 20.0
"""Independent outputs of a lifter a second; between 10 and 30, lab clips and synthetic films give the same
results."""


@dataclass(frozen=True)
class Counting:
    """How much each frame counts in the terms."""

    repeats: Array | float = 1.0
    """Frames of the recording that each frame stands for, (T,) or all alike."""
    share: Array | float = 1.0
    """Share of the information of each frame that is independent of other frames, (T,) or all alike."""
    apart: bool = False
    """True for frames that are solved one by one, where it does not matter how long errors last."""
    width: float | None = None
    """Width of the robust loss in standard deviations; that of the measurements when None."""


EVERY_FRAME = Counting()
"""Every frame counts once, with the measurements' own loss."""


@dataclass(frozen=True)
class Measurements(ABC):
    """What one sensor measured in T frames."""

    names: tuple[str, ...]
    """K points of the body that it shows."""
    time: Array
    """(T,) seconds."""

    @property
    @abstractmethod
    def visible(self) -> Mask:
        """(T, K) which of its points were measured and count."""

    @property
    def measured(self) -> Mask:
        """(T,) frames in which the sensor looked; in the others its points lie on smooth curves between these."""
        return np.ones(len(self.time), bool)

    @abstractmethod
    def terms(self, model: PersonModel, counting: Counting = EVERY_FRAME) -> list[Term]:
        """The terms of the cost."""

    @abstractmethod
    def _at(self, frames: Indices) -> dict[str, Any]:
        """The fields that have a row for each frame, at some of the frames."""

    def take(self, frames: Indices) -> Self:
        """The same sensor at some of its frames; a frame may be named more than once."""
        return replace(self, time=self.time[frames], **self._at(frames))

    def independent(self) -> Self:
        """The same with each frame weighted by its independent information, for standard deviations."""
        return self


@dataclass(frozen=True)
class KeypointMeasurements(Measurements):
    """Keypoints in the picture of one camera."""

    xy: Array
    """(T, K, 2) px, NaN where unseen."""
    sigma: Array
    """(T, K) px, infinite where the point shall not count."""
    camera: FilmCamera
    gap_s: Array | None = None
    """(T,) seconds between the measured frames around each frame; None where every frame was measured."""
    shift_sigma: Array | None = None
    """(T,) px: standard deviation of the shift of a whole frame, where the turn of the camera is uncertain."""
    looked: Mask | None = None
    """(T,) frames that were looked at; None where all were."""
    steady: float = 1.0
    """Factor on `sigma` for standard deviations: below 1 where keypoints scatter less than usual."""
    share: float = 1.0
    """Share with which a frame counts."""

    @classmethod
    def of(cls, keypoints: Keypoints2D, camera: FilmCamera) -> Self:
        """Keypoints with their standard deviations; those of low score or outside the picture do not count."""
        sigma, gap_s = keypoint_sigma(keypoints), measurement_gap(keypoints)
        return cls(
            keypoints.names, keypoints.time, keypoints.xy, sigma, camera, gap_s, looked=keypoints.measured
        )

    def with_turn_uncertainty(self, motion: CameraMotion | None) -> Self:
        """The same with the `shift_sigma` that follows from how uncertain the camera's turn is in the same frames."""
        if motion is None or motion.kind == "still":
            return self
        turn_px = motion.focal_px * motion.zoom * motion.sigma_rad[:, :2].max(1)
        unsure = bool(turn_px.max() > UNSURE_SHARE * float(np.median(self.sigma[self.visible])))
        return replace(self, shift_sigma=turn_px) if unsure else self

    def as_scattered(self, model: PersonModel, frames: Indices, state: State) -> Self:
        """The same with standard deviations that fit how far keypoints of this film lie from a first solution.

        Where they scatter more than usual, they count less. Where they scatter less, error bars become narrower, but
        the solution stays: errors that last do not show.

        Parameters
        ----------
        frames, state
            (F,) frames and the solution in them.
        """
        at = self.take(frames)
        points = model.positions(state)[:, model.columns(self.names)]
        ratio = scatter(at.camera.project(points, state.shared)[0] - at.xy, at.sigma)
        return replace(self, sigma=max(ratio, 1.0) * self.sigma, steady=min(ratio, 1.0))

    def repeating(self) -> Self:
        """The same with frames that count by `KEYPOINT_SHARE`."""
        return replace(self, share=KEYPOINT_SHARE)

    def independent(self) -> Self:
        """The same with the standard deviations of a steady film, every frame in full."""
        return replace(self, sigma=self.steady * self.sigma, share=1.0)

    @property
    def visible(self) -> Mask:
        """(T, K) which keypoints count."""
        return np.isfinite(self.sigma)

    @property
    def measured(self) -> Mask:
        """(T,) frames that were looked at."""
        return super().measured if self.looked is None else self.looked

    def _at(self, frames: Indices) -> dict[str, Any]:
        rows = at_frames(self, frames, "xy", "sigma", "gap_s", "shift_sigma", "looked")
        return rows | {"camera": self.camera.take(frames)}

    def terms(self, model: PersonModel, counting: Counting = EVERY_FRAME) -> list[Term]:
        """Reprojection and head turn; frames beyond 30 a second add no information."""
        weight = np.ones(len(self.time))
        if not counting.apart:
            weight = self.share * frame_weights(self.time, self.gap_s, counting.repeats) * counting.share
        points = model.columns(self.names)
        habit = pair_habit(self.names, self.xy, self.sigma)
        look = (self.xy, self.sigma, self.camera, weight, counting.width or 3.0, points, habit)
        body = Reprojection(*look)
        if self.shift_sigma is not None:
            body = ShakenReprojection(*look, shift_sigma=self.shift_sigma)
        return [body, *self._head_turn(model, weight, counting)]

    def _head_turn(self, model: PersonModel, weight: Array, counting: Counting) -> list[Term]:
        """The term of the head's points relative to one another; none without such points."""
        head, share = head_points(self.names)
        if not len(head):
            return []
        sigma, places = self.sigma[:, head] * share, model.columns(tuple(self.names[k] for k in head))
        return [HeadTurn(self.xy[:, head], sigma, self.camera, weight, counting.width or 3.0, places)]


@dataclass(frozen=True)
class DepthMeasurements(Measurements):
    """Depths along a camera's lines of sight, which a lifter estimated from the keypoints of that camera.

    Its `names` are empty: the depths come from keypoints, and show no more of the person than these.
    """

    points: tuple[str, ...]
    """The K points that the depths are of."""
    depths: Depths
    camera: FilmCamera
    share: float = 1.0
    """Share with which a frame counts."""

    @property
    def visible(self) -> Mask:
        """(T, 0): there are no names."""
        return np.zeros((len(self.time), 0), bool)

    @property
    def measured(self) -> Mask:
        """(T,) none: the keypoints behind the depths say which frames were measured."""
        return np.zeros(len(self.time), bool)

    def _at(self, frames: Indices) -> dict[str, Any]:
        return {"depths": self.depths.take(frames), "camera": self.camera.take(frames)}

    def terms(self, model: PersonModel, counting: Counting = EVERY_FRAME) -> list[Term]:
        """Their differences from the skeleton's depths."""
        weight = np.full(len(self.time), self.share)
        if len(weight) > 1 and not counting.apart:
            rate = LIFTER_RATE_HZ / INFORMATION_RATE_HZ
            weight *= frame_weights(self.time, repeats=counting.repeats) * rate * counting.share
        width, points = counting.width or 4.0, model.columns(self.points)
        return [LiftedDepth(self.depths, self.camera, weight, width, points)]


POINT_WIDTH = 8.0
"""Width of the robust loss of markers in standard deviations: far beyond Gaussian noise, well below swaps."""

SKIN_SIGMA_M = 0.010
"""Movement of skin over bone, along each axis."""


@dataclass(frozen=True)
class PointMeasurements(Measurements):
    """Points measured in space: markers, or joints of a network, in the world of the fit."""

    xyz: Array
    """(T, K, 3) m, Y up, NaN where unseen."""
    relative: Array
    """(K,) standard deviation of each point relative to a usual one; infinite for points that do not count."""
    sigma: float
    """Standard deviation of a usual point along each axis, m."""
    fixed: bool = False
    """Whether `sigma` was given, so that it is not learned from the data."""
    information: float = 1.0
    """Weight of a frame: the share of its information that is independent of other frames."""
    independent_share: float = 1.0
    """The same share, measured on this recording: errors last for many frames; see `independent`."""
    hidden: float = 1.0
    """Ratio of real errors to residuals, for sizes and the places of the points."""

    @property
    def sigma_to_count(self) -> float:
        """Standard deviation of a usual point in the cost, m.

        Errors that repeat are those of skin and model, of which postures and marker places take up most, so that
        little of them is left in the residuals: about 10 mm on thighs (Leardini et al. 2005).
        """
        return max(self.sigma, min(SKIN_SIGMA_M, self.hidden * self.sigma))

    @property
    def visible(self) -> Mask:
        """(T, K) which points were measured and count."""
        return np.asarray(np.isfinite(self.xyz).all(-1) & np.isfinite(self.relative))

    def _at(self, frames: Indices) -> dict[str, Any]:
        return {"xyz": self.xyz[frames]}

    def terms(self, model: PersonModel, counting: Counting = EVERY_FRAME) -> list[Term]:
        """Their distances from the skeleton's points."""
        return [self.distances(model, counting)]

    def distances(self, model: PersonModel, counting: Counting = EVERY_FRAME) -> LandmarkDistance:
        """The one term of these measurements."""
        T = len(self.time)
        sigma = np.broadcast_to(self.sigma_to_count * self.relative, (T, len(self.relative)))
        weight, width = np.full(T, self.information) * counting.repeats, counting.width or POINT_WIDTH
        return LandmarkDistance(self.xyz, sigma, weight, width, model.columns(self.names))

    def independent(self) -> Self:
        """The same with `independent_share` as the weight of a frame."""
        return replace(self, information=self.independent_share)
