"""Several persons before one camera, on one floor, in one world.

Everybody is first fitted alone. Then the evidence of all on the camera is combined, as each person shows something
else of it: somebody far away its height, somebody who walks up to it its tilt. With that camera held, the floor
determines how far away each person is, and so how tall.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from pase.anatomy.proportions import PersonFacts
from pase.camera.angle_of_view import FOCAL_SPREAD, LensPrior
from pase.config import FitSettings
from pase.data import Motion
from pase.fit.estimate import fit_frames, fit_shared
from pase.fit.evidence import Evidence, PriorTerms, combine_evidence, evidence, with_marginal
from pase.fit.film_result import finish
from pase.fit.floor_velocity import FloorPath, common_path
from pase.fit.inputs import PersonInput
from pase.fit.moving_floor import MovingFloor
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import State
from pase.fit.root import place_root
from pase.fit.schedule import COARSE_RATE_HZ, PASSES, solve_passes, spread_frames
from pase.fit.shared_fit import Note, SharedFit, floor_note
from pase.fit.subject import CAMERA_SPREAD, Subject, prior_weight, stature_prior
from pase.fit.terms.base import Term
from pase.fit.terms.prior import Height, SharedPrior
from pase.fit.threads import on_one_thread
from pase.fit.uncertainty import CALIBRATION
from pase.fit.world import World
from pase.parallel import Helpers
from pase.series import thinned
from pase.types import Array, ShareProgress

Job = TypeVar("Job")
Result = TypeVar("Result")

POSSIBLE_STATURES_M = (0.9, 2.25)
"""Somebody shorter or taller than this on the common floor does not stand on it, or is not seen well enough. The
tallest adults (2.05 m, four standard deviations) come out up to 5-10 % too tall, from the error of the camera's
tilt."""

USUAL_STATURES_M = (1.42, 1.98)
"""Three standard deviations about the mean of adults; beyond it the user is warned."""

STATURE_SPREAD_M = 0.03
"""Standard deviation of a stature from the floor, without the error of the posture."""

_ODD = 2.0
"""Deviation of a person's camera from everybody's, in standard deviations, beyond which it counts less."""

_WORSE_FIT, _WORSE_COST = 1.5, 0.5
"""How much worse a person's keypoints may fit on the common floor than alone: a factor, plus a cost per keypoint."""

_FEET_SHARE = 0.1
"""Share of the frames in which a foot must be visible for the floor to determine the size."""

_LEAST_INFORMATION = 1e-3
"""Least information of a person on the camera, in units of the prior's."""

_LEAST_HEIGHT_M = 1e-3
"""A camera that is not higher than this above somebody's feet does not determine their size."""


@dataclass(frozen=True)
class CommonCamera:
    """One camera for everybody."""

    unknowns: Array
    """(4,) pitch, roll, height and log focal length."""
    covariance: Array
    """(4, 4), as of one independent measurement."""


@on_one_thread
def estimate_motions(
    people: Iterable[PersonInput],
    lens: LensPrior | None = None,
    settings: FitSettings | None = None,
    *,
    progress: ShareProgress | None = None,
    helpers: Helpers | None = None,
) -> list[Motion | None]:
    """Estimate the skeletons and motions of everybody in one shot, with one camera and one floor.

    Parameters
    ----------
    people
        The persons; the world is that of the first.
    lens
        Prior of the camera's focal length; that of an unknown lens when None.
    helpers
        Processes to share the persons with; the result is the same, bit by bit.

    Returns
    -------
    list
        A motion for each person, in the same order; None for those who show too little.
    """
    helpers = helpers or Helpers(0)
    share = _shares(progress, (0.55, 0.05, 0.4))
    begin = partial(fit_shared, lens=lens or LensPrior(), settings=settings)
    people = [*people]
    fits = _of_one_camera(_fit_each(begin, people, share(0), helpers), people, begin)
    del people  # most of the landmarks is not needed any more
    visible = {number: fit for number, fit in enumerate(fits) if fit is not None}
    if len(visible) > 1:
        together = with_common_camera([*visible.values()], helpers, share(1))
        visible = dict(zip(visible, together, strict=True))
    sequences = _fit_each(fit_frames, [*visible.values()], share(2), helpers)
    world: World | None = None
    motions: list[Motion | None] = [None] * len(fits)
    for (number, fit), sequence in zip(visible.items(), sequences, strict=True):
        motions[number], world = finish(fit, sequence, world)
    return motions


