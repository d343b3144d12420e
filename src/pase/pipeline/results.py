"""Finished results: read back, drawn over their footage, shown in the viewer, written in further formats."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pase.config import Settings
from pase.data import Motion
from pase.errors import InputError
from pase.findings import Quality
from pase.formats.registry import parse_formats, write_formats
from pase.media import Footage, open_media
from pase.pipeline.outputs import cover_of_result, draw_over, overlay_name
from pase.pipeline.recording import read_people
from pase.pipeline.report import note_files, read_report
from pase.pipeline.views import VIEWER, begin_film
from pase.pipeline.workspace import KEYPOINTS, REPORT, check_output_file
from pase.types import StepProgress
from pase.view.names import title_of

KEYPOINT_FILES = {"openpose": "keypoints_openpose", "coco": "keypoints_coco.json"}
"""Where everybody's keypoints are put in a result, by format."""


def load_motions(folder: str | Path) -> list[Motion]:
    """Every person's motion from a finished result; see `pase.load`."""
    from pase.formats.person import load_motion

    folder = Path(folder)
    report = read_report(folder / REPORT)
    return [_judged(load_motion(folder / str(person["folder"])), person) for person in report["persons"]]


def _judged(motion: Motion, person: dict[str, Any]) -> Motion:
    """A motion with the verdict, the warnings and the convergence that the report holds of it."""
    warnings = tuple(str(sentence) for sentence in person.get("warnings", ()))
    if motion.findings is None or "quality" not in person:
        return replace(motion, warnings=warnings)
    shares = (
        np.nan if person.get(name) is None else float(person[name]) for name in ("error_share", "seen_share")
    )
    quality = Quality(person["quality"], tuple(person.get("quality_reasons", ())), *shares)
    return replace(motion, warnings=warnings, findings=motion.findings.judged(quality))


def render(
    folder: str | Path,
    video: str | Path | None = None,
    settings: Settings | None = None,
    output: str | Path | None = None,
    *,
    progress: StepProgress | None = None,
) -> Path | None:
    """Draw the persons of a finished result over its footage.

    Parameters
    ----------
    video
        The footage; by default the file that the report names.
    settings
        All settings; the defaults when None.
    output
        File of the drawing; by default in the result folder, named after style and layout, so that the drawing of the
        run stays, as `overlay_xray.mp4`.

    Returns
    -------
    Path
        The overlay, or None when the result has no persons.
    """
    folder = Path(folder)
    if output is not None:
        check_output_file(Path(output), overwrite=False)
    report = read_report(folder / REPORT)
    footage = _footage_of(report, video)
    if footage is None:
        raise InputError(f"{folder} was made from keypoints alone; name its video with --video")
    with open_media(footage) as media:
        motions = load_motions(folder)
        if not motions:
            return None
        view = (settings or Settings()).view
        keypoints = read_people(folder / KEYPOINTS) if view.points or view.hide_faces else []
        cover = cover_of_result(keypoints, report) if view.hide_faces else None
        path = folder / overlay_name(media.footage, view) if output is None else Path(output)
        draw_over(media.footage, motions, keypoints, path, view, progress, cover)
    if path.resolve().is_relative_to(folder.resolve()):
        note_files(folder / REPORT, [path.resolve().relative_to(folder.resolve()).as_posix()])
    return path


def export(folder: str | Path, formats: str) -> list[Path]:
    """Write a result's persons in further formats into their folders, or everybody's keypoints; the files written.

    Parameters
    ----------
    formats
        Names of formats, parted by blanks or commas, or `all`; see `pase.formats.registry.FORMATS`. `openpose` and
        `coco` are the keypoints, in `keypoints_openpose/` and `keypoints_coco.json`.
    """
    from pase.pose2d.writers import write_keypoints_as

    folder, words = Path(folder), formats.replace(",", " ").split()
    of_persons = " ".join(word for word in words if word not in KEYPOINT_FILES)
    names = parse_formats(of_persons, further=", " + ", ".join(KEYPOINT_FILES))
    report = read_report(folder / REPORT)
    written, files = [], []
    for motion, person in zip(load_motions(folder) if names else [], report["persons"], strict=bool(names)):
        files += write_formats(motion, folder / str(person["folder"]), names)
    for kind in dict.fromkeys(word for word in words if word in KEYPOINT_FILES):
        path = folder / KEYPOINT_FILES[kind]
        write_keypoints_as(kind, read_people(folder / KEYPOINTS), path)
        written.append(path)
        files += sorted(path.iterdir()) if path.is_dir() else [path]
    note_files(folder / REPORT, [path.relative_to(folder).as_posix() for path in files])
    return [path for path in files if path.parent not in written] + [p for p in written if p.is_dir()]


def viewer_of(folder: str | Path, *, rebuild: bool = False, video: bool = True) -> Path:
    """The viewer of a finished result, made when it is not there.

    Parameters
    ----------
    rebuild
        Make it anew even when it is there.
    video
        Carry the footage inside, when it is still where the report says.
    """
    from pase.view.subject import Subject
    from pase.view.viewer import write_viewer

    folder = Path(folder)
    report = read_report(folder / REPORT)
    path = folder / VIEWER
    if path.is_file() and not rebuild:
        return path
    source = _footage_of(report)
    view, cover = (report.get("settings") or {}).get("view", {}), None
    if video and source is not None and view.get("hide_faces"):
        cover = cover_of_result(read_people(folder / KEYPOINTS), report)
    with begin_film(source, video, every_frame=bool(view.get("every_frame")), cover=cover) as film:
        subjects = Subject.of_all(load_motions(folder))
        write_viewer(subjects, path, title=title_of(report.get("source")), film=film())
    note_files(folder / REPORT, [VIEWER])
    return path


def _footage_of(report: dict[str, Any], video: str | Path | None = None) -> Footage | None:
    """The footage of a result, at its place or another one, read as it was; None when there was none.

    A result of markers has none, though the report names their file.
    """
    source = report.get("source") or {}
    path = video or (None if "markers" in source else source.get("path"))
    options = source.get("read_as")
    try:
        return None if path is None else Footage(Path(str(path)), **(options or {}))
    except TypeError as error:
        raise InputError(f"{REPORT} says in an unknown way how the footage was read: {options}") from error
