"""AlphaPose's procedure for a recording: detect everybody in every frame, and read the crops in batches."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.media.frames import Frame
from pase.networks.checkpoint import load_parameters, read_state, require_torch
from pase.networks.parallel import run_parallel
from pase.pose2d.alphapose.heatmaps import crop_box, normalise_crop, read_heatmaps, warp_crop
from pase.pose2d.alphapose.pose_nms import Candidates, MergedPose, merge_poses
from pase.pose2d.readers.assemble import assemble
from pase.pose2d.readers.detection import Detection, FootageFacts
from pase.pose2d.tracking.prominence import prominence
from pase.types import Array, Array32, Image, ImageSize

log = logging.getLogger(__name__)

BATCH = 16
"""Crops that go through the network at once: more gains nothing on a processor."""


class BoxDetector(Protocol):
    """Finds persons in one picture."""

    def __call__(self, image: Image) -> tuple[Array, Array]:
        """Boxes (N, 4) in pixels and scores (N,) of a picture (H, W, 3) RGB."""
        ...


class FastPoseNetwork:
    """AlphaPose's FastPose for the 26 Halpe keypoints.

    Parameters
    ----------
    weights
        The official checkpoint, `halpe26_fast_res50_256x192.pth`.

    Raises
    ------
    ModelFileError
        When the file is not such a checkpoint; names the first parameter that does not fit.
    MissingDependencyError
        When PyTorch is not installed.
    """

    def __init__(self, weights: str | Path) -> None:
        torch = require_torch()
        from pase.pose2d.alphapose.fastpose import FastPose, fold_normalisations

        state = read_state(weights)
        with torch.device("meta"):
            network = FastPose(len(HALPE26))
        load_parameters(network, state, weights, "AlphaPose FastPose with 26 keypoints and ResNet-50")
        fold_normalisations(network)
        self._network = cast(Any, network).to(memory_format=torch.channels_last)
        self._torch = torch

    def heatmaps(self, crops: Array32) -> Array32:
        """Heatmaps (N, 26, 64, 48) of crops (N, 3, 256, 192), which are shared out among the processor's cores.

        `pase.pose2d.alphapose.heatmaps` makes the crops.
        """
        batches = np.array_split(crops, max(1, min(len(crops), self._torch.get_num_threads())))
        return np.concatenate(list(run_parallel(self._forward, batches)))

    def _forward(self, crops: Array32) -> Array32:
        torch = self._torch
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(crops))
            out: Array32 = self._network(batch.contiguous(memory_format=torch.channels_last)).numpy()
        return out


class _FrameCrops(NamedTuple):
    """Persons of one frame on their way to the keypoints."""

    frame: int
    boxes: Array
    crops: Array32


def detect_everyone(
    frames: Iterable[Frame], image_size: ImageSize, detector: BoxDetector, network: FastPoseNetwork
) -> list[Keypoints2D]:
    """Find everybody in every frame, as AlphaPose's program does, and follow them by nearness.

    Parameters
    ----------
    frames
        The recording, in order; frames are not kept.

    Returns
    -------
    list
        Everybody, who is seen most and largest first, with one row for every frame; NaN where unseen.
    """
    times: list[float] = []

    def detected() -> Iterator[_FrameCrops]:
        for frame in frames:
            boxes, _ = detector(frame.image)
            crops = [normalise_crop(warp_crop(frame.image, crop_box(box))) for box in boxes]
            crops_by_box = np.array(crops, np.float32).reshape(-1, 3, 256, 192)
            yield _FrameCrops(frame.index, boxes, crops_by_box)
            times.append(frame.time)

    detections = [
        Detection(frame, np.column_stack([pose.points, pose.scores]))
        for frame, poses in read_poses(detected(), network)
        for pose in poses
    ]
    if not detections:
        log.warning("nobody was found in the picture")
        return []
    tracks = assemble(detections, FootageFacts(image_size, np.array(times)), Path("the recording"))
    return sorted(tracks, key=lambda track: -prominence(track))


def read_poses(
    frames: Iterable[_FrameCrops], network: FastPoseNetwork
) -> Iterator[tuple[int, list[MergedPose]]]:
    """Poses of every frame, the network being run over the persons of several frames at once."""
    waiting: list[_FrameCrops] = []
    for frame in frames:
        waiting.append(frame)
        if sum(len(w.boxes) for w in waiting) >= BATCH:
            yield from _read_batch(waiting, network)
            waiting = []
    yield from _read_batch(waiting, network)


def _read_batch(
    waiting: list[_FrameCrops], network: FastPoseNetwork
) -> Iterator[tuple[int, list[MergedPose]]]:
    if not waiting:
        return
    crops = np.concatenate([persons.crops for persons in waiting])
    batches = [network.heatmaps(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)]
    heatmaps = iter(np.concatenate(batches) if batches else np.zeros((0, len(HALPE26), 1, 1), np.float32))
    for persons in waiting:
        read = [read_heatmaps(next(heatmaps), crop_box(box)) for box in persons.boxes]
        if read:
            points = np.array([points for points, _ in read], dtype=float)
            scores = np.array([scores for _, scores in read], dtype=float)
            yield persons.frame, merge_poses(Candidates(persons.boxes, points, scores))