def _of_one_camera(
    fits: list[SharedFit | None], people: Sequence[PersonInput], begin: Callable[..., SharedFit | None]
) -> list[SharedFit | None]:
    """The fits with one motion of the camera: where the background leaves that open, the first person's feet
    decide."""
    motion = next((fit.camera_motion for fit in fits if fit is not None), None)
    if motion is None:
        return fits
    return [
        fit
        if fit is None or fit.camera_motion is None or fit.camera_motion.kind == motion.kind
        else begin(replace(person, camera_motion=replace(motion, if_carried=None)), lambda _: None)
        for fit, person in zip(fits, people, strict=True)
    ]


def _shares(progress: ShareProgress | None, weights: Sequence[float]) -> Callable[[int], ShareProgress]:
    """The progress functions of several parts of the work, by their shares of the whole."""
    report = progress or (lambda _: None)
    return lambda number: lambda share: report(sum(weights[:number]) + weights[number] * share)


def _fit_each(
    function: Callable[..., Result], people: Sequence[Job], progress: ShareProgress, helpers: Helpers
) -> list[Result]:
    """The results for several persons, shared among processes; of one alone the parts of the work are shared."""
    if len(people) == 1:
        return [function(people[0], progress, helpers=helpers)]
    return helpers.map(function, people, progress)


def with_common_camera(
    people: Sequence[SharedFit], helpers: Helpers, progress: ShareProgress
) -> list[SharedFit]:
    """Everybody with one camera: the common one, or the first person's own if that person fits the common one
    badly."""
    main, *others = people
    camera = common_camera(people)
    floor = common_floor(people, camera)
    jobs = [(_carried(fit, floor), fit is main) for fit in people]
    together = helpers.map(partial(_placed, camera=camera), jobs, progress)
    if _misfit(together[0]) <= _WORSE_FIT * _misfit(main):
        return together
    columns, covariance = main.observed.camera.columns, main.estimate.covariance
    assert covariance is not None
    weight = prior_weight(len(main.trial.time))
    camera = CommonCamera(main.estimate.shared[columns], weight * covariance[columns, columns])
    floor = common_floor([main], camera)
    jobs = [(_carried(fit, floor), False) for fit in others]
    return [main, *helpers.map(partial(_placed, camera=camera), jobs, progress)]


def common_camera(people: Sequence[SharedFit]) -> CommonCamera:
    """The most likely camera given its prior, once, and the evidence of each person.

    All but the first person have the scale of an average adult, and the height of their camera has the same error.
    A child, or somebody on a stair, deviates much from the others and counts little (a robust loss on the deviation
    of each). As one such person can pull the rest along, the camera is also estimated without each of them.
    """
    main = people[0]
    of_each = [_evidence_of_camera(fit, sure_scale=number == 0) for number, fit in enumerate(people)]
    everybody = np.ones(len(people))
    weightings = [everybody, *(1.0 - np.eye(len(people))[1:] if len(people) > 2 else ())]
    subject, columns = main.trial.subject, main.observed.camera.columns
    weight = prior_weight(len(main.trial.time))
    # The evidence is linearised at each person's own camera: far from it only a plain prior holds the focal length.
    focal = slice(columns.start + 3, columns.start + 4)
    own_focal, variance = main.estimate.shared[focal].copy(), np.array([[FOCAL_SPREAD**2]])
    beforehand: list[Term] = [
        *subject.priors.cameras,
        SharedPrior("focal length", focal, own_focal, variance, weight),
    ]
    prior = PriorTerms(subject.model, beforehand, weight)
    combine = partial(combine_evidence, prior, of_each, columns, main.estimate.shared, width=_ODD)
    best = min((combine(shares=shares) for shares in weightings), key=lambda posterior: posterior.cost)
    return CommonCamera(best.values, best.covariance)


def common_floor(people: Sequence[SharedFit], camera: CommonCamera) -> FloorPath | None:
    """The ground under everybody before a travelling camera, from the paths of all; None for another camera.

    A person's path is in units of the height of their own camera above the floor, as their size is unknown.
    """
    if people[0].floor is None or not people[0].floor.carried:
        return None
    height = float(camera.unknowns[2])
    return common_path(
        [
            fit.floor.path.scaled(height / float(fit.estimate.shared[fit.observed.camera.columns][2]))
            for fit in people
            if fit.floor is not None and fit.floor.carried
        ]
    )


