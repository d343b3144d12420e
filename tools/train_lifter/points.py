"""The points that the lifter speaks of, as landmarks of the default skeleton, and random people who have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from tools.train_lifter.constants import Constant
from tools.train_lifter.dice import Dice
from tools.train_lifter.torch_kinematics import TorchKinematics
from torch import Tensor

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks, keypoint_place
from pase.anatomy.model import Landmark
from pase.anatomy.proportions import load_proportions
from pase.data import HALPE26
from pase.fit.problem import Offsets
from pase.lift.points import JOINT_BODIES, MIRRORED, POINTS
from pase.lift.segment_lengths import SEGMENTS

JOINTS = tuple(Landmark(name, body, (0.0, 0.0, 0.0)) for name, body in JOINT_BODIES.items())
"""Joint centres: the origins of the bodies beyond them."""

CHILDREN = 0.2
"""Share of children among the random people."""
WIDER = 1.2
"""Factor on the spread of proportions, so that nobody is a stranger."""

_DRESSED = 0.2
"""Share of people with a hat or high hair, and of those in loose clothes."""
_DRESS = Constant(
    [
        [[0.0, 0.05 * (n == "Head"), 0.0] for n in HALPE26],
        [[0.0, -0.04 * n.endswith("Hip"), 0.0] for n in HALPE26],
    ]
)
"""The top of the head higher by some centimetres, the hips lower."""

MIRROR_INDEX = Constant(MIRRORED)

_INDEX = {name: i for i, name in enumerate(POINTS)}
_NEUTRAL = Constant(default_skeleton().default_q)
_SEGMENT_ENDS = [[Constant([_INDEX[n] for n in end]) for end in pair] for pair in SEGMENTS.values()]

LIMBS = np.array(
    [
        [_INDEX[f"{side}{a}Joint"], _INDEX[f"{side}{b}Joint"]]
        for side in "LR"
        for a, b in (("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist"))
    ]
)
"""Ends of thighs, shanks, upper arms and forearms."""

TEN_JOINTS = [
    _INDEX[f"{side}{name}Joint"] for side in "LR" for name in ("Hip", "Knee", "Ankle", "Shoulder", "Elbow")
]


@cache
def kinematics(device: torch.device) -> TorchKinematics:
    """The default skeleton with the 26 keypoints and the joint centres, in the order of the lifter's output."""
    return TorchKinematics(default_skeleton(), [*keypoint_landmarks(HALPE26), *JOINTS]).to(device)


@dataclass(frozen=True)
class Bodies:
    """N people: sizes, and where the detector sees the keypoints on them."""

    stature: Tensor
    """(N,) metres."""
    scale: Tensor
    """(N, B, 3) scale factors of the default skeleton's bodies."""
    location: Tensor
    """(N, P, 3) places of the points on the unscaled bodies, metres."""

    def points(self, q: Tensor) -> Tensor:
        """(N, T, P, 3) points of motions `q` (N, T, n) of the default skeleton, each in statures of its body.

        The root's translation is that of the default skeleton and is scaled to the person's size.
        """
        size = (self.stature / default_stature())[:, None, None]
        q = torch.cat([q[..., :3], q[..., 3:6] * size, q[..., 6:]], dim=-1)
        return kinematics(q.device)(q, self.scale, self.location) / self.stature[:, None, None, None]

    def lengths(self) -> Tensor:
        """(N, segments) lengths of `SEGMENTS` in statures, of the skeleton in its default posture."""
        q = _NEUTRAL.on(self.scale.device)
        points = self.points(q.expand(len(self.scale), 1, -1))[:, 0]
        ends = [[points[:, end.on(points.device)].mean(1) for end in pair] for pair in _SEGMENT_ENDS]
        return torch.stack([(a - b).norm(dim=-1) for a, b in ends], dim=1)


def draw_bodies(dice: Dice, count: int) -> Bodies:
    """People of random stature, sex, age and proportions."""
    table = _Priors.on(dice.device)
    group = dice.choose(table.weight, count)
    noise = torch.einsum("nij,nj->ni", table.root[group], dice.normal(count, table.mean.shape[1]))
    size = table.mean[group] + WIDER * noise
    stature = (table.stack * size.exp()).sum(1) + table.soft_tissue
    scale = torch.einsum("bap,np->nba", table.matrix, size).exp()
    places = table.offsets.shape[-1]
    moved = torch.einsum("kap,np->nka", table.offsets, dice.normal(count, places))
    moved = moved + 0.006 * dice.normal(*moved.shape) + _dressed(dice, count)
    joints = torch.zeros(count, len(JOINTS), 3, device=dice.device)
    location = kinematics(dice.device).location + torch.cat([moved, joints], dim=1)
    return Bodies(stature, scale, location)


def _dressed(dice: Dice, count: int) -> Tensor:
    """(N, 26, 3) how hair, hats and loose clothes move points, metres on the unscaled bodies."""
    amount = dice.chance(_DRESSED, count, 2) * dice.normal(count, 2).abs()
    return torch.einsum("ng,gka->nka", amount, _DRESS.on(dice.device))


@dataclass(frozen=True)
class _Priors:
    """The priors of proportions of people of many statures, as tensors."""

    weight: Tensor
    mean: Tensor
    root: Tensor
    matrix: Tensor
    stack: Tensor
    soft_tissue: float
    offsets: Tensor

    @staticmethod
    @cache
    def on(device: torch.device) -> _Priors:
        """The table on a device."""
        body = load_proportions()
        rows = []
        for sex in ("female", "male"):
            mean, spread = body.population_height(sex)
            for height in np.arange(1.42, 2.101, 0.04):
                likely = float(np.exp(-0.5 * ((height - mean) / spread) ** 2)) * 0.04 / spread
                rows.append((likely * (1 - CHILDREN), body.prior(height_m=height, sex=sex, age_years=30.0)))
            children = np.arange(1.0, 1.551, 0.05)
            share = CHILDREN * np.sqrt(2 * np.pi) / len(children)
            rows += [(share, body.prior(height_m=h, sex=sex, age_years=8.0)) for h in children]
        offsets = Offsets.mirrored(HALPE26)
        spread_m = offsets.spread([keypoint_place(name).spread_m for name in HALPE26])
        zero = np.zeros(len(body.groups))
        stack = body.stature_gradient(zero)
        arrays = (
            [w for w, _ in rows], [p.mean for _, p in rows],
            [np.linalg.cholesky(p.covariance + 1e-10 * np.eye(len(zero))) for _, p in rows],
            body.matrix(default_skeleton().body_names), stack,
        )  # fmt: skip
        tensors = [torch.tensor(np.array(a), dtype=torch.float32, device=device) for a in arrays]
        moves = torch.tensor(offsets.matrix * spread_m, dtype=torch.float32, device=device)
        return _Priors(*tensors, body.stature(zero) - float(stack.sum()), moves)


@cache
def default_stature() -> float:
    """Stature of the default skeleton in metres."""
    return load_proportions().stature(np.zeros(len(load_proportions().groups)))
