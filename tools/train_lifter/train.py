"""Train the lifter: one command, seeded, resumable, on a CPU or a GPU; all data are made on that device.

    PYTHONPATH=src python -m tools.train_lifter.train --motion FOLDER --cache FOLDER --minutes 40

`tools.train_lifter.motion` makes the packed motion first. A second call with the same cache goes on where the
last stopped; `--call-minutes` ends a call early, so that a machine lent by the quarter of an hour is enough.
`log.jsonl` in the cache tells the course of the training; `lifter.onnx` and `lifter.json` are its result.
`--from` goes on from an exported network, such as the package's, with a small learning rate; `--only` trains
some of its layers, and `--blend 0.5` leaves the result half-way.
"""

import argparse
import json
import logging
import math
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

import torch
from tools.train_lifter.bank import Bank, unpack
from tools.train_lifter.checks import HeldOut
from tools.train_lifter.dice import Dice
from tools.train_lifter.export import export, exported_weights
from tools.train_lifter.losses import losses
from tools.train_lifter.model import LifterNetwork
from tools.train_lifter.scenes import Batch, Scenes
from torch import Tensor

log = logging.getLogger(__name__)

Parts = dict[str, Tensor]
Answer = Callable[[Tensor, Tensor, Tensor, Tensor], Parts]
WHOLE = 48
"""Frames of a whole window."""
BEFORE = 0.5
"""Share of the cameras that stand before the person, the rest anywhere."""
MEMORY = 0.997
"""Of the running average of the weights, per step."""


@dataclass(frozen=True)
class Settings:
    """How to train."""

    minutes: float = 40.0
    """Of training in all, over which the learning rate falls."""
    call_minutes: float = math.inf
    """Of this call."""
    seed: int = 6
    learning_rate: float = 8e-4
    weight_decay: float = 0.05
    dropout: float = 0.0
    warm_up: int = 400
    """Steps until the full learning rate; a third as many after each resumption."""
    windows: int = 1024
    """Windows of a batch; 64 for a processor."""
    device: str = "cpu"
    bfloat16: bool = False
    """Mixed precision: for a graphics card, or a processor that multiplies matrices of 16 bits."""
    compiled: bool = False
    """Let torch fuse the step; worth its half minute on a graphics card."""
    replayed: bool = False
    """Record the making of a batch once and replay it with other random numbers; for a graphics card."""
    check_every: int = 1000
    start: str | None = None
    """An exported network to go on from; random weights when None."""
    blend: float = 1.0
    """Share of the fine-tuned weights in the result; the rest are those it goes on from."""
    only: str = ""
    """Pattern of the names of the parameters that are trained, as `re.search` has it; all when empty."""


def shapes(windows: int) -> tuple[tuple[tuple[int, int], float], ...]:
    """Windows and frames of a batch, and how often: whole windows, short ones, photos.

    Short ones show more people, lenses and lasting errors for the same work.
    """
    whole, half, quarter, photos = (windows, WHOLE), (2 * windows, 24), (4 * windows, 12), (8 * windows, 1)
    return ((whole, 0.45), (half, 0.25), (quarter, 0.2), (photos, 0.1))


