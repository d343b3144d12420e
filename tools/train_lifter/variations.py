"""Motion varied on the skeleton: limbs of other takes, angles perturbed, other speeds, new courses."""

from dataclasses import dataclass

import numpy as np
import torch
from tools.train_lifter.bank import Bank
from tools.train_lifter.corpus import FRAME_RATE_HZ
from tools.train_lifter.dice import Dice
from tools.train_lifter.mirror import mirror_table
from torch import Tensor

from pase.anatomy.default import default_skeleton
from pase.fit.posture import stem
from pase.lift.pase_lifter import RATE_HZ

_ARMS = ("arm_elevation", "arm_crossing", "arm_rotation", "elbow_flex", "pro_sup", "wrist_flex", "wrist_dev")
_HEAD = (
    "lower_neck_flexion",
    "lower_neck_bending",
    "neck_rotation",
    "upper_neck_flexion",
    "upper_neck_bending",
)
_TRUNK = ("L5_S1_Flex_Ext", "L5_S1_Lat_Bending", "L5_S1_axial_rotation")
_LEGS = (
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "knee_angle",
    "ankle_angle",
    "pelvis_list",
    "pelvis_tilt",
)
_SWAY_DEG = {
    "pelvis_rotation": 0.0, "L5_S1_Flex_Ext": 0.8, "L5_S1_Lat_Bending": 0.4, "L5_S1_axial_rotation": 0.7,
    "arm_elevation": 10.0, "arm_crossing": 10.0, "arm_rotation": 12.0, "elbow_flex": 10.0, "knee_angle": 6.0,
    "pro_sup": 20.0,
}  # fmt: skip
"""How far coordinates are perturbed, standard deviations in degrees; 5° for others."""
_CALM = 0.2
"""Share of that which the legs of standing people get: they sway by a degree, and stay straight."""
_BENT = float(np.radians(20.0))
"""Bend of a knee from which on legs are perturbed in full; two straight legs stay straight."""
_NECK_DEG = {
    "lower_neck_flexion": 11.0, "upper_neck_flexion": 8.0, "lower_neck_bending": 8.0, "upper_neck_bending": 3.0,
    "neck_rotation": 20.0,
}  # fmt: skip
"""How far heads are turned away from where the take holds them, standard deviations in degrees."""
_BOWED_DEG = {"lower_neck_flexion": -28.0, "upper_neck_flexion": -12.0}
"""How far people look down at a telephone, the floor or what their hands do."""
SWAPPED, UPPER_SWAPPED, PERTURBED, GAINED, REVERSED, RECOMPOSED = 0.35, 0.15, 0.7, 0.3, 0.08, 0.12
NODDING, BOWED = 0.6, 0.1
"""Shares of the windows that are varied in these ways."""
_KEYS = 10
"""Key postures of a course made of single postures."""


@dataclass(frozen=True)
class Windows:
    """Windows of motion of the default skeleton."""

    q: Tensor
    """(N, T, n)"""
    valid: Tensor
    """(N, T) 1 for frames that are there."""
    take: Tensor
    """(N,) index of the take that each window is of."""
    recomposed: Tensor
    """(N,) true for courses made of single postures, whose height over the floor is not known."""


