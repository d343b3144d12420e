"""PASE's own lifter: a small temporal network, trained on motion of the default skeleton, part of the package.

It sees rays, not pixels: keypoints divided by the focal length and turned so that the person is straight ahead of a
virtual camera. Perspective is kept, and where in the picture the person stands makes no difference. `docs/lifter.md`
says how it was trained and how accurate it is.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.camera.angle_of_view import LensPrior, focal_length_of_view
from pase.data import HALPE26, Keypoints2D, Landmarks3D
from pase.errors import InputError, ModelFileError
from pase.lift.features import Inputs, LensAndLengths, centred, facing
from pase.lift.points import MIRRORED, POINTS, ROOT
from pase.lift.shared_depth import MIRRORED_MODES, MODES, along_sigma
from pase.networks.onnx import start_session
from pase.types import Array, Progress
from pase.visible_points import on_edge, usable

Floats = NDArray[np.float32]

ASSET = "lifter.onnx"
RATE_HZ = 15.0
"""The network's own frame rate; faster recordings are lifted in courses of every second, third … frame."""
WINDOW, OVERLAP = 48, 12
"""Frames that the network sees at once, and those that two neighbouring windows share."""
_SHARED = 2 * (WINDOW - OVERLAP)
STRETCH = 100 * _SHARED
"""Frames of a course that are lifted at once, a whole number of steps from window to window: bounds the memory."""

_K, _P, _R = len(HALPE26), len(POINTS), len(MODES)
_FEWEST_POINTS = 4
_XYZ, _ACROSS, _OWN_SIGMA = slice(0, 3 * _P), slice(3 * _P, 4 * _P), slice(4 * _P, 5 * _P)
_DOWN, _AHEAD, _DOWN_SIGMA = slice(5 * _P, 5 * _P + 3), slice(5 * _P + 3, 5 * _P + 6), 5 * _P + 6
_SHARED_SIGMA = slice(5 * _P + 7, 5 * _P + 7 + _R)
_OUTPUTS = 5 * _P + 7 + _R


