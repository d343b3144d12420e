"""Lift keypoints with MotionBERT as its published inference does, and over long recordings without jumps."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26, Keypoints2D, Landmarks3D
from pase.errors import InputError, ModelFileError
from pase.keypoint_sets import H36M17
from pase.lift.h36m import h36m_from_halpe26, mirrored, normalise_by_box, with_stand_ins
from pase.networks.checkpoint import guess_network, load_parameters, read_state, require_torch
from pase.networks.parallel import run_parallel
from pase.types import Progress

Joints = NDArray[np.float32]

_SHAPES = {"lite": (256, 4), "full": (512, 2)}
"""Channels and the perceptrons' ratio of the published configurations."""
CLIP_LENGTH = 243
OVERLAP = 81


class MotionBert:
    """MotionBERT's network with its published treatment of footage.

    Clips of 243 frames are lifted on their own. Where a recording is longer, neighbouring clips share frames
    and are blended there, so that nothing jumps at their ends; `overlap=0` gives the published cutting.

    Parameters
    ----------
    weights
        The checkpoint, as `best_epoch.bin`.
    clip_length, overlap
        Frames of a clip, at most 243, and those that two clips share.

    Raises
    ------
    ModelFileError
        When the file is not such a checkpoint; names the first parameter that does not fit.
    MissingDependencyError
        When PyTorch is not installed.
    """

    def __init__(
        self, weights: str | Path, *, clip_length: int = CLIP_LENGTH, overlap: int = OVERLAP
    ) -> None:
        if not 0 <= overlap < clip_length <= CLIP_LENGTH:
            raise InputError(
                f"clips must have at most {CLIP_LENGTH} frames and overlap by fewer than they have"
            )
        torch = require_torch()
        from pase.lift.dstformer import DSTformer

        state = read_state(weights)
        width = state["temp_embed"].shape[-1] if "temp_embed" in state else None
        self.variant = next((name for name, (channels, _) in _SHAPES.items() if channels == width), "")
        if not self.variant:
            raise ModelFileError(
                f"{weights} is not a MotionBERT checkpoint: it seems to be {guess_network(state)}"
            )
        with torch.device("meta"):
            self._network = DSTformer(*_SHAPES[self.variant])
        load_parameters(self._network, state, weights, f"MotionBERT {self.variant}")
        self._torch, self._clip_length, self._overlap = torch, clip_length, overlap

    def __call__(self, keypoints: Keypoints2D, progress: Progress | None = None) -> Landmarks3D:
        """Lift one person; frames in which the person is unseen are left out, as published, and come out NaN.

        Returns
        -------
        Landmarks3D
            17 joints in camera axes; the unit is half the longer side of the box around the person's path, so
            the scale is unknown. The hip is not the origin: the person moves across the picture.

        Raises
        ------
        InputError
            When the keypoints are not Halpe's.
        """
        if keypoints.names != HALPE26:
            raise InputError("MotionBERT needs the 26 Halpe keypoints; convert them first")
        visible = keypoints.seen
        points = np.concatenate([keypoints.xy, keypoints.score[..., None]], axis=-1)[visible]
        points[~np.isfinite(points).all(-1)] = 0.0
        xyz = np.full((len(keypoints), len(H36M17), 3), np.nan)
        if visible.any():
            xyz[visible] = self.predict(normalise_by_box(h36m_from_halpe26(with_stand_ins(points))), progress)
        return Landmarks3D(xyz, keypoints.time, H36M17, "camera")

    def predict(self, joints: Joints, progress: Progress | None = None) -> Joints:
        """3D joints (T, 17, 3) of normalised 2D joints (T, 17, x y score), clip by clip."""
        cuts = clips(len(joints), self._clip_length, self._overlap)
        batches = [joints[start:stop] for start, stop in cuts]
        inputs = [view for batch in batches for view in (batch, mirrored(batch))]
        total, weight = np.zeros(joints.shape), np.zeros(len(joints))
        with closing(run_parallel(self._forward, inputs)) as results:
            for start, stop in cuts:
                clip = self._clip(results, first=start == 0)
                share = _ramps(start, stop, len(joints), self._overlap)
                total[start:stop] += share[:, None, None] * clip
                weight[start:stop] += share
                if progress is not None:
                    progress(stop, len(joints))
        return (total / weight[:, None, None]).astype(np.float32)

    def _clip(self, results: Iterator[Joints], *, first: bool) -> Joints:
        """The next clip, averaged with the mirrored one, its root as published."""
        clip = (next(results) + mirrored(next(results))) / np.float32(2)
        if first or not self._overlap:
            clip[0, 0, 2] = 0
        return clip

    def _forward(self, joints: Joints) -> Joints:
        with self._torch.inference_mode():
            out: Joints = self._network(self._torch.from_numpy(np.ascontiguousarray(joints[None]))).numpy()[0]
        return out


def clips(count: int, length: int, overlap: int) -> list[tuple[int, int]]:
    """First and end frames of the clips that cover a recording.

    With an overlap the last clip is moved back to be whole; without one it is the shorter rest, as published.
    """
    if count <= length:
        return [(0, count)] if count else []
    starts = list(range(0, count if overlap == 0 else count - overlap, length - overlap))
    if overlap and starts[-1] + length > count:
        starts[-1] = count - length
    return [(start, min(start + length, count)) for start in starts]


def _ramps(start: int, stop: int, count: int, overlap: int) -> NDArray[np.float64]:
    """Weight of each frame of a clip: rising and falling where a neighbour lies beside it."""
    share = np.ones(stop - start)
    ramp = (np.arange(min(overlap, stop - start)) + 1.0) / (overlap + 1.0)
    if start > 0:
        share[: len(ramp)] = np.minimum(share[: len(ramp)], ramp)
    if stop < count:
        share[len(share) - len(ramp) :] = np.minimum(share[len(share) - len(ramp) :], ramp[::-1])
    return share
