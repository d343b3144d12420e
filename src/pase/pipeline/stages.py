"""A run from footage or keypoints to a result folder: detect, choose, lift, fit, write and draw, finish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.config import Settings
from pase.data import Keypoints2D, Landmarks3D, Motion
from pase.errors import InputError
from pase.media import Footage, open_media
from pase.networks.onnx import noted_networks
from pase.parallel import Helpers
from pase.pipeline.background import in_background
from pase.pipeline.estimating import facts_of, fit_people, prepare_fit, size_evidence
from pase.pipeline.lifting import lift_in_statures
from pase.pipeline.network_files import LATER_STAGES, OVERLAY, import_modules, import_networks
from pase.pipeline.outputs import (
    begin_analysis,
    body_masses,
    check_writing,
    draw_over,
    face_cover,
    overlay_name,
    trial_labels,
    write_people,
)
from pase.pipeline.recording import Recording, choose, find_people, footage_with, read_recording, recording_of
from pase.pipeline.report import Report, collected_warnings, unique
from pase.pipeline.resuming import STAGE, detection_key, keep_recording, kept_recording, write_recording
from pase.pipeline.workspace import REPORT, Workspace, check_output_file
from pase.types import StepProgress
from pase.view.backend import probe_drawing
from pase.view.film import FilmMaker

if TYPE_CHECKING:
    from pase.fit.evidence import Evidence
    from pase.view.faces import FaceCover


class Run:
    """One run into a result folder, and its stages; a context manager.

    The stages are called in this order: `detect` or `read`, then `complete`, which calls `begin_helpers`,
    `lift`, `begin_views`, `fit`, `write`, `draw` and `finish`. A run from other input calls `open_folder`,
    `begin_helpers`, `begin_views`, `write` and `finish`.

    The run times the stages, collects their warnings and reserves the place of the result. The result has its name
    only after `finish`; without it nothing is left but keypoints from which a later run can continue.

    Parameters
    ----------
    output
        The result folder; it must not exist, or be empty, or hold an earlier result and `overwrite` be given.
    settings
        All settings; the defaults when None.
    overwrite
        Replace an earlier result, once the new one is whole.
    draw
        Whether to draw the bones over the footage; as the settings say when None.
    """

    _space: Workspace
    """The folder in which the result is built; set by `open_folder`."""
    _helpers: Helpers
    """Processes that share the work; set by `begin_helpers`."""
    _cover: FaceCover | None = None
    """Hides faces; set by `complete` where that is wanted."""

    def __init__(
        self,
        output: str | Path,
        settings: Settings | None = None,
        *,
        overwrite: bool = False,
        progress: StepProgress | None = None,
        draw: bool | None = None,
    ) -> None:
        self.settings, self.report = settings or Settings(), Report()
        self._output, self._overwrite, self._progress = output, overwrite, progress
        files, view = self.settings.output, self.settings.view
        self._draw = files.overlay if draw is None else draw
        early = files.viewer and files.film and not view.hide_faces  # faces are not known yet
        self._film_maker = FilmMaker(view.every_frame) if early else None
        self._stack = ExitStack()
        self._kept: Callable[[], object] = lambda: None

    def __enter__(self) -> Run:
        self._warnings = self._stack.enter_context(collected_warnings())
        self.report.networks = self._stack.enter_context(noted_networks())
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._stack.__exit__(kind, error, trace)

    def complete(self, recording: Recording) -> list[Motion]:
        """Every stage after the keypoints, up to the finished result."""
        self.report.add_recording(recording)
        self.report.add_settings(self.settings)
        persons = len(recording.people)
        self.begin_helpers(recording.frames, persons)
        landmarks = self.lift(recording)
        self._cover = face_cover(recording, self.settings.view)
        self.begin_views(recording.source, recording.frames, persons)
        points = [*recording.people] if self.settings.view.points else []
        motions = self.fit(recording, landmarks)
        # The main thread draws: not every system lets another one do so.
        with in_background(lambda _: self.write(motions)) as written:
            self.draw(motions, recording.source, points)
            motions = written()
        self.finish(motions)
        return motions

    def open_folder(self, *, resume: bool = False) -> None:
        """Reserve the place of the result, once the source has been checked."""
        self._space = self._stack.enter_context(Workspace(self._output, overwrite=self._overwrite))
        if not resume:
            self._space.clear()

    def detect(self, source: str | Path) -> Recording:
        """Find and choose the persons in footage, or take them from an interrupted run."""
        footage = footage_with(source, self.settings.footage)
        with in_background(lambda _: self._draw and probe_drawing()) as probed, open_media(footage) as media:
            import_networks(self.settings)
            with in_background(lambda _: import_modules(LATER_STAGES)):
                probed()
                check_writing(self.settings, draw=self._draw)
                self.open_folder(resume=True)
                key = detection_key(media.path, self.settings)
                return self._resumed(media.path, key) or self._detected(media.path, key)

    def read(self, keypoints: str | Path, video: str | Path | None, skeleton: str | None) -> Recording:
        """Choose the persons in existing keypoints."""
        check_writing(self.settings, draw=self._draw)
        footage = None if video is None else Path(video)
        tracks = read_recording(Path(keypoints), footage, skeleton, self.settings)
        recording = choose(tracks, self.settings)
        self.open_folder()
        write_recording(recording, self._space.folder)
        return recording

    def lift(self, recording: Recording) -> list[Landmarks3D | None]:
        """Landmarks in space of every person; None where there is no lifter."""
        with self.report.timed("lift"):
            return lift_in_statures(recording, self.settings, self._progress)

    def fit(self, recording: Recording, landmarks: list[Landmarks3D | None]) -> list[Motion]:
        """The motion of everybody who is visible enough for a skeleton.

        Parameters
        ----------
        recording
            The persons, the main person first; see `fit_people`, which empties both lists.
        landmarks
            The result of `lift`.
        """
        with self.report.timed("fit"):
            return fit_people(recording, landmarks, self.settings, self._progress, self._helpers)

    def write(self, motions: Sequence[Motion]) -> list[Motion]:
        """Analyse the motions and write all files but the report; see `pase.analysis.analysed`."""
        from pase.pipeline.views import begin_plots, write_views
        from pase.view.names import title_of

        folder, output, source = self._space.folder, self.settings.output, self.report.source
        with self.report.timed("analyse"):
            # A process that draws over the footage meanwhile leaves the analysis to others.
            analysis = partial(begin_analysis, motions, self.settings.analysis, self._helpers)
            early = analysis(busy=True) if self._draw else None
            plots = begin_plots(motions, folder, output, self._helpers)
            motions = (early or analysis())()
        with self.report.timed("export"):
            labels = trial_labels(self.settings.analysis, source.get("path"))
            masses = body_masses(motions, facts_of(self.settings.person))
            write_people(motions, folder, masses, labels)
        self.report.add_persons(motions)
        self.report.add_masses(masses)
        if motions:
            with self.report.timed("views"):
                write_views(motions, folder, output, title_of(source), self._film, plots)
        return motions

    def draw(
        self, motions: Sequence[Motion], source: Footage | None, points: Sequence[Keypoints2D] = ()
    ) -> None:
        """Draw the bones, and keypoints if there are any, over the footage, if there is any."""
        from pase.analysis import only_seen

        if motions and self._draw and source is not None:
            with self.report.timed("overlay"):
                path, view = self._space.folder / overlay_name(source), self.settings.view
                seen = [*map(only_seen, motions)]
                draw_over(source, seen, points, path, view, self._progress, self._cover)

    def begin_helpers(self, frames: int, persons: int = 1) -> None:
        """Start the helping processes, which for several persons load the estimator meanwhile."""
        # One person in a photo is fitted before a process has started.
        self._helpers = self._stack.enter_context(Helpers(0 if frames * persons == 1 else None))
        if persons > 1:
            prepare_fit(self._helpers)

    def begin_views(self, source: Footage | None, frames: int, persons: int = 1) -> None:
        """Begin beside the fit what needs no motion: the film in the viewer where there is none yet, and imports.

        Of several persons the plots are left until they are drawn, as the fit keeps every process at work.
        """
        from pase.pipeline.views import begin_film, prepare_plots

        files, maker = self.settings.output, self._film_maker
        made, wanted = None if maker is None else maker.film, files.viewer and files.film and persons > 0
        film = begin_film(source, wanted, made, self.settings.view.every_frame, self._cover)
        self._film = self._stack.enter_context(film)
        if self.settings.output.plots and frames > 1 and persons == 1:
            prepare_plots(self._helpers)

    def finish(self, motions: Sequence[Motion]) -> None:
        """Write the report and its page, and give the result its name."""
        from pase.pipeline.views import write_report_page

        self._kept()
        self._add_warnings()
        if motions and self.settings.output.page:
            write_report_page(motions, self._space.folder, self.report.content())
            self._add_warnings()
        self.report.files = self._space.files()
        self.report.write(self._space.folder / REPORT)
        self._space.commit()

    def _add_warnings(self) -> None:
        self.report.warnings = unique(self.report.warnings, self._warnings, self.report.warnings_of_persons())

    def _resumed(self, path: Path, key: str) -> Recording | None:
        """The recording from an interrupted run with the same footage and the same settings of the 2D stage."""
        # The faces of those who get no skeleton were not kept.
        earlier = None if self.settings.view.hide_faces else kept_recording(self._space, key, path)
        if earlier is None:
            return None
        self.report.resumed, self.report.seconds = [STAGE], {STAGE: earlier.seconds}
        self.report.warnings = earlier.warnings
        return earlier.recording

    def _detected(self, path: Path, key: str) -> Recording:
        """Find the persons, importing what the drawing needs meanwhile; store them while the next stage works."""
        self._space.clear()
        beside = in_background(lambda _: import_modules(OVERLAY)) if self._draw else nullcontext()
        with collected_warnings() as warnings, self.report.timed(STAGE), beside:
            recording = find_people(path, self.settings, self._progress, self._film_maker)
        as_detected = replace(recording, people=[*recording.people])  # `fit_people` empties that list
        keep = partial(keep_recording, self._space, key, as_detected, self.report.seconds[STAGE], warnings)
        self._kept = self._stack.enter_context(in_background(lambda _: keep()))
        return recording


def run(
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    video: str | Path | None = None,
    skeleton: str | None = None,
    overwrite: bool = False,
    progress: StepProgress | None = None,
) -> Report:
    """Turn a video or photo, or keypoints made of it, into a result folder: every stage in a row.

    The result appears under its name only when it is whole. A run that was interrupted after the 2D stage
    goes on from there when it is started again with the same footage and 2D settings.

    Parameters
    ----------
    source
        Video or photo, or keypoints of any program that `pase.pose2d.readers` understands.
    output
        The result folder; it must not exist, or be empty, or hold an earlier result and `overwrite` be given.
    settings
        All settings; the defaults when None.
    video
        The footage of a keypoint file: gives its times and picture size, and is drawn over.
    skeleton
        The keypoint file's set of points, where its contents do not say; see `pase.keypoint_sets`.
    overwrite
        Replace an earlier result, once the new one is whole.

    Returns
    -------
    Report
        The figures of the run, as in `report.json`; without persons when nobody is in the picture.

    Raises
    ------
    PaseError
        Before the long work, when the source cannot be read or the result cannot be written.
    """
    from pase.pose2d.readers import is_keypoint_file

    from_keypoints = is_keypoint_file(source)
    draw = False if from_keypoints and video is None else None
    with Run(output, settings, overwrite=overwrite, progress=progress, draw=draw) as job:
        recording = job.read(source, video, skeleton) if from_keypoints else job.detect(source)
        job.complete(recording)
    return job.report


def fit(
    keypoints: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    video: str | Path | None = None,
    skeleton: str | None = None,
    overwrite: bool = False,
    progress: StepProgress | None = None,
) -> Report:
    """Turn 2D keypoints of any program into a result folder, without an overlay; see `run`.

    Parameters
    ----------
    keypoints
        The file of the 2D stage, or a file or folder of another program.
    output, settings, video, skeleton, overwrite, progress
        As in `run`.
    """
    with Run(output, settings, overwrite=overwrite, progress=progress, draw=False) as job:
        job.complete(job.read(keypoints, video, skeleton))
    return job.report


def pose2d(
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    kind: str = "alphapose",
    overwrite: bool = False,
    progress: StepProgress | None = None,
) -> Report:
    """Write the 2D keypoints of everyone in a video or photo; see `run`.

    Parameters
    ----------
    source
        Video or photo.
    output
        The file, or for `openpose` a new folder.
    settings, overwrite, progress
        As in `run`.
    kind
        One of `pase.pose2d.writers.KEYPOINT_FORMATS`.
    """
    from pase.pose2d.writers import write_keypoints_as

    settings, report, output = settings or Settings(), Report(), Path(output)
    if kind != "openpose" and output.suffix.lower() not in ("", ".json"):
        raise InputError(f"keypoints are written as JSON, not as '{output.suffix}': name a .json file")
    if kind != "openpose" or output.exists():
        check_output_file(output, overwrite=overwrite and kind != "openpose")
    with collected_warnings() as warnings, noted_networks() as report.networks:
        with report.timed("pose2d"):
            recording = find_people(source, settings, progress)
        write_keypoints_as(kind, recording.people, output)
        report.add_recording(recording)
        report.warnings = list(warnings)
    report.persons = [{"track_id": p.track_id, "frames": int(p.seen.sum())} for p in recording.people]
    report.files = [str(output)]
    return report


def estimate_motions(
    source: str | Path | Keypoints2D | Sequence[Keypoints2D],
    settings: Settings | None = None,
    *,
    progress: StepProgress | None = None,
) -> list[Motion]:
    """Every person's motion in a recording or its keypoints, without writing anything; see `pase.estimate`."""
    settings = settings or Settings()
    recording = recording_of(source, settings, progress)
    landmarks = lift_in_statures(recording, settings, progress)
    with Helpers() as helpers:
        motions = fit_people(recording, landmarks, settings, progress, helpers)
        return begin_analysis(motions, settings.analysis, helpers)()


def measure(
    source: str | Path, output: str | Path, settings: Settings, *, progress: StepProgress | None = None
) -> Evidence | None:
    """What a video or photo shows of the sizes of its main person, for one skeleton from several recordings.

    The keypoints stay in the hidden folder beside `output`: `run` with the same source, output and 2D settings
    goes on from them.

    Returns
    -------
    Evidence or None
        See `pase.fit.estimate.measure_sizes`; None when nobody is there.
    """
    without_film = replace(settings, output=replace(settings.output, film=False))
    with Run(output, without_film, overwrite=True, progress=progress) as job:
        return size_evidence(job.detect(source), settings, progress)
