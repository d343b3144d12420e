"""Whether markers are as far apart as on a human body, and in which unit they are where they are not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Skeleton
from pase.anatomy.proportions import load_proportions
from pase.data import Landmarks3D
from pase.errors import InputError
from pase.fit.inputs import BodyPoint, PointSet
from pase.series import evenly_spread
from pase.types import Array

PLAUSIBLE = (0.35, 1.7)
"""Size of a person over that of the model of an adult: from an infant to the tallest, in any posture."""

_MENDED = (0.5, 1.5)
"""The same where it has to speak for another unit than the file's: nearer to an adult."""

_UNITS = {
    1000.0: "a thousand times", 100.0: "a hundred times", 10.0: "ten times", 0.1: "a tenth of",
    0.01: "a hundredth of", 0.001: "a thousandth of", 1 / 0.0254: "inches in place of", 0.0254: "inches as",
}  # fmt: skip
"""Factors by which a unit is mistaken for another: metres, centimetres, millimetres, inches."""

_LIMBS = (
    ("RHip", "RKnee"), ("RKnee", "RAnkle"), ("LHip", "LKnee"), ("LKnee", "LAnkle"), ("RShoulder", "RElbow"),
    ("RElbow", "RWrist"), ("LShoulder", "LElbow"), ("LElbow", "LWrist"),
)  # fmt: skip
"""Bones by whose lengths an open unit is found."""

_ANKLE_HEIGHT_M = 0.07
"""Height of the ankle's centre above the floor; joints without a floor of their own are put there."""

_FRAMES = 200
_LEAST_DISTANCE_M = 0.05
_FEWEST_PAIRS = 6


def unit_factor(xyz: Array, skeleton: Skeleton, markers: Sequence[BodyPoint]) -> float:
    """Factor that brings markers to the size of a person; 1 where they have it.

    Parameters
    ----------
    xyz
        (T, K, 3) in what the file calls metres; NaN where unseen.
    skeleton
        The model in its own size.
    markers
        Where the K markers are on it.

    Raises
    ------
    InputError
        When no usual mistake of units makes a person of them.
    """
    ratio = size_ratio(xyz, skeleton, markers)
    if ratio is None or PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1]:
        return 1.0
    fitting = [factor for factor in _UNITS if _MENDED[0] <= ratio * factor <= _MENDED[1]]
    if not fitting:
        raise InputError(
            f"the markers are {ratio:.3g} times as far apart as on an adult: nobody is that size in the unit that "
            "the file names; check unit and names of the markers"
        )
    return min(fitting, key=lambda factor: abs(np.log(ratio * factor)))


def size_ratio(xyz: Array, skeleton: Skeleton, markers: Sequence[BodyPoint]) -> float | None:
    """How many times as far apart markers are as on the model: the median over their pairs; None if too few are seen.

    The median holds for all postures: those pairs that a movement brings nearer or farther are the fewer.
    """
    standing = skeleton.standing_q[None]
    model = Kinematics(skeleton, [m.landmark for m in markers]).positions(standing)[0]
    first, second = np.triu_indices(len(markers), 1)
    expected = np.linalg.norm(model[first] - model[second], axis=-1)
    frames = evenly_spread(len(xyz), _FRAMES)
    distance = np.linalg.norm(xyz[frames][:, first] - xyz[frames][:, second], axis=-1)
    measured = np.isfinite(distance).any(axis=0) & (expected > _LEAST_DISTANCE_M)
    if measured.sum() < _FEWEST_PAIRS:
        return None
    return float(np.median(np.nanmedian(distance[:, measured], axis=0) / expected[measured]))


def in_metres(
    data: Landmarks3D, skeleton: Skeleton, markers: PointSet, height_m: float | None
) -> tuple[Landmarks3D, float]:
    """Joints of Human3.6M in metres, and how many metres their unit is.

    In that unit the limbs are as long as a person's. The lowest ankle is put as high as it is above the floor.

    Parameters
    ----------
    data
        (T, 17, 3) joints in any unit, Y up.
    height_m
        Standing height of the person; that of an average adult when None.
    """
    body = load_proportions()
    scale = body.body_scale(body.prior(height_m=height_m).mean, skeleton.body_names)
    landmarks = [m.landmark for m in markers.markers]
    names = [m.name for m in landmarks]
    standing = Kinematics(skeleton, landmarks).positions(skeleton.standing_q[None], scale)
    lengths = [
        np.array(
            [
                np.nanmedian(np.linalg.norm(xyz[:, keys.index(a)] - xyz[:, keys.index(b)], axis=-1))
                for a, b in _LIMBS
            ]
        )
        for xyz, keys in ((standing, names), (data.xyz, list(data.names)))
    ]
    if not np.isfinite(lengths[1]).all() or lengths[1].sum() <= 0:
        raise InputError("the landmarks do not show all limbs: their unit cannot be found")
    factor = float(lengths[0].sum() / lengths[1].sum())
    xyz = data.xyz * factor
    lowest = float(np.nanpercentile(np.nanmin(xyz[..., 1], axis=1), 5))
    xyz[..., 1] += _ANKLE_HEIGHT_M - lowest
    return replace(data, xyz=xyz), factor
