"""One person after the shared unknowns are estimated, and notes for the user."""

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from pase.camera.motion import CameraMotion
from pase.data import Keypoints2D
from pase.fit.evidence import with_marginal
from pase.fit.inputs import PersonInput, Sizes
from pase.fit.measurements import KeypointMeasurements, Measurements
from pase.fit.moving_floor import MovingFloor
from pase.fit.schedule import SharedEstimate
from pase.fit.subject import prior_weight
from pase.fit.trial import Trial
from pase.fit.uncertainty import CALIBRATION
from pase.types import Array, Indices


@dataclass(frozen=True)
class Note:
    """A sentence for the user."""

    about: Literal["scale", "absence", "keypoints", "size", "floor"]
    text: str


@dataclass(frozen=True)
class SharedFit:
    """One person after the unknowns that all frames share are estimated."""

    keypoints: Keypoints2D
    """With left and right corrected."""
    trial: Trial[Measurements]
    observed: KeypointMeasurements
    """The keypoints among the trial's measurements: the result is compared with them."""
    q: Array
    """(T, n) first guess of the motion."""
    estimate: SharedEstimate
    notes: tuple[Note, ...] = ()
    sizes: Sizes | None = None
    """The person's sizes, when other recordings gave them."""
    camera_motion: CameraMotion | None = None
    floor: MovingFloor | None = None
    """How the floor moves under the person; None where it stands still."""
    scale_sd: float = 0.0
    """Relative standard deviation of the person's size where no height was given."""

    @property
    def stature_m(self) -> float:
        """Standing height of the skeleton."""
        return self.trial.subject.stature(self.estimate.shared)

    def with_size_covariance(self) -> Self:
        """The same with the covariance of the sizes that other recordings gave, where they did."""
        if self.sizes is None or self.estimate.covariance is None:
            return self
        covariance = self.sizes.covariance / prior_weight(len(self.trial.time))
        columns = self.trial.subject.model.layout.size
        covariance = with_marginal(self.estimate.covariance, columns, covariance)
        return replace(self, estimate=replace(self.estimate, covariance=covariance))


def absences(keypoints: Keypoints2D, span: Indices) -> list[Note]:
    """A note on absences too long for the posture to be bridged."""
    gaps = np.flatnonzero(np.diff(span) > 1)
    if not len(gaps):
        return []
    time = keypoints.time
    times = ", ".join(f"{time[span[i]]:.1f} to {time[span[i + 1]]:.1f} s" for i in gaps[:5])
    ending = " …" if len(gaps) > 5 else ""
    return [Note("absence", f"out of the picture from {times}{ending}: no posture is given there")]


def scale_note(fit: SharedFit, person: PersonInput) -> Note:
    """A note on what was assumed in place of a height: about `size` if an age or sizes make it more than a guess."""
    is_guess = person.facts.age_years is None and person.sizes is None
    return Note(
        "scale" if is_guess else "size",
        f"the scale is assumed: no height was given, so {fit.stature_m:.2f} m was taken; "
        "give --height for true lengths",
    )


def floor_note(floor: MovingFloor) -> Note:
    """A note on a floor that moves."""
    mean, sigma = floor.path.mean_speed
    speed = f"{mean:.2f} ± {CALIBRATION * sigma:.2f} m/s"
    if floor.carried:
        return Note("floor", f"the camera travels at about {speed}: its path comes from the planted feet")
    return Note(
        "floor",
        f"a treadmill's belt moves at {speed}: feet are held to it, and the person stays on the spot "
        "(--fit.belt-speed off holds the floor still)",
    )
