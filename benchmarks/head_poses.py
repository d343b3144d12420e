"""Which way a face looks, from its keypoints alone: a head of mean size, turned until they fall on it.

It knows nothing of the estimator: sizes are those of people (a living head, not a skull), the camera is far away in
comparison with the head.
"""

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from pase.data import Camera
from pase.types import Array, Mask

FACE_MM = {
    "Nose": (115.0, -15.0, 0.0),
    "LEye": (82.0, 22.0, -31.5),
    "REye": (82.0, 22.0, 31.5),
    "LEar": (0.0, 0.0, -75.0),
    "REar": (0.0, 0.0, 75.0),
}
"""Forward, up and to the right of the middle of the ears, of adults: pupils 63 mm apart, ears on a head 151 mm wide
(ANSUR II); nose and eyes as far before the ears as on mean faces of men and women."""

FEWEST, LEAST_SCORE = 4, 0.5
"""So many of the five points must be sure for a direction."""
HIDDEN_EAR = 0.25
"""An ear that lies nearer to the nose than this share of the distance between the ears is behind the cheek (the head
is turned by more than 18°): detectors draw it on the outline of the face, and it counts a quarter."""
LEAST_PX = 12.0
"""Faces that are smaller than this tell no direction: their points are off by 2 px."""
SIGMA_MM = 8.0
MOST_MISFIT = 2.0
"""Root mean square of the distances, in standard deviations, above which the points are no face."""


def face_direction(names: tuple[str, ...], xy: Array, score: Array, camera: Camera) -> Array | None:
    """(3,) unit vector in the camera's axes along which a face looks, or None where the face does not tell.

    Parameters
    ----------
    names, xy, score
        K keypoints, (K, 2) px and (K,).
    camera
        Tells the lines of sight.
    """
    rows = [names.index(name) for name in FACE_MM]
    sure = np.isfinite(xy[rows]).all(1) & (score[rows] >= LEAST_SCORE)
    if sure.sum() < FEWEST:
        return None
    if np.ptp(xy[rows][sure], axis=0).max() < LEAST_PX:
        return None
    gain = np.where(_hidden_ears(xy[rows]), 0.25, 1.0)[sure, None] / SIGMA_MM
    points, pixels = np.array(list(FACE_MM.values()))[sure], xy[rows][sure]
    centre = pixels.mean(0)
    tries = [_turned(points, pixels - centre, gain, start) for start in _starts()]
    cost, turn = min(tries, key=lambda attempt: attempt[0])
    if np.sqrt(2 * cost / sure.sum()) > MOST_MISFIT:
        return None
    sight = np.array([*(centre - camera.principal_point) / camera.focal_length_px, 1.0])
    direction: Array = (_towards(sight) * turn).apply([1.0, 0.0, 0.0])
    return direction


def _hidden_ears(xy: Array) -> Mask:
    """(5,) which of the points is an ear behind the cheek."""
    nose, *_, left, right = xy
    share = (nose - left) @ (right - left) / max(float(np.square(right - left).sum()), 1e-9)
    return np.array([False, False, False, share < HIDDEN_EAR, share > 1 - HIDDEN_EAR])


def _turned(points: Array, pixels: Array, gain: Array, start: Rotation) -> tuple[float, Rotation]:
    """Cost and turn of a head whose points fall on (N, 2) seen ones that count by a gain (N, 1), 1/mm."""

    def distances(unknowns: Array) -> Array:
        turned = (Rotation.from_rotvec(unknowns[:3]) * start).apply(points)[:, :2]
        apart = turned - pixels * np.exp(-unknowns[3])
        weight = np.square(gain) / np.square(gain).sum()
        return np.asarray(gain * (apart - (weight * apart).sum(0))).ravel()

    size = np.log(np.linalg.norm(pixels) / np.linalg.norm(points - points.mean(0)))
    bounds = ([-4, -4, -4, size - 1.0], [4, 4, 4, size + 1.5])
    best = least_squares(distances, [0.0, 0.0, 0.0, size + 0.2], bounds=bounds)
    return float(best.cost), Rotation.from_rotvec(best.x[:3]) * start


def _starts() -> list[Rotation]:
    """Heads upright, upside down and on either side, facing eight ways."""
    at_camera = Rotation.from_matrix(np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]]))
    return [
        Rotation.from_euler("zy", (roll, turn), degrees=True) * at_camera
        for roll in (0, 90, 180, 270)
        for turn in range(0, 360, 45)
    ]


def _towards(sight: Array) -> Rotation:
    """The smallest turn from the camera's axis to a line of sight."""
    axis = np.cross([0.0, 0.0, 1.0], sight)
    sine, cosine = np.linalg.norm(axis), sight[2]
    return Rotation.identity() if sine == 0 else Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine))
