"""Human body sizes: scale groups of the default skeleton and the prior of their log factors.

A person's size is a vector of log scale factors, one for each *group*: one or two axes of a few bodies, left
and right tied. The prior is a Gaussian in these logs, learned from body measurements of adults, with a growth
correction for children. `docs/proportions.md` has the sources, the method and its limits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from pase.errors import InputError
from pase.files import package_text
from pase.types import Array

_AXES = "xyz"
_STATURE_SD_M = 0.010
"""How far the skeleton's stack may stray from a stature that is known: posture and footwear."""
_CHILD_CENTRE_M, _CHILD_WIDTH_M = 1.42, 0.03
"""Without an age, people of this stature are as likely children as adults; logistic in between."""
_CHILD_REFERENCE_M = 1.55
"""Adults of this stature are what a child's proportions are measured against."""
_CHILD_AGES = (11.0, 17.0)
"""With an age: a child below the first, an adult above the second."""
_CHILD_INFLATION = 1.5
"""Factor on the standard deviations of adults, for the variety of growth."""


@dataclass(frozen=True)
class PersonFacts:
    """Facts about a person, as far as given; the arguments of `Proportions.prior`, in their order."""

    height_m: float | None = None
    """Standing height."""
    mass_kg: float | None = None
    sex: str | None = None
    """`female` or `male`."""
    age_years: float | None = None


@dataclass(frozen=True)
class Prior:
    """A Gaussian of log scale factors."""

    mean: Array
    """(P,) log scale factors."""
    covariance: Array
    """(P, P), symmetric and positive definite."""
    description: str
    """One line: whom the prior stands for."""


