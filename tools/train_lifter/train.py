"""Train the lifter: one command, seeded, resumable, on a CPU or a GPU.

    PYTHONPATH=src python -m tools.train_lifter.train --corpus PATH/motion_corpus.npz --cache FOLDER --minutes 40

The first call converts the corpus and makes the procedural motion (some minutes, kept in the folder). A second call
with the same folder goes on where the last stopped. `log.jsonl` there tells the course of the training.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tools.train_lifter.corpus import Take, convert
from tools.train_lifter.data import Batch, Pool
from tools.train_lifter.export import export, load_exported
from tools.train_lifter.jumps import all_procedural
from tools.train_lifter.losses import losses
from tools.train_lifter.model import LifterNetwork
from tools.train_lifter.points import LIMBS
from torch import Tensor

log = logging.getLogger(__name__)

SHAPES = (((64, 32), 0.80), ((230, 9), 0.10), ((768, 1), 0.10))
"""Windows and frames of a batch, and how often: whole windows, short ones, photos."""


@dataclass(frozen=True)
class Settings:
    """How to train."""

    minutes: float = 40.0
    seed: int = 4
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.02
    warm_up: int = 300
    threads: int = 1
    device: str = "cpu"
    procedural_minutes: float = 360.0
    jump_minutes: float = 30.0
    copies: int = 1
    bfloat16: bool = False
    """Mixed precision: three times as fast on a graphics card or a processor with AMX, far slower on others."""
    start: Path | None = None
    """An exported network to train on from."""


def takes(corpus: Path, cache: Path, settings: Settings) -> list[Take]:
    """All motion, captured and procedural, of which every frame could be solved."""
    captured = convert(corpus, cache / "corpus_q.npz")
    made = all_procedural(cache, settings.procedural_minutes, settings.jump_minutes, settings.seed)
    return [t for t in captured + made if np.isfinite(t.q).all() and len(t.q) > 2]


def train(corpus: Path, cache: Path, settings: Settings) -> None:
    """Train until the time is up, then export; checkpoints every two minutes."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    cache.mkdir(parents=True, exist_ok=True)
    everything = takes(corpus, cache, settings)
    network = LifterNetwork().to(settings.device)
    average = LifterNetwork().to(settings.device)
    if settings.start is not None:
        load_exported(settings.start, network)
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=0.0, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    step, spent = _resume(cache, network, average, optimiser)
    log.info(
        "%d takes, %d parameters, from step %d",
        len(everything),
        sum(p.numel() for p in network.parameters()),
        step,
    )
    pool = Pool([t for t in everything if t.split == "train"], settings.seed + step, copies=settings.copies)
    held_out = Pool([t for t in everything if t.split == "val"], 99, varied=False)
    checks = [held_out.draw(150, 32), held_out.draw(150, 32), held_out.draw(1000, 1)]
    rng = np.random.default_rng(settings.seed + step)
    began, saved = time.monotonic(), time.monotonic()
    while spent + time.monotonic() - began < settings.minutes * 60:
        share = (spent + time.monotonic() - began) / (settings.minutes * 60)
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * min(1.0, (step + 1) / settings.warm_up) * _cooling(share)
        shape = SHAPES[rng.choice(len(SHAPES), p=[p for _, p in SHAPES])][0]
        parts = _step(network, optimiser, pool.draw(*shape), settings)
        _follow(average, network, min(0.998, (1 + step) / (20 + step)))
        step += 1
        if step % 25 == 0:
            pool.renew(0.01)
        if step % 250 == 0:
            figures = {
                f"val_{n}": evaluate(average, b, settings.device)
                for n, b in zip(("a", "b", "photo"), checks, strict=True)
            }
            _note(cache, step, spent + time.monotonic() - began, parts, figures)
        if time.monotonic() - saved > 120:
            _save(cache, network, average, optimiser, step, spent + time.monotonic() - began)
            saved = time.monotonic()
    _save(cache, network, average, optimiser, step, spent + time.monotonic() - began)
    record = {
        "steps": step,
        "settings": asdict(settings) | {"start": settings.start and settings.start.name},
        "figures": {
            n: evaluate(average, b, settings.device) for n, b in zip(("a", "b", "photo"), checks, strict=True)
        },
    }
    export(average.cpu(), cache / "lifter.onnx", record)


