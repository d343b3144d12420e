"""Find persons in a picture with YOLOX."""

import numpy as np
from numpy.typing import NDArray

from pase.networks.onnx import OnnxNetwork
from pase.types import Image

Boxes = NDArray[np.float64]
"""(N, 4) left, top, right, bottom in pixels."""

_PAD = 114
_PERSON = 0


class PersonDetector(OnnxNetwork):
    """YOLOX with its non-maximum suppression inside, as exported by the RTMPose project.

    Source of the input and output format: RTMPose's ONNX SDK models (raw BGR 0 to 255, letterboxed to the top
    left with grey 114; `dets (1, N, 5)`, `labels (1, N)`).
    """

    def _describe(self, name: str) -> None:
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        self._height, self._width = entry.shape[2:]

    def __call__(self, image: Image) -> tuple[Boxes, NDArray[np.float64]]:
        """Find persons.

        Returns
        -------
        tuple
            (N, 4) boxes cut to the picture, and (N,) scores from 0 to 1, best first.
        """
        import cv2

        height, width = image.shape[:2]
        ratio = min(self._height / height, self._width / width)
        small_size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        shrinks = ratio < 1
        small = cv2.resize(image, small_size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        canvas = np.full((self._height, self._width, 3), _PAD, dtype=np.uint8)
        canvas[: small_size[1], : small_size[0]] = small
        blob = np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
        detections, labels = self._session.run(None, {self._input: blob})[:2]
        persons = detections[0][labels[0] == _PERSON].astype(np.float64)
        persons = persons[np.argsort(-persons[:, 4])]
        boxes = persons[:, :4] / np.tile(np.array(small_size) / (width, height), 2)
        boxes = np.clip(boxes, 0, [width, height, width, height])
        real = (boxes[:, 2] - boxes[:, 0] > 1) & (boxes[:, 3] - boxes[:, 1] > 1)
        return boxes[real], persons[real, 4]
