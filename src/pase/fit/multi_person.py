"""Several persons before one camera, on one floor, in one world.

Everybody is first looked at alone. What each tells of the camera adds up, as each tells something else: a person
far away how high the camera is, one who walks up to it how it is tilted. With that camera held, the floor tells
how far away each person is, and so how tall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pase.config import FitSettings
from pase.data import Motion
from pase.fit.camera import camera_rotation
from pase.fit.estimate import CALIBRATION, SharedFit, finish, solved, start
from pase.fit.inputs import LensPrior, PersonInput
from pase.fit.person import CAMERA_SPREAD, FOCAL_SPREAD, Person, prior_weight, size_priors
from pase.fit.posture import ROOT_TRANSLATION
from pase.fit.problem import Linearization, State
from pase.fit.root import place_root
from pase.fit.sequence import estimate_shared
from pase.fit.sizes import evidence, prior_equations, with_known_part
from pase.fit.terms.base import Term, robust_loss
from pase.fit.terms.prior import CameraPrior, Height, SharedPrior
from pase.fit.threads import on_one_thread
from pase.fit.world import World
from pase.parallel import Helpers

Array = NDArray[np.float64]
Progress = Callable[[float], None]
Job = TypeVar("Job")
Result = TypeVar("Result")

POSSIBLE_STATURES_M = (0.9, 2.1)
"""Who would be shorter or taller on the common floor does not stand on it, or is not seen well enough."""

USUAL_STATURES_M = (1.42, 1.98)
"""Of others the user is told: three standard deviations about the mean of adults."""

STATURE_SPREAD_M = 0.03
"""Standard deviation of a stature told by the floor, beside what the posture tells."""

_ODD = 2.0
"""Deviation of a person's camera from everybody's, in standard deviations, from which on it counts less."""

_STEPS = 20

_WORSE_FIT = 1.5
"""On the common floor a person's keypoints may fit by so much worse than alone."""


@dataclass(frozen=True)
class CommonCamera:
    """The camera of everybody."""

    unknowns: Array
    """(4,) pitch, roll, height and log focal length."""
    covariance: Array
    """(4, 4), as if from one look."""


@on_one_thread
def estimate_motions(
    people: Iterable[PersonInput],
    lens: LensPrior | None = None,
    settings: FitSettings | None = None,
    *,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
) -> list[Motion | None]:
    """Estimate the skeletons and motions of everybody in one shot, with one camera and one floor.

    Parameters
    ----------
    people
        The persons; the world is that of the first. What only an iterator held of them is let go of when used.
    lens
        The camera's; unknown when None.
    settings
        Settings of the estimator.
    progress
        Called with the share of the work done, 0 to 1.
    helpers
        Processes to share the persons with; the result is the same, bit by bit.

    Returns
    -------
    list
        A motion for each person, in the same order; None for those who show too little.
    """
    helpers = helpers or Helpers(0)
    share = _shares(progress, (0.55, 0.05, 0.4))
    begin = partial(start, lens=lens or LensPrior(), settings=settings)
    started = _each(begin, [*people], share(0), helpers)
    known = {number: one for number, one in enumerate(started) if one is not None}
    if len(known) > 1:
        known = dict(zip(known, in_one_room([*known.values()], helpers, share(1)), strict=True))
    sequences = _each(solved, [*known.values()], share(2), helpers)
    world: World | None = None
    motions: list[Motion | None] = [None] * len(started)
    for (number, one), sequence in zip(known.items(), sequences, strict=True):
        motions[number], world = finish(one, sequence, world)
    return motions


def _shares(progress: Progress | None, parts: Sequence[float]) -> Callable[[int], Progress]:
    """The progress of each of several parts of the work, of which each is a share."""
    report = progress or (lambda _: None)
    return lambda number: lambda share: report(sum(parts[:number]) + parts[number] * share)


def _each(
    function: Callable[..., Result], people: Sequence[Job], progress: Progress, helpers: Helpers
) -> list[Result]:
    """The results for several persons, shared among processes; of one alone the parts of the work are shared."""
    if len(people) == 1:
        return [function(people[0], progress, helpers=helpers)]
    return helpers.map(function, people, progress)


@on_one_thread
def _settled(one: SharedFit, progress: Progress, *, camera: CommonCamera) -> SharedFit:
    there = settled(one, camera)
    progress(1.0)
    return there


def in_one_room(people: Sequence[SharedFit], helpers: Helpers, progress: Progress) -> list[SharedFit]:
    """Everybody with one camera: the common one, or that of the first alone when the common one does not suit it."""
    main = people[0]
    camera = common_camera(people)
    first = _solved(main, _with_camera(main.person, camera), _moved(main, camera, 1.0), camera)
    if _misfit(first) > _WORSE_FIT * _misfit(main):
        part = main.person.model.layout.camera
        weight = prior_weight(len(main.person.observed.time))
        camera = CommonCamera(main.found.shared[part], weight * main.found.covariance[part, part])
        first = main
    return [first, *helpers.map(partial(_settled, camera=camera), people[1:], progress)]