@dataclass(frozen=True)
class Proportions:
    """Scale groups of the default skeleton, its stature, and the prior of human proportions.

    Examples
    --------
    >>> from pase.anatomy.proportions import load_proportions
    >>> proportions = load_proportions()
    >>> prior = proportions.prior(height_m=1.70)
    >>> round(proportions.stature(prior.mean), 2)
    1.7
    """

    groups: tuple[str, ...]
    """Names of the P groups."""
    axes: tuple[str, ...]
    """Axes that each group scales: of `x` (depth), `y` (length), `z` (width)."""
    bodies: tuple[tuple[str, ...], ...]
    """Bodies that each group scales."""
    _data: dict[str, Any] = field(repr=False, compare=False)

    def index(self, group: str) -> int:
        """Index of a group; the error lists the valid names."""
        try:
            return self.groups.index(group)
        except ValueError:
            names = ", ".join(self.groups)
            raise InputError(f"no scale group '{group}'; the groups are: {names}") from None

    def matrix(self, body_names: Sequence[str]) -> Array:
        """(B, 3, P) zeros and ones: log scale factors of the bodies = matrix · those of the groups.

        Raises
        ------
        InputError
            When a body belongs to no group.
        """
        scaled_bodies = {name for bodies in self.bodies for name in bodies}
        result = np.zeros((len(body_names), 3, len(self.groups)))
        for b, name in enumerate(body_names):
            if name not in scaled_bodies:
                raise InputError(
                    f"no scale group has a body '{name}'; known are: {', '.join(sorted(scaled_bodies))}"
                )
            for p, (axes, bodies) in enumerate(zip(self.axes, self.bodies, strict=True)):
                if name in bodies:
                    result[b, [_AXES.index(a) for a in axes], p] = 1.0
        return result

    def body_scale(self, log_scale: Array, body_names: Sequence[str]) -> Array:
        """(B, 3) scale factors of the bodies from (P,) log scale factors of the groups."""
        return np.asarray(np.exp(self.matrix(body_names) @ self._checked(log_scale)))

    def log_scale(self, body_scale: Array, body_names: Sequence[str]) -> Array:
        """(P,) log scale factors that come closest (least squares in logs) to (B, 3) factors of the bodies.

        Groups of which no body is given stay at 0.
        """
        rows = self.matrix(body_names).reshape(-1, len(self.groups))
        return np.asarray(np.linalg.lstsq(rows, np.log(np.asarray(body_scale, float)).ravel(), rcond=None)[0])

    def stature(self, log_scale: Array) -> float:
        """Standing height of the neutral pose in metres: Σ cₘ exp(xₘ) over stacked bones + soft tissue."""
        stack = self._stack * np.exp(self._checked(log_scale))
        return float(stack.sum() + self._data["stature"]["soft_tissue_m"])

    def stature_gradient(self, log_scale: Array) -> Array:
        """(P,) derivative of `stature` in metres per unit of log scale."""
        return np.asarray(self._stack * np.exp(self._checked(log_scale)))

    def lengths(self, log_scale: Array) -> dict[str, float]:
        """Distances between joint centres in metres: hip_width, shoulder_width, thigh, shank, foot, arms."""
        x = self._checked(log_scale)
        items = self._data["lengths"].items()
        return {n: float(v["generic_m"] * np.exp(x[self.index(v["group"])])) for n, v in items}

    def prior(
        self,
        height_m: float | None = None,
        mass_kg: float | None = None,
        sex: str | None = None,
        age_years: float | None = None,
    ) -> Prior:
        """Prior of the log scale factors of a person of whom this much is known.

        Parameters
        ----------
        height_m
            Standing height, 0.5 to 2.6 m. Without it, that of the population (its mean and spread are stated
            in the description).
        mass_kg
            Body mass, 3 to 400 kg; acts on widths and depths.
        sex
            `female` or `male`; without it, both in equal parts.
        age_years
            Without it, people well below 1.42 m are taken for children. An adult's age marks a short adult.

        Raises
        ------
        InputError
            When a value is out of these bounds.
        """
        _check("height_m", height_m, 0.5, 2.6)
        _check("mass_kg", mass_kg, 3.0, 400.0)
        _check("age_years", age_years, 0.0, 120.0)
        if sex not in (None, "female", "male"):
            raise InputError(f"sex must be 'female', 'male' or left out, not '{sex}'")
        sexes = ("female", "male") if sex is None else (sex,)
        weight = _child_weight(height_m, age_years)
        mixture = []
        if weight < 1:
            adults = [self._adult(s, height_m, mass_kg) for s in sexes]
            share = np.exp([fit - max(a[2] for a in adults) for _, _, fit in adults])
            share *= (1 - weight) / share.sum()
            mixture += [(float(w), (m, c)) for w, (m, c, _) in zip(share, adults, strict=True)]
        if weight > 0:
            mixture += [(weight / len(sexes), self._child(s, height_m, mass_kg, age_years)) for s in sexes]
        mean, covariance = _mixture(mixture)
        covariance += np.diag([group["slack"] ** 2 for group in self._data["groups"]])
        if height_m is not None:
            mean, covariance = self._at_stature(mean, covariance, height_m)
        return Prior(mean, covariance, self._describe(sex, height_m, mass_kg, age_years, weight))

    def child_heads(self) -> tuple[Array, Array]:
        """Statures of children (k,) in metres, and how much broader their heads are for it than adults' (k,)."""
        table, adult_m = self._data["children"], self.population_height()[0]
        heights = np.array(table["height_m"])
        return heights, np.exp(table["log_of_adult"]["head_breadth"]) * adult_m / heights

    def population_height(self, sex: str | None = None) -> tuple[float, float]:
        """Mean and standard deviation of adults' stature in metres; without a sex, of both in equal parts."""
        p = len(self.groups)
        adults = [self._data["adults"][s] for s in (("female", "male") if sex is None else (sex,))]
        means = np.exp([sex_data["mean"][p] for sex_data in adults])
        variances = means**2 * np.array([sex_data["covariance"][p][p] for sex_data in adults])
        return float(means.mean()), float(np.sqrt(variances.mean() + means.var()))

    def average_mass(self, height_m: float, sex: str | None = None, age_years: float | None = None) -> float:
        """Body mass in kilograms of an average person of a height, by the body mass index of adults or children."""
        adults = [self._data["adults"][s] for s in (("female", "male") if sex is None else (sex,))]
        adult_index = float(np.mean(np.exp([sex_data["mean"][-1] for sex_data in adults])))
        table, child = self._data["children"], _child_weight(height_m, age_years)
        child_index = float(np.interp(height_m, table["height_m"], table["body_mass_index"]))
        return height_m**2 * (child * child_index + (1 - child) * adult_index)

    @property
    def _stack(self) -> Array:
        result = np.zeros(len(self.groups))
        for group, metres in self._data["stature"]["bones_m"].items():
            result[self.index(group)] = metres
        return result

    def _checked(self, log_scale: Array) -> Array:
        x = np.asarray(log_scale, float)
        if x.shape != (len(self.groups),):
            raise InputError(f"log_scale must have shape ({len(self.groups)},), not {x.shape}")
        return x

    def _adult(self, sex: str, height_m: float | None, mass_kg: float | None) -> tuple[Array, Array, float]:
        """Mean and covariance of adults given the facts, and the log likelihood of the facts."""
        adults = self._data["adults"][sex]
        mean, covariance = np.array(adults["mean"]), np.array(adults["covariance"])
        p = len(self.groups)
        rows, values = [], []
        if height_m is not None:
            rows.append(np.eye(p + 2)[p])
            values.append(np.log(height_m))
        if mass_kg is not None:  # log mass = log index + 2 log height
            rows.append(np.eye(p + 2)[p + 1] + 2 * np.eye(p + 2)[p])
            values.append(np.log(mass_kg))
        observed = np.array(rows).reshape(-1, p + 2)
        mean, covariance, fit = _condition(mean, covariance, observed, np.array(values))
        return mean[:p], covariance[:p, :p], fit

    def _child(
        self, sex: str, height_m: float | None, mass_kg: float | None, age_years: float | None
    ) -> tuple[Array, Array]:
        """Mean and covariance of children of a stature, or of an age."""
        table = self._data["children"]
        _, covariance, _ = self._adult(sex, _CHILD_REFERENCE_M, None)
        covariance = _CHILD_INFLATION**2 * covariance
        if height_m is not None:
            return self._child_mean(sex, height_m, mass_kg), covariance
        height = float(np.interp(age_years or 0.0, table["age_years"], table["age_height_m"]))
        step = 0.02
        taller, shorter = (self._child_mean(sex, height * np.exp(d), mass_kg) for d in (step, -step))
        slope = (taller - shorter) / (2 * step)
        spread = table["log_height_sd"] ** 2 * np.outer(slope, slope)
        return self._child_mean(sex, height, mass_kg), covariance + spread

    def _child_mean(self, sex: str, height_m: float, mass_kg: float | None) -> Array:
        """A small adult's log scales at the child's stature, shifted by growth; the trunk fills up."""
        table = self._data["children"]

        def at(values: Sequence[float]) -> float:
            return float(np.interp(height_m, table["height_m"], values))

        adults = self._data["adults"][sex]
        p = len(self.groups)
        index = float(np.exp(adults["mean"][p + 1]))
        if mass_kg is not None:
            index *= mass_kg / height_m**2 / at(table["body_mass_index"])
        small, _, _ = self._adult(sex, _CHILD_REFERENCE_M, index * _CHILD_REFERENCE_M**2)
        mean = small + np.log(height_m / _CHILD_REFERENCE_M)
        for group, values in table["log_ratio"].items():
            mean[self.index(group)] += at(values)
        for group, values in table["log_of_adult"].items():
            i = self.index(group)
            mean[i] = adults["mean"][i] + at(values)
        trunk = self.index("trunk_length")
        other_segments_m = self.stature(mean) - self._stack[trunk] * np.exp(mean[trunk])
        mean[trunk] = np.log(max(height_m - other_segments_m, 0.1 * height_m) / self._stack[trunk])
        return np.asarray(mean)

    def _at_stature(self, mean: Array, covariance: Array, height_m: float) -> tuple[Array, Array]:
        """The most likely shift of the mean that gives the stature, and the covariance that then remains."""
        start = mean
        for _ in range(20):
            gradient = self.stature_gradient(mean)
            missing = height_m - self.stature(mean) + gradient @ (mean - start)
            reach = covariance @ gradient
            mean = start + reach * (missing / (gradient @ reach))
            if abs(self.stature(mean) - height_m) < 1e-9:
                break
        gradient = self.stature_gradient(mean)
        reach = covariance @ gradient
        covariance = covariance - np.outer(reach, reach) / (gradient @ reach + _STATURE_SD_M**2)
        return mean, 0.5 * (covariance + covariance.T)

    def _describe(
        self,
        sex: str | None,
        height_m: float | None,
        mass_kg: float | None,
        age_years: float | None,
        child: float,
    ) -> str:
        young = {None: "children of both sexes", "female": "girls", "male": "boys"}
        grown = {None: "people of both sexes", "female": "women", "male": "men"}
        people = young[sex] if child > 0.99 else grown[sex]
        if 0.01 < child <= 0.99:
            people += f", {100 * child:.0f} % as children"
        facts = [f"{height_m:.2f} m tall"] if height_m is not None else []
        facts += [f"{mass_kg:.1f} kg"] if mass_kg is not None else []
        facts += [f"{age_years:g} years old"] if age_years is not None else []
        text = ", ".join([people, *facts])
        if height_m is None and child < 0.01:
            mean, sd = self.population_height(sex)
            text += f"; height assumed: {mean:.2f} ± {sd:.2f} m (mean ± SD of adults)"
        elif height_m is None:
            text += "; height assumed from the age"
        return text


