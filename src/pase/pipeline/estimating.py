"""From keypoints and landmarks to skeletons: calls the estimator with what the user and the file say."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from pase.anatomy.limbs import absent_parts, points_of, without_parts, without_points
from pase.anatomy.proportions import PersonFacts
from pase.config import PersonSettings, Settings
from pase.data import Landmarks3D, Motion
from pase.pipeline.lifting import lift_in_statures
from pase.pipeline.recording import Recording
from pase.pipeline.step_progress import share_of
from pase.types import ShareProgress, StepProgress

if TYPE_CHECKING:
    from pase.fit.evidence import Evidence
    from pase.fit.inputs import PersonInput, Sizes
    from pase.parallel import Helpers

log = logging.getLogger(__name__)


def fit_people(
    recording: Recording,
    landmarks: list[Landmarks3D | None],
    settings: Settings,
    progress: StepProgress | None = None,
    helpers: Helpers | None = None,
) -> list[Motion]:
    """Fit a personalised skeleton to every person of a recording.

    Parameters
    ----------
    recording
        The persons, the main person first. Their keypoints are taken out once they are used: persons of no frames
        remain.
    landmarks
        What the lifter gives for each, in statures. They take twice the memory of the keypoints, and are taken out
        of the list, too.

    Returns
    -------
    list of Motion
        Those who show enough for a skeleton, numbered from 1.
    """
    if not recording.people:
        return []
    from pase.fit.multi_person import estimate_motions

    lens = recording.lens(settings.camera)
    by_track: dict[int, Motion | None] = {}
    for numbers in _by_shot(recording):
        before, frames_of_shot = (recording.frames * len(group) for group in (by_track, numbers))
        total = recording.frames * len(recording.people)
        share = share_of(progress, "skeleton", frames_of_shot, before=before, total=total)
        people = (_person_input(recording, number, landmarks, settings) for number in numbers)
        of_shot = estimate_motions(people, lens, settings.fit, progress=share, helpers=helpers)
        by_track |= {recording.people[n].track_id: motion for n, motion in zip(numbers, of_shot, strict=True)}
    motions = []
    for track_id, motion in sorted(by_track.items()):
        if motion is None:
            log.warning("person %d shows too little for a skeleton and is left out", track_id)
        elif track_id == recording.people[0].track_id:
            motions.append(without_parts(motion, absent_parts(settings.person.without)))
        else:
            motions.append(motion)
    return [replace(motion, track_id=number) for number, motion in enumerate(motions, 1)]


def prepare_fit(helpers: Helpers) -> None:
    """Let the other processes load the estimator, which takes as long as to lift a person."""
    helpers.begin(_load_estimator, [None] * helpers.count)


def _load_estimator(job: None, progress: ShareProgress) -> None:
    from pase.anatomy.default import default_skeleton
    from pase.fit import multi_person  # noqa: F401

    default_skeleton()


def _by_shot(recording: Recording) -> list[list[int]]:
    """Numbers of the persons in each shot."""
    shots = [person.shot for person in recording.people]
    return [[n for n, of_person in enumerate(shots) if of_person == shot] for shot in sorted(set(shots))]


def _person_input(
    recording: Recording, number: int, landmarks: list[Landmarks3D | None], settings: Settings
) -> PersonInput:
    """What the estimator is given of a person: of the main one also what the user knows.

    The person's keypoints and landmarks are taken out of the lists.
    """
    from pase.fit.inputs import PersonInput

    filmed, lifted, landmarks[number] = recording.people[number], landmarks[number], None
    recording.people[number] = filmed.slice(slice(0))
    motion, main = recording.camera_motion(filmed.shot), settings.person
    if lifted is not None and lifted.sigma_own is not None:
        lifted = replace(lifted, sigma=None, sigma_along=None)  # the estimator takes the share of their own
    if number > 0:
        return PersonInput(filmed, lifted, camera_motion=motion)
    absent = points_of(absent_parts(main.without))
    if absent and lifted is not None:
        lifted = without_points(lifted, absent)
    return PersonInput(filmed, lifted, facts_of(main), known_sizes(settings), motion)


def size_evidence(
    recording: Recording, settings: Settings, progress: StepProgress | None = None
) -> Evidence | None:
    """Evidence of a recording on the sizes of its main person; None when nobody is there.

    Parameters
    ----------
    recording
        The persons, the main person first.
    """
    if not recording.people:
        return None
    from pase.fit.estimate import measure_sizes

    main = replace(recording, people=recording.people[:1])
    landmarks = lift_in_statures(main, settings, progress)
    person = replace(_person_input(main, 0, landmarks, settings), sizes=None)
    share = share_of(progress, "sizes", main.frames)
    return measure_sizes(person, main.lens(settings.camera), settings.fit, share)


def facts_of(person: PersonSettings) -> PersonFacts:
    """What the user says of the main person."""
    sex = None if person.sex == "unknown" else person.sex
    return PersonFacts(person.height_m, person.mass_kg, sex, person.age_years)


def known_sizes(settings: Settings) -> Sizes | None:
    """The main person's sizes, where the user names a file of them."""
    if settings.person.sizes is None:
        return None
    from pase.fit.sizes import read_sizes

    return read_sizes(settings.person.sizes)
