"""How often a posture becomes another one."""

import numpy as np
import pytest

from pase.anatomy.default import default_skeleton
from pase.fit.posture import posture_kinds
from pase.fit.renewal import FULL_RATE_HZ, ONE_LOOK, STEP_S, renewal

TIME = np.arange(0, 4.0, 1 / 30)


def _swing(amplitude_deg: float) -> np.ndarray:
    skeleton = default_skeleton()
    q = np.tile(skeleton.default_q, (len(TIME), 1))
    for side, sign in (("r", 1), ("l", -1)):
        swing = sign * np.radians(amplitude_deg) * np.sin(2 * np.pi * TIME)
        for name in ("hip_flexion", "knee_angle"):
            q[:, skeleton.coordinate_index(f"{name}_{side}")] += swing
    return q


def test_a_still_person_is_told_the_same_in_a_short_film_and_a_long_one() -> None:
    kinds, q = posture_kinds(default_skeleton()), _swing(0.0)
    for time in (TIME, 10 * TIME):
        assert renewal(kinds, time, q) == pytest.approx(ONE_LOOK)


def test_the_share_grows_with_the_movement_up_to_all() -> None:
    kinds = posture_kinds(default_skeleton())
    still, slow, fast = (renewal(kinds, TIME, _swing(a)).mean() for a in (0.0, 40.0, 500.0))
    assert still < slow < fast == 1.0


def test_the_rate_is_that_of_a_gaussian_process() -> None:
    kinds, rng, correlation_s = posture_kinds(default_skeleton()), np.random.default_rng(0), 0.7
    time = np.arange(0, 60.0, 0.1)
    covariance = np.exp(-np.square(time[:, None] - time) / (2 * correlation_s**2)) + 1e-8 * np.eye(len(time))
    spread = np.sqrt(np.einsum("kii->ki", kinds.covariance).mean(0) + kinds.mean.var(0))
    q = np.zeros((len(time), len(default_skeleton().free_names)))
    q[:, kinds.columns] = (
        np.linalg.cholesky(covariance) @ rng.standard_normal((len(time), len(spread))) * spread
    )
    expected = 1 / (np.sqrt(2 * np.pi) * correlation_s)
    assert correlation_s > 2 * STEP_S
    assert FULL_RATE_HZ * renewal(kinds, time, q).mean() == pytest.approx(expected, rel=0.1)
