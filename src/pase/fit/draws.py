"""Motions drawn from the posterior of a fit, for the errors of whatever is measured of the motion."""

from collections.abc import Callable

import numpy as np

from pase.data import Draws
from pase.fit.problem import PersonModel
from pase.fit.schedule import SequenceEstimate
from pase.types import Array


def drawn_motions(
    model: PersonModel,
    shared: Array,
    sequence: SequenceEstimate,
    calibration: float = 1.0,
    moved: Callable[[Array], Array] = lambda q: q,
) -> Draws:
    """Samples of the posterior: the estimate's postures and sizes with drawn errors.

    The samples take the place of the errors of the postures, as those of an hour fill 0.15 GB.

    Parameters
    ----------
    sequence
        The motion, with the drawn errors; those of the postures are overwritten.
    calibration
        Factor on the errors, as on the standard deviations.
    moved
        Transforms coordinates (T, n) to the user's world.
    """
    low, high = model.skeleton.bounds
    for errors in sequence.errors:
        drawn = sequence.q + calibration * errors
        errors[:] = moved(np.clip(drawn, low, high, out=drawn))
    sizes = np.stack([model.scale(shared + calibration * errors) for errors in sequence.shared_errors])
    return Draws(sequence.errors, sizes.astype(np.float32))
