"""Whether markers make a body or its mirror image, as in left-handed axes or where left and right are exchanged."""

from collections.abc import Sequence

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.fit.inputs import BodyPoint
from pase.series import evenly_spread
from pase.types import Array, Indices

_POSTURES, _FRAMES, _DRAWS = 100, 200, 4000
_ALIKE = 0.97
"""Share of postures in which four points must keep their handedness to be used."""
_THICK = 0.05
"""Least usual volume of the four relative to the corner of a cube; flat ones have no clear handedness."""
_APART_M = 0.15
"""Least usual distance between two of the four: where neighbouring markers sit differs between laboratories."""
_FEWEST = 10
_MIRRORED_BELOW = 0.2
"""Least share of bodies, strange postures and 8 cm of noise included; mirror images have the rest to 1."""


def is_mirrored(xyz: Array, skeleton: Skeleton, markers: Sequence[BodyPoint]) -> bool:
    """Whether the markers make the mirror image of a body with these names.

    Four points are right- or left-handed. Sets of four that keep their handedness in nearly every posture of the
    model are used, such as hips, knee and ankle: knees bend backwards only.

    Parameters
    ----------
    xyz
        (T, K, 3) markers; NaN where unseen.
    markers
        Where the K markers are on it.
    """
    share = own_share(xyz, skeleton, markers)
    return share is not None and share < _MIRRORED_BELOW


def own_share(xyz: Array, skeleton: Skeleton, markers: Sequence[BodyPoint]) -> float | None:
    """Share of the markers' volume with the handedness of the body, 0 to 1; None where too few points show it."""
    if len(markers) < 4:
        return None
    random = np.random.default_rng(0)
    low, high = (np.clip(ends, skeleton.standing_q - 2, skeleton.standing_q + 2) for ends in skeleton.bounds)
    drawn = random.uniform(low, high, (_POSTURES, len(low)))
    postures = (skeleton.standing_q + drawn) / 2
    fours = np.argsort(random.random((_DRAWS, len(markers))), axis=1)[:, :4]
    points = Kinematics(skeleton, [m.landmark for m in markers]).positions(postures)
    model, apart = _thickness(points, fours), _least_distance(points, fours)
    hand = np.sign(model.mean(axis=0))
    telling = (np.sign(model) == hand).mean(axis=0) >= _ALIKE
    telling &= (np.abs(model).mean(axis=0) > _THICK) & (apart > _APART_M)
    frames = evenly_spread(len(xyz), _FRAMES)
    measured = _thickness(xyz[frames], fours[telling]) * hand[telling]
    measured = measured[:, np.isfinite(measured).any(axis=0)]
    if measured.shape[1] < _FEWEST:
        return None
    return float(np.nansum(np.maximum(measured, 0)) / max(np.nansum(np.abs(measured)), 1e-12))


def _least_distance(points: Array, fours: Indices) -> Array:
    """(N,) mean over postures (P, K, 3) of the least distance between two of four points (N, 4)."""
    corners = points[:, fours]
    pairs = [
        np.linalg.norm(corners[:, :, i] - corners[:, :, k], axis=-1)
        for i in range(3)
        for k in range(i + 1, 4)
    ]
    return np.asarray(np.min(pairs, axis=0).mean(axis=0))


def _thickness(points: Array, fours: Indices) -> Array:
    """(…, N) volumes that four points (N, 4) of (…, K, 3) span, right-handed ones above 0; 1 for a cube's corner."""
    first, *rest = np.moveaxis(points[..., fours, :], -2, 0)
    a, b, c = (point - first for point in rest)
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1) * np.linalg.norm(c, axis=-1)
    volume = np.einsum("...i,...i", np.cross(a, b), c)
    return np.asarray(volume / np.maximum(lengths, 1e-9))
