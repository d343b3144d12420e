"""Views of a result: the viewer, plots, the report page, and the formats of other programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.config import OutputSettings
from pase.data import Motion
from pase.formats.registry import parse_formats, write_formats
from pase.media.footage import Footage
from pase.parallel import Helpers
from pase.pipeline.background import in_background
from pase.pipeline.workspace import person_folder

if TYPE_CHECKING:
    from pase.view.faces import FaceCover
    from pase.view.film import Film
    from pase.view.subject import Subject

from pase.types import ShareProgress

log = logging.getLogger(__name__)

VIEWER, PAGE, PLOTS = "viewer.html", "report.html", "plots"


def write_views(
    motions: Sequence[Motion],
    folder: Path,
    settings: OutputSettings,
    title: str,
    film: Callable[[], Film | None] = lambda: None,
    plots: Callable[[], object] | None = None,
) -> None:
    """Write the viewer, the plots and the further formats of a result, as the settings want them.

    Parameters
    ----------
    motions
        The persons, in the order of the folders `person_1`, `person_2`, …, which are there already.
    film
        Waits for the film in the viewer; see `begin_film`.
    plots
        Waits for the plots; see `begin_plots`. They are drawn here when None.
    """
    plots = plots or begin_plots(motions, folder, settings, Helpers(0))
    for number, motion in enumerate(motions, 1):
        write_formats(motion, folder / person_folder(number), parse_formats(settings.formats))
    if settings.viewer:
        from pase.view.subject import Subject
        from pase.view.viewer import write_viewer

        write_viewer(Subject.of_all(motions), folder / VIEWER, title=title, film=film())
    plots()


def begin_plots(
    motions: Sequence[Motion], folder: Path, settings: OutputSettings, helpers: Helpers
) -> Callable[[], object]:
    """Begin to draw the plots in other processes; the returned function draws the rest and waits for theirs.

    Of a photo there are none: the tables of the page say the same, and to load what draws takes a quarter of the run.
    """
    if not settings.plots or all(len(motion) < 2 for motion in motions):
        return lambda: None
    from pase.analysis import only_seen
    from pase.view.plots import MOST_FRAMES, PLOT_NAMES
    from pase.view.subject import Subject

    subjects = [subject.thinned(MOST_FRAMES) for subject in Subject.of_all(map(only_seen, motions))]
    jobs = [
        (subject, folder / person_folder(number) / PLOTS, name, settings.png)
        for number, subject in enumerate(subjects, 1)
        for name in PLOT_NAMES
    ]
    # What draws them takes as long to import here as another process takes for one person's.
    return helpers.begin(_write_plot, jobs, worth_joining=len(PLOT_NAMES))


def prepare_plots(helpers: Helpers) -> None:
    """Let another process load what draws the plots, which takes as long as to draw them."""
    helpers.begin(_prepare_plots, [None])


def _prepare_plots(job: None, progress: ShareProgress) -> None:
    from pase.view.plots import warm_up

    warm_up()


def _write_plot(job: tuple[Subject, Path, str, bool], progress: ShareProgress) -> None:
    from pase.view.plots import write_plots

    subject, folder, name, png = job
    write_plots(subject, folder, [name], png=png)


@contextmanager
def begin_film(
    source: Footage | None,
    wanted: bool,
    film: Film | None = None,
    every_frame: bool = False,
    cover: FaceCover | None = None,
) -> Iterator[Callable[[], Film | None]]:
    """Make the film in the viewer while the block does other work; the yielded function waits for it.

    Parameters
    ----------
    film
        The film where it is made already.
    every_frame, cover
        As of `pase.view.film.make_film`.
    """
    if film is not None or not wanted or source is None:
        yield lambda: film
    elif not source.path.exists():
        log.warning("the footage is not at %s any more; the viewer shows the bones alone", source.path)
        yield lambda: None
    else:
        from pase.view.film import make_film

        with in_background(lambda progress: make_film(source, progress, every_frame, cover)) as made:
            yield lambda: _warned_if_left_out(made())


def _warned_if_left_out(film: Film | None) -> Film | None:
    if film is None:
        log.warning("the footage is too long to be carried inside the viewer; it shows the bones alone")
    return film


def write_report_page(motions: Sequence[Motion], folder: Path, report: dict[str, Any]) -> None:
    """Write `report.html` of a result from the content of its `report.json`."""
    from pase.view.page import write_page
    from pase.view.subject import Subject

    overlay = next((p for p in (folder / "overlay.mp4", folder / "overlay.png") if p.is_file()), None)
    plots = [folder / person_folder(number) / PLOTS for number in range(1, len(motions) + 1)]
    write_page(Subject.of_all(motions), report, folder / PAGE, overlay=overlay, plots=plots)
