"""AlphaPose's own chain: YOLOv3 finds everybody, FastPose reads the keypoints, from checkpoints of the user."""
