"""From keypoints in the picture to landmarks in space: networks behind one small protocol."""
