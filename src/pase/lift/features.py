"""Inputs of the lifter's network: rays turned to the person, their size, and facts about lens and person."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26
from pase.errors import InputError
from pase.lift.segment_lengths import LENGTH_SPREAD, SEGMENTS, USUAL_LENGTHS
from pase.types import Array

Floats = NDArray[np.float32]

_K = len(HALPE26)
TORSO = [HALPE26.index(n) for n in ("LShoulder", "RShoulder", "LHip", "RHip", "Neck", "Hip")]
CENTRE_WEIGHT = np.full(_K, 0.05, np.float32)
"""Weight of each keypoint in the person's centre."""
CENTRE_WEIGHT[TORSO] = 1.0
LEAST_SIZE = 0.003
"""Least median distance of the keypoints from the centre, in units of rays."""
FARTHEST = 6.0
"""Largest ray from the centre, in median distances."""
SURE_FOV = 0.1
"""Spread of the focal length, as a share of it, that the network gets as 0."""
KNOWN = 1 + 2 * len(SEGMENTS)
"""Number of inputs that describe the facts about lens and lengths."""
FEATURES = 4 * _K + 4 + KNOWN
"""Channels of the network's input."""


@dataclass(frozen=True)
class LensAndLengths:
    """Prior of the lens and of the person's proportions."""

    fov_sigma: float
    """Standard deviation of the focal length as a share of it."""
    lengths: Mapping[str, tuple[float, float]]
    """Mean and standard deviation of the lengths of segments (`SEGMENTS`) in statures; others are unknown."""

    def numbers(self) -> Floats:
        """(KNOWN,) inputs of the network: the lens, each length's deviation from the mean, and its certainty."""
        off, trust = np.zeros(len(SEGMENTS)), np.zeros(len(SEGMENTS))
        for i, name in enumerate(SEGMENTS):
            if name in self.lengths:
                (mean, sigma), spread = self.lengths[name], LENGTH_SPREAD[i]
                trust[i] = 1 / (1 + (sigma / spread) ** 2)
                off[i] = trust[i] * np.clip((mean - USUAL_LENGTHS[i]) / spread, -5, 5)
        lens = np.log(np.clip(self.fov_sigma, 0.01, 0.3) / SURE_FOV)
        return np.concatenate([[lens], off, trust]).astype(np.float32)

    def __post_init__(self) -> None:
        strangers = set(self.lengths) - set(SEGMENTS)
        if strangers:
            raise InputError(f"no segment '{min(strangers)}'; there are: {', '.join(SEGMENTS)}")


@dataclass(frozen=True)
class Inputs:
    """Windows as the network takes them."""

    features: Floats
    """(N, T, FEATURES): rays from the centre by size, scores, what is seen, size, centre, what is known."""
    rotation: Floats
    """(N, T, 3, 3) camera → virtual camera, that looks at the person's centre."""


def centred(rays: Floats, score: Floats, valid: Floats, facts_of_lens: Floats) -> Inputs:
    """Turn rays so that the person's centre is straight ahead, and size them.

    Parameters
    ----------
    rays
        (N, T, 26, 2) x/z and y/z of the keypoints in camera axes; 0 where unseen.
    score
        (N, T, 26) from 0 to 1; 0 where unseen.
    valid
        (N, T) 1 for frames that are there, 0 for filling.
    facts_of_lens
        (KNOWN,) or (N, KNOWN) what `LensAndLengths.numbers` says.
    """
    visible = (score > 0).astype(np.float32)
    weight = visible * CENTRE_WEIGHT
    total = np.maximum(weight.sum(-1, keepdims=True), 1e-6)
    centre = (weight[..., None] * rays).sum(-2) / total
    yaw = np.arctan(centre[..., 0])
    pitch = np.arctan2(centre[..., 1], np.hypot(1.0, centre[..., 0]))
    rotation = looking_at(yaw, pitch)
    direction = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    turned = np.einsum("ntij,ntkj->ntki", rotation, direction)
    flat = turned[..., :2] / np.maximum(turned[..., 2:], 0.1) * visible[..., None]
    distance = np.linalg.norm(flat, axis=-1)
    distance[visible == 0] = np.nan
    size = _median(distance)[..., None]
    N, T = valid.shape
    flat = np.clip(flat / size[..., None], -FARTHEST, FARTHEST).reshape(N, T, -1)
    place = np.stack([np.log(size[..., 0]) + 2.0, yaw, pitch], axis=-1)
    facts = np.broadcast_to(np.atleast_2d(facts_of_lens)[:, None], (N, T, KNOWN))
    features = (
        np.concatenate([flat, score, visible, place, facts, valid[..., None]], axis=-1) * valid[..., None]
    )
    return Inputs(features.astype(np.float32), rotation.astype(np.float32))


def _median(distance: Floats) -> Floats:
    """(N, T) median of the distances that are there (others are NaN), within bounds."""
    finite = np.isfinite(distance)
    count = finite.sum(-1)
    ordered = np.sort(np.where(finite, distance, np.inf), axis=-1)
    last = np.maximum(count - 1, 0)
    pair = np.stack([last // 2, np.maximum(count, 1) // 2], axis=-1)
    middle = np.take_along_axis(ordered, pair, axis=-1).mean(-1)
    return np.maximum(np.where(count > 0, middle, 0.1), LEAST_SIZE).astype(np.float32)


def looking_at(yaw: Array | Floats, pitch: Array | Floats) -> Array:
    """(..., 3, 3) camera → virtual camera that looks right by `yaw`, then down by `pitch`; its roll stays."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    zero = np.zeros_like(cy)
    rows = [cy, zero, -sy, -sp * sy, cp, -sp * cy, cp * sy, sp, cp * cy]
    return np.stack(rows, axis=-1).reshape(*np.shape(yaw), 3, 3)


def facing(ray: Array) -> Array:
    """(T, 3, 3) camera → virtual camera that looks along the unit vectors `ray` (T, 3)."""
    yaw = np.arctan2(ray[:, 0], ray[:, 2])
    return looking_at(yaw, np.arctan2(ray[:, 1], np.hypot(ray[:, 0], ray[:, 2])))
