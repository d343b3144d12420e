"""The camera's own motion, from the background: turn and zoom of every frame, and whether it travels.

`CameraFollower` takes each frame once, while the recording is decoded, and keeps nothing but small grey keyframes.
In the order of the work:

- `pictures` makes the small pictures and masks persons and bars; `points` finds corners of the background and follows
  them from picture to picture;
- `turn` fits a rotation and a zoom to the points; `matching` does so for one frame against one keyframe; `shot`
  chooses the keyframes of a shot;
- `trajectory` measures all frames of a shot again for the best focal length, which `lens` finds from the turns;
  `keyframes` adjusts the keyframes' turns by least squares, so that a pan that comes home ends where it began;
- `epipolar` fits a turn and a way from place to place, and `travel` judges whether the camera travels;
- `shot_motion` makes the `CameraMotion` of a shot from that, with a value for every frame;
- `stabilisation` shows keypoints as if the camera had stood still.
"""
