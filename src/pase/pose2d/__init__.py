"""Persons and their keypoints in the picture; keypoint files of other tools."""

from pase.pose2d.detect import detect_keypoints
from pase.pose2d.readers.alphapose_json import read_alphapose, write_alphapose

__all__ = ["detect_keypoints", "read_alphapose", "write_alphapose"]
