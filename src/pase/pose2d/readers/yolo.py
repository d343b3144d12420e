"""Labels in text, a file a frame, as Ultralytics' YOLO-pose saves and its trainers read them."""

from pathlib import Path

import numpy as np

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.files import read_lines
from pase.keypoint_sets import POINT_COUNTS
from pase.marker_files.text import number
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.readers.json_film import read_frames
from pase.pose2d.readers.json_frames import PoseFrame
from pase.pose2d.readers.json_persons import FilePose

_BOX = 5
"""Class and box before the points of a row."""


def is_yolo(path: Path) -> bool:
    """Whether a file is one of labels of persons with points, or a folder holds such."""
    if path.is_dir():
        return any(is_yolo(file) for file in sorted(path.glob("*.txt"))[:_BOX])
    if path.suffix.lower() != ".txt" or not path.is_file():
        return False
    rows = [line.split() for line in read_lines(path) if line.strip()]
    return bool(rows) and all(_points(row) is not None for row in rows)


def read_yolo(path: Path, facts: FootageFacts, skeleton: str | None = None) -> list[Keypoints2D]:
    """Read the keypoints of everybody in a folder with a file of labels a frame, or in one such file.

    A row is a person: class, box, then x, y and perhaps score of each point as shares of the picture, and perhaps
    the number of the track. Frames in which nobody was found have no file.
    """
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    frames = []
    for file in files:
        frame = PoseFrame(picture=file.name)
        for line, row in enumerate(read_lines(file), start=1):
            if row.strip():
                pose = _points(row.split())
                if pose is None:
                    raise InputError(
                        f"{file}, line {line}: it should be class, box, and x, y, score of each point"
                    )
                frame.poses.append(pose)
        frames.append(frame)
    return read_frames(frames, path, facts, skeleton)


def _points(cells: list[str]) -> FilePose | None:
    """The person of a row; None where the row holds no person."""
    values = [number(cell) for cell in cells]
    if any(value is None or not np.isfinite(value) for value in values):
        return None
    table = np.array(values, dtype=float)
    for width in (3, 2):
        count, spare = divmod(len(table) - _BOX, width)
        if count in POINT_COUNTS and spare <= 1:
            points = table[_BOX : _BOX + count * width].reshape(count, width)
            score = points[:, 2] if width == 3 else (points != 0).any(axis=1).astype(float)
            return FilePose(np.column_stack([points[:, :2], score]), None, int(table[-1]) if spare else None)
    return None
