"""The camera's motion in every frame of a shot, from the measured frames."""

from dataclasses import replace
from typing import Literal

import numpy as np

from pase.camera.correspondences import pixel_of
from pase.camera.lens import focal_from_turns
from pase.camera.matching import FEWEST_POINTS
from pase.camera.motion import CameraMotion
from pase.camera.rotations import mean_rotation, rotation_of_vector, vector_of_rotation
from pase.camera.shot import ShotFollower
from pase.camera.trajectory import Trajectory, far_correspondences, turning_trajectory
from pase.camera.travel import judge_travel, travelling_trajectory
from pase.series import nearest_rows
from pase.types import Array

Kind = Literal["still", "turning", "travelling"]
Choice = Literal["auto", "still", "turning", "travelling"]

STILL_RAD, STILL_ZOOM = 0.0015, 0.004
"""A camera that turns and zooms by less stands still: about the error of the measurement over a recording."""
ZOOMS = 0.012
"""A smaller change of size is not taken for a zoom."""
_LENS_TURN_RAD = np.radians(3.0)
"""Least turn of a camera that determines its lens."""
TELLING_LOG_SIGMA = 0.4
"""Largest standard deviation of the log focal length with which it is taken from a turn."""
_WANDER_RAD, _WANDER_LOG_ZOOM = 0.1, 0.02
"""Standard deviation of a camera's random walk over one second without a visible background: rad, and log zoom."""
_MEASURED_S = 0.45
"""Frames between measured ones this close in time are as certain as these."""
UNSURE_RAD = np.radians(0.5)
"""Standard deviation of a turn from which on the user is warned."""
_UNSURE_TRAVEL_RAD = np.radians(1.5)
"""The same for a travelling camera, whose path comes from the feet."""
_UNSURE_SHARE, _UNSURE_SHARE_STILL = 0.02, 0.3
"""Least share of such frames for the warning: for a moving camera, and for one that seems to stand still."""
ZOOM_OR_WAY = 0.05
"""From this change of the logarithm of size on the user is warned that a zoom was assumed: to go towards a distant
background looks the same."""
_UNTOLD_SHARE = 0.5
"""With a larger share of uncertain frames no turn is taken from the others: most of the film would be a guess."""


def shot_motion(shot: ShotFollower, time: Array, number: int, choice: Choice) -> CameraMotion:
    """How the camera moved in the frames of a shot.

    Parameters
    ----------
    time
        (T,) seconds of all frames of the shot.
    """
    judgement = judge_travel(shot) if choice == "auto" else None
    travels = choice == "travelling" if judgement is None else judgement.travels
    trajectory, factor, log_sigma = (
        (travelling_trajectory(shot), 1.0, np.inf) if travels else _trajectory_and_lens(shot)
    )
    R, log_zoom, variance = _in_every_frame(trajectory, time)
    R = R @ _reference(R).T
    deviation = np.sqrt(variance)
    kind: Kind = "travelling" if travels else _kind(R, log_zoom, deviation) if choice == "auto" else choice
    warnings = (*_warnings(kind, deviation), *_zoom_warning(choice, kind, log_zoom))
    agreement = _agreement(shot)
    if kind == "still":
        still = CameraMotion.still(time, shot.focal_px, number)
        return replace(still, warnings=warnings, agreement=agreement)
    is_open = judgement is not None and not travels and judgement.is_open(factor)
    return CameraMotion(
        time,
        R,
        np.exp(log_zoom),
        deviation[:, :3],
        deviation[:, 3],
        factor * shot.focal_px,
        log_sigma if np.isfinite(log_sigma) else None,
        kind,
        number,
        warnings,
        agreement,
        shot_motion(shot, time, number, "travelling") if is_open else None,
    )


def _agreement(shot: ShotFollower) -> float:
    """Median share of the background's points that move together."""
    shares = [
        match.agreeing.sum() / match.searched for match in shot.matches if match.searched >= FEWEST_POINTS
    ]
    return float(np.clip(np.median(shares), 0.0, 1.0)) if shares else 1.0


def _trajectory_and_lens(shot: ShotFollower) -> tuple[Trajectory, float, float]:
    """The measured frames, the factor of the focal length, and the standard deviation of its logarithm.

    A wrong focal length looks like zoom at the ends of a pan, so only a zoom that remains with the best one counts.
    """
    factor, log_sigma = 1.0, np.inf
    trajectory = turning_trajectory(shot, factor, zooming=True)
    turns = _extent(trajectory.R) > _LENS_TURN_RAD
    zooming = bool(np.ptp(trajectory.log_zoom) > ZOOMS)
    if turns:
        factor, log_sigma = _lens(shot, zooming=False)
        if zooming:
            zooming = bool(np.ptp(turning_trajectory(shot, factor, zooming=True).log_zoom) > ZOOMS)
            factor, log_sigma = _lens(shot, zooming=True) if zooming else (factor, log_sigma)
        if log_sigma > TELLING_LOG_SIGMA:
            factor, log_sigma = 1.0, np.inf
    if turns or not zooming:
        trajectory = turning_trajectory(shot, factor, zooming)
    return trajectory, factor, log_sigma


