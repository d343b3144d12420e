"""Priors of postures, accelerations, sizes and cameras."""

from collections.abc import Sequence

import numpy as np

from pase.fit.problem import Linearization
from pase.fit.terms.base import Derivatives, ResidualBlock, RobustTerm, SquaredTerm, Term, by_shared
from pase.types import Array


class PosePrior(SquaredTerm):
    """`L (q − mean)` of the coordinates in every frame, with `Lᵀ L` the precision of human postures.

    Parameters
    ----------
    mean
        (n,) of the coordinates, rad or m.
    precision
        (n, n) inverse of their covariance; zero rows leave a coordinate free.
    weight
        (T,) weight of a frame: 0 leaves what is not measured at random, a high one shrinks movements to the mean.
    """

    name = "pose prior"
    unit = "rad"

    def __init__(self, mean: Array, precision: Array, weight: Array) -> None:
        values, vectors = np.linalg.eigh(precision)
        held = values > 1e-9
        self._mean = mean
        self._whiten = np.sqrt(values[held])[:, None] * vectors[:, held].T
        self._gain = np.sqrt(weight)

    def residual(self, at: Linearization) -> Array:
        """(T, R) deviations in standard deviations, R the rank of the precision."""
        return np.asarray(((at.state.q - self._mean) @ self._whiten.T) * self._gain[:, None])

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals with their constant derivatives."""
        return ResidualBlock(self.residual(at), constant=(self._whiten, self._gain))


CORRELATION_TIME_S = 0.1


class Smoothness(Term):
    """`acceleration / σ` of every coordinate, in physical units whatever the frame rate.

    The acceleration is taken as noise of standard deviation σ with the correlation time τ = 0.1 s, so that the cost
    is the integral `½ ∫ ρ((q̈/σ)²) dt / τ`. `ρ(s) = 2w² (√(1 + s/w²) − 1)` (pseudo-Huber, convex) grows with the
    acceleration itself beyond w: people mostly move calmly, but a jump or a stride is no less human for it.
    Frames need not be evenly spaced.

    Parameters
    ----------
    time
        (T,) seconds.
    sigma
        (n,) rad/s² or m/s²: a low one smooths fast movements away, a high one lets noise through.
    width
        w, accelerations in standard deviations from which on the cost is linear: a low one spares jumps and smooths
        calm movements, a high one treats all alike; infinite for a squared loss.
    """

    name = "smoothness"
    unit = "rad/s²"

    def __init__(self, time: Array, sigma: Array, width: float = np.inf) -> None:
        before, after = np.diff(time)[:-1], np.diff(time)[1:]
        span = 0.5 * (before + after)
        root = np.sqrt(span / CORRELATION_TIME_S)
        gain = root[:, None] / sigma
        self._coefficients = {
            0: gain / (before * span)[:, None],
            1: -gain * ((1 / before + 1 / after) / span)[:, None],
            2: gain / (after * span)[:, None],
        }
        self._calm = np.square(width * root)[:, None]

    def residual(self, at: Linearization) -> Array:
        """(T − 2, n) accelerations in standard deviations, before the robust loss."""
        q, M = at.state.q, len(self._calm)
        acceleration: Array = sum(
            (c * q[k : k + M] for k, c in self._coefficients.items()), np.zeros((M, q.shape[1]))
        )
        return acceleration

    def costs(self, at: Linearization) -> Array:
        """(T − 2,) half the losses of each instant."""
        squared = np.square(self.residual(at))
        return np.asarray((squared / (np.sqrt(1 + squared / self._calm) + 1)).sum(-1))

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals with their diagonal derivatives by three frames, weighted by the loss."""
        residual = self.residual(at)
        root = (1 + np.square(residual) / self._calm) ** -0.25
        return ResidualBlock(residual * root, {k: c * root for k, c in self._coefficients.items()})


class SharedPrior(SquaredTerm):
    """`L⁻¹ (x − mean)` for some of the shared unknowns, with `L Lᵀ` their covariance.

    Serves proportions (log scale factors) and the landmark offsets.

    Parameters
    ----------
    columns
        Its place among the shared unknowns.
    mean, covariance
        (p,) and (p, p): a small covariance holds the unknowns at the mean, a large one leaves them to the data.
    weight
        How many times the prior counts.
    """

    unit = "1"

    def __init__(
        self, name: str, columns: slice, mean: Array, covariance: Array, weight: float = 1.0
    ) -> None:
        self.name = name
        self._columns = columns
        self._mean = mean
        self._whiten = np.sqrt(weight) * np.linalg.inv(np.linalg.cholesky(covariance))

    def residual(self, at: Linearization) -> Array:
        """(1, p) whitened deviations."""
        deviation: Array = self._whiten @ (at.state.shared[self._columns] - self._mean)
        return deviation[None]

    def block(self, at: Linearization) -> ResidualBlock:
        """Residuals with their constant derivative."""
        return ResidualBlock(self.residual(at), dshared=by_shared(at, self._columns, self._whiten))


class CameraPrior(RobustTerm):
    """`(x − mean) / σ` of pitch, roll, height and log focal length of the camera, each with a robust loss.

    Most cameras are held level. The robust loss leaves one that is not free to be tilted; a squared loss would not.

    Parameters
    ----------
    columns
        Place of the camera among the shared unknowns.
    mean, sigma
        (4,) rad, rad, m and 1: a low sigma holds the camera level and at its usual height.
    width
        Widths of the loss in standard deviations: low ones let a tilted camera go early, high ones draw it back to
        level. Half the square is the cost of a camera that is held otherwise:
        for one in fifty rolled by any angle `−ln(0.02 · 1.1° √2π / 180°) = 8`.
    """

    name = "camera"
    unit = "rad, m"

    def __init__(
        self,
        columns: slice,
        mean: Array,
        sigma: Array,
        weight: float = 1.0,
        width: Sequence[float] = (3.0, 4.0, 3.0, 3.0),
    ) -> None:
        self._columns = columns
        self._mean = mean
        self._sigma = sigma
        self._weight = np.full((1, 1), weight)
        self._width = np.array(width)

    def residual(self, at: Linearization) -> Array:
        """(1, 4, 1) deviations in standard deviations before the robust loss."""
        deviation: Array = (at.state.shared[self._columns] - self._mean) / self._sigma
        return deviation[None, :, None]

    def derivatives(self, at: Linearization, root: Array) -> tuple[Derivatives, Array | None]:
        """A diagonal by the camera's unknowns."""
        return {}, by_shared(at, self._columns, np.diag(root[0] / self._sigma))


class Height(SquaredTerm):
    """`(stature − height) / σ`: the skeleton standing upright is as tall as the user says, in metres.

    Parameters
    ----------
    sigma
        Its standard deviation, metres: a low one fixes the scale of everything, with a high one it is the camera's.
    """

    name = "height"
    unit = "m"

    def __init__(self, height_m: float, sigma: float = 0.005) -> None:
        self._height = height_m
        self._sigma = sigma

    def residual(self, at: Linearization) -> Array:
        """(1, 1) difference of the statures in standard deviations."""
        size = at.state.shared[at.model.layout.size]
        return np.array([[(at.model.proportions.stature(size) - self._height) / self._sigma]])

    def block(self, at: Linearization) -> ResidualBlock:
        """The residual with its derivative by the size parameters."""
        size = at.model.layout.size
        gradient = at.model.proportions.stature_gradient(at.state.shared[size]) / self._sigma
        return ResidualBlock(self.residual(at), dshared=by_shared(at, size, gradient[None]))
