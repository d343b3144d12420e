"""Keypoint files in AlphaPose's JSON format, of ours and of other tools."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.files import write_text

Array = NDArray[np.float64]

_log = logging.getLogger(__name__)

_PERSON_CATEGORY = 1
_POINTS = len(HALPE26)
_DEFAULT_RATE = 30.0
_FRAME_NUMBER = re.compile(r"\d+(?=\D*$)")
_MOST_FRAMES_AN_ITEM = 1000
_NEAR = 0.5


def write_alphapose(tracks: Sequence[Keypoints2D], path: str | Path) -> None:
    """Write everybody's keypoints as AlphaPose results: one item for each person and frame where it is seen.

    Besides AlphaPose's own keys each item has `time` (s), `image_size` (px) and, where known, `sigma` (px);
    the first item has `times`, those of every frame of the recording. Other tools skip these. A keypoint
    that is unseen in a frame is written as 0, 0 with score 0, as JSON has no NaN.

    Parameters
    ----------
    tracks
        Persons of one recording, with the same times; an empty list gives a file with no item.
    path
        Where to write.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    length = max((len(track) for track in tracks), default=0)
    items = [_item(t, frame) for frame in range(length) for t in tracks if frame < len(t) and t.seen[frame]]
    if items:
        items[0]["times"] = max(tracks, key=len).time.tolist()
    lines = ",\n".join(json.dumps(item, separators=(",", ":"), allow_nan=False) for item in items)
    write_text(path, f"[\n{lines}\n]\n" if lines else "[]\n")


def _item(track: Keypoints2D, frame: int) -> dict[str, Any]:
    known = np.isfinite(track.xy[frame]).all(-1)
    xy = np.where(known[:, None], track.xy[frame], 0.0)
    score = np.where(known, track.score[frame], 0.0)
    low, high = xy[known].min(0), xy[known].max(0)
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
    if track.sigma is not None:
        item["sigma"] = np.nan_to_num(track.sigma[frame]).ravel().tolist()
    return item


@dataclass(slots=True)
class _Detection:
    image: str
    frame: int
    person: int | None
    points: Array
    sigma: Array | None
    time: float | None
    image_size: tuple[int, int] | None


def read_alphapose(
    path: str | Path,
    *,
    image_size: tuple[int, int] | None = None,
    time: Array | None = None,
    frame_rate: float | None = None,
) -> list[Keypoints2D]:
    """Read AlphaPose results of 26 Halpe keypoints, one track for each person.

    Parameters
    ----------
    path
        The JSON file: a list of items with `image_id`, `keypoints` (x, y, score each) and perhaps `idx`.
    image_size
        Width and height in pixels, needed where the file does not tell them; without either a size that holds
        every keypoint is assumed.
    time
        (T,) seconds of every frame of the recording, instead of those in the file.
    frame_rate
        Frames per second where neither the file nor `time` tells the times; 30 when not given.

    Returns
    -------
    list
        Tracks by person number, each with every frame up to the last in the file; NaN where the person is
        unseen. Empty when the file has no item.

    Raises
    ------
    InputError
        When there is no such file, it is no such list, a number is not finite, or times do not increase.
    """
    path = Path(path)
    items = _items(path)
    detections = [_detection(item, number, path) for number, item in enumerate(items)]
    if not detections:
        return []
    told = _numbers(items[0].get("times"))
    if time is None and told is None and len({d.image for d in detections}) == 1:
        for detection in detections:
            detection.frame = 0
    times = np.asarray(time, dtype=float) if time is not None else told
    times = _counted_times(detections, frame_rate, path) if times is None else times
    last = max(d.frame for d in detections)
    if len(times) <= last:
        raise InputError(
            f"{path} has a frame {last} but there are {len(times)} frame times: use its own video"
        )
    if (np.diff(times) <= 0).any():
        raise InputError(f"{path}: the frame times do not increase; write the file again")
    _number_persons(detections)
    size = (
        image_size or next((d.image_size for d in detections if d.image_size), None) or _holding(detections)
    )
    persons = sorted({d.person or 0 for d in detections})
    return [_track([d for d in detections if d.person == person], times, size) for person in persons]


