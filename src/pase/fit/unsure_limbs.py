"""Limbs whose depths a lifter does not know: nothing shows them, or it has moved them away from their keypoints."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from pase.data import Keypoints2D, Landmarks3D
from pase.fit.camera import FilmCamera
from pase.series import nearest_rows
from pase.types import Array, Mask
from pase.visible_points import usable

LIMBS = (
    (("Hip",), ("Knee",), ("Ankle", "Toe", "BigToe", "SmallToe", "Heel")),
    (("Shoulder",), ("Elbow",), ("Wrist",)),
)
"""Points of legs and arms from the trunk outwards; a joint centre goes with the point of its name."""

LIFTER_REACH_S = 1.0
"""A lifter knows where a point is from the frames in which it is seen up to so many seconds before or after."""


def unseen_limbs(names: Sequence[str], visible: Mask, time: Array, points: Sequence[str]) -> Mask:
    """Points of limbs of which nothing so far from the trunk is seen, for a while.

    Of these a lifter knows nothing: it gives the mean of all postures, half a crouch for somebody who may stand or
    sit. A knee between a hip and an ankle that are seen is none of them.

    Parameters
    ----------
    names, visible, time
        K keypoints, in which of T frames (T, K) each is seen, and the times (T,) of these in seconds.
    points
        The N points asked about, keypoints and joint centres.

    Returns
    -------
    (T, N)
        True for a point that nothing shows.
    """
    unseen = np.zeros((len(time), len(points)), bool)
    stems = [point.removesuffix("Joint") for point in points]
    for side in "LR":
        for _, *limb in LIMBS:
            for level, level_points in enumerate(limb):
                outwards = [side + point for part in limb[level:] for point in part]
                seen = np.asarray(visible[:, np.isin(names, outwards)].any(1))
                of_level = np.isin(stems, [side + point for point in level_points])
                unseen[:, of_level] = _long_unseen(seen, time)[:, None]
    return unseen


def _long_unseen(seen: Mask, time: Array) -> Mask:
    """(T,) frames farther than `LIFTER_REACH_S` from all those in which something is seen (T,)."""
    if not seen.any():
        return np.ones(len(time), bool)
    near = time[seen][nearest_rows(time[seen], time)]
    return np.asarray(np.abs(near - time) > LIFTER_REACH_S)


USUAL = 0.06
"""Distance from a keypoint, in statures, up to which a lifter is not said to have moved a point: 98 of 100 points
in 22 photos are nearer, 99 of 100 in synthetic ones."""

DOUBT = 5.0
"""Standard deviation of the depth of a moved point for each unit of distance beyond that. With 5 the depths of a knee
that was moved by 0.13 statures, from a sitting person's to a standing one's, count for next to nothing."""

_SPREAD, _ROUNDS = 0.03, 12
"""Distance in statures from which on points stop pulling at the place of the person, and rounds of finding it."""


def moved_limbs(
    keypoints: Keypoints2D, landmarks: Landmarks3D, camera: FilmCamera, shared: Array, names: Sequence[str]
) -> Array:
    """How unsure the depths of a photo are for points that the lifter has moved away from their keypoints.

    A lifter gives each point a place across the line of sight as well. Where it does not believe a keypoint, as of
    knees behind a table, that place is elsewhere, and the depth is that of another posture: who sits stands up. What
    hangs on a moved point has moved as well.

    Parameters
    ----------
    keypoints, landmarks
        Of one frame; the landmarks in camera axes and statures.
    camera, shared
        The camera, and the shared unknowns (m,) that tell its focal length.
    names
        The K points wanted, keypoints and joint centres.

    Returns
    -------
    (1, K)
        Standard deviations to be added to those of the depths, statures; 0 for points at their usual distance.
    """
    lines = (keypoints.xy[0] - camera.principal_point) / camera.focal_px(shared)
    apart = _distances(keypoints, landmarks, lines)
    unsure = np.zeros((1, len(names)))
    for side in "LR":
        for limb in LIMBS:
            farthest = USUAL
            for point in chain(*limb):
                farthest = max(farthest, apart.get(side + point, 0.0))
                for name in (side + point, side + point + "Joint"):
                    if name in names:
                        unsure[0, names.index(name)] = DOUBT * (farthest - USUAL)
    return unsure


def _distances(keypoints: Keypoints2D, landmarks: Landmarks3D, lines: Array) -> dict[str, float]:
    """Statures between the landmarks and the `lines` of sight (K, 2) of their keypoints, placed where most agree.

    A line of sight (u, v, 1) meets a point p at t when `p_x + t_x − u (p_z + t_z)` is 0, and the same with v and y.
    """
    rows = [k for k, name in enumerate(keypoints.names) if name in landmarks.names]
    place = landmarks.xyz[0, [landmarks.names.index(keypoints.names[k]) for k in rows]]
    seen = usable(keypoints)[0, rows] & np.isfinite(place).all(axis=1)
    if seen.sum() < 3:
        return {}
    rows, place = [k for k, is_seen in zip(rows, seen, strict=True) if is_seen], place[seen]
    line = lines[rows]
    offset = place[:, :2] - line * place[:, 2:]
    by_shift = np.concatenate([np.broadcast_to(np.eye(2), (len(rows), 2, 2)), -line[..., None]], axis=2)
    score, apart = keypoints.score[0, rows], np.zeros(len(rows))
    for _ in range(_ROUNDS):
        root = (np.sqrt(score) / (1.0 + np.square(apart / _SPREAD)))[:, None]
        shift = np.linalg.lstsq((root[..., None] * by_shift).reshape(-1, 3), -(root * offset).ravel())[0]
        apart = np.linalg.norm(offset + by_shift @ shift, axis=1)
    return {keypoints.names[k]: float(distance) for k, distance in zip(rows, apart, strict=True)}
