"""Corrections of keypoints before they are used: left and right exchanged, and single stray points.

A detector that sees a person from the side takes one leg for the other now and then. In a single picture
this cannot be seen; but a limb that changes places with its twin makes both jump. The chain of labels with the
smallest accelerations is found by dynamic programming, for arms and legs apart. Only frames that were looked at
count: between one with exchanged sides and one without, both legs would be placed in the middle. What lies between
them is placed again after the repair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pase.camera.motion import CameraMotion
from pase.camera.stabilisation import steady_stretches
from pase.data import Keypoints2D
from pase.pose2d.between import fill_between
from pase.types import Array, Mask
from pase.visible_points import pixels_per_metre, usable

LIMBS: Mapping[str, tuple[str, ...]] = {
    "legs": ("Knee", "Ankle", "Heel", "BigToe", "SmallToe"),
    "arms": ("Elbow", "Wrist"),
}
"""Points that change sides together; hips and shoulders are too near their twins for a swap to show."""

JITTER_M = 0.02
LIMB_ACCELERATION_M_S2, STRAY_ACCELERATION_M_S2 = 14.0, 40.0
"""A point's distance from a straight path: noise of the detector and true acceleration of a limb, usual and fast.
With 40 for both, exchanges at the crossing of legs are missed: on captured motion with exchanges put in, 15, 19 and
20 % of the frames keep wrong sides at 30, 15 and 10 looks a second, with 14 they are 11, 18 and 17 %."""

EXCHANGE_COST = 0.15
"""Cost of a frame with exchanged labels, in half squared standard deviations: detectors are mostly right."""

_LARGEST = 9.0
_STRAY_SIGMA = 6.0


@dataclass(frozen=True)
class RepairedKeypoints:
    """Corrected keypoints, and what was changed."""

    keypoints: Keypoints2D
    exchanged: dict[str, Mask]
    """Limb → (T,) frames whose left and right were exchanged."""
    stray: Mask
    """(T, K) points taken out because they left their path for a moment."""

    @property
    def notes(self) -> list[str]:
        """One sentence for each kind of correction, for the report."""
        out = [
            f"left and right {limb} were exchanged by the detector; mended (frames: {int(frames.sum())})"
            for limb, frames in self.exchanged.items()
            if frames.any()
        ]
        if self.stray.any():
            out.append(
                f"keypoints off their path for a single frame were not used (in all: {int(self.stray.sum())})"
            )
        return out


def repair_keypoints(keypoints: Keypoints2D, motion: CameraMotion | None = None) -> RepairedKeypoints:
    """Exchange left and right where that makes the limbs move smoothly, and take out single stray points.

    Parameters
    ----------
    keypoints
        One person in T frames.
    motion
        How the camera moved in the same frames; it stands still when None.
    """
    if motion is None or motion.kind == "still":
        exchanged, stray = _faults(keypoints)
    else:
        exchanged = {limb: np.zeros(len(keypoints), bool) for limb in LIMBS}
        stray = np.zeros(keypoints.score.shape, bool)
        for stretch in steady_stretches(keypoints, motion):
            swaps, strays = _faults(stretch.keypoints)
            own_frames = stretch.frames[stretch.inner]
            stray[own_frames] = strays[stretch.inner]
            for limb in LIMBS:
                exchanged[limb][own_frames] = swaps[limb][stretch.inner]
    mended = keypoints
    for limb, frames in exchanged.items():
        mended = _with_sides_exchanged(mended, _pairs(mended, limb), frames)
    xy, score = mended.xy.copy(), mended.score.copy()
    xy[stray], score[stray] = np.nan, 0.0
    mended = replace(mended, xy=xy, score=score)
    if keypoints.measured is not None and (stray.any() or any(frames.any() for frames in exchanged.values())):
        mended = _placed_between(mended, keypoints.measured)
    return RepairedKeypoints(mended, exchanged, stray)


def _placed_between(keypoints: Keypoints2D, measured: Mask) -> Keypoints2D:
    """The keypoints with those of the frames that were not looked at placed anew."""
    xy, score = keypoints.xy.copy(), keypoints.score.copy()
    sigma = np.zeros_like(xy) if keypoints.sigma is None else keypoints.sigma.copy()
    xy[~measured], sigma[~measured], score[~measured] = np.nan, np.nan, 0.0
    fill_between(xy, sigma, score, keypoints.time, ~measured)
    return replace(keypoints, xy=xy, score=score, sigma=None if keypoints.sigma is None else sigma)


def _faults(keypoints: Keypoints2D) -> tuple[dict[str, Mask], Mask]:
    """Frames (T,) that were looked at in which the sides of each limb are exchanged, and the stray points (T, K)
    after that correction."""
    looks = np.ones(len(keypoints), bool) if keypoints.measured is None else keypoints.measured
    swaps, strays = _faults_of_looks(keypoints.slice(looks))
    stray = np.zeros(keypoints.score.shape, bool)
    stray[looks] = strays
    exchanged = {limb: np.zeros(len(keypoints), bool) for limb in swaps}
    for limb, frames in swaps.items():
        exchanged[limb][looks] = frames
    return exchanged, stray


def _faults_of_looks(keypoints: Keypoints2D) -> tuple[dict[str, Mask], Mask]:
    """The same of a person who was looked at in all T frames."""
    spread, exchanged = _path_spread(keypoints, LIMB_ACCELERATION_M_S2), {}
    for limb in LIMBS:
        pairs = _pairs(keypoints, limb)
        # What a detector draws of legs below the picture jumps about, too.
        exchanged[limb] = _exchanges(keypoints.xy, usable(keypoints), keypoints.time, spread, pairs)
        keypoints = _with_sides_exchanged(keypoints, pairs, exchanged[limb])
    return exchanged, _strays(keypoints.xy, keypoints.time, _path_spread(keypoints, STRAY_ACCELERATION_M_S2))


def _pairs(keypoints: Keypoints2D, limb: str) -> list[tuple[int, int]]:
    """Left and right point of a limb, of those that the keypoints have."""
    names = keypoints.names
    return [
        (names.index(f"L{point}"), names.index(f"R{point}")) for point in LIMBS[limb] if f"L{point}" in names
    ]


def _with_sides_exchanged(keypoints: Keypoints2D, pairs: list[tuple[int, int]], frames: Mask) -> Keypoints2D:
    """The keypoints with the points of each pair exchanged in some frames (T,)."""
    columns = np.arange(len(keypoints.names))
    for left, right in pairs:
        columns[[left, right]] = right, left

    def exchanged(values: Array) -> Array:
        out = values.copy()
        out[frames] = values[frames][:, columns]
        return out

    sigma = None if keypoints.sigma is None else exchanged(keypoints.sigma)
    return replace(keypoints, xy=exchanged(keypoints.xy), score=exchanged(keypoints.score), sigma=sigma)


def _path_spread(keypoints: Keypoints2D, acceleration_m_s2: float) -> Array:
    """(T,) px that a point may be off the straight path between its neighbours."""
    steps = np.diff(keypoints.time) if len(keypoints) > 1 else np.ones(1)
    squared = np.concatenate([steps[:1] ** 2, steps[:-1] * steps[1:], steps[-1:] ** 2])[: len(keypoints)]
    metres = np.hypot(JITTER_M, acceleration_m_s2 * squared)
    return pixels_per_metre(keypoints) * metres


def _exchanges(xy: Array, visible: Mask, time: Array, spread: Array, pairs: list[tuple[int, int]]) -> Mask:
    """(T,) frames in which the pairs of points are to be exchanged, by dynamic programming; `visible` is (T, K).

    The state is the labels of two frames in a row, so that every step sees three frames: an acceleration.
    """
    T = len(xy)
    if T < 3 or not pairs:
        return np.zeros(T, dtype=bool)
    columns = np.array(pairs).T
    sides = np.where(visible[:, columns, None], xy[:, columns], np.nan)
    cost = np.zeros((T, 2, 2, 2))
    for before in range(2):
        for label in range(2):
            for after in range(2):
                cost[1:-1, before, label, after] = _bend(sides, time, spread, (before, label, after))
    total = np.array([[0.0, EXCHANGE_COST], [EXCHANGE_COST, 2 * EXCHANGE_COST]])
    back = np.zeros((T, 2, 2), dtype=np.intp)
    for t in range(1, T - 1):
        through = total[:, :, None] + cost[t] + np.array([0.0, EXCHANGE_COST])
        back[t] = np.argmin(through, axis=0)
        total = through.min(axis=0)
    last = int(np.argmin(total))
    labels = [last % 2, last // 2]
    for t in range(T - 2, 0, -1):
        labels.append(int(back[t, labels[-1], labels[-2]]))
    return np.array(labels[::-1], dtype=bool)


def _between(before: Array, after: Array, time: Array) -> Array:
    """(T − 2, ...) places on straight paths from one frame to the next but one; `time` is (T,)."""
    steps = np.diff(time).reshape(-1, *[1] * (before.ndim - 1))
    return np.asarray((steps[1:] * before + steps[:-1] * after) / (steps[1:] + steps[:-1]))


def _bend(sides: Array, time: Array, spread: Array, labels: tuple[int, int, int]) -> Array:
    """(T − 2,) cost of three frames in a row with these labels, both sides together."""
    out = np.zeros(len(sides) - 2)
    for side in range(2):
        before, now, after = (side ^ label for label in labels)
        middle = _between(sides[:-2, before], sides[2:, after], time)
        distance = np.square(sides[1:-1, now] - middle).sum(-1) / np.square(spread[1:-1])[:, None]
        out += 0.5 * np.nansum(np.minimum(distance, _LARGEST), axis=-1)
    return out


def _strays(xy: Array, time: Array, spread: Array) -> Mask:
    """(T, K) points that are far off the path between their neighbours, which agree with one another."""
    stray = np.zeros(xy.shape[:2], dtype=bool)
    if len(xy) < 5:
        return stray
    limit = _STRAY_SIGMA * spread[2:-2, None]
    middle = _between(xy[1:-3], xy[3:-1], time[1:-1])
    off = np.linalg.norm(xy[2:-2] - middle, axis=-1)
    around = np.linalg.norm(xy[3:-1] - xy[1:-3], axis=-1)
    wider = np.linalg.norm(xy[1:-3] - _between(xy[:-4], middle, time[:-2]), axis=-1)
    with np.errstate(invalid="ignore"):
        stray[2:-2] = (off > limit) & (around < limit) & (wider < limit)
    return stray
