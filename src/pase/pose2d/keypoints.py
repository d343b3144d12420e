"""Place the 26 Halpe keypoints of a boxed person with RTMPose, or another network with SimCC outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26
from pase.errors import ModelFileError
from pase.keypoint_sets import COCO17, KEYPOINT_SETS
from pase.networks.onnx import OnnxNetwork
from pase.pose2d.simcc import decode_simcc
from pase.types import Array, Image, ImageSize

if TYPE_CHECKING:
    import onnxruntime

_MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
_STD = np.array([58.395, 57.12, 57.375], dtype=np.float32)
_NORMALISED = np.ascontiguousarray(((np.arange(256, dtype=np.float32)[:, None] - _MEAN) / _STD).T)
"""(3, 256) the network's input for each value of a colour: a table is ten times as fast as computing it."""
_PADDING = 1.25
"""The crop is this much larger than the box, as in the networks' training."""
BATCH = 16
"""Crops per run of the network: more gain nothing on a processor and cost memory."""
_FEWEST_POINTS = 5
_NO_SIMCC = "is no network with SimCC outputs for crops of a fixed size: name an .onnx of RTMPose"
_SETS = {
    len(names): names for names in (HALPE26, COCO17, KEYPOINT_SETS["coco133"], KEYPOINT_SETS["halpe136"])
}
"""The sets of points that networks of RTMPose are trained for, by their number."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Keypoints of one person in one picture."""

    xy: Array
    """(K, 2) pixels."""
    score: Array
    """(K,) 0 to 1."""
    sigma: Array
    """(K, 2) standard deviation of `xy` in pixels; NaN for a point that the network does not give."""
    turn: int = 0
    """Quarter turns, clockwise, of the crop in which it was found."""

    @property
    def quality(self) -> float:
        """Mean score of the keypoints that the network gives."""
        return float(self.score[np.isfinite(self.sigma[:, 0])].mean())

    def box(self, least_score: float, margin: float = 0.05) -> NDArray[np.float64] | None:
        """Box (4,) around the keypoints of at least such a score, or None if they are fewer than five."""
        sure = self.xy[self.score >= least_score]
        if len(sure) < _FEWEST_POINTS:
            return None
        low, high = sure.min(0), sure.max(0)
        room = margin * (high - low).max()
        return np.concatenate([low - room, high + room])


def crop_transform(box: NDArray[np.float64], crop_size: ImageSize, turn: int = 0) -> Array:
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


class KeypointNetwork(OnnxNetwork):
    """RTMPose with SimCC outputs, as exported by the RTMPose project: ours, or one of the user's.

    Networks for 26 (Halpe), 17 (COCO), 133 and 136 points (whole body) and crops of any size are understood; their
    points become the 26 of Halpe. A point that a network does not give has the score 0.
    """

    def _describe(self, name: str) -> None:
        self._layout = _layout(self._session, name)
        names = _SETS[self._layout.points]
        self._columns = np.array([names.index(name) if name in names else -1 for name in HALPE26])

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
        """
        poses: list[Pose] = []
        for start in range(0, len(boxes), self._layout.batch):
            batch = slice(start, start + self._layout.batch)
            poses += self._placed(image, boxes[batch], turns[batch])
        return poses

    def _placed(self, image: Image, boxes: NDArray[np.float64], turns: Sequence[int]) -> list[Pose]:
        import cv2

        size = self._layout.crop_size
        matrices = [crop_transform(box, size, turn) for box, turn in zip(boxes, turns, strict=True)]
        blob = np.empty((len(boxes), 3, *size[::-1]), dtype=np.float32)
        for planes, matrix in zip(blob, matrices, strict=True):
            crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
            for color, values, table in zip(cv2.split(crop), planes, _NORMALISED, strict=True):
                cv2.LUT(color, table, dst=values)
        outputs = self._session.run(self._layout.outputs, {self._layout.input: blob})
        across, down = (decode_simcc(output) for output in outputs)
        return [
            self._pose(matrix, turn, [values[i] for values in across], [values[i] for values in down])
            for i, (matrix, turn) in enumerate(zip(matrices, turns, strict=True))
        ]

    def _pose(self, matrix: Array, turn: int, across: Sequence[Array], down: Sequence[Array]) -> Pose:
        """A pose in the picture from position, peak and deviation along both axes of its crop, in bins."""
        (x, x_peak, x_std), (y, y_peak, y_std) = across, down
        xy = (np.stack([x, y], -1) / self._layout.bins - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        scale = np.hypot(*matrix[:, 0])
        sigma = np.stack([y_std, x_std] if turn % 2 else [x_std, y_std], -1) / (self._layout.bins * scale)
        return _as_halpe26(
            Pose(xy, np.clip(np.minimum(x_peak, y_peak), 0, 1), sigma, turn % 4), self._columns
        )


@dataclass(frozen=True)
class _Layout:
    """What a network takes and gives."""

    input: str
    crop_size: ImageSize
    batch: int
    """Crops that it takes at once."""
    outputs: list[str]
    """Names of the outputs across and down."""
    points: int
    bins: float
    """Bins a pixel."""


def _layout(session: onnxruntime.InferenceSession, name: str) -> _Layout:
    """What a network takes and gives.

    Raises
    ------
    ModelFileError
        When the network has no SimCC outputs for persons.
    """
    entry = session.get_inputs()[0]
    outputs = sorted(output.name for output in session.get_outputs())[:2]
    shape = entry.shape
    if len(outputs) < 2 or len(shape) != 4 or shape[1] != 3 or not all(isinstance(n, int) for n in shape[2:]):
        raise ModelFileError(f"{name} {_NO_SIMCC}")
    height, width = shape[2:]
    try:
        across, down = session.run(outputs, {entry.name: np.zeros((1, *shape[1:]), np.float32)})
    except Exception as error:  # onnxruntime's own classes have no public common parent but Exception
        raise ModelFileError(f"{name} cannot be run on one picture ({error})") from error
    ratios = {across.shape[-1] / width, down.shape[-1] / height}
    if across.ndim != 3 or down.ndim != 3 or across.shape[1] != down.shape[1] or len(ratios) != 1:
        raise ModelFileError(f"{name} {_NO_SIMCC}")
    points = across.shape[1]
    if points not in _SETS:
        raise ModelFileError(
            f"{name} places {points} points; networks for persons place {', '.join(map(str, sorted(_SETS)))}"
        )
    batch = shape[0] if isinstance(shape[0], int) else BATCH
    return _Layout(entry.name, (width, height), batch, outputs, points, ratios.pop())


def _as_halpe26(pose: Pose, columns: NDArray[np.intp]) -> Pose:
    """The pose with the 26 Halpe keypoints from its own `columns`, -1 for a point that it does not have.

    The point midway between the hips is added where it is missing; any other lies in the middle of the pose, with
    the score 0 and no standard deviation.
    """
    if len(pose.xy) == len(columns):
        return pose
    missing = columns < 0
    xy, score, sigma = pose.xy[columns], pose.score[columns], pose.sigma[columns]
    xy[missing], score[missing], sigma[missing] = xy[~missing].mean(0), 0.0, np.nan
    hip, hips = HALPE26.index("Hip"), [HALPE26.index("LHip"), HALPE26.index("RHip")]
    if missing[hip]:
        xy[hip], score[hip] = xy[hips].mean(0), score[hips].min()
        sigma[hip] = np.sqrt(np.square(sigma[hips]).sum(0)) / 2
    return Pose(xy, score, sigma, pose.turn)
