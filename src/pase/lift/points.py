"""The points of PASE's lifter: the 26 keypoints and joint centres of the default skeleton."""

from pase.data import HALPE26
from pase.keypoint_sets import mirrored_order

JOINT_BODIES: dict[str, str] = {
    f"{side}{name}Joint": f"{body}_{side.lower()}"
    for name, body in (
        ("Hip", "femur"), ("Knee", "tibia"), ("Ankle", "talus"), ("Toe", "toes"),
        ("Shoulder", "humerus"), ("Elbow", "ulna"), ("Wrist", "hand"),
    )
    for side in "LR"
} | {"LumbarJoint": "lumbar5", "NeckJoint": "head"}  # fmt: skip
"""Joint centres that the lifter gives beside the keypoints: origins of these bodies of the default skeleton."""

POINTS = (*HALPE26, *JOINT_BODIES)
"""Names of the landmarks that the lifter gives, in its order."""

MIRRORED = tuple(mirrored_order(POINTS))
"""Index of each landmark's twin on the other side."""

ROOT = POINTS.index("Hip")
"""The point that all others are measured from."""