class PaseLifter:
    """Lifts one person's 26 keypoints with the network in the package's assets.

    Parameters
    ----------
    weights
        Another network in ONNX format; the package's own when None.
    lens
        The focal length, and how well it is known.
    lengths
        Mean and standard deviation of the length, in statures, of any of the segments
        (`pase.lift.segment_lengths.SEGMENTS`) that were measured.
    threads
        Threads of the network; one per core when None.

    Examples
    --------
    >>> from pase.data import Keypoints2D
    >>> PaseLifter()(Keypoints2D.empty()).xyz.shape
    (0, 42, 3)
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        lens: LensPrior = LensPrior(),  # noqa: B008 - it cannot change
        *,
        lengths: Mapping[str, tuple[float, float]] | None = None,
        threads: int | None = None,
    ) -> None:
        self._weights, self._focal, self._threads = weights, lens.focal_length_px, threads
        self._known = LensAndLengths(lens.spread, lengths or {}).numbers()

    def __call__(self, keypoints: Keypoints2D, progress: Progress | None = None) -> Landmarks3D:
        """Keypoints and joint centres from the point `Hip` in camera axes, in statures of the person, and gravity.

        All with their uncertainty; NaN where the person is unseen.

        Raises
        ------
        InputError
            When the keypoints are not the 26 of Halpe.
        ModelFileError
            When the weights given are not a network of this kind.
        """
        if keypoints.names != HALPE26:
            raise InputError("the lifter needs the 26 Halpe keypoints; convert them first")
        rays, score = self._rays(keypoints)
        landmarks = _unknown(keypoints.time)
        present, frames_done = (score > 0).sum(1) >= _FEWEST_POINTS, 0
        for index, spread in _courses(keypoints.time):
            for stretch, inner in _stretches(len(index)):
                around, frames = index[stretch], index[stretch][inner]
                lifted = self._course(*_upsampled(rays[around], score[around], spread))[::spread][inner]
                lifted[~present[frames]] = np.nan
                _fill(landmarks, frames, lifted)
                frames_done += len(frames)
                if progress is not None:
                    progress(frames_done, len(keypoints))
        return landmarks

    def _rays(self, keypoints: Keypoints2D) -> tuple[Floats, Floats]:
        width, height = keypoints.image_size
        focal = self._focal or focal_length_of_view(keypoints.image_size)
        xy, score = keypoints.xy, keypoints.score
        visible = usable(keypoints) & ~on_edge(keypoints)
        rays = (np.where(visible[..., None], xy, 0.0) - np.array([width / 2, height / 2])) / focal
        rays = np.where(visible[..., None], rays, 0.0).astype(np.float32)
        return rays, np.where(visible, np.minimum(score, 1.0), 0.0).astype(np.float32)

    def _course(self, rays: Floats, score: Floats) -> Array:
        """(T, outputs) of evenly spaced frames, in camera axes: the mean with those of the mirrored person."""
        twin = np.array(MIRRORED[:_K])
        mirrored = self._windows(rays[:, twin] * np.array([-1, 1], np.float32), score[:, twin])
        return 0.5 * (self._windows(rays, score) + _mirrored_outputs(mirrored))

    def _windows(self, rays: Floats, score: Floats) -> Array:
        T = len(rays)
        length = min(WINDOW, T)
        starts = list(range(0, max(T - OVERLAP, 1), WINDOW - OVERLAP)) if T > WINDOW else [0]
        starts = [min(s, T - length) for s in starts]
        index = np.array(starts)[:, None] + np.arange(length)
        valid = ((score > 0).sum(-1) >= _FEWEST_POINTS).astype(np.float32)
        total, weight = np.zeros((T, _OUTPUTS)), np.zeros(T)
        ramp = np.minimum(np.arange(length) + 1.0, OVERLAP)
        ramp = np.minimum(ramp, ramp[::-1])
        for first in range(0, len(starts), 32):
            batch = index[first : first + 32]
            inputs = centred(
                rays[batch] * valid[batch][..., None, None], score[batch], valid[batch], self._known
            )
            outputs = self._run(inputs)
            for frames, values in zip(batch, outputs, strict=True):
                total[frames] += ramp[:, None] * values
                weight[frames] += ramp
        return np.asarray(total / weight[:, None])

    def _run(self, inputs: Inputs) -> Array:
        """(N, T, outputs) in camera axes: points, log sigmas, gravity, line of sight, log sigmas of the modes."""
        N, T = inputs.features.shape[:2]
        points, shared, down = self._session.run(None, {"features": inputs.features})
        xyz = np.einsum("ntji,ntpj->ntpi", inputs.rotation, points[..., :3])
        gravity = np.einsum("ntji,ntj->nti", inputs.rotation, down[..., :3])
        ahead = inputs.rotation[..., 2, :]
        columns = [
            xyz.reshape(N, T, -1),
            points[..., 3],
            points[..., 4],
            gravity,
            ahead,
            down[..., 3:],
            shared,
        ]
        return np.concatenate(columns, axis=-1).astype(float)

    @cached_property
    def _session(self) -> Any:
        try:
            if self._weights is not None:
                return start_session(Path(self._weights), "cpu", self._threads or 0)
            with as_file(files("pase.assets").joinpath(ASSET)) as path:
                return start_session(path, "cpu", self._threads or 0)
        except ModelFileError as error:
            raise ModelFileError(f"{self._weights or ASSET} is not a lifter network: {error}") from error


def _courses(time: Array) -> list[tuple[NDArray[np.intp], int]]:
    """Frames in courses of about the network's rate, and how many times each course is to be refined."""
    T = len(time)
    if T < 2:
        return [(np.arange(T), 1)]
    rate = 1.0 / max(float(np.median(np.diff(time))), 1e-3)
    phases = max(1, round(rate / RATE_HZ))
    refine = max(1, round(RATE_HZ / rate)) if phases == 1 else 1
    return [(np.arange(p, T, phases), min(refine, 10)) for p in range(min(phases, T))]