@cache
def load_proportions() -> Proportions:
    """The proportions of the default skeleton, read once from the package's assets."""
    data = json.loads(package_text("assets/proportions.json"))
    groups = data["groups"]
    return Proportions(
        groups=tuple(g["name"] for g in groups),
        axes=tuple(g["axes"] for g in groups),
        bodies=tuple(tuple(g["bodies"]) for g in groups),
        _data=data,
    )


def _check(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise InputError(f"{name} must be between {low:g} and {high:g}, not {value:g}")


def _child_weight(height_m: float | None, age_years: float | None) -> float:
    """Probability, 0 to 1, that the person has a child's proportions."""
    if age_years is not None:
        young, grown = _CHILD_AGES
        u = float(np.clip((grown - age_years) / (grown - young), 0.0, 1.0))
        return u * u * (3 - 2 * u)
    if height_m is None:
        return 0.0
    weight = float(1 / (1 + np.exp((height_m - _CHILD_CENTRE_M) / _CHILD_WIDTH_M)))
    return weight if weight > 1e-3 else 0.0


def _condition(mean: Array, covariance: Array, rows: Array, values: Array) -> tuple[Array, Array, float]:
    """The Gaussian given that rows · z = values, and the log density of the values."""
    if not len(values):
        return mean, covariance, 0.0
    cross = covariance @ rows.T
    inner = rows @ cross
    gain = np.linalg.solve(inner, cross.T).T
    miss = values - rows @ mean
    fit = -0.5 * (miss @ np.linalg.solve(inner, miss) + np.linalg.slogdet(inner)[1])
    covariance = covariance - gain @ cross.T
    return mean + gain @ miss, 0.5 * (covariance + covariance.T), float(fit)


def _mixture(components: Sequence[tuple[float, tuple[Array, Array]]]) -> tuple[Array, Array]:
    """Mean and covariance of a mixture of Gaussians whose weights add up to 1."""
    mean = sum((w * m for w, (m, _) in components), start=np.zeros_like(components[0][1][0]))
    covariance = np.zeros_like(components[0][1][1])
    for weight, (m, c) in components:
        covariance += weight * (c + np.outer(m - mean, m - mean))
    return mean, covariance
