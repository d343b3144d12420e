"""Keypoint files in AlphaPose's JSON format, of ours and of other tools."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.files import read_json_items, write_text
from pase.keypoint_sets import KEYPOINT_SETS, POINT_COUNTS, guess_set
from pase.pose2d.readers.assemble import assemble
from pase.pose2d.readers.detection import Detection, FootageFacts
from pase.pose2d.readers.keypoint_json import first_number, frame_numbers, is_number, numbers, triples
from pase.types import ImageSize

_PERSON_CATEGORY = 1


def write_alphapose(tracks: Sequence[Keypoints2D], path: str | Path) -> None:
    """Write everybody's keypoints as AlphaPose results: one item for each person and frame where it is seen.

    Besides AlphaPose's own keys each item has `time` (s), `image_size` (px) and, if given, `sigma` (px), and
    `measured`, false, in a frame that was not looked at, whose keypoints lie between those around it;
    the first item has `times`, those of every frame of the recording. Other tools skip these. A keypoint
    that is unseen in a frame is written as 0, 0 with score 0, as JSON has no NaN.

    Parameters
    ----------
    tracks
        Persons of one recording, with the same times; an empty list gives a file with no item.
    """
    write_text(path, _pieces(tracks))


def _pieces(tracks: Sequence[Keypoints2D]) -> Iterator[str]:
    """The text of a file, a line an item."""
    start = "[\n"
    for item in _written(tracks):
        yield start + json.dumps(item, separators=(",", ":"), allow_nan=False)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def _written(tracks: Sequence[Keypoints2D]) -> Iterator[dict[str, Any]]:
    """The items of a file one by one, frame by frame."""
    visible = [track.seen for track in tracks]
    extra: dict[str, Any] = {"times": max(tracks, key=len).time.tolist()} if tracks else {}
    for frame in range(max((len(track) for track in tracks), default=0)):
        for track, visible_frames in zip(tracks, visible, strict=True):
            if frame < len(track) and visible_frames[frame]:
                yield _item(track, frame) | extra
                extra = {}


def _item(track: Keypoints2D, frame: int) -> dict[str, Any]:
    finite = np.isfinite(track.xy[frame]).all(-1)
    xy = np.where(finite[:, None], track.xy[frame], 0.0)
    score = np.where(finite, track.score[frame], 0.0)
    low, high = xy[finite].min(0), xy[finite].max(0)
    item: dict[str, Any] = {
        "image_id": f"{frame}.jpg",
        "category_id": _PERSON_CATEGORY,
        "keypoints": np.column_stack([xy, score]).ravel().tolist(),
        "score": float(score.mean()),
        "box": [*low.tolist(), *(high - low).tolist()],
        "idx": track.track_id,
        "time": float(track.time[frame]),
        "image_size": list(track.image_size),
    }
    if track.shot:
        item["shot"] = track.shot
    if track.measured is not None and not track.measured[frame]:
        item["measured"] = False
    if track.sigma is not None:
        item["sigma"] = np.nan_to_num(track.sigma[frame]).ravel().tolist()
    return item


def read_alphapose(
    path: Path, facts: FootageFacts | None = None, skeleton: str | None = None
) -> list[Keypoints2D]:
    """Read AlphaPose results, one track for each person.

    Parameters
    ----------
    path
        The JSON file: a list of items with `image_id`, `keypoints` (x, y, score each) and perhaps `idx`.
    facts
        Facts about the footage; they count before those in the file. Without either, a size that holds every
        keypoint and 30 frames a second are assumed.
    skeleton
        Name of the keypoint set where the number of points leaves it open; see `pase.keypoint_sets`.

    Returns
    -------
    list
        Tracks by person number, each with every frame up to the last in the file; NaN where the person is
        unseen. Empty when the file has no item.
    """
    facts = facts or FootageFacts()
    image_size, time = facts.image_size, facts.time
    count, items = _point_count(read_json_items(path), skeleton)
    detections: list[Detection] = []
    images: list[str] = []
    for number, item in enumerate(items):
        detections.append(_detection(item, number, path, count))
        images.append(str(item.get("image_id", "")))
        image_size = image_size or _size(item)
        if number == 0 and time is None:
            time = numbers(item.get("times"))
    if not detections:
        return []
    names = guess_set(np.array([d.points for d in detections]), str(path), skeleton)
    if time is not None or len(set(images)) > 1:
        for detection, frame in zip(detections, frame_numbers(images), strict=True):
            detection.frame = frame
    return assemble(detections, FootageFacts(image_size, time, facts.frame_rate), path, names)


def is_alphapose(path: Path) -> bool:
    """Whether a JSON file is a list of AlphaPose's items, judged by its first."""
    try:
        first = next(read_json_items(path), None)
    except InputError:
        return False  # other readers say what is wrong with it
    return isinstance(first, dict) and "keypoints" in first and isinstance(first.get("image_id"), str)


def _point_count(items: Iterator[Any], skeleton: str | None) -> tuple[int, Iterator[Any]]:
    """Points a person of the first item that has as many as a known set, else Halpe's; and all items."""
    if skeleton in KEYPOINT_SETS:
        return len(KEYPOINT_SETS[skeleton]), items
    head = []
    for item in items:
        head.append(item)
        values = item.get("keypoints") if isinstance(item, dict) else None
        if isinstance(values, list) and len(values) / 3 in POINT_COUNTS:
            return len(values) // 3, chain(head, items)
    return len(HALPE26), iter(head)


def _size(item: dict[str, Any]) -> ImageSize | None:
    size = numbers(item.get("image_size"), 2)
    return None if size is None else (int(size[0]), int(size[1]))


def _detection(item: Any, number: int, path: Path, count: int) -> Detection:
    def wrong(why: str) -> InputError:
        return InputError(f"{path}, item {number}: {why}; write the file again")

    if not isinstance(item, dict):
        raise wrong("it should be an object with image_id and keypoints")
    points = triples(item.get("keypoints"))
    if points is None or len(points) != count:
        raise wrong(f"keypoints should be {3 * count} numbers, x, y and score of {count} points")
    time, person = item.get("time"), item.get("idx")
    if time is not None and not is_number(time):
        raise wrong("time is not a finite number")
    if person is not None:
        person = first_number(person)
        if person is None:
            raise wrong(f"idx '{item['idx']}' is not a person's number")
    sigma = numbers(item.get("sigma"), 2 * count)
    sigma = None if sigma is None else sigma.reshape(-1, 2)
    shot = item.get("shot")
    shot = shot if type(shot) is int else 0
    return Detection(0, points, person, sigma, time, shot, item.get("measured") is not False)
