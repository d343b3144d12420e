"""Training windows without end, made on the device that trains: motion, body, camera, detector, what is known."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from tools.train_lifter.bank import Bank
from tools.train_lifter.camera import film
from tools.train_lifter.constants import Constant
from tools.train_lifter.dice import Dice
from tools.train_lifter.noise import Detector, detect
from tools.train_lifter.points import MIRROR_INDEX, Bodies, draw_bodies
from tools.train_lifter.torch_kinematics import apply
from tools.train_lifter.variations import Variations
from torch import Tensor

from pase.lift.features import CENTRE_WEIGHT, FARTHEST, LEAST_SIZE, SURE_FOV
from pase.lift.points import ROOT
from pase.lift.segment_lengths import LENGTH_SPREAD, USUAL_LENGTHS

_FLIP = Constant([-1.0, 1.0, 1.0])
_CENTRE_WEIGHT = Constant(CENTRE_WEIGHT)
_USUAL, _SPREAD = Constant(USUAL_LENGTHS), Constant(LENGTH_SPREAD)
FOV_KNOWN, LENGTHS_KNOWN = 0.35, 0.6
"""Shares of the windows whose lens is known well, and whose proportions are known in some measure."""


@dataclass(frozen=True)
class Batch:
    """Windows for the network and what it should answer."""

    features: Tensor
    """(N, T, FEATURES)"""
    rotation: Tensor
    """(N, T, 3, 3) camera → virtual camera."""
    rays: Tensor
    """(N, T, 26, 2) what the detector says, by an assumed focal length; 0 where unseen."""
    score: Tensor
    """(N, T, 26)"""
    relative: Tensor
    """(N, T, P, 3) points from the root in camera axes, statures."""
    target: Tensor
    """(N, T, P, 3) points from the root in virtual camera axes, statures."""
    down: Tensor
    """(N, T, 3) gravity in virtual camera axes."""
    valid: Tensor
    """(N, T) 1 for frames that are there."""
    take: Tensor
    """(N,) index of the take."""
    azimuth: Tensor
    """(N,)"""
    stature: Tensor
    """(N,) metres."""
    lengths: Tensor
    """(N, segments) true lengths in statures."""
    fov_sigma: Tensor
    """(N,) what is said of the spread of the focal length, as a share of it."""


class Scenes:
    """Draws batches from a bank of motion.

    Parameters
    ----------
    bank
        The motion.
    seed
        Of the random numbers.
    varied
        Vary the motion; held-out motion is shown as it was captured.
    detector
        What sees the points.
    before
        Share of the cameras that stand before the person, beside those that stand anywhere.
    """

    def __init__(
        self, bank: Bank, seed: int, *, varied: bool = True, detector: Detector = detect, before: float = 0.0
    ) -> None:
        self.bank, self.dice = bank, Dice(seed, bank.q.device)
        self._variations, self._varied, self._detector = Variations(bank), varied, detector
        self._before = before

    @torch.no_grad()
    def draw(self, count: int, frames: int, *, fov_sigma: float | None = None) -> Batch:
        """Windows of `frames` frames at the network's rate.

        With `fov_sigma` every lens is known as well as that and no proportions are; else as it comes.
        """
        windows = self._variations.draw(self.dice, count, frames, varied=self._varied)
        bodies = draw_bodies(self.dice, count)
        points = bodies.points(windows.q)
        lowest = points[..., 1].amin(-1, keepdim=True)
        floor = torch.where(windows.recomposed[:, None, None], lowest, lowest.amin(1, keepdim=True))
        points = torch.stack([points[..., 0], points[..., 1] - floor, points[..., 2]], dim=-1)
        heading = windows.q[:, frames // 2, 0]
        return filmed(
            self.dice,
            points,
            windows.valid,
            heading,
            bodies,
            windows.take,
            self._detector,
            fov_sigma,
            self._before,
        )

    def drawer(self, count: int, frames: int, *, replayed: bool) -> Callable[[], Batch]:
        """What draws batches of one shape, into the same memory each time when `replayed`.

        On a graphics card the few hundred small steps of making a batch take longer to ask for than to do. Recorded
        once, they are asked for all at once, and draw new random numbers in every replay.
        """
        if not replayed:
            return lambda: self.draw(count, frames)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.draw(count, frames)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.dice.generator)
        with torch.cuda.graph(graph):
            batch = self.draw(count, frames)

        def replay() -> Batch:
            graph.replay()
            return batch

        return replay


def filmed(
    dice: Dice,
    points: Tensor,
    valid: Tensor,
    heading: Tensor,
    bodies: Bodies,
    take: Tensor,
    detector: Detector = detect,
    fov_sigma: float | None = None,
    before: float = 0.0,
) -> Batch:
    """Windows of world points (N, T, P, 3) in statures as a random camera and a detector see them."""
    N = len(points)
    views = film(dice, points, bodies.stature, heading, before)
    mirrored = dice.chance(0.5, N)
    flip, twin = _FLIP.on(points.device), MIRROR_INDEX.on(points.device)
    p_camera = torch.where(mirrored[:, None, None, None], views.points[:, :, twin] * flip, views.points)
    down = torch.where(mirrored[:, None], views.down * flip, views.down)
    rays, score = detector(dice, p_camera, bodies.stature, views.half)
    score = score * valid[..., None]
    sure = _sureness(dice, N) if fov_sigma is None else torch.full((N,), fov_sigma, device=points.device)
    rays = rays * (score > 0)[..., None] * torch.exp(sure * dice.normal(N))[:, None, None, None]
    lengths = bodies.lengths()
    facts = knowledge(dice, lengths, sure, with_lengths=fov_sigma is None)
    features, rotation = features_of(rays, score, valid, facts)
    relative = p_camera - p_camera[:, :, ROOT : ROOT + 1]
    target = apply(rotation[:, :, None], relative)
    gravity = apply(rotation, down[:, None])
    return Batch(
        features, rotation, rays, score, relative, target, gravity, valid, take, views.azimuth, bodies.stature,
        lengths, sure,
    )  # fmt: skip


def _sureness(dice: Dice, N: int) -> Tensor:
    """(N,) how far focal lengths may be off, as a share of them."""
    metadata = dice.log_uniform(N, low=0.01, high=0.05)
    return torch.where(dice.chance(FOV_KNOWN, N), metadata, dice.log_uniform(N, low=0.05, high=0.3))


def knowledge(dice: Dice, lengths: Tensor, fov_sigma: Tensor, *, with_lengths: bool) -> Tensor:
    """(N, KNOWN) what the network is told, as `pase.lift.features.LensAndLengths` writes it."""
    N, S = lengths.shape
    usual, spread = _USUAL.on(lengths.device), _SPREAD.on(lengths.device)
    sigma = dice.log_uniform(N, 1, low=0.1, high=1.5) * torch.exp(0.3 * dice.normal(N, S))
    off = (lengths - usual) / spread + sigma * dice.normal(N, S)
    informed = dice.chance(LENGTHS_KNOWN, N, 1) & dice.chance(0.9, N, S) & with_lengths
    trust = torch.where(informed, 1 / (1 + sigma.square()), 0.0)
    return torch.cat([torch.log(fov_sigma / SURE_FOV)[:, None], trust * off, trust], dim=1)


def features_of(rays: Tensor, score: Tensor, valid: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
    """`pase.lift.features.centred` on the training's device: features (N, T, FEATURES) and rotations."""
    visible = (score > 0).float()
    weight = visible * _CENTRE_WEIGHT.on(rays.device)
    centre = (weight[..., None] * rays).sum(-2) / weight.sum(-1, keepdim=True).clamp(min=1e-6)
    yaw = torch.atan(centre[..., 0])
    pitch = torch.atan2(centre[..., 1], torch.sqrt(1 + centre[..., 0].square()))
    rotation = looking_at(yaw, pitch)
    direction = torch.cat([rays, torch.ones_like(rays[..., :1])], dim=-1)
    turned = apply(rotation[:, :, None], direction)
    flat = turned[..., :2] / turned[..., 2:].clamp(min=0.1) * visible[..., None]
    size = _median(flat.norm(dim=-1), visible)[..., None]
    flat = (flat / size[..., None]).clamp(-FARTHEST, FARTHEST).flatten(2)
    place = torch.stack([size[..., 0].log() + 2.0, yaw, pitch], dim=-1)
    facts_by_frame = facts[:, None].expand(-1, rays.shape[1], -1)
    features = torch.cat([flat, score, visible, place, facts_by_frame, valid[..., None]], dim=-1)
    return features * valid[..., None], rotation


def _median(distance: Tensor, visible: Tensor) -> Tensor:
    """(N, T) median of the distances of the points that are seen."""
    count = visible.sum(-1).long()
    ordered = torch.where(visible > 0, distance, torch.inf).sort(dim=-1).values
    pair = torch.stack([(count - 1).clamp(min=0) // 2, count.clamp(min=1) // 2], dim=-1)
    middle = ordered.gather(-1, pair).mean(-1)
    return torch.where(count > 0, middle, 0.1).clamp(min=LEAST_SIZE)


def looking_at(yaw: Tensor, pitch: Tensor) -> Tensor:
    """(..., 3, 3) camera → virtual camera, as `pase.lift.features.looking_at`."""
    cy, sy, cp, sp = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin()
    rows = [cy, torch.zeros_like(cy), -sy, -sp * sy, cp, -sp * cy, cp * sy, sp, cp * cy]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))
