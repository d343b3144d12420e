"""Synthetic films whose measures are known: people of random build walk, run and exercise before random phones.

A film is the keypoints that a detector would give of it, with its habits, lasting errors, jitter and doubt (as in
`tools/train_lifter`); nothing is drawn. The lifter and the fit make a motion of it, and the analysis its measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.synthetic_gait import Gait, Walker
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from tools.train_lifter.people import Body, aimed, detected

from pase.analysis import analyse
from pase.anatomy.default import default_skeleton
from pase.anatomy.proportions import PersonFacts
from pase.data import HALPE26, Keypoints2D, Motion
from pase.findings import Findings
from pase.fit.estimate import estimate_motion
from pase.fit.inputs import PersonInput
from pase.lift.pase_lifter import PaseLifter

Array = NDArray[np.float64]
Rng = np.random.Generator

DETECTOR_RATE_HZ = 15.0
"""Rate at which the errors of `detected` follow each other; between, they are interpolated and jitter is added."""
JITTER_M = 0.003
WALK_RATIO = 0.0060
"""Step length in metres by cadence in steps a minute (Sekiya & Nagasaki 1998, Gait Posture 7:225)."""


@dataclass(frozen=True)
class Film:
    """One recording of one person, and what is true of it."""

    person: int
    title: str
    keypoints: Keypoints2D
    height_m: float
    """As the user gives it: measured to a centimetre."""
    truth: Motion
    gait: Gait | None = None
    """Where the person walks or runs."""


@dataclass(frozen=True)
class Outcome:
    """What was measured of a film, and what is true."""

    film: Film
    findings: Findings
    truth: Findings

    def events(self, name: str) -> list[tuple[float, float]]:
        """Times in seconds of like events, as found and as chosen; NaN where none was found within 0.2 s."""
        gait = self.film.gait
        assert gait is not None
        seconds = float(self.film.truth.time[-1])
        pairs = []
        for side in ("right", "left"):
            chosen = gait.strikes(side, seconds) if name == "foot_strike" else gait.toe_offs(side, seconds)
            estimated = [e.time_s for e in self.findings.events if (e.event, e.side) == (name, side)]
            for moment in chosen[(chosen > 0.1) & (chosen < seconds - 0.1)]:
                nearest = min(estimated, key=lambda t: abs(t - moment), default=np.nan)
                pairs.append((nearest if abs(nearest - moment) < 0.2 else np.nan, float(moment)))
        return pairs


def usual_gait(rng: Rng, stature_m: float, speed: float | None = None) -> Gait:
    """How a person of this stature walks, at about 1.25 m/s or the speed wanted."""
    speed = float(np.clip(rng.normal(1.25, 0.25), 0.6, 2.0)) if speed is None else speed
    ratio = WALK_RATIO * stature_m / 1.7 * float(np.exp(rng.normal(0, 0.06)))
    return Gait(
        speed,
        float(np.sqrt(60 * speed / ratio)),
        float(np.clip(rng.normal(0.10, 0.03), 0.03, 0.2)),
        float(rng.normal(0, 0.02)),
    )


def usual_run(rng: Rng, stature_m: float, speed: float) -> Gait:
    """How a person of this stature runs: cadence rises with speed (Novacheck 1998)."""
    cadence = (148 + 8 * speed) * np.sqrt(1.7 / stature_m) * float(np.exp(rng.normal(0, 0.03)))
    return Gait(
        speed, float(cadence), float(rng.uniform(0.02, 0.09)), float(rng.normal(0, 0.02)), running=True
    )


def gait_film(
    rng: Rng,
    person: int,
    body: Body,
    gait: Gait,
    *,
    rate_hz: float = 30.0,
    seconds: float = 4.0,
    tag: str = "",
) -> Film:
    """A walk or run, filmed from somewhere."""
    walker = Walker(body.scale)
    time, q = walker.go(gait, seconds, rate_hz, float(rng.normal(8, 4)))
    title = f"{'run' if gait.running else 'walk'} {gait.speed:.1f} m/s{tag}"
    truth = Motion(walker.skeleton, q, np.full_like(q, np.nan), time)
    return film(rng, person, title, body, truth, gait)


def film(rng: Rng, person: int, title: str, body: Body, truth: Motion, gait: Gait | None = None) -> Film:
    """Film a motion from a random side with a random phone on about a level hand, all of it in the picture.

    Parameters
    ----------
    body
        The person; `truth` holds coordinates of the default skeleton in their size.
    truth
        What they do, in metres and radians.
    """
    world = body.points(_unsized(body, truth.q)) * body.stature
    image = (1080, 1920) if rng.random() < 0.5 else (1920, 1080)
    half = np.array(image) / max(image) * np.tan(np.radians(np.clip(rng.normal(65, 5), 52, 78)) / 2)
    bearing, height = rng.uniform(-np.pi, np.pi), rng.uniform(0.9, 1.6)
    middle = 0.5 * (world.min((0, 1)) + world.max((0, 1)))
    roll = np.radians(np.random.default_rng(person).normal(0, 1.0))
    for away in np.arange(2.5, 30.0, 0.25):
        rotation, place = aimed(middle, bearing, float(away), height, (0.0, 0.0, roll))
        p_camera = (world - place) @ rotation.T
        rays = p_camera[..., :2] / np.maximum(p_camera[..., 2:], 0.3)
        if (np.abs(rays) < 0.92 * half).all() and p_camera[..., 2].min() > 1.0:
            break
    rays, score = _detected(rng, p_camera, body.stature, half, truth.time)
    focal = max(image) / 2 / half.max()
    xy = np.where(score[..., None] > 0, rays * focal + np.array(image) / 2, np.nan)
    height_m = round(body.stature + float(rng.normal(0, 0.005)), 2)
    return Film(person, title, Keypoints2D(xy, score, truth.time, image), height_m, truth, gait)


def _unsized(body: Body, q: Array) -> Array:
    """Coordinates with the root's way as on the default skeleton, as `Body.points` takes it."""
    q = q.copy()
    q[:, 3:6] /= body.sized(np.ones((1, q.shape[1])))[0, 3]
    return q


