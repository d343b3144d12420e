"""One person measured by markers as an estimation problem: model, measurements, priors and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.body_groups import body_groups, body_prior
from pase.anatomy.default import default_skeleton
from pase.anatomy.model import Landmark, Skeleton
from pase.anatomy.proportions import load_proportions
from pase.fit.posture import acceleration_spread, pose_prior
from pase.fit.problem import FreeOffsets, LandmarkOffsets, Offsets, PersonModel
from pase.fit.root import find_root, with_open_root
from pase.fit.solver import Bounds, Problem
from pase.fit.terms.base import Term
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.prior import PosePrior, SharedPrior, Smoothness

Array = NDArray[np.float64]
Frames = NDArray[np.intp]

POSE_PRIOR_RATE_HZ = 2.0
"""Independent postures a second: how often the pose prior counts in full."""

ROBUST_WIDTH = 8.0
"""Standard deviations from which on a marker's pull lets go: far beyond Gaussian noise, well below swaps."""

_LARGEST_LOG_SIZE = 0.7
"""Sizes stay within half and twice the model's."""


@dataclass(frozen=True)
class Marker:
    """A marker as the model has it, and how well its place on the person is known."""

    landmark: Landmark
    spread_m: float
    """Standard deviation of its place along each axis of the body, from person to person."""


@dataclass(frozen=True)
class MarkerPerson:
    """Everything about one person that stays fixed while the unknowns are solved for."""

    model: PersonModel
    xyz: Array
    """(T, K, 3) m, Y up, NaN where unseen."""
    time: Array
    """(T,) seconds."""
    relative: Array
    """(K,) standard deviation of each marker in units of a usual one's; infinite for markers that do not count."""
    sigma: float
    """Standard deviation of a usual marker along each axis, m."""
    bounds: Bounds
    priors: tuple[Term, ...]
    """Terms of the shared unknowns."""
    pose: tuple[Array, Array]
    """Mean (n,) and precision (n, n) of the coordinates."""
    acceleration: Array
    """(n,) spread of the acceleration of the coordinates."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(T, K) whether a marker is known and counts."""
        known: NDArray[np.bool_] = np.isfinite(self.xyz).all(-1) & np.isfinite(self.relative)
        return known

    def with_noise(self, sigma: float, acceleration: Array | None = None) -> MarkerPerson:
        """The same person with another noise of the markers and spread of accelerations."""
        return replace(
            self, sigma=sigma, acceleration=self.acceleration if acceleration is None else acceleration
        )

    def problem(
        self,
        frames: Frames,
        *,
        smooth: bool = True,
        priors: bool = True,
        width: float = ROBUST_WIDTH,
        repeats: float = 1.0,
        information: float = 1.0,
        posture: float | None = None,
    ) -> Problem:
        """The cost over some of the frames.

        Parameters
        ----------
        frames
            (F,) indices of the frames.
        smooth
            Whether neighbours are tied by their acceleration; False for frames that are no sequence.
        priors
            Whether the terms of the shared unknowns are in it.
        width
            Of the robust loss, standard deviations.
        repeats
            Frames of the recording that each of these stands for.
        information
            Share of independent information in a frame's markers, 0 to 1.
        posture
            Weight of the pose prior in each frame; by the frames' share of the recording when None.
        """
        time = self.time[frames]
        sigma = np.broadcast_to(self.sigma * self.relative, (len(frames), len(self.relative)))
        posture = self._posture_weight() * repeats if posture is None else posture
        terms: list[Term] = [
            LandmarkDistance(self.xyz[frames], sigma, np.full(len(frames), repeats * information), width),
            PosePrior(*self.pose, np.full(len(frames), posture)),
            *(self.priors if priors else ()),
        ]
        if smooth and len(frames) > 2:
            terms.append(Smoothness(time, self.acceleration))
        return Problem(self.model, terms, self.bounds)

    def _posture_weight(self) -> float:
        """Weight of the pose prior in one frame of the recording."""
        if len(self.time) < 2:
            return 1.0
        return float(min(1.0, POSE_PRIOR_RATE_HZ * np.median(np.diff(self.time))))


def is_default(skeleton: Skeleton) -> bool:
    """Whether a skeleton is the default one in its bodies and free coordinates, of whatever size."""
    default = default_skeleton()
    return skeleton.body_names == default.body_names and skeleton.free_names == default.free_names


def prepare_marker_person(
    skeleton: Skeleton,
    markers: Sequence[Marker],
    xyz: Array,
    time: Array,
    *,
    sigma: float,
    relative: Array,
    mirrored: bool,
    move_markers: bool,
    height_m: float | None = None,
    mass_kg: float | None = None,
) -> tuple[MarkerPerson, Array]:
    """The problem of one person, and a first guess (m,) of the shared unknowns: those of the model itself.

    Parameters
    ----------
    skeleton
        The model; sizes are estimated as factors on its own `scale`.
    markers, xyz, time, relative
        K markers and their measurements, as in `MarkerPerson`.
    sigma
        First guess of the noise of a marker, m.
    mirrored
        Whether left and right markers, `LKnee` and `RKnee`, sit at mirrored places.
    move_markers
        Whether the places of the markers are unknown.
    height_m, mass_kg
        Of the person, when known; only the default skeleton can make use of them.
    """
    skeleton = with_open_root(skeleton).with_landmarks([m.landmark for m in markers])
    known = is_default(skeleton)
    population = skeleton.joints == default_skeleton().joints and bool((skeleton.scale == 1).all())
    body = load_proportions() if population else body_groups(skeleton)
    names = tuple(m.landmark.name for m in markers)
    offsets: Offsets = FreeOffsets(len(names), held=not move_markers)
    spread = np.repeat([m.spread_m for m in markers], 3)
    if mirrored and move_markers:
        tied = LandmarkOffsets(names)
        offsets, spread = tied, tied.spread([m.spread_m for m in markers])
    model = PersonModel(skeleton, body, names, (), offsets, camera=False)
    layout = model.layout
    size = body.prior(height_m=height_m, mass_kg=mass_kg) if population else body_prior(body)
    priors: list[Term] = [SharedPrior("proportions", layout.size, size.mean, size.covariance)]
    if offsets.count:
        variance = np.diag(np.square(spread))
        priors.append(SharedPrior("marker places", layout.offset, np.zeros(offsets.count), variance))
    limit = np.full(layout.count, np.inf)
    limit[layout.size] = _LARGEST_LOG_SIZE
    person = MarkerPerson(
        model,
        xyz,
        time,
        relative,
        sigma,
        Bounds(*skeleton.bounds, -limit, limit),
        tuple(priors),
        pose_prior(skeleton) if known else _vague_posture(skeleton),
        acceleration_spread(skeleton),
    )
    return person, np.zeros(layout.count)


def _vague_posture(skeleton: Skeleton) -> tuple[Array, Array]:
    """Mean and precision about the default posture: half a range away is one standard deviation."""
    low, high = skeleton.bounds
    spread = np.clip((high - low) / 2, 0.2, 1.5)
    precision = np.diag(1.0 / np.square(spread))
    free = find_root(skeleton).columns
    precision[free, free] = 0.0
    return np.clip(skeleton.default_q, low, high), precision
