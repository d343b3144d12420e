"""Feet on pedals: they go round, opposite each other, and go back at the bottom as feet on a treadmill do."""

import numpy as np

from pase.types import Array

_ROUND, _OPPOSITE = 0.6, 0.1
"""A foot on a pedal rises by at least the first share of its way to and fro, about 1; the feet of walkers and runners
rise by a sixth to two fifths. And the variance of the sum of the places of both feet is less than the second share of
that of their difference, both upwards and to and fro: a crank is stiff."""


def on_pedals(feet: Array) -> bool:
    """Whether the feet turn pedals.

    Parameters
    ----------
    feet
        (T, 2, 3) places of both feet in the world, Y up, metres.
    """
    flat = feet[..., [0, 2]] - feet[..., [0, 2]].mean(axis=0)
    along = np.linalg.svd(flat.reshape(-1, 2), full_matrices=False)[2][0]
    to_and_fro, height = flat @ along, feet[..., 1]
    opposite = [
        float(np.var(both.sum(1))) < _OPPOSITE * float(np.var(both[:, 0] - both[:, 1]))
        for both in (to_and_fro, height)
    ]
    way, rise = (np.subtract(*np.percentile(both, (95, 5), axis=0)) for both in (to_and_fro, height))
    return all(opposite) and bool((rise > _ROUND * way).all())
