"""Markers and 3D landmarks from files to a result folder: the drop-in for OpenSim's scale and IK tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pase.config import PersonSettings, Settings, to_dict
from pase.data import Landmarks3D
from pase.errors import InputError
from pase.marker_files import read_markers
from pase.pipeline.estimating import facts_of
from pase.pipeline.report import Report
from pase.pipeline.stages import Run
from pase.pipeline.steps import share_of

if TYPE_CHECKING:
    from pase.anatomy.model import Skeleton
    from pase.fit.inputs import PointSet
    from pase.fit.markers import MarkerOptions
    from pase.fit.upright import Up
    from pase.types import StepProgress

DEFAULT_MODEL = "default"
BUILT_IN_SETS = ("halpe26", "h36m17", "theia")


@dataclass(frozen=True)
class MarkerRun:
    """What to fit to markers, and how."""

    model: str = DEFAULT_MODEL
    """`default`, or an `.osim` file."""
    markers: str | None = None
    """`halpe26`, `h36m17` or a marker file; the model's own markers when None."""
    scale: bool = True
    """Estimate the sizes."""
    static: Path | None = None
    """A static trial."""
    weights: Path | None = None
    """Weights of the markers: JSON, TOML, or an OpenSim set-up of inverse kinematics."""
    sigma_mm: float | None = None
    """Noise of the markers along each axis, mm; learned from them when None."""
    up: Up = "auto"
    """Axis of the data that points up."""
    mirrored: bool = False
    """The data's axes are left-handed."""
    rate_hz: float | None = None
    """Frames a second, in place of the times of the file."""
    subject: str | None = None
    """Whose markers, where the file has those of several people, called `subject:marker`."""


def fit_marker_file(
    source: str | Path,
    output: str | Path,
    run: MarkerRun | None = None,
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
    output
        The result folder.
    run
        What to fit, and how.
    settings
        What is known of the person is used, and what the result shall hold.
    overwrite, progress
        As in `pase.pipeline.run`.

    Raises
    ------
    PaseError
        When a file cannot be read, the markers do not fit the model, or the result cannot be written.
    """
    from pase.fit.markers import fit_markers

    run, settings = run or MarkerRun(), settings or Settings()
    if run.sigma_mm is not None and not 0 < run.sigma_mm <= 1000:
        raise InputError(f"sigma must be more than 0 and at most 1000 mm, not {run.sigma_mm:g}")
    if run.rate_hz is not None and not 0 < run.rate_hz < float("inf"):
        raise InputError(f"rate must be more than 0 frames a second, not {run.rate_hz:g}")
    with Run(output, settings, overwrite=overwrite, progress=progress, draw=False) as job:
        data = read_markers(Path(source), run.rate_hz)
        joints = Path(source).suffix.lower() == ".json"
        skeleton = _read_model(run.model)
        markers = marker_set(run.markers or _usual_set(data, joints), skeleton, run.model)
        static = None if run.static is None else read_markers(run.static)
        job.open_folder()
        job.report.source = _facts(Path(source), data)
        job.report.settings = to_dict(settings)
        job.begin_views(None, anybody=True)
        with job.report.timed("fit"):
            notes = []
            if joints:
                data, note = _joints_in_metres(data, skeleton, markers, settings.person.height_m)
                notes.append(note)
            options, share = _options(run, settings.person), share_of(progress, "skeleton", len(data))
            motion = fit_markers(data, skeleton, markers, options, static=static, progress=share)
        motions = job.analyse([replace(motion, warnings=(*notes, *motion.warnings))])
        job.export(motions)
        job.view(motions)
        job.commit()
    return job.report


def marker_set(name: str | None, skeleton: Skeleton, model: str) -> PointSet:
    """The marker set by its name or file; that of the model itself when None.

    Parameters
    ----------
    name
        A built-in set, a file, or None.
    skeleton
        The model that the markers sit on.
    model
        How messages call the model.
    """
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
    from pase.fit.marker_units import in_metres

    found, unit = in_metres(joints, skeleton, markers, height_m)
    return found, f"the landmarks' unit is open: it was taken as {unit:.3f} m, from the lengths of the limbs"


def _options(run: MarkerRun, person: PersonSettings) -> MarkerOptions:
    """What the fit is asked for, in its own units."""
    from pase.fit.marker_weights import read_weights
    from pase.fit.markers import MarkerOptions

    return MarkerOptions(
        scale=run.scale,
        weights=None if run.weights is None else read_weights(run.weights),
        sigma_m=None if run.sigma_mm is None else run.sigma_mm / 1000,
        up=run.up,
        mirrored=run.mirrored,
        subject=run.subject,
        facts=facts_of(person),
    )


def _facts(source: Path, data: Landmarks3D) -> dict[str, Any]:
    return {"path": str(source.resolve()), "frames": len(data), "markers": list(data.names)}
