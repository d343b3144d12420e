"""Where is the right heel in every frame? `python examples/03_landmarks_of_a_result.py RESULT_FOLDER`."""

import sys

import pase
from pase.anatomy.kinematics import Kinematics

for motion in pase.load(sys.argv[1]):
    heel = motion.skeleton.landmark_index("RHeel")
    positions = Kinematics(motion.skeleton).positions(motion.q)[:, heel]  # (T, 3) metres, Y up
    print(f"person {motion.track_id}: time, forward, up, right of the right heel in s and m")
    for time, (forward, up, right) in zip(motion.time, positions, strict=True):
        print(f"{time:8.3f} {forward:8.3f} {up:8.3f} {right:8.3f}")
