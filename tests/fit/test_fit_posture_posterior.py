"""Error bars contain all kinds of posture that the measurements leave possible."""

import numpy as np
import pytest

from pase.fit.posture_posterior import Mistakes, PostureGaussian, with_kinds
from pase.fit.renewal import ONE_LOOK, held_share
from pase.fit.terms.posture_kinds import PostureKinds

STRAIGHT, BENT = 0.0, 1.0
SPREAD = 0.1
Q = np.zeros((1, 2))
"""The solution: straight, in the first of two coordinates."""


def _kinds(*means: float) -> PostureKinds:
    count = len(means)
    mean, covariance = np.array(means)[:, None], np.full((count, 1, 1), SPREAD**2)
    return PostureKinds(np.array([0]), mean, covariance, np.full(count, 1 / count))


def _measured(offset: float, deviation: float, correlation: float = 0.0) -> PostureGaussian:
    covariance = deviation**2 * np.array([[[1.0, correlation], [correlation, 1.0]]])
    return PostureGaussian(np.array([[offset, 0.0]]), covariance)


def _mistakes(probability: float, follow: float) -> Mistakes:
    return Mistakes(np.array([probability]), follow * np.eye(2)[None])


def test_one_kind_is_a_product_of_two_gaussians() -> None:
    posterior = with_kinds(_measured(0.3, 0.2), Q, _kinds(STRAIGHT))
    precision = 0.2**-2 + SPREAD**-2
    assert posterior.offset[0, 0] == pytest.approx(0.3 * 0.2**-2 / precision)
    assert posterior.covariance[0, 0, 0] == pytest.approx(1 / precision)
    assert posterior.covariance[0, 1, 1] == pytest.approx(0.2**2)


@pytest.mark.parametrize(("deviation", "least", "most"), [(0.1, 0.05, 0.1), (2.0, 0.4, 0.7)])
def test_both_kinds_count_where_the_measurements_leave_both(
    deviation: float, least: float, most: float
) -> None:
    posterior = with_kinds(_measured(0.0, deviation), Q, _kinds(STRAIGHT, BENT))
    assert least < np.sqrt(posterior.about_solution[0, 0, 0]) < most


def test_other_coordinates_follow_those_of_the_kinds() -> None:
    posterior = with_kinds(_measured(0.5, 0.5, correlation=0.9), Q, _kinds(BENT))
    alone = with_kinds(_measured(0.5, 0.5), Q, _kinds(BENT))
    assert posterior.offset[0, 1] == pytest.approx(0.9 * (posterior.offset[0, 0] - 0.5))
    assert posterior.covariance[0, 1, 1] < 0.5 * alone.covariance[0, 1, 1]


@pytest.mark.parametrize(
    ("probability", "follow", "contained"), [(0.0, 1.0, False), (0.1, 0.0, False), (0.1, 1.0, True)]
)
def test_a_bent_posture_that_the_lifter_may_see_straight_is_contained(
    probability: float, follow: float, contained: bool
) -> None:
    """Where depth comes from the lifter alone, and only where it may be mistaken."""
    posterior = with_kinds(_measured(0.0, 0.1), Q, _kinds(STRAIGHT, BENT), _mistakes(probability, follow))
    assert (np.sqrt(posterior.about_solution[0, 0, 0]) > 0.15) == contained


def test_a_photo_and_a_still_person_are_held_and_a_fast_one_is_not() -> None:
    assert held_share(1.0, 2).tolist() == [1.0, 1.0]
    assert held_share(np.array([ONE_LOOK, 1.0]), 2) == pytest.approx([1.0, 0.0])
