"""What people call a result, and the bones and coordinates that OpenSim's files abbreviate."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pase.anatomy.model import split_side

SIDES = {"r": "Right", "l": "Left"}

BONES = {
    "pelvis": "hip bone", "patella": "kneecap", "talusv": "talus", "foot": "heel and midfoot",
    "bofoot": "toes", "humerusv": "humerus", "ulnav": "ulna", "radiusv": "radius", "jaw": "Jaw",
    "ribs": "Ribs and breastbone", "clavicle": "collarbone", "scapula": "shoulder blade", "cerv1sm": "Atlas (C1)",
    "cerv2sm": "Axis (C2)",
}  # fmt: skip
"""Names by the stem of the mesh file without its side; for others the stem itself is read."""

FINGERS = {"proximal": "first phalanx", "medial": "middle phalanx", "distal": "last phalanx"}

COORDINATES = {
    "pelvis_rotation": "Pelvis turn", "pelvis_list": "Pelvis list", "pelvis_tilt": "Pelvis tilt",
    "pelvis_tx": "Pelvis forward", "pelvis_ty": "Pelvis height", "pelvis_tz": "Pelvis sideways",
    "knee_angle": "Knee flexion", "ankle_angle": "Ankle dorsiflexion", "subtalar_angle": "Subtalar inversion",
    "mtp_angle": "Toe flexion", "L5_S1_Flex_Ext": "Lumbar extension", "L5_S1_Lat_Bending": "Lumbar bending",
    "L5_S1_axial_rotation": "Lumbar rotation", "elbow_flex": "Elbow flexion", "pro_sup": "Forearm pronation",
    "wrist_flex": "Wrist flexion", "wrist_dev": "Wrist deviation",
    "lower_neck_flexion": "Lower neck extension", "upper_neck_flexion": "Upper neck extension",
}  # fmt: skip

REGIONS = (
    ("Head and neck", ("head", "skull", "neck", "lower_neck", "upper_neck", "cerv")),
    ("Spine and chest", ("torso", "lumbar", "abdomen", "L5_", "thor")),
    ("Pelvis", ("pelvis", "sacrum")),
    ("arm", ("clavicle", "scapula", "humerus", "ulna", "radius", "hand", "arm", "elbow", "pro_sup", "wrist")),
    ("leg", ("femur", "tibia", "patella", "talus", "calcn", "toes", "hip", "knee", "ankle", "subtalar", "mtp")),
)  # fmt: skip
"""Parts of the body, with what the names of their bodies and coordinates start with."""


def bone_name(file: str) -> str:
    """A bone's plain name from its mesh file: `metacarpal2_rvs.vtp` → `Right metacarpal 2`."""
    stem = PurePosixPath(file.replace("\\", "/")).stem
    side, core = "", stem
    prefix, suffix = re.fullmatch(r"([rl])_(.+)", stem), re.fullmatch(r"(.+)_([rl])(v?)s?", stem)
    if prefix:
        side, core = SIDES[prefix[1]], prefix[2]
    elif suffix:
        side, core = (
            SIDES[suffix[2]],
            suffix[1] + suffix[3] * (suffix[1] in ("talus", "humerus", "ulna", "radius")),
        )
    elif stem in ("foot", "bofoot"):
        side = "Right"
    name = BONES.get(core) or _read(core)
    return f"{side} {name}" if side else name[:1].upper() + name[1:]


def _read(core: str) -> str:
    vertebra = re.fullmatch(r"(cerv|thoracic|lumbar)(\d+)(?:sm|_s)?", core)
    if vertebra:
        return {"cerv": "C", "thoracic": "T", "lumbar": "L"}[vertebra[1]] + vertebra[2] + " vertebra"
    finger, _, phalanx = core.partition("_")
    if phalanx in FINGERS:
        return f"{finger} finger, {FINGERS[phalanx]}" if finger != "thumb" else f"thumb, {FINGERS[phalanx]}"
    return re.sub(r"(\D)(\d+)$", r"\1 \2", core).replace("_", " ")


def coordinate_name(name: str) -> tuple[str, str]:
    """A coordinate's plain name and its side, `r`, `l` or nothing: `knee_angle_r` → (`Knee flexion`, `r`)."""
    core, side = split_side(name)
    plain = COORDINATES.get(core) or core.replace("_", " ")
    return plain[:1].upper() + plain[1:], side


def region_name(name: str) -> str:
    """The part of the body that a body or coordinate belongs to, as `Right leg`."""
    for region, starts in REGIONS:
        if name.lower().startswith(tuple(start.lower() for start in starts)):
            side = split_side(name)[1]
            return f"{SIDES[side]} {region}" if side and region in ("arm", "leg") else region
    return "Other"


def title_of(source: Mapping[str, Any] | None) -> str:
    """What pages call a result: the name of the file that it was made from."""
    return Path(str((source or {}).get("path") or "keypoints")).name
