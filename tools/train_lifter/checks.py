"""How good a network is on held-out motion, on the device that trains: errors, signs, lean and turn, calibration."""

import math
from collections.abc import Sequence

import torch
from tools.train_lifter.bank import MADE, Bank
from tools.train_lifter.corpus import Take
from tools.train_lifter.losses import joint_likelihood, whole_errors
from tools.train_lifter.model import LifterNetwork
from tools.train_lifter.points import LIMBS
from tools.train_lifter.scenes import Batch, Scenes
from torch import Tensor

from pase.lift.points import POINTS, ROOT

UNKNOWN_FOV = 0.12
STATURE_MM = 1700.0
SEED = 99


def group_of(take: Take) -> str:
    """The set of held-out takes that one belongs to."""
    return "made" if take.name.startswith(MADE) else take.source


class HeldOut:
    """Batches of held-out motion that stay the same."""

    def __init__(self, takes: Sequence[Take], device: str, count: int = 512) -> None:
        groups: dict[str, list[Take]] = {}
        for take in takes:
            if take.split == "val":
                groups.setdefault(group_of(take), []).append(take)
        self.batches: dict[str, Batch] = {}
        for name, own in groups.items():
            scenes = Scenes(Bank.of(own, device), SEED, varied=False)
            self.batches[name] = scenes.draw(count, 32, fov_sigma=UNKNOWN_FOV)
            if name == "corpus":
                self.batches["corpus known"] = scenes.draw(count, 32)
                self.batches["corpus photo"] = scenes.draw(4 * count, 1, fov_sigma=UNKNOWN_FOV)

    def figures(self, network: LifterNetwork) -> dict[str, dict[str, float]]:
        """By set: mm for a person of 1.70 m, degrees, shares and ratios."""
        return {name: evaluate(network, batch) for name, batch in self.batches.items()}


@torch.no_grad()
def evaluate(network: LifterNetwork, batch: Batch) -> dict[str, float]:
    """Errors for a person of 1.7 m, in mm and degrees, the share of limbs tilted the right way, calibration."""
    network.eval()
    points, shared, gravity = network(batch.features)
    valid = batch.valid > 0
    xyz = (points[..., :3] - points[..., ROOT : ROOT + 1, :3])[valid]
    target, points, shared = batch.target[valid], points[valid], shared[valid]
    error = xyz - target
    bone, span = (x[:, LIMBS[:, 1]] - x[:, LIMBS[:, 0]] for x in (xyz, target))
    tilted = (span[..., 2].abs() / span.norm(dim=-1)) > math.sin(math.radians(20))
    right = (bone[..., 2] * span[..., 2] > 0)[tilted].float().mean()
    not_root = [p for p in range(len(POINTS)) if p != ROOT]
    across = error[:, not_root, :2] / torch.exp(points[:, not_root, 3:4])
    lean, turn = torch.rad2deg(whole_errors(error[..., 2], target)).abs().mean(0)
    tilt = torch.rad2deg(torch.acos((_unit(gravity[..., :3]) * batch.down).sum(-1).clamp(-1, 1)))
    figures = {
        "joints_mm": STATURE_MM * error[:, 26:].norm(dim=-1).mean(),
        "across_mm": STATURE_MM * error[:, 26:, :2].norm(dim=-1).mean(),
        "along_mm": STATURE_MM * error[:, 26:, 2].abs().mean(),
        "sign": right, "lean_deg": lean, "turn_deg": turn, "z_across": across.square().mean().sqrt(),
        "joint_nll": joint_likelihood(error[..., 2], xyz, points[..., 4], shared).mean() / len(not_root),
        "gravity_deg": tilt[valid].mean(),
    }  # fmt: skip
    return {k: round(float(v), 4) for k, v in figures.items()}


def _unit(x: Tensor) -> Tensor:
    return torch.nn.functional.normalize(x, dim=-1)