def _stretches(frames: int) -> Iterator[tuple[slice, slice]]:
    """Parts of a course that are lifted one after the other, and which frames of each are wanted.

    The rest of a part is what windows share with its neighbours, so that the result is that of the whole course.
    """
    for first in range(0, frames, STRETCH):
        start = max(0, first - _SHARED)
        end = min(first + STRETCH, frames)
        yield slice(start, end + _SHARED), slice(first - start, end - start)


def _upsampled(rays: Floats, score: Floats, times: int) -> tuple[Floats, Floats]:
    """`times - 1` frames put between each two by linear interpolation; unseen where either is."""
    if times == 1 or len(rays) < 2:
        return rays, score
    at = np.arange((len(rays) - 1) * times + 1) / times
    low = np.minimum(at.astype(int), len(rays) - 2)
    share = (at - low).astype(np.float32)[:, None]
    between_seen = (score[low] > 0) & (score[low + 1] > 0)
    keep = between_seen | ((share == 0) & (score[low] > 0)) | ((share == 1) & (score[low + 1] > 0))
    mixed = np.where(keep, score[low] * (1 - share) + score[low + 1] * share, 0.0)
    between = rays[low] * (1 - share[..., None]) + rays[low + 1] * share[..., None]
    return np.where(keep[..., None], between, 0.0).astype(np.float32), mixed.astype(np.float32)


def _mirrored_outputs(out: Array) -> Array:
    """Outputs (T, ...) of the mirrored person as those of the person."""
    twin, flip = np.array(MIRRORED), np.array([-1.0, 1.0, 1.0])
    back = out.copy()
    back[:, _XYZ] = (out[:, _XYZ].reshape(-1, _P, 3)[:, twin] * flip).reshape(len(out), -1)
    for columns in (_ACROSS, _OWN_SIGMA):
        back[:, columns] = out[:, columns][:, twin]
    for columns in (_DOWN, _AHEAD):
        back[:, columns] = out[:, columns] * flip
    back[:, _SHARED_SIGMA] = out[:, _SHARED_SIGMA][:, np.array(MIRRORED_MODES)]
    return back


def _unknown(time: Array) -> Landmarks3D:
    """Landmarks of frames (T,) in which nobody is seen."""
    T = len(time)
    shapes = {
        "sigma": (_P,), "sigma_along": (_P,), "sigma_own": (_P,), "sigma_shared": (_R,), "ray": (3,), "down": (3,),
        "down_sigma": (),
    }  # fmt: skip
    fields = {name: np.full((T, *shape), np.nan) for name, shape in shapes.items()}
    return Landmarks3D(np.full((T, _P, 3), np.nan), time, POINTS, "camera", **fields)


def _fill(landmarks: Landmarks3D, frames: NDArray[np.intp], out: Array) -> None:
    """Note what the network said (F, outputs) of some frames."""
    xyz = out[:, _XYZ].reshape(-1, _P, 3)
    xyz = xyz - xyz[:, [ROOT]]
    ray = _unit(out[:, _AHEAD])
    virtual = np.einsum("tij,tpj->tpi", facing(ray), xyz)
    own_sigma, shared = np.exp(out[:, _OWN_SIGMA]), np.exp(out[:, _SHARED_SIGMA])
    values_by_name = {
        "xyz": xyz,
        "sigma": np.exp(out[:, _ACROSS]),
        "sigma_along": along_sigma(virtual, own_sigma, shared),
        "sigma_own": own_sigma,
        "sigma_shared": shared,
        "down": _unit(out[:, _DOWN]),
        "ray": ray,
        "down_sigma": np.exp(out[:, _DOWN_SIGMA]),
    }
    for name, values in values_by_name.items():
        getattr(landmarks, name)[frames] = values


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
