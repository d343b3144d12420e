"""Covariances of postures that may be of several kinds, and of held ones that a lifter may have mistaken.

At a solution the normal equations know one kind of posture: the likeliest. Here the measurements alone, a Gaussian in
each frame, are multiplied by the whole mixture of kinds. Where a person may stand or crouch, the covariance contains
both. The prior counts once, as a posture is of one kind however long it is held, and only the errors of measurements
are multiplied by the calibration.

A lifter's standard deviations are right on average, but not for each kind. On 158 synthetic films they are 1 to 2
times too large for the knees of people who stand or move, and 3.3 times too small for a crouch that is held facing
the camera or away from it: the lifter sees legs nearly straight. So each kind comes a second time, with a lifter that
has mistaken it for the posture of the solution.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pase.fit.normal import NormalEquations
from pase.fit.problem import Linearization, State
from pase.fit.renewal import held_share
from pase.fit.solver import Problem
from pase.fit.terms.lifted_depth import LiftedDepth
from pase.fit.terms.posture_kinds import KindsPrior, PostureKinds
from pase.fit.trial import Trial
from pase.fit.uncertainty import coordinate_covariances
from pase.series import interpolated, thinned
from pase.types import Array

MISTAKEN = 0.1
"""Probability that a lifter takes a held posture for another one."""

_MISTAKEN_WAY = (0.8, 0.3)
"""How far it takes it for the other one, mean and standard deviation: of held crouches of synthetic people before or
behind which the camera stands."""

_LEAST_SHARE = 1e-3
"""Kinds that are less likely in all frames are left out."""

_RATE_HZ = 6.0
"""Frames a second in which the kinds are weighed up: covariances change slowly."""


@dataclass(frozen=True)
class PostureGaussian:
    """A Gaussian of the posture in each frame."""

    offset: Array
    """(T, n) its mean, from the solution."""
    covariance: Array
    """(T, n, n)"""

    @property
    def about_solution(self) -> Array:
        """(T, n, n) mean products of the deviations from the solution."""
        return np.asarray(self.covariance + self.offset[:, :, None] * self.offset[:, None])


@dataclass(frozen=True)
class Mistakes:
    """How far the solution follows a lifter that takes a posture for another one."""

    probability: Array
    """(T,)"""
    follow: Array
    """(T, n, n) change of the solution by that of the posture that the lifter sees."""


def with_kinds(
    measured: PostureGaussian, q: Array, kinds: PostureKinds, mistakes: Mistakes | None = None
) -> PostureGaussian:
    """What measurements and kinds of posture say together: mean and covariance of the mixture.

    Parameters
    ----------
    measured
        By the measurements alone, with calibrated errors.
    q
        (T, n) the solution.
    kinds
        K Gaussians of m coordinates.
    mistakes
        Of the lifter; None without one.
    """
    columns = kinds.columns
    posture = PostureGaussian(measured.offset[:, columns], measured.covariance[:, columns[:, None], columns])
    cases = list(_cases(posture, q[:, columns], kinds, mistakes))
    logs = np.array([case.log_share + _log_evidence(case) for case in cases])
    share = np.exp(logs - logs.max(0))
    share /= share.sum(0)
    mean, products = np.zeros_like(posture.offset), np.zeros_like(posture.covariance)
    for weight, case in zip(share, cases, strict=True):
        if weight.max() > _LEAST_SHARE:
            posterior = _posterior(case)
            mean += weight[:, None] * posterior.offset
            products += weight[:, None, None] * posterior.about_solution
    change = products - mean[:, :, None] * mean[:, None] - posture.covariance
    follow = np.linalg.solve(posture.covariance, measured.covariance[:, columns]).swapaxes(1, 2)
    return PostureGaussian(
        measured.offset + (follow @ (mean - posture.offset)[..., None])[..., 0],
        measured.covariance + follow @ change @ follow.swapaxes(1, 2),
    )


def posture_covariances(
    trial: Trial[Any], problem: Problem, state: State, whole: NormalEquations, calibration: float
) -> Array:
    """(T, n, n) covariances of the postures about the solution, the shared unknowns held, over `calibration`².

    Parameters
    ----------
    trial
        The recording at the T frames.
    problem, state, whole
        Its cost with independent frames, the solution, and the normal equations there.
    calibration
        Ratio of real errors of measurements to those of the posterior.
    """
    at, posture = Linearization(problem.model, state, shared_free=False), trial.subject.posture
    alone = whole.without(problem.normal_equations(at, KindsPrior))
    T, n, _ = alone.lag0.shape
    rows = thinned(trial.time, _RATE_HZ)
    offset = -alone.solve(alone.gradient_q.reshape(-1, 1)).reshape(T, n)[rows]
    measured = PostureGaussian(offset, calibration**2 * coordinate_covariances(alone)[rows])
    lifted = problem.normal_equations(at, LiftedDepth).lag0
    mistakes = None
    if lifted.any():
        follow = alone.solve(lifted.reshape(-1, n)).reshape(T, n, n)[rows]
        mistakes = Mistakes(MISTAKEN * held_share(trial.renewal, T)[rows], follow)
    if posture.kinds is not None:
        measured = with_kinds(measured, state.q[rows], posture.kinds, mistakes)
    if posture.arms is not None:
        measured = with_kinds(measured, state.q[rows], posture.arms)
    flat = measured.about_solution.reshape(len(rows), -1) / calibration**2
    return interpolated(flat, trial.time[rows], trial.time).reshape(T, n, n)


@dataclass(frozen=True)
class _Case:
    """One kind, and what the measurements say if the posture is of this kind."""

    log_share: Array | float
    """(T,) of its prior probability."""
    away: Array
    """(T, m) from the solution to the mean of the kind."""
    spread: Array
    """(m, m) covariance of the kind."""
    measured: PostureGaussian
    step: Array | None = None
    """(T, m) one standard deviation of the lifter's mistake; None where it is right."""

    @property
    def covariance(self) -> Array:
        """(T, m, m) by the measurements."""
        if self.step is None:
            return self.measured.covariance
        return np.asarray(self.measured.covariance + self.step[:, :, None] * self.step[:, None])


