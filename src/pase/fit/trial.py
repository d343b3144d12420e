"""One recording of one person: the subject, and all measurements of the same frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from pase.anatomy.kinematics import pieces
from pase.fit.contact import Contacts, planted_probability, weight_on_feet
from pase.fit.keypoint_noise import INFORMATION_RATE_HZ, frame_weights
from pase.fit.measurements import Counting, Measurements
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.solver import Problem
from pase.fit.subject import Subject
from pase.fit.terms.balance import Balance
from pase.fit.terms.base import Term
from pase.fit.terms.floor import ContactHeight, ContactVelocity, Floor
from pase.fit.terms.posture_kinds import KindsPrior
from pase.fit.terms.prior import PosePrior, Smoothness
from pase.fit.uncertainty import ErrorModel
from pase.series import at_frames
from pase.types import Array, Indices, Mask

M = TypeVar("M", bound=Measurements)

_FOOT = ("Heel", "BigToe", "SmallToe")
"""Points that show whether a foot is in the picture."""

PHOTO_POSTURE = 0.5
"""Weight of the posture prior in a photo: the prior is learned from walking, running, jumps and squats, but photos
are taken of anything. With 0.5 in place of 1 single frames of two lab clips and of four views on a balance beam are
as right (± 0.1°), and the skeletons of climbers and skaters lie 0.1 to 1 % of the stature nearer to their
keypoints."""


@dataclass(frozen=True)
class Trial(Generic[M]):
    """A subject and measurements of the same frames, of any kinds."""

    subject: Subject
    measurements: tuple[M, ...]
    step_s: float = 0.0
    """Seconds between frames of the whole recording; 0 for a single frame."""
    floor_shift: Array | None = None
    """(T, 2) how far the floor has moved along X and Z, metres; None for one that stands still."""
    renewal: Array | float = 1.0
    """Share of a frame's information that is independent of its neighbours', (T,) or all alike; see
    `pase.fit.renewal`."""
    share: Array | float = 1.0
    """Share with which the measurements of a frame count, (T,) or all alike: `renewal` for standard deviations."""
    errors: ErrorModel = ErrorModel()
    """How the errors of different frames are correlated."""

    @classmethod
    def of(cls, subject: Subject, measurements: Sequence[M]) -> Trial[M]:
        """A whole recording."""
        time = measurements[0].time
        return cls(subject, tuple(measurements), float(np.median(np.diff(time))) if len(time) > 1 else 0.0)

    @property
    def time(self) -> Array:
        """(T,) seconds."""
        return self.measurements[0].time

    def take(self, frames: Indices) -> Trial[M]:
        """The same in some of the frames."""
        by_frame = [name for name in ("renewal", "share") if not isinstance(getattr(self, name), float)]
        rows = at_frames(self, frames, "floor_shift", *by_frame)
        return replace(self, measurements=tuple(m.take(frames) for m in self.measurements), **rows)

    def knots(self) -> Indices:
        """Indices of the frames in which any sensor measured, and of the first and the last one."""
        measured = np.any([m.measured for m in self.measurements], axis=0)
        measured[[0, -1]] = True
        return np.flatnonzero(measured)

    def independent(self) -> Trial[M]:
        """The same with each frame weighted by its independent information, for standard deviations."""
        measurements = tuple(m.independent() for m in self.measurements)
        return replace(self, measurements=measurements, share=self.renewal)

    def problem(
        self,
        frames: Indices,
        contacts: Contacts | None = None,
        *,
        sequence: bool = True,
        repeats: Array | float = 1.0,
        width: float | None = None,
    ) -> Problem:
        """The cost over some of the frames.

        Parameters
        ----------
        frames
            (F,) indices of the frames.
        contacts
            What stands on the floor in these frames; None leaves the floor out.
        sequence
            False for frames that are too far apart for their motion to be smooth.
        repeats
            Frames of the recording that each of these stands for, (F,) or all alike.
        width
            Width of the measurements' robust loss, standard deviations; their own when None.
        """
        subject, trial = self.subject, self.take(frames)
        counting = Counting(repeats, trial.share, width=width)
        measured = [t for m in trial.measurements for t in m.terms(subject.model, counting)]
        posture = trial.posture_weight(sequence, repeats)
        beforehand = (*trial.posture_priors(posture), *subject.priors.terms)
        terms: list[Term] = [*measured[:1], *beforehand, *measured[1:]]
        if sequence and len(frames) > 2:
            terms.append(trial.smoothness())
        if contacts is not None and subject.floor:
            balance = Balance(contacts.planted, posture * contacts.on_feet, subject.model.points)
            terms += [*trial._floor_terms(contacts.planted, repeats), balance]
        return Problem(subject.model, terms, subject.bounds)

    def _floor_terms(self, planted: Array, repeats: Array | float) -> list[Term]:
        """No foot below the floor, and planted ones neither float nor slide."""
        weight = frame_weights(self.time, repeats=repeats)
        terms: list[Term] = [Floor(weight), ContactHeight(planted, weight)]
        if len(weight) > 1:
            terms.append(ContactVelocity(planted, self.time, weight, floor_shift=self.floor_shift))
        return terms

    def apart(self, frames: Indices, *, width: float, posture: float) -> Problem:
        """The cost of frames that are solved one by one, with the shared unknowns held; see `solve_frames`.

        Parameters
        ----------
        frames
            (F,) indices of the frames; a frame may occur more than once.
        width
            As in `problem`.
        """
        model, trial = self.subject.model, self.take(frames)
        counting = Counting(apart=True, width=width)
        terms = [t for m in trial.measurements for t in m.terms(model, counting)]
        habits = trial.posture_priors(np.full(len(frames), posture))
        return Problem(model, [*terms[:1], *habits, *terms[1:]], self.subject.bounds)

    def posture_priors(self, weight: Array) -> list[Term]:
        """The terms of the posture prior, with a weight (T,) for each frame."""
        posture = self.subject.posture
        kinds = {"posture": posture.kinds, "arms": posture.arms}
        mixtures = [KindsPrior(k, weight, name) for name, k in kinds.items() if k is not None]
        return [PosePrior(posture.mean, posture.precision, weight), *mixtures]

    def posture_weight(self, sequence: bool = True, repeats: Array | float = 1.0) -> Array:
        """(T,) weight of the posture prior in each frame: it counts in full at its own rate."""
        if len(self.time) < 2 and sequence:
            return np.full(len(self.time), PHOTO_POSTURE)
        rate = self.subject.posture.rate_hz
        if sequence:
            return frame_weights(self.time, repeats=repeats) * rate / INFORMATION_RATE_HZ
        return np.full(len(self.time), min(1.0, rate * self.step_s) if self.step_s else 1.0)

    def smoothness(self) -> Smoothness:
        """The term of the accelerations of all frames."""
        return Smoothness(self.time, self.subject.acceleration, width=self.subject.calm)

    def contacts(self, frames: Indices, state: State, floor: float | None = None) -> Contacts:
        """What stands on the floor in `frames`.

        `floor` is its height in metres; by default that of the lowest steps.
        """
        model = self.subject.model
        skeleton, positions = model.skeleton, model.positions(state)
        soles = positions[:, len(model.points) :]
        pelvis = state.q[:, [skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]]
        if self.floor_shift is not None:
            soles[..., [0, 2]] -= self.floor_shift[frames][:, None]
            pelvis[:, [0, 2]] -= self.floor_shift[frames]
        visible, time = self.feet_visible(frames), self.time[frames]
        planted = planted_probability(soles, pelvis, visible, time, floor)
        return Contacts(planted, self._weight_on_feet(positions))

    def _weight_on_feet(self, positions: Array) -> Array:
        """(T,) share of the weight that the feet carry for sure; all of it where hips and knees are not measured."""
        points = self.subject.model.points
        if not {"LHip", "RHip", "LKnee", "RKnee"} <= set(points):
            return np.ones(len(positions))
        hips, knees = (positions[:, [points.index(side + name) for side in "LR"]] for name in ("Hip", "Knee"))
        return weight_on_feet(hips, knees)

    def soles(self, state: State) -> Array:
        """(T, S, 3) points under the feet in the world, metres."""
        model = self.subject.model
        return model.positions(state)[:, len(model.points) :]

    def lowest(self, state: State) -> Array:
        """(T,) height of the lowest point under the feet, metres."""
        lowest = np.empty(len(state.q))
        for piece in pieces(len(lowest)):
            lowest[piece] = self.soles(State(state.q[piece], state.shared))[..., 1].min(1)
        return lowest

    def feet_visible(self, frames: Indices) -> Mask:
        """(F, S) whether heel or toes of the foot were seen by any sensor, for each point under the feet."""
        soles = self.subject.model.soles
        visible = np.zeros((len(frames), len(soles)), bool)
        for m in self.measurements:
            for s, sole in enumerate(soles):
                foot = [i for i, p in enumerate(m.names) if p[:1] == sole.name[-1].upper() and p[1:] in _FOOT]
                visible[:, s] |= m.visible[frames][:, foot].any(1)
        return visible