def _step(
    network: LifterNetwork, optimiser: torch.optim.Optimizer, batch: Batch, settings: Settings
) -> dict[str, float]:
    network.train()
    features, target, down = _tensors(batch, settings.device)
    with torch.autocast(settings.device, torch.bfloat16, enabled=settings.bfloat16):
        points, gravity = network(features)
    found = losses(points.float(), gravity.float(), target, down, features[..., -1])
    optimiser.zero_grad()
    found.total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return found.parts


def _tensors(batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    a, b, c = (torch.from_numpy(x).to(device) for x in (batch.inputs.features, batch.target, batch.down))
    return a, b, c


@torch.inference_mode()
def evaluate(network: LifterNetwork, batch: Batch, device: str = "cpu") -> dict[str, float]:
    """Errors for a person of 1.7 m, in mm and degrees, the share of limbs tilted the right way, calibration."""
    network.eval()
    features, target, down = _tensors(batch, device)
    points, gravity = network(features)
    valid = features[..., -1] > 0
    error = (points[..., :3] - points[..., 19:20, :3] - target)[valid]
    length = error.norm(dim=-1)[:, 26:]
    bone = (points[..., LIMBS[:, 1], 2] - points[..., LIMBS[:, 0], 2])[valid]
    span = (target[..., LIMBS[:, 1], :] - target[..., LIMBS[:, 0], :])[valid]
    tilted = (span[..., 2].abs() / span.norm(dim=-1)) > math.sin(math.radians(20))
    right = (bone * span[..., 2] > 0)[tilted].float().mean()
    others = [i for i in range(points.shape[-2]) if i != 19]
    z_across = error[:, others, :2] / torch.exp(points[..., 3:4][valid][:, others])
    z_along = error[:, others, 2] / torch.exp(points[..., 4][valid][:, others])
    tilt = torch.rad2deg(
        torch.acos((torch.nn.functional.normalize(gravity[..., :3], dim=-1) * down).sum(-1).clamp(-1, 1))
    )
    figures = {
        "joints_mm": 1700 * length.mean(), "across_mm": 1700 * error[:, 26:, :2].norm(dim=-1).mean(),
        "along_mm": 1700 * error[:, 26:, 2].abs().mean(), "sign": right, "z_across": z_across.square().mean().sqrt(),
        "z_along": z_along.square().mean().sqrt(), "gravity_deg": tilt[valid].mean(),
    }  # fmt: skip
    return {k: round(float(v), 4) for k, v in figures.items()}


def _cooling(share: float) -> float:
    """Learning rate over the training: held, then down to nothing along a cosine."""
    return 1.0 if share < 0.3 else 0.5 * (1 + math.cos(math.pi * (share - 0.3) / 0.7)) + 0.01


def _follow(average: LifterNetwork, network: LifterNetwork, keep: float) -> None:
    with torch.no_grad():
        for a, b in zip(average.parameters(), network.parameters(), strict=True):
            a.lerp_(b, 1 - keep)


def _resume(
    cache: Path, network: LifterNetwork, average: LifterNetwork, optimiser: torch.optim.Optimizer
) -> tuple[int, float]:
    path = cache / "checkpoint.pt"
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"]), float(state["spent"])


def _save(
    cache: Path,
    network: LifterNetwork,
    average: LifterNetwork,
    optimiser: torch.optim.Optimizer,
    step: int,
    spent: float,
) -> None:
    state = {
        "network": network.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
        "step": step, "spent": spent,
    }  # fmt: skip
    torch.save(state, cache / "checkpoint.new")
    (cache / "checkpoint.new").replace(cache / "checkpoint.pt")


def _note(
    cache: Path, step: int, spent: float, parts: dict[str, float], figures: dict[str, dict[str, float]]
) -> None:
    line = {
        "step": step,
        "minutes": round(spent / 60, 2),
        "loss": {k: round(v, 4) for k, v in parts.items()},
        **figures,
    }
    with (cache / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    log.info("%s", json.dumps(line))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=Settings.minutes)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--threads", type=int, default=Settings.threads)
    parser.add_argument("--device", default=Settings.device)
    parser.add_argument("--bfloat16", action="store_true", help="for a graphics card or a processor with AMX")
    parser.add_argument("--start", type=Path, help="exported network to train on from")
    parser.add_argument("--learning-rate", type=float, default=Settings.learning_rate)
    a = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings(
        a.minutes,
        a.seed,
        a.learning_rate,
        threads=a.threads,
        device=a.device,
        bfloat16=a.bfloat16,
        start=a.start,
    )
    train(a.corpus, a.cache, settings)


if __name__ == "__main__":
    main()
