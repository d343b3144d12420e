"""What comes after the 2D stage: skeletons, their files, what they are looked at with, and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pase.config import Settings
from pase.data import Motion
from pase.errors import MissingDependencyError
from pase.parallel import Helpers
from pase.pipeline.estimating import estimate_people, known_sizes
from pase.pipeline.recording import Progress, Recording, read_keypoints, step_of
from pase.pipeline.report import Report, unique
from pase.pipeline.workspace import KEYPOINTS, REPORT, Workspace

if TYPE_CHECKING:
    from pase.view.film import Film

CAMERA = "camera.json"


def check_writing(settings: Settings, *, draw: bool) -> None:
    """Refuse before the long work what would fail at its end."""
    from pase.formats.registry import require_formats
    from pase.view.backend import require_drawing

    require_formats(settings.output.formats)
    known_sizes(settings)
    if not draw or settings.view.style == "lines":
        return
    try:
        require_drawing()
    except MissingDependencyError as error:
        raise MissingDependencyError(f"{error}, or leave the drawing out with --no-overlay") from error


def complete(
    space: Workspace,
    recording: Recording,
    settings: Settings,
    report: Report,
    warnings: Sequence[str],
    progress: Progress | None,
    *,
    draw: bool,
) -> None:
    """Everything after the 2D stage; the film in the viewer, which needs no fit, is made beside it."""
    from pase.pipeline.views import DRAWING, film_beside, plots_beside

    source, output = recording.source, settings.output
    with (
        Helpers() as helpers,
        film_beside(source, bool(output.viewer and output.film and recording.people)) as film,
    ):
        if output.plots and recording.people:
            helpers.prepare(DRAWING)
        motions = _fill(space, recording, settings, report, progress, helpers)
        plots = plots_beside(motions, space.folder, output, helpers)
        if draw and motions and source is not None:
            with report.timed("overlay"):
                draw_over(source, motions, space.folder, settings, progress)
        _finish(space, motions, recording, settings, report, warnings, film, plots)


def _fill(
    space: Workspace,
    recording: Recording,
    settings: Settings,
    report: Report,
    progress: Progress | None,
    helpers: Helpers,
) -> list[Motion]:
    """Fit and export every person into the result folder."""
    from pase.formats.camera import write_camera
    from pase.formats.person import write_person

    report.source = recording.facts()
    report.add_choice(recording.why_main, recording.left_out)
    report.add_settings(settings)
    with report.timed("fit"):
        motions = estimate_people(recording, settings, progress, helpers)
    with report.timed("export"):
        for number, motion in enumerate(motions, 1):
            folder = f"person_{number}"
            write_person(motion, space.folder / folder, settings.person.mass_kg if number == 1 else None)
            report.add_person(motion, folder)
            # Persons of another shot have another camera, and a world of their own.
            if number == 1 and motion.camera is not None:
                write_camera(motion.camera, space.folder / CAMERA)
            elif motion.camera is not None and not motion.camera.same_as(motions[0].camera):
                write_camera(motion.camera, space.folder / folder / CAMERA)
    return motions


def _finish(
    space: Workspace,
    motions: list[Motion],
    recording: Recording,
    settings: Settings,
    report: Report,
    warnings: Sequence[str],
    film: Callable[[], Film | None],
    plots: Callable[[], object],
) -> None:
    """Write what the result is looked at with, and the report, and give the result its name."""
    from pase.pipeline.views import write_report_page, write_views

    if motions:
        with report.timed("views"):
            write_views(motions, space.folder, settings.output, recording.source, film, plots)
    told = report.told_of_persons()
    report.warnings = unique(report.warnings, warnings, told)
    if settings.output.page and motions:
        write_report_page(motions, space.folder, report.content())
    report.files = space.files()
    report.write(space.folder / REPORT)
    space.commit()


def draw_over(
    source: Path, motions: list[Motion], folder: Path, settings: Settings, progress: Progress | None
) -> Path:
    """Draw the persons over their footage, into the result folder; returns the overlay's path."""
    from pase.media import is_photo
    from pase.view.overlay import draw_overlay

    path = folder / ("overlay.png" if is_photo(source) else "overlay.mp4")
    view = settings.view
    keypoints = read_keypoints(folder / KEYPOINTS) if view.points else []
    told = step_of(progress, "overlay")
    draw_overlay(
        source, motions, path, told, view.opacity, style=view.style, layout=view.layout, keypoints=keypoints
    )
    return path