def _detected(rng: Rng, p_camera: Array, stature: float, half: Array, time: Array) -> tuple[Array, Array]:
    """Rays (T, 26, 2) and scores (T, 26) at any rate, the detector's errors following each other at its own."""
    step = max(1, round(1 / (DETECTOR_RATE_HZ * float(np.median(np.diff(time))))))
    looks = np.unique(np.append(np.arange(0, len(time), step), len(time) - 1))
    rays, score = detected(rng, p_camera[looks] / stature, stature, half)
    exact = p_camera[:, : len(HALPE26), :2] / p_camera[:, : len(HALPE26), 2:]
    error = np.where(score[..., None] > 0, rays - exact[looks], 0.0)
    nearest = np.abs(time[:, None] - time[looks]).argmin(1)
    score = score[nearest]
    if step > 1:
        jitter = JITTER_M / p_camera[:, : len(HALPE26), 2:] * rng.standard_normal(exact.shape)
        exact = exact + CubicSpline(time[looks], error)(time) + jitter
    else:
        exact = exact + error
    return np.where(score[..., None] > 0, exact, 0.0), score


def exercise_film(rng: Rng, person: int, title: str, body: Body, q: Array, rate_hz: float) -> Film:
    """A motion of the default skeleton (see `benchmarks.posture_films`) by a person of another build."""
    skeleton = default_skeleton().scaled(body.scale)
    sized = body.sized(q)
    truth = Motion(skeleton, sized, np.full_like(sized, np.nan), np.arange(len(q)) / rate_hz)
    return film(rng, person, title, body, truth)


def outcome(example: Film) -> Outcome | None:
    """Estimate the motion of a film and measure it; None where nobody was found."""
    motion = estimate_motion(
        PersonInput(
            example.keypoints, landmarks=PaseLifter()(example.keypoints), facts=PersonFacts(example.height_m)
        )
    )
    if motion is None:
        return None
    first = int(np.argmin(np.abs(example.truth.time - motion.time[0])))
    frames = slice(first, first + len(motion))
    truth = example.truth.slice(frames)
    of_truth = analyse(truth)
    of_film = analyse(motion)
    return Outcome(example, of_film, of_truth)


def icc(first: Sequence[float], second: Sequence[float]) -> float:
    """Agreement of two series, ICC(2,1) of Shrout and Fleiss (1979): single measures, absolute agreement."""
    values = np.stack([first, second], axis=1)
    values = values[np.isfinite(values).all(1)]
    n, k = values.shape
    rows, columns, mean = values.mean(1), values.mean(0), values.mean()
    between = k * np.square(rows - mean).sum() / (n - 1)
    raters = n * np.square(columns - mean).sum() / (k - 1)
    rest = np.square(values - rows[:, None] - columns + mean).sum() / ((n - 1) * (k - 1))
    return float((between - rest) / (between + (k - 1) * rest + k * (raters - rest) / n))
