"""Standard deviations of keypoints, from pixels and scores."""

import numpy as np

from pase.data import Keypoints2D
from pase.fit.terms.reprojection import PairHabit
from pase.keypoint_sets import mirrored_order
from pase.types import Array, Indices, Mask
from pase.visible_points import on_edge, pixels_per_metre, usable

INFORMATION_RATE_HZ = 30.0
"""Frames a second beyond which a detector's errors repeat themselves, so that more frames add no information."""

_TELLING_SCORES = (0.25, 0.8)
"""Scores between which a point's spread grows as the score falls, as 1 / score²; from the higher one on it is as
below. On 28 films of everyday movements, two lab clips, four views of one person and 22 photos residuals grow by the
power 1.6 to 2 of 1 / score, within the course of one point as from point to point; 2 is likeliest, far before 1."""

PHOTO_SPREAD = 0.77
"""Share of these spreads in a photo, where the picture is all that is known of a posture. With it the skeletons of 51
people in 22 photos lie nearer to the points that are sure; angles of single frames of films come out alike."""

_POINT_SIGMA_M = {
    "Nose": 0.020, "Eye": 0.020, "Ear": 0.020, "Head": 0.030, "Neck": 0.025, "Hip": 0.035, "Shoulder": 0.025,
    "Elbow": 0.020, "Wrist": 0.020, "Knee": 0.020, "Ankle": 0.015, "Heel": 0.015, "BigToe": 0.015,
    "SmallToe": 0.015,
}  # fmt: skip
"""Spread of a detected point about its own fixed place on the bone, metres: skin and clothes moving."""

HEAD_SIGMA_SHARE = {"Nose": 0.4, "Eye": 0.4, "Ear": 0.6, "Head": 1.0}
"""The same of the points of the head beside one another, as shares: the head is rigid and bare, but for the hair."""

_FAR_EAR = (0.30, 0.15)
"""Where the nose is seen between the ears, as a share of their distance from the nearer one: from the first on the
cheek begins to hide the ear on the far side (a head turned by 15°), from the second on it is hidden (25°)."""

_HIDDEN_EAR = 4.0
"""Factor on the standard deviation of a hidden ear: detectors draw it on the outline of the face."""

FARTHER_LOWER = {"Hip": 0.23, "Shoulder": 0.09, "Knee": 0.04}
"""How much lower along the trunk the detector draws the farther one of a pair, in metres for each metre that it is
farther away; measured on one person seen by four calibrated cameras, one left out at a time, all four views agreeing
(hip 0.20-0.26, ankle 0.00)."""

_BEHIND_HEAD = (-0.1, 1.1)
"""Between these places of the nose, as above, a head that shows its back hides nose and eyes. Detectors draw them all
the same. A head in profile, whose nose is seen beyond the ear, is none of these."""

_BACK = ("LEar", "REar", "LShoulder", "RShoulder", "LHip", "RHip")
"""Points that show whether head and trunk turn their backs to the camera."""

USUAL_SCATTER, SCATTER_RANGE = 0.4, (0.5, 2.0)
"""Usual distance of keypoints from a first solution in each direction of the picture, in their standard deviations
(root mean square), and the range of its multiples. On synthetic films with whole bodies in sight the angles' errors
grow with about the power 0.65 of this distance."""

_FAR_OFF = 3.0
"""Distances beyond this many standard deviations count as this many: single stray points say nothing of a film."""

_BEYOND_EDGE_M = 0.04
"""How far beyond the edge of the picture the body's own point may be where a keypoint lies on the edge."""

_INNER_POINT = {
    "Knee": "Hip", "Elbow": "Shoulder", "Ankle": "Knee", "Wrist": "Elbow", "Heel": "Ankle", "BigToe": "Ankle",
    "SmallToe": "Ankle",
}  # fmt: skip
"""The point of the same limb nearer to the trunk; from the trunk outwards."""

