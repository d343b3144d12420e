"""Place the 26 Halpe keypoints of a boxed person with RTMPose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.networks.onnx import start_session
from pase.pose2d.simcc import decode_simcc
from pase.types import Array, Image

_MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
_STD = np.array([58.395, 57.12, 57.375], dtype=np.float32)
_NORMALISED = np.ascontiguousarray(((np.arange(256, dtype=np.float32)[:, None] - _MEAN) / _STD).T)
"""(3, 256) what the network is given for each value of a colour; looking it up is ten times as fast as computing."""
_PADDING = 1.25
"""The crop is this much larger than the box, as in the networks' training."""
BATCH = 16
"""Crops that go through the network at once: more gain nothing on a processor and cost memory."""
_BINS_A_PIXEL = 2.0
_FEWEST_POINTS = 5


@dataclass(frozen=True, slots=True)
class Pose:
    """Keypoints of one person in one picture."""

    xy: Array
    """(K, 2) pixels."""
    score: Array
    """(K,) 0 to 1."""
    sigma: Array
    """(K, 2) standard deviation of `xy` in pixels."""
    turn: int = 0
    """Quarter turns, clockwise, of the crop in which it was found."""

    @property
    def quality(self) -> float:
        """Mean score of the keypoints."""
        return float(self.score.mean())

    def box(self, least_score: float, margin: float = 0.05) -> NDArray[np.float64] | None:
        """Box (4,) around the keypoints of at least such a score, or None if they are fewer than five."""
        sure = self.xy[self.score >= least_score]
        if len(sure) < _FEWEST_POINTS:
            return None
        low, high = sure.min(0), sure.max(0)
        room = margin * (high - low).max()
        return np.concatenate([low - room, high + room])


def crop_transform(box: NDArray[np.float64], crop_size: tuple[int, int], turn: int = 0) -> Array:
    """Affine map from the picture to a network's crop around a box.

    Pixel centres are whole numbers on both sides, as in `cv2.warpAffine`.

    Parameters
    ----------
    box
        (4,) left, top, right, bottom in pixels.
    crop_size
        Width and height of the crop.
    turn
        Quarter turns, clockwise, that the picture is given on the way.

    Returns
    -------
    Array
        (2, 3): crop = matrix @ [x, y, 1]; equal scale in x and y.
    """
    centre = (box[:2] + box[2:]) / 2
    extent = np.maximum(box[2:] - box[:2], 1.0) * _PADDING
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn % 4]
    if turn % 2:
        extent = extent[::-1]
    scale = min(crop_size[0] / extent[0], crop_size[1] / extent[1])
    linear = scale * np.array([[cosine, -sine], [sine, cosine]])
    shift = np.array(crop_size) / 2 - linear @ centre
    return np.column_stack([linear, shift])


class KeypointNetwork:
    """RTMPose with SimCC outputs, as exported by the RTMPose project.

    Parameters
    ----------
    path
        The `.onnx` file.
    device, threads
        See `pase.networks.onnx.start_session`.
    """

    def __init__(self, path: Path, device: str = "auto", threads: int = 0) -> None:
        self._session = start_session(path, device, threads)
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        self._crop_size = (int(entry.shape[3]), int(entry.shape[2]))

    def __call__(self, image: Image, boxes: NDArray[np.float64], turns: Sequence[int]) -> list[Pose]:
        """Place the keypoints of all the persons of a picture, in as few runs of the network as can be.

        Parameters
        ----------
        image
            (H, W, 3) RGB.
        boxes
            (N, 4) left, top, right, bottom in pixels.
        turns
            N quarter turns, clockwise, that bring each person upright.

        Returns
        -------
        list
            N poses.
        """
        poses: list[Pose] = []
        for start in range(0, len(boxes), BATCH):
            batch = slice(start, start + BATCH)
            poses += self._placed(image, boxes[batch], turns[batch])
        return poses

    def _placed(self, image: Image, boxes: NDArray[np.float64], turns: Sequence[int]) -> list[Pose]:
        import cv2

        matrices = [
            crop_transform(box, self._crop_size, turn) for box, turn in zip(boxes, turns, strict=True)
        ]
        blob = np.empty((len(boxes), 3, *self._crop_size[::-1]), dtype=np.float32)
        for planes, matrix in zip(blob, matrices, strict=True):
            crop = cv2.warpAffine(image, matrix, self._crop_size, flags=cv2.INTER_LINEAR)
            for color, values, table in zip(cv2.split(crop), planes, _NORMALISED, strict=True):
                cv2.LUT(color, table, dst=values)
        outputs = [decode_simcc(out) for out in self._session.run(None, {self._input: blob})]
        return [
            _pose(matrix, turn, *(tuple(output[i] for output in axis) for axis in outputs))
            for i, (matrix, turn) in enumerate(zip(matrices, turns, strict=True))
        ]


def _pose(matrix: Array, turn: int, across: tuple[Array, ...], down: tuple[Array, ...]) -> Pose:
    """A pose in the picture from position, peak and deviation along both axes of its crop, in bins."""
    (x, x_peak, x_std), (y, y_peak, y_std) = across, down
    xy = (np.stack([x, y], -1) / _BINS_A_PIXEL - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    scale = np.hypot(*matrix[:, 0])
    sigma = np.stack([y_std, x_std] if turn % 2 else [x_std, y_std], -1) / (_BINS_A_PIXEL * scale)
    return Pose(xy, np.clip(np.minimum(x_peak, y_peak), 0, 1), sigma, turn % 4)
