"""Our bones under the names of other models' mesh files.

The models that descend from Delp's leg and trunk (OpenSim's `gait2392`, Rajagopal's and their kin) have the same
body axes as ours. They call the same bones by other names, and draw the whole trunk with four files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np

from pase.anatomy.placement import place_bone
from pase.anatomy.surfaces import BoneSurface, stored_bones

_STEM = re.compile(r"(?:(?P<first>[rl])_)?(?P<bone>.+?)(?:_(?P<last>[rl])v?)?(?:_raja)?", re.ASCII)

TRUNK_FILES: Mapping[str, tuple[str, ...]] = {
    "hat_spine": ("lumbar", "thoracic", "cerv"),
    "hat_ribs": ("ribs",),
    "hat_ribs_scap": ("ribs", "clavicle", "scapula"),
    "hat_skull": ("skull",),
    "hat_jaw": ("jaw",),
}
"""How the names of the bones begin that each of these files holds, in the axes of the trunk."""

SHOULDER_HEIGHT_M = 0.3715
"""Of Rajagopal's shoulder joint above the origin of the trunk; our trunk is stretched to it."""


def bone_by_other_name(stem: str) -> BoneSurface | None:
    """The bone that another model's mesh file shows, in the axes of its body; None where we have no such bone.

    Parameters
    ----------
    stem
        The file's name without folder and suffix, as `r_femur`, `pelvis` or `hat_ribs`.
    """
    if stem in TRUNK_FILES:
        return _trunk(TRUNK_FILES[stem])
    file = _by_bone_and_side().get(_bone_and_side(stem))
    return None if file is None else stored_bones()[file]


def _bone_and_side(stem: str) -> tuple[str, str]:
    """`r_pelvis_raja` and `pelvis` are both the right pelvis: a bone without a side is the right one."""
    words = _STEM.fullmatch(stem)
    return (words["bone"], words["first"] or words["last"] or "r") if words else (stem, "r")


@cache
def _by_bone_and_side() -> dict[tuple[str, str], str]:
    return {_bone_and_side(file.removesuffix(".vtp")): file for file in stored_bones()}


@cache
def _trunk(beginnings: tuple[str, ...]) -> BoneSurface:
    """Bones of our trunk, neck and shoulder girdle in the neutral pose, as one surface in the axes of the trunk."""
    from pase.anatomy.default import default_skeleton
    from pase.anatomy.kinematics import Kinematics

    skeleton = default_skeleton()
    origin = Kinematics(skeleton, ()).pose(skeleton.neutral_q[None]).origin[0]
    origin = origin - origin[skeleton.body_index("torso")]
    stretch = np.array([1, SHOULDER_HEIGHT_M / origin[skeleton.body_index("humerus_r"), 1], 1])
    bones = [
        place_bone(stored_bones()[mesh.file], mesh, np.ones(3)).moved(place)
        for body, place in zip(skeleton.bodies, origin, strict=True)
        for mesh in body.meshes
        if mesh.file.startswith(beginnings)
    ]
    start = np.cumsum([0, *(len(bone.vertices) for bone in bones)])
    return BoneSurface(
        np.concatenate([bone.vertices for bone in bones]) * stretch,
        np.concatenate([bone.faces + first for bone, first in zip(bones, start, strict=False)]).astype(
            np.int32
        ),
        np.concatenate([bone.normals for bone in bones]),
    )
