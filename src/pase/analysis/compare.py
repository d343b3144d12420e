"""Two recordings beside each other: which measures differ, and by more than the error."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pase.analysis.measure import DEFINITIONS, definition, heading, measure_place, unit_text
from pase.data import Motion
from pase.findings import Findings, Measure

INTERVAL = 1.96
"""Standard deviations on either side of a value that hold the truth in 95 of 100 cases."""


class ComparedResult(NamedTuple):
    """The main person of a result that is compared with others."""

    name: str
    """What pages and tables call it."""
    motion: Motion
    findings: Findings


@dataclass(frozen=True)
class Difference:
    """How a measure changed from one recording to another."""

    first: Measure
    second: Measure

    @property
    def measure(self) -> str:
        """Name of the measure."""
        return self.first.measure

    @property
    def change(self) -> float:
        """Second less first, in the measure's unit."""
        return self.second.value - self.first.value

    @property
    def sd(self) -> float:
        """Standard deviation of the change's error; NaN where that of a value is not known.

        Errors of two recordings are independent; those that both share (a height given wrong) drop out of no
        difference in angles and times, and of lengths by their share.
        """
        return float(np.hypot(self.first.sd, self.second.sd))

    @property
    def certain(self) -> bool | None:
        """Whether the change is more than the error, at 95 %; None where the error is not known."""
        return None if not np.isfinite(self.sd) else bool(abs(self.change) > INTERVAL * self.sd)

    @property
    def too_uncertain(self) -> bool:
        """Whether a range or speed changed by less than the error, and the error is larger than itself."""
        largest = max(abs(self.first.value), abs(self.second.value))
        return (
            self.certain is False
            and self.measure.endswith(("_range", "_speed"))
            and INTERVAL * self.sd > largest
        )

    def sentence(self) -> str:
        """As `Step length, right: 0.70 → 0.76 m, changed by 0.06 ± 0.04 m: more than the error`."""
        described = definition(self.measure)
        digits, unit = described.digits, unit_text(self.first.unit)
        unit = unit if unit.startswith("°") or not unit else f" {unit}"
        name = heading(self.measure, self.first.side, unit=False)
        values = f"{self.first.value:z.{digits}f} → {self.second.value:z.{digits}f}{unit}"
        if self.certain is None:
            return f"{name}: {values}, changed by {self.change:+z.{digits}f}{unit}; its error is not known"
        verdict = "more than the error" if self.certain else "within the error"
        half = INTERVAL * self.sd
        return f"{name}: {values}, changed by {self.change:+z.{digits}f} ± {half:.{digits}f}{unit}: {verdict}"


def differences(first: Findings, second: Findings) -> list[Difference]:
    """Measures of all repetitions together that both recordings have.

    Those of the movement come first, in the order of `DEFINITIONS`, and a measure's sides beside each other.

    Parameters
    ----------
    first, second
        What was found in the two recordings; they should show the same movement.
    """
    pairs = []
    for measure in first.summary():
        second_measure = second.measure(measure.measure, measure.side)
        if second_measure is not None and np.isfinite(measure.value) and np.isfinite(second_measure.value):
            pairs.append(Difference(measure, second_measure))
    named = [pair for pair in pairs if pair.measure in DEFINITIONS]
    angles = [pair for pair in pairs if pair.measure not in DEFINITIONS]
    return [*sorted(named, key=lambda pair: measure_place((pair.measure, pair.first.side))), *angles]
