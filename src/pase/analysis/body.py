"""The body as the analysis reads it: joint centres, foot points and segment orientations of any OpenSim skeleton.

Bodies carry the names of OpenSim's full-body models (`femur_r`, `calcn_l`, `torso`, …); their axes at rest are
X forward, Y up, Z to the right. What a model lacks is None, and so is every answer that needs it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np

from pase.anatomy.kinematics import BodyPoses, Kinematics, pieces
from pase.anatomy.limbs import bodies_not_seen, feet_seen
from pase.anatomy.model import Skeleton, split_side
from pase.data import Motion
from pase.types import Array, Mask

Side = Literal["right", "left"]
SIDES: tuple[Side, Side] = ("right", "left")
UP = np.array([0.0, 1.0, 0.0])

TOE_TIP_BEYOND_BALL = 0.36
"""Distance from the ball of the foot (the joint of the big toe) to the tip of the toes, as a share of that from
the heel to the ball: 65 mm of 178 mm on the default skeleton."""

JOINTS = {
    "hip": "femur", "knee": "tibia", "ankle": "talus", "heel": "calcn", "ball": "toes",
    "shoulder": "humerus", "elbow": "ulna", "wrist": "hand",
}  # fmt: skip
"""Joint centres by the body whose origin they are, without its side."""
SEGMENTS = frozenset(("pelvis", "torso", "thorax", "head", "radius", *JOINTS.values()))
"""The bodies that are read, without their sides, to save the memory of the others."""
TURNED = SEGMENTS - {"talus", "radius", "hand"}
"""Those whose orientation is read."""


@dataclass(frozen=True)
class BodyMotion:
    """Where the segments of one person are in every frame; NaN where the pose is unknown."""

    time: Array
    """(T,) seconds, increasing."""
    rotation: Mapping[str, Array]
    """By body: (T, 3, 3), `x_world = rotation @ x_body + origin`."""
    origin: Mapping[str, Array]
    """By body: (T, 3) metres; the world is X forward, Y up, Z to the right."""
    mass_center: Array | None = None
    """(T, 3) centre of mass of the whole body, metres; None where the model has no masses."""
    sure: Mapping[str, Mask] = field(default_factory=dict)
    """By angle (see `pase.analysis.angles`), with its side where it has one: (T,) whether it was seen well enough."""
    feet_seen: Mapping[str, Mask] = field(default_factory=dict)
    """By side: (T,) whether the foot was seen, or is a guess; no entry for a side where that is unknown."""
    angles: dict[str, Array] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `pase.analysis.angles.all_angles` gives, once it was asked for: tables and stretches share it."""

    @classmethod
    def of(cls, motion: Motion) -> Self:
        """The segments of a motion, without those that were seldom seen: their poses are guesses."""
        body = cls.placed(Kinematics(motion.skeleton, ()), motion.q, motion.time)
        return replace(body.without(bodies_not_seen(motion)), feet_seen=feet_seen(motion))

    @classmethod
    def placed(cls, kinematics: Kinematics, q: Array, time: Array, scale: Array | None = None) -> Self:
        """The segments for coordinates `q` (T, n) and, with `scale` (B, 3), of a body of other size.

        They are as precise as the coordinates: 32 bits halve the memory.
        """
        skeleton = kinematics.skeleton
        finite = np.flatnonzero(np.isfinite(q).all(axis=1))
        # A model with none of the names still has a body that shows which frames are known.
        rows = _bodies(skeleton, SEGMENTS) or [0]
        turned = _bodies(skeleton, TURNED)
        turns = np.full((len(q), len(turned), 3, 3), np.nan, q.dtype)
        places = np.full((len(q), len(rows), 3), np.nan, q.dtype)
        mass = np.array([body.mass for body in skeleton.bodies])
        center = np.full((len(q), 3), np.nan, q.dtype) if mass.sum() > 0 else None
        size = skeleton.scale if scale is None else scale
        for piece in pieces(len(finite)):
            frames = finite[piece]
            poses = kinematics.pose(q[frames].astype(float), scale)
            turns[frames], places[frames] = poses.rotation[:, turned], poses.origin[:, rows]
            if center is not None:
                center[frames] = _mass_center(skeleton, poses, mass, size)
        return cls(
            time,
            {skeleton.body_names[b]: turns[:, i] for i, b in enumerate(turned)},
            {skeleton.body_names[b]: places[:, i] for i, b in enumerate(rows)},
            center,
        )

    def without(self, bodies: Collection[str]) -> Self:
        """The same person as a model that does not have some of the bodies."""
        rotation = {name: turn for name, turn in self.rotation.items() if name not in bodies}
        origin = {name: place for name, place in self.origin.items() if name not in bodies}
        return replace(self, rotation=rotation, origin=origin)

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def known(self) -> Mask:
        """(T,) frames whose pose is known."""
        any_body = next(iter(self.origin.values()), np.zeros((len(self), 3)))
        return np.asarray(np.isfinite(any_body).all(axis=1))

    @cached_property
    def rate_hz(self) -> float:
        """Frames a second, by the median step; infinite for a single frame."""
        return 1.0 / float(np.median(np.diff(self.time))) if len(self) > 1 else np.inf

    def joint(self, name: str, side: Side) -> Array | None:
        """(T, 3) centre of a joint of `JOINTS`, or the `toe` tip; None where the model does not have it."""
        if name == "toe":
            return self._toe(side)
        body = f"{JOINTS[name]}_{side[0]}"
        if name == "wrist" and body not in self.origin:
            body = f"radius_{side[0]}"
        return self.origin.get(body)

    def joints(self, side: Side, *names: str) -> list[Array] | None:
        """(T, 3) centres of several joints; None where the model lacks one."""
        centres = [centre for name in names if (centre := self.joint(name, side)) is not None]
        return centres if len(centres) == len(names) else None

    def segment(self, name: str, side: Side | None = None) -> Array | None:
        """(T, 3, 3) orientation of a body such as `femur` or `torso`; None where the model does not have it."""
        if side is None and name == "torso":
            return self.rotation.get("torso", self.rotation.get("thorax"))
        return self.rotation.get(name if side is None else f"{name}_{side[0]}")

    def middle(self, name: str) -> Array | None:
        """(T, 3) midway between the right and the left joint."""
        right, left = self.joint(name, "right"), self.joint(name, "left")
        return None if right is None or left is None else 0.5 * (right + left)

    @cached_property
    def center(self) -> Array | None:
        """(T, 3) centre of mass, metres; for a model without masses that of three parts of usual masses.

        Trunk with head and arms 62 %, thighs 24 %, shanks with feet 14 % of the mass (Winter 2009), each midway
        between its ends.
        """
        if self.mass_center is not None:
            return self.mass_center
        ends = [self.middle(name) for name in ("shoulder", "hip", "knee", "ankle")]
        if any(end is None for end in ends):
            return self.middle("hip")
        shoulder, hip, knee, ankle = (end for end in ends if end is not None)
        center: Array = 0.31 * shoulder + 0.43 * hip + 0.19 * knee + 0.07 * ankle
        return center

    @cached_property
    def leg_length(self) -> float:
        """Mean length of the legs from hip to knee to ankle, metres; NaN where they are not there."""
        lengths = [np.nan]
        for side in SIDES:
            leg = self.joints(side, "hip", "knee", "ankle")
            if leg is not None and self.known.any():
                hip, knee, ankle = leg
                chain = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
                lengths.append(float(np.nanmedian(chain)))
        return float(np.nanmean(lengths)) if np.isfinite(lengths).any() else np.nan

    @cached_property
    def heading(self) -> Array | None:
        """(T, 3) horizontal unit vector in which the pelvis faces."""
        turn = self.segment("pelvis")
        return None if turn is None else facing(turn)

    def slice(self, frames: slice | Mask) -> Self:
        """The same person in some of the frames only; this very object where those are all."""
        if len(self.time[frames]) == len(self):
            return self
        return replace(
            self,
            time=self.time[frames],
            rotation={name: turn[frames] for name, turn in self.rotation.items()},
            origin={name: place[frames] for name, place in self.origin.items()},
            mass_center=None if self.mass_center is None else self.mass_center[frames],
            sure={name: sure[frames] for name, sure in self.sure.items()},
            feet_seen={side: seen[frames] for side, seen in self.feet_seen.items()},
        )

    def _toe(self, side: Side) -> Array | None:
        ends, turn = self.joints(side, "heel", "ball"), self.segment("toes", side)
        if ends is None:
            return None
        heel, ball = ends
        foot = ball - heel
        length = np.linalg.norm(foot, axis=1, keepdims=True)
        forward = foot / length if turn is None else turn[:, :, 0]
        tip: Array = ball + TOE_TIP_BEYOND_BALL * length * forward
        return tip


def _bodies(skeleton: Skeleton, names: Collection[str]) -> list[int]:
    """Numbers of the bodies with these names, whatever their side."""
    return [b for b, name in enumerate(skeleton.body_names) if split_side(name)[0] in names]


def facing(turn: Array) -> Array:
    """(T, 3) horizontal unit vector in which a segment with orientations (T, 3, 3) faces."""
    forward = np.cross(UP, turn[:, :, 2] * np.array([1.0, 0.0, 1.0]))
    unit: Array = forward / np.linalg.norm(forward, axis=1, keepdims=True)
    return unit


def _mass_center(skeleton: Skeleton, poses: BodyPoses, mass: Array, scale: Array) -> Array:
    """(T, 3) metres, of bodies with masses (B,) and scale factors (B, 3)."""
    local = np.array([body.mass_center for body in skeleton.bodies]).reshape(-1, 3) * scale
    centers = np.einsum("tbij,bj->tbi", poses.rotation, local) + poses.origin
    center: Array = np.einsum("b,tbi->ti", mass / mass.sum(), centers)
    return center
