"""Which program wrote a file of keypoints, recognised by words that only its files contain."""

import codecs
from pathlib import Path

from pase.files import head_of

LOOKED_AT_BYTES = 200_000

JSON_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("PASE", ('"image_id"', '"image_size"', '"times"')),
    ("OpenPose 1.3 or later", ('"pose_keypoints_2d"',)),
    ("OpenPose before 1.3", ('"pose_keypoints"',)),
    ("OpenPose", ('"version"', '"people"')),
    ("easy_ViTPose", ('"keypoints"', '"skeleton"')),
    ("MMPose", ('"instances"',)),
    ("MMPose", ('"instance_info"',)),
    ("MMPose", ('"keypoint_scores"',)),
    ("PoseTrack", ('"annotations"', '"is_labeled"')),
    ("COCO annotations", ('"annotations"', '"categories"')),
    ("EasyMocap", ('"annots"', '"isKeyframe"')),
    ("EasyMocap", ('"annots"', '"bbox"')),
    ("AlphaPose", ('"image_id"', '"keypoints"', '"idx"')),
    ("AlphaPose", ('"joints"', '"bodies"')),
    ("AlphaPose, or COCO results", ('"image_id"', '"keypoints"', '"score"')),
    ("Ultralytics (YOLO-pose)", ('"class"', '"confidence"', '"keypoints"')),
    ("TensorFlow.js", ('"keypoints"', '"name"', '"score"')),
    ("ml5 (PoseNet)", ('"position"', '"part"')),
    ("MediaPipe", ("presence", "visibility")),
    ("MediaPipe", ("visibility",)),
    ("AlphaPose with PoseFlow", ('"keypoints"', '"scores"', '"idx"')),
)
"""Programs with words that are in their JSON, the most particular first."""

CSV_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("DeepLabCut", ("scorer", "bodyparts")),
    ("SLEAP", ("instance.score",)),
    ("MediaPipe", ("visibility",)),
    ("MediaPipe", ("x1", "y1", "v1")),
    ("MediaPipe", ("left_knee_x",)),
)
"""The same for the first lines of a CSV."""


def program_of(path: Path) -> str:
    """Name of the program that wrote a file or folder of keypoints; empty where nothing in it says so."""
    if path.is_dir():
        files = sorted(path.glob("[!.]*.json")) or sorted(path.glob("*_json/[!.]*.json"))
        if not files and any(path.glob("*.txt")):
            return "Ultralytics (YOLO-pose)"
        return program_of(files[0]) if files else ""
    if path.suffix.lower() == ".trc":
        return "Sports2D or Pose2Sim"
    head = head_of(path, LOOKED_AT_BYTES)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if wide else "utf-8", "replace")
    table = CSV_WORDS if path.suffix.lower() == ".csv" else JSON_WORDS
    text = text.lower() if table is CSV_WORDS else text.replace("Visibility", "visibility")
    return next((name for name, words in table if all(word in text for word in words)), "")
