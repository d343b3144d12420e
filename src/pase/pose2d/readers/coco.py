"""COCO's keypoint annotations and the results that its evaluation reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.keypoint_sets import KEYPOINT_SETS, guess_set
from pase.pose2d.readers.assemble import Detection, Recorded, assemble
from pase.pose2d.readers.keypoint_json import frame_numbers, is_number, ranks, triples

_MOST_VISIBLE = 2.0
_MOST_EMPTY_FRAMES = 1000


def is_coco(content: Any) -> bool:
    """Whether JSON contents are COCO annotations, or results whose images are numbers."""
    if isinstance(content, dict):
        return isinstance(content.get("annotations"), list)
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(item, dict) and "category_id" in item for item in content)
        and all(is_number(item.get("image_id")) and "idx" not in item for item in content)
    )


def read_coco(content: Any, path: Path, recorded: Recorded, skeleton: str | None = None) -> list[Keypoints2D]:
    """Read keypoints of everybody in COCO annotations or results.

    Pictures count in the order of their names (annotations) or by their numbers (results); numbers that leave
    nearly every frame empty are identities, and their order counts. Annotations have no score but a visibility,
    0 unseen, 1 hidden, 2 visible, of which half is taken as the score.

    Parameters
    ----------
    content
        The parsed file.
    path
        Its name, for messages.
    recorded, skeleton
        See `pase.pose2d.readers.read_keypoints`.

    Raises
    ------
    InputError
        When an item has no points, or points of no known set.
    """
    annotated = isinstance(content, dict)
    items = content["annotations"] if annotated else content
    read = [(item, _points(item, number, path)) for number, item in enumerate(items)]
    found = [(item["image_id"], p) for item, p in read if p is not None and (p[:, 2] > 0).any()]
    if not found:
        return []
    if len({len(points) for _, points in found}) > 1:
        raise InputError(f"{path} mixes persons of different sets of points: read each set on its own")
    all_points = np.array([points for _, points in found])
    if annotated:
        all_points[..., 2] = np.minimum(all_points[..., 2] / _MOST_VISIBLE, 1.0)
    names = (None if skeleton else _told(content)) or guess_set(all_points, str(path), skeleton)
    frames = _frames([image for image, _ in found], content)
    persons = [Detection(frame, points) for frame, points in zip(frames, all_points, strict=True)]
    return assemble(persons, _with_size(recorded, content), path, names)


def _points(item: Any, number: int, path: Path) -> np.ndarray | None:
    values = item.get("keypoints") if isinstance(item, dict) else None
    if values is None and isinstance(item, dict):
        return None  # a box or a mask without keypoints
    points = triples(values)
    if points is None or not is_number(item.get("image_id")):
        raise InputError(
            f"{path}, item {number}: it should have a numeric image_id and keypoints x, y, score"
        )
    return points


def _told(content: Any) -> tuple[str, ...] | None:
    """The known set which the file's own category says it holds: COCO's 17 points by their names."""
    categories = content.get("categories") if isinstance(content, dict) else None
    for category in categories if isinstance(categories, list) else []:
        listed = category.get("keypoints") if isinstance(category, dict) else None
        if listed and [str(name).lower() for name in listed] == _COCO_NAMES:
            return KEYPOINT_SETS["coco17"]
    return None


def _frames(images: list[Any], content: Any) -> list[int]:
    listed = content.get("images") if isinstance(content, dict) else None
    if isinstance(listed, list):
        listed = [image for image in listed if isinstance(image, dict) and is_number(image.get("id"))]
        files = {image.get("id"): str(image.get("file_name", image.get("id"))) for image in listed}
        names = sorted({files.get(image, str(image)) for image in images} | set(files.values()))
        numbers = dict(zip(names, frame_numbers(names), strict=True))
        counted = [numbers[files.get(image, str(image))] for image in images]
    else:
        counted = [int(image) for image in images]
    if max(counted) - min(counted) > _MOST_EMPTY_FRAMES * len(set(counted)) or max(counted) > 10**7:
        return ranks([f"{number}" for number in counted])
    return counted


def _with_size(recorded: Recorded, content: Any) -> Recorded:
    listed = content.get("images") if isinstance(content, dict) else None
    if recorded.image_size is not None or not isinstance(listed, list):
        return recorded
    sizes: list[tuple[Any, Any]] = [
        (image.get("width"), image.get("height")) for image in listed if isinstance(image, dict)
    ]
    known = next(((int(float(w)), int(float(h))) for w, h in sizes if is_number(w) and is_number(h)), None)
    return Recorded(known, recorded.time, recorded.frame_rate)


_COCO_NAMES = [
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_ankle", "right_ankle",
]  # fmt: skip