def _carried(fit: SharedFit, floor: FloorPath | None) -> SharedFit:
    """The person on the ground that everybody stands on; as they are where that does not move."""
    if floor is None:
        return fit
    path = replace(floor, time=fit.trial.time)
    moving = MovingFloor(path, carried=True)
    notes = tuple(note for note in fit.notes if note.about != "floor")
    trial = replace(fit.trial, floor_shift=path.shift)
    return replace(fit, trial=trial, floor=moving, notes=(*notes, floor_note(moving)))


def _evidence_of_camera(fit: SharedFit, *, sure_scale: bool) -> Evidence:
    """The evidence of a person on the camera.

    In directions with less information than the prior's, the value is that of the posterior: without the prior it
    would lie far beyond all cameras.
    """
    columns = fit.observed.camera.columns
    look = evidence(fit.trial, fit.estimate, columns)
    estimate = fit.estimate.shared[columns]
    unit = np.array([*CAMERA_SPREAD, FOCAL_SPREAD])
    values, vectors = np.linalg.eigh(unit[:, None] * look.information * unit)
    values = np.maximum(values, _LEAST_INFORMATION)
    beyond = vectors.T @ (unit * (look.pull - look.information @ estimate)) / np.maximum(values, 1.0)
    centre: Array = estimate + unit * (vectors @ beyond)
    covariance = CALIBRATION**2 * unit[:, None] * ((vectors / values) @ vectors.T) * unit
    if not sure_scale:
        mean, spread = fit.trial.subject.model.proportions.population_height()
        covariance[2, 2] += (spread / mean * centre[2]) ** 2
    information = np.linalg.inv(covariance)
    return Evidence(information, information @ centre)


@on_one_thread
def _placed(job: tuple[SharedFit, bool], progress: ShareProgress, *, camera: CommonCamera) -> SharedFit:
    """A person, and whether it is the main one, estimated anew with the common camera held."""
    fit, is_main = job
    if is_main:
        placed = _solved(fit, _with_camera(fit, camera), _moved(fit, camera, 1.0), camera)
    else:
        placed = _on_common_floor(fit, camera)
    progress(1.0)
    return placed


def _on_common_floor(fit: SharedFit, camera: CommonCamera) -> SharedFit:
    """A person other than the main one, estimated again with the common camera held.

    The floor determines the size, unless the size is absurd, the feet were not seen, or the keypoints fit much worse
    than before: then the person keeps an average size, at the distance that follows from it, without a floor.
    """
    if not fit.trial.subject.floor:
        return _on_no_floor(fit, camera, "")
    if not _feet_visible(fit):
        return _on_no_floor(fit, camera, "the feet are hardly to be seen")
    scale = floor_scale(fit, camera)
    stature = scale * fit.stature_m
    low, high = POSSIBLE_STATURES_M
    if not low <= stature <= high:
        side = "below" if 0 < stature < low else "above"
        return _on_no_floor(fit, camera, f"{side} the floor of person 1, or the camera's tilt is wrong here")
    subject = _of_stature(_with_camera(fit, camera), stature, prior_weight(len(fit.trial.time)))
    solved = _solved(fit, subject, _moved(fit, camera, scale), camera)
    tall = solved.stature_m
    if not low <= tall <= high or _misfit(solved) > _WORSE_FIT * _misfit(fit) + _WORSE_COST:
        return _on_no_floor(fit, camera, "the posture does not fit the floor of person 1")
    if USUAL_STATURES_M[0] <= tall <= USUAL_STATURES_M[1]:
        return _with_size_note(solved, "")
    description = "a child" if tall < USUAL_STATURES_M[0] else "very tall"
    return _with_size_note(
        solved,
        f"{tall:.2f} m tall on the floor of person 1: {description}, or the camera's tilt is not well known here",
    )


def _on_no_floor(fit: SharedFit, camera: CommonCamera, why: str) -> SharedFit:
    subject = replace(_with_camera(fit, camera), floor=False)
    solved = _solved(fit, subject, _moved(fit, camera, 1.0), camera)
    note = f"an average size of {solved.stature_m:.2f} m is assumed, and the distance follows from it"
    return _with_size_note(solved, f"{why}: {note}" if why else note)


