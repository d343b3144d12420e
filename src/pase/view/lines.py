"""Draw persons as lines between their joints, and keypoints as dots: quick, and without a graphics library."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from pase.anatomy.kinematics import BodyPoses
from pase.anatomy.model import Skeleton
from pase.data import Camera, Keypoints2D
from pase.keypoint_sets import SURE_SCORE
from pase.types import Array, Image, ImageSize
from pase.view.scene import NEAREST_M, Patch

Color = tuple[int, int, int]

LEFT, RIGHT, MIDDLE = (86, 180, 233), (230, 159, 0), (240, 240, 240)
SHADE = (20, 20, 20)
SHORTEST_M = 0.004
"""Bodies nearer to their parents than this, in metres, are one joint in the picture."""
SUBPIXEL = 4
LEAST_DIGITS = 0.6
"""Least size of a person's number, in units of OpenCV's font, however small the picture is."""


class LineRenderer:
    """Draws skeletons as lines; the same use as `pase.view.scene.Renderer`."""

    def __init__(self, skeletons: Sequence[Skeleton], camera: Camera) -> None:
        self.camera = camera
        self._links = [_links(skeleton) for skeleton in skeletons]
        self._width = max(2, round(max(camera.image_size) / 360))

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def draw_patch(self, poses: Sequence[BodyPoses | None]) -> Patch | None:
        """Draw one frame from body poses without the axis of time; None where there is nothing to see."""
        import cv2

        width, height = self.camera.image_size
        picture = np.zeros((height, width, 4), np.uint8)
        lines = [
            line
            for pose, links in zip(poses, self._links, strict=True)
            if pose
            for line in self._visible(pose, links)
        ]
        for shade in (True, False):
            for start, end, color in lines:
                tone = (*(SHADE if shade else color), 255)
                width = self._width + 2 * shade
                cv2.line(picture, _fixed(start), _fixed(end), tone, width, cv2.LINE_AA, SUBPIXEL)
        for start, end, color in lines:
            for place in (start, end):
                _dot(picture, place, color, self._width + 1)
        return Patch(0, 0, picture) if lines else None

    def _visible(
        self, pose: BodyPoses, links: list[tuple[int, int, Color]]
    ) -> list[tuple[Array, Array, Color]]:
        """Ends in pixels of the links before the camera."""
        depth = self.camera.to_camera(pose.origin)[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = self.camera.project(pose.origin)
        far = 8 * max(self.camera.image_size)
        good = (depth > NEAREST_M) & (np.abs(pixels) < far).all(axis=1)
        return [(pixels[a], pixels[b], color) for a, b, color in links if good[a] and good[b]]


def draw_points(image: Image, keypoints: Sequence[Keypoints2D], time: float) -> None:
    """Draw the keypoints of a moment on a picture, in place; doubtful ones hollow."""
    radius = max(2, round(max(image.shape[:2]) / 320))
    for person in keypoints:
        if not len(person):
            continue
        frame = int(np.argmin(np.abs(person.time - time)))
        if abs(person.time[frame] - time) > 0.02:
            continue
        zoom = image.shape[1] / person.image_size[0] if person.image_size[0] else 1.0
        for name, place, score in zip(person.names, person.xy[frame], person.score[frame], strict=True):
            if np.isfinite(place).all():
                color = _color(
                    "_l" if name[0] == "L" and name[1:2].isupper() else "_r" if name[0] == "R" else ""
                )
                _dot(image, zoom * place, SHADE, radius + 1)
                _dot(image, zoom * place, color, radius if score >= SURE_SCORE else 1)


def draw_label(label: str, place: Array, image_size: ImageSize) -> Patch | None:
    """A person's label as a patch centred on a pixel (2,), moved inside the picture; None far outside of it."""
    width, height = image_size
    if not np.isfinite(place).all() or (np.abs(place) > 2 * max(image_size)).any():
        return None
    picture = _written(label, max(LEAST_DIGITS, max(image_size) / 1600))
    if picture.shape[0] > height or picture.shape[1] > width:
        return None
    x = int(np.clip(place[0] - picture.shape[1] / 2, 0, width - picture.shape[1]))
    y = int(np.clip(place[1] - picture.shape[0] / 2, 0, height - picture.shape[0]))
    return Patch(x, y, picture)


@cache
def _written(label: str, zoom: float) -> Image:
    """(h, w, 4) a label, light with a dark rim, so that it is read on any ground."""
    import cv2

    line, edge = max(1, round(2 * zoom)), max(2, round(4 * zoom))
    (w, h), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, zoom, line)
    ink = np.zeros((h + 4 * edge, w + 4 * edge), np.uint8)
    corner = (2 * edge, h + 2 * edge)
    cv2.putText(ink, label, corner, cv2.FONT_HERSHEY_SIMPLEX, zoom, 255, line, cv2.LINE_AA)
    # The rim is grown from the letters: OpenCV 5 draws a thicker text no wider than a thin one.
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * edge + 1, 2 * edge + 1))
    alpha = np.maximum(cv2.GaussianBlur(cv2.dilate(ink, around), (3, 3), 0), ink)
    share = ink[..., None] / 255
    color = (share * MIDDLE + (1 - share) * SHADE) * alpha[..., None] / 255
    return np.dstack([color.round().astype(np.uint8), alpha])


def _links(skeleton: Skeleton) -> list[tuple[int, int, Color]]:
    """Pairs of bodies to draw a line between: each with the next one above that is not in the same place."""
    from pase.anatomy.kinematics import Kinematics

    names = skeleton.body_names
    lower, upper = skeleton.bounds
    p_world = Kinematics(skeleton, ()).pose(np.clip(np.zeros_like(lower), lower, upper)[None]).origin[0]
    parent = [names.index(j.parent) if j.parent in names else -1 for j in skeleton.joints]
    links = []
    for b, body in enumerate(skeleton.bodies):
        p = parent[b]
        has_bones = bool(body.meshes) or not any(segment.meshes for segment in skeleton.bodies)
        if p < 0 or not has_bones or body.name.startswith(("patella", "radius")):
            continue
        if np.linalg.norm(p_world[b] - p_world[p]) > SHORTEST_M:
            links.append((p, b, _color(body.name)))
        else:
            parent[b] = p
    pairs = [(f"ulna_{s}", f"hand_{s}") for s in "rl"] + [("humerus_l", "humerus_r"), ("femur_l", "femur_r")]
    across = [
        (names.index(a), names.index(b), _color(b if a[-2:] == b[-2:] else ""))
        for a, b in pairs
        if a in names and b in names
    ]
    replaced = {b for b, name in enumerate(names) if name.startswith(("humerus", "femur", "hand"))}
    return [link for link in links if link[1] not in replaced or not across] + across


def _color(name: str) -> Color:
    return LEFT if name.endswith("_l") else RIGHT if name.endswith("_r") else MIDDLE


def _fixed(place: Array) -> tuple[int, int]:
    x, y = np.round(np.asarray(place) * 2**SUBPIXEL).astype(int)
    return int(x), int(y)


def _dot(picture: Image, place: Array, color: Color, radius: int) -> None:
    import cv2

    tone = (*color, 255)[: picture.shape[2]]
    cv2.circle(picture, _fixed(place), radius << SUBPIXEL, tone, -1, cv2.LINE_AA, SUBPIXEL)