class Training:
    """The network, its running average, the optimiser, and how far they have come."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.network = LifterNetwork(dropout=settings.dropout).to(settings.device)
        if settings.start is not None:
            self.network.load_state_dict(exported_weights(Path(settings.start)))
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(re.search(settings.only, name) is not None)
        self.average = LifterNetwork().to(settings.device).eval()
        self.average.load_state_dict(self.network.state_dict())
        trained = [p for p in self.network.parameters() if p.requires_grad]
        memory = 0.98 ** (settings.windows / 1024)  # of squared gradients: as many windows in small batches
        self.optimiser = torch.optim.AdamW(
            trained, lr=0.0, weight_decay=settings.weight_decay, betas=(0.9, memory), fused=True
        )
        self.step, self.resumed_at = 0, 0
        self.spent = 0.0
        self._fused: Answer = (
            torch.compile(self._losses, dynamic=False) if settings.compiled else self._losses
        )

    def _losses(self, features: Tensor, target: Tensor, down: Tensor, valid: Tensor) -> Parts:
        with torch.autocast(self.settings.device, torch.bfloat16, enabled=self.settings.bfloat16):
            points, shared, gravity = self.network(features)
        return losses((points.float(), shared.float(), gravity.float()), target, down, valid)

    def learn(self, batch: Batch, share: float) -> dict[str, Tensor]:
        """One step, after a share of the whole training; the parts of the loss."""
        self.network.train()
        warm = self.settings.warm_up if self.resumed_at == 0 else self.settings.warm_up / 3
        rise = min(1.0, (self.step - self.resumed_at + 1) / warm)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * rise * cooling(share)
        ask = self._fused if batch.valid.shape[1] == WHOLE else self._losses
        terms = ask(batch.features, batch.target, batch.down, batch.valid)
        self.optimiser.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        size = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if self.settings.device != "cpu":
            self.optimiser.found_inf = (~torch.isfinite(size)).float()  # type: ignore[attr-defined]
        self.optimiser.step()
        keep = min(MEMORY, (1 + self.step) / (20 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), 1 - keep)
        self.step += 1
        return {k: v.detach() for k, v in terms.items()}

    def mix(self) -> None:
        """Leave the average between the weights gone on from and the fine-tuned ones, as `Settings.blend` says.

        Most of the gain is kept so, and less is lost on what was not trained on (Wortsman et al. 2022).
        """
        if self.settings.start is not None:
            before = exported_weights(Path(self.settings.start))
            for name, values in self.average.state_dict().items():
                values.lerp_(before[name].to(values.device), 1 - self.settings.blend)

    def save(self, folder: Path) -> None:
        """Weights in 16 bits: the optimiser's memory is of fifty steps, it is not worth carrying."""
        for name, network in (("network", self.network), ("average", self.average)):
            state = {k: v.to(torch.float16) for k, v in network.state_dict().items()}
            _replace(folder / f"{name}.pt", state)
        _replace(folder / "progress.pt", {"step": self.step, "spent": self.spent})

    def resume(self, folder: Path) -> None:
        """Go on from what `save` wrote, if there is anything."""
        if not (folder / "progress.pt").exists():
            return
        for name, network in (("network", self.network), ("average", self.average)):
            state = torch.load(folder / f"{name}.pt", weights_only=True, map_location=self.settings.device)
            network.load_state_dict({k: v.float() for k, v in state.items()})
        progress = torch.load(folder / "progress.pt", weights_only=True)
        self.step, self.spent = int(progress["step"]), float(progress["spent"])
        self.resumed_at = self.step


class Ahead:
    """Batches of a graphics card, each made on a second stream while the network learns from the one before."""

    def __init__(self, draw: Callable[[], Batch]) -> None:
        self._draw = draw
        self._stream = torch.cuda.Stream()
        self._start()

    def _start(self) -> None:
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            self._batch = self._draw()

    def __call__(self) -> Batch:
        """The batch that was made meanwhile; the making of the next begins."""
        torch.cuda.current_stream().wait_stream(self._stream)
        fields = {f.name: getattr(self._batch, f.name).clone() for f in dataclass_fields(self._batch)}
        self._start()  # in the memory of the batch that was just copied
        return Batch(**fields)


