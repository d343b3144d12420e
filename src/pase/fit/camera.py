"""A camera with its own unknowns, among those that all frames share.

A camera alone fixes the estimator's world: it stands above the origin and looks along −Z. Pitch, roll, height and
focal length are its unknowns; where the person stands and faces is in the pelvis' coordinates, and the world is
turned to the person's own heading at the end. A camera in a world that something else fixes (another camera, markers)
also has a heading and a place on the floor: it is calibrated.

Everything that needs a camera asks it for its pose *at the frames it was taken at* (`FilmCamera.take`), so that one
that turns or zooms needs no change elsewhere.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.rotations import cross_matrix, left_jacobian, rotation_of_vector, vector_of_rotation
from pase.data import Camera, CameraPath
from pase.series import at_frames
from pase.types import Array, ImageSize, Indices

UNKNOWNS = ("pitch", "roll", "height", "log_focal_length")
"""Unknowns of a camera that fixes the world: rad (down is positive), rad, m above the floor, log px."""

CALIBRATED_UNKNOWNS = (*UNKNOWNS, "heading", "x", "z")
"""Unknowns of a camera in a world fixed otherwise: also a turn to the right, rad, and a place on the floor, m."""

MINIMUM_DEPTH_M = 0.1
"""Points nearer than this, or behind the camera, are projected as if they were here."""

_LEVEL = np.diag([1.0, -1.0, -1.0])
"""World axes (Y up, the camera looking along −Z) → axes of a level camera (y down, z forward)."""


def camera_rotation(pitch: float, roll: float) -> tuple[Array, Array, Array]:
    """World → camera rotation (3, 3) and its derivatives by `pitch` (positive looks down) and `roll`, rad."""
    cp, sp, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    dtilt = np.array([[0, 0, 0], [0, -sp, -cp], [0, cp, -sp]])
    turn = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1.0]])
    dturn = np.array([[-sr, -cr, 0], [cr, -sr, 0], [0, 0, 0]])
    return turn @ tilt @ _LEVEL, turn @ dtilt @ _LEVEL, dturn @ tilt @ _LEVEL


@dataclass(frozen=True)
class FilmCamera:
    """A camera with unknowns of the estimator.

    With a measured turn and zoom of each frame, `R_camera_world = R_camera_reference(t) R_reference_world` and
    `focal length = zoom(t) · exp(log_focal_length)`; the unknowns are then those of the reference.
    """

    columns: slice
    """Place of its unknowns among the shared ones: `UNKNOWNS` or `CALIBRATED_UNKNOWNS`."""
    principal_point: Array
    """(2,) px."""
    image_size: ImageSize
    R_camera_reference: Array | None = None
    """(T, 3, 3) measured turn of each frame; None for a camera that stands still."""
    zoom: Array | None = None
    """(T,) measured focal length of each frame over that of the reference; None for a camera that does not zoom."""
    turn_rad: Array | None = None
    """(T, 3) rotation vectors of `R_camera_reference` where they were measured in the picture, with `turn_focal_px`;
    None where the turn was measured as an angle."""
    turn_focal_px: float = 1.0
    """Focal length for which the turn was measured. The picture shows a shift in pixels: for a focal length f the
    turn across the line of sight is `turn_focal_px / f` times as large."""

    def following(self, motion: CameraMotion | None) -> Self:
        """The same camera with the turns and zooms of the frames of a motion."""
        if motion is None or motion.kind == "still":
            return self
        turn = vector_of_rotation(motion.R_camera_reference)
        return replace(
            self,
            R_camera_reference=motion.R_camera_reference,
            zoom=motion.zoom,
            turn_rad=turn,
            turn_focal_px=motion.focal_px,
        )

    def take(self, frames: Indices) -> Self:
        """The same camera at some of its frames."""
        return replace(self, **at_frames(self, frames, "R_camera_reference", "zoom", "turn_rad"))

    def rotation(self, shared: Array) -> Array:
        """`R_camera_world`, (3, 3), or (T, 3, 3) for a camera that turns."""
        return self._rotations(shared)[0]

    def path(self, shared: Array, time: Array) -> CameraPath | None:
        """Where the camera is and looks in its frames, shown at `time` (T,); None for one that stands still."""
        if self.R_camera_reference is None and self.zoom is None:
            return None
        rotation = np.broadcast_to(self.rotation(shared), (len(time), 3, 3))
        focal = np.broadcast_to(self.focal_px(shared), len(time))
        return CameraPath(time, rotation, -rotation @ self.position(shared), focal)

    def position(self, shared: Array) -> Array:
        """(3,) the camera in the world, m."""
        unknowns = shared[self.columns]
        x, z = unknowns[5:] if len(unknowns) > len(UNKNOWNS) else (0.0, 0.0)
        return np.array([x, unknowns[2], z])

    def focal_px(self, shared: Array) -> Array:
        """Focal length in px: (), or (T,) for a camera that zooms."""
        focal = np.exp(shared[self.columns][3])
        return np.asarray(focal if self.zoom is None else focal * self.zoom)

    def project(self, p_world: Array, shared: Array) -> tuple[Array, Array]:
        """Pixels (T, K, 2) and depths (T, K) in metres of points `p_world` (T, K, 3), for shared unknowns (m,)."""
        rotation = self.rotation(shared)
        p_camera = (p_world - self.position(shared)) @ np.swapaxes(rotation, -1, -2)
        depth = np.maximum(p_camera[..., 2], MINIMUM_DEPTH_M)
        focal = self.focal_px(shared)[..., None, None]
        return focal * p_camera[..., :2] / depth[..., None] + self.principal_point, depth

    def pixel_derivatives(
        self, p_world: Array, shared: Array, pixels: Array, depth: Array
    ) -> tuple[Array, Array]:
        """Derivatives (T, K, 2, 3) of the pixels by the world points and (T, K, 2, c) by the camera's unknowns.

        Parameters
        ----------
        p_world, shared
            (T, K, 3) metres, and (m,) the shared unknowns.
        pixels, depth
            What `project` makes of them.
        """
        rotation, derivatives = self._rotations(shared)
        focal = self.focal_px(shared)[..., None]
        scale = focal / depth
        centred = (pixels - self.principal_point) / focal[..., None]
        rows = rotation[..., None, :, :]
        by_point = scale[..., None, None] * (rows[..., :2, :] - centred[..., :, None] * rows[..., 2:, :])
        relative = p_world - self.position(shared)
        by_camera = np.zeros((*pixels.shape, self.columns.stop - self.columns.start))
        for column, derivative in derivatives.items():
            moved = relative @ np.swapaxes(derivative, -1, -2)
            by_camera[..., column] = scale[..., None] * (moved[..., :2] - centred * moved[..., 2:])
        by_camera[..., 2] = -by_point[..., 1]
        by_camera[..., 3] += pixels - self.principal_point
        if by_camera.shape[-1] > len(UNKNOWNS):
            by_camera[..., 5:] = -by_point[..., [0, 2]]
        return by_point, by_camera

    def rotation_derivatives(self, shared: Array) -> tuple[tuple[int, Array], ...]:
        """Columns of the shared unknowns that turn the camera, with the derivative of `R_camera_world` by each."""
        _, derivatives = self._rotations(shared)
        return tuple((self.columns.start + column, d) for column, d in derivatives.items())

    def in_reference(self, directions: Array) -> Array:
        """Directions (T, 3) in camera axes of each frame in those of the reference."""
        if self.R_camera_reference is None:
            return directions
        return np.asarray((directions[:, None] @ self.R_camera_reference)[:, 0])

    def at(self, shared: Array) -> Camera:
        """The camera that the unknowns stand for, in the estimator's world; the reference of one that changes."""
        still = replace(self, R_camera_reference=None, zoom=None)
        rotation, centre = still.rotation(shared), self.principal_point
        translation = -rotation @ self.position(shared)
        return Camera(
            float(still.focal_px(shared)),
            (float(centre[0]), float(centre[1])),
            rotation,
            translation,
            self.image_size,
        )

    def _rotations(self, shared: Array) -> tuple[Array, dict[int, Array]]:
        """`R_camera_world`, and its derivative by each of the unknowns that turn the camera."""
        unknowns = shared[self.columns]
        R_reference_world, by_pitch, by_roll = camera_rotation(unknowns[0], unknowns[1])
        derivatives = {0: by_pitch, 1: by_roll}
        if len(unknowns) > len(UNKNOWNS):
            c, s = np.cos(unknowns[4]), np.sin(unknowns[4])
            heading = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
            derivatives = {column: d @ heading for column, d in derivatives.items()}
            derivatives[4] = R_reference_world @ np.array([[-s, 0, c], [0, 0, 0], [-c, 0, -s]])
            R_reference_world = R_reference_world @ heading
        if self.R_camera_reference is None:
            return R_reference_world, derivatives
        if self.turn_rad is None:
            R = self.R_camera_reference
            return R @ R_reference_world, {column: R @ d for column, d in derivatives.items()}
        across = np.array([1.0, 1.0, 0.0]) * self.turn_rad * (self.turn_focal_px / np.exp(unknowns[3]))
        turn = across + self.turn_rad * [0.0, 0.0, 1.0]
        R = rotation_of_vector(turn)
        rotation = R @ R_reference_world
        by_focal = np.einsum("tij,tj->ti", left_jacobian(turn), -across)
        derivatives = {column: R @ d for column, d in derivatives.items()}
        derivatives[3] = cross_matrix(by_focal) @ rotation
        return rotation, derivatives