_SURE_ALONE = 0.4
"""Least score in a photo of a point whose limb is not seen nearer to the trunk: detectors squeeze hidden legs into
what is seen of the body. Of 16 such points of a lower score in 56 photos, 12 lay more than 3 % of the stature beside
the skeleton and 8 more than 5 %; of 166 as unsure beyond a joint that is seen, 58 and 23."""


def keypoint_sigma(keypoints: Keypoints2D) -> Array:
    """(T, K) standard deviation of each keypoint, px; infinite for those of low score or outside the picture."""
    scale = pixels_per_metre(keypoints)
    side_free = [n[1:] if n[0] in "LR" and n[1:] in _POINT_SIGMA_M else n for n in keypoints.names]
    point_sigma = np.array([_POINT_SIGMA_M[name] for name in side_free])
    low, high = _TELLING_SCORES
    sigma = scale[:, None] * point_sigma * np.square(high / np.clip(keypoints.score, low, high))
    sigma *= PHOTO_SPREAD if len(keypoints) == 1 else 1.0
    sigma *= _hidden_ears(keypoints)
    sigma[_hidden_face(keypoints)] = np.inf
    sigma = np.hypot(sigma, _BEYOND_EDGE_M * scale[:, None] * on_edge(keypoints))
    if keypoints.sigma is not None:
        sigma = np.hypot(sigma, np.nan_to_num(keypoints.sigma.mean(-1), nan=0.0))
    sigma = np.where(usable(keypoints), sigma, np.inf)
    return _without_invented_ends(keypoints, sigma) if len(keypoints) == 1 else sigma


def _without_invented_ends(keypoints: Keypoints2D, sigma: Array) -> Array:
    """The standard deviations (1, K) of a photo, infinite for unsure points beyond a joint that is not seen."""
    sigma, names = sigma.copy(), keypoints.names
    for outer, inner in _INNER_POINT.items():
        for side in "LR":
            if {side + outer, side + inner} <= set(names):
                end, nearer = names.index(side + outer), names.index(side + inner)
                if not np.isfinite(sigma[0, nearer]) and keypoints.score[0, end] < _SURE_ALONE:
                    sigma[0, end] = np.inf
    return sigma


def _hidden_ears(keypoints: Keypoints2D) -> Array:
    """(T, K) factors on the standard deviations: above 1 for an ear on the far side of a head turned away."""
    factor, names = np.ones(keypoints.score.shape), keypoints.names
    if not {"Nose", "LEar", "REar"} <= set(names):
        return factor
    nose, left, right = (keypoints.xy[:, names.index(name)] for name in ("Nose", "LEar", "REar"))
    line = right - left
    share = np.sum((nose - left) * line, axis=-1) / np.maximum(np.square(line).sum(-1), 1e-9)
    begins, ends = _FAR_EAR
    for name, near in (("LEar", share), ("REar", 1.0 - share)):
        hidden = np.clip(np.nan_to_num((begins - near) / (begins - ends)), 0.0, 1.0)
        factor[:, names.index(name)] = 1.0 + (_HIDDEN_EAR - 1.0) * hidden
    return factor


def _hidden_face(keypoints: Keypoints2D) -> Mask:
    """(T, K) nose and eyes of heads whose back is turned to the camera, as ears and shoulders show."""
    hidden, names = np.zeros(keypoints.score.shape, bool), keypoints.names
    if not {"Nose", "LEye", "REye", *_BACK} <= set(names):
        return hidden
    place = {name: keypoints.xy[:, names.index(name)] for name in ("Nose", *_BACK)}
    ears, shoulders, hips = (place["R" + stem] - place["L" + stem] for stem in ("Ear", "Shoulder", "Hip"))
    down = 0.5 * (place["LHip"] + place["RHip"] - place["LShoulder"] - place["RShoulder"])
    turned = [pair[:, 0] * down[:, 1] - pair[:, 1] * down[:, 0] > 0 for pair in (shoulders, hips)]
    nose = np.sum((place["Nose"] - place["LEar"]) * ears, axis=-1) / np.maximum(np.square(ears).sum(-1), 1e-9)
    back = turned[0] & turned[1] & (np.sum(ears * shoulders, axis=-1) > 0)
    back &= (nose > _BEHIND_HEAD[0]) & (nose < _BEHIND_HEAD[1])
    hidden[np.ix_(back, [names.index(name) for name in ("Nose", "LEye", "REye")])] = True
    return hidden


