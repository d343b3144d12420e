"""How far do the knees bend, and how sure is that? `python examples/02_knee_angle.py walk.mp4 1.75`."""

import sys

import numpy as np

import pase

motions = pase.estimate(sys.argv[1], height_m=float(sys.argv[2]))
if not motions:
    sys.exit("nobody is in the picture")
motion = motions[0]

for side in ("right", "left"):
    column = motion.skeleton.coordinate_index(f"knee_angle_{side[0]}")
    degrees, deviation = np.degrees(motion.q[:, column]), np.degrees(motion.q_std[:, column])
    peak = int(np.nanargmax(np.abs(degrees)))
    print(f"{side} knee: {abs(degrees[peak]):.0f}° ± {deviation[peak]:.0f}° at {motion.time[peak]:.2f} s")