def _items(path: Path) -> list[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON ({error}): write the keypoints again") from error
    if not isinstance(content, list):
        raise InputError(
            f"{path} is no AlphaPose result: it should be a list with one item a person and frame"
        )
    return content


def _detection(item: Any, number: int, path: Path) -> _Detection:
    def wrong(why: str) -> InputError:
        return InputError(f"{path}, item {number}: {why}; write the file again")

    if not isinstance(item, dict):
        raise wrong("it should be an object with image_id and keypoints")
    points = _numbers(item.get("keypoints"), 3 * _POINTS)
    if points is None:
        raise wrong(
            f"keypoints should be {3 * _POINTS} finite numbers, x, y and score of {_POINTS} Halpe points"
        )
    image, time, person = str(item.get("image_id", "")), item.get("time"), item.get("idx")
    frame = _FRAME_NUMBER.search(image)
    if time is not None and not _is_number(time):
        raise wrong("time is no finite number")
    if person is not None:
        person = _first_number(person)
        if person is None:
            raise wrong(f"idx {item['idx']!r} is no person's number")
    size, sigma = _numbers(item.get("image_size"), 2), _numbers(item.get("sigma"), 2 * _POINTS)
    return _Detection(
        image=image,
        frame=int(frame.group()) if frame else 0,
        person=person,
        points=points.reshape(-1, 3),
        sigma=None if sigma is None else sigma.reshape(-1, 2),
        time=time,
        image_size=None if size is None else (int(size[0]), int(size[1])),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(values: Any, count: int | None = None) -> Array | None:
    if not isinstance(values, list) or (count is not None and len(values) != count):
        return None
    return np.array(values, dtype=float) if all(_is_number(value) for value in values) else None


def _first_number(value: Any) -> int | None:
    """AlphaPose writes a person's number bare, in a list, or in nested lists where it merged two tracks."""
    while isinstance(value, list) and value:
        value = value[0]
    return int(value) if _is_number(value) else None


def _counted_times(detections: list[_Detection], frame_rate: float | None, path: Path) -> Array:
    """Times of frames counted at an even rate, or those that items tell of their own."""
    length = max(d.frame for d in detections) + 1
    if length > _MOST_FRAMES_AN_ITEM * len(detections) + _MOST_FRAMES_AN_ITEM:
        raise InputError(
            f"{path}: image_id counts to {length - 1} but there are {len(detections)} items; number them"
        )
    times: Array = np.arange(length) / (frame_rate or _DEFAULT_RATE)
    if frame_rate is None and all(d.time is not None for d in detections):
        known = {d.frame: float(d.time or 0.0) for d in detections}
        frames = np.array(sorted(known))
        if len(frames) > 1:
            times = np.interp(np.arange(length), frames, [known[frame] for frame in frames])
    return times


def _number_persons(detections: list[_Detection]) -> None:
    """Number the persons from 1; follow them by nearness where the file does not tell who is who."""
    if any(d.person is None for d in detections):
        last: list[_Detection] = []
        for frame in sorted({d.frame for d in detections}):
            _follow([d for d in detections if d.frame == frame], last)
    elif min(d.person or 0 for d in detections) < 1:
        lowest = min(d.person or 0 for d in detections)
        for detection in detections:
            detection.person = (detection.person or 0) - lowest + 1


def _follow(here: list[_Detection], last: list[_Detection]) -> None:
    """Give the persons of one frame the numbers of the nearest of the frames before, or new ones."""
    gaps = np.array([[_gap(new, old) for old in last] for new in here]).reshape(len(here), len(last))
    free = set(range(len(here)))
    while gaps.size and gaps.min() < _NEAR:
        new, old = (int(i) for i in np.unravel_index(gaps.argmin(), gaps.shape))
        here[new].person, last[old] = last[old].person, here[new]
        gaps[new, :] = gaps[:, old] = np.inf
        free.discard(new)
    for new in sorted(free):
        here[new].person = len(last) + 1
        last.append(here[new])


def _gap(new: _Detection, old: _Detection) -> float:
    """Median distance of two poses over the size of the later one."""
    size = max(float(np.ptp(new.points[:, :2], axis=0).max()), 1e-9)
    return float(np.median(np.linalg.norm(new.points[:, :2] - old.points[:, :2], axis=1))) / size


def _holding(detections: list[_Detection]) -> tuple[int, int]:
    """A picture size that holds every keypoint."""
    right, bottom = np.max([d.points[:, :2].max(0) for d in detections], axis=0)
    _log.warning(
        "the keypoint file does not tell the picture's size: assuming it ends at the outermost keypoints"
    )
    return max(1, math.ceil(right)), max(1, math.ceil(bottom))


def _track(detections: list[_Detection], times: Array, size: tuple[int, int]) -> Keypoints2D:
    shape = (len(times), _POINTS)
    xy, sigma, score = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan), np.zeros(shape)
    # Of several items for one person and frame the surest is written last.
    for detection in sorted(detections, key=lambda d: float(d.points[:, 2].mean())):
        points, frame = detection.points, detection.frame
        unseen = np.equal(points, 0.0).all(-1, keepdims=True)
        xy[frame] = np.where(unseen, np.nan, points[:, :2])
        score[frame] = np.clip(points[:, 2], 0.0, 1.0)
        if detection.sigma is not None:
            sigma[frame] = np.where(unseen, np.nan, detection.sigma)
    told = any(detection.sigma is not None for detection in detections)
    person = detections[0].person or 1
    return Keypoints2D(xy, score, times, size, sigma=sigma if told else None, track_id=person)
