"""What a run makes of its motions: the analysis, everybody's files, the cameras, the bones over the footage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.config import AnalysisSettings, Settings, ViewSettings
from pase.data import Keypoints2D, Motion
from pase.errors import InputError, MissingDependencyError
from pase.formats.findings import TrialLabels
from pase.media.footage import Footage
from pase.movements import Movement
from pase.parallel import Helpers
from pase.pipeline.estimating import known_sizes
from pase.pipeline.step_progress import step_of
from pase.pipeline.workspace import CAMERA, person_folder
from pase.types import ShareProgress, StepProgress

if TYPE_CHECKING:
    from pase.pipeline.recording import Recording
    from pase.view.faces import FaceCover

log = logging.getLogger(__name__)

_MOST_SHARED = 20_000
"""Frames of all persons that are analysed by other processes: their draws take 70 MB in each."""


def check_writing(settings: Settings, *, draw: bool) -> None:
    """Refuse before the long work what would fail at its end."""
    from pase.anatomy.limbs import absent_parts
    from pase.formats.registry import require_formats
    from pase.view.backend import require_drawing

    require_formats(settings.output.formats)
    known_sizes(settings)
    absent_parts(settings.person.without)
    if not draw or settings.view.style == "lines":
        return
    try:
        require_drawing()
    except MissingDependencyError as error:
        raise MissingDependencyError(f"{error}, or leave the drawing out with --no-overlay") from error


def body_masses(motions: Sequence[Motion], main: PersonFacts) -> list[float | None]:
    """Mass of everybody's model in kilograms: of the main person as given, else of an average person that tall.

    None for a model that is not of a person's height to PASE: it keeps its masses.
    """
    average = load_proportions().average_mass
    statures = [motion.diagnostics.stature_m for motion in motions]
    facts = [main, *[PersonFacts()] * len(motions)]
    return [
        of.mass_kg or (None if stature is None else average(stature, of.sex, of.age_years))
        for stature, of in zip(statures, facts, strict=False)
    ]


def write_people(
    motions: Sequence[Motion], folder: Path, masses_kg: Sequence[float | None], labels: TrialLabels
) -> None:
    """Write the files of every person, and the cameras."""
    from pase.formats.camera import write_camera
    from pase.formats.person import write_person

    for number, motion in enumerate(motions, 1):
        place = folder / person_folder(number)
        of_person = labels if number == 1 else replace(labels, subject="")
        write_person(motion, place, masses_kg[number - 1], of_person)
        # Persons of another shot have another camera, and a world of their own.
        if number == 1 and motion.camera is not None:
            write_camera(motion.camera, folder / CAMERA)
        elif motion.camera is not None and not motion.camera.same_as(motions[0].camera):
            write_camera(motion.camera, place / CAMERA)


def draw_over(
    source: Footage,
    motions: Sequence[Motion],
    keypoints: Sequence[Keypoints2D],
    path: Path,
    settings: ViewSettings,
    progress: StepProgress | None,
    cover: FaceCover | None = None,
) -> None:
    """Draw the persons, and keypoints if they are wanted, over the footage, whose faces may be hidden."""
    from pase.view.overlay import draw_overlay

    points, steps = keypoints if settings.points else [], step_of(progress, "overlay")
    draw_overlay(source, motions, path, settings, keypoints=points, cover=cover, progress=steps)


def face_cover(recording: Recording, settings: ViewSettings) -> FaceCover | None:
    """What hides the faces of everybody in a recording, where that is wanted."""
    if not settings.hide_faces:
        return None
    from pase.view.faces import FaceCover

    untracked = len(recording.left_out) - len(recording.others)
    if untracked > 0:
        log.warning("%d more persons were seen but not followed: their faces are not hidden", untracked)
    return FaceCover([*recording.people, *recording.others])


def cover_of_result(people: Sequence[Keypoints2D], report: dict[str, Any]) -> FaceCover:
    """What hides the faces in a finished result, which holds keypoints of those alone who have a skeleton.

    Raises
    ------
    InputError
        When there are others in the picture.
    """
    from pase.view.faces import FaceCover

    if report.get("left_out"):
        raise InputError(
            "there are more persons in the picture than in the result, and their faces would stay visible: "
            "use 'pase run --hide-faces', which finds them all"
        )
    return FaceCover(people)


def overlay_name(source: Footage, settings: ViewSettings | None = None) -> str:
    """Name of the drawing: `overlay`, then style and layout where they are not the usual ones."""
    from pase.media import is_photo

    usual = ViewSettings()
    view = settings or usual
    words = ["overlay"] + [view.style] * (view.style != usual.style)
    words += [view.layout] * (view.layout != usual.layout)
    return "_".join(words) + (".png" if is_photo(source.path) else ".mp4")


def begin_analysis(
    motions: Sequence[Motion], settings: AnalysisSettings, helpers: Helpers, *, busy: bool = False
) -> Callable[[], list[Motion]]:
    """Begin to find what is in every person's motion; the returned function waits for the motions with it.

    Parameters
    ----------
    motions
        The persons, the main person first; the movement that the user names is the main person's.
    settings
        What the user says of the movement.
    busy
        Whether this process does other work meanwhile, so that it is better left to the others.
    """
    movement = None if settings.movement == "auto" else settings.movement
    jobs = [(motion, movement if number == 0 else None) for number, motion in enumerate(motions)]
    if sum(map(len, motions)) > _MOST_SHARED:
        helpers = Helpers(0)
    if busy:
        return helpers.begin(_analysed, jobs, worth_joining=len(jobs) + 1)
    return lambda: helpers.map(_analysed, jobs)


def _analysed(job: tuple[Motion, Movement | None], progress: ShareProgress) -> Motion:
    from pase.analysis import analysed

    return analysed(*job)


def trial_labels(settings: AnalysisSettings, source: object) -> TrialLabels:
    """The first columns of the tables, for the main person: subject, name of the recording, condition."""
    trial = "" if source is None else Path(str(source)).stem
    return TrialLabels(settings.subject, trial, settings.condition)
