"""The parts of the limbs: what carries them, which points show them, and which angles say how they move."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pase.anatomy.model import Skeleton
from pase.errors import InputError
from pase.series import usual_step
from pase.types import Array, Mask

if TYPE_CHECKING:
    from pase.data import Landmarks3D, Motion

BRIDGED_S = 0.25
"""A part that was seen so shortly before or after counts as seen: the movement bridges the gap."""


@dataclass(frozen=True)
class LimbPart:
    """A part of the body, on either side where it has one."""

    name: str
    bodies: tuple[str, ...]
    """Bodies of OpenSim's full-body models, without their side."""
    points: tuple[str, ...]
    """Keypoints, without their side, any of which shows where the part is."""
    ends: tuple[str, ...]
    """Which of these points lie on the part, and so are missing with it."""
    angles: tuple[str, ...]
    """Beginnings of the names of the coordinates and angles that move it."""
    sided: bool = True

    def moves(self, angle: str, side: str) -> bool:
        """Whether a coordinate or angle, by its name, is a movement of the part on a side: `l`, `r` or nothing."""
        return angle.startswith(self.angles) and angle.endswith(f"_{side}" if side else "")


LIMB_PARTS = (
    LimbPart("thigh", ("femur",), ("Knee", "Ankle"), ("Knee",), ("hip_", "knee_valgus")),
    LimbPart("shank", ("tibia", "patella"), ("Ankle", "Heel", "BigToe", "SmallToe"), ("Ankle",), ("knee_",)),
    LimbPart(
        "foot",
        ("talus", "calcn", "toes"),
        ("Ankle", "Heel", "BigToe", "SmallToe"),
        ("Heel", "BigToe", "SmallToe"),
        ("ankle_", "subtalar_", "mtp_", "foot_"),
    ),
    LimbPart("upper arm", ("humerus",), ("Elbow", "Wrist"), ("Elbow",), ("arm_", "shoulder_")),
    LimbPart(
        "forearm",
        ("ulna", "radius", "hand"),
        ("Wrist",),
        ("Wrist",),
        ("elbow_", "pro_sup", "forearm_", "wrist_"),
    ),
    LimbPart(
        "head",
        ("head",),
        ("Nose", "Eye", "Ear", "Head"),
        (),
        ("neck_", "lower_neck_", "upper_neck_", "head_"),
        sided=False,
    ),
)
"""From the hip or shoulder outwards."""

ABSENT = {
    "leg": ("thigh", "shank", "foot"),
    "shank": ("shank", "foot"),
    "foot": ("foot",),
    "arm": ("upper arm", "forearm"),
    "forearm": ("forearm",),
}
"""What a person may lack, and the parts that go with it. What is left above it stays."""


def absent_parts(words: str) -> frozenset[str]:
    """Parts that a person lacks, as `left shank`, from words as `left_shank,right_forearm`.

    Raises
    ------
    InputError
        For any other word; the message lists those there are.
    """
    names = [word.strip().lower().replace("-", "_") for word in re.split(r"[,;\s]+", words) if word]
    limbs = [f"{side}_{limb}" for side in ("left", "right") for limb in ABSENT]
    for name in names:
        if name not in limbs:
            raise InputError(f"no limb '{name}' to be without; there are: {', '.join(limbs)}")
    pairs = [name.split("_", 1) for name in names]
    return frozenset(f"{side} {part}" for side, limb in pairs for part in ABSENT[limb])


def part_names() -> Iterable[tuple[str, LimbPart, str]]:
    """Every part by its full name, as `left shank`, with the letter of its side: `l`, `r` or nothing."""
    for part in LIMB_PARTS:
        for side in ("left ", "right ") if part.sided else ("",):
            yield f"{side}{part.name}", part, side[:1]


def points_of(parts: Iterable[str]) -> set[str]:
    """Keypoints that lie on some parts, by their full names."""
    lacking = set(parts)
    return {
        f"{side.upper()}{point}"
        for name, part, side in part_names()
        if name in lacking
        for point in part.ends
    }


def without_points(landmarks: Landmarks3D, points: set[str]) -> Landmarks3D:
    """Landmarks with some made unknown, so that they are no evidence of a missing limb."""
    hidden = np.array([name in points for name in landmarks.names], bool)
    xyz = np.where(hidden[None, :, None], np.nan, landmarks.xyz)
    return replace(landmarks, xyz=xyz)


def without_parts(motion: Motion, parts: frozenset[str]) -> Motion:
    """A motion whose skeleton has no bones where the person has none; the parts count as never seen."""
    if not parts:
        return motion
    skeleton, columns = motion.skeleton, _bodies(motion.skeleton)
    absent = {b for name in parts for b in columns.get(name, ())}
    bodies = tuple(replace(b, meshes=()) if i in absent else b for i, b in enumerate(skeleton.bodies))
    seen = np.ones((len(motion), len(bodies)), bool) if motion.seen is None else motion.seen.copy()
    seen[:, sorted(absent)] = False
    return replace(motion, skeleton=replace(skeleton, bodies=bodies), seen=seen)


