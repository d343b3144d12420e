"""What is measured: the list of measures with their definitions, and one measured value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

Movement = Literal[
    "walking", "running", "jump", "squat", "sit_to_stand", "lunge", "arm_raise", "periodic", "standing", "other"
]
MOVEMENTS: Mapping[Movement, str] = {
    "walking": "walking", "running": "running", "jump": "jumps", "squat": "squats",
    "sit_to_stand": "standing up from a seat", "lunge": "lunges", "arm_raise": "arm raises",
    "periodic": "a movement that repeats", "standing": "standing", "other": "another movement",
}  # fmt: skip
"""Kinds of movement, and how a page calls them."""

EventName = Literal[
    "foot_strike", "toe_off", "flight_start", "landing", "repetition_start", "repetition_turn", "repetition_end"
]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens at a moment."""

    time_s: float
    event: EventName
    side: str = ""
    """`right`, `left`, or nothing."""


class Key(NamedTuple):
    """Which value: the name of the measure, the side (or nothing), and the repetition from 1; 0 for all together."""

    measure: str
    side: str
    repetition: int


Values = dict[Key, float]
"""Measured values in the units of `DEFINITIONS`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value with its standard deviation."""

    measure: str
    """A name of `DEFINITIONS`, or the name of an angle with `_min`, `_max`, `_range` or `_speed`."""
    value: float
    sd: float
    """Standard deviation of the error, in the same unit; NaN where it is not known."""
    unit: str
    side: str = ""
    repetition: int = 0
    """Number of the step, stride or repetition, from 1; 0 for the mean over all, or what is measured once."""
    count: int = 1
    """Repetitions behind the value."""
    spread: float = np.nan
    """Standard deviation between the repetitions; NaN for fewer than two."""


class Definition(NamedTuple):
    """What a measure is."""

    plain: str
    unit: str
    digits: int
    """Decimals that are shown."""
    meaning: str
    source: str


DEFINITIONS: Mapping[str, Definition] = {
    "walking_speed": Definition("Speed", "m/s", 2, "way of the hips over the ground from the first to the last foot strike, by the time between them", "Whittle 2007"),
    "running_speed": Definition("Speed", "m/s", 2, "as for walking; on a treadmill that of the belt and of the hips on it together", "Whittle 2007"),
    "cadence": Definition("Cadence", "steps/min", 0, "120 by the mean stride time; by 60 by the mean step time where no stride is whole", "Whittle 2007"),
    "step_length": Definition("Step length", "m", 2, "from the heel print of the other foot to that of this one, along the way", "Whittle 2007"),
    "step_time": Definition("Step time", "s", 2, "from foot strike of the other foot to foot strike of this one", "Whittle 2007"),
    "step_width": Definition("Step width", "m", 2, "between the heel prints of the two feet, across the way", "Whittle 2007"),
    "stride_length": Definition("Stride length", "m", 2, "from heel print to the next heel print of the same foot", "Whittle 2007"),
    "stride_time": Definition("Stride time", "s", 2, "from foot strike to the next foot strike of the same foot; from toe-off to toe-off where that is all that was seen", "Whittle 2007"),
    "stance_time": Definition("Stance time", "s", 2, "from foot strike to toe-off of the same foot", "Perry & Burnfield 2010"),
    "swing_time": Definition("Swing time", "s", 2, "from toe-off to foot strike of the same foot", "Perry & Burnfield 2010"),
    "stance_share": Definition("Stance", "%", 0, "stance time by stride time", "Perry & Burnfield 2010"),
    "double_support": Definition("Double support", "%", 0, "share of the stride in which both feet are on the ground", "Perry & Burnfield 2010"),
    "foot_clearance": Definition("Foot clearance", "m", 3, "least height of the ball of the foot in the middle half of the swing, above its height in stance", "Winter 1992"),
    "step_length_symmetry": Definition("Step length, right to left", "%", 0, "200 · (right − left) / (right + left); 0 is even", "Robinson et al. 1987"),
    "step_time_symmetry": Definition("Step time, right to left", "%", 0, "200 · (right − left) / (right + left); 0 is even", "Robinson et al. 1987"),
    "stance_time_symmetry": Definition("Stance time, right to left", "%", 0, "200 · (right − left) / (right + left); 0 is even", "Robinson et al. 1987"),
    "contact_time": Definition("Contact time", "s", 3, "from foot strike to toe-off of the same foot", "Novacheck 1998"),
    "flight_time": Definition("Flight time", "s", 3, "while no foot is on the ground", "Novacheck 1998"),
    "duty_factor": Definition("Duty factor", "%", 0, "contact time by stride time", "Novacheck 1998"),
    "vertical_oscillation": Definition("Vertical oscillation", "m", 3, "highest less lowest height of the centre of mass within a step", "Novacheck 1998"),
    "overstride": Definition("Overstride", "m", 2, "how far the ankle is ahead of the hips at foot strike", "Lieberman et al. 2015"),
    "jump_height": Definition("Jump height", "m", 2, "rise of the centre of mass from take-off to its highest point, by a parabola through its flight", "Linthorne 2001"),
    "jump_height_flight_time": Definition("Jump height by flight time", "m", 2, "g · (flight time)² / 8", "Linthorne 2001"),
    "knee_flexion_at_landing": Definition("Knee flexion at landing", "deg", 0, "at the first contact after the flight", "Padua et al. 2009"),
    "knee_valgus_at_landing": Definition("Knee valgus at landing", "deg", 0, "largest within 0.2 s after the first contact, seen from the front", "Padua et al. 2009"),
    "squat_depth": Definition("Squat depth", "deg", 0, "largest knee flexion, mean of both knees", "Schoenfeld 2010"),
    "lunge_depth": Definition("Lunge depth", "deg", 0, "largest knee flexion of the leg in front", "Schoenfeld 2010"),
    "hip_drop": Definition("Hips go down", "m", 2, "height of the hips at the start less that at the turn", "Schoenfeld 2010"),
    "time_down": Definition("Time down", "s", 2, "from the start (10 % of the way) to the turn", "Schoenfeld 2010"),
    "time_up": Definition("Time up", "s", 2, "from the turn to the end (10 % of the way left)", "Schoenfeld 2010"),
    "repetition_time": Definition("Time of a repetition", "s", 2, "from start to end", "Schoenfeld 2010"),
    "repetitions": Definition("Repetitions", "", 0, "number of whole repetitions", ""),
    "trunk_lean": Definition("Trunk lean", "deg", 0, "largest forward lean of the trunk against the vertical", "Schoenfeld 2010"),
    "knee_valgus_peak": Definition("Knee valgus", "deg", 0, "largest knee valgus seen from the front while the knee is bent by less than 90°", "Willson & Davis 2008"),
    "knee_asymmetry": Definition("Knee flexion, right less left", "deg", 0, "at the turn", ""),
    "stand_up_time": Definition("Time to stand up", "s", 2, "from leaving the seat (10 % of the way up) to standing (90 %)", "Guralnik et al. 1994"),
    "five_times_sit_to_stand": Definition("Five times sit-to-stand", "s", 1, "from leaving the seat for the first to standing for the fifth time", "Guralnik et al. 1994"),
    "arm_elevation_peak": Definition("Arm elevation", "deg", 0, "largest angle of the upper arm to the trunk", "Wu et al. 2005"),
    "reach_height": Definition("Reach up", "m", 2, "largest height of the wrist above the ground", ""),
    "reach_forward": Definition("Reach forward", "m", 2, "largest distance of the wrist ahead of the ankles", "Duncan et al. 1990"),
}  # fmt: skip
"""Every measure that is no angle's range; the sources are listed in docs/measures.md."""

