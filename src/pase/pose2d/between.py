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
    after = np.clip(np.searchsorted(measured, rows), 1, len(measured) - 1)
    for k in range(xy.shape[1]):
        finite = np.isfinite(xy[:, k, 0])
        between_seen = rows[finite[measured[after - 1]] & finite[measured[after]]]
        knots = measured[finite[measured]]
        if not len(between_seen) or len(knots) < 2:
            continue
        xy[between_seen, k] = _akima(time[knots], xy[knots, k], time[between_seen])
        score[between_seen, k] = np.interp(time[between_seen], time[knots], score[knots, k])
        for axis in (0, 1):
            sigma[between_seen, k, axis] = np.interp(time[between_seen], time[knots], sigma[knots, k, axis])


def _akima(knots: Array, places: Array, time: Array) -> Array:
    """Places (N, 2) at times (N,) on the modified Akima curve through places (M, 2) at knots (M,), M at least 2.

    Akima, J ACM 17:589-602, 1970, with the weights of MATLAB's makima. Our own: to import SciPy's takes longer.
    """
    steps = np.diff(knots)[:, None]
    chords = np.diff(places, axis=0) / steps
    for _ in range(2):  # two further chords before the first and after the last, on parabolas
        second, last_but_one = chords[min(1, len(chords) - 1)], chords[max(-2, -len(chords))]
        ends = 2 * chords[0] - second, 2 * chords[-1] - last_but_one
        chords = np.concatenate([ends[:1], chords, ends[1:]])
    weights = np.abs(np.diff(chords, axis=0)) + 0.5 * np.abs(chords[1:] + chords[:-1])
    total = weights[2:] + weights[:-2]
    share = weights[:-2] / np.where(total > 0, total, 1.0)
    weighted = chords[1:-2] + share * (chords[2:-1] - chords[1:-2])
    slopes = np.where(total > 1e-9 * total.max(), weighted, 0.5 * (chords[3:] + chords[:-3]))
    i = np.clip(np.searchsorted(knots, time, "right") - 1, 0, len(knots) - 2)
    u = ((time - knots[i]) / steps[i, 0])[:, None]
    bend = steps[i] * ((1 - u) * (slopes[i] - chords[2:-2][i]) - u * (slopes[i + 1] - chords[2:-2][i]))
    return np.asarray((1 - u) * places[i] + u * places[i + 1] + u * (1 - u) * bend)


def third_derivative(places: Array, times: Array) -> Array:
    """Third derivative (..., 2), px/s³, of the cubic through places (4, ..., 2) in px at times (4,) in s."""
    differences = [places]
    for order in (1, 2, 3):
        spans = (times[order:] - times[:-order]).reshape(-1, *[1] * (places.ndim - 1))
        differences.append(np.diff(differences[-1], axis=0) / spans)
    return np.asarray(6 * differences[3][0])