def common_camera(people: Sequence[SharedFit]) -> CommonCamera:
    """The camera that fits everybody best: what was known beforehand once, and what each person tells.

    The scale of all but the first is only that of an average adult, which the height of their camera shares.
    A child, or somebody on a stair, tells something quite different from the others and counts little (a robust
    loss on the deviation of each); as one such person can pull the rest along, it is also tried without each.
    """
    told = [_told_of_camera(one, sure_scale=number == 0) for number, one in enumerate(people)]
    everybody = np.ones(len(people))
    trials = [everybody, *(1.0 - np.eye(len(people))[1:] if len(people) > 2 else ())]
    found = [_agreed(people[0], told, shares) for shares in trials]
    return min(found, key=lambda one: one[0])[1]


def _agreed(
    first: SharedFit, told: Sequence[tuple[Array, Array]], shares: Array
) -> tuple[float, CommonCamera]:
    """Cost and camera of the best agreement that is reached from given shares (N,) of everybody in it."""
    model, weight = first.person.model, prior_weight(len(first.person.observed.time))
    part = model.layout.camera
    prior: list[Term] = [term for term in first.person.priors if isinstance(term, CameraPrior)]
    focal = slice(part.stop - 1, part.stop)
    # What each tells holds near their own camera: beyond it only a plain prior keeps the focal length.
    told_focal = np.array([float(first.found.shared[focal][0])])
    prior.append(SharedPrior("focal length", focal, told_focal, np.array([[FOCAL_SPREAD**2]]), weight))
    shared = first.found.shared.copy()
    for _ in range(_STEPS):
        known = prior_equations(model, prior, shared)
        precision, slope = known.corner[part, part] / weight, known.gradient_shared[part] / weight
        for share, (information, own) in zip(shares, told, strict=True):
            precision = precision + share * information
            slope = slope + share * information @ (shared[part] - own)
        shared[part] -= np.linalg.solve(precision, slope)
        squares = np.array([(shared[part] - own) @ of @ (shared[part] - own) for of, own in told])
        costs, shares = robust_loss(squares, _ODD)
        costs[0], shares[0] = squares[0], 1.0
    at = Linearization(model, State(model.skeleton.default_q[None], shared), shared_free=False)
    beforehand = sum(float(term.costs(at).sum()) for term in prior) / weight
    cost = beforehand + 0.5 * float(costs.sum())
    return cost, CommonCamera(shared[part], np.asarray(np.linalg.inv(precision), float))


def _told_of_camera(one: SharedFit, *, sure_scale: bool) -> tuple[Array, Array]:
    """What a person tells of the camera: the precision (4, 4), and the camera (4,) it is for.

    Where a person tells less than was known beforehand, the estimate itself is taken for what they tell: to take
    out what was known would lead far beyond all cameras.
    """
    model = one.person.model
    part = model.layout.camera
    information, pull = evidence(one.person, one.found, part)
    estimate = one.found.shared[part]
    unit = np.array([*CAMERA_SPREAD, FOCAL_SPREAD])
    values, vectors = np.linalg.eigh(unit[:, None] * information * unit)
    values = np.maximum(values, 1e-3)
    beyond = vectors.T @ (unit * (pull - information @ estimate)) / np.maximum(values, 1.0)
    own: Array = estimate + unit * (vectors @ beyond)
    covariance = CALIBRATION**2 * unit[:, None] * ((vectors / values) @ vectors.T) * unit
    if not sure_scale:
        mean, spread = model.proportions.population_height()
        covariance[2, 2] += (spread / mean * own[2]) ** 2
    return np.linalg.inv(covariance), own


def settled(one: SharedFit, camera: CommonCamera) -> SharedFit:
    """Another than the main person estimated anew with the common camera held.

    The floor tells the size, unless it comes out absurd, the feet were not seen, or the keypoints fit much worse
    than before: then an average size is kept, and with it goes the place, on no floor.
    """
    if not one.person.floor:
        return _on_no_floor(one, camera, "")
    if not _feet_seen(one.person):
        return _on_no_floor(one, camera, "the feet are hardly to be seen")
    scale = floor_scale(one, camera)
    stature = scale * _stature(one)
    low, high = POSSIBLE_STATURES_M
    if not low <= stature <= high:
        told = f"of {stature:.2f} m" if stature > 0 else "above the camera"
        return _on_no_floor(one, camera, f"on the floor of person 1 it would be a person {told}")
    person = _of_stature(_with_camera(one.person, camera), stature)
    found = _solved(one, person, _moved(one, camera, scale), camera)
    if not low <= _stature(found) <= high or _misfit(found) > _WORSE_FIT * _misfit(one) + 0.5:
        return _on_no_floor(one, camera, "the posture does not fit the floor of person 1")
    tall = _stature(found)
    unusual = not USUAL_STATURES_M[0] <= tall <= USUAL_STATURES_M[1]
    who = "a child" if tall < USUAL_STATURES_M[0] else "very tall"
    note = f"{tall:.2f} m tall on the floor of person 1: {who}, or the camera's tilt is not well known here"
    return _without_scale_note(found, (note,) if unusual else ())


