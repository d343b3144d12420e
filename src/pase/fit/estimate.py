"""From the keypoints of one person to their personalised skeleton in motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pase.camera.angle_of_view import LensPrior
from pase.camera.motion import CameraMotion
from pase.config import FitSettings
from pase.data import Motion
from pase.fit.evidence import Evidence, evidence
from pase.fit.film_result import finish
from pase.fit.film_trial import as_slice, film_trial, visible_span
from pase.fit.inputs import PersonInput
from pase.fit.keypoint_guess import initial_motion, possible_rolls
from pase.fit.left_right_swaps import repair_keypoints
from pase.fit.measurements import KeypointMeasurements, Measurements
from pase.fit.moving_floor import MovingFloor, feet_slide, find_moving_floor
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.renewal import renewal
from pase.fit.schedule import (
    COARSE_RATE_HZ,
    PASSES,
    SequenceEstimate,
    SharedEstimate,
    solve_passes,
    solve_windows,
    spread_frames,
)
from pase.fit.shared_fit import Note, SharedFit, absences, floor_note, scale_note
from pase.fit.threads import on_one_thread
from pase.fit.trial import Trial
from pase.parallel import Helpers
from pase.series import thinned
from pase.types import Array, Indices, ShareProgress

_LESS_BALANCED = 5.0
"""Cost of balance by which a person may stand worse before a tilted camera than before a level one."""


@on_one_thread
def estimate_motion(
    person: PersonInput,
    settings: FitSettings | None = None,
    *,
    lens: LensPrior | None = None,
    progress: ShareProgress | None = None,
) -> Motion | None:
    """Estimate one person's skeleton and motion, and the camera.

    Parameters
    ----------
    person
        Keypoints in all frames of a recording, and facts about the person. Without a height the population mean is
        assumed, and the motion's warnings say so.
    lens
        Prior of the camera's focal length; that of an unknown lens when None.

    Returns
    -------
    Motion or None
        The motion from the first to the last frame in which the person is seen; None when seen in none.
    """
    report = progress or (lambda _: None)
    fit = fit_shared(person, lambda share: report(0.6 * share), lens=lens or LensPrior(), settings=settings)
    if fit is None:
        return None
    sequence = fit_frames(fit, lambda share: report(0.6 + 0.4 * share))
    return finish(fit, sequence)[0]


@on_one_thread
def fit_shared(
    person: PersonInput,
    progress: ShareProgress,
    *,
    lens: LensPrior,
    settings: FitSettings | None = None,
    helpers: Helpers | None = None,
) -> SharedFit | None:
    """`estimate_motion` up to the unknowns that all frames share; None when the person is seen in no frame."""
    visible = _visible_part(person)
    if visible is None:
        return None
    part, notes = visible
    trial, observed, shared = film_trial(part, lens, settings)
    belt = (settings or FitSettings()).belt_speed
    job = partial(
        _from_roll, trial=trial, observed=observed, shared=shared, belt=belt, motion=person.camera_motion
    )
    tried = (helpers or Helpers(0)).map(job, possible_rolls(observed), progress)
    best = likeliest_start(tried)
    if best.slides and person.camera_motion is not None and person.camera_motion.if_carried is not None:
        carried = replace(person, camera_motion=person.camera_motion.if_carried)
        return fit_shared(carried, progress, lens=lens, settings=settings, helpers=helpers)
    trial = replace(trial, renewal=best.renewal, measurements=best.measurements)
    if best.floor is not None:
        trial = replace(trial, floor_shift=best.floor.path.shift)
        notes.append(floor_note(best.floor))
    fit = SharedFit(
        replace(part.keypoints, sigma=None), trial, observed, best.q, best.estimate, tuple(notes),
        person.sizes, person.camera_motion, best.floor,
    )  # fmt: skip
    if person.facts.height_m is None:
        mean, spread = trial.subject.model.proportions.population_height(person.facts.sex)
        fit = replace(fit, notes=(scale_note(fit, person), *notes), scale_sd=spread / mean)
    return fit.with_size_covariance()


def likeliest_start(tried: Sequence[Start]) -> Start:
    """The cheapest fit of those that stand on their feet.

    A tilted camera can turn a rare posture, such as a lunge to the side, into a usual one. So a start from a tilted
    camera counts only if the person is about as well balanced as with the level camera.

    Parameters
    ----------
    tried
        Fits from several rolls of the camera, the level one first.
    """
    unbalanced = [(start.estimate.shares or {}).get("balance", 0.0) for start in tried]
    possible = [
        s for s, cost in zip(tried, unbalanced, strict=True) if cost <= unbalanced[0] + _LESS_BALANCED
    ]
    return min(possible, key=lambda start: start.estimate.cost)


def _visible_part(person: PersonInput) -> tuple[PersonInput, list[Note]] | None:
    """The frames that show enough of the person, with left and right corrected, and notes; None if there are none."""
    span = visible_span(person.keypoints)
    if span is None:
        return None
    frames = as_slice(span)
    keypoints = person.keypoints.slice(frames)
    motion = None if person.camera_motion is None else person.camera_motion.at(keypoints.time)
    repaired = repair_keypoints(keypoints, motion)
    landmarks = None if person.landmarks is None else person.landmarks.slice(frames)
    notes = [*absences(person.keypoints, span), *(Note("keypoints", text) for text in repaired.notes)]
    return replace(person, keypoints=repaired.keypoints, landmarks=landmarks), notes


@dataclass(frozen=True)
class Start:
    """The fit from one assumed roll of the camera."""

    q: Array
    """(T, n) first guess of the motion."""
    estimate: SharedEstimate
    floor: MovingFloor | None
    slides: bool
    """Whether feet in stance move alike over the floor, as under a camera that travels unnoticed."""
    measurements: tuple[Measurements, ...]
    """With the standard deviations that fit this film's scatter."""
    renewal: Array | float = 1.0
    """See `Trial`."""


