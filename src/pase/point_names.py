"""What other programs call the points of a body, in Halpe's names."""

import re
from collections.abc import Sequence

from pase.data import HALPE26
from pase.errors import InputError

_PARTS = {
    "eye": "Eye", "ear": "Ear", "shoulder": "Shoulder", "elbow": "Elbow", "wrist": "Wrist", "hip": "Hip",
    "knee": "Knee", "ankle": "Ankle", "heel": "Heel", "calcaneus": "Heel",
    "bigtoe": "BigToe", "footindex": "BigToe", "toe": "BigToe", "toes": "BigToe", "foottip": "BigToe",
    "smalltoe": "SmallToe", "littletoe": "SmallToe",
}  # fmt: skip
"""Points with a side."""
_MIDDLE = {
    "nose": "Nose", "head": "Head", "headtop": "Head", "topofhead": "Head", "tophead": "Head", "vertex": "Head",
    "neck": "Neck", "upperneck": "Neck",
    "midhip": "Hip", "hip": "Hip", "hips": "Hip", "pelvis": "Hip", "root": "Hip", "hipcenter": "Hip",
}  # fmt: skip
"""Points on the midline. Halpe has no chest, thorax or spine."""
_SIDES = {"l": "L", "left": "L", "r": "R", "right": "R", "1": "R", "2": "L"}
"""1 and 2 as DeepLabCut's human model has them; 1 is the right."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ANIMAL = re.compile(r"tail|paw|hoof|wing|withers|beak|snout|fin$|antenna|thorax_ant", re.I)

FEWEST_KNOWN = 5
"""Known points without which named points are no person's."""


def halpe_name(name: str) -> str | None:
    """Halpe's name of a point that programs call `left_knee`, `LKnee`, `knee_l`, `LEFT KNEE`; None if it has none."""
    words = [word.lower() for word in _WORDS.findall(name)]
    plain = "".join(words)
    if plain in _MIDDLE:
        return _MIDDLE[plain]
    for at in (0, -1):
        if len(words) > 1 and words[at] in _SIDES:
            stem = "".join(words[1:] if at == 0 else words[:-1])
            if stem in _PARTS:
                return _SIDES[words[at]] + _PARTS[stem]
    for side in ("left", "right", "l", "r"):
        if plain.startswith(side) and plain.removeprefix(side) in _PARTS:
            return _SIDES[side] + _PARTS[plain.removeprefix(side)]
        if plain.endswith(side) and plain.removesuffix(side) in _PARTS and len(side) > 1:
            return _SIDES[side] + _PARTS[plain.removesuffix(side)]
    return None


def halpe_names(names: Sequence[str], source: str) -> tuple[str, ...]:
    """Halpe's names of named points; those that it does not have are called `Point<n>`.

    Raises
    ------
    InputError
        When too few are points of a person, or some are those of an animal.
    """
    halpe = [halpe_name(name) for name in names]
    doubled = {name for name in halpe if name is not None and halpe.count(name) > 1}
    out = [name if name and name not in doubled else f"Point{k}" for k, name in enumerate(halpe)]
    for name in doubled:
        out[halpe.index(name)] = name  # Of a toe and a big toe the first is taken.
    animal = [name for name in names if _ANIMAL.search(name)]
    if len(set(out) & set(HALPE26)) < FEWEST_KNOWN or animal:
        raise InputError(
            f"{source} names points that are no person's ({', '.join(animal[:3] or list(names)[:5])} …): "
            "name those of Halpe or COCO, such as left_knee"
        )
    return tuple(out)
