"""Write everybody's keypoints as other programs do: a folder of OpenPose's JSON files, or COCO annotations."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pase.data import Keypoints2D
from pase.errors import OutputError
from pase.files import output_errors, write_text
from pase.keypoint_sets import BODY25, COCO17, SURE_SCORE
from pase.pose2d.readers.alphapose_json import write_alphapose
from pase.types import Array

KEYPOINT_FORMATS = ("alphapose", "openpose", "coco")

COCO_NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""Names of the 17 points in COCO's own files."""

_PARTS = ("face", "hand_left", "hand_right")


def write_keypoints_as(kind: str, tracks: Sequence[Keypoints2D], path: Path) -> None:
    """Write persons of one recording in one of `KEYPOINT_FORMATS`."""
    write = {"alphapose": write_alphapose, "openpose": write_openpose, "coco": write_coco}[kind]
    write(tracks, path)


def write_openpose(tracks: Sequence[Keypoints2D], folder: str | Path) -> None:
    """Write a JSON file a frame, as OpenPose 1.3 and later with `--write_json` and its model BODY_25.

    The files are called `<folder>_000000000000_keypoints.json` and so on; the folder must not be there, and appears
    when it is whole. OpenPose's neck is the middle of the shoulders. Times and picture size have no place in them.

    Raises
    ------
    OutputError
        When the folder is there already or cannot be written.
    """
    folder = Path(folder)
    if folder.exists():
        raise OutputError(f"{folder} exists already; choose another name")
    people = [(track, _points(track, BODY25)) for track in tracks]
    above = folder.absolute().parent
    with output_errors(folder), tempfile.TemporaryDirectory(prefix=".openpose", dir=above) as place:
        inside = Path(place) / "frames"
        inside.mkdir()
        for frame in range(max((len(track) for track in tracks), default=0)):
            content = {"version": 1.3, "people": _openpose_people(people, frame)}
            name = f"{folder.name}_{frame:012d}_keypoints.json"
            (inside / name).write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
        inside.rename(folder)


def _openpose_people(people: Sequence[tuple[Keypoints2D, Array]], frame: int) -> list[dict[str, Any]]:
    empty: dict[str, Any] = {f"{name}_keypoints_2d": [] for name in _PARTS} | {"pose_keypoints_3d": []}
    return [
        {
            "person_id": [track.track_id],
            "pose_keypoints_2d": np.round(points[frame], 3).ravel().tolist(),
            **empty,
        }
        for track, points in people
        if frame < len(track) and points[frame, :, 2].any()
    ]


def write_coco(tracks: Sequence[Keypoints2D], path: str | Path) -> None:
    """Write COCO keypoint annotations: an image a frame, an annotation for each person and frame where it is seen.

    The 17 points of COCO, with 2 for seen, 1 for doubtful (score below 0.3) and 0 for unseen. Besides COCO's own keys
    images have `time_s` and annotations `score` and `track_id`.
    """
    longest = max(tracks, key=len, default=None)
    size = (0, 0) if longest is None else longest.image_size
    images = [
        {
            "id": i,
            "file_name": f"{i:012d}.jpg",
            "width": size[0],
            "height": size[1],
            "time_s": round(float(t), 6),
        }
        for i, t in enumerate([] if longest is None else longest.time)
    ]
    annotations: list[dict[str, Any]] = []
    for track in tracks:
        points = _points(track, COCO17)
        for frame in np.flatnonzero(points[:, :, 2].any(axis=1)):
            annotation = _annotation(points[frame], int(frame), track.track_id)
            annotations.append({"id": len(annotations) + 1, **annotation})
    category = {"id": 1, "name": "person", "supercategory": "person", "keypoints": list(COCO_NAMES)}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    write_text(path, json.dumps(content, separators=(",", ":")) + "\n")


def _annotation(points: Array, frame: int, person: int) -> dict[str, Any]:
    """What COCO says of a person in a picture, from the points (17, 3)."""
    visible = points[:, 2] > 0
    low, high = points[visible, :2].min(axis=0), points[visible, :2].max(axis=0)
    flags = np.where(visible, np.where(points[:, 2] >= SURE_SCORE, 2, 1), 0)
    keypoints = [
        x
        for (u, v, _), flag in zip(points.round(2).tolist(), flags.tolist(), strict=True)
        for x in (u, v, flag)
    ]
    width, height = (high - low).tolist()
    return {
        "image_id": frame,
        "category_id": 1,
        "keypoints": keypoints,
        "num_keypoints": int(visible.sum()),
        "bbox": [round(x, 2) for x in (*low.tolist(), width, height)],
        "area": round(width * height, 2),
        "iscrowd": 0,
        "score": round(float(points[visible, 2].mean()), 4),
        "track_id": person,
    }


def _points(track: Keypoints2D, names: Sequence[str]) -> Array:
    """(T, K, 3) x, y and score of named points, all 0 where unseen; the middle of the shoulders is computed."""
    points = np.concatenate([track.xy, track.score[..., None]], axis=2)
    points[~np.isfinite(points).all(axis=2)] = 0.0
    out = np.zeros((len(track), len(names), 3))
    for k, name in enumerate(names):
        if name in track.names:
            out[:, k] = points[:, track.names.index(name)]
        elif name == "MidShoulder" and {"LShoulder", "RShoulder"} <= set(track.names):
            left, right = (points[:, track.names.index(f"{side}Shoulder")] for side in "LR")
            out[:, k] = np.concatenate([(left + right)[:, :2] / 2, np.minimum(left, right)[:, 2:]], axis=1)
            out[:, k] *= ((left[:, 2] > 0) & (right[:, 2] > 0))[:, None]
    return out