@on_one_thread
def _from_roll(
    roll: float,
    progress: ShareProgress,
    *,
    trial: Trial[Measurements],
    observed: KeypointMeasurements,
    shared: Array,
    belt: str,
    motion: CameraMotion | None,
) -> Start:
    """First guess of the motion and the shared unknowns, from a camera that is tilted sideways by `roll` (rad)."""
    shared = shared.copy()
    shared[observed.camera.columns][1] = roll
    q, shared = stand_on_floor(trial, initial_motion(trial, observed, shared), shared)
    frames = spread_frames(thinned(trial.time, COARSE_RATE_HZ))
    loose = solve_passes(trial, frames, State(q[frames], shared), PASSES[:1]).solution.state
    slides = motion is not None and motion.if_carried is not None and feet_slide(trial, frames, loose)
    floor = find_moving_floor(trial, frames, loose, belt, motion)
    if floor is not None:
        moving = replace(trial, floor_shift=floor.path.shift)
        state = solve_passes(moving, frames, loose, PASSES[1:2]).solution.state
        floor, state = floor.refined(moving, frames, state)
        if floor.is_unsure:
            floor = None
        else:
            trial, loose = replace(trial, floor_shift=floor.path.shift), state
    if floor is None:  # over a moving floor a first solution is off by errors of the travel, too
        trial = _as_scattered(trial, frames, loose)
        loose = solve_passes(trial, frames, loose, PASSES[1:2]).solution.state
        trial = _with_keypoints(trial, KeypointMeasurements.repeating)
    estimate = solve_passes(trial, frames, loose, PASSES[2:]).estimate()
    progress(1.0)
    return Start(q, estimate, floor, slides, trial.measurements, _renewal(trial, frames, estimate.q))


def _as_scattered(trial: Trial[Measurements], frames: Indices, state: State) -> Trial[Measurements]:
    """The same with keypoints as they scatter about a first solution in some frames; a photo stays as it is."""
    model = trial.subject.model
    return _with_keypoints(trial, lambda m: m.as_scattered(model, frames, state))


def _with_keypoints(
    trial: Trial[Measurements], change: Callable[[KeypointMeasurements], KeypointMeasurements]
) -> Trial[Measurements]:
    """The same with changed keypoints; a photo stays as it is."""
    if len(trial.time) < 2:
        return trial
    measured = (change(m) if isinstance(m, KeypointMeasurements) else m for m in trial.measurements)
    return replace(trial, measurements=tuple(measured))


def _renewal(trial: Trial[Measurements], frames: Indices, q: Array) -> Array | float:
    """(T,) how far each frame is independent, from the postures (F, n) in some; 1 in a single photo."""
    kinds, time = trial.subject.posture.kinds, trial.time
    if kinds is None or len(frames) < 2:
        return 1.0
    return np.asarray(np.interp(time, time[frames], renewal(kinds, time[frames], q)))


def stand_on_floor(trial: Trial[Measurements], q: Array, shared: Array) -> tuple[Array, Array]:
    """Postures (T, n) and shared unknowns (m,), moved up or down until the lowest foot is on the floor."""
    level = float(np.percentile(trial.lowest(State(q, shared)), 10))
    model = trial.subject.model
    q, shared = q.copy(), shared.copy()
    q[:, model.skeleton.coordinate_index(ROOT_TRANSLATION[1])] -= level
    for columns in model.layout.cameras:
        shared[columns][2] -= level
    return q, shared


@on_one_thread
def fit_frames(
    fit: SharedFit, progress: ShareProgress, *, helpers: Helpers | None = None
) -> SequenceEstimate:
    """The motion in all frames, the shared unknowns held; arguments as in `fit_shared`, which gives `fit`."""
    return solve_windows(fit.trial, fit.q, fit.estimate, progress, helpers or Helpers(0))


@on_one_thread
def measure_sizes(
    person: PersonInput,
    lens: LensPrior | None = None,
    settings: FitSettings | None = None,
    progress: ShareProgress | None = None,
) -> Evidence | None:
    """The evidence of one recording on a person's sizes; `combined_sizes` combines that of several recordings.

    None when the person is seen in no frame.

    Parameters
    ----------
    person
        Keypoints and facts about the person, without `sizes`.
    lens
        Prior of the camera's focal length; that of an unknown lens when None.
    settings, progress
        As in `estimate_motion`.
    """
    fit = fit_shared(person, progress or (lambda _: None), lens=lens or LensPrior(), settings=settings)
    return None if fit is None else evidence(fit.trial, fit.estimate, fit.trial.subject.model.layout.size)
