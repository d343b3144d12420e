"""Markers and 3D landmarks from files to a result folder: the drop-in for OpenSim's scale and IK tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.config import Settings, to_dict
from pase.data import Landmarks3D
from pase.errors import InputError
from pase.marker_files import read_markers
from pase.pipeline.estimating import facts_of
from pase.pipeline.report import Report
from pase.pipeline.stages import Run
from pase.pipeline.step_progress import share_of

if TYPE_CHECKING:
    from pase.anatomy.model import Skeleton
    from pase.fit.inputs import PointSet
    from pase.fit.markers import MarkerOptions
    from pase.types import StepProgress

DEFAULT_MODEL = "default"
BUILT_IN_SETS = ("halpe26", "h36m17", "theia")


@dataclass(frozen=True)
class MarkerFiles:
    """What a fit to markers reads beside them."""

    model: str = DEFAULT_MODEL
    """`default`, or an `.osim` file."""
    markers: str | None = None
    """`halpe26`, `h36m17`, `theia` or a marker file; the model's own markers when None."""
    static: Path | None = None
    rate_hz: float | None = None
    """Frames a second, in place of the times of the file of markers."""


def fit_marker_file(
    source: str | Path,
    output: str | Path,
    files: MarkerFiles | None = None,
    options: MarkerOptions | None = None,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    progress: StepProgress | None = None,
) -> Report:
    """Fit a skeleton to markers and write a result folder.

    Parameters
    ----------
    source
        A file of markers that `pase.marker_files` reads, or JSON numbers (T, 17, 3) of the joints of Human3.6M.
    files
        The model and the marker set; the default skeleton's when None.
    options
        How to fit; the facts about the person come from the settings.
    settings
        Facts about the person, and which files to write.
    overwrite, progress
        As in `pase.pipeline.run`.

    Raises
    ------
    PaseError
        When a file cannot be read, the markers do not fit the model, or the result cannot be written.
    """
    from pase.fit.markers import MarkerOptions, fit_markers

    files, settings = files or MarkerFiles(), settings or Settings()
    options = replace(options or MarkerOptions(), facts=facts_of(settings.person))
    if files.rate_hz is not None and not 0 < files.rate_hz < float("inf"):
        raise InputError(f"rate must be more than 0 frames a second, not {files.rate_hz:g}")
    with Run(output, settings, overwrite=overwrite, progress=progress, draw=False) as job:
        data = read_markers(Path(source), files.rate_hz)
        joints = Path(source).suffix.lower() == ".json"
        skeleton = _read_model(files.model)
        markers = marker_set(files.markers or _usual_set(data, joints), skeleton, files.model)
        static = None if files.static is None else read_markers(files.static)
        job.open_folder()
        job.report.source = _facts(Path(source), data)
        job.report.settings = to_dict(settings)
        job.begin_helpers(len(data))
        job.begin_views(None, len(data))
        with job.report.timed("fit"):
            notes = []
            if joints:
                data, note = _joints_in_metres(data, skeleton, markers, settings.person.height_m)
                notes.append(note)
            share = share_of(progress, "skeleton", len(data))
            motion = fit_markers(data, skeleton, markers, options, static=static, progress=share)
        job.finish(job.write([replace(motion, warnings=(*notes, *motion.warnings))]))
    return job.report


def marker_set(name: str | None, skeleton: Skeleton, model: str) -> PointSet:
    """The marker set by its name or file; that of the model itself when None."""
    from pase.anatomy.marker_set import read_marker_set
    from pase.fit.inputs import h36m_markers, keypoint_set, segment_markers, stuck_on_markers
    from pase.fit.subject import is_default

    if name in BUILT_IN_SETS:
        if not is_default(skeleton):
            raise InputError(
                f"the marker set '{name}' is for the default model; give a marker file for {model}"
            )
        return {"halpe26": keypoint_set, "h36m17": h36m_markers, "theia": segment_markers}[name]()
    if name is not None:
        if not Path(name).is_file():
            raise InputError(f"no marker set '{name}': it must be {', '.join(BUILT_IN_SETS)} or a file")
        return stuck_on_markers(read_marker_set(name, skeleton))
    if not skeleton.landmarks:
        raise InputError(f"{model} has no markers of its own; give a marker set with --markers")
    return stuck_on_markers(skeleton.landmarks)


def _usual_set(data: Landmarks3D, joints: bool) -> str | None:
    """The set that files of joints, or of segments, are for; None for any other file."""
    if joints:
        return "h36m17"
    return "theia" if {"Pelvis front", "Pelvis top"} <= set(data.names) else None


def _read_model(model: str) -> Skeleton:
    if model == DEFAULT_MODEL:
        from pase.anatomy.default import default_skeleton

        return default_skeleton()
    from pase.anatomy.osim import read_osim

    return read_osim(model)


def _joints_in_metres(
    joints: Landmarks3D, skeleton: Skeleton, markers: PointSet, height_m: float | None
) -> tuple[Landmarks3D, str]:
    """Joints of a lifter, whose unit is open, in metres; and a sentence that says so."""
    from pase.fit.markers.units import in_metres

    points, unit = in_metres(joints, skeleton, markers, height_m)
    return (
        points,
        f"the landmarks' unit is open: it was taken as {unit:.3f} m, from the lengths of the limbs",
    )


def _facts(source: Path, data: Landmarks3D) -> dict[str, Any]:
    return {"path": str(source.resolve()), "frames": len(data), "markers": list(data.names)}
