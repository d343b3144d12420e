"""What is measured: the list of measures with their definitions, and one measured value."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pase.files import package_text
from pase.findings import Measure


class Key(NamedTuple):
    """Which value: the name of the measure, the side (or nothing), and the repetition from 1; 0 for all together."""

    measure: str
    side: str
    repetition: int


Values = dict[Key, float]
"""Measured values in the units of `DEFINITIONS`."""


class Definition(NamedTuple):
    """What a measure is."""

    plain: str
    unit: str
    digits: int
    """Decimals that are shown."""
    meaning: str
    source: str
    people_sd: float = np.inf
    """Standard deviation between healthy adults, in the unit: with a larger error the measure says nothing."""
    detection_sd: float = 0.0
    """Standard deviation, in its unit, of errors that the posterior does not contain: contacts by force plates,
    of repetitions by markers, nearly straight knees, arms overhead and uneven steps in synthetic films."""
    by_time: bool = False
    """Whether a length follows from times alone, and not from the person's size."""


DEFINITIONS: Mapping[str, Definition] = {
    name: Definition(**fields)
    for name, fields in tomllib.loads(package_text("analysis/measures.toml")).items()
}
"""Every measure but those of single angles, by name, from `measures.toml`."""

ANGLE_ENDINGS = {
    "_min": ("least", "deg"), "_max": ("largest", "deg"), "_range": ("range", "deg"), "_speed": ("fastest", "deg/s"),
}  # fmt: skip
"""Measures of every angle: the least and largest value, the range between, and the largest angular speed."""

LENGTH_UNITS = ("m", "m/s")
"""Measures in these grow with the person's size."""

SYMMETRY = "_symmetry"
"""Ending of the measures of how much longer the right side is than the left."""


def definition(name: str) -> Definition:
    """What a measure is, those of the angles too."""
    if name in DEFINITIONS:
        return DEFINITIONS[name]
    for ending, (word, unit) in ANGLE_ENDINGS.items():
        if name.endswith(ending):
            from pase.analysis.angles import BY_NAME

            angle = BY_NAME[name.removesuffix(ending)]
            return Definition(f"{angle.plain}, {word}", unit, 0, f"{word} in sure frames", "")
    raise KeyError(name)


def heading(name: str, side: str, *, unit: bool = True) -> str:
    """A measure as people call it: `Step length, right, m`."""
    entry = definition(name)
    return ", ".join(filter(None, (entry.plain, side, unit_text(entry.unit) if unit else "")))


def measure_place(kind: tuple[str, str]) -> tuple[int, str, str]:
    """By which measures of a name and side are sorted: as in `DEFINITIONS`, those of angles after them by name."""
    name, side = kind
    order = list(DEFINITIONS)
    return (order.index(name), "", side) if name in order else (len(order), name, side)


def unit_text(unit: str) -> str:
    """A unit as people read it."""
    return {"deg": "°", "deg/s": "°/s"}.get(unit, unit)


def averaged(values: Values) -> Values:
    """The values, and for every measure of repetitions also its mean over them, as repetition 0."""
    groups: dict[Key, list[float]] = {}
    for key, value in values.items():
        if key.repetition and np.isfinite(value):
            groups.setdefault(key._replace(repetition=0), []).append(value)
    return {**{key: float(np.mean(group)) for key, group in groups.items()}, **values}


def as_measures(values: Values, draws: Sequence[Values], scale_sd: float = 0.0) -> list[Measure]:
    """Measures with their standard deviations over draws from the posterior, where there are any.

    The mean over repetitions is as uncertain as one of them: errors of a film last (view, clothes, the lean that a
    lifter gives), and many repetitions do not take them away as they take the draws' noise. How much longer one side
    is than the other is as uncertain as the two sides are.

    Parameters
    ----------
    values
        Values in the estimate.
    draws
        The same in each motion drawn from the posterior.
    scale_sd
        Relative standard deviation of the person's size, which the draws have in common.
    """
    sds = {key: _sd_over(draws, key, value) for key, value in values.items()}
    repetitions: dict[Key, list[Key]] = {}
    for key in values:
        if key.repetition:
            repetitions.setdefault(key._replace(repetition=0), []).append(key)
    for key, members in repetitions.items():
        single = [sds[k] for k in members if np.isfinite(sds[k])]
        if key in values and single:
            sds[key] = max(sds[key], float(np.sqrt(np.mean(np.square(single)))))
    for key in values:
        if key.measure.endswith(SYMMETRY):
            sds[key] = max(sds[key], _sd_of_symmetry(values, draws, key))
    measures = []
    for key, value in values.items():
        entry = definition(key.measure)
        of_scale = value * scale_sd if entry.unit in LENGTH_UNITS and not entry.by_time else 0.0
        sds[key] = float(np.linalg.norm((sds[key], _detection_sd(values, key), of_scale)))
        group = [values[k] for k in repetitions.get(key, []) if np.isfinite(values[k])]
        measures.append(
            Measure(
                key.measure, value, sds[key], entry.unit, key.side, key.repetition,
                max(1, len(group)), float(np.std(group, ddof=1)) if len(group) > 1 else np.nan,
            )
        )  # fmt: skip
    return measures


def _sd_of_symmetry(values: Values, draws: Sequence[Values], key: Key) -> float:
    """Standard deviation of 200 (right - left) / (right + left), for both sides as uncertain as one repetition.

    An error that both sides share, as that of a belt's speed, drops out: the sides are compared with their sum in
    each draw. What one has too much of that sum, the other lacks.
    """
    of = key.measure.removesuffix(SYMMETRY)
    sides = [Key(of, side, 0) for side in ("right", "left")]
    total, of_sides = sum(values[side] for side in sides), 0.0
    factors = [total / sum(draw.get(side, np.nan) for side in sides) for draw in draws]
    for side in sides:
        keys = [k for k in values if k.repetition and k[:2] == side[:2]] or [side]
        compared = [
            {k: draw[k] * f for k in keys if k in draw} for draw, f in zip(draws, factors, strict=True)
        ]
        single = np.array([_sd_over(compared, k, values[k]) for k in keys])
        finite = single[np.isfinite(single)]
        of_sides += float(np.sqrt(np.mean(np.square(finite)))) if finite.size else np.nan
    return 200 * of_sides / total


def _detection_sd(values: Values, key: Key) -> float:
    """Standard deviation of the errors of a value that the posterior does not contain, in its unit.

    A foot whose contacts are found late in all strides, as one side's may be in any view but from the front, makes
    the steps of that side too long in time and those of the other too short by as much.
    """
    if key.measure == "jump_height_flight_time":
        duration = values[key._replace(measure="flight_time")]
        return 2 * values[key] / duration * definition("flight_time").detection_sd
    sd = definition(key.measure).detection_sd
    if not key.measure.endswith(SYMMETRY):
        return sd
    of = key.measure.removesuffix(SYMMETRY)
    factor = 2.0 if of == "step_time" else float(np.sqrt(2))
    total = values[Key(of, "right", 0)] + values[Key(of, "left", 0)]
    return float(np.hypot(sd, 200 * factor * definition(of).detection_sd / total))


def _sd_over(draws: Sequence[Values], key: Key, value: float) -> float:
    """Root mean square difference of the draws from the value; NaN where too few of them have it.

    About the value, not about the draws' mean: noise makes extremes larger, in the draws as in the estimate.
    """
    values = np.array([draw[key] for draw in draws if np.isfinite(draw.get(key, np.nan))])
    return (
        float(np.sqrt(np.mean(np.square(values - value))))
        if len(values) > max(2, len(draws) // 2)
        else np.nan
    )