def train(motion: Path, cache: Path, settings: Settings) -> None:
    """Train until the time is up; checkpoints every minute, and the exported network at the end."""
    cache.mkdir(parents=True, exist_ok=True)
    training = Training(settings)
    training.resume(cache)
    takes = [t for path in sorted(motion.glob("*.xz")) for t in unpack(path)]
    bank = Bank.of([t for t in takes if t.split == "train"], settings.device, favoured=True)
    checks = HeldOut(takes, settings.device)
    log.info("%d takes, %.1f h, from step %d", len(takes), len(bank.q) / 108000, training.step)
    scenes = Scenes(bank, settings.seed + training.step, before=BEFORE)
    form = Dice(settings.seed + training.step)
    choices = shapes(settings.windows)
    drawers = {shape: scenes.drawer(*shape, replayed=settings.replayed) for shape, _ in choices}
    odds = torch.tensor([p for _, p in choices])

    def draw() -> Batch:
        return drawers[choices[int(form.choose(odds, 1))][0]]()

    next_batch = Ahead(draw) if settings.replayed else draw
    begin = saved = time.monotonic()
    before, terms = training.spent, Parts()
    while training.spent < 60 * settings.minutes and training.spent - before < 60 * settings.call_minutes:
        terms = training.learn(next_batch(), training.spent / (60 * settings.minutes))
        training.spent = before + time.monotonic() - begin
        if training.step % settings.check_every == 0:
            note(cache, training, terms, checks)
        elif training.step in (1, 10, 50, 200) or training.step % 250 == 0:
            log.info("step %d, %.0f s, loss %s", training.step, training.spent, _rounded(terms))
        if time.monotonic() - saved > 60:
            training.save(cache)
            saved = time.monotonic()
    training.save(cache)
    training.mix()
    figures = note(cache, training, terms, checks)
    done = {"steps": training.step, "minutes": round(training.spent / 60, 1)}
    record = {**done, **history(settings), "figures": figures}
    export(training.average.cpu(), cache / "lifter.onnx", record)


def history(settings: Settings) -> dict[str, Any]:
    """How a network was trained, and how the one was that it goes on from."""
    fields = asdict(replace(settings, call_minutes=0.0))
    if settings.start is None:
        return {"settings": fields}
    before = json.loads(Path(settings.start).with_suffix(".json").read_text())
    before.pop("figures", None)
    return {"settings": fields | {"start": Path(settings.start).name}, "from": before}


def cooling(share: float) -> float:
    """Learning rate over the training: held, then down to nothing along a cosine."""
    return 1.0 if share < 0.2 else 0.5 * (1 + math.cos(math.pi * min((share - 0.2) / 0.8, 1.0))) + 0.005


def note(
    cache: Path, training: Training, terms: dict[str, Tensor], checks: HeldOut
) -> dict[str, dict[str, float]]:
    """Try the averaged network on what was held out, and write a line of the log."""
    figures = checks.figures(training.average)
    line = {
        "step": training.step, "minutes": round(training.spent / 60, 2), "loss": _rounded(terms), **figures,
    }  # fmt: skip
    with (cache / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    log.info("%s", json.dumps(line))
    return figures


def _rounded(terms: dict[str, Tensor]) -> dict[str, float]:
    return {k: round(float(v), 4) for k, v in terms.items()}


def _replace(path: Path, state: dict[str, object]) -> None:
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--motion", type=Path, required=True, help="folder of packed motion")
    parser.add_argument(
        "--cache", type=Path, required=True, help="folder of the checkpoint, the log and the result"
    )
    parser.add_argument(
        "--from", dest="start", help="exported network to fine-tune, with a small learning rate"
    )
    parser.add_argument(
        "--only", default=Settings.only, help="train parameters whose names match this pattern"
    )
    parser.add_argument(
        "--blend", type=float, default=Settings.blend,
        help="share of the fine-tuned weights; a finished training called again writes the result with another",
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=Settings.minutes)
    parser.add_argument("--call-minutes", type=float, default=Settings.call_minutes)
    parser.add_argument("--windows", type=int, default=Settings.windows)
    parser.add_argument("--learning-rate", type=float, default=Settings.learning_rate)
    parser.add_argument("--dropout", type=float, default=Settings.dropout)
    parser.add_argument("--warm-up", type=int, default=Settings.warm_up)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--device", default=Settings.device)
    parser.add_argument("--check-every", type=int, default=Settings.check_every)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--compiled", action="store_true", help="fuse the step, on a graphics card")
    parser.add_argument(
        "--replayed", action="store_true", help="replay how batches are made, on a graphics card"
    )
    options = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    motion, cache = options.pop("motion"), options.pop("cache")
    train(motion, cache, Settings(**options))


if __name__ == "__main__":
    main()
