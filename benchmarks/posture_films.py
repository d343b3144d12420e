"""Movements of synthetic people for `postures.py`: made on the skeleton, or captured; feet stay where they stand.

A person who stands at ease is straight: knees at 0-5°, hips and trunk within a few degrees, and sways as people do
(centre of mass about 4 mm fore and aft and 3 mm sideways, slower than 0.5 Hz: Winter 1995, Gait & Posture 3:193).
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from tools.train_lifter.chains import POSTURES
from tools.train_lifter.corpus import FRAME_RATE_HZ, Retargeter, legs_too_long, straightened
from tools.train_lifter.jumps import make_jumps
from tools.train_lifter.postures import TRUNK_SHARE, Foot, Key, Rng
from tools.train_lifter.procedural import Planter, minimum_jerk, over_feet

Array = NDArray[np.float64]

RATE_HZ = 15.0
SECONDS = 3.6

SWAY_M = (0.004, 0.003)
"""Root mean square sway of the centre of mass, fore and aft and sideways."""

HIP_HEIGHT_M = 0.9
"""Of the default skeleton, over the ankles."""

SWAY_S = 0.45
"""Width of the Gaussian that makes its course, in seconds."""

_HELD = {"hip_rotation": 3.0, "hip_adduction": 2.0, "pelvis_tilt": 3.0, "pelvis_list": 1.0}
"""Spread of those who stand at ease, degrees."""


def upright(rng: Rng, hands: dict[str, float] | None = None) -> Key:
    """Standing at ease, straight, the arms hanging unless `hands` says otherwise."""
    angles: dict[str, float] = {}
    for side in "rl":
        angles |= {f"{name}_{side}": rng.normal(0, sd) for name, sd in _HELD.items() if "hip" in name}
        angles[f"knee_angle_{side}"] = rng.uniform(0, 5)
        angles[f"hip_flexion_{side}"] = rng.normal(0, 3)
        angles |= {f"arm_elevation_{side}": rng.uniform(-5, 12), f"arm_crossing_{side}": rng.uniform(-12, 5)}
        angles |= {f"elbow_flex_{side}": rng.uniform(5, 25), f"pro_sup_{side}": rng.uniform(70, 110)}
    angles |= {name: rng.normal(0, sd) for name, sd in _HELD.items() if "pelvis" in name}
    angles["L5_S1_Flex_Ext"] = rng.normal(0, 4) / TRUNK_SHARE
    angles["neck_flexion"] = rng.normal(0, 6)
    width, outwards = rng.uniform(0.1, 0.35), rng.uniform(0, 20)
    feet = {s: Foot(rng.normal(0, 0.02), width / 2, outwards + rng.normal(0, 3)) for s in "rl"}
    return Key("upright", angles | (hands or {}), feet)


def crouched(rng: Rng) -> Key:
    """A ready stance that is held: knees at 25-60°, the trunk forward, hands in front."""
    bend = rng.uniform(25, 60)
    key = upright(rng)
    legs = {
        "hip_flexion": bend,
        "knee_angle": bend,
        "ankle_angle": 0.5 * bend,
        "pelvis_tilt": -rng.uniform(5, 25),
    }
    arms = {"arm_elevation": rng.uniform(20, 60), "elbow_flex": rng.uniform(40, 90)}
    upper = {
        k: v for k, v in key.angles.items() if not k.startswith(("hip", "knee", "arm", "elbow", "pelvis"))
    }
    return Key("crouched", upper | legs | arms, key.feet)


class Stage:
    """Makes movements on the default skeleton, each (T, n) at `RATE_HZ`."""

    def __init__(self) -> None:
        self.planter = Planter()
        self._quiet = _StraightPlanter()

    def perform(
        self, rng: Rng, keys: Sequence[Key], seconds: Sequence[float], pauses: Sequence[float]
    ) -> Array:
        """Go through key postures; feet that stand in two of them stay where they are.

        Parameters
        ----------
        keys
            Key postures in turn.
        seconds
            Time from each key to the next.
        pauses
            Time spent at each key.
        """
        q, feet = self._posed(rng, keys)
        course, placed = [], []
        for i, key_pause in enumerate(pauses):
            still = max(1, round(key_pause * RATE_HZ))
            course.append(np.repeat(q[i][None], still, 0))
            placed.append(np.repeat(feet[i][None], still, 0))
            if i + 1 < len(keys):
                u = minimum_jerk(np.arange(1, round(seconds[i] * RATE_HZ)) / round(seconds[i] * RATE_HZ))
                course.append(q[i] + u[:, None] * (q[i + 1] - q[i]))
                placed.append(_stepped(feet[i], feet[i + 1], u))
        return self._planted(rng, np.concatenate(course), np.concatenate(placed))

    def _posed(self, rng: Rng, keys: Sequence[Key]) -> tuple[Array, Array]:
        """Postures (F, n) of the keys with their feet where they stand, and those places (F, 2, 4, 3)."""
        planter, origin = self.planter, np.zeros(3)
        wishes, feet = [], []
        for key in keys:
            quiet = planter.wish(key, _Still(rng), 0.0, origin)
            places = np.array([planter.place(k, key.feet[s], 0.0, origin) for k, s in enumerate("rl")])
            wishes.append(over_feet(planter, quiet, places))
            feet.append(places)
        balanced = np.array([float(key.balanced) for key in keys])
        q = planter.solve(np.array(wishes), np.array(feet), balanced, 25)
        straight = np.array([key.kind == "upright" for key in keys])
        if straight.any():
            straight_poses = np.array(wishes)[straight], np.array(feet)[straight], balanced[straight]
            q[straight] = self._quiet.solve(*straight_poses, 25)
        return q, planter.soles(q)

    def _planted(self, rng: Rng, wishes: Array, feet: Array) -> Array:
        """The course with sway, the feet held to the floor: a swaying person turns about the ankles."""
        sway = gaussian_filter1d(rng.standard_normal((len(wishes), 2)), SWAY_S * RATE_HZ, axis=0, mode="wrap")
        sway -= sway.mean(0)  # of a short film the mean is far larger than the spread
        sway *= SWAY_M / np.maximum(sway.std(0), 1e-6)
        names = self.planter.coordinates
        wishes, lean, aside = wishes.copy(), sway[:, 0] / HIP_HEIGHT_M, sway[:, 1] / HIP_HEIGHT_M
        wishes[:, 3] += sway[:, 0]
        wishes[:, 5] += sway[:, 1]
        wishes[:, names["pelvis_tilt"]] -= lean
        for side, sign in (("r", 1.0), ("l", -1.0)):
            wishes[:, names[f"ankle_angle_{side}"]] += lean
            wishes[:, names[f"hip_adduction_{side}"]] += sign * aside
            wishes[:, names[f"subtalar_angle_{side}"]] -= sign * aside
        return self.planter.solve(wishes, feet, np.zeros(len(wishes)), 8)


class _StraightPlanter(Planter):
    """Holds the wished knees: for people who stand straight."""

    def _precision(self) -> Array:
        precision = super()._precision()
        for name, spread in (("knee_angle", 1.0), ("hip_flexion", 5.0), ("pelvis_tilt", 3.0)):
            for suffix in ("_r", "_l", ""):
                if name + suffix in self.coordinates:
                    precision[self.coordinates[name + suffix]] = np.radians(spread) ** -2
        return precision


class _Still(np.random.Generator):
    """Random numbers without jitter about a wished posture: its angles are those wanted."""

    def __init__(self, rng: Rng) -> None:
        super().__init__(rng.bit_generator)

    def normal(self, loc=0.0, scale=1.0, size=None):  # type: ignore[no-untyped-def]
        """The mean."""
        return loc if size is None else np.full(size, loc)


def _stepped(start: Array, end: Array, u: Array) -> Array:
    """(F, 2, 4, 3) places of the feet on the way, those that move lifted."""
    out = start + u[:, None, None, None] * (end - start)
    for side in range(2):
        if np.linalg.norm((end[side] - start[side]).mean(0)[[0, 2]]) > 0.03:
            out[:, side, :, 1] += 0.08 * np.sin(np.pi * u)[:, None]
    return out


def stand(stage: Stage, rng: Rng) -> Array:
    """Quiet standing."""
    return stage.perform(rng, [upright(rng)], [], [SECONDS])


def squat(stage: Stage, rng: Rng) -> Array:
    """From standing into a squat and up again."""
    key, low = upright(rng), POSTURES["squat"](rng)
    low.feet = {s: Foot(f.forward, f.aside, f.outwards) for s, f in key.feet.items()}
    return stage.perform(rng, [key, low, key], [0.9, 0.9], [0.7, 0.3, 0.8])


def sit_to_stand(stage: Stage, rng: Rng) -> Array:
    """Seated, leaning forward, up, and standing."""
    key, sit, rise = upright(rng), POSTURES["sit"](rng), POSTURES["rise"](rng)
    sit.feet = rise.feet = key.feet
    return stage.perform(rng, [sit, rise, key], [0.6, 0.9], [0.9, 0.0, 1.2])


def lunge(stage: Stage, rng: Rng) -> Array:
    """From standing into a lunge and back."""
    key, low = upright(rng), POSTURES["lunge"](rng)
    return stage.perform(rng, [key, low, key], [0.8, 0.8], [0.7, 0.5, 0.8])


def crouch(stage: Stage, rng: Rng) -> Array:
    """A ready stance held."""
    return stage.perform(rng, [crouched(rng)], [], [SECONDS])


def sit(stage: Stage, rng: Rng) -> Array:
    """Seated, nearly at rest."""
    first = POSTURES["sit"](rng)
    second = Key("sit", first.angles | POSTURES["sit"](rng).angles, first.feet, balanced=False)
    legs = {k: v for k, v in first.angles.items() if k.startswith(("hip", "knee", "ankle"))}
    second.angles |= legs
    return stage.perform(rng, [first, second], [1.2], [1.2, 1.2])


def arms_up(stage: Stage, rng: Rng) -> Array:
    """Standing, both arms raised and lowered."""
    key = upright(rng)
    way = float(rng.uniform(-60, 30))
    arms = {"arm_elevation": rng.uniform(130, 175), "arm_crossing": way, "elbow_flex": rng.uniform(5, 30)}
    up = Key("upright", {k: v for k, v in key.angles.items() if k[:-2] not in arms} | arms, key.feet)
    return stage.perform(rng, [key, up, key], [1.0, 1.0], [0.5, 0.6, 0.5])


def lie(stage: Stage, rng: Rng) -> Array:
    """Lying on the floor, on the back, the front or a side, a leg being drawn up."""
    first = POSTURES["lie"](rng)
    angles = dict(first.angles)
    angles["knee_angle_r"] = angles["knee_angle"] + 40.0
    angles["hip_flexion_r"] = angles["hip_flexion"] + 35.0
    q = [
        stage.planter.wish(Key("lie", a, on_floor=True), _Still(rng), 0.0, np.zeros(3))
        for a in (first.angles, angles)
    ]
    u = minimum_jerk(np.clip(np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ - 1.0, 0.0, 1.5) / 1.5)
    return stage.planter.let_down(q[0] + u[:, None] * (q[1] - q[0]))


def jump(stage: Stage, rng: Rng) -> Array:
    """One to three jumps, perhaps from a box."""
    q = make_jumps(stage.planter, rng, 1)[0][1]
    return resampled(q[: round(SECONDS * FRAME_RATE_HZ)])


def resampled(q: Array) -> Array:
    """Motion at the corpus' rate, at that of the films."""
    time = np.arange(len(q)) / FRAME_RATE_HZ
    return np.asarray(CubicSpline(time, q)(np.arange(0, time[-1] + 1e-6, 1 / RATE_HZ)))


