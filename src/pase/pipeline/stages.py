"""The stages in a row, each alone, and the folder they fill: no stage knows of another."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pase
from pase.config import Settings, to_dict
from pase.data import Keypoints2D, LeftOut, Motion
from pase.errors import InputError
from pase.networks.onnx import noted_networks
from pase.parallel import Helpers
from pase.pipeline.estimating import estimate_people, size_evidence
from pase.pipeline.outputs import check_writing, complete, draw_over
from pase.pipeline.recording import (
    Progress,
    Recording,
    detect,
    open_source,
    read_keypoints,
    read_recording,
)
from pase.pipeline.report import Report, collected_warnings, note_file, read_report
from pase.pipeline.results import load_motions
from pase.pipeline.workspace import (
    KEYPOINTS,
    REPORT,
    Workspace,
    check_output_file,
    fingerprint,
    source_identity,
)

if TYPE_CHECKING:
    from pase.fit.sizes import SizeEvidence
    from pase.pipeline.recording import Media

log = logging.getLogger(__name__)


def run(
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    video: str | Path | None = None,
    skeleton: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
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
        The footage of a keypoint file: tells its times and picture size, and is drawn over.
    skeleton
        The keypoint file's set of points, where its contents do not tell; see `pase.keypoint_sets`.
    overwrite
        Replace an earlier result, once the new one is whole.
    progress
        Told how far each step is.

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

    settings, report = settings or Settings(), Report()
    if is_keypoint_file(source):
        draw = settings.output.overlay and video is not None
        return _from_keypoints(source, output, settings, video, skeleton, overwrite, progress, draw=draw)
    check_writing(settings, draw=settings.output.overlay)
    with (
        collected_warnings() as warnings,
        noted_networks() as report.networks,
        open_source(source) as media,
        Workspace(output, overwrite=overwrite) as space,
    ):
        recording = _detect_or_resume(media, settings, space, report, progress)
        draw = settings.output.overlay
        complete(space, recording, settings, report, warnings, progress, draw=draw)
    return report


def fit(
    keypoints: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    video: str | Path | None = None,
    skeleton: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Turn 2D keypoints of any program into a result folder, without an overlay; see `run`.

    Parameters
    ----------
    keypoints
        The file of the 2D stage, or a file or folder of another program.
    output, settings, video, skeleton, overwrite, progress
        As in `run`.
    """
    settings = settings or Settings()
    return _from_keypoints(keypoints, output, settings, video, skeleton, overwrite, progress, draw=False)


def _from_keypoints(
    keypoints: str | Path,
    output: str | Path,
    settings: Settings,
    video: str | Path | None,
    skeleton: str | None,
    overwrite: bool,
    progress: Progress | None,
    *,
    draw: bool,
) -> Report:
    report = Report()
    check_writing(settings, draw=draw)
    with collected_warnings() as warnings, noted_networks() as report.networks:
        recording = read_recording(
            Path(keypoints), None if video is None else Path(video), skeleton, settings.pose2d
        )
        with Workspace(output, overwrite=overwrite) as space:
            space.clear()
            _write_keypoints(recording.people, space.folder / KEYPOINTS)
            complete(space, recording, settings, report, warnings, progress, draw=draw)
    return report


