"""From keypoints and landmarks to skeletons: calls the estimator with what the user and the file tell."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pase.anatomy.limbs import absent_parts, points_of, without_parts, without_points
from pase.anatomy.proportions import Vitals
from pase.config import PersonSettings, Settings
from pase.data import Landmarks3D, Motion
from pase.memory import give_back
from pase.pipeline.lifting import lift_in_statures
from pase.pipeline.recording import Recording
from pase.types import ShareProgress, StepProgress

if TYPE_CHECKING:
    from pase.fit.evidence import Evidence
    from pase.fit.inputs import LensPrior
    from pase.fit.sizes import Sizes
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
        The persons, the main person first.
    landmarks
        What the lifter tells of each, in statures. They take twice the memory of the keypoints, and are taken out
        of the list once they are used.
    settings
        Settings of the person, the camera and the estimator.
    progress
        Told how far the fit is.
    helpers
        Processes to share the work with.

    Returns
    -------
    list of Motion
        Those who show enough for a skeleton, numbered from 1.
    """
    if not recording.people:
        return []
    from pase.fit.inputs import PersonInput
    from pase.fit.multi_person import estimate_motions

    lens, sizes, main = _lens(recording, settings), known_sizes(settings), settings.person
    absent = absent_parts(main.without)

    def inputs(numbers: Sequence[int]) -> Iterator[PersonInput]:
        for number in numbers:
            lifted, landmarks[number] = landmarks[number], None
            person = recording.people[number]
            if number == 0 and absent and lifted is not None:
                lifted = without_points(lifted, points_of(absent))
            facts = (main.height_m, main.mass_kg, sizes) if number == 0 else (None, None, None)
            vitals = vitals_of(main) if number == 0 else Vitals()
            yield PersonInput(person, lifted, *facts, recording.camera_motion(person.shot), vitals)

    by_track: dict[int, Motion | None] = {}
    for shot in sorted({person.shot for person in recording.people}):
        numbers = [number for number, person in enumerate(recording.people) if person.shot == shot]
        share = _share(progress, "skeleton", (len(by_track), len(numbers)), recording)
        of_shot = estimate_motions(inputs(numbers), lens, settings.fit, progress=share, helpers=helpers)
        by_track |= {recording.people[n].track_id: motion for n, motion in zip(numbers, of_shot, strict=True)}
    for track_id in [track_id for track_id, motion in by_track.items() if motion is None]:
        log.warning("person %d shows too little for a skeleton and is left out", track_id)
    give_back()
    main_track = recording.people[0].track_id
    motions = [
        without_parts(motion, absent) if track_id == main_track else motion
        for track_id, motion in sorted(by_track.items())
        if motion is not None
    ]
    return [replace(motion, track_id=number) for number, motion in enumerate(motions, 1)]


def size_evidence(
    recording: Recording, settings: Settings, progress: StepProgress | None = None
) -> Evidence | None:
    """Evidence of a recording on the sizes of its main person; None when nobody is there.

    Parameters
    ----------
    recording
        The persons, the main person first.
    settings
        Settings of the person, the camera, the lifter and the estimator.
    progress
        Told how far each step is.
    """
    if not recording.people:
        return None
    from pase.fit.estimate import measure_sizes
    from pase.fit.inputs import PersonInput

    main = replace(recording, people=recording.people[:1])
    (landmarks,) = lift_in_statures(main, settings, progress)
    filmed, options = main.people[0], settings.person
    moved = recording.camera_motion(filmed.shot)
    known = (options.height_m, options.mass_kg, None, moved, vitals_of(options))
    person = PersonInput(filmed, landmarks, *known)
    sizes_progress = _share(progress, "sizes", (0, 1), main)
    return measure_sizes(person, _lens(main, settings), settings.fit, sizes_progress)


def vitals_of(person: PersonSettings) -> Vitals:
    """Sex and age of the main person, as far as the user tells them.

    Parameters
    ----------
    person
        What is known of the person.
    """
    return Vitals(None if person.sex == "unknown" else person.sex, person.age_years)


def known_sizes(settings: Settings) -> Sizes | None:
    """The main person's sizes, where the user names a file of them."""
    if settings.person.sizes is None:
        return None
    from pase.fit.sizes import read_sizes

    return read_sizes(settings.person.sizes)


def _lens(recording: Recording, settings: Settings) -> LensPrior:
    """What the user or the file tells of the lens."""
    from pase.fit.inputs import KNOWN_FOCAL_SPREAD, LensPrior
    from pase.media.frames import FILM_FOCAL_SPREAD

    camera = settings.camera
    if camera.focal_length_px is None and camera.fov_deg is None:
        spread = FILM_FOCAL_SPREAD if recording.frames > 1 else KNOWN_FOCAL_SPREAD
        return LensPrior(focal_length_px=recording.focal_length_px, focal_log_sigma=spread)
    return LensPrior(camera.fov_deg, camera.focal_length_px)


def _share(
    progress: StepProgress | None, name: str, persons: tuple[int, int], recording: Recording
) -> ShareProgress | None:
    """Progress of a group of persons (first, count), from a share 0 to 1 to frames of everybody."""
    if progress is None:
        return None
    first, count = persons
    total = recording.frames * len(recording.people)
    return lambda share: progress(name, round((first + count * share) * recording.frames), total)
