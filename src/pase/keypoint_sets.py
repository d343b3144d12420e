"""The keypoint sets of other programs, and how each becomes the 26 Halpe keypoints."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.types import Array

COCO17 = HALPE26[:17]
"""COCO's 17 keypoints, those of most networks."""

COCO18 = (
    "Nose", "MidShoulder", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
    "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
)  # fmt: skip
"""OpenPose's COCO model; its neck is the midpoint of the shoulders."""

BODY25 = (
    *COCO18[:8], "Hip", *COCO18[8:],
    "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
)  # fmt: skip
"""OpenPose's BODY_25."""

BODY25B = (
    *COCO17, "Neck", "Head", "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
)  # fmt: skip
"""OpenPose's experimental BODY_25B; the first 25 of BODY_135."""

BLAZEPOSE33 = (
    "Nose", "LEyeInner", "LEye", "LEyeOuter", "REyeInner", "REye", "REyeOuter", "LEar", "REar", "LMouth", "RMouth",
    "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist", "LPinky", "RPinky", "LIndex", "RIndex",
    "LThumb", "RThumb", "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "LHeel", "RHeel", "LBigToe", "RBigToe",
)  # fmt: skip
"""MediaPipe's 33 landmarks; its foot index is the big toe."""

H36M17 = (
    "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Spine", "Neck", "Nose", "Head",
    "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
)  # fmt: skip
"""Human3.6M's joints, called as the Halpe keypoints that stand in for them."""

MPI15 = (
    "Head", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "RHip", "RKnee", "RAnkle",
    "LHip", "LKnee", "LAnkle", "Chest",
)  # fmt: skip
"""OpenPose's MPI model."""

MPII16 = (
    "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "Hip", "Thorax", "Neck", "Head", "RWrist", "RElbow",
    "RShoulder", "LShoulder", "LElbow", "LWrist",
)  # fmt: skip
"""The points of the data set MPII."""

CROWDPOSE14 = (
    "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist", "LHip", "RHip", "LKnee", "RKnee", "LAnkle",
    "RAnkle", "Head", "Neck",
)  # fmt: skip
"""The points of the data set CrowdPose."""

LSP14 = (
    "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "RWrist", "RElbow", "RShoulder", "LShoulder", "LElbow",
    "LWrist", "Neck", "Head",
)  # fmt: skip
"""The points of the data set LSP."""

USABLE_SCORE, SURE_SCORE = 0.2, 0.3
"""Scores from which on a keypoint is lifted and fitted, and counts as sure: then it is drawn filled, and shows how
the person moved."""


def mirrored_order(names: Sequence[str]) -> list[int]:
    """Index of the point that each one is in a mirror: its twin on the other side, or itself.

    Parameters
    ----------
    names
        Of the points; those of the left begin with L, those of the right with R.
    """
    twins = [{"L": "R", "R": "L"}.get(name[0], "") + name[1:] for name in names]
    return [names.index(twin if twin in names else name) for name, twin in zip(names, twins, strict=True)]


_FEET = ("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel")
_FACE_AND_HANDS = tuple(f"Point{i}" for i in range(110))
"""Names for points that nothing here uses."""

KEYPOINT_SETS: dict[str, tuple[str, ...]] = {
    "halpe26": HALPE26,
    "coco17": COCO17,
    "coco18": COCO18,
    "body25": BODY25,
    "body25b": BODY25B,
    "blazepose33": BLAZEPOSE33,
    "h36m17": H36M17,
    "mpi15": MPI15,
    "mpii16": MPII16,
    "crowdpose14": CROWDPOSE14,
    "lsp14": LSP14,
    "coco133": (*COCO17, *_FEET, *_FACE_AND_HANDS),
    "halpe136": (*HALPE26, *_FACE_AND_HANDS),
    "body135": (*BODY25B, *_FACE_AND_HANDS),
}
"""Names of the points in order, by the set's own name."""

POINT_COUNTS = {len(names) for names in KEYPOINT_SETS.values()}
"""Points a person that some set has."""


def keypoint_set(name: str) -> tuple[str, ...]:
    """Point names of a set.

    Raises
    ------
    InputError
        When there is no such set; the message lists them.
    """
    key = name.lower().replace("_", "").replace("-", "")
    if key not in KEYPOINT_SETS:
        raise InputError(f"no skeleton '{name}'; there are: {', '.join(KEYPOINT_SETS)}")
    return KEYPOINT_SETS[key]