def with_seen_parts(motion: Motion) -> Motion:
    """A motion that knows which of its bodies were seen, by the points that were measured.

    A part that has no points in the measurement, as the head in markers of the legs, counts as seen.
    """
    if motion.residual is None or not len(motion):
        return motion
    seen = np.ones((len(motion), len(motion.skeleton.bodies)), bool)
    columns = _bodies(motion.skeleton)
    for name, part, side in part_names():
        visible = _shown(motion, part, side)
        if visible is not None and name in columns:
            seen[:, columns[name]] = (_around(visible, motion.time, BRIDGED_S) > 0.5)[:, None]
    if motion.seen is not None:
        seen &= motion.seen
    return replace(motion, seen=seen)


def feet_seen(motion: Motion) -> dict[str, Mask]:
    """(T,) by side, `right` and `left`: whether the foot was seen, or is a guess; empty where that is unknown.

    A foot was seen at a moment if most frames around show a point of it: a detector draws a foot that the edge of the
    picture cuts off now and then.
    """
    feet, part = {}, next(part for part in LIMB_PARTS if part.name == "foot")
    for side in ("right", "left"):
        visible, columns = _shown(motion, part, side[0]), _bodies(motion.skeleton).get(f"{side} foot")
        if visible is not None:
            showing, frames = (
                _around(f, motion.time, 0.5 * BRIDGED_S) for f in (visible, np.ones_like(visible))
            )
            feet[side] = np.asarray(2 * showing >= frames)
        elif motion.seen is not None and columns:
            feet[side] = motion.seen[:, columns[0]]
    return feet


def unseen_angles(motion: Motion, keys: Iterable[str]) -> Mask:
    """(T, m) in which frames coordinates or angles, by their names, are of parts that were not seen."""
    keys = tuple(keys)
    unseen = np.zeros((len(motion), len(keys)), bool)
    if motion.seen is None:
        return unseen
    columns = _bodies(motion.skeleton)
    for i, key in enumerate(keys):
        for name, part, side in part_names():
            if part.moves(key, side) and name in columns:
                unseen[:, i] = ~motion.seen[:, columns[name][0]]
                break
    return unseen


def seen_by_angles(skeleton: Skeleton, keys: tuple[str, ...], unseen: Mask) -> Mask | None:
    """(T, B) which bodies were seen, from angles (T, m) that were not; None where all were.

    The inverse of `unseen_angles`, for results that are read back.
    """
    if not unseen.any():
        return None
    seen = np.ones((len(unseen), len(skeleton.bodies)), bool)
    columns = _bodies(skeleton)
    for name, part, side in part_names():
        indices = [i for i, key in enumerate(keys) if part.moves(key, side)]
        if indices and name in columns:
            seen[:, columns[name]] = ~np.asarray(unseen[:, indices].all(axis=1))[:, None]
    return seen


def bodies_not_seen(motion: Motion) -> frozenset[str]:
    """Names of the bodies that were not seen in most of the frames with a pose."""
    if motion.seen is None or not motion.known.any():
        return frozenset()
    hidden: Mask = np.asarray(np.mean(~motion.seen[motion.known], axis=0) > 0.5)
    return frozenset(name for name, unseen in zip(motion.skeleton.body_names, hidden, strict=True) if unseen)


def parts_not_seen(motion: Motion) -> list[str]:
    """Names of the parts that were not seen in most frames, as `left shank`."""
    hidden, names = bodies_not_seen(motion), motion.skeleton.body_names
    return [name for name, bodies in _bodies(motion.skeleton).items() if names[bodies[0]] in hidden]


def in_short(parts: Iterable[str]) -> list[str]:
    """Parts by their full names in fewer words: `left thigh`, `left shank` and `left foot` are the `left leg`."""
    remaining, short = set(parts), []
    singles = {part.name: (part.name,) for part in LIMB_PARTS if part.sided}
    for limb, names in {"leg": ABSENT["leg"], "arm": ABSENT["arm"], **singles}.items():
        sides = [
            side for side in ("left", "right") if remaining.issuperset(f"{side} {part}" for part in names)
        ]
        remaining -= {f"{side} {part}" for side in sides for part in names}
        if len(sides) == 2:
            short.append(f"both {'feet' if limb == 'foot' else f'{limb}s'}")
        else:
            short += [f"{side} {limb}" for side in sides]
    return short + sorted(remaining)


def _bodies(skeleton: Skeleton) -> dict[str, list[int]]:
    """Numbers of the bodies of every part that the skeleton has, by the part's full name."""
    names = skeleton.body_names
    columns = {
        name: [names.index(b) for b in (f"{b}_{side}" if side else b for b in part.bodies) if b in names]
        for name, part, side in part_names()
    }
    return {name: bodies for name, bodies in columns.items() if bodies}


def _shown(motion: Motion, part: LimbPart, side: str) -> Mask | None:
    """(T,) frames in which a point of a part was measured; None where the measurement has no such points."""
    names = motion.skeleton.landmark_names
    if motion.residual is None or motion.residual.shape[1] != len(names):
        return None
    # Of a head both sides' eyes and ears.
    sides = (side.upper(),) if part.sided else ("", "L", "R")
    labels = [f"{letter}{point}" for point in part.points for letter in sides]
    points = [names.index(label) for label in labels if label in names]
    return np.asarray(np.isfinite(motion.residual[:, points]).any(axis=1)) if points else None


def _around(flags: Mask, time: Array, within_s: float) -> Array:
    """(T,) how many of the frames within a time before and after each are flagged."""
    window = 2 * round(within_s / max(1e-3, usual_step(time, 1.0))) + 1
    return np.convolve(flags, np.ones(window))[window // 2 :][: len(flags)]
