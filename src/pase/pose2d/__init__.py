"""Persons and their keypoints in the picture; keypoint files of other tools."""