class Variations:
    """Draws windows from a bank of motion and varies them."""

    def __init__(self, bank: Bank) -> None:
        skeleton = default_skeleton()
        self._bank = bank
        device = bank.q.device
        stems = [stem(n) for n in skeleton.free_names]
        low, high = skeleton.bounds
        table = mirror_table(skeleton)

        def tensor(values: object) -> Tensor:
            return torch.tensor(np.array(values), dtype=torch.float32, device=device)

        self._low, self._high = tensor(low), tensor(high)
        self._twin, self._sign = torch.tensor(table.index.tolist(), device=device), tensor(table.sign)
        self._arms = tensor([s in _ARMS for s in stems]) > 0
        self._upper = tensor([s in _ARMS + _HEAD + _TRUNK for s in stems]) > 0
        self._legs = tensor([s in _LEGS for s in stems]) > 0
        self._knees = [i for i, s in enumerate(stems) if s == "knee_angle"]
        self._turns = tensor([i not in (3, 4, 5) for i in range(len(stems))])
        self._sway = torch.deg2rad(tensor([_SWAY_DEG.get(s, 5.0) for s in stems])) * self._turns
        self._neck, self._bowed = (
            torch.deg2rad(tensor([angles.get(s, 0.0) for s in stems])) for angles in (_NECK_DEG, _BOWED_DEG)
        )
        self._posture = tensor([float(i > 5) for i in range(len(stems))])

    def draw(self, dice: Dice, count: int, frames: int, *, varied: bool = True) -> Windows:
        """Windows of `frames` frames at the network's rate; as captured when not `varied`."""
        take = dice.choose(self._bank.chance, count)
        q, valid = self._cut(dice, take, frames, varied)
        recomposed = dice.chance(RECOMPOSED if varied else 0.0, count)
        if not varied:
            return Windows(q, valid, take, recomposed)
        mixed = self._recompose(dice, q, frames)
        q = torch.where(recomposed[:, None, None], mixed, q)
        valid = torch.where(recomposed[:, None], 1.0, valid)
        q = self._with_other_limbs(dice, q)
        q = self._with_belt(dice, q, take, recomposed)
        amount = dice.uniform(count, 1, 1) * dice.chance(PERTURBED, count, 1, 1)
        amount = amount * self._sway
        calm = self._bank.calm[take][:, None, None] & self._legs
        bend = q[..., self._knees].amax(-1, keepdim=True)
        straight = torch.where(self._legs, (bend / _BENT).clamp(_CALM, 1.0), 1.0)
        amount = torch.where(calm, _CALM * amount, straight * amount)
        held, slow = (
            dice.normal(count, 1, q.shape[-1]),
            dice.wandering(count, frames, q.shape[-1], frames=7.5),
        )
        q = q + amount * (0.8 * held + 0.6 * slow)
        gain = 1 + (dice.uniform(count, 1, q.shape[-1], low=-0.2, high=0.25)) * self._posture * dice.chance(
            GAINED, count, 1, 1
        )
        middle = q.mean(1, keepdim=True)
        q = middle + gain * (q - middle)
        q = self._with_neck(dice, q)
        return Windows(q.clamp(self._low, self._high), valid, take, recomposed)

    def _cut(self, dice: Dice, take: Tensor, frames: int, varied: bool) -> tuple[Tensor, Tensor]:
        """(N, T, n) windows of takes at random speeds, and (N, T) which frames are there."""
        N = len(take)
        total = self._bank.length[take].float()
        speed = FRAME_RATE_HZ / RATE_HZ * (0.2 * dice.normal(N)).clamp(-0.6, 0.6).exp()
        span = (frames - 1) * speed
        room = total - 1 - span
        start = torch.where(room > 0, dice.uniform(N) * room, -0.3 * dice.uniform(N) * span.clamp(max=10.0))
        order = torch.arange(frames, device=take.device)
        backwards = dice.chance(REVERSED if varied else 0.0, N, 1)
        order = torch.where(backwards, frames - 1 - order, order)
        at = start[:, None] + speed[:, None] * order
        valid = ((at >= 0) & (at <= total[:, None] - 1)).float()
        return self._at(take, at.clamp(min=0.0)), valid

    def _at(self, take: Tensor, at: Tensor) -> Tensor:
        """(N, T, n) coordinates of takes at fractional frames (N, T), held at their ends."""
        last = self._bank.length[take][:, None] - 1
        low = torch.minimum(at.floor().long(), last)
        share = (at - low).clamp(0, 1)[..., None]
        start = self._bank.start[take][:, None]
        before, after = (self._bank.q[start + torch.minimum(i, last)] for i in (low, low + 1))
        return torch.lerp(before, after, share)

    def _with_other_limbs(self, dice: Dice, q: Tensor) -> Tensor:
        """Arms, or arms, trunk and head, of another take in some of the windows; played to and fro."""
        N, T = q.shape[:2]
        donor = dice.choose(self._bank.chance, N)
        last = (self._bank.length[donor] - 1).float()[:, None]
        at = dice.uniform(N, 1) * 2 * last + 2.0 * torch.arange(T, device=q.device)
        at = torch.remainder(at, 2 * last)
        theirs = self._at(donor, torch.minimum(at, 2 * last - at))
        theirs = torch.where(dice.chance(0.5, N, 1, 1), self._sign * theirs[..., self._twin], theirs)
        draw = dice.uniform(N, 1, 1)
        columns = (draw < SWAPPED) & torch.where(draw < UPPER_SWAPPED, self._upper, self._arms)
        return torch.where(columns, theirs, q)

    def _with_neck(self, dice: Dice, q: Tensor) -> Tensor:
        """Heads held another way, turned and nodded in most of the windows, bowed for long in some."""
        N, T, n = q.shape
        held, turning = dice.normal(N, 1, n), dice.wandering(N, T, n, frames=6.0)
        amount = dice.chance(NODDING, N, 1, 1) * dice.uniform(N, 1, 1, high=1.4)
        bowed = dice.chance(BOWED, N, 1, 1) * dice.uniform(N, 1, 1, low=0.3, high=1.3)
        return q + amount * self._neck * (0.8 * held + 0.6 * turning) + bowed * self._bowed

    def _with_belt(self, dice: Dice, q: Tensor, take: Tensor, recomposed: Tensor) -> Tensor:
        """Two thirds of those on a treadmill run over the floor instead."""
        N, T = q.shape[:2]
        speed = self._bank.belt[take] * dice.chance(2 / 3, N) * ~recomposed
        way = speed[:, None] * (torch.arange(T, device=q.device) - T / 2) / RATE_HZ
        heading = q[:, T // 2, 0][:, None]
        move = torch.zeros_like(q)
        move[..., 3], move[..., 5] = way * heading.cos(), -way * heading.sin()
        return q + move

    def _recompose(self, dice: Dice, q: Tensor, frames: int) -> Tensor:
        """(N, T, n) courses from one single posture to the next, minimum-jerk in time."""
        N = len(q)
        upright = self._bank.upright
        key = self._bank.q[upright[dice.integers(len(upright), N, _KEYS)]]
        key = torch.where(dice.chance(0.5, N, _KEYS, 1), self._sign * key[..., self._twin], key)
        heading = q[:, :1, :1] + (0.5 * dice.normal(N, _KEYS, 1)).cumsum(1)
        place = (0.15 * dice.normal(N, _KEYS, 3)).cumsum(1)
        key = torch.cat([heading, key[..., 1:3], place, key[..., 6:]], dim=-1)
        moment = dice.uniform(N, _KEYS, low=0.4, high=1.6).cumsum(1)
        moment = moment - moment[:, :1] * (1 + dice.uniform(N, 1))
        time = torch.arange(frames, device=q.device) / RATE_HZ
        low = (time[None, :, None] >= moment[:, None]).sum(-1).sub(1).clamp(0, _KEYS - 2)
        begin, end = moment.gather(1, low), moment.gather(1, low + 1)
        u = ((time - begin) / (end - begin)).clamp(0, 1)
        share = (u**3 * (10 - 15 * u + 6 * u**2))[..., None]
        index = low[..., None].expand(-1, -1, q.shape[-1])
        return torch.lerp(key.gather(1, index), key.gather(1, index + 1), share)
