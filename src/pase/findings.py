"""What an analysis finds in a motion: movement, events, measures, angles, and whether to believe it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from pase.errors import InputError, MissingDependencyError
from pase.movements import Movement
from pase.types import Array, Mask

if TYPE_CHECKING:
    import pandas

EventName = Literal[
    "foot_strike",
    "toe_off",
    "flight_start",
    "landing",
    "repetition_start",
    "repetition_turn",
    "repetition_end",
]
Verdict = Literal["good", "check", "do not use", "not known"]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens at a moment."""

    time_s: float
    event: EventName
    side: str = ""
    """`right`, `left`, or nothing."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value with its standard deviation."""

    measure: str
    """Its name, as in docs/measures.md: `step_length`, `knee_flexion_range`."""
    value: float
    sd: float
    """Standard deviation of the error, in the same unit; NaN where it is not known."""
    unit: str
    side: str = ""
    """`right`, `left`, or nothing."""
    repetition: int = 0
    """Number of the step, stride or repetition, from 1; 0 for the mean over all, or what is measured once."""
    count: int = 1
    """Repetitions behind the value."""
    spread: float = np.nan
    """Standard deviation between the repetitions; NaN for fewer than two."""


def angle_key(name: str, side: str | None) -> str:
    """Column of an angle: `knee_flexion_r`, or `trunk_flexion` of no side."""
    return f"{name}_{side[0]}" if side else name


class AngleSeries(NamedTuple):
    """One angle over time."""

    time: Array
    """(T,) seconds."""
    value: Array
    """(T,) degrees; NaN where unknown."""
    sd: Array
    """(T,) standard deviation in degrees; NaN where it is not known."""
    speed: Array
    """(T,) degrees a second."""
    sure: Mask
    """(T,) whether the angle was seen well enough to be counted."""


@dataclass(frozen=True, slots=True)
class AngleTable:
    """Angles in degrees by frame; NaN where unknown."""

    time: Array
    """(T,) seconds."""
    keys: tuple[str, ...]
    """m columns, as `knee_flexion_r`."""
    values: Array
    """(T, m) degrees."""
    sd: Array
    """(T, m) standard deviations, degrees; NaN where they are not known."""
    speed: Array
    """(T, m) degrees a second."""
    speed_sd: Array
    """(T, m) standard deviations, degrees a second; NaN where they are not known."""
    sure: Mask
    """(T, m) whether an angle was seen well enough to be counted in extremes and means."""

    def column(self, key: str) -> int:
        """Column of an angle.

        Raises
        ------
        InputError
            When there is none of that name; the message lists the valid ones.
        """
        if key not in self.keys:
            raise InputError(f"no angle '{key}'; the angles are: {', '.join(self.keys)}")
        return self.keys.index(key)

    def series(self, name: str, side: str | None = None) -> AngleSeries:
        """One angle over time, for instance `knee_flexion` of the `right` side."""
        i = self.column(angle_key(name, side))
        return AngleSeries(self.time, self.values[:, i], self.sd[:, i], self.speed[:, i], self.sure[:, i])

    def to_dataframe(self) -> pandas.DataFrame:
        """Angles by frame as a table of pandas: degrees, `_sd` and `_speed`, with the time in seconds as index.

        Raises
        ------
        MissingDependencyError
            When pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError("a table of pandas needs pandas: pip install pandas") from error
        columns = {
            f"{key}{ending}": values[:, i]
            for i, key in enumerate(self.keys)
            for ending, values in (("", self.values), ("_sd", self.sd), ("_speed", self.speed))
        }
        return pandas.DataFrame(columns, index=pandas.Index(self.time, name="time_s"))


@dataclass(frozen=True, slots=True)
class Quality:
    """A verdict on one person's result, and why."""

    verdict: Verdict = "not known"
    reasons: tuple[str, ...] = ()
    """One sentence each; none for a good result."""
    error_share: float = np.nan
    """Mean distance between skeleton and measurement by the person's size; NaN where it is not known."""
    seen_share: float = np.nan
    """Mean share of the landmarks that were seen in the frames with a pose; NaN where it is not known."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a motion says."""

    movement: Movement
    movement_given: bool
    """Whether the user named the movement."""
    events: tuple[Event, ...]
    """In the order of time."""
    measures: tuple[Measure, ...]
    """Measures of the movement first, then ranges of motion and reach."""
    angles: AngleTable
    quality: Quality = Quality()
    signal: str = ""
    """Key of the angle that repeats, for a movement that repeats and has no name."""
    other_movements: tuple[Movement, ...] = ()
    """Further movements in the recording, which were not measured."""

    def measure(self, name: str, side: str = "", repetition: int = 0) -> Measure | None:
        """A measure by its name; None where it was not measured."""
        for measure in self.measures:
            if (measure.measure, measure.side, measure.repetition) == (name, side, repetition):
                return measure
        return None

    def summary(self) -> Iterator[Measure]:
        """The measures of all repetitions together."""
        return (measure for measure in self.measures if measure.repetition == 0)

    def judged(self, quality: Quality) -> Findings:
        """The same with another verdict."""
        return replace(self, quality=quality)


SURE_DEG, SURE_PHOTO_DEG = 15.0, 20.0
"""An angle with a larger standard deviation is a guess from other people's postures, which differ by as much. A
photo's angles are read from a single view, and all of them are less sure."""


def surely_seen(values: Array, sd: Array) -> Mask:
    """(T, m) which angles were seen well enough, from their values and standard deviations in degrees."""
    limit = SURE_DEG if len(values) > 1 else SURE_PHOTO_DEG
    sure: Mask = np.isfinite(values) & ~(sd > limit)
    return sure
