"""Whether somebody of unknown height is a child: a child's head is large for the body.

The points of the face are too near one another for the fit to size the head by: where it takes a child for an adult
it turns the head a little instead. The distance between the ears, seen from the front, shows the difference.
"""

import numpy as np

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import load_proportions
from pase.data import Keypoints2D, Motion
from pase.series import evenly_spread
from pase.types import Mask

ADULT_EARS = 0.148 / 1.69
"""Distance of the ears in the frontal view over the stature: 0.085 to 0.091 in four films of adults."""
LARGE, STRETCHED = 1.17, 0.7
"""Factor beyond which a head is a child's, and what views of a face count: those where the nose is this far from the
ankles in the picture, and the head this far above the lowest joint, in statures (the depth of who lies is unsure).
Adults differ by 6 % (breadth 4 %, stature 5 %, points), but in films from gyms and homes nine of 40 exceeded 1.15 in
any view, four (of two people) 1.17 in these."""
FRONTAL_PERCENTILE = 90
EARS = frozenset(("LEar", "REar"))
ANKLES = frozenset(("LAnkle", "RAnkle"))
SURE_SCORE, LEAST_FRAMES, LEAST_PX = 0.5, 10, 20.0
"""Fewer or smaller views than this are not used, nor photos, in which headphones and hoods mislead, nor
views of a body that the picture cuts off above the feet or that is bent: its stature is a guess from breadths."""
MOST_FRAMES = 2000
"""Of a long recording so many views are used, evenly spread."""


def child_stature(motion: Motion, keypoints: Keypoints2D) -> float | None:
    """The likeliest stature in metres of somebody who looks like a child; None for somebody who may be an adult.

    Parameters
    ----------
    motion
        A person of assumed stature, in the frames of the keypoints.
    """
    stature, names = motion.diagnostics.stature_m, motion.skeleton.body_names
    if (
        motion.camera is None
        or stature is None
        or "head" not in names
        or {"Nose", *EARS, *ANKLES}.difference(keypoints.names)
    ):
        return None
    visible = _frames_with(keypoints, EARS | ANKLES) & motion.known
    if visible.sum() < LEAST_FRAMES:
        return None
    frames = np.flatnonzero(visible)
    frames = frames[evenly_spread(len(frames), MOST_FRAMES)]
    pose, head = Kinematics(motion.skeleton, ()).pose(motion.q[frames]), names.index("head")
    time, path = motion.time[frames], motion.camera.path
    focal_px = motion.camera.focal_length_px if path is None else path.at(time).focal_length_px
    forward = pose.rotation[:, head, :, 0]
    depth, ahead = (
        motion.camera.to_camera((pose.origin[:, head] + far * forward)[:, None], time)[:, 0, 2]
        for far in (0.0, 0.1)
    )
    statures_px = stature * focal_px / depth
    left, right, nose, *ankles = (
        keypoints.xy[frames, keypoints.names.index(name)]
        for name in ("LEar", "REar", "Nose", *sorted(ANKLES))
    )
    apart_px = np.linalg.norm(left - right, axis=1)
    clear = np.linalg.norm(nose - np.mean(ankles, axis=0), axis=1) > STRETCHED * statures_px
    clear &= ahead < depth  # the face, not the back of the head
    height = pose.origin[..., 1]
    clear &= height[:, head] - height.min(axis=1) > STRETCHED * stature
    if clear.sum() < LEAST_FRAMES or np.percentile(apart_px[clear], FRONTAL_PERCENTILE) < LEAST_PX:
        return None
    ratio = float(np.percentile((apart_px / statures_px)[clear], FRONTAL_PERCENTILE)) / ADULT_EARS
    heights, ratios = load_proportions().child_heads()
    return float(np.interp(-ratio, -ratios, heights)) if ratio > LARGE else None


def _frames_with(keypoints: Keypoints2D, names: frozenset[str]) -> Mask:
    """(T,) whether all these points are seen with a sufficient score."""
    score = keypoints.score[:, [keypoints.names.index(name) for name in names]]
    return np.asarray((score >= SURE_SCORE).all(axis=1))