def _with_size_note(fit: SharedFit, text: str) -> SharedFit:
    """The person with a note on the size in place of the advice to give a height, which is for the main person."""
    remaining = tuple(note for note in fit.notes if note.about != "scale")
    return replace(fit, notes=(Note("size", text), *remaining) if text else remaining)


def floor_scale(fit: SharedFit, camera: CommonCamera) -> float:
    """Factor on a person's size and distance with which they stand on the camera's floor; negative if none does."""
    state = _moved(fit, camera, 1.0)
    lowest = float(np.percentile(fit.trial.lowest(state), 10))
    height = float(camera.unknowns[2])
    return height / (height - lowest) if height > lowest + _LEAST_HEIGHT_M else -1.0


def _moved(fit: SharedFit, camera: CommonCamera, scale: float) -> State:
    """The state in which the common camera sees the person as their own did, scaled about the camera."""
    model, film, old = fit.trial.subject.model, fit.observed.camera, fit.estimate.shared
    shared = old.copy()
    shared[film.columns] = camera.unknowns
    R_old, R_camera_world = film.rotation(old), film.rotation(shared)
    position = film.position(shared)
    turn = np.swapaxes(R_camera_world, -1, -2) @ R_old
    shift = position - turn @ film.position(old)
    shared[model.layout.size] += np.log(scale)
    q = fit.q.copy()
    q[fit.estimate.frames] = fit.estimate.q
    count = len(q)
    q = place_root(
        model.kinematics, model.scale(old), q,
        np.broadcast_to(turn, (count, 3, 3)), np.broadcast_to(shift, (count, 3)),
    )  # fmt: skip
    translation = [model.skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]
    p_camera = ((q[:, None, translation] - position) @ np.swapaxes(R_camera_world, -1, -2))[:, 0]
    p_camera[:, 2] *= np.exp(shared[film.columns][3] - old[film.columns][3])
    q[:, translation] = position + scale * (p_camera[:, None] @ R_camera_world)[:, 0]
    return State(q, shared)


def _with_camera(fit: SharedFit, camera: CommonCamera) -> Subject:
    """The person with the camera held, and its covariance as the prior."""
    subject, columns = fit.trial.subject, fit.observed.camera.columns
    believed = SharedPrior(
        "camera", columns, camera.unknowns, camera.covariance, prior_weight(len(fit.trial.time))
    )
    held = subject.held(columns, camera.unknowns)
    return replace(held, priors=replace(subject.priors, cameras=(believed,)))


def _of_stature(subject: Subject, stature_m: float, weight: float) -> Subject:
    """The person with the proportions of people of a height."""
    size, _, _ = stature_prior(subject.model, PersonFacts(stature_m), weight)
    height = Height(stature_m, STATURE_SPREAD_M)
    return replace(subject, priors=replace(subject.priors, size=size, height=height))


def _solved(fit: SharedFit, subject: Subject, state: State, camera: CommonCamera) -> SharedFit:
    trial = replace(fit.trial, subject=subject)
    frames = spread_frames(thinned(trial.time, COARSE_RATE_HZ))
    # It is solved already but for the camera and the size: the last pass is enough.
    estimate = solve_passes(trial, frames, State(state.q[frames], state.shared), PASSES[2:]).estimate()
    assert estimate.covariance is not None
    covariance = camera.covariance / prior_weight(len(trial.time))
    covariance = with_marginal(estimate.covariance, fit.observed.camera.columns, covariance)
    solved = replace(fit, trial=trial, q=state.q, estimate=replace(estimate, covariance=covariance))
    return solved.with_size_covariance()


def _feet_visible(fit: SharedFit) -> bool:
    """Whether a foot is seen in enough frames."""
    frames = np.arange(len(fit.trial.time))
    return float(fit.trial.feet_visible(frames).any(1).mean()) >= _FEET_SHARE


def _misfit(fit: SharedFit) -> float:
    """Cost of the keypoints per visible keypoint."""
    points = float(fit.observed.visible[fit.estimate.frames].sum())
    return (fit.estimate.shares or {})["reprojection"] / max(points, 1.0)