def _on_no_floor(one: SharedFit, camera: CommonCamera, why: str) -> SharedFit:
    person = replace(_with_camera(one.person, camera), floor=False)
    found = _solved(one, person, _moved(one, camera, 1.0), camera)
    note = f"an average size of {_stature(found):.2f} m is assumed, and the distance follows from it"
    return _without_scale_note(found, (f"{why}: {note}" if why else note,))


def _without_scale_note(one: SharedFit, notes: tuple[str, ...]) -> SharedFit:
    """The person without the advice to give the height, which is the main person's."""
    return replace(one, notes=(*notes, *one.notes[1:]))


def floor_scale(one: SharedFit, camera: CommonCamera) -> float:
    """By how much a person must be larger, and farther away, to stand on the floor of the camera; below 0 never."""
    state = _moved(one, camera, 1.0)
    lowest = float(np.percentile(one.person.lowest(state), 10))
    height = float(camera.unknowns[2])
    return height / (height - lowest) if height > lowest + 1e-3 else -1.0


def _moved(one: SharedFit, camera: CommonCamera, scale: float) -> State:
    """The person as seen by the common camera just as by their own, larger by a factor about the camera."""
    model, old = one.person.model, one.found.shared
    part = model.layout.camera
    pitch, roll, height, log_focal = old[part]
    turn = camera_rotation(*camera.unknowns[:2])[0].T @ camera_rotation(pitch, roll)[0]
    here, there = np.array([0.0, height, 0.0]), np.array([0.0, camera.unknowns[2], 0.0])
    shared = old.copy()
    shared[part] = camera.unknowns
    shared[model.layout.size] += np.log(scale)
    q = one.q.copy()
    q[one.found.frames] = one.found.solution.state.q
    count = len(q)
    q = place_root(
        model.kinematics, model.scale(old), q,
        np.broadcast_to(turn, (count, 3, 3)), np.broadcast_to(there - turn @ here, (count, 3)),
    )  # fmt: skip
    columns = [model.skeleton.coordinate_index(name) for name in ROOT_TRANSLATION]
    axes = camera_rotation(*camera.unknowns[:2])[0]
    seen = (q[:, columns] - there) @ axes.T
    seen[:, 2] *= np.exp(camera.unknowns[3] - log_focal)
    q[:, columns] = there + scale * seen @ axes
    return State(q, shared)


def _with_camera(person: Person, camera: CommonCamera) -> Person:
    """The person's problem with the camera held, and believed as far as it is known."""
    part = person.model.layout.camera
    low, high = person.bounds.low_shared.copy(), person.bounds.high_shared.copy()
    low[part] = high[part] = camera.unknowns
    weight = prior_weight(len(person.observed.time))
    believed = SharedPrior("camera", part, camera.unknowns, camera.covariance, weight)
    priors = tuple(believed if isinstance(term, CameraPrior) else term for term in person.priors)
    return replace(person, bounds=replace(person.bounds, low_shared=low, high_shared=high), priors=priors)


def _of_stature(person: Person, stature_m: float) -> Person:
    """The person's problem with the proportions of people of a height."""
    weight = prior_weight(len(person.observed.time))
    of_size, _ = size_priors(person.model, height_m=stature_m, mass_kg=None, weight=weight)
    others = [t for t in person.priors if not isinstance(t, Height) and t.name != "proportions"]
    proportions = [term for term in of_size if isinstance(term, SharedPrior)]
    return replace(person, priors=(*proportions, Height(stature_m, STATURE_SPREAD_M), *others))


def _solved(one: SharedFit, person: Person, state: State, camera: CommonCamera) -> SharedFit:
    found = estimate_shared(person, state.q, state.shared)
    weight = prior_weight(len(person.observed.time))
    known = camera.covariance / weight
    covariance = with_known_part(found.covariance, person.model.layout.camera, known)
    return replace(one, person=person, q=state.q, found=replace(found, covariance=covariance))


def _feet_seen(person: Person) -> bool:
    """Whether a foot is seen in a tenth of the frames."""
    frames = np.arange(len(person.observed.time))
    return float(person.feet_seen(frames).any(1).mean()) >= 0.1


def _stature(one: SharedFit) -> float:
    model = one.person.model
    return model.proportions.stature(one.found.shared[model.layout.size])


def _misfit(one: SharedFit) -> float:
    """Cost of the keypoints a point and frame."""
    points = float(np.isfinite(one.person.observed.sigma[one.found.frames]).sum())
    return one.found.shares["reprojection"] / max(points, 1.0)
