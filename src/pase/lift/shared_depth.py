"""Errors of depth that all points of a lifted person share: a lean of the whole person is one error, not 42.

The lifter's depths are wrong together. Their covariance in a frame is `M diag(s²) Mᵀ + diag(σ²)`: each column of M
says how depths go wrong by one *mode*, such as a lean towards the camera; s is how far, σ what each point adds.
"""

from collections.abc import Sequence

import numpy as np

from pase.data import Landmarks3D
from pase.lift.features import facing
from pase.lift.points import POINTS
from pase.types import Array

MODES = (
    "shift", "lean", "turn", "stretch", "upper_lean", "upper_turn", "left_leg", "right_leg", "left_arm",
    "right_arm", "head",
)  # fmt: skip
"""A common shift; a lean about the horizontal, a turn about the vertical axis of the view (rad); depths too large or
small (a share); lean and turn of the part over the hips; legs, arms (rad) and the head (statures) of their own."""

MIRRORED_MODES = tuple(
    MODES.index(m.replace("left", "R").replace("right", "left").replace("R", "right")) for m in MODES
)
"""Index of each mode's twin on the other side."""

_FAR = {"Hip": 0.0, "Knee": 0.24, "Ankle": 0.48, "Toe": 0.5, "BigToe": 0.5, "SmallToe": 0.5, "Heel": 0.5}
_FAR_ON_ARM = {"Shoulder": 0.0, "Elbow": 0.17, "Wrist": 0.32}
_HEAD = ("Nose", "LEye", "REye", "LEar", "REar", "Head")
_LEGS = tuple(_FAR)


def _coefficients() -> Array:
    """(4, P, R): by each point and mode, the factors of 1, x, y and z of the point."""
    out = np.zeros((4, len(POINTS), len(MODES)))
    for p, name in enumerate(POINTS):
        stem = name.removesuffix("Joint")
        point = stem[1:] if stem[0] in "LR" and stem != "Lumbar" else stem
        upper = point not in _LEGS
        out[0, p, MODES.index("shift")] = 1.0
        for mode, axis in (("turn", 1), ("lean", 2), ("stretch", 3)):
            out[axis, p, MODES.index(mode)] = 1.0
        for mode, axis in (("upper_turn", 1), ("upper_lean", 2)):
            out[axis, p, MODES.index(mode)] = float(upper)
        if stem != point:
            side = "left" if stem[0] == "L" else "right"
            out[0, p, MODES.index(f"{side}_leg")] = _FAR.get(point, 0.0)
            out[0, p, MODES.index(f"{side}_arm")] = _FAR_ON_ARM.get(point, 0.0)
        out[0, p, MODES.index("head")] = float(name in _HEAD)
    return out


COEFFICIENTS = _coefficients()
"""(4, P, R) factors of 1, x, y, z of each point in each mode."""


def depth_modes(virtual: Array, names: Sequence[str] = POINTS) -> Array:
    """(..., P, R) how each mode moves the points' depths.

    Parameters
    ----------
    virtual
        (..., P, 3) points from the hip in the axes of a camera that looks straight at the person, in statures.
    names
        Which P of the lifter's points these are.
    """
    coefficients = COEFFICIENTS[:, [POINTS.index(name) for name in names]]
    return np.asarray(coefficients[0] + np.einsum("...pi,ipr->...pr", virtual, coefficients[1:]))


def along_sigma(virtual: Array, own_sigma: Array, shared_sigma: Array) -> Array:
    """(..., P) standard deviation of each point's depth from the hip, of all that goes wrong with it.

    Parameters
    ----------
    virtual
        (..., P, 3) as of `depth_modes`.
    own_sigma
        (..., P) standard deviation that each point has for itself.
    shared_sigma
        (..., R) that of the modes.
    """
    return np.asarray(
        np.sqrt(np.square(own_sigma) + np.square(depth_modes(virtual) * shared_sigma[..., None, :]).sum(-1))
    )


def errors_by_mode(landmarks: Landmarks3D) -> Array:
    """(T, K, R) one standard deviation of each mode but the shift, by landmark, in statures; empty without sigmas.

    Parameters
    ----------
    landmarks
        As `pase.lift.pase_lifter.PaseLifter` gives them.
    """
    if landmarks.sigma_shared is None or landmarks.ray is None:
        return np.zeros((len(landmarks), len(landmarks.names), 0))
    virtual = np.einsum("tij,tpj->tpi", facing(landmarks.ray), landmarks.xyz)
    modes = depth_modes(virtual, landmarks.names)
    return np.asarray((modes * landmarks.sigma_shared[:, None])[..., 1:])
