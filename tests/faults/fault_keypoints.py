"""Files of keypoints: a small valid one of each program, and what is done with it."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fault_reader import SAMPLES, Reader, sample, written


@cache
def _people() -> Any:
    from pase.data import Keypoints2D
    from pase.pose2d.readers import read_keypoints
    from pase.pose2d.readers.detection import FootageFacts

    (person,) = read_keypoints(SAMPLES / "mediapipe.json", FootageFacts((1768, 994)))
    second = Keypoints2D(person.xy + 300, person.score, person.time, person.image_size, person.names, None, 2)
    return [person, second]


def _few_lines(name: str, lines: int) -> Callable[[], bytes]:
    return lambda: b"\n".join((SAMPLES / name).read_bytes().splitlines()[:lines]) + b"\n"


@cache
def alphapose() -> bytes:
    from pase.pose2d.readers.alphapose_json import write_alphapose

    return written("keypoints.json", lambda path: write_alphapose(_people(), path))


def coco() -> bytes:
    person = _people()[0]
    points = np.concatenate([person.xy[0, :17], np.full((17, 1), 2.0)], axis=1)
    item = {"image_id": 1, "category_id": 1, "keypoints": points.ravel().tolist(), "id": 7}
    image = {"id": 1, "file_name": "frame_1.jpg", "width": 1768, "height": 994}
    category = {"id": 1, "name": "person", "keypoints": ["nose", "left_eye"]}
    return json.dumps({"annotations": [item], "images": [image], "categories": [category]}).encode()


def coco_results() -> bytes:
    points = np.nan_to_num(np.concatenate([_people()[0].xy[:, :17], np.ones((3, 17, 1))], axis=2))
    return json.dumps(
        [
            {"image_id": i, "category_id": 1, "keypoints": p.ravel().tolist(), "score": 1}
            for i, p in enumerate(points)
        ]
    ).encode()


def bare_table() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17]).round(1)
    return "\n".join(",".join(map(str, p.ravel())) for p in xy).encode()


def yolo() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:2, :17]) / [1768, 994]
    return "\n".join("0 0.5 0.5 0.2 0.8 " + " ".join(f"{v:.5f}" for v in p.ravel()) for p in xy).encode()


def rtmlib() -> bytes:
    xy = np.nan_to_num(_people()[0].xy)
    return json.dumps(
        {"keypoints": [[p.tolist()] for p in xy], "scores": [[[0.9] * 26] for _ in xy]}
    ).encode()


def json_lines() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17])
    return "\n".join(json.dumps({"frame": i, "keypoints": p.tolist()}) for i, p in enumerate(xy)).encode()


def mmpose() -> bytes:
    xy = np.nan_to_num(_people()[0].xy)
    frames = [
        {"frame_id": i, "instances": [{"keypoints": p.tolist(), "keypoint_scores": [0.9] * 26}]}
        for i, p in enumerate(xy)
    ]
    names = {str(k): name for k, name in enumerate(_people()[0].names)}
    return json.dumps({"meta_info": {"keypoint_id2name": names}, "instance_info": frames}).encode()


def ultralytics() -> bytes:
    xy = np.nan_to_num(_people()[0].xy[:, :17])
    frames = [
        [{"name": "person", "track_id": 1, "keypoints": {"x": p[:, 0].tolist(), "y": p[:, 1].tolist()}}]
        for p in xy
    ]
    return json.dumps(frames).encode()


def named_table() -> bytes:
    xy, names = np.nan_to_num(_people()[0].xy[:, :17]), _people()[0].names[:17]
    head = ",".join(["frame", "time", *(f"{name}_{axis}" for name in names for axis in "xy")])
    rows = [",".join(map(str, [i, i / 30, *p.ravel().round(1)])) for i, p in enumerate(xy)]
    return "\n".join([head, *rows]).encode()


def long_table() -> bytes:
    xy, names = np.nan_to_num(_people()[0].xy[:2, :17]), _people()[0].names[:17]
    rows = [
        f"{i},{name},{x:.1f},{y:.1f}" for i, p in enumerate(xy) for name, (x, y) in zip(names, p, strict=True)
    ]
    return "\n".join(["frame,landmark,x,y", *rows]).encode()


def _keypoints(path: Path) -> object:
    from pase.pose2d.readers import read_keypoints
    from pase.pose2d.readers.detection import FootageFacts

    people = read_keypoints(path, FootageFacts((1768, 994)))
    for person in people:
        assert person.xy.shape == (len(person.time), 26, 2)
        assert np.isfinite(person.time).all()
        assert (np.diff(person.time) > 0).all()
        assert ((person.score >= 0) & (person.score <= 1)).all()
        assert min(person.image_size) >= 1
        assert not np.isinf(person.xy).any()
    return people


def _openpose_folder(path: Path) -> object:
    return _keypoints(path.parent)


KEYPOINTS: dict[str, Reader] = {
    "alphapose": Reader("k.json", "json", alphapose, _keypoints),
    "coco": Reader("k.json", "json", coco, _keypoints),
    "coco results": Reader("k.json", "json", coco_results, _keypoints),
    "mediapipe": Reader("k.json", "json", sample("mediapipe.json"), _keypoints),
    "mediapipe csv": Reader("k.csv", "lines", sample("mediapipe.csv"), _keypoints),
    "openpose file": Reader(
        "k.json", "json", sample("openpose_body25/clip_000000000000_keypoints.json"), _keypoints
    ),
    "openpose folder": Reader(
        "pose/a_1.json",
        "json",
        sample("openpose_body25/clip_000000000000_keypoints.json"),
        _openpose_folder,
        lambda: {"pose/a_2.json": sample("openpose_body25/clip_000000000000_keypoints.json")()},
    ),
    "pixel trc": Reader("k.trc", "lines", _few_lines("sports2d_px_person00.trc", 12), _keypoints),
    "bare table": Reader("k.csv", "lines", bare_table, _keypoints),
    "yolo": Reader("k.txt", "lines", yolo, _keypoints),
    "rtmlib": Reader("k.json", "json", rtmlib, _keypoints),
    "json lines": Reader("k.jsonl", "lines", json_lines, _keypoints),
    "mmpose": Reader("k.json", "json", mmpose, _keypoints),
    "ultralytics": Reader("k.json", "json", ultralytics, _keypoints),
    "named table": Reader("k.csv", "lines", named_table, _keypoints),
    "long table": Reader("k.csv", "lines", long_table, _keypoints),
}  # fmt: skip
