"""From the 2D side of a run to skeletons: what is known beforehand, the lifter, the estimator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pase.config import Settings
from pase.data import Landmarks3D, Motion
from pase.memory import give_back
from pase.pipeline.recording import Progress, Recording

if TYPE_CHECKING:
    from pase.fit.inputs import LensPrior
    from pase.fit.sizes import SizeEvidence, Sizes
    from pase.parallel import Helpers

log = logging.getLogger(__name__)


def estimate_people(
    recording: Recording,
    settings: Settings,
    progress: Progress | None = None,
    helpers: Helpers | None = None,
) -> list[Motion]:
    """Fit a personalised skeleton to every person of a recording, with the help of other processes."""
    if not recording.people:
        return []
    from pase.fit.inputs import PersonInput
    from pase.fit.multi_person import estimate_motions

    give_back()  # what the 2D stage, or reading its file, took
    lifted, lens, sizes = (
        _lifted(recording, settings, progress),
        _lens(recording, settings),
        known_sizes(settings),
    )
    main = settings.person

    def filmed(numbers: Sequence[int]) -> Iterator[PersonInput]:
        """Persons one by one; what the lifter told of them, twice what the keypoints take, is not kept."""
        for number in numbers:
            landmarks, lifted[number] = lifted[number], None
            of_main = (main.height_m, main.mass_kg, sizes) if number == 0 else ()
            yield PersonInput(recording.people[number], landmarks, *of_main)

    found: dict[int, Motion | None] = {}
    for shot in sorted({person.shot for person in recording.people}):
        here = [number for number, person in enumerate(recording.people) if person.shot == shot]
        told = _share(progress, "skeleton", (len(found), len(here)), recording)
        of_shot = estimate_motions(filmed(here), lens, settings.fit, progress=told, helpers=helpers)
        found |= {recording.people[n].track_id: motion for n, motion in zip(here, of_shot, strict=True)}
    for number in [number for number, motion in found.items() if motion is None]:
        log.warning("person %d shows too little for a skeleton and is left out", number)
    give_back()
    motions = [motion for _, motion in sorted(found.items()) if motion is not None]
    return [replace(motion, track_id=number) for number, motion in enumerate(motions, 1)]


def size_evidence(
    recording: Recording, settings: Settings, progress: Progress | None = None
) -> SizeEvidence | None:
    """What a recording tells of the sizes of its main person; None when nobody is there."""
    if not recording.people:
        return None
    from pase.fit.estimate import measure_sizes
    from pase.fit.inputs import PersonInput

    main = replace(recording, people=recording.people[:1])
    (landmarks,) = _lifted(main, settings, progress)
    one = PersonInput(main.people[0], landmarks, settings.person.height_m, settings.person.mass_kg)
    told = _share(progress, "sizes", (0, 1), main)
    return measure_sizes(one, _lens(main, settings), settings.fit, told)


def known_sizes(settings: Settings) -> Sizes | None:
    """The main person's sizes, where the user names a file of them."""
    if settings.person.sizes is None:
        return None
    from pase.fit.sizes import read_sizes

    return read_sizes(settings.person.sizes)


def _lifted(recording: Recording, settings: Settings, progress: Progress | None) -> list[Landmarks3D | None]:
    """What the lifter tells of every person, in statures."""
    from pase.lift.base import in_statures
    from pase.pipeline.lifting import lift_people

    lifted = lift_people(recording, settings, progress)
    if settings.lift.backend == "pase":
        return lifted
    return [None if landmarks is None else in_statures(landmarks) for landmarks in lifted]


def _lens(recording: Recording, settings: Settings) -> LensPrior:
    """What the user or the file tells of the lens."""
    from pase.fit.inputs import LensPrior

    camera = settings.camera
    if camera.focal_length_px is None and camera.fov_deg is None:
        return LensPrior(focal_length_px=recording.focal_length_px)
    return LensPrior(camera.fov_deg, camera.focal_length_px)


def _share(
    progress: Progress | None, name: str, persons: tuple[int, int], recording: Recording
) -> Callable[[float], None] | None:
    """The progress of some persons, the first and how many, told as a share from 0 to 1, in frames of everybody."""
    if progress is None:
        return None
    first, count = persons
    total = recording.frames * len(recording.people)
    return lambda share: progress(name, round((first + count * share) * recording.frames), total)
