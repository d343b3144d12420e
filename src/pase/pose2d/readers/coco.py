"""COCO's keypoint annotations and the results that its evaluation reads."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.pose2d.readers.assemble import assemble
from pase.pose2d.readers.checks import check_is_film, film_gap, to_pixels
from pase.pose2d.readers.detection import Detection, FootageFacts
from pase.pose2d.readers.keypoint_json import frame_numbers, is_number, ranks, triples
from pase.pose2d.readers.skeleton_file import names_of_points

_MOST_VISIBLE = 2.0
_MOST_SKIPPED = 10
"""Usual step from one picture's number to the next, beyond which numbers are identities and their order counts."""
_SAME_PLACE = 0.2
"""Movement from one such picture to the next, in sizes of the body, at which they still are a film."""


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


def read_coco(
    content: Any, path: Path, facts: FootageFacts, skeleton: str | None = None
) -> list[Keypoints2D]:
    """Read keypoints of everybody in COCO annotations or results.

    Pictures count in the order of their names (annotations) or by their numbers (results); numbers that are far
    apart are identities, and their order counts. Pictures that are no film are refused. Annotations have no score
    but a visibility, 0 unseen, 1 hidden, 2 visible; half of it is taken as the score.
    """
    annotated = isinstance(content, dict)
    items = content["annotations"] if annotated else content
    read = [(item, _points(item, number, path)) for number, item in enumerate(items)]
    posed = [(item, p) for item, p in read if p is not None and (p[:, 2] > 0).any()]
    if not posed:
        return []
    if len({len(points) for _, points in posed}) > 1:
        raise InputError(f"{path} mixes persons of different sets of points: read each set on its own")
    all_points = np.array([points for _, points in posed])
    if annotated:
        all_points[..., 2] = np.minimum(all_points[..., 2] / _MOST_VISIBLE, 1.0)
    names = names_of_points(all_points, skeleton, _category_names(content), path)
    frames, ranked = _frames([item["image_id"] for item, _ in posed], content)
    persons = [
        Detection(frame, points, _track(item))
        for frame, (item, _), points in zip(frames, posed, all_points, strict=True)
    ]
    facts = _with_size(facts, content, {item["image_id"] for item, _ in posed}, path)
    to_pixels(persons, facts, path, names)
    _check_film(persons, ranked, path)
    return assemble(persons, facts, path, names)


def _check_film(persons: list[Detection], ranked: bool, path: Path) -> None:
    """Refuse pictures that are no film: with gaps in their numbers they must show the same person to be one."""
    check_is_film(persons, path)
    if ranked and film_gap(persons) > _SAME_PLACE:
        raise InputError(
            f"{path}: the numbers of its pictures are far apart and its people move too far for one film; give the "
            "keypoints of one picture or one film at a time"
        )


def _track(item: Any) -> int | None:
    number = item.get("track_id")
    return int(number) if is_number(number) else None


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


def _category_names(content: Any) -> tuple[str, ...] | None:
    """What the file's own category calls the points."""
    categories = content.get("categories") if isinstance(content, dict) else None
    for category in categories if isinstance(categories, list) else []:
        names = category.get("keypoints") if isinstance(category, dict) else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return tuple(names)
    return None


def _frames(images: list[Any], content: Any) -> tuple[list[int], bool]:
    """Frame of each item's picture, and whether pictures were only ranked as their numbers are far apart."""
    pictures = content.get("images") if isinstance(content, dict) else None
    if isinstance(pictures, list):
        pictures = [image for image in pictures if isinstance(image, dict) and is_number(image.get("id"))]
        files = {image.get("id"): str(image.get("file_name", image.get("id"))) for image in pictures}
        names = sorted({files.get(image, str(image)) for image in images} | set(files.values()))
        numbers = dict(zip(names, frame_numbers(names), strict=True))
        counted = [numbers[files.get(image, str(image))] for image in images]
    else:
        counted = [int(image) for image in images]
    distinct = sorted(set(counted))
    apart = len(distinct) > 1 and float(np.median(np.diff(distinct))) > _MOST_SKIPPED
    if apart or max(counted) > 10**7:
        return ranks([f"{number}" for number in counted]), True
    return counted, False


def _with_size(facts: FootageFacts, content: Any, images: set[Any], path: Path) -> FootageFacts:
    """With the size of the pictures, which must be the same for all that show somebody."""
    pictures = content.get("images") if isinstance(content, dict) else None
    if not isinstance(pictures, list):
        return facts
    sizes = {
        (int(float(image["width"])), int(float(image["height"])))
        for image in pictures
        if isinstance(image, dict) and image.get("id") in images
        and is_number(image.get("width")) and is_number(image.get("height"))
    }  # fmt: skip
    if len(sizes) > 1:
        examples = ", ".join(f"{width} × {height}" for width, height in sorted(sizes)[:3])
        raise InputError(
            f"{path} is about pictures of several sizes ({examples}), so they are no film: give the keypoints of one "
            "picture or one film at a time"
        )
    return replace(facts, image_size=facts.image_size or next(iter(sizes), None))
