"""From frames to everybody's keypoints."""

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pase.camera.follower import CameraFollower
from pase.config import Pose2DSettings
from pase.data import HALPE26, Keypoints2D
from pase.keypoint_sets import SURE_SCORE
from pase.media.frames import Frame
from pase.networks.onnx import network_threads
from pase.pose2d.between import fill_between
from pase.pose2d.closer_look import with_closer_look
from pase.pose2d.detector import PersonDetector
from pase.pose2d.keypoints import KeypointNetwork, Pose
from pase.pose2d.left_out import LeftOut
from pase.pose2d.sampling import SLOW_S, Sampler
from pase.pose2d.tracking.prominence import frame_seconds, prominence
from pase.pose2d.tracking.relink_tracks import join_pieces
from pase.pose2d.tracking.track import Track
from pase.pose2d.tracking.tracker import Tracker
from pase.pose2d.user_network import choose_networks
from pase.types import Array, ImageSize, Mask

log = logging.getLogger(__name__)

_FEWEST_SURE_POINTS = 5
"""With fewer keypoints inside the picture the person counts as unseen: the others are guesses of the network."""
_MANY_REPEATED, _SLOWED = 0.03, 0.25
"""Shares of repeated pictures above which the user is told, and above which films that play too slowly are likely:
from 24 to 30 a second it is 0.2."""
_REPEATED = (
    "%d of %d pictures only repeat the one before, as in film converted to another rate%s: keypoints are "
    "interpolated there; give the original film if you have it"
)


@dataclass(frozen=True)
class DetectedPeople:
    """Everybody in a recording, and its cuts."""

    people: list[Keypoints2D]
    """Everybody whose keypoints were placed, the most prominent first, numbered from 1, each from the first to the
    last frame with them: over an hour, rows of all frames for all who pass would fill the memory."""
    time: Array = field(default_factory=lambda: np.zeros(0))
    """(T,) seconds of every frame of the recording."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Persons who were seen, but get no keypoints."""
    cuts: list[float] = field(default_factory=list)
    """Times in seconds at which a new shot begins."""


def detect_keypoints(
    frames: Iterable[Frame],
    image_size: ImageSize,
    settings: Pose2DSettings | None = None,
    *,
    networks: tuple[Path, Path] | None = None,
    camera: CameraFollower | None = None,
    look: Callable[[Frame, Sequence[Pose]], None] | None = None,
) -> DetectedPeople:
    """Find the persons of a recording, follow them, and place the 26 Halpe keypoints in every frame.

    Parameters
    ----------
    frames
        The recording, in order; frames are not kept.
    networks
        Files of the detector and of the keypoint network, as `pase.pose2d.user_network.choose_networks` gives them;
        those that the settings name, from the model store, when None.
    camera
        Gets every frame, to measure the camera's own motion.
    look
        Shown the frames that are looked at, with the poses of everybody in them.

    Returns
    -------
    DetectedPeople
        The persons, with NaN where one, or a point, is not in the picture. Nobody where nobody was found.

    Raises
    ------
    ModelFileError
        When a network cannot be had or run.
    """
    settings = settings or Pose2DSettings()
    detector, network = _started(networks or choose_networks(settings.weights), settings)
    tracker = Tracker(detector, network, image_size, settings, camera, look)
    time, looked = _watch(frames, tracker, network, settings)
    _warn(tracker, len(time))
    return _detected_people(tracker, time, settings, image_size, looked)


def _started(networks: tuple[Path, Path], settings: Pose2DSettings) -> tuple[PersonDetector, KeypointNetwork]:
    detector = PersonDetector(networks[0], settings.device, settings.threads)
    threads = max(1, network_threads(settings.threads) // 2)  # it is run over two frames at once
    return detector, KeypointNetwork(networks[1], settings.device, threads)


def _watch(
    frames: Iterable[Frame], tracker: Tracker, network: KeypointNetwork, settings: Pose2DSettings
) -> tuple[Array, Mask | None]:
    """Let a tracker follow everybody through a recording.

    Returns
    -------
    time : (T,)
        Seconds of every frame.
    looked : (T,)
        Frames that the tracker looked at; None where those are all.
    """
    times: list[float] = []
    sampler = None if settings.every == "all" else Sampler(tracker, settings.every_s)
    for frame, following in _with_following(frames):
        if sampler is None:
            tracker.add(frame, following)
        else:
            sampler.add(frame)
        times.append(frame.time)
    if sampler is not None:
        sampler.finish()
        if sampler.repeated > _MANY_REPEATED * len(times):
            slowed = " or slowed down (then --slow-motion says how much)" * (
                sampler.repeated > _SLOWED * len(times)
            )
            log.warning(_REPEATED, sampler.repeated, len(times), slowed)
    if len(times) == 1:
        for track in tracker.tracks:
            poses = with_closer_look(network, frame.image, list(track.poses.values()))
            track.poses.update(zip(track.poses, poses, strict=True))
    looked = None if sampler is None else np.isin(np.arange(len(times)), list(sampler.measured_frames))
    return np.array(times), looked


def _detected_people(
    tracker: Tracker, time: Array, settings: Pose2DSettings, image_size: ImageSize, looked: Mask | None
) -> DetectedPeople:
    """Everybody who was followed, with or without keypoints."""
    people, unfollowed = [], [track for track in tracker.tracks if not track.poses]
    for pieces in join_pieces([track for track in tracker.tracks if track.poses], time):
        person = _as_keypoints(pieces, time, image_size, looked)
        if person.seen.any():
            people.append(person)
        else:
            unfollowed += pieces
    step_s = frame_seconds(time)
    people.sort(key=lambda person: -prominence(person, step_s))
    numbered = [replace(person, track_id=number) for number, person in enumerate(people, 1)]
    return DetectedPeople(numbered, time, _left_out(unfollowed, settings, image_size), tracker.cuts)


def _with_following(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Frame | None]]:
    """Every frame with the one after it; None after the last."""
    frame = None
    for following in frames:
        if frame is not None:
            yield frame, following
        frame = following
    if frame is not None:
        yield frame, None


