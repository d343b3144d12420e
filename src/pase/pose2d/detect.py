"""From frames to the main person's keypoints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.config import Pose2DSettings
from pase.data import HALPE26, Keypoints2D
from pase.media.frames import Frame
from pase.models import model_path
from pase.pose2d.detector import PersonDetector
from pase.pose2d.join import main_person
from pase.pose2d.keypoints import Array, KeypointNetwork, Pose
from pase.pose2d.track import Tracker

_log = logging.getLogger(__name__)

DETECTOR = "yolox-tiny"
KEYPOINT_NETWORK = "rtmpose-s"

_SURE_SCORE = 0.3
_FEWEST_SURE_POINTS = 5
"""With fewer than these in the picture the person counts as unseen: the rest is guessed."""


def detect_keypoints(
    frames: Iterable[Frame],
    image_size: tuple[int, int],
    settings: Pose2DSettings | None = None,
    *,
    models_dir: Path | None = None,
    offline: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[Keypoints2D]:
    """Find the main person of a recording and place the 26 Halpe keypoints in every frame.

    Parameters
    ----------
    frames
        The recording, in order; frames are not kept.
    image_size
        Width and height in pixels.
    settings
        How to detect and follow; the defaults when None.
    models_dir, offline
        See `pase.models.model_path`.
    progress
        Called with the number of frames done and None.

    Returns
    -------
    list
        The main person alone, with one row for every frame of the recording; NaN where the person or a point
        is not in the picture. Empty when nobody was found.

    Raises
    ------
    ModelFileError
        When a network cannot be had or run.
    """
    settings = settings or Pose2DSettings()
    detector = PersonDetector(
        model_path(DETECTOR, models_dir=models_dir, offline=offline), settings.device, settings.threads
    )
    network = KeypointNetwork(
        model_path(KEYPOINT_NETWORK, models_dir=models_dir, offline=offline),
        settings.device,
        settings.threads,
    )
    tracker = Tracker(detector, network, image_size, settings)
    times = []
    for frame in frames:
        tracker.add(frame)
        times.append(frame.time)
        if progress is not None:
            progress(len(times), None)
    seen = [track for track in tracker.tracks if track.poses]
    if not seen:
        _log.warning("nobody was found in the picture")
        return []
    time = np.array(times)
    return [_as_keypoints(main_person(seen, time), time, image_size)]


def _as_keypoints(poses: dict[int, Pose], time: Array, image_size: tuple[int, int]) -> Keypoints2D:
    shape = (len(time), len(HALPE26))
    xy, sigma, score = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan), np.zeros(shape)
    for index, pose in poses.items():
        inside = _inside(pose.xy, image_size)
        if (inside & (pose.score >= _SURE_SCORE)).sum() >= _FEWEST_SURE_POINTS:
            xy[index, inside], sigma[index, inside] = pose.xy[inside], pose.sigma[inside]
            score[index, inside] = pose.score[inside]
    return Keypoints2D(xy, score, time, image_size, sigma=sigma)


def _inside(xy: Array, image_size: tuple[int, int]) -> NDArray[np.bool_]:
    """(K,) which points lie in the picture; the network also guesses some beyond its edge."""
    low, high = xy >= -0.5, xy <= np.array(image_size) - 0.5
    return low[:, 0] & low[:, 1] & high[:, 0] & high[:, 1]
