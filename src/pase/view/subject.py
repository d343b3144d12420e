"""A person as the views show it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.anatomy.limbs import unseen_angles
from pase.anatomy.model import Skeleton
from pase.data import Motion
from pase.formats.tables import BoneLength, bone_table
from pase.types import Array


@dataclass(frozen=True, slots=True)
class Placement:
    """Where somebody stands in a view of several recordings."""

    yaw: float
    """Turn about the vertical, radians."""
    shift: Array
    """(T, 3) metres, after the turn."""
    beside: Array
    """(3,) metres from there to where they stand side by side with the others."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person with what is shown beside the motion."""

    name: str
    """For instance `Person 1`."""
    motion: Motion
    bones: tuple[BoneLength, ...] = ()
    placement: Placement | None = None

    @classmethod
    def of_all(cls, motions: Iterable[Motion]) -> list[Self]:
        """The persons of a result, in its order."""
        return [
            cls(f"Person {number}", motion, bone_table(motion)) for number, motion in enumerate(motions, 1)
        ]

    def thinned(self, limit: int) -> Self:
        """The person in every frame, or of more than `most` in every second, third …"""
        step = slice(None, None, step_to(len(self.motion), limit))
        return replace(self, motion=self.motion.slice(step))


def step_to(frames: int, limit: int) -> int:
    """Frames from one that is shown to the next, so that at most so many are."""
    return max(1, -(-frames // limit))


def frames_shown(frames: int, limit: int) -> str:
    """Which frames a page shows that shows at most so many: `every second frame`, or nothing when it shows all."""
    step = step_to(frames, limit)
    end = "th" if step // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(step % 10, "th")
    ordinal = {2: "second", 3: "third"}.get(step, f"{step}{end}")
    return f"every {ordinal} frame" if step > 1 else ""


def head_index(skeleton: Skeleton) -> int | None:
    """Number of the body over which a person's number stands; None for a skeleton without a head."""
    names = skeleton.body_names
    return names.index("head") if "head" in names else None


def in_display_units(motion: Motion) -> tuple[Array, Array, Array, tuple[str, ...]]:
    """Coordinates and their standard deviations (T, n), ranges (n, 2), and units: degrees and metres.

    Coordinates of parts that were not seen are NaN.
    """
    turns = motion.skeleton.rotational
    unit = np.where(turns, 180 / np.pi, 1.0)
    ranges = np.array([c.range for c in motion.skeleton.free_coordinates], float).reshape(-1, 2)
    guessed = unseen_angles(motion, motion.skeleton.free_names)
    return (
        np.where(guessed, np.nan, motion.q) * unit,
        motion.q_std * unit,
        ranges * unit[:, None],
        tuple("°" if t else "m" for t in turns),
    )


def has_range(low: float, high: float, unit: str) -> bool:
    """Whether the ends of a range say something of the body: a place in the room and a full turn do not."""
    return unit == "°" and high - low < 360
