"""Keypoints drawn on a picture, as JPEG: the live page, and what a job of the app has seen so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pase.data import HALPE26
from pase.keypoint_sets import SURE_SCORE
from pase.media.write import jpeg
from pase.types import Array, Image, Mask
from pase.view.lines import LEFT, MIDDLE, RIGHT

if TYPE_CHECKING:
    from pase.pipeline.first_look import Look
    from pase.pose2d.keypoints import Pose

LINKS = (
    ("Head", "Neck"), ("Neck", "Hip"), ("LShoulder", "RShoulder"), ("LHip", "RHip"),
    *((f"{side}{a}", f"{side}{b}") for side in "LR" for a, b in (
        ("Shoulder", "Elbow"), ("Elbow", "Wrist"), ("Hip", "Knee"), ("Knee", "Ankle"),
        ("Ankle", "Heel"), ("Ankle", "BigToe"), ("BigToe", "SmallToe"),
    )),
)  # fmt: skip
"""Pairs of keypoints that a line is drawn between."""

COLORS = {"L": LEFT, "R": RIGHT}
LARGEST_PX = 960
"""Longer side of a job's picture."""
SIDE_VIEW_SHARE = 0.5
"""Width of the view from the side, in heights of the picture."""
_BACKGROUND = 24
_ROOM = 0.9


def draw_pose(image: Image, pose: Pose) -> None:
    """Draw a person's keypoints and the lines between them on a picture, in place; doubtful ones are left out."""
    draw_lines(image, pose.xy, pose.score >= SURE_SCORE)


def draw_lines(image: Image, xy: Array, visible: Mask) -> None:
    """Draw a stick figure on a picture, in place.

    Parameters
    ----------
    image
        (H, W, 3) picture.
    xy
        (26, 2) places of the keypoints, px.
    visible
        (26,) which are drawn.
    """
    import cv2

    width = max(2, round(max(image.shape[:2]) / 360))
    places = np.round(np.nan_to_num(xy)).astype(int)
    for a, b in LINKS:
        i, j = HALPE26.index(a), HALPE26.index(b)
        if visible[i] and visible[j]:
            color = COLORS.get(b[0], MIDDLE) if a[0] == b[0] else MIDDLE
            cv2.line(image, tuple(places[i].tolist()), tuple(places[j].tolist()), color, width, cv2.LINE_AA)
    for place in places[visible].tolist():
        cv2.circle(image, tuple(place), width + 1, MIDDLE, -1, cv2.LINE_AA)


def look_picture(look: Look) -> bytes:
    """A frame with everybody's keypoints and, beside it, the same persons in space seen from the side, as JPEG."""
    import cv2

    height, width = look.frame.image.shape[:2]
    scale = min(1.0, LARGEST_PX / max(height, width))
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    film = np.asarray(cv2.resize(look.frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    beside: Image = np.full((size[1], round(SIDE_VIEW_SHARE * size[1]), 3), _BACKGROUND, np.uint8)
    for number, person in enumerate(look.persons, 1):
        visible = person.pose.score >= SURE_SCORE
        draw_lines(film, scale * person.pose.xy, visible)
        column = np.array([number * beside.shape[1] / (len(look.persons) + 1), size[1] / 2])
        draw_lines(beside, _within(beside, scale * person.side_view, column, len(look.persons)), visible)
    return jpeg(np.hstack([film, beside]))


def _within(panel: Image, side_view: Array, middle: Array, persons: int) -> Array:
    """The side view (26, 2) about the middle of a person's column of the panel, smaller where it would not fit."""
    low, high = np.nanmin(side_view, axis=0), np.nanmax(side_view, axis=0)
    room = _ROOM * np.array([panel.shape[1] / persons, panel.shape[0]])
    shrunk = min(1.0, float((room / np.maximum(high - low, 1.0)).min()))
    return np.asarray(middle + shrunk * (side_view - (low + high) / 2))