ANGLE_ENDINGS = {
    "_min": ("least", "deg"), "_max": ("largest", "deg"), "_range": ("range", "deg"), "_speed": ("fastest", "deg/s"),
}  # fmt: skip
"""Measures of every angle: the least and largest value, the range between, and the largest angular speed."""


def definition(name: str) -> Definition:
    """What a measure is, those of the angles too."""
    if name in DEFINITIONS:
        return DEFINITIONS[name]
    for ending, (word, unit) in ANGLE_ENDINGS.items():
        if name.endswith(ending):
            from pase.analysis.angles import BY_NAME

            angle = BY_NAME[name.removesuffix(ending)]
            return Definition(f"{angle.plain}, {word}", unit, 0, f"{word} value of the angle in sure frames", "")
    raise KeyError(name)


def averaged(values: Values) -> Values:
    """The values, and for every measure of repetitions also its mean over them, as repetition 0."""
    groups: dict[Key, list[float]] = {}
    for key, value in values.items():
        if key.repetition and np.isfinite(value):
            groups.setdefault(key._replace(repetition=0), []).append(value)
    return {**{key: float(np.mean(group)) for key, group in groups.items()}, **values}


def as_measures(values: Values, draws: Sequence[Values]) -> list[Measure]:
    """Measures with standard deviations: those of the same values in draws from the posterior, where there are any."""
    measures = []
    for key, value in values.items():
        drawn = np.array([draw[key] for draw in draws if np.isfinite(draw.get(key, np.nan))])
        sd = float(np.std(drawn, ddof=1)) if len(drawn) > max(2, len(draws) // 2) else np.nan
        each = [v for k, v in values.items() if k.repetition and k[:2] == key[:2] and np.isfinite(v)]
        pooled = key.repetition == 0 and len(each) > 0
        measures.append(
            Measure(
                key.measure, value, sd, definition(key.measure).unit, key.side, key.repetition,
                len(each) if pooled else 1,
                float(np.std(each, ddof=1)) if pooled and len(each) > 1 else np.nan,
            )
        )  # fmt: skip
    return measures
