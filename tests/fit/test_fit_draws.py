import numpy as np
import pytest

from pase.fit.normal import NormalEquations
from pase.fit.uncertainty import (
    coordinate_covariances,
    coordinate_deviations,
    coordinate_errors,
    shared_errors,
)


def random_equations(frames: int, coordinates: int, unknowns: int) -> NormalEquations:
    """A positive definite system with ties between neighbours and with shared unknowns."""
    rng = np.random.default_rng(4)
    normal = NormalEquations(frames, coordinates, unknowns)
    half = rng.normal(size=(frames, coordinates, coordinates))
    normal.lag0 += half @ half.transpose(0, 2, 1) + 6 * np.eye(coordinates)
    normal.lag1 += 0.4 * rng.normal(size=normal.lag1.shape)
    normal.lag2 += 0.2 * rng.normal(size=normal.lag2.shape)
    normal.border += rng.normal(size=normal.border.shape)
    return normal


def dense(normal: NormalEquations) -> np.ndarray:
    frames, n, _ = normal.lag0.shape
    out = np.zeros((frames * n, frames * n))
    for t in range(frames):
        out[t * n : t * n + n, t * n : t * n + n] = normal.lag0[t]
        if t + 1 < frames:
            block = normal.lag1[t]
            out[(t + 1) * n : (t + 2) * n, t * n : t * n + n] = block
            out[t * n : t * n + n, (t + 1) * n : (t + 2) * n] = block.T
        if t + 2 < frames:
            block = np.diag(normal.lag2[t])
            out[(t + 2) * n : (t + 3) * n, t * n : t * n + n] = block
            out[t * n : t * n + n, (t + 2) * n : (t + 3) * n] = block
    return out


def test_drawn_errors_have_the_covariance_of_the_posterior() -> None:
    normal = random_equations(7, 3, 2)
    covariance = np.array([[0.5, 0.2], [0.2, 0.4]])
    of_shared = shared_errors(covariance, 2, 20_000)
    errors = coordinate_errors(normal, of_shared, 0.0, coordinate_covariances(normal), seed=1)
    inverse = np.linalg.inv(dense(normal))
    border = normal.border.reshape(21, 2)
    expected = inverse + inverse @ border @ covariance @ border.T @ inverse
    drawn = errors.reshape(len(errors), -1)
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.06 * expected.max())
    assert errors.std(axis=0) == pytest.approx(coordinate_deviations(normal, covariance), rel=0.05)


def test_the_share_of_errors_that_lasts_is_the_same_in_all_frames() -> None:
    frames, n, lasting = 5, 2, 0.4
    normal = NormalEquations(frames, n, 0)
    normal.lag0 += np.diag([4.0, 25.0])
    covariances = coordinate_covariances(normal)
    errors = coordinate_errors(normal, np.zeros((40_000, 0)), lasting, covariances, seed=2)
    assert errors.std(axis=0) == pytest.approx(np.tile([0.5, 0.2], (frames, 1)), rel=0.03)
    between = np.corrcoef(errors[:, 0, 0], errors[:, 4, 0])[0, 1]
    assert between == pytest.approx(lasting, abs=0.02)
    assert np.corrcoef(errors[:, 0, 0], errors[:, 4, 1])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_held_unknowns_have_no_errors() -> None:
    assert shared_errors(None, 4, 3).tolist() == [[0.0] * 4] * 3