MOVEMENTS: dict[str, Callable[[Stage, Rng], Array]] = {
    "stand": stand, "squat": squat, "sit to stand": sit_to_stand, "lunge": lunge, "jump": jump,
    "arms up": arms_up, "crouch": crouch, "sit": sit, "lie": lie,
}  # fmt: skip

CAPTURED = {"walk": ("walk", "lab: walk turning"), "run": ("lab: run", "run")}
"""Movement → categories of the corpus of captured motion."""


def captured(motion: Path, cache: Path) -> dict[str, Callable[[Stage, Rng], Array]]:
    """Walking and running of people whom no prior was learned from; nothing without the corpus.

    Parameters
    ----------
    motion
        Folder with `motion_corpus.npz`.
    cache
        File to keep the converted motion in.
    """
    if not (motion / "motion_corpus.npz").is_file():
        return {}
    if not cache.is_file():
        _convert(motion / "motion_corpus.npz", cache)
    with np.load(cache) as data:
        takes = {name: [data[k] for k in data.files if k.startswith(name)] for name in CAPTURED}
    return {name: partial(_one_of, takes=takes[name]) for name in CAPTURED if takes[name]}


def _one_of(stage: Stage, rng: Rng, takes: Sequence[Array]) -> Array:
    q = takes[int(rng.integers(len(takes)))]
    frames = min(len(q), round(2.6 * FRAME_RATE_HZ))
    first = int(rng.integers(len(q) - frames + 1))
    return resampled(q[first : first + frames])


def _convert(corpus: Path, cache: Path, longest: int = 150, limit: int = 8) -> None:
    with np.load(corpus) as data:
        clips = {k: data[k] for k in data.files}
    retarget = Retargeter(tuple(str(j) for j in clips["joints"]))
    out: dict[str, Array] = {}
    for name, categories in CAPTURED.items():
        chosen = np.flatnonzero(np.isin(clips["category"], categories) & (clips["split"] == "val"))
        for i in chosen[np.unique(clips["subject"][chosen], return_index=True)[1]][:limit]:
            first = clips["start"][i]
            positions = clips["pos"][first : first + min(clips["length"][i], longest)]
            q = retarget.solve(positions.astype(float))[0]
            q = straightened(q, legs_too_long(str(clips["skeleton"][i])))
            if np.isfinite(q).all():
                out[f"{name}_{i}"] = q
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(cache, **out)