def _warn(tracker: Tracker, frames: int) -> None:
    if tracker.cuts:
        when = ", ".join(f"{time:.2f}" for time in tracker.cuts[:5]) + (" …" if len(tracker.cuts) > 5 else "")
        log.warning(
            "the footage is cut (at %s s): a person after a cut counts as another one; "
            "cut the video into its shots for motions that belong together",
            when,
        )
    if tracker.shots.blank:
        log.warning("%d of %d frames show nothing (black or of one colour)", tracker.shots.blank, frames)
    if not any(track.poses for track in tracker.tracks):
        log.warning("nobody was found in the picture")


def _left_out(tracks: Sequence[Track], settings: Pose2DSettings, image_size: ImageSize) -> list[LeftOut]:
    """Persons who were found, but whose keypoints are not clear enough."""
    least_px = settings.least_size * max(image_size)
    out = []
    for track in tracks:
        if not track.detections:
            continue
        times, sizes = zip(*track.detections, strict=True)
        if track.poses:
            why = "no keypoint is clear enough"
        elif settings.person == "main":
            why = "not the main person"
        elif max(sizes) < least_px:
            why = f"too small: {max(sizes):.0f} px of the {least_px:.0f} px that are needed"
        elif track.active:
            why = "no keypoints could be placed"
        else:
            why = f"not among the {settings.most_persons} most prominent persons"
        x, y = track.first_place
        out.append(LeftOut(why, len(times), min(times), max(times), max(sizes), (float(x), float(y))))
    return out


def _as_keypoints(
    pieces: Sequence[Track], time: Array, image_size: ImageSize, looked: Mask | None
) -> Keypoints2D:
    between = {index: pose for track in pieces for index, pose in track.between.items()}
    poses = between | {index: pose for track in pieces for index, pose in track.poses.items()}
    first, last = min(poses), max(poses)
    shape = (last + 1 - first, len(HALPE26))
    xy, sigma, score = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan), np.zeros(shape)
    for index, pose in poses.items():
        inside = _inside(pose.xy, image_size) & np.isfinite(pose.sigma[:, 0])
        if (inside & (pose.score >= SURE_SCORE)).sum() >= _FEWEST_SURE_POINTS:
            row = index - first
            xy[row, inside], sigma[row, inside] = pose.xy[inside], pose.sigma[inside]
            score[row, inside] = pose.score[inside]
    measured = None
    if looked is not None:
        unmeasured = _unmeasured(poses, looked, between, time)
        fill_between(xy, sigma, score, time[first : last + 1], unmeasured)
        measured = ~unmeasured if unmeasured.any() else None
    time = time[first : last + 1]
    return Keypoints2D(xy, score, time, image_size, sigma=sigma, shot=pieces[0].shot, measured=measured)


def _unmeasured(poses: Mapping[int, Pose], looked: Mask, between: Container[int], time: Array) -> Mask:
    """(T,) frames from the first pose to the last in which the person, there before and after, was not looked for.

    Poses `between` come from a second look at some of the frames, in which nobody was looked for in the others.
    """
    frames = sorted(poses)
    out = np.zeros(frames[-1] + 1 - frames[0], bool)
    for start, end in pairwise(frames):
        second_look = (start in between or end in between) and time[end] - time[start] < 1.5 * SLOW_S
        out[start + 1 - frames[0] : end - frames[0]] = second_look or not looked[start + 1 : end].any()
    return out


def _inside(xy: Array, image_size: ImageSize) -> NDArray[np.bool_]:
    """(K,) which points lie in the picture; the network also guesses some beyond its edge."""
    low, high = xy >= -0.5, xy <= np.array(image_size) - 0.5
    return low[:, 0] & low[:, 1] & high[:, 0] & high[:, 1]
