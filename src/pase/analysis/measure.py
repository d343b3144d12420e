"""What is measured: the list of measures with their definitions, and one measured value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np

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


def _read_definitions() -> dict[str, Definition]:
    text = files("pase.analysis").joinpath("measures.toml").read_text(encoding="utf-8")
    return {name: Definition(**fields) for name, fields in tomllib.loads(text).items()}


DEFINITIONS: Mapping[str, Definition] = _read_definitions()
"""Every measure that is no angle's range, by name, from `measures.toml`."""

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
            return Definition(
                f"{angle.plain}, {word}", unit, 0, f"{word} value of the angle in sure frames", ""
            )
    raise KeyError(name)


def averaged(values: Values) -> Values:
    """The values, and for every measure of repetitions also its mean over them, as repetition 0."""
    groups: dict[Key, list[float]] = {}
    for key, value in values.items():
        if key.repetition and np.isfinite(value):
            groups.setdefault(key._replace(repetition=0), []).append(value)
    return {**{key: float(np.mean(group)) for key, group in groups.items()}, **values}


def as_measures(values: Values, draws: Sequence[Values]) -> list[Measure]:
    """Measures with their standard deviations over draws from the posterior, where there are any.

    The mean over repetitions is as uncertain as one of them: errors of a film last (view, clothes, the lean that a
    lifter gives), and many repetitions do not take them away as they take the draws' noise.
    """
    sds = {key: _sd_over(draws, key) for key in values}
    measures = []
    for key, value in values.items():
        alike = [k for k in values if key.repetition == 0 and k.repetition and k[:2] == key[:2]]
        each = [values[k] for k in alike if np.isfinite(values[k])]
        lasting = [sds[k] for k in alike if np.isfinite(sds[k])]
        sd = max(sds[key], float(np.sqrt(np.mean(np.square(lasting))))) if lasting else sds[key]
        measures.append(
            Measure(
                key.measure, value, sd, definition(key.measure).unit, key.side, key.repetition,
                max(1, len(each)), float(np.std(each, ddof=1)) if len(each) > 1 else np.nan,
            )
        )  # fmt: skip
    return measures


def _sd_over(draws: Sequence[Values], key: Key) -> float:
    """Standard deviation of a value over the draws; NaN where too few of them have it."""
    drawn = np.array([draw[key] for draw in draws if np.isfinite(draw.get(key, np.nan))])
    return float(np.std(drawn, ddof=1)) if len(drawn) > max(2, len(draws) // 2) else np.nan
