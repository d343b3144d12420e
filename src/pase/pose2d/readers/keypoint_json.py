"""What the readers of keypoint files share: numbers out of JSON, frame numbers out of names."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pase.data import LARGEST
from pase.files import natural_order
from pase.types import Array

_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def is_numeric(value: Any) -> bool:
    """Whether a JSON value is a number, be it infinite or NaN as Python writes them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number, finite and not absurdly large."""
    return is_numeric(value) and -LARGEST <= value <= LARGEST


def as_float(value: Any) -> float:
    """A JSON value as a number; NaN for whatever is none."""
    return float(value) if is_number(value) else math.nan


def with_unseen(points: Array) -> Array:
    """Points (K, 3) of x, y, score, those that are not finite set to 0, unseen, in place."""
    points[~np.isfinite(points).all(axis=1)] = 0.0
    return points


def first_number(value: Any) -> int | None:
    """A whole number that stands bare, in a list, or in lists of lists, as AlphaPose writes persons it merged."""
    while isinstance(value, list) and value:
        value = value[0]
    return int(value) if is_number(value) else None


def numbers(values: Any, count: int | None = None) -> Array | None:
    """A JSON list as an array, or None unless it is a list of (so many) finite numbers."""
    if not isinstance(values, list) or (count is not None and len(values) != count):
        return None
    return np.array(values, dtype=float) if all(is_number(value) for value in values) else None


def triples(values: Any) -> Array | None:
    """Points (K, 3) from a flat JSON list of x, y, score, or None; unknown ones become 0, unseen."""
    if not isinstance(values, list) or not values or len(values) % 3:
        return None
    if not all(map(is_numeric, values)):
        return None
    return with_unseen(np.array(list(map(as_float, values))).reshape(-1, 3))


def frame_numbers(images: Sequence[str]) -> list[int]:
    """Frame of each image by the last number in its name; photos of any names count in their order.

    Names without a number, or different names with the same one, count in the order of the names.
    """
    matches = [_LAST_NUMBER.search(image) for image in images]
    counted = [int(match.group()) if match else -1 for match in matches]
    if -1 not in counted and len(set(counted)) == len(set(images)):
        return counted
    return ranks(images)


def ranks(images: Sequence[str]) -> list[int]:
    """Frame of each image when images count in the order of their names, frame2 before frame10."""
    order = {image: number for number, image in enumerate(sorted(set(images), key=natural_order))}
    return [order[image] for image in images]
