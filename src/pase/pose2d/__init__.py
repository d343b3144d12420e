"""Persons and their keypoints in the picture; keypoint files of other tools."""

from pase.pose2d.alphapose import read_alphapose, write_alphapose
from pase.pose2d.detect import detect_keypoints

__all__ = ["detect_keypoints", "read_alphapose", "write_alphapose"]
