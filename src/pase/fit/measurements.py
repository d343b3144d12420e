"""What was measured of a person, in one form for every kind of sensor.

A fit combines any number of `Measurements` of the same frames. Each names the points of the body that it shows, says
which of them were seen, and gives the terms of the cost for the frames it is taken at. A new sensor is a new class
here; nothing else changes.
"""

from __future__ import annotations

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
)
from pase.fit.problem import PersonModel
from pase.fit.terms.base import Term
from pase.fit.terms.head_turn import HeadTurn
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.lifted_depth import Depths, LiftedDepth
from pase.fit.terms.reprojection import Reprojection
from pase.fit.terms.shaken import ShakenReprojection
from pase.types import Array, Indices, Mask

UNSURE_SHARE = 0.1
"""A turn is known well whose error moves keypoints by less than this share of their own."""

LIFTER_RATE_HZ = 20.0
"""Independent answers of a lifter a second; from 10 to 30 lab clips and synthetic films come out alike."""


@dataclass(frozen=True)
class Counting:
    """How the frames count that terms are made of."""

    repeats: Array | float = 1.0
    """Frames of the recording that each frame stands for, (T,) or all alike."""
    apart: bool = False
    """True for frames that are solved each for itself, where how long errors last does not matter."""
    width: float | None = None
    """Of the robust loss in standard deviations; the measurements' own when None."""


EACH = Counting()
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
    def terms(self, model: PersonModel, counting: Counting = EACH) -> list[Term]:
        """The terms of the cost.

        Parameters
        ----------
        model
            Of the person; it has all the points.
        counting
            How the frames count.
        """

    @abstractmethod
    def _at(self, frames: Indices) -> dict[str, Any]:
        """The fields that have a row for each frame, at some of the frames."""

    def take(self, frames: Indices) -> Self:
        """The same sensor at some of its frames; a frame may be named more than once."""
        return replace(self, time=self.time[frames], **self._at(frames))

    def independent(self) -> Self:
        """The same with each frame counted as the independent look that it is, for standard deviations."""
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
    """(T,) seconds between the measurements around each frame; None where every frame is one."""
    shift_sigma: Array | None = None
    """(T,) px by which all keypoints of a frame are off alike, where the turn of the camera is not known well."""
    looked: Mask | None = None
    """(T,) frames that were looked at; None where all were."""

    @classmethod
    def of(cls, keypoints: Keypoints2D, camera: FilmCamera) -> KeypointMeasurements:
        """Keypoints with their standard deviations; of low score or outside the picture they do not count."""
        sigma, gap_s = keypoint_sigma(keypoints), measurement_gap(keypoints)
        return cls(
            keypoints.names, keypoints.time, keypoints.xy, sigma, camera, gap_s, looked=keypoints.measured
        )

    def unsure_of_turn(self, motion: CameraMotion | None) -> Self:
        """The same with frames as unsure as the turn of the camera leaves them, in the frames of its motion."""
        if motion is None or motion.kind == "still":
            return self
        turn_px = motion.focal_px * motion.zoom * motion.sigma_rad[:, :2].max(1)
        unsure = bool(turn_px.max() > UNSURE_SHARE * float(np.median(self.sigma[self.visible])))
        return replace(self, shift_sigma=turn_px) if unsure else self

    @property
    def visible(self) -> Mask:
        """(T, K) which keypoints count."""
        return np.isfinite(self.sigma)

    @property
    def measured(self) -> Mask:
        """(T,) frames that were looked at."""
        return super().measured if self.looked is None else self.looked

    def _at(self, frames: Indices) -> dict[str, Any]:
        rows = {name: getattr(self, name) for name in ("xy", "sigma", "gap_s", "shift_sigma", "looked")}
        at_frames = {name: None if values is None else values[frames] for name, values in rows.items()}
        return at_frames | {"camera": self.camera.take(frames)}

    def terms(self, model: PersonModel, counting: Counting = EACH) -> list[Term]:
        """Their distances in the picture; beyond 30 frames a second more frames say nothing new."""
        weight = np.ones(len(self.time))
        if not counting.apart:
            weight = frame_weights(self.time, self.gap_s, counting.repeats)
        points = model.columns(self.names)
        habit = pair_habit(self.names, self.xy, self.sigma)
        look = (self.xy, self.sigma, self.camera, weight, counting.width or 3.0, points, habit)
        body = Reprojection(*look)
        if self.shift_sigma is not None:
            body = ShakenReprojection(*look, shift_sigma=self.shift_sigma)
        return [body, *self._head_turn(model, weight, counting)]

    def _head_turn(self, model: PersonModel, weight: Array, counting: Counting) -> list[Term]:
        """How the points of the head lie beside one another, where there are any."""
        head, share = head_points(self.names)
        if not len(head):
            return []
        sigma, places = self.sigma[:, head] * share, model.columns(tuple(self.names[k] for k in head))
        return [HeadTurn(self.xy[:, head], sigma, self.camera, weight, counting.width or 3.0, places)]


