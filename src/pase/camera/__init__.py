"""The camera's own motion, from the background: turn and zoom of every frame, and whether it travels.

`CameraFollower` looks at each frame once, while the recording is decoded, and keeps nothing but small grey key
pictures. `pictures` makes the small pictures and finds what is drawn over them, `points` follows corners of the
background, `turn` fits a rotation and a zoom to them, `keyframes` puts all turns together by least squares so that
a pan that comes home ends where it began, and `measured` makes the `CameraMotion` of a shot from that.
"""