def scatter(residual: Array, sigma: Array) -> float:
    """How far the keypoints of a film lie from a first solution, as a multiple of what is usual.

    Parameters
    ----------
    residual
        (T, K, 2) px from the keypoints to the skeleton.
    sigma
        (T, K) px, infinite where a point does not count.
    """
    squares = np.square(residual / sigma[..., None])[np.isfinite(sigma)]
    if not len(squares):
        return 1.0
    level = float(np.sqrt(np.minimum(squares, _FAR_OFF**2).mean()))
    return float(np.clip(level / USUAL_SCATTER, *SCATTER_RANGE))


def frame_weights(time: Array, gap_s: Array | None = None, repeats: Array | float = 1.0) -> Array:
    """(T,) independent information of each frame: 0 to 1 for each frame of the recording that it stands for.

    Parameters
    ----------
    time
        (T,) seconds.
    gap_s
        (T,) seconds between the measured frames around each frame; all frames together then count as much as the
        measured ones alone. None where every frame was measured.
    repeats
        Frames of the recording that each frame stands for, (T,) or all alike.
    """
    if len(time) < 2:
        return np.ones(len(time))
    rate = INFORMATION_RATE_HZ if gap_s is None else np.minimum(INFORMATION_RATE_HZ, 1.0 / gap_s)
    return np.asarray(repeats * np.clip(np.gradient(time) / repeats * rate, 0.0, 1.0))


def measurement_gap(keypoints: Keypoints2D) -> Array | None:
    """(T,) seconds between the measured frames around each frame; None where all are measured."""
    if keypoints.measured is None or keypoints.measured.all() or keypoints.measured.sum() < 2:
        return None
    frames = np.flatnonzero(keypoints.measured)
    after = np.clip(np.searchsorted(frames, np.arange(len(keypoints)), side="left"), 1, len(frames) - 1)
    time = keypoints.time[frames]
    between = time[after] - time[after - 1]
    # A measured frame stands for half of the gap on either side.
    between[frames] = np.gradient(time)
    return np.asarray(between)


def head_points(names: tuple[str, ...]) -> tuple[Indices, Array]:
    """The points of the head among K keypoints, and how much less they are off beside one another."""
    stems = [name if name in HEAD_SIGMA_SHARE else name[1:] for name in names]
    rows = np.array([k for k, stem in enumerate(stems) if stem in HEAD_SIGMA_SHARE], dtype=np.intp)
    return rows, np.array([HEAD_SIGMA_SHARE[stems[k]] for k in rows])


def pair_habit(names: tuple[str, ...], xy: Array, sigma: Array) -> PairHabit | None:
    """How the detector draws the farther one of a pair of points; None without a trunk that shows which way is down.

    Parameters
    ----------
    names
        K keypoints.
    xy, sigma
        (T, K, 2) and (T, K) px, infinite sigma where a point does not count.
    """
    trunk = ("LShoulder", "RShoulder", "LHip", "RHip")
    if not set(trunk) <= set(names):
        return None
    slope, identity = np.array([FARTHER_LOWER.get(name[1:], 0.0) for name in names]), np.arange(len(names))
    partner = np.where(slope > 0, mirrored_order(names), identity)
    slope[partner == identity] = 0.0
    left, right, left_hip, right_hip = (names.index(n) for n in trunk)
    line = 0.5 * (xy[:, left_hip] + xy[:, right_hip] - xy[:, left] - xy[:, right])
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    visible = np.isfinite(sigma[:, [names.index(n) for n in trunk]]).all(1) & np.isfinite(length[:, 0])
    down = np.where(visible[:, None], line / np.maximum(length, 1.0), 0.0)
    return PairHabit(partner, slope, np.nan_to_num(down))