def _lens(shot: ShotFollower, zooming: bool) -> tuple[float, float]:
    """Factor of the focal length that explains the turns best, and the standard deviation of its logarithm."""
    return focal_from_turns(far_correspondences(shot, zooming), pixel_of(shot), zooming)


def _kind(R: Array, log_zoom: Array, deviation: Array) -> Kind:
    """Whether the camera turns or stands still; still, with a warning, where most frames leave that open."""
    if (deviation[:, :2] > UNSURE_RAD).any(1).mean() > _UNTOLD_SHARE:
        return "still"
    turned = np.linalg.norm(vector_of_rotation(R), axis=-1)
    moves = turned.max() > STILL_RAD or np.ptp(log_zoom) > STILL_ZOOM
    return "turning" if moves else "still"


def _extent(R: Array) -> float:
    """Largest angle of the line of sight to the first one, rad."""
    R = R @ R[0].T
    return float(np.arctan2(np.hypot(R[:, 0, 2], R[:, 1, 2]), R[:, 2, 2]).max())


def _reference(R: Array) -> Array:
    """(3, 3) the turn in the middle of all, to which the prior of cameras applies."""
    middle = mean_rotation(R)
    nearest = int(np.argmax(np.einsum("tij,ij->t", R, middle)))
    return np.asarray(R[nearest])


def _in_every_frame(trajectory: Trajectory, time: Array) -> tuple[Array, Array, Array]:
    """Rotations, log zooms and variances (T, 4) at all times: between measured frames along the shortest turn."""
    after = np.clip(np.searchsorted(trajectory.time, time - 1e-9), 0, len(trajectory.time) - 1)
    before = np.where(trajectory.time[after] > time + 1e-9, np.maximum(after - 1, 0), after)
    span = np.maximum(trajectory.time[after] - trajectory.time[before], 1e-12)
    share = np.where(after > before, np.clip((time - trajectory.time[before]) / span, 0, 1), 0.0)
    step = vector_of_rotation(trajectory.R[after] @ trajectory.R[before].transpose(0, 2, 1))
    R = rotation_of_vector(share[:, None] * step) @ trajectory.R[before]
    log_zoom = (1 - share) * trajectory.log_zoom[before] + share * trajectory.log_zoom[after]
    variance = (1 - share[:, None]) * trajectory.variance[before] + share[:, None] * trajectory.variance[
        after
    ]
    between = np.where(span > _MEASURED_S, share * (1 - share) * span, 0.0)
    alone_s = np.where(after > before, between, np.abs(time - trajectory.time[after]))
    wander = alone_s[:, None] * np.square([_WANDER_RAD] * 3 + [_WANDER_LOG_ZOOM])
    if len(trajectory.bounded_time):
        rows = nearest_rows(trajectory.bounded_time, time)
        bound = np.square(trajectory.bound_rad[rows])[:, None]
        near = np.abs(trajectory.bounded_time[rows] - time) < 0.5 * _MEASURED_S
        wander[near] = np.minimum(wander[near], bound[near])
    return R, log_zoom, variance + wander


def _warnings(kind: str, deviation: Array) -> list[str]:
    unsure = (deviation[:, :2] > (_UNSURE_TRAVEL_RAD if kind == "travelling" else UNSURE_RAD)).any(1)
    share = float(unsure.mean()) if len(unsure) else 0.0
    if kind == "still":
        if share < _UNSURE_SHARE_STILL:
            return []
        return [
            f"in {100 * share:.0f} % of the frames the background shows too little to tell whether the camera "
            "turns; it is taken not to turn (--camera.motion still says that it stands still)"
        ]
    if share < _UNSURE_SHARE:
        return []
    worst = np.degrees(float(np.median(deviation[unsure, :2].max(1))))
    return [
        f"in {100 * share:.0f} % of the frames the background shows too little to tell how the camera turns "
        f"(known to about {worst:.1f}° there); places and speeds are unsure by as much"
    ]


def _zoom_warning(choice: Choice, kind: Kind, log_zoom: Array) -> list[str]:
    extent = float(np.ptp(log_zoom))
    if choice != "auto" or kind != "turning" or extent < ZOOM_OR_WAY:
        return []
    return [
        f"the background's size changes by {100 * np.expm1(extent):.0f} %, which is taken for a zoom: if the camera "
        "was carried forward or back, places, speeds and steps are wrong; say --camera.motion travelling then"
    ]
