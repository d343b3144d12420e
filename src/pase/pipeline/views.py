"""What a result is looked at with: the viewer, plots, the report page, and the formats of other programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.config import OutputSettings
from pase.data import Motion
from pase.formats.registry import parse_formats, write_formats
from pase.parallel import Helpers
from pase.pipeline.background import in_background
from pase.pipeline.report import note_file, read_report
from pase.pipeline.results import load_motions
from pase.pipeline.workspace import REPORT

if TYPE_CHECKING:
    from pase.view.film import Film
    from pase.view.subject import Subject

log = logging.getLogger(__name__)

DRAWING = ("pase.view.plots", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")
"""What plots are drawn with, slow to import."""

VIEWER, PAGE, PLOTS = "viewer.html", "report.html", "plots"


def write_views(
    motions: Sequence[Motion],
    folder: Path,
    settings: OutputSettings,
    source: Path | None,
    film: Callable[[], Film | None] = lambda: None,
    plots: Callable[[], object] | None = None,
) -> None:
    """Write the viewer, the plots and the further formats of a result, as the settings want them.

    Parameters
    ----------
    motions
        The persons, in the order of the folders `person_1`, `person_2`, …, which are there already.
    folder
        The result folder.
    settings
        What to write.
    source
        The footage, or None when it is unknown.
    film
        Waits for the film in the viewer; see `film_beside`.
    plots
        Waits for the plots; see `plots_beside`. They are drawn here when None.

    Raises
    ------
    PaseError
        When a file cannot be written, or a format needs a package that is not installed.
    """
    plots = plots or plots_beside(motions, folder, settings, Helpers(0))
    for number, motion in enumerate(motions, 1):
        write_formats(motion, folder / f"person_{number}", parse_formats(settings.formats))
    if settings.viewer:
        from pase.view.subject import Subject
        from pase.view.viewer import write_viewer

        write_viewer(Subject.of_all(motions), folder / VIEWER, title=title_of(source), film=film())
    plots()


def plots_beside(
    motions: Sequence[Motion], folder: Path, settings: OutputSettings, helpers: Helpers
) -> Callable[[], object]:
    """Have the plots drawn by other processes; what is returned draws the rest and waits for theirs.

    Parameters
    ----------
    motions, folder, settings
        As of `write_views`.
    helpers
        The processes.
    """
    if not settings.plots:
        return lambda: None
    from pase.view.plots import MOST_FRAMES, PLOT_NAMES
    from pase.view.subject import Subject

    people = enumerate((one.thinned(MOST_FRAMES) for one in Subject.of_all(motions)), 1)
    return helpers.begin(
        _write_plot,
        [(one, folder / f"person_{number}" / PLOTS, name) for number, one in people for name in PLOT_NAMES],
    )


def _write_plot(job: tuple[Subject, Path, str], told: Callable[[float], None]) -> None:
    from pase.view.plots import write_plots

    subject, folder, name = job
    write_plots(subject, folder, [name])


@contextmanager
def film_beside(source: Path | None, wanted: bool) -> Iterator[Callable[[], Film | None]]:
    """Make the film in the viewer while the block does other work; what it yields waits for it.

    Parameters
    ----------
    source
        The footage, or None when it is unknown.
    wanted
        Whether there is to be a film at all.
    """
    if not wanted or source is None:
        yield lambda: None
    elif not source.is_file():
        log.warning("the footage is not at %s any more; the viewer shows the bones alone", source)
        yield lambda: None
    else:
        from pase.view.film import make_film

        with in_background(lambda told: make_film(source, told)) as made:
            yield lambda: _noted(made())


def _noted(film: Film | None) -> Film | None:
    if film is None:
        log.warning("the footage is too long to be carried inside the viewer; it shows the bones alone")
    return film


def title_of(source: Path | None) -> str:
    """What the viewer of some footage is called."""
    return "PASE" if source is None else source.name


def write_report_page(motions: Sequence[Motion], folder: Path, report: dict[str, Any]) -> None:
    """Write `report.html` of a result from the content of its `report.json`."""
    from pase.view.page import write_page
    from pase.view.subject import Subject

    overlay = next((p for p in (folder / "overlay.mp4", folder / "overlay.png") if p.is_file()), None)
    plots = [folder / f"person_{number}" / PLOTS for number in range(1, len(motions) + 1)]
    write_page(Subject.of_all(motions), report, folder / PAGE, overlay=overlay, plots=plots)


def export(folder: str | Path, formats: str) -> list[Path]:
    """Write the persons of a finished result in further formats, into their folders.

    Parameters
    ----------
    folder
        A finished result.
    formats
        Names of formats, parted by blanks or commas, or `all`; see `pase.formats.registry.FORMATS`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    PaseError
        When the folder is no result, a format is unknown or a file cannot be written.
    """
    folder, names = Path(folder), parse_formats(formats)
    report = read_report(folder / REPORT)
    written = []
    for motion, person in zip(load_motions(folder), report["persons"], strict=True):
        written += write_formats(motion, folder / str(person["folder"]), names)
    for path in written:
        note_file(folder / REPORT, path.relative_to(folder).as_posix())
    return written


def viewer_of(folder: str | Path, *, rebuild: bool = False, video: bool = True) -> Path:
    """The viewer of a finished result, made when it is not there.

    Parameters
    ----------
    folder
        A finished result.
    rebuild
        Make it anew even when it is there.
    video
        Carry the footage inside, when it is still where the report says.

    Raises
    ------
    PaseError
        When the folder is no result or the file cannot be written.
    """
    from pase.view.subject import Subject
    from pase.view.viewer import write_viewer

    folder = Path(folder)
    report = read_report(folder / REPORT)
    path = folder / VIEWER
    if path.is_file() and not rebuild:
        return path
    named = (report.get("source") or {}).get("path")
    source = None if named is None else Path(str(named))
    with film_beside(source, video) as film:
        subjects = Subject.of_all(load_motions(folder))
        write_viewer(subjects, path, title=title_of(source), film=film())
    note_file(folder / REPORT, VIEWER)
    return path
