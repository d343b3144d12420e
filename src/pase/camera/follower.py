"""Measures the camera's motion in every shot, frame by frame while the recording is decoded."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from pase.camera.angle_of_view import focal_length_of_view
from pase.camera.motion import CameraMotion
from pase.camera.pictures import SmallPicture
from pase.camera.shot import ShotFollower
from pase.camera.shot_motion import Choice, shot_motion
from pase.media.ahead import InTurn
from pase.media.frames import Frame
from pase.types import Array, ImageSize

CHECK_EVERY_S = 0.2
"""Seconds between measured frames of a camera that stands still."""
_KEEP_EVERY_S = 0.06
"""Seconds between the small pictures that are kept in between; they are measured when the camera starts to move."""
_SHORTEST_S = 1 / 36
"""Least seconds between measured frames of a moving camera; those between are interpolated."""
_STARTS_PX = 0.35
"""Motion between two measured frames, in pixels of the small picture, from which on a still camera counts as
moving."""
_CALM_S = 1.0
"""Seconds without such a motion after which the camera counts as still again."""
_MOST_BEGUN = 8
"""Most frames that wait to be measured."""


class CameraFollower:
    """Follows the camera through a recording; takes every frame once, in order.

    While the camera stands still only a few frames a second are measured, which costs next to nothing. All work is
    done on a second thread.

    Parameters
    ----------
    focal_px
        A guess of the focal length; that of a phone when None.
    choice
        What the user said of the camera: still, turning on the spot, or travelling; `auto` decides by the picture.
    """

    def __init__(self, image_size: ImageSize, focal_px: float | None = None, choice: Choice = "auto") -> None:
        self._image_size, self._choice = image_size, choice
        self._focal_px = focal_px or focal_length_of_view(image_size)
        self._shots = [ShotFollower(image_size, self._focal_px)]
        self._begin()
        self._beside = InTurn("pase-camera", _MOST_BEGUN)

    def cut(self) -> None:
        """A new shot begins with the next frame."""
        self._beside.do(self._cut)

    def _cut(self) -> None:
        self._end()
        self._shots.append(ShotFollower(self._image_size, self._focal_px))
        self._begin()

    def _begin(self) -> None:
        self._waiting: list[tuple[float, SmallPicture, Array]] = []
        self._passed_over: tuple[Frame, Array] | None = None
        self._looked_at = self._kept_at = self._moved_at = -np.inf

    def look(self, frame: Frame, boxes: Array) -> None:
        """Take note of a frame.

        Parameters
        ----------
        frame
            The frame; nothing of it is kept but a small grey picture.
        boxes
            (N, 4) left, top, right and bottom of everybody in the picture, pixels: people are no background.
        """
        if self._choice != "still":
            self._beside.do(partial(self._look, frame, boxes))

    def _look(self, frame: Frame, boxes: Array) -> None:
        time = frame.time
        moving = time - self._moved_at <= _CALM_S
        if time - self._kept_at < (_SHORTEST_S if moving else _KEEP_EVERY_S) - 1e-6:
            self._passed_over = frame, boxes
            return
        self._keep(frame, boxes)
        if moving or time - self._looked_at >= CHECK_EVERY_S - 1e-6:
            self._look_at_waiting(moving)

    def _keep(self, frame: Frame, boxes: Array) -> None:
        self._kept_at, self._passed_over = frame.time, None
        self._waiting.append((frame.time, SmallPicture.of(frame.image), boxes))

    def _look_at_waiting(self, moving: bool) -> None:
        """Look at the pictures that were kept; while the camera stands still at the last of them alone."""
        shot, time = self._shots[-1], self._waiting[-1][0]
        self._looked_at = time
        if moving or not shot.stands_still(*self._waiting[-1], _STARTS_PX):
            for waiting in self._waiting:
                shot.look(*waiting)
                if shot.moved_px() > _STARTS_PX or len(shot.matches) == 1:
                    self._moved_at = time
        self._waiting = []

    def _end(self) -> None:
        """Look at the last frames of a shot, whatever their distance: nothing after them shows the camera."""
        if self._passed_over is not None:
            self._keep(*self._passed_over)
        if self._waiting:
            self._look_at_waiting(moving=False)

    def motions(self, time: Array, cuts: Sequence[float] = ()) -> list[CameraMotion]:
        """How the camera of each shot moved.

        Parameters
        ----------
        time
            (T,) presentation times in seconds of all frames of the recording.
        cuts
            Times at which new shots begin.
        """
        self._beside.do(self._end)
        self._beside.wait()
        of_shots = np.split(time, np.searchsorted(time, np.asarray(cuts, float) - 1e-6))
        return [
            shot_motion(shot, times, number, self._choice)
            if shot.keys
            else CameraMotion.still(times, self._focal_px, number)
            for number, (shot, times) in enumerate(zip(self._shots, of_shots, strict=False))
        ]