def _cases(
    posture: PostureGaussian, q: Array, kinds: PostureKinds, mistakes: Mistakes | None
) -> Iterator[_Case]:
    """All kinds with a lifter that is right, then all with one that is mistaken."""
    right = 0.0 if mistakes is None else np.log1p(-mistakes.probability)
    log_share, columns = np.log(kinds.share), kinds.columns
    for k, (mean, spread) in enumerate(zip(kinds.mean, kinds.covariance, strict=True)):
        yield _Case(right + log_share[k], mean - q, spread, posture)
    if mistakes is None:
        return
    wrong, follow = np.log(mistakes.probability + 1e-9), mistakes.follow[:, columns[:, None], columns]
    usual, deviation = _MISTAKEN_WAY
    for k, (mean, spread) in enumerate(zip(kinds.mean, kinds.covariance, strict=True)):
        way = (follow @ (mean - q)[..., None])[..., 0]
        moved = PostureGaussian(posture.offset + usual * way, posture.covariance)
        yield _Case(wrong + log_share[k], mean - q, spread, moved, deviation * way)


def _log_evidence(case: _Case) -> Array:
    """(T,) logarithm of the density of the measurements under a kind, up to a constant."""
    root = np.linalg.cholesky(case.covariance + case.spread)
    off = np.linalg.solve(root, (case.away - case.measured.offset)[..., None])[..., 0]
    return np.asarray(-np.log(np.einsum("tii->ti", root)).sum(1) - 0.5 * np.square(off).sum(1))


def _posterior(case: _Case) -> PostureGaussian:
    """Measurements and one kind together."""
    covariance = case.covariance
    gain = np.linalg.solve(covariance + case.spread, covariance).swapaxes(1, 2)
    step = (gain @ (case.away - case.measured.offset)[..., None])[..., 0]
    return PostureGaussian(case.measured.offset + step, covariance - gain @ covariance)
