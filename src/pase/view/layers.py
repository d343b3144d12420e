"""The persons of one camera as they are drawn over its footage: where each is at a time, and how finely."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from pase.analysis.quality import judge
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.config import Style
from pase.data import Camera, Motion
from pase.errors import InputError
from pase.series import nearest_rows
from pase.types import Array, ImageSize
from pase.view.lines import LineRenderer, draw_label
from pase.view.scene import NEAREST_M, Patch, Renderer
from pase.view.subject import head_index

CHUNK = 256
"""Frames whose poses are computed at once: fast, and memory does not grow with the length."""
HEAD_M = 0.3
"""Metres beyond the head's origin at which a person's label stands."""
_FINE_FRAMES = 60
"""Up to so many frames bones are drawn with their full meshes: to make coarser ones would take longer."""
_NEAREST_BODY_M = 0.3
"""Nobody counts as nearer to the camera in the choice of how finely they are drawn."""


class Layer:
    """The persons filmed by one and the same camera, with what draws them; a context manager.

    Parameters
    ----------
    camera
        What filmed them, for footage of the size that is drawn on.
    numbered
        Whether everybody's number stands beyond their head. A `?` stands there where the result is not to be used.
    """

    def __init__(self, motions: Sequence[Motion], camera: Camera, style: Style, numbered: bool) -> None:
        self._labels = [_label(motion, numbered) for motion in motions]
        self._heads = [head_index(motion.skeleton) for motion in motions]
        self._tracks = [_Track(motion) for motion in motions]
        self._camera = camera
        skeletons = [motion.skeleton for motion in motions]
        self._renderer: Renderer | LineRenderer = (
            LineRenderer(skeletons, camera)
            if style == "lines"
            else Renderer(skeletons, camera, style, [_px_a_metre(motion, camera) for motion in motions])
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._renderer.close()

    def draw(self, time: float) -> tuple[float, list[Patch]] | None:
        """The bones at a time and everybody's label, with the mean depth in metres; None when nobody is there."""
        poses = [track.pose(time) for track in self._tracks]
        origins = [pose.origin for pose in poses if pose is not None]
        camera = self._renderer.camera = self._camera.at(time)
        patch = self._renderer.draw_patch(poses) if origins else None
        if patch is None:
            return None
        labels = [
            draw_label(label, _beyond_head(camera, pose, head), camera.image_size)
            for label, head, pose in zip(self._labels, self._heads, poses, strict=True)
            if label and pose is not None
        ]
        depth = float(np.nanmean(camera.to_camera(np.concatenate(origins))[:, 2]))
        return depth, [patch, *(drawn for drawn in labels if drawn is not None)]


def _label(motion: Motion, numbered: bool) -> str:
    """What stands over a person's head."""
    doubt = "?" if judge(motion).verdict == "do not use" else ""
    return f"{motion.track_id if numbered else ''}{doubt}"


def _px_a_metre(motion: Motion, camera: Camera) -> float | None:
    """How large the person is drawn at most; None, for the full meshes, where there are few frames."""
    frames = np.flatnonzero(motion.known)
    if len(frames) <= _FINE_FRAMES:
        return None
    sampled = frames[:: len(frames) // _FINE_FRAMES]
    time = motion.time[sampled]
    origins = Kinematics(motion.skeleton, ()).pose(motion.q[sampled]).origin
    nearest = camera.to_camera(origins, time)[..., 2].min(axis=1)
    focal = camera.focal_length_px if camera.path is None else camera.path.at(time).focal_length_px
    return float(np.max(focal / np.maximum(nearest, _NEAREST_BODY_M)))


def _beyond_head(camera: Camera, pose: BodyPoses, head: int | None) -> Array:
    """A pixel (2,) a little beyond the head, away from the body; or over the highest body of a headless skeleton.

    That is over the head of somebody upright, and beside the bones of somebody who lies or hangs.
    """
    pixels = camera.project(pose.origin)
    top = int(np.nanargmin(pixels[:, 1])) if head is None or np.isnan(pixels[head, 0]) else head
    depth = max(float(camera.to_camera(pose.origin[top])[2]), NEAREST_M)
    apart = HEAD_M * camera.focal_length_px / depth
    # The summand keeps the label over a head that is seen in front of its own body.
    outwards = pixels[top] - np.nanmean(pixels, axis=0) - [0.0, apart]
    beyond: Array = pixels[top] + apart * outwards / max(float(np.linalg.norm(outwards)), 1e-9)
    return beyond


class _Track:
    """One person's body poses by time, computed some frames ahead; bodies that were not seen are nowhere (NaN)."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._kinematics = Kinematics(motion.skeleton, ())
        self._known = motion.known
        steps = np.diff(motion.time)
        self._tolerance = 0.5 * float(np.median(steps)) if len(steps) else 1e-3
        self._start = 0
        self._chunk: BodyPoses | None = None

    def pose(self, time: float) -> BodyPoses | None:
        """Pose, without the axis of time, in the frame shown at `time`; None where it is not known."""
        times = self._motion.time
        if len(times) == 0:
            return None
        i = int(nearest_rows(times, np.array([time]))[0])
        if abs(times[i] - time) > self._tolerance or not self._known[i]:
            return None
        if self._chunk is None or not 0 <= i - self._start < len(self._chunk.origin):
            self._start = i
            self._chunk = self._kinematics.pose(np.nan_to_num(self._motion.q[i : i + CHUNK]))
        origin = self._chunk.origin[i - self._start]
        if self._motion.seen is not None:
            origin = np.where(self._motion.seen[i][:, None], origin, np.nan)
        return BodyPoses(self._chunk.rotation[i - self._start], origin)


def by_camera(motions: Sequence[Motion], image_size: ImageSize) -> list[tuple[Camera, list[Motion]]]:
    """Persons grouped by camera: those of one camera hide each other truly, others by their mean depth."""
    groups: list[tuple[Camera, list[Motion]]] = []
    for motion in motions:
        if motion.camera is None:
            raise InputError(
                f"person {motion.track_id} has no camera, so it cannot be drawn over footage; add camera.json"
            )
        group = next((group for camera, group in groups if motion.camera.same_as(camera)), None)
        if group is None:
            groups.append((motion.camera, [motion]))
        else:
            group.append(motion)
    return [(_resized(camera, image_size), group) for camera, group in groups]


def _resized(camera: Camera, image_size: ImageSize) -> Camera:
    """The camera for the same footage in another size."""
    (width, height), (old_width, old_height) = image_size, camera.image_size
    zoom = width / old_width
    if abs(height - zoom * old_height) > 2:
        raise InputError(
            f"the footage is {width}×{height} but the motion was made from {old_width}×{old_height}; "
            "give the footage it was made from"
        )
    x, y = camera.principal_point
    # Pixel coordinates are those of pixel centres: the picture's edge is at -0.5.
    moved = (zoom * (x + 0.5) - 0.5, zoom * (y + 0.5) - 0.5)
    focal, path = zoom * camera.focal_length_px, camera.path
    if path is not None:
        path = replace(path, focal_length_px=zoom * path.focal_length_px)
    return replace(camera, focal_length_px=focal, principal_point=moved, image_size=image_size, path=path)
