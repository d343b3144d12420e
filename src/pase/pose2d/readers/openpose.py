"""OpenPose's JSON: a folder with one file a frame, as Pose2Sim and many converters write it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.files import read_json
from pase.keypoint_sets import guess_set
from pase.pose2d.readers.assemble import Detection, Recorded, assemble
from pase.pose2d.readers.keypoint_json import frame_numbers, triples

_NORMALISED_BELOW = 2.0


def holds_openpose(folder: Path) -> bool:
    """Whether a folder holds JSON files, itself or in folders called `…_json`."""
    return any(folder.glob("*.json")) or any(folder.glob("*_json/*.json"))


def read_openpose(path: Path, recorded: Recorded, skeleton: str | None = None) -> list[Keypoints2D]:
    """Read the keypoints of everybody in a folder of OpenPose JSON files, or in one such file.

    The frame is the last number in a file's name, as OpenPose and Pose2Sim count; a single file is frame 0.

    Parameters
    ----------
    path
        The folder, as `pose/cam01_json`, one that holds a single such folder, or a file.
    recorded, skeleton
        See `pase.pose2d.readers.read_keypoints`.

    Raises
    ------
    InputError
        When there is no such file, several cameras, or points of no known set.
    """
    files = _files(path)
    frames = [0] if path.is_file() else frame_numbers([file.name for file in files])
    detections = [
        detection
        for file, frame in zip(files, frames, strict=True)
        for detection in _people(read_json(file), frame, file)
    ]
    if not detections:
        return []
    counts = sorted({len(d.points) for d in detections})
    if len(counts) > 1:
        raise InputError(
            f"{path} mixes persons of {counts[0]} and {counts[1]} points: read each set on its own"
        )
    names = guess_set(np.array([d.points for d in detections]), str(path), skeleton)
    _scale(detections, recorded, path)
    return assemble(detections, recorded, path, names)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(path.glob("*.json"))
    if files:
        return files
    folders = sorted({file.parent for file in path.glob("*_json/*.json")})
    if len(folders) == 1:
        return sorted(folders[0].glob("*.json"))
    if folders:
        cameras = ", ".join(folder.name for folder in folders)
        raise InputError(f"{path} has several cameras: name one of {cameras}")
    raise InputError(f"{path} has no JSON files: name the folder with one file a frame")


def _people(content: Any, frame: int, file: Path) -> list[Detection]:
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise InputError(f"{file} is no OpenPose file: it should have a list 'people'")
    found = []
    for person in people:
        values = person.get("pose_keypoints_2d") if isinstance(person, dict) else None
        if values == []:
            continue
        points = triples(values)
        if points is None:
            raise InputError(f"{file}: 'pose_keypoints_2d' should be numbers, x, y and score of each point")
        number = person.get("person_id")
        number = number[0] if isinstance(number, list) and number else number
        tracked = isinstance(number, int) and number >= 0
        found.append(Detection(frame, points, number if tracked else None))
    return found


def _scale(detections: list[Detection], recorded: Recorded, path: Path) -> None:
    """Bring coordinates that OpenPose wrote as shares of the picture (`--keypoint_scale 3` or `4`) to pixels."""
    seen = np.concatenate([d.points[d.points[:, 2] > 0, :2] for d in detections])
    if not len(seen) or np.abs(seen).max() >= _NORMALISED_BELOW:
        return
    if recorded.image_size is None:
        raise InputError(f"{path} holds shares of the picture, not pixels: name the footage with --video")
    size = np.array(recorded.image_size, dtype=float)
    for detection in detections:
        known = detection.points[:, 2] > 0
        share = detection.points[known, :2]
        detection.points[known, :2] = size * ((share + 1) / 2 if seen.min() < 0 else share)
