"""Mirror poses: left and right exchanged."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.anatomy.functions import Linear
from pase.anatomy.joints import rotation_xyz
from pase.anatomy.model import Joint, Skeleton, split_side
from pase.errors import InputError
from pase.types import Array

OTHER_SIDE = {"r": "l", "l": "r"}
MIRROR = np.array([1.0, 1.0, -1.0])
"""Reflection in the sagittal plane of the world and of every body: Z changes its sign."""

SYMMETRICAL = 0.7
"""Standard deviations; a cluster whose mean is nowhere further from its mirror image's is its own mirror image."""


@dataclass(frozen=True)
class MirrorTable:
    """The mirrored pose of `q` is `sign * q[..., index]`."""

    index: NDArray[np.intp]
    """(n,) free coordinate on the other side, or the coordinate itself on the midline."""
    sign: Array
    """(n,) 1 or -1."""

    def __call__(self, q: Array) -> Array:
        """Mirrored coordinates (..., n) of q (..., n)."""
        return self.sign * q[..., self.index]


def mirror_table(skeleton: Skeleton) -> MirrorTable:
    """How the free coordinates change when a person is seen in a mirror at Z = 0.

    Sides are known by the endings `_r` and `_l` of the coordinates' names, signs by the joint axes.

    Raises
    ------
    InputError
        A coordinate has no partner on the other side, or the two move about axes that are no mirror images.
    """
    axes = {name: axis for joint in skeleton.joints for name, axis in _main_axes(joint)}
    index, sign = [], []
    for name in skeleton.free_names:
        partner = other_side(name)
        index.append(skeleton.coordinate_index(partner))
        is_rotation, axis = axes[name]
        _, partner_axis = axes[partner]
        agreement = float((axis * MIRROR) @ partner_axis) * (-1 if is_rotation else 1)
        if abs(abs(agreement) - 1) > 1e-2:
            raise InputError(f"coordinates '{name}' and '{partner}' do not move about mirrored axes")
        sign.append(np.sign(agreement))
    return MirrorTable(np.array(index, np.intp), np.array(sign, float))


def other_side(name: str) -> str:
    """The name on the other side: `knee_angle_r` → `knee_angle_l`; names of the midline stay."""
    core, side = split_side(name)
    return f"{core}_{OTHER_SIDE[side]}" if side else name


def _main_axes(joint: Joint) -> Iterator[tuple[str, tuple[bool, Array]]]:
    """Of each coordinate, whether it turns, and the direction in the parent body that it turns about.

    The last is given that is found first as a plain rotation, else as a plain translation, else as any.
    """
    turn = rotation_xyz(joint.parent_frame.orientation)
    axes = [(True, a) for a in joint.rotations] + [(False, a) for a in joint.translations]
    axes.sort(key=lambda pair: not isinstance(pair[1].function, Linear))
    named: set[str] = set()
    for is_rotation, axis in axes:
        if axis.coordinate is None or axis.coordinate in named:
            continue
        named.add(axis.coordinate)
        slope = float(axis.function.derivative(np.zeros(())))
        yield axis.coordinate, (is_rotation, turn @ np.asarray(axis.axis) * np.sign(slope))


def with_mirror_image(flip: Array, mean: Array, covariance: Array) -> list[tuple[Array, Array]]:
    """A Gaussian and its mirror image, or the one that stands for both where they are alike.

    `flip` (n, n) mirrors a posture (n,) from the right of it.
    """
    twin, twin_covariance = mean @ flip, flip.T @ covariance @ flip
    if (np.abs(mean - twin) < SYMMETRICAL * np.sqrt(np.diag(covariance))).all():
        apart = 0.5 * (mean - twin)
        return [(0.5 * (mean + twin), 0.5 * (covariance + twin_covariance) + np.outer(apart, apart))]
    return [(mean, covariance), (twin, twin_covariance)]
