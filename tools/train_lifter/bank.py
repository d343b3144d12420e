"""All motion in one place: packed small enough to carry about, unpacked onto the device that trains."""

import io
import json
import lzma
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from tools.train_lifter.corpus import Take
from tools.train_lifter.neck_shares import with_two_halves
from torch import Tensor

ANGLE_STEP, LENGTH_STEP = 1 / 1500, 1 / 500
"""Radians and metres by which packed coordinates are rounded."""
ROOT_ANGLES, ROOT_LENGTHS = (0, 1, 2), (3, 4, 5)
UPRIGHT_RAD = np.radians(55.0)
"""A pelvis tilted or listed by less is that of somebody on their feet or seated."""
CALM_KINDS = ("stand",)
"""Kinds of movement whose legs are straight for a reason."""
MADE = "procedural"
ONE_KIND = {"exercises": "exercise"}
"""Sources that count as one kind of movement, however many exercises they name."""
FILMED = {
    "walk": 2.5, "lab: walk turning": 2.5, "cmu": 1.5, "exercise": 2.0, "gesture/everyday": 1.5,
    "rehab: sit to stand": 1.7, "rehab: deep squat": 2.0, "rehab: side lunge": 1.5, "rehab: inline lunge": 1.5,
    "run": 0.5, "dance": 0.7, "playground/climb": 0.5,
}  # fmt: skip
"""How much more often than by their length captured movements are drawn that people film often."""
CAPTURED_SHARE = 0.6
"""Share of the windows that show captured motion."""


def pack(takes: Sequence[Take], path: Path) -> None:
    """Write takes to one small file: coordinates rounded, differences from frame to frame, squeezed.

    Takes of which a frame could not be solved are left out.
    """
    takes = [t for t in takes if len(t.q) > 2 and np.isfinite(t.q).all()]
    pieces = []
    for take in takes:
        q = np.asarray(take.q, float).copy()
        q[:, ROOT_ANGLES[0]] -= 2 * np.pi * np.round(np.median(q[:, ROOT_ANGLES[0]]) / (2 * np.pi))
        q[:, 3:6:2] -= q[:, 3:6:2].mean(0)
        steps_of_take = np.clip(np.round(q / _steps(q.shape[1])), -32768, 32767).astype(np.int16)
        pieces.append(np.diff(steps_of_take, axis=0, prepend=np.zeros((1, q.shape[1]), np.int16)))
    columns = np.ascontiguousarray(np.concatenate(pieces).T)
    about = [[t.name, t.subject, t.category, t.split, t.source, len(t.q)] for t in takes]
    buffer = io.BytesIO()
    low, high = (columns.view(np.uint8)[:, k::2] for k in range(2))
    np.savez(buffer, low=low, high=high, about=np.frombuffer(json.dumps(about).encode(), np.uint8))
    path.write_bytes(lzma.compress(buffer.getvalue(), preset=3))


def unpack(path: Path) -> list[Take]:
    """The takes of a file that `pack` wrote, as motion of today's skeleton."""
    with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as data:
        low, high = data["low"].astype(np.uint16), data["high"].astype(np.uint16)
        about = json.loads(data["about"].tobytes())
    steps = (low | (high << 8)).view(np.int16).T
    out, first = [], 0
    for *names, source, length in about:
        rounded = np.cumsum(steps[first : first + length].astype(np.int64), axis=0).astype(np.int16)
        out.append(Take(*names, with_two_halves(rounded * _steps(rounded.shape[1])), source))
        first += length
    return out


def _steps(columns: int) -> NDArray[np.float64]:
    steps = np.full(columns, ANGLE_STEP)
    steps[0] = 4 * ANGLE_STEP
    steps[list(ROOT_LENGTHS)] = LENGTH_STEP
    return steps


@dataclass(frozen=True)
class Bank:
    """Takes on a device, end to end."""

    q: Tensor
    """(F, n) coordinates of all takes at 30 Hz."""
    start: Tensor
    """(M,) first frame of each take."""
    length: Tensor
    """(M,) frames of each take."""
    chance: Tensor
    """(M,) how likely a window is of a take."""
    belt: Tensor
    """(M,) speed of the treadmill under the take, m/s; 0 on the floor."""
    calm: Tensor
    """(M,) true for people who stand."""
    upright: Tensor
    """Frames of people on their feet or seated."""
    kinds: tuple[str, ...]
    """Kind of movement of each take."""

    @classmethod
    def of(cls, takes: Sequence[Take], device: str | torch.device, *, favoured: bool = False) -> Self:
        """Takes end to end on a device; movements that people film more often, if `favoured`."""
        q = np.concatenate([t.q for t in takes]).astype(np.float32)
        length = np.array([len(t.q) for t in takes])
        upright = np.flatnonzero((np.abs(q[:, 1]) < UPRIGHT_RAD) & (np.abs(q[:, 2]) < UPRIGHT_RAD))
        arrays = (
            q, np.cumsum(length) - length, length, chances(takes, favoured=favoured),
            np.array([belt_speed(t.name) for t in takes], np.float32),
            np.array([t.category in CALM_KINDS for t in takes]), upright,
        )  # fmt: skip
        return cls(*(torch.from_numpy(a).to(device) for a in arrays), tuple(t.category for t in takes))


def belt_speed(name: str) -> float:
    """Speed of the treadmill of a take of Fukuchi et al., m/s; 0 for others."""
    match = re.search(r"fukuchi_.*_run(\d\d)", name)
    return int(match.group(1)) / 10 if match else 0.0


def chances(takes: Sequence[Take], *, favoured: bool = False) -> NDArray[np.float64]:
    """Captured windows as often as `CAPTURED_SHARE` says; among them rare kinds more than their length."""
    length = np.array([len(t.q) for t in takes], float)
    procedural = np.array([t.name.startswith(MADE) for t in takes])
    kinds = np.array([ONE_KIND.get(t.source, t.category) for t in takes])
    chance = length.copy()
    for kind in np.unique(kinds[~procedural]):
        own = (kinds == kind) & ~procedural
        chance[own] *= length[own].sum() ** -0.5
    if favoured:
        chance *= [
            1.0 if made else FILMED.get(t.category, 1.0) for t, made in zip(takes, procedural, strict=True)
        ]
    if procedural.any() and not procedural.all():
        share = (1 - CAPTURED_SHARE) / CAPTURED_SHARE
        chance[procedural] *= share * chance[~procedural].sum() / chance[procedural].sum()
    return np.asarray(chance / chance.sum())