def pose2d(
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Write the 2D keypoints of everyone in a video or photo as one AlphaPose-format file; see `run`."""
    settings, report, output = settings or Settings(), Report(), Path(output)
    check_output_file(output, overwrite=overwrite)
    with (
        collected_warnings() as warnings,
        noted_networks() as report.networks,
        open_source(source) as media,
    ):
        with report.timed("pose2d"):
            recording = detect(media, settings, progress)
        _write_keypoints(recording.people, output)
        report.source = recording.facts()
        report.add_choice(recording.why_main, recording.left_out)
        report.warnings = list(warnings)
    report.persons = [{"track_id": p.track_id, "frames": int(p.seen.sum())} for p in recording.people]
    report.files = [str(output)]
    return report


def render(
    folder: str | Path,
    video: str | Path | None = None,
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Path | None:
    """Draw the persons of a finished result over its footage, into the result folder.

    Parameters
    ----------
    folder
        A finished result.
    video
        The footage; by default the file that the report names.
    settings
        All settings; the defaults when None.
    progress
        Told how far the drawing is.

    Returns
    -------
    Path
        The overlay, or None when the result has no persons.

    Raises
    ------
    PaseError
        When the folder is no result, or the footage is not where it was.
    """
    folder = Path(folder)
    report = read_report(folder / REPORT)
    named = (report.get("source") or {}).get("path")
    if video is None and named is None:
        raise InputError(f"{folder} was made from keypoints alone; name its video with --video")
    with open_source(str(video or named)) as media:
        motions = load_motions(folder)
        if not motions:
            return None
        path = draw_over(media.path, motions, folder, settings or Settings(), progress)
    note_file(folder / REPORT, path.name)
    return path


def estimate_motions(
    source: str | Path, settings: Settings | None = None, *, progress: Progress | None = None
) -> list[Motion]:
    """Every person's motion in a video or photo, without writing anything; see `pase.estimate`."""
    settings = settings or Settings()
    with open_source(source) as media:
        recording = detect(media, settings, progress)
    with Helpers() as helpers:
        return estimate_people(recording, settings, progress, helpers)


def measure(
    source: str | Path, output: str | Path, settings: Settings, *, progress: Progress | None = None
) -> SizeEvidence | None:
    """What a video or photo tells of the sizes of its main person, for one skeleton from several recordings.

    The keypoints stay in the hidden folder beside `output`: `run` with the same source, output and 2D settings
    goes on from them.

    Parameters
    ----------
    source, output, settings, progress
        As in `run`; an earlier result is left alone.

    Returns
    -------
    SizeEvidence or None
        See `pase.fit.estimate.measure_sizes`; None when nobody is there.
    """
    with (
        collected_warnings(),
        open_source(source) as media,
        Workspace(output, overwrite=True) as space,
    ):
        recording = _detect_or_resume(media, settings, space, Report(), progress)
        return size_evidence(recording, settings, progress)


def _detect_or_resume(
    media: Media, settings: Settings, space: Workspace, report: Report, progress: Progress | None
) -> Recording:
    """The 2D stage, or what an interrupted run has already found by it."""
    chosen = to_dict(settings.pose2d) | {"threads": None}  # they change how long it takes, not what comes out
    key = fingerprint({"pase": pase.__version__, "source": source_identity(media.path), "pose2d": chosen})
    facts = space.finished("pose2d", key)
    if facts is not None:
        space.clear(keep=[KEYPOINTS])
        people = read_keypoints(space.folder / KEYPOINTS)
        report.resumed, report.seconds = ["pose2d"], {"pose2d": float(facts["seconds"])}
        report.warnings = list(facts["warnings"])
        return Recording(
            people,
            facts["frames"],
            media.image_size,
            facts["focal_length_px"],
            media.path,
            [LeftOut(**one) for one in facts["left_out"]],
            facts["why_main"],
            facts["cuts_s"],
        )
    space.clear(keep=[])
    with collected_warnings() as warnings, report.timed("pose2d"):
        recording = detect(media, settings, progress)
    _write_keypoints(recording.people, space.folder / KEYPOINTS)
    facts = recording.facts() | {
        "seconds": report.seconds["pose2d"],
        "warnings": list(warnings),
        "left_out": [asdict(one) for one in recording.left_out],
        "why_main": recording.why_main,
    }
    space.finish("pose2d", key, [KEYPOINTS], facts)
    return recording


def _write_keypoints(people: list[Keypoints2D], path: Path) -> None:
    from pase.pose2d.readers.alphapose_json import write_alphapose

    write_alphapose(people, path)
