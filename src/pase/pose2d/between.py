"""Keypoints in frames that were not looked at, from the frames around them."""

import numpy as np

from pase.types import Array, Mask


def fill_between(xy: Array, sigma: Array, score: Array, time: Array, unmeasured: Mask) -> None:
    """Place keypoints on smooth curves through the measured frames around them, in place.

    The curves are piecewise cubic (modified Akima): they follow the measurements near by alone and do not overshoot.

    Parameters
    ----------
    xy
        (T, K, 2) px, NaN where unseen.
    sigma, score
        (T, K, 2) px and (T, K), which go straight from one measured frame to the next.
    time
        (T,) seconds.
    unmeasured
        (T,) frames to fill. A keypoint that is not seen in the measured frames right before and after stays NaN.
    """
    rows = np.flatnonzero(unmeasured)
    measured = np.flatnonzero(~unmeasured & np.isfinite(xy).all(-1).any(-1))
    if not len(rows) or len(measured) < 2:
        return
    from scipy.interpolate import Akima1DInterpolator

    after = np.clip(np.searchsorted(measured, rows), 1, len(measured) - 1)
    for k in range(xy.shape[1]):
        finite = np.isfinite(xy[:, k, 0])
        both = rows[finite[measured[after - 1]] & finite[measured[after]]]
        knots = measured[finite[measured]]
        if not len(both) or len(knots) < 2:
            continue
        curve = Akima1DInterpolator(time[knots], xy[knots, k], method="makima")
        xy[both, k] = curve(time[both])
        score[both, k] = np.interp(time[both], time[knots], score[knots, k])
        for axis in (0, 1):
            sigma[both, k, axis] = np.interp(time[both], time[knots], sigma[knots, k, axis])


def third_derivative(places: Array, times: Array) -> Array:
    """Third derivative (..., 2), px/s³, of the cubic through places (4, ..., 2) in px at times (4,) in s."""
    differences = [places]
    for order in (1, 2, 3):
        spans = (times[order:] - times[:-order]).reshape(-1, *[1] * (places.ndim - 1))
        differences.append(np.diff(differences[-1], axis=0) / spans)
    return np.asarray(6 * differences[3][0])