@dataclass(frozen=True)
class DepthMeasurements(Measurements):
    """Depths along a camera's lines of sight, as a lifter tells them from the keypoints of that camera.

    It names no points: what a lifter says of them comes from keypoints, and shows no more of the person.
    """

    points: tuple[str, ...]
    """The K points that the depths are of."""
    depths: Depths
    camera: FilmCamera
    share: float = 1.0
    """Share with which a frame counts."""

    @property
    def visible(self) -> Mask:
        """(T, 0) as it names no points."""
        return np.zeros((len(self.time), 0), bool)

    @property
    def measured(self) -> Mask:
        """(T,) none: depths tell of the frames in which the keypoints behind them were measured."""
        return np.zeros(len(self.time), bool)

    def _at(self, frames: Indices) -> dict[str, Any]:
        return {"depths": self.depths.take(frames), "camera": self.camera.take(frames)}

    def terms(self, model: PersonModel, counting: Counting = EACH) -> list[Term]:
        """Their differences from the skeleton's depths."""
        weight = np.full(len(self.time), self.share)
        if len(weight) > 1 and not counting.apart:
            rate = LIFTER_RATE_HZ / INFORMATION_RATE_HZ
            weight *= frame_weights(self.time, repeats=counting.repeats) * rate
        width, points = counting.width or 4.0, model.columns(self.points)
        return [LiftedDepth(self.depths, self.camera, weight, width, points)]


POINT_WIDTH = 8.0
"""Standard deviations from which on a marker's pull lets go: far beyond Gaussian noise, well below swaps."""

SKIN_SIGMA_M = 0.010
"""Movement of skin over bone, along each axis."""


@dataclass(frozen=True)
class PointMeasurements(Measurements):
    """Points measured in space: markers, or joints of a network, in the world of the fit."""

    xyz: Array
    """(T, K, 3) m, Y up, NaN where unseen."""
    relative: Array
    """(K,) standard deviation of each point in units of a usual one's; infinite for points that do not count."""
    sigma: float
    """Standard deviation of a usual point along each axis, m."""
    fixed: bool = False
    """Whether that is known, not to be learned from the data."""
    information: float = 1.0
    """Share of independent information with which a frame counts."""
    independent_share: float = 1.0
    """The same as it is, where errors last for many frames."""
    hidden: float = 1.0
    """Times that errors are larger than residuals show them, for sizes and the places of the points."""

    @property
    def sigma_to_count(self) -> float:
        """Standard deviation with which a usual point counts, m.

        Errors that repeat are those of skin and model, of which postures and marker places take up most, so that
        little of them is left in the residuals: about 10 mm on thighs (Leardini et al. 2005).
        """
        return max(self.sigma, min(SKIN_SIGMA_M, self.hidden * self.sigma))

    @property
    def visible(self) -> Mask:
        """(T, K) which points are known and count."""
        return np.asarray(np.isfinite(self.xyz).all(-1) & np.isfinite(self.relative))

    def _at(self, frames: Indices) -> dict[str, Any]:
        return {"xyz": self.xyz[frames]}

    def terms(self, model: PersonModel, counting: Counting = EACH) -> list[Term]:
        """Their distances from the skeleton's points."""
        return [self.distances(model, counting)]

    def distances(self, model: PersonModel, counting: Counting = EACH) -> LandmarkDistance:
        """The one term of these measurements."""
        T = len(self.time)
        sigma = np.broadcast_to(self.sigma_to_count * self.relative, (T, len(self.relative)))
        weight, width = np.full(T, self.information) * counting.repeats, counting.width or POINT_WIDTH
        return LandmarkDistance(self.xyz, sigma, weight, width, model.columns(self.names))

    def independent(self) -> Self:
        """The same with the share of information that a frame has."""
        return replace(self, information=self.independent_share)