def guess_set(points: Array, source: str, skeleton: str | None = None) -> tuple[str, ...]:
    """Which set a file holds, by the number of points and, where two have as many, by where they lie.

    Parameters
    ----------
    points
        (N, K, 3) x, y, score of N poses.
    source
        The file as messages call it.
    skeleton
        The set's name when the user has named it.

    Raises
    ------
    InputError
        When no set, or none for certain, has as many points; asks for the set's name.
    """
    count = points.shape[1]
    if skeleton is not None:
        names = keypoint_set(skeleton)
        if len(names) != count:
            raise InputError(f"{source} has {count} points a person, but {skeleton} has {len(names)}")
        return names
    fitting = {
        name: names for name, names in KEYPOINT_SETS.items() if len(names) == count and name != "h36m17"
    }
    if not fitting:
        counts = ", ".join(f"{name} ({len(names)})" for name, names in KEYPOINT_SETS.items())
        raise InputError(f"{source} has {count} points a person, which no known set has; there are: {counts}")
    if len(fitting) > 1:
        return fitting[_closer(points, source, fitting)]
    return next(iter(fitting.values()))


def _closer(points: Array, source: str, fitting: dict[str, tuple[str, ...]]) -> str:
    """The set in which hips lie below shoulders and the limbs are of even length, by the median of all poses."""
    common = set.intersection(*(set(names) for names in fitting.values()))
    pairs = [(a, b) for a, b in _NEIGHBOURS if {a, b} <= common]
    misfits = {name: _misfit(points, names, pairs) for name, names in fitting.items()}
    ranked = sorted(misfits, key=lambda name: misfits[name])
    if not misfits[ranked[0]] < 0.6 * misfits[ranked[1]]:
        names = " or ".join(fitting)
        raise InputError(f"{source} may hold {names}: say which with --skeleton, for instance {ranked[0]}")
    return ranked[0]


_NEIGHBOURS = (
    ("REye", "LEye"), ("REye", "Nose"), ("LEye", "Nose"), ("RAnkle", "RHeel"), ("LAnkle", "LHeel"),
    ("RElbow", "RWrist"), ("LElbow", "LWrist"), ("RHip", "LHip"), ("RShoulder", "RElbow"),
    ("LShoulder", "LElbow"), ("RHip", "RKnee"), ("LHip", "LKnee"),
)  # fmt: skip
"""Points that bones join."""


def _misfit(points: Array, names: tuple[str, ...], pairs: Sequence[tuple[str, str]]) -> float:
    """Mean length of bones that join neighbouring points, over the size of the person; large in a wrong order."""
    xy = np.where(points[..., 2:] > 0, points[..., :2], np.nan)
    if not np.isfinite(xy).any():
        return np.nan
    size = np.nanmax(np.nanmax(xy, axis=1) - np.nanmin(xy, axis=1), axis=-1)
    ends = np.array([[names.index(a), names.index(b)] for a, b in pairs])
    lengths = np.linalg.norm(xy[:, ends[:, 0]] - xy[:, ends[:, 1]], axis=-1) / size[:, None]
    return float(np.nanmean(lengths)) if np.isfinite(lengths).any() else np.nan


def to_halpe26(keypoints: Keypoints2D) -> Keypoints2D:
    """The same person with the 26 Halpe keypoints; NaN where the set has no such point.

    The mid-point of the hips is added where it is missing, as it is that by definition. The neck is not: Halpe's
    lies well above the line of the shoulders, whose middle other sets call so.
    """
    if keypoints.names == HALPE26:
        return keypoints
    shape = (len(keypoints), len(HALPE26))
    xy, score = np.full((*shape, 2), np.nan), np.zeros(shape)
    sigma = None if keypoints.sigma is None else np.full((*shape, 2), np.nan)
    for k, name in enumerate(HALPE26):
        if name in keypoints.names:
            source = keypoints.names.index(name)
            xy[:, k], score[:, k] = keypoints.xy[:, source], keypoints.score[:, source]
            if sigma is not None and keypoints.sigma is not None:
                sigma[:, k] = keypoints.sigma[:, source]
    if "Hip" not in keypoints.names:
        hip, sides = HALPE26.index("Hip"), [HALPE26.index("LHip"), HALPE26.index("RHip")]
        xy[:, hip], score[:, hip] = xy[:, sides].mean(1), score[:, sides].min(1)
        if sigma is not None:
            sigma[:, hip] = np.sqrt((sigma[:, sides] ** 2).sum(1)) / 2
    return replace(keypoints, xy=xy, score=score, sigma=sigma, names=HALPE26)


def column_order(columns: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """Where each wanted name is among the found ones, whatever case, blanks and underscores."""
    plain = {plain_name(name): i for i, name in reversed(list(enumerate(columns)))}
    return [plain.get(plain_name(name)) for name in names]


def plain_name(name: str) -> str:
    """A name without what programs write differently: capitals, blanks, underscores and hyphens."""
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")
