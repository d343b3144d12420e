"""Lengths of a person's segments in statures: the proportions that the lifter can use."""

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Landmark, Skeleton
from pase.lift.points import JOINT_BODIES

SEGMENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "thigh": (("LHipJoint",), ("LKneeJoint",)),
    "shank": (("LKneeJoint",), ("LAnkleJoint",)),
    "foot": (("LAnkleJoint",), ("LToeJoint",)),
    "upper_arm": (("LShoulderJoint",), ("LElbowJoint",)),
    "forearm": (("LElbowJoint",), ("LWristJoint",)),
    "hip_width": (("LHipJoint",), ("RHipJoint",)),
    "shoulder_width": (("LShoulderJoint",), ("RShoulderJoint",)),
    "trunk": (("LHipJoint", "RHipJoint"), ("LShoulderJoint", "RShoulderJoint")),
}
"""Each segment's two ends, joint centres or the middle between two; the left stands for both sides."""

USUAL_LENGTHS = (0.235, 0.247, 0.078, 0.171, 0.147, 0.099, 0.217, 0.293)
"""Mean lengths in statures, in the order of `SEGMENTS`, of four adults to one child by the priors of proportions."""
LENGTH_SPREAD = (0.0116, 0.0139, 0.0053, 0.0088, 0.0096, 0.0102, 0.0182, 0.0133)
"""Their standard deviations among people."""


def segment_lengths(skeleton: Skeleton, stature_m: float) -> dict[str, float]:
    """Lengths of a skeleton's segments in its default posture, in statures, left and right taken together."""
    names = sorted({name for pair in SEGMENTS.values() for end in pair for name in end})
    kinematics = Kinematics(skeleton, [Landmark(n, JOINT_BODIES[n], (0.0, 0.0, 0.0)) for n in names])
    place = dict(zip(names, kinematics.positions(skeleton.default_q[None])[0] / stature_m, strict=True))
    ends = {
        segment: [np.mean([place[name] for name in end], axis=0) for end in pair]
        for segment, pair in SEGMENTS.items()
    }
    return {segment: float(np.linalg.norm(a - b)) for segment, (a, b) in ends.items()}
