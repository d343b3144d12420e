"""Posterior standard deviations from the normal equations at the solution.

The covariance of a Gaussian posterior is the inverse of its Hessian. Only the blocks on the diagonal are
wanted; they follow from the Cholesky factor in time linear in the number of frames.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve

from pase.errors import InputError
from pase.fit.normal import NormalEquations
from pase.types import Array

CALIBRATION = 1.45
"""Real errors over posterior standard deviations: the skeleton is not the person, and keypoints drift with posture.
Measured against markers, so that 95 % intervals hold the truth that often (`benchmarks/calibration.py`)."""


@dataclass(frozen=True)
class ErrorModel:
    """Corrections of a posterior that takes frames as independent; the default changes nothing."""

    lasting: float = 0.0
    """Share of the variance of the coordinates' errors that lasts over the whole recording."""
    shared: float = 1.0
    """Ratio of real errors to the posterior's, for the unknowns that all frames share: frames with the same errors
    are counted as independent there."""
    calibration: float | None = None
    """Ratio of real errors of measurements to the posterior's, where the kinds of posture count as a mixture; see
    `pase.fit.posture_posterior`. None leaves the posterior as it is."""


FILM_ERRORS = ErrorModel(lasting=0.5, shared=1.4, calibration=CALIBRATION)
"""For films, from 115 synthetic ones (`benchmarks/measures.py`): the mean error of an angle over a film is
0.4 to 0.9 of its standard deviation, and lengths along the way are wrong by 3.8 % where the posterior says 2.7 %."""


@contextmanager
def _determined() -> Iterator[None]:
    """Turn a system that cannot be inverted into a message for the user."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise InputError(
            "the measurements do not determine a motion: a number in them is far out of proportion; check them"
        ) from error


def coordinate_deviations(
    normal: NormalEquations, shared_covariance: Array | None = None, covariances: Array | None = None
) -> Array:
    """Standard deviation (T, n) of every coordinate in every frame.

    Parameters
    ----------
    normal
        Normal equations at the solution, with unknowns at an end of their range left free.
    shared_covariance
        (m, m) of the shared unknowns; their own uncertainty is added through the border. None holds them.
    covariances
        What `coordinate_covariances` gives, where it is at hand.
    """
    T, n, _ = normal.lag0.shape
    covariances = coordinate_covariances(normal) if covariances is None else covariances
    variance = np.einsum("tii->ti", covariances).copy()
    if shared_covariance is not None and normal.border.shape[-1]:
        response = normal.response
        variance = variance + ((response @ shared_covariance) * response).sum(1).reshape(T, n)
    return np.asarray(np.sqrt(variance))


def coordinate_errors(
    normal: NormalEquations, shared_errors: Array, lasting: float, covariances: Array, seed: int = 0
) -> Array:
    """Errors (D, T, n) of all coordinates, drawn from the posterior: how those of frames and joints go together.

    Part of the errors lasts: a lifter leans a person the same way in all frames, clothes hide the same joint. This
    part has a share of the posterior's variance in every frame, and is drawn once for all frames.

    Parameters
    ----------
    shared_errors
        (D, m) errors of the shared unknowns, which the coordinates follow.
    lasting
        Share of the variance that lasts over all frames, 0 to 1.
    covariances
        What `coordinate_covariances` gives.
    """
    T, n, _ = normal.lag0.shape
    draws, random = len(shared_errors), np.random.default_rng(seed)
    # Drawn first, so that all windows of a recording have the same.
    chance = random.standard_normal((draws, n))
    passing = normal.sample(random.standard_normal((T * n, draws))).T.reshape(draws, T, n)
    errors: Array = np.sqrt(1 - lasting) * passing
    if lasting:
        errors += np.sqrt(lasting) * (chance @ _roots(covariances).transpose(0, 2, 1)).transpose(1, 0, 2)
    if shared_errors.shape[1] and normal.border.shape[-1]:
        errors -= (normal.response @ shared_errors.T).T.reshape(draws, T, n)
    return errors


def _roots(covariances: Array) -> Array:
    """(T, n, n) Cholesky factors, which change as smoothly as the covariances; by a billionth wider, for rounding."""
    wider = covariances.copy()
    wider[:, range(wider.shape[1]), range(wider.shape[1])] *= 1 + 1e-9
    return np.asarray(np.linalg.cholesky(wider), float)


def shared_errors(covariance: Array | None, unknowns: int, draws: int) -> Array:
    """(D, m) errors of the shared unknowns, drawn from their covariance (m, m); zero where it is None."""
    if covariance is None or not covariance.size:
        return np.zeros((draws, unknowns))
    noise = np.random.default_rng(0).standard_normal((draws, len(covariance)))
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(noise @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)


def coordinate_covariances(normal: NormalEquations) -> Array:
    """(T, n, n) posterior covariance of the coordinates of every frame, the shared unknowns held."""
    with _determined():
        return normal.band.inverse_blocks()


def shared_covariance(normal: NormalEquations) -> Array:
    """(m, m) posterior covariance of the shared unknowns."""
    T, n, _ = normal.lag0.shape
    m = normal.border.shape[-1]
    with _determined():
        factor = normal.factor(np.zeros((T, n)), np.zeros(m))
    if factor.corner is None:
        return np.zeros((0, 0))
    return np.asarray(cho_solve(factor.corner, np.eye(m)))
